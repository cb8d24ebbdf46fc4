/** One space of the reference driver: its log, and the records that replaying it gives. */

import { randomBytes } from 'node:crypto'
import type { LogRow } from '../../domain/commit/effect.ts'
import { recordName } from '../../domain/commit/effect-names.ts'
import { labelsOf, wakesAt } from '../../domain/commit/record-nouns.ts'
import type { EditableLog } from '../../domain/erase/erase-content.ts'
import type { Erasure } from '../../domain/erase/erasure.ts'
import { parseMessageId, type Seq, type SpaceId, type ThreadId, unpackTurn } from '../../domain/id.ts'
import type { VectorRecord } from '../../domain/index/vector-segment.ts'
import type { BlockState } from '../../domain/records/block.ts'
import { blockKey } from '../../domain/records/block-key.ts'
import type { EntryState } from '../../domain/records/entry.ts'
import { type FactState, liveFact } from '../../domain/records/fact.ts'
import { textKey } from '../../domain/records/fact-text.ts'
import { liveState } from '../../domain/records/keyed-state.ts'
import { type LeaseState, runLease } from '../../domain/records/lease.ts'
import type { RecordState } from '../../domain/records/record.ts'
import { liveRun, type RunState } from '../../domain/records/run.ts'
import type { ThreadState } from '../../domain/records/thread.ts'
import { tombstoneNoun } from '../../domain/records/tombstone.ts'
import type { MessagePlace, TurnState } from '../../domain/records/turn.ts'
import { compactRows, type IsRestored, restores } from '../../domain/replay/compact.ts'
import { allKeyedNouns } from '../../domain/replay/keyed-nouns.ts'
import { emptyRecords, replayCommit, type SpaceRecords } from '../../domain/replay/replay.ts'
import type { SpaceView, Tombstone } from '../../domain/replay/space-view.ts'
import { type FoldSpace, foldTurn } from '../../domain/replay/turn-fold.ts'
import { parseSpaceId, type SpaceState } from '../../domain/space.ts'
import { keyedHash } from '../keyed-hash.ts'

/** Least recently written first; of one commit, by key in order of code points. */
function byAge(left: EntryState, right: EntryState): number {
  return left.version - right.version || Buffer.compare(Buffer.from(left.key), Buffer.from(right.key))
}

/** Greater than any ISO time. */
const later = '~'

/** In order of code points, as SQL compares texts. */
function byKey(left: { readonly key: string }, right: { readonly key: string }): number {
  return Buffer.compare(Buffer.from(left.key), Buffer.from(right.key))
}

export class ReferenceSpace implements SpaceView, EditableLog {
  readonly records: SpaceRecords
  readonly fold: FoldSpace
  rows: LogRow[] = []
  readonly #secret = randomBytes(16)
  /** Vectors that were put, by embedder; those of changed content are skipped. */
  readonly vectors = new Map<string, VectorRecord[]>()

  constructor(space: SpaceState) {
    this.records = emptyRecords(space)
    this.fold = { key: space.key, address: parseSpaceId(space.id).address }
  }

  get space(): SpaceState {
    return this.records.space
  }

  get id(): SpaceId {
    return this.space.id
  }

  append(rows: readonly LogRow[]): void {
    replayCommit(this.records, rows, (threadId, turn) => this.turnRows(threadId, turn), this.fold)
    this.rows.push(...rows)
  }

  compact(horizon: Seq): number {
    const below = this.rows.filter((row) => row.seq <= horizon)
    const isRestored: IsRestored = (threadId, turn) => {
      return restores(this.turnRows(threadId, turn).filter(({ seq }) => seq > horizon))
    }
    const { kept, removed } = compactRows(below, this.space, this.fold, isRestored)
    this.rows = [...kept, ...this.rows.filter((row) => row.seq > horizon)]
    const { facts, threads } = this.records
    for (const map of [facts, threads]) {
      for (const [key, record] of map) if (record.deleted && record.version <= horizon) map.delete(key)
    }
    for (const noun of allKeyedNouns) noun.dropTombstones(this.records, horizon)
    this.records.space = { ...this.space, horizon }
    return removed.length
  }

  committed(commitId: string): readonly LogRow[] | null {
    const first = this.rows.find((row) => row.commitId === commitId)
    return first === undefined ? null : this.rowsAt(first.seq)
  }

  rowsAt(seq: Seq): readonly LogRow[] {
    return this.rows.filter((row) => row.seq === seq)
  }

  replaceRow(row: LogRow): void {
    this.rows = this.rows.map((old) => (old.seq === row.seq && old.turn === row.turn ? row : old))
  }

  thread(threadId: string): ThreadState | null {
    return this.records.threads.get(threadId) ?? null
  }

  turnRows(threadId: ThreadId, turn: number): readonly LogRow[] {
    return this.rows.filter((row) => row.threadId === threadId && row.turn === turn)
  }

  threadRows(threadId: ThreadId): readonly LogRow[] {
    return this.rows.filter((row) => row.threadId === threadId)
  }

  rowsHolding(texts: readonly string[]): readonly LogRow[] {
    const wanted = texts.map((text) => JSON.stringify(text))
    return this.rows.filter((row) => {
      const json = JSON.stringify(row.effects)
      return wanted.some((text) => json.includes(text))
    })
  }

