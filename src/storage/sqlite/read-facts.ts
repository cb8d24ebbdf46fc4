/**
 * Reads facts: by id, in pages in the order of their first statement, by contradiction, by source, and their history.
 */

import type { Seq } from '../../domain/id.ts'
import {
  type FactAttributes,
  type FactState,
  type FactStatus,
  factAttributes,
  factOrder,
  liveFact,
  liveFacts,
} from '../../domain/records/fact.ts'
import { comparedText, textKey } from '../../domain/records/fact-text.ts'
import { factVersions } from '../../domain/replay/fact-history.ts'
import { isoTime } from '../../domain/time.ts'
import type { FactQuery, FactReader, Listed } from '../../ports/storage.ts'
import { requireAbove } from '../horizon.ts'
import { type FactColumns, factColumns, factOf } from '../rows/fact-rows.ts'
import type { CachedSpace, SqliteDatabase } from './database.ts'
import { inOrder } from './row-order.ts'
import { SqliteView } from './view.ts'

/** Contradicted facts read together. */
const conflictsPerQuery = 64

/** Whether a fact has all of these ids. */
function carries(fact: FactState, attributes: FactAttributes): boolean {
  return factAttributes.every((name) => attributes[name] === undefined || fact.attributes[name] === attributes[name])
}

function pageOf(
  space: CachedSpace,
  facts: readonly FactState[],
  limit: number,
  asOf: Seq = space.state.seq,
): Listed<FactState> {
  const { key } = space.state
  return { items: facts.slice(0, limit), asOf, key, more: facts.length > limit }
}

/** Rows of one stored status; those of current facts may be limited to such as hold, or as have ended. */
interface StoredStatus {
  readonly status: number
  readonly has?: 'holds' | 'ended'
}

/** The rows that have the statuses asked for: a fact that was stored as current may have ended since. */
function storedStatuses(statuses: readonly FactStatus[]): readonly StoredStatus[] {
  const asked = new Set(statuses)
  const [current, superseded] = [asked.has('current'), asked.has('superseded')]
  const stored: StoredStatus[] = []
  if (current || superseded)
    stored.push({ status: 0, ...(current && superseded ? {} : { has: current ? 'holds' : 'ended' }) })
  if (superseded) stored.push({ status: 1 })
  if (asked.has('queued')) stored.push({ status: 2 })
  return stored
}

const validTo = "json_extract(json, '$.validTo')"
/** Word for word as in the index of pinned facts. */
const isPinned = "json_extract(json, '$.pinned') = 1"
const ends = { holds: `coalesce(${validTo}, '~') > ?`, ended: `${validTo} <= ?` } as const

/** One page of facts of one status, along the index of that status or of the first id that is asked for. */
function listStatus(
  database: SqliteDatabase,
  space: CachedSpace,
  query: FactQuery,
  { status, has }: StoredStatus,
  now: number,
) {
  const { attributes, order, after, limit, pinned, asOf = space.state.seq } = query
  const asked = factAttributes.filter((name) => attributes[name] !== undefined)
  const isOldest = order === 'oldest'
  const statement = database.prepared<FactColumns>(
    `SELECT ${factColumns} FROM fact WHERE space = ? AND deleted = 0 AND status = ? AND ord ${isOldest ? '>' : '<'} ?
       AND ord < ? AND (expires IS NULL OR expires > ?)${asked.map((name) => ` AND ${name} = ?`).join('')}
       ${pinned === true ? `AND ${isPinned}` : ''} ${has === undefined ? '' : `AND ${ends[has]}`}
     ORDER BY ord ${isOldest ? '' : 'DESC'} LIMIT ?`,
  )
  const from = after ?? (isOldest ? -1 : Number.MAX_SAFE_INTEGER)
  const ids = asked.map((name) => attributes[name] as string)
  const end = has === undefined ? [] : [isoTime(now)]
  return inOrder(
    statement.all(space.n, status, from, factOrder(asOf + 1, 0), now, ...ids, ...end, limit + 1),
    'fact',
    from,
    isOldest,
  )
}

