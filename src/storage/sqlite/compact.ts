/**
 * Compaction of a log in SQLite, in slices: each moves the horizon up over some commits, in a transaction of its own. A process
 * that ends in between leaves a log that is compacted up to there.
 */
import { setImmediate as oneTurn } from 'node:timers/promises'
import type { Effect, LogRow } from '../../domain/commit/effect.ts'
import type { Seq, SpaceId, SpaceKey } from '../../domain/id.ts'
import { compactRows, groupBySeq, type IsRestored, logPlace, restores } from '../../domain/replay/compact.ts'
import { KeptPlaces } from '../../domain/replay/kept-places.ts'
import { savesMessages } from '../../domain/replay/turn-fold.ts'
import { parseSpaceId } from '../../domain/space.ts'
import { threadValues } from '../rows/thread-rows.ts'
import type { CachedSpace, SqliteDatabase } from './database.ts'
import { insertLogRow } from './insert-row.ts'
import { markUnclean } from './receipts.ts'
import { keptBetween, rowsBetween } from './view.ts'
import { foldWords } from './words.ts'

function insertKept(database: SqliteDatabase, space: CachedSpace, row: LogRow, part: number | null): void {
  const thread = row.threadId === null ? null : (database.thread(space, row.threadId)?.n ?? null)
  const upto = row.effects.some(savesMessages) ? 0 : null
  insertLogRow(database, { space: space.n, part, thread, upto }, { ...row, commitId: null, hash: null })
}

/** Ids that callers gave to messages whose content compaction drops, because their turns are replaced or discarded. */
function forgetIds(database: SqliteDatabase, space: CachedSpace, { threadId, turn, status, effects }: LogRow): void {
  const isGone = (effect: Effect) => {
    if (effect.kind !== 'kept' || !('turnKept' in effect)) return false
    const { replacedBy, messages } = effect.turnKept
    return status === 'discarded' || (replacedBy !== undefined && messages.every((message) => message === null))
  }
  const thread = threadId === null ? null : database.thread(space, threadId)
  if (thread !== null && effects.some(isGone)) database.statements.deleteMessageIdsOfTurn.run(thread.n, turn)
}

/** A space whose log is being compacted. */
interface Compacting {
  readonly id: SpaceId
  readonly key: SpaceKey
  /** Where its horizon is. */
  horizon: Seq
  /** Where threads and leases were kept. */
  readonly places: KeptPlaces
  /** Places of rows that this compaction added. */
  readonly added: Set<string>
}

/** What a slice should take of the event loop, milliseconds. */
const sliceMs = 5
const mostCommits = 4_096

/** How many commits the next slice takes, from how long the last one took. */
function nextSlice(commits: number, tookMs: number): number {
  if (tookMs > sliceMs) return Math.max(1, Math.floor(commits / 2))
  return tookMs < sliceMs / 2 ? Math.min(mostCommits, commits * 2) : commits
}

/** All rows of some commits at or below a horizon that stand before a slice, and of those that these belong to. */
function rowsBehind(
  database: SqliteDatabase,
  space: CachedSpace,
  places: KeptPlaces,
  slice: readonly LogRow[],
): Map<Seq, readonly LogRow[]> {
  const { horizon } = space.state
  const behind = new Map<Seq, readonly LogRow[]>()
  const waiting: (readonly LogRow[])[] = [slice]
  const take = (seq: Seq) => {
    if (seq > horizon || behind.has(seq)) return
    const rows = rowsBetween(database, space.n, seq - 1, seq)
    behind.set(seq, rows)
    waiting.push(rows)
  }
  for (let rows = waiting.pop(); rows !== undefined; rows = waiting.pop()) {
    for (const seq of places.behind(rows)) take(seq)
    for (const { threadId, effects } of rows) {
      if (threadId === null || !effects.some(({ kind }) => kind === 'thread-delete')) continue
      const thread = database.thread(space, threadId)
      if (thread !== null) for (const [seq] of database.statements.seqsOfThread.all(thread.n, horizon)) take(seq)
    }
  }
  return behind
}

/** Brings the rows of threads up to date before their last rows in the log become others. */
function updateThreads(database: SqliteDatabase, space: CachedSpace, rows: readonly LogRow[]): void {
  for (const threadId of new Set(rows.map((row) => row.threadId))) {
    const columns = threadId === null ? undefined : database.statements.threadById.get(space.n, threadId)
    if (columns === undefined) continue
    const { state } = database.threadFrom(columns)
    database.statements.updateThread.run(...threadValues(state, space.state.seq), columns[0])
  }
}

