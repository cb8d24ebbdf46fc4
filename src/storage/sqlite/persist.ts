/** Stores a decided commit: its log rows, and the small tables of current records. Runs inside the transaction. */

import type { Draft } from '../../domain/apply/draft.ts'
import type { LogRow } from '../../domain/commit/effect.ts'
import { eraseFactLife, eraseLife, eraseTurn } from '../../domain/erase/erase-content.ts'
import { eraseOfRun } from '../../domain/erase/erase-run.ts'
import { invariant } from '../../domain/error.ts'
import { type Seq, unpackTurn } from '../../domain/id.ts'
import { knownTail } from '../../domain/index/word-tail.ts'
import type { BlockState } from '../../domain/records/block.ts'
import type { EntryState } from '../../domain/records/entry.ts'
import type { ThreadState } from '../../domain/records/thread.ts'
import type { SpaceState } from '../../domain/space.ts'
import { blockValues } from '../rows/block-rows.ts'
import { dueOfKeyed, keyedValues } from '../rows/keyed-rows.ts'
import { leaseValues } from '../rows/lease-rows.ts'
import { newSpaceValues } from '../rows/space-rows.ts'
import { threadCounts, threadValues } from '../rows/thread-rows.ts'
import type { CachedSpace, CachedThread, SqliteDatabase } from './database.ts'
import { eraseParts } from './erase.ts'
import { indexCommit } from './index-commit.ts'
import { insertLogRow } from './insert-row.ts'
import { persistFacts } from './persist-facts.ts'
import { persistRecords } from './persist-records.ts'
import { persistRuns } from './persist-runs.ts'
import type { SqliteView } from './view.ts'

/** Rows number their commit in 32 bits. */
const seqLimit = 2 ** 32

/** Commits after which the order of threads is written into their rows. */
const tailLength = 256

function insertSpace(database: SqliteDatabase, space: SpaceState): CachedSpace {
  const { lastInsertRowid } = database.statements.insertSpace.run(...newSpaceValues(space))
  return database.remember({
    n: Number(lastInsertRowid),
    epoch: database.epoch,
    state: space,
    ordered: space.horizon,
    words: knownTail(space.horizon, []),
    workEpoch: -1,
    vectorlessEpoch: -1,
    small: null,
    numbers: new Map(),
    tail: new Map(),
    entries: new Map(),
    blocks: new Map(),
    oldest: [],
    oldestAfter: { key: '', version: -1 },
    threads: new Map(),
  })
}

/** A commit that only adds a new last turn: the row itself then carries the thread's count and time. */
function isPlainSave(draft: Draft, rows: readonly LogRow[], before: CachedThread | null): boolean {
  const [row] = rows
  if (row === undefined || rows.length !== 1 || before === null || row.turn === 0) return false
  if (row.status !== 'complete' || unpackTurn(row.turn).turnSeq !== draft.seq) return false
  return row.effects.every(
    (effect) => effect.kind === 'message-append' && effect.messages.length > 0 && effect.createdThread === undefined,
  )
}

function insertThread(database: SqliteDatabase, space: CachedSpace, thread: ThreadState, seq: Seq): CachedThread {
  const { lastInsertRowid } = database.statements.insertThread.run(space.n, thread.id, ...threadValues(thread, seq))
  const cached = { n: Number(lastInsertRowid), state: thread }
  return database.rememberThread(space, thread.id, cached)
}

function updateThread(database: SqliteDatabase, before: CachedThread, thread: ThreadState, seq: Seq): void {
  const { updateThread: update, setThreadStat } = database.statements
  const isOnlyCounts = before.state.version === thread.version
  if (isOnlyCounts) setThreadStat.run(...threadCounts(thread, seq), before.n)
  else update.run(...threadValues(thread, seq), before.n)
}

function persistThread(
  database: SqliteDatabase,
  space: CachedSpace,
  draft: Draft,
  rows: readonly LogRow[],
): CachedThread | null {
  const thread = draft.touchedThread
  if (thread === null) return null
  const before = database.thread(space, thread.id)
  if (before === null) {
    return insertThread(database, space, thread, draft.seq)
  }
  if (before.state === thread && rows.every((row) => row.turn === 0)) return before
  if (!isPlainSave(draft, rows, before)) updateThread(database, before, thread, draft.seq)
  if (thread.order === draft.seq && space.tail !== null) {
    // Kept in order of the saves, newest last.
    space.tail.delete(before.n)
    space.tail.set(before.n, draft.seq)
  }
  before.state = thread
  return before
}

function persistRows(
  database: SqliteDatabase,
  space: CachedSpace,
  draft: Draft,
  rows: readonly LogRow[],
  thread: CachedThread | null,
): void {
  const saved = draft.touchedThread?.order === draft.seq ? draft.touchedThread.messageCount : null
  invariant(draft.seq < seqLimit, 'a space has fewer commits than a row can number')
  for (let index = 0; index < rows.length; index++) {
    const row = rows[index] as LogRow
    const number = row.threadId === null ? null : (thread?.n ?? null)
    const place = { space: space.n, part: rows.length === 1 ? null : index, thread: number }
    insertLogRow(database, { ...place, upto: number === null ? null : saved }, row)
  }
}