function listFacts(database: SqliteDatabase, space: CachedSpace, query: FactQuery, now: number): Listed<FactState> {
  requireAbove(space.state, query.asOf ?? space.state.seq)
  const stored = storedStatuses(query.statuses)
  const rows = stored.flatMap((one) => listStatus(database, space, query, one, now))
  const sign = query.order === 'oldest' ? 1 : -1
  const sorted = stored.length > 1 ? rows.sort((left, right) => sign * (left[3] - right[3])) : rows
  const { key } = space.state
  const read = sorted.slice(0, query.limit + 1).map((columns) => factOf(columns, key))
  const facts = liveFacts(read, isoTime(now))
  return pageOf(space, facts, query.limit, query.asOf)
}

/** Facts that an existing fact contradicts. If the other one has expired, nothing is left to resolve. */
function listConflicts(
  database: SqliteDatabase,
  space: CachedSpace,
  query: Parameters<FactReader['conflicts']>[2],
  now: number,
): Listed<FactState> {
  const at = isoTime(now)
  const view = new SqliteView(database, space.state.id)
  const found: FactState[] = []
  for (let after = query.after ?? -1; found.length <= query.limit; ) {
    const rows = database.statements.factsInConflict.all(space.n, after, now, conflictsPerQuery)
    for (const columns of rows) {
      const fact = liveFact(factOf(columns, space.state.key), at)
      if (fact?.status !== 'current') continue
      const isOpen = () => fact.conflictsWith.some((id) => liveFact(view.fact(id), at) !== null)
      if (carries(fact, query.attributes) && isOpen()) found.push(fact)
    }
    after = inOrder(rows, 'fact', after, true).at(-1)?.[3] ?? after
    if (rows.length < conflictsPerQuery) break
  }
  return pageOf(space, found.slice(0, query.limit + 1), query.limit)
}

export function factReader(database: SqliteDatabase): FactReader {
  const { clock, statements } = database
  const nothing: Listed<FactState> = { items: [], asOf: 0, key: null, more: false }
  return {
    get: (_, id, factId) =>
      database.read(() => {
        const space = database.space(id)
        const fact = new SqliteView(database, id).fact(factId)
        return { record: liveFact(fact, isoTime(clock.now())), asOf: space?.state.seq ?? 0 }
      }),
    list: (_, id, query) =>
      database.read(() => {
        const space = database.space(id)
        return space === null ? nothing : listFacts(database, space, query, clock.now())
      }),
    history: (_, id, factId, limit) =>
      database.read(() => {
        const view = new SqliteView(database, id)
        const fact = view.fact(factId)
        return fact === null ? [] : factVersions(view, fact.id, fact.version, limit)
      }),
    derivedFrom: (_, id, { sources, after, limit }) =>
      database.read(() => {
        const space = database.space(id)
        if (space === null) return nothing
        const { factsFromSources } = statements
        const rows = factsFromSources.all(space.n, JSON.stringify(sources), after ?? -1, clock.now(), limit + 1)
        const facts = rows.map((columns) => factOf(columns, space.state.key))
        return pageOf(space, liveFacts(facts, isoTime(clock.now())), limit)
      }),
    conflicts: (_, id, query) =>
      database.read(() => {
        const space = database.space(id)
        return space === null ? nothing : listConflicts(database, space, query, clock.now())
      }),
    byText: (_, id, text) =>
      database.read(() => {
        const space = database.space(id)
        if (space === null) return nothing
        const at = isoTime(clock.now())
        const rows = statements.factsByText.all(space.n, textKey(text))
        const facts = rows.map((columns) => factOf(columns, space.state.key))
        const wanted = comparedText(text)
        const current = facts.filter((fact) => liveFact(fact, at)?.status === 'current')
        const same = current.filter((fact) => comparedText(fact.text) === wanted)
        return pageOf(space, same, same.length)
      }),
  }
}
