/** Spaces, blocks and entries: point reads, pages by key, and their past. */
import { liveEntry } from '../../domain/entry.ts'
import { type ChainName, versionAt, versionsOf } from '../../domain/history.ts'
import type { SpaceId, ThreadId } from '../../domain/id.ts'
import type { SpaceState } from '../../domain/space.ts'
import { isoTime } from '../../domain/time.ts'
import type { BlockReader, ChangedSpaces, ChangedSpacesQuery, EntryReader, SpaceReader } from '../../ports/storage.ts'
import { requireAbove } from '../horizon.ts'
import { blockOf } from '../rows/block-rows.ts'
import { entryOf } from '../rows/entry-rows.ts'
import type { CachedSpace, SqliteDatabase } from './database.ts'
import { inNameOrder } from './row-order.ts'
import { textAfter } from './text-after.ts'
import { SqliteView } from './view.ts'

/** Spaces that a page of changed ones looks at, at most: each costs a look at the end of its log. */
const changedScan = 1_000

/** Looks along the ids; the page ends where it is full, or where enough were looked at. */
function listChanged(database: SqliteDatabase, { at, after, limit }: ChangedSpacesQuery): ChangedSpaces {
  const found = database.statements.spacesInRange.all('', after ?? '', textAfter(''), changedScan)
  const items: SpaceState[] = []
  for (const columns of inNameOrder(found, 'space', after ?? '', (row) => row[1])) {
    const space = database.spaceState(columns)
    if (space.at <= at) continue
    if (items.length === limit) return { items, next: items.at(-1)?.id ?? null }
    items.push(space)
  }
  return { items, next: found.length < changedScan ? null : (found.at(-1)?.[1] as SpaceId) }
}

export function spaceReader(database: SqliteDatabase): SpaceReader {
  return {
    get: (_, id) => database.read(() => database.space(id)?.state ?? null),
    byKey: (_, key) => database.read(() => (database.statements.spaceByKey.get(key)?.[0] ?? null) as SpaceId | null),
    list: (_, { kind, prefix, after, limit }) =>
      database.read(() => {
        const from = `${kind}/${prefix}`
        const found = database.statements.spacesInRange.all(from, after ?? '', textAfter(from), limit)
        const rows = inNameOrder(found, 'space', after ?? '', (columns) => columns[1])
        return rows.map((columns) => database.spaceState(columns))
      }),
    changedSince: (_, query) => database.read(() => listChanged(database, query)),
  }
}

/** The number of a block's thread: 0 for the space's own, null where the thread is not there. */
function threadNumber(database: SqliteDatabase, space: CachedSpace, threadId: string | null): number | null {
  if (threadId === null) return 0
  const thread = database.thread(space, threadId)
  return thread === null || thread.state.deleted ? null : thread.n
}

function currentBlock(database: SqliteDatabase, space: CachedSpace, threadId: string | null, name: string) {
  const number = threadNumber(database, space, threadId)
  const columns = number === null ? undefined : database.blockRow(space, number, name)
  return columns === undefined ? null : blockOf(columns, threadId as ThreadId | null)
}

export function blockReader(database: SqliteDatabase): BlockReader {
  const chain = (threadId: string | null, name: string): ChainName => ({ block: name, threadId: threadId as ThreadId })
  return {
    get: (_, id, threadId, name) =>
      database.read(() => {
        const space = database.space(id)
        const block = space === null ? null : currentBlock(database, space, threadId, name)
        return { record: block?.deleted ? null : block, asOf: space?.state.seq ?? 0 }
      }),
    list: (_, id, threadId) =>
      database.read(() => {
        const space = database.space(id)
        const number = space === null ? null : threadNumber(database, space, threadId)
        if (space === null || number === null)
          return { items: [], asOf: space?.state.seq ?? 0, key: space?.state.key ?? null, more: false }
        const items = database.statements.blocks
          .all(space.n, number)
          .map((columns) => blockOf(columns, threadId as ThreadId | null))
        return { items, asOf: space.state.seq, key: space.state.key, more: false }
      }),
    history: (_, id, threadId, name, limit) =>
      database.read(() => {
        const space = database.space(id)
        const block = space === null ? null : currentBlock(database, space, threadId, name)
        if (block === null) return []
        return versionsOf(new SqliteView(database, id), chain(threadId, name), block.version, limit)
      }),
    at: (_, id, threadId, name, seq) =>
      database.read(() => {
        const space = database.space(id)
        const block = space === null ? null : currentBlock(database, space, threadId, name)
        if (space === null || block === null) return null
        requireAbove(space.state, seq)
        return versionAt(new SqliteView(database, id), chain(threadId, name), block.version, seq)
      }),
  }
}

export function entryReader(database: SqliteDatabase): EntryReader {
  const now = () => database.clock.now()
  const current = (space: CachedSpace, key: string) => {
    const columns = database.entryRow(space, key)
    return columns === undefined ? null : entryOf(columns)
  }
  return {
    get: (_, id, key) =>
      database.read(() => {
        const space = database.space(id)
        const entry = space === null ? null : current(space, key)
        return { record: liveEntry(entry, isoTime(now())), asOf: space?.state.seq ?? 0 }
      }),
    list: (_, id, { prefix, after, limit }) =>
      database.read(() => {
        const space = database.space(id)
        if (space === null) return { items: [], asOf: 0, key: null, more: false }
        const { entriesInRange } = database.statements
        const found = entriesInRange.all(space.n, prefix, after ?? '', textAfter(prefix), now(), limit + 1)
        const rows = inNameOrder(found, 'entry', after ?? '', (columns) => columns[0])
        return {
          items: rows.slice(0, limit).map(entryOf),
          asOf: space.state.seq,
          key: space.state.key,
          more: rows.length > limit,
        }
      }),
    history: (_, id, key, limit) =>
      database.read(() => {
        const space = database.space(id)
        const entry = space === null ? null : current(space, key)
        if (entry === null) return []
        return versionsOf(new SqliteView(database, id), { entry: key }, entry.version, limit)
      }),
    at: (_, id, key, seq) =>
      database.read(() => {
        const space = database.space(id)
        if (space === null) return null
        requireAbove(space.state, seq)
        const entry = current(space, key)
        return entry === null ? null : versionAt(new SqliteView(database, id), { entry: key }, entry.version, seq)
      }),
  }
}
