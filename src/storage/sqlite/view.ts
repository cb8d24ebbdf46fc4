/** A commit's view of its space in SQLite, and the erasure of log content. */

import type { LogRow } from '../../domain/commit/effect.ts'
import { recordName, splitRecordName } from '../../domain/commit/effect-names.ts'
import type { EditableLog } from '../../domain/erase/erase-content.ts'
import { invariant } from '../../domain/error.ts'
import type { Seq, SpaceId, ThreadId } from '../../domain/id.ts'
import type { BlockState } from '../../domain/records/block.ts'
import type { EntryState } from '../../domain/records/entry.ts'
import type { FactState } from '../../domain/records/fact.ts'
import type { LeaseState } from '../../domain/records/lease.ts'
import type { RecordState } from '../../domain/records/record.ts'
import type { RunState } from '../../domain/records/run.ts'
import type { ThreadState } from '../../domain/records/thread.ts'
import { tombstoneNoun } from '../../domain/records/tombstone.ts'
import type { MessagePlace } from '../../domain/records/turn.ts'
import type { SpaceView, Tombstone } from '../../domain/replay/space-view.ts'
import type { SpaceState } from '../../domain/space.ts'
import { msOf } from '../../domain/time.ts'
import { keyedHash } from '../keyed-hash.ts'
import { blockOf } from '../rows/block-rows.ts'
import { entryOf } from '../rows/entry-rows.ts'
import { factOf, uniqueOf } from '../rows/fact-rows.ts'
import { leaseOf } from '../rows/lease-rows.ts'
import { effectsText, logRowOf } from '../rows/log-rows.ts'
import { recordOf } from '../rows/record-rows.ts'
import { runOf, uniqueOfRun } from '../rows/run-rows.ts'
import type { CachedSpace, SqliteDatabase } from './database.ts'
import { type HeldTexts, heldIn, type LookedAhead } from './look-ahead.ts'
import type { PreparedMessages } from './prepared-messages.ts'
import { type CommitColumns, partColumn, threadColumn } from './statements.ts'
import { textAfter } from './text-after.ts'

const oldestPerQuery = 64

export class SqliteView implements SpaceView, EditableLog {
  readonly #database: SqliteDatabase
  readonly #ahead: LookedAhead | null
  #held: HeldTexts | null = null
  readonly cached: CachedSpace | null
  /** Messages of the commit that were prepared before. */
  readonly messages: PreparedMessages | null

  constructor(
    database: SqliteDatabase,
    space: SpaceId,
    ahead: LookedAhead | null = null,
    messages: PreparedMessages | null = null,
  ) {
    this.#database = database
    this.#ahead = ahead
    this.messages = messages
    this.cached = database.space(space)
  }

  get space(): SpaceState | null {
    return this.cached?.state ?? null
  }

