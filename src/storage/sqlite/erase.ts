/** Erasure in SQLite: each kind of record by a function of its own, and whole spaces. Runs inside the transaction. */

import type { ErasedCounts } from '../../domain/commit/effect.ts'
import { splitRecordName } from '../../domain/commit/effect-names.ts'
import { noCounts, sumCounts } from '../../domain/commit/erased-counts.ts'
import type { ErasedMessage, Erasure } from '../../domain/erase/erasure.ts'
import type { Seq, SpaceId, ThreadId } from '../../domain/id.ts'
import { entryRemoval } from '../../domain/index/removal.ts'
import { runLease } from '../../domain/records/lease.ts'
import { observationNoun } from '../../domain/records/observation.ts'
import { msOf } from '../../domain/time.ts'
import { uniqueOfRun } from '../rows/run-rows.ts'
import type { SpaceColumns } from '../rows/space-rows.ts'
import type { CachedSpace, SqliteDatabase } from './database.ts'
import { removeMessageAt, removeNote, removeThread } from './index-commit.ts'
import { textAfter } from './text-after.ts'
import { removeVectors } from './vectors.ts'
import type { SqliteView } from './view.ts'

/** A thread with its blocks, leases and callers' message ids; its messages lie in log rows, which are emptied before. */
function eraseThread(database: SqliteDatabase, space: CachedSpace, threadId: ThreadId): void {
  const thread = database.thread(space, threadId)
  if (thread === null) return
  const { statements } = database
  removeThread(database, space, thread.state)
  statements.deleteBlocksOfThread.run(space.n, thread.n)
  statements.deleteLeasesOfThread.run(thread.n)
  statements.deleteMessageIds.run(thread.n)
  statements.deleteThread.run(thread.n)
}

/** One message of a thread that stays; its content lies in log rows, which are emptied before. */
function eraseMessage(database: SqliteDatabase, space: CachedSpace, message: ErasedMessage): void {
  const thread = database.thread(space, message.threadId)
  removeMessageAt(database, space, message.turn, message.index)
  if (thread === null || message.id === null) return
  database.statements.deleteMessageIdAt.run(space.n, message.id, thread.n, message.turn, message.index)
}

/** One entry, live or deleted; its past values lie in log rows, which are emptied before. */
function eraseEntry(database: SqliteDatabase, space: CachedSpace, key: string): void {
  removeVectors(database, space, entryRemoval(key))
  database.statements.deleteEntry.run(space.n, key)
  database.entryWords.delete(space.n)
}

/** Erases parts of a space. Its caches must be dropped afterwards. */
export function eraseParts(
  database: SqliteDatabase,
  view: SqliteView,
  space: CachedSpace,
  { rows, threads, messages, entries, blocks, runs, records, recounted }: Erasure,
  seq: Seq,
): void {
  for (const message of messages) eraseMessage(database, space, message)
  for (const threadId of threads) eraseThread(database, space, threadId)
  for (const key of entries) eraseEntry(database, space, key)
  for (const { threadId, name } of blocks) {
    // The table has 0 for the space itself.
    const thread = threadId === null ? 0 : database.thread(space, threadId)?.n
    if (thread !== undefined) database.statements.deleteBlock.run(space.n, thread, name)
  }
  for (const runId of runs) {
    database.statements.deleteRun.run(space.n, uniqueOfRun(runId, space.state.key))
    database.statements.deleteLease.run(space.n, runLease(runId))
  }
  for (const name of records) {
    const { noun, key } = splitRecordName(name)
    const version = noun === observationNoun ? view.record(name)?.version : undefined
    if (version !== undefined) removeNote(database, space, key, version)
    database.statements.deleteRecord.run(space.n, noun, key)
    database.statements.deleteRecordLabels.run(space.n, noun, key)
  }
  for (const row of rows) view.replaceRow(row)
  for (const { id, order, messageCount, lastMessageAt } of recounted) {
    const lastAt = lastMessageAt === null ? null : msOf(lastMessageAt)
    const thread = database.thread(space, id)
    if (thread !== null) database.statements.setThreadStat.run(order, messageCount, lastAt, seq, thread.n)
  }
}

/** Counts of the live records of a space. */
function liveCounts(database: SqliteDatabase, columns: SpaceColumns): ErasedCounts {
  const [n, , , , , horizon, , , threads, archived, entries] = columns
  const { statements } = database
  const { seq } = database.spaceState(columns)
  const messages = statements.allThreads.all(n).reduce((sum, row) => {
    return sum + database.threadFrom(row).state.messageCount
  }, 0)
  const blocks = statements.countBlocks.get(n)?.[0] ?? 0
  const facts = statements.countFacts.get(n)?.[0] ?? 0
  const runs = statements.countRuns.get(n)?.[0] ?? 0
  const records = statements.countRecords.get(n)?.[0] ?? 0
  return { commits: seq - horizon, threads: threads + archived, messages, entries, blocks, facts, runs, records }
}

/** One space: its row is deleted at once, so nothing can read the others, which are deleted a few at a time. */
function eraseSpace({ statements }: SqliteDatabase, n: number): void {
  statements.deleteLeases.run(n)
  statements.deleteSpace.run(n)
  statements.putErasedSpace.run(n)
}

/**
 * Erases a space and its children: from now on nothing reads them. Keeps the highest seq, above which a new space
 * begins.
 */
export function eraseSpaces(
  database: SqliteDatabase,
  id: SpaceId,
): { readonly spaces: readonly SpaceId[]; readonly counts: ErasedCounts } {
  const { statements } = database
  const own = statements.spaceById.get(id)
  const children = statements.spacesInRange.all(`${id}/`, '', textAfter(`${id}/`), Number.MAX_SAFE_INTEGER)
  let counts = noCounts
  let floor = seqFloor(database)
  const all = own === undefined ? children : [own, ...children]
  for (const columns of all) {
    const [n] = columns
    counts = sumCounts(counts, liveCounts(database, columns))
    floor = Math.max(floor, database.spaceState(columns).seq + 1)
    eraseSpace(database, n)
  }
  statements.setMeta.run('seqFloor', floor)
  database.wordSegments.clear()
  database.vectorSegments.clear()
  database.entryWords.clear()
  database.forget()
  return { spaces: all.map((columns) => columns[1] as SpaceId), counts }
}

/** Where the log of a new space begins: above the highest seq that any erased space reached; 0 if none was. */
export function seqFloor(database: SqliteDatabase): Seq {
  return database.statements.meta.get('seqFloor')?.[0] ?? 0
}
