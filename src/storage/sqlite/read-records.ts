/** Reads spaces, blocks and entries: by key, in pages, and their history. */

import type { Seq, SpaceId, ThreadId } from '../../domain/id.ts'
import type { BlockState } from '../../domain/records/block.ts'
import type { EntryState } from '../../domain/records/entry.ts'
import { liveState } from '../../domain/records/keyed-state.ts'
import { type ChainName, isThereSince, versionAt, versionsOf } from '../../domain/replay/history.ts'
import type { SpaceState } from '../../domain/space.ts'
import { isoTime } from '../../domain/time.ts'
import type {
  BlockReader,
  ChangedSpaces,
  ChangedSpacesQuery,
  EntryQuery,
  EntryReader,
  Listed,
  SpaceReader,
} from '../../ports/storage.ts'
import { requireAbove } from '../horizon.ts'
import { blockOf } from '../rows/block-rows.ts'
import { type EntryColumns, entryOf } from '../rows/entry-rows.ts'
import type { CachedSpace, SqliteDatabase } from './database.ts'
import { inNameOrder } from './row-order.ts'
import { textAfter } from './text-after.ts'
import { SqliteView } from './view.ts'

/** Spaces that a page of changed ones reads, at most: each needs a read at the end of its log. */
const changedScan = 1_000

/** Reads along the ids. The page ends when it is full, or when enough were read. */
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
    list: (_, id, threadId, query = {}) =>
      database.read(() => {
        const space = database.space(id)
        if (space === null) return { items: [], asOf: 0, key: null, more: false }
        const { seq, key } = space.state
        const { asOf = seq } = query
        requireAbove(space.state, asOf)
        const number = threadNumber(database, space, threadId)
        if (number === null) return { items: [], asOf, key, more: false }
        const view = new SqliteView(database, id)
        const isThen = ({ name, version }: BlockState) =>
          version <= asOf || isThereSince(view, chain(threadId, name), version, asOf)
        const items = database.statements.blocks
          .all(space.n, number)
          .map((columns) => blockOf(columns, threadId as ThreadId | null))
          .filter(isThen)
        return { items, asOf, key, more: false }
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

/** Whether an entry existed at a seq. Answered without its log where that is certain. */
function entryTest(database: SqliteDatabase, space: CachedSpace, asOf: Seq): (columns: EntryColumns) => boolean {
  const view = new SqliteView(database, space.state.id)
  const [at = Number.NEGATIVE_INFINITY] = database.statements.timeAt.get(space.n, asOf) ?? []
  // Times never go back, so an entry made at an earlier time was made by an earlier commit.
  return ([key, version, , created]) =>
    version <= asOf || created < at || isThereSince(view, { entry: key }, version, asOf)
}

/** Reads on until the page is full, past entries that are left out. */
function listEntries(database: SqliteDatabase, space: CachedSpace, query: EntryQuery): Listed<EntryState> {
  const { prefix, after, limit, asOf = space.state.seq } = query
  requireAbove(space.state, asOf)
  const isThen = entryTest(database, space, asOf)
  const now = database.clock.now()
  const found: EntryColumns[] = []
  for (let from = after ?? ''; found.length <= limit; ) {
    const range = database.statements.entriesInRange.all(space.n, prefix, from, textAfter(prefix), now, limit + 1)
    const rows = inNameOrder(range, 'entry', from, (columns) => columns[0])
    found.push(...rows.filter(isThen))
    if (rows.length <= limit) break
    from = rows.at(-1)?.[0] ?? from
  }
  return { items: found.slice(0, limit).map(entryOf), asOf, key: space.state.key, more: found.length > limit }
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
        return { record: liveState(entry, isoTime(now())), asOf: space?.state.seq ?? 0 }
      }),
    list: (_, id, query) =>
      database.read(() => {
        const space = database.space(id)
        return space === null ? { items: [], asOf: 0, key: null, more: false } : listEntries(database, space, query)
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