  get #n(): number {
    return this.cached?.n ?? 0
  }

  get #statements() {
    return this.#database.statements
  }

  #threadNumber(threadId: string): number {
    return this.cached === null ? 0 : (this.#database.thread(this.cached, threadId)?.n ?? 0)
  }

  committed(commitId: string): readonly LogRow[] | null {
    const seq = this.#statements.seqOfCommit.get(commitId, this.#n)?.[0]
    return seq === undefined ? null : this.rowsAt(seq)
  }

  rowsAt(seq: Seq): readonly LogRow[] {
    return commitRows(this.#database, this.#n, seq)
  }

  replaceRow(row: LogRow): void {
    const { replaceRow, replacePart } = this.#statements
    const values = [this.#n, row.seq, row.turn, row.hash, effectsText(row.effects)] as const
    if (replaceRow.run(...values).changes === 0) replacePart.run(...values)
  }

  thread(threadId: string): ThreadState | null {
    return this.cached === null ? null : (this.#database.thread(this.cached, threadId)?.state ?? null)
  }

  turnRows(threadId: ThreadId, turn: number): readonly LogRow[] {
    const thread = this.#threadNumber(threadId)
    return this.#statements.turnRows.all(thread, turn).map((columns) => logRowOf(columns, threadId))
  }

  threadRows(threadId: ThreadId): readonly LogRow[] {
    const thread = this.#threadNumber(threadId)
    return this.#statements.threadRows.all(thread).map((columns) => logRowOf(columns, threadId))
  }

  rowsHolding(texts: readonly string[]): readonly LogRow[] {
    if (this.cached === null) return []
    if (this.#held === null || texts.some((text) => !this.#held?.has(text))) {
      this.#held = heldIn(this.#database, this.cached, texts, this.#held === null ? this.#ahead : null)
    }
    const held = this.#held
    const seqs = new Set(texts.flatMap((text) => [...(held.get(text) ?? [])]))
    return [...seqs].sort((left, right) => left - right).flatMap((seq) => this.rowsAt(seq))
  }

  callerMessages(threadId: string, messageId: string): readonly MessagePlace[] {
    const places = this.#statements.messageId.all(this.#n, messageId, this.#threadNumber(threadId))
    return places.map(([, turn, index]) => ({ threadId: threadId as ThreadId, turn, index }))
  }

  block(threadId: ThreadId | null, name: string): BlockState | null {
    const thread = threadId === null ? 0 : this.#threadNumber(threadId)
    // A thread that is being made has no number yet, and no blocks.
    if (threadId !== null && thread === 0) return null
    const columns = this.cached === null ? undefined : this.#database.blockRow(this.cached, thread, name)
    return columns === undefined ? null : blockOf(columns, threadId)
  }

  threadBlocks(threadId: ThreadId): readonly BlockState[] {
    const thread = this.#threadNumber(threadId)
    const rows = thread === 0 ? [] : this.#statements.blocks.all(this.#n, thread)
    return rows.map((columns) => blockOf(columns, threadId))
  }

  entry(key: string): EntryState | null {
    const columns = this.cached === null ? undefined : this.#database.entryRow(this.cached, key)
    return columns === undefined ? null : entryOf(columns)
  }

  expiredEntries(at: string): readonly EntryState[] {
    return this.#statements.expiredEntries.all(msOf(at), msOf(at), this.#n).map(entryOf)
  }

  *oldestEntries(): Generator<EntryState> {
    const { cached } = this
    if (cached === null) return
    const { oldest } = cached
    const current = (place: number) => {
      const found = oldest[place]
      const columns = found === undefined ? undefined : this.#database.entryRow(cached, found.key)
      return columns !== undefined && columns[1] === found?.version && columns[2] === 0 ? columns : null
    }
    while (oldest.length > 0 && current(0) === null) oldest.shift()
    for (let place = 0; ; place++) {
      if (place === oldest.length && !this.#findOldest(cached)) return
      const columns = current(place)
      if (columns !== null) yield entryOf(columns)
    }
  }

  /** Finds more of the oldest entries, all at once: to look for each would sort all entries of the space each time. */
  #findOldest(cached: CachedSpace): boolean {
    const { version, key } = cached.oldestAfter
    const rows = this.#statements.oldestEntries.all(cached.n, version, key, oldestPerQuery)
    cached.oldest.push(...rows.map(([foundKey, foundVersion]) => ({ key: foundKey, version: foundVersion })))
    cached.oldestAfter = cached.oldest.at(-1) ?? cached.oldestAfter
    return rows.length > 0
  }

  fact(factId: string): FactState | null {
    const { cached } = this
    const unique = cached === null ? null : uniqueOf(factId, cached.state.key)
    const columns = unique === null ? undefined : this.#statements.fact.get(this.#n, unique)
    return cached === null || columns === undefined ? null : factOf(columns, cached.state.key)
  }

  factsFrom(sources: readonly string[]): readonly FactState[] {
    const { cached } = this
    if (cached === null || sources.length === 0) return []
    const limit = Number.MAX_SAFE_INTEGER
    const rows = this.#statements.factsFromSources.all(this.#n, JSON.stringify(sources), -1, 0, limit)
    return rows.map((columns) => factOf(columns, cached.state.key))
  }

  factsByText(key: number): readonly FactState[] {
    const { cached } = this
    if (cached === null) return []
    return this.#statements.factsByText.all(this.#n, key).map((columns) => factOf(columns, cached.state.key))
  }

  lastFactSeq(): Seq {
    return this.#statements.lastFactSeq.get(this.#n)?.[0] ?? 0
  }

  run(runId: string): RunState | null {
    const { cached } = this
    const unique = cached === null ? null : uniqueOfRun(runId, cached.state.key)
    const columns = unique === null ? undefined : this.#statements.run.get(this.#n, unique)
    return cached === null || columns === undefined ? null : runOf(columns, cached.state.key)
  }

  record(name: string): RecordState | null {
    const { noun, key } = splitRecordName(name)
    const columns = this.#statements.record.get(this.#n, noun, key)
    return columns === undefined ? null : recordOf(columns)
  }

  recordsUnder(noun: string, prefix: string): readonly RecordState[] {
    return this.#statements.recordsUnder.all(this.#n, noun, prefix, textAfter(prefix)).map(recordOf)
  }

  recordsLabelled(noun: string, label: string): readonly RecordState[] {
    return this.#statements.recordsLabelled.all(this.#n, noun, this.#n, noun, label).map(recordOf)
  }

  keyedHash(text: string): string {
    const secret = this.#statements.spaceSecret.get(this.#n)?.[0]
    invariant(secret instanceof Uint8Array && secret.length === 16, 'a space has a secret')
    return keyedHash(secret, text)
  }

  keyedHashes(texts: readonly string[]): readonly string[] {
    return texts.map((text) => this.keyedHash(text))
  }

  tombstones(texts: readonly string[]): readonly Tombstone[] {
    return texts.map((text) => {
      const key = this.keyedHash(text)
      return { key, record: this.record(recordName(tombstoneNoun, key)) }
    })
  }

  callerIds(threadId: ThreadId): readonly string[] {
    return this.#statements.messageIdsOfThread.all(this.#threadNumber(threadId)).map(([id]) => id)
  }

  hasRecords(): boolean {
    return this.#statements.anyRecord.get(this.#n) !== undefined
  }

  threadRuns(threadId: ThreadId): readonly RunState[] {
    const { cached } = this
    if (cached === null) return []
    return this.#statements.threadRuns.all(this.#n, threadId).map((columns) => runOf(columns, cached.state.key))
  }

  lease(name: string): LeaseState | null {
    const columns = this.#statements.lease.get(this.#n, name)
    return columns === undefined ? null : leaseOf(columns)
  }

  turnLeases(threadId: ThreadId): readonly string[] {
    return this.#statements.leasesOfThread.all(this.#threadNumber(threadId)).map((columns) => columns[0])
  }
}

/** The rows of one commit. */
export function commitRows(database: SqliteDatabase, n: number, seq: Seq): readonly LogRow[] {
  const first = database.statements.rowAt.get(n, seq)
  if (first === undefined) return []
  const isOnly = first[partColumn] === null
  return withThreads(database, isOnly ? [first] : [first, ...database.statements.partsBetween.all(n, seq - 1, seq)])
}

/** The rows of all commits after a seq, up to another, in order. */
export function rowsBetween(database: SqliteDatabase, n: number, after: Seq, last: Seq): readonly LogRow[] {
  const rows = database.statements.rowsBetween.all(n, after, last)
  const parts = database.statements.partsBetween.all(n, after, last)
  if (parts.length > 0) rows.push(...parts)
  if (parts.length > 0)
    rows.sort((left, right) => left[0] - right[0] || (left[partColumn] ?? 0) - (right[partColumn] ?? 0))
  return withThreads(database, rows)
}

/** The rows of a stretch that are of no turn, in no order. */
export function keptBetween(database: SqliteDatabase, n: number, after: Seq, last: Seq): readonly LogRow[] {
  const { statements } = database
  const rows = [...statements.keptBetween.all(n, after, last), ...statements.keptPartsBetween.all(n, after, last)]
  return withThreads(database, rows)
}

/** Rows with the texts of their threads. */
function withThreads(database: SqliteDatabase, rows: readonly CommitColumns[]): readonly LogRow[] {
  const names = new Map<number, string | null>()
  return rows.map((columns) => {
    const thread = columns[threadColumn]
    if (thread === null) return logRowOf(columns, null)
    let name = names.get(thread)
    if (name === undefined) {
      name = database.threadIdOf(thread)
      names.set(thread, name)
    }
    return logRowOf(columns, name)
  })
}