  /** Removes the records of an erasure, and replaces the rows that it empties. */
  erase({ rows, threads, entries, blocks, runs, records, recounted }: Erasure): void {
    for (const row of rows) this.replaceRow(row)
    for (const threadId of threads) {
      this.records.threads.delete(threadId)
      for (const [key, block] of this.records.blocks) if (block.threadId === threadId) this.records.blocks.delete(key)
      for (const lease of this.records.leases.values()) {
        if (lease.threadId === threadId) this.records.leases.delete(lease.name)
      }
    }
    for (const key of entries) this.records.entries.delete(key)
    for (const { threadId, name } of blocks) this.records.blocks.delete(blockKey(threadId, name))
    for (const runId of runs) {
      this.records.runs.delete(runId)
      this.records.leases.delete(runLease(runId))
    }
    for (const name of records) this.records.records.delete(name)
    for (const thread of recounted) this.records.threads.set(thread.id, thread)
  }

  /** All turns of the thread's present life, in thread order, as of a seq. */
  turns(threadId: string, asOf: Seq): readonly TurnState[] {
    const thread = this.thread(threadId)
    if (thread === null || thread.deleted) return []
    const isIn = (row: LogRow) => row.threadId === threadId && row.turn !== 0 && row.seq <= asOf
    const turns = Map.groupBy(this.rows.filter(isIn), (row) => row.turn)
    return [...turns.keys()]
      .sort((left, right) => left - right)
      .filter((turn) => unpackTurn(turn).turnSeq >= thread.createdSeq)
      .flatMap((turn) => foldTurn(turns.get(turn) ?? [], this.fold) ?? [])
  }

  callerMessages(threadId: string, messageId: string): readonly MessagePlace[] {
    return this.turns(threadId, this.space.seq)
      .toReversed()
      .flatMap(({ threadId: own, turn, messages }) =>
        messages.flatMap((message, index) => (message?.id === messageId ? [{ threadId: own, turn, index }] : [])),
      )
  }

  block(threadId: ThreadId | null, name: string): BlockState | null {
    return this.records.blocks.get(blockKey(threadId, name)) ?? null
  }

  threadBlocks(threadId: ThreadId | null): readonly BlockState[] {
    const blocks = [...this.records.blocks.values()].filter((block) => block.threadId === threadId && !block.deleted)
    return blocks.sort((left, right) => Buffer.compare(Buffer.from(left.name), Buffer.from(right.name)))
  }

  entry(key: string): EntryState | null {
    return this.records.entries.get(key) ?? null
  }

  expiredEntries(at: string): EntryState[] {
    const due = (entry: EntryState) => !entry.deleted && liveState(entry, at) === null
    return [...this.records.entries.values()].filter(due).sort(byAge)
  }

  oldestEntries(): EntryState[] {
    const kept = [...this.records.entries.values()].filter((entry) => !entry.deleted)
    return kept.sort(byAge)
  }

  fact(factId: string): FactState | null {
    return this.records.facts.get(factId) ?? null
  }

  /** Facts that are not deleted, in the order in which they were first stated. */
  allFacts(): FactState[] {
    const kept = [...this.records.facts.values()].filter((fact) => !fact.deleted)
    return kept.sort((left, right) => left.order - right.order)
  }

  factsFrom(sources: readonly string[]): FactState[] {
    const wanted = new Set(sources)
    return this.allFacts().filter((fact) => fact.sources.some((id) => wanted.has(id)))
  }

  factsByText(key: number): FactState[] {
    return this.allFacts().filter((fact) => fact.status === 'current' && textKey(fact.text) === key)
  }

  lastFactSeq(): Seq {
    return Math.max(0, ...[...this.records.facts.values()].map((fact) => fact.version))
  }

  expiredFacts(at: string): FactState[] {
    return this.allFacts().filter((fact) => liveFact(fact, at) === null)
  }

  run(runId: string): RunState | null {
    return this.records.runs.get(runId) ?? null
  }

  record(name: string): RecordState | null {
    return this.records.records.get(name) ?? null
  }

  recordsUnder(noun: string, prefix: string): RecordState[] {
    const all = [...this.records.records.values()]
    return all.filter((record) => record.noun === noun && !record.deleted && record.key.startsWith(prefix)).sort(byKey)
  }

  recordsLabelled(noun: string, label: string): RecordState[] {
    const all = [...this.records.records.values()]
    return all.filter((record) => record.noun === noun && labelsOf(record).includes(label)).sort(byKey)
  }

  keyedHash(text: string): string {
    return keyedHash(this.#secret, text)
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
    const messages = this.turns(threadId, this.space.seq).flatMap((turn) => turn.messages)
    const ids = messages.flatMap((message) => {
      return message === null || parseMessageId(message.id)?.spaceKey === this.space.key ? [] : [message.id as string]
    })
    return [...new Set(ids)].sort()
  }

  hasRecords(): boolean {
    return [...this.records.records.values()].some(({ noun }) => noun !== tombstoneNoun)
  }

  expiredRecords(at: string): RecordState[] {
    return [...this.records.records.values()].filter((record) => !record.deleted && liveState(record, at) === null)
  }

  /** Records on which the sweeper has work, and which stay. */
  wakingRecords(noun: string, at: string): RecordState[] {
    const ofNoun = [...this.records.records.values()].filter((record) => record.noun === noun)
    return ofNoun.filter((record) => (wakesAt(record) ?? later) <= at)
  }

  /** Runs that are not deleted, in the order in which they began. */
  allRuns(): RunState[] {
    const kept = [...this.records.runs.values()].filter((run) => !run.deleted)
    return kept.sort((left, right) => left.order - right.order)
  }

  threadRuns(threadId: ThreadId): RunState[] {
    return this.allRuns().filter((run) => run.threadId === threadId)
  }

  expiredRuns(at: string): RunState[] {
    return this.allRuns().filter((run) => liveRun(run, at) === null)
  }

  lease(name: string): LeaseState | null {
    return this.records.leases.get(name) ?? null
  }

  turnLeases(threadId: ThreadId): readonly string[] {
    return [...this.records.leases.values()].flatMap((lease) => (lease.threadId === threadId ? [lease.name] : []))
  }
}
