/** Pages of threads: keyset pages along an index, exact as of the seq that their cursor pins. */

import { compileFilter } from '../../domain/filter.ts'
import type { Seq, SpaceId, ThreadId } from '../../domain/id.ts'
import type { JsonObject } from '../../domain/json.ts'
import type { ThreadState } from '../../domain/records/thread.ts'
import type { ListedThreads, ThreadPosition, ThreadQuery, ThreadReader } from '../../ports/storage.ts'
import { requireAbove } from '../horizon.ts'
import { type ThreadColumns, threadColumns, threadOf } from '../rows/thread-rows.ts'
import { damagedRecord, storedJson } from '../stored-json.ts'
import { threadShape } from '../stored-shapes.ts'
import type { CachedSpace, SqliteDatabase } from './database.ts'

interface Candidate {
  readonly columns: ThreadColumns
  readonly order: Seq
}

const none: ReadonlyMap<number, Seq> = new Map()

const emptyPage: ListedThreads = { items: [], asOf: 0, key: null, more: false, total: 0, next: null }

function statesOf(archived: ThreadQuery['archived']): readonly number[] {
  return archived === 'any' ? [0, 1] : [archived ? 1 : 0]
}

/** Threads of one state in the order of their rows, from a position on, but for some; `created` at most `asOf`. */
function inOrder(
  database: SqliteDatabase,
  n: number,
  state: number,
  query: ThreadQuery,
  asOf: Seq,
  limit: number,
  skip: ReadonlyMap<number, Seq>,
): Candidate[] {
  const { direction, after } = query
  const column = query.orderBy === 'createdAt' ? 'created' : 'ord'
  const isDown = direction === 'desc'
  const sql = `SELECT ${threadColumns} FROM thread WHERE space = ? AND state = ? AND ${column} > ? AND ${column} <= ?
    AND +created <= ? ORDER BY ${column} ${direction} LIMIT ?`
  const low = after === null || isDown ? -1 : after.order
  const high = after === null || !isDown ? asOf : Math.min(asOf, after.order - 1)
  const found: Candidate[] = []
  const statement = database.prepared<ThreadColumns>(sql)
  // Reading all at once is cheaper than stepping, unless most of them may be skipped.
  const rows =
    skip.size === 0
      ? statement.all(n, state, low, high, asOf, limit)
      : statement.iterate(n, state, low, high, asOf, limit < 0 ? limit : limit + skip.size)
  for (const columns of rows) {
    if (found.length === limit) break
    const order = column === 'ord' ? columns[3] : columns[4]
    // A row of another place than its index says would be listed again and again.
    if (!(order > low && order <= high)) throw damagedRecord('thread')
    if (!skip.has(columns[0])) found.push({ columns, order })
  }
  return found
}

/** The place of a thread at a seq: its last save then, or its creation. */
function orderAt(database: SqliteDatabase, columns: ThreadColumns, asOf: Seq): Seq {
  return Math.max(database.statements.lastSaveUpTo.get(columns[0], asOf)?.[0] ?? 0, columns[4])
}

/** Threads saved to in the log's tail, which their rows do not tell, at most `limit` of them that matter for the page. */
function inTail(
  database: SqliteDatabase,
  space: CachedSpace,
  state: number,
  query: ThreadQuery,
  asOf: Seq,
  limit: number,
): Candidate[] {
  const sign = query.direction === 'asc' ? 1 : -1
  const found: Candidate[] = []
  let pinned = 0
  const tail = [...database.tailOf(space)]
  if (sign < 0) tail.reverse()
  for (const [n, order] of tail) {
    const isPinned = order <= asOf
    if (isPinned && (pinned === limit || !isBeyond(order, query.after, sign))) continue
    const columns = database.statements.threadByNumber.get(n)
    if (columns === undefined || columns[2] !== state || columns[4] > asOf) continue
    found.push({ columns, order: isPinned ? order : orderAt(database, columns, asOf) })
    if (isPinned) pinned += 1
  }
  return found
}

/** Threads saved to after the page's seq, with the place that they had then. */
function savedLater(database: SqliteDatabase, space: CachedSpace, state: number, asOf: Seq): Candidate[] {
  if (asOf >= space.state.seq) return []
  const sql = `SELECT ${threadColumns} FROM thread WHERE space = ? AND state = ? AND ord > ? AND +created <= ?`
  const tail = database.tailOf(space)
  const rows = database.prepared<ThreadColumns>(sql).all(space.n, state, asOf, asOf)
  return rows
    .filter((columns) => !tail.has(columns[0]))
    .map((columns) => ({ columns, order: orderAt(database, columns, asOf) }))
}

function isBeyond(order: Seq, after: ThreadPosition | null, sign: number): boolean {
  return after === null || sign * (order - after.order) > 0
}

function candidates(
  database: SqliteDatabase,
  space: CachedSpace,
  query: ThreadQuery,
  asOf: Seq,
  limit: number,
): Candidate[] {
  const { after } = query
  const sign = query.direction === 'asc' ? 1 : -1
  const states = statesOf(query.archived)
  const found = states.flatMap((state) => {
    if (query.orderBy === 'createdAt') return inOrder(database, space.n, state, query, asOf, limit, none)
    const rest = inOrder(database, space.n, state, query, asOf, limit, database.tailOf(space))
    const moved = [...inTail(database, space, state, query, asOf, limit), ...savedLater(database, space, state, asOf)]
    const isNext = ({ columns, order }: Candidate) => isBeyond(order, after, sign) && columns[1] !== after?.threadId
    return [...rest, ...moved.filter(isNext)]
  })
  return found.sort((left, right) => sign * (left.order - right.order))
}