function persistEntry(database: SqliteDatabase, space: CachedSpace, entry: EntryState): void {
  const { insertEntry, updateEntry, updateEntryDue } = database.statements
  const before = database.entryRow(space, entry.key)
  const values = keyedValues(entry)
  const due = dueOfKeyed(values)
  if (before === undefined) insertEntry.run(space.n, ...values, due)
  // Without naming the column of the expiry, so that its index is left alone.
  else if (dueOfKeyed(before) === due) updateEntry.run(space.n, ...values)
  else updateEntryDue.run(space.n, ...values, due)
  database.rememberEntry(space, entry.key, values)
}

function persistBlock(database: SqliteDatabase, space: CachedSpace, block: BlockState, thread: number): void {
  const values = blockValues(block)
  database.statements.putBlock.run(space.n, thread, ...values)
  database.rememberBlock(space, `${thread} ${block.name}`, values)
}

function persistValues(database: SqliteDatabase, space: CachedSpace, draft: Draft, thread: CachedThread | null): void {
  const { statements } = database
  for (const entry of draft.entries.values()) persistEntry(database, space, entry)
  for (const block of draft.blocks.values()) {
    persistBlock(database, space, block, block.threadId === null ? 0 : (thread?.n ?? 0))
  }
  for (const [name, lease] of draft.leases) {
    if (lease === null) statements.deleteLease.run(space.n, name)
    else {
      const number = lease.threadId === null ? null : (thread?.n ?? null)
      statements.putLease.run(space.n, ...leaseValues(lease), number)
    }
  }
  if (thread === null) return
  for (const { id, turn, index } of draft.releasedIds) {
    statements.deleteMessageIdAt.run(space.n, id, thread.n, turn, index)
  }
  for (const { id, turn, index } of draft.callerIds) statements.putMessageId.run(space.n, id, thread.n, turn, index)
  if (thread.state.deleted) statements.deleteMessageIds.run(thread.n)
}

function persistSpace(database: SqliteDatabase, space: CachedSpace, draft: Draft): void {
  const { counts, settings } = draft
  const before = space.state
  const isSame =
    settings === before.settings &&
    counts.threads === before.threads &&
    counts.archivedThreads === before.archivedThreads &&
    counts.entries === before.entries
  const settingsVersion = settings === before.settings ? before.settingsVersion : draft.seq
  if (!isSame) {
    const json = JSON.stringify(settings)
    const { threads, archivedThreads, entries } = counts
    database.statements.updateSpace.run(json, settingsVersion, threads, archivedThreads, entries, space.n)
  }
  space.state = { ...before, ...counts, settings, settingsVersion, seq: draft.seq, at: draft.logAt }
}

/** Brings the threads' rows up to date with the log's tail, once the tail is long. */
function foldTail(database: SqliteDatabase, space: CachedSpace): void {
  const { seq } = space.state
  if (seq - space.ordered < tailLength) return
  const { lastRowOfThread, foldThread } = database.statements
  for (const [n, order] of database.tailOf(space)) {
    const last = lastRowOfThread.get(n)
    if (last !== undefined) foldThread.run(order, last[0], last[1], last[2], n)
  }
  database.statements.setOrdered.run(seq, space.n)
  space.ordered = seq
  space.tail = new Map()
}

/** Writes a draft, and updates the caches. If the transaction fails, they must be dropped. */
export function persistDraft(database: SqliteDatabase, view: SqliteView, draft: Draft, rows: readonly LogRow[]): void {
  const space = view.cached ?? insertSpace(database, draft.space)
  const thread = persistThread(database, space, draft, rows)
  persistRows(database, space, draft, rows, thread)
  for (const gone of draft.swept) eraseLife(view, gone, gone.version)
  for (const turn of draft.discarded) eraseTurn(view, draft.thread.id, turn)
  persistValues(database, space, draft, thread)
  persistFacts(database, space, draft)
  persistRuns(database, space, draft)
  persistRecords(database, space, draft)
  if (draft.erasure !== null) eraseParts(database, view, space, draft.erasure, draft.seq)
  // After the rows that an erasure replaces whole: they may state the same facts and runs.
  for (const { factId, version } of draft.sweptFacts) eraseFactLife(view, factId, version)
  for (const lost of draft.lostOfRuns) eraseOfRun(view, lost)
  persistSpace(database, space, draft)
  indexCommit(database, draft, rows, space, view.messages)
  database.weighWords(space)
  foldTail(database, space)
  // The caches of the space have the erased content.
  if (draft.erasure !== null) database.forget()
}