/** Compacts the rows of a space above its horizon, up to a new one, with all that they change. Runs inside a transaction. */
function compactSlice(database: SqliteDatabase, space: CachedSpace, horizon: Seq, compacting: Compacting): number {
  const { n, state } = space
  const { statements } = database
  const slice = rowsBetween(database, n, state.horizon, horizon)
  const behind = rowsBehind(database, space, compacting.places, slice)
  const stored = [...[...behind].sort(([left], [right]) => left - right).flatMap(([, rows]) => rows), ...slice]
  updateThreads(database, space, stored)
  // Compaction moves content into the rows that opened its turns, where the tail is not searched.
  foldWords(database, space, true)
  const isRestored: IsRestored = (threadId, turn) => {
    const thread = database.thread(space, threadId)
    const rows = thread === null ? [] : database.turnRows(thread.n, turn, threadId)
    return restores(rows.filter(({ seq }) => seq > horizon))
  }
  const fold = { key: state.key, address: parseSpaceId(state.id).address }
  const { kept, removed, added } = compactRows(stored, state, fold, isRestored)
  const deleteBetween = (after: Seq, last: Seq) => {
    statements.deleteBetween.run(n, after, last)
    statements.deletePartsBetween.run(n, after, last)
  }
  deleteBetween(state.horizon, horizon)
  for (const seq of behind.keys()) deleteBetween(seq - 1, seq)
  for (const commit of groupBySeq(kept)) {
    for (let part = 0; part < commit.length; part++) {
      const row = commit[part] as LogRow
      insertKept(database, space, row, commit.length === 1 ? null : part)
      forgetIds(database, space, row)
    }
  }
  compacting.places.note(kept)
  // What a slice added and a later one removes was never a row of the log that was to be compacted.
  const gone = removed.filter((row) => !compacting.added.delete(logPlace(row)))
  for (const row of added) compacting.added.add(logPlace(row))
  statements.setHorizon.run(horizon, n)
  // Rows that stay lose content, too.
  markUnclean(database)
  database.forgetSpace(state.id)
  return gone.length
}

/** Notes what earlier compactions kept, read in slices. */
async function readPlaces(database: SqliteDatabase, { id, horizon, places }: Compacting): Promise<void> {
  let after = 0
  while (after < horizon) {
    await database.read(() => {
      const space = database.space(id)
      const until = performance.now() + sliceMs
      while (after < horizon && performance.now() < until) {
        const last = Math.min(horizon, after + firstCommits)
        if (space !== null) places.note(keptBetween(database, space.n, after, last))
        after = last
      }
    })
    await oneTurn()
  }
}

/** How many commits the first slice takes. */
export const firstCommits = 256

/**
 * Compacts the log of a space up to a horizon. Goes on while it alone moves the horizon: another process that compacts the space, or
 * erases it, has it for itself.
 *
 * @param slice How many commits the first slice takes; the time that it took decides about the others.
 * @returns How many rows have none in their place.
 */
export async function compactSpace(
  database: SqliteDatabase,
  transaction: <Result>(work: () => Result) => Promise<Result>,
  { id, below, slice }: { readonly id: SpaceId; readonly below: Seq; readonly slice: number },
): Promise<number> {
  const state = await database.read(() => database.space(id)?.state ?? null)
  if (state === null) return 0
  const target = Math.min(below, state.seq - 1)
  const places = new KeptPlaces(state.key)
  const compacting: Compacting = { id, key: state.key, horizon: state.horizon, places, added: new Set() }
  if (target <= state.horizon) return 0
  await readPlaces(database, compacting)
  let [removed, commits] = [0, slice]
  while (compacting.horizon < target) {
    const next = Math.min(target, compacting.horizon + commits)
    const done = await transaction(() => {
      const space = database.space(id)
      if (space?.state.key !== compacting.key || space.state.horizon !== compacting.horizon) return null
      const started = performance.now()
      const rows = compactSlice(database, space, next, compacting)
      if (next === target) for (const statement of database.statements.deleteTombstones) statement.run(space.n, target)
      return { rows, tookMs: performance.now() - started }
    })
    if (done === null) return removed
    removed += done.rows
    compacting.horizon = next
    commits = nextSlice(commits, done.tookMs)
    await oneTurn()
  }
  return removed
}