/** The thread of a row; where the log's tail has saves to it, with the counts of its last one. */
function stateFrom(database: SqliteDatabase, space: CachedSpace, columns: ThreadColumns): ThreadState {
  const isBehind = database.tailOf(space).has(columns[0])
  return threadOf(columns, isBehind ? database.statements.lastRowOfThread.get(columns[0]) : undefined)
}

function counted(space: CachedSpace, archived: ThreadQuery['archived']): number {
  const { threads, archivedThreads } = space.state
  return archived === 'any' ? threads + archivedThreads : archived ? archivedThreads : threads
}

/** Whether a thread passes the filter of a page. */
type RowTest = (columns: ThreadColumns) => boolean

function rowTest(filter: JsonObject): RowTest {
  const test = compileFilter(filter, 'metadata')
  return (columns) => test(storedJson<{ readonly metadata: JsonObject }>(columns[9], 'thread', threadShape).metadata)
}

function countMatching(database: SqliteDatabase, space: CachedSpace, query: ThreadQuery, test: RowTest): number | null {
  if (counted(space, query.archived) > query.scanLimit) return null
  const sql = `SELECT ${threadColumns} FROM thread WHERE space = ? AND state = ?`
  const statement = database.prepared<ThreadColumns>(sql)
  let total = 0
  for (const state of statesOf(query.archived)) {
    for (const columns of statement.iterate(space.n, state)) if (test(columns)) total += 1
  }
  return total
}

/** The threads of a page, whether more may follow, and the thread behind which they would. */
interface Cut {
  readonly page: readonly Candidate[]
  readonly more: boolean
  readonly last: Candidate | undefined
}

function cut(found: readonly Candidate[], { offset, limit }: ThreadQuery): Cut {
  const page = found.slice(offset, offset + limit)
  return { page, more: found.length > offset + page.length, last: page.at(-1) }
}

/** Reads threads until a page is full of matching ones, or the limit of the search is reached. */
function cutMatching(found: readonly Candidate[], { offset, limit, scanLimit }: ThreadQuery, test: RowTest): Cut {
  const page: Candidate[] = []
  let passed = 0
  for (const [looked, candidate] of found.entries()) {
    if (looked === scanLimit) return { page, more: true, last: found[looked - 1] }
    if (!test(candidate.columns)) continue
    passed += 1
    if (passed <= offset) continue
    if (page.length === limit) return { page, more: true, last: page.at(-1) }
    page.push(candidate)
  }
  return { page, more: false, last: undefined }
}

function list(database: SqliteDatabase, space: CachedSpace, query: ThreadQuery): ListedThreads {
  const { metadata, limit, offset, scanLimit } = query
  const asOf = query.after?.asOf ?? space.state.seq
  requireAbove(space.state, asOf)
  const test = metadata === null ? null : rowTest(metadata)
  const found = candidates(database, space, query, asOf, test === null ? offset + limit + 1 : scanLimit + 1)
  const { page, more, last } = test === null ? cut(found, query) : cutMatching(found, query, test)
  return {
    items: page.map(({ columns }) => stateFrom(database, space, columns)),
    asOf,
    key: space.state.key,
    more,
    total: test === null ? counted(space, query.archived) : countMatching(database, space, query, test),
    next: more && last !== undefined ? { asOf, order: last.order, threadId: last.columns[1] as ThreadId } : null,
  }
}

export function threadReader(database: SqliteDatabase): ThreadReader {
  return {
    get: (_, id, threadId) =>
      database.read(() => {
        const space = database.space(id)
        const thread = space === null ? null : (database.thread(space, threadId)?.state ?? null)
        return { record: thread?.deleted ? null : thread, asOf: space?.state.seq ?? 0 }
      }),
    list: (_, id, query) =>
      database.read(() => {
        const space = database.space(id)
        return space === null ? emptyPage : list(database, space, query)
      }),
    find: (_, threadId, limit) =>
      database.read(() =>
        database.statements.threadsById.all(threadId, limit).flatMap((columns) => {
          const id = database.statements.spaceByNumber.get(columns[10])?.[1] as SpaceId | undefined
          const space = id === undefined ? null : database.space(id)
          if (id === undefined || space === null) return []
          return [{ space: id, thread: stateFrom(database, space, columns as unknown as ThreadColumns) }]
        }),
      ),
    homes: (_, threadId, limit) =>
      database.read(() => database.statements.homesOfThread.all(threadId, limit).map(([id]) => id as SpaceId)),
    copies: (_, { space, threadId }, limit) =>
      database.read(() => {
        const { copiesOfThread, copiesOfSpace } = database.statements
        const rows =
          threadId === undefined ? copiesOfSpace.all(space, limit) : copiesOfThread.all(space, threadId, limit)
        return rows.map(([id, copy]) => ({ space: id as SpaceId, threadId: copy as ThreadId }))
      }),
  }
}
