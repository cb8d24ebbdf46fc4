/** Reads facts: one by its id, pages of a home, the history of one, and contradictions. */

import { parseFilter, type Test } from '../../domain/filter.ts'
import { checkId, type FactId, parseFactId, type Seq, type SpaceKey } from '../../domain/id.ts'
import { type FactAttributes, type FactState, heldAt } from '../../domain/records/fact.ts'
import { toIso } from '../../domain/time.ts'
import { decodeCursor, encodeCursor, numberAt, type PageEnd, type PageStart } from '../arguments/cursor.ts'
import type { Core } from '../door/core.ts'
import { Door } from '../door/door.ts'
import { withProposals } from '../proposals/read-proposals.ts'
import { type FactIds, hasIds, homeOf } from './fact-home.ts'
import { type FactRecord, type FactVersionRecord, toFact, withoutRole } from './fact-records.ts'

/** Options of `memory.facts.get`. */
export interface GetFactOptions {
  /** Returns a superseded fact too. Default: false. */
  readonly includeSuperseded?: boolean
}

/** Options of `memory.facts.getAll`. */
export interface ListFactsRequest<Time = string> extends FactIds, PageStart {
  /** A filter for the metadata; the operators are those of `recall`. */
  readonly filters?: Readonly<Record<string, unknown>>
  /** Facts on one page, at most 1,000. Default: 100. */
  readonly limit?: number
  /** Includes superseded facts. Default: false. */
  readonly includeSuperseded?: boolean
  /** Only facts that held at that time, including superseded ones, with their present text. */
  readonly asOf?: Time
}

/** A page of facts of one home. */
export interface FactPageRecord<Time = string> extends PageEnd {
  /** The newest first. */
  readonly results: readonly FactRecord<Time>[]
}

/** Options of `memory.facts.conflicts`. */
export interface ListConflictsOptions extends FactIds, PageStart {
  /** Contradicted facts that one page looks at, at most 1,000. Default: 100. */
  readonly limit?: number
}

/** Facts that contradict each other, the oldest first. */
export interface FactConflictRecord<Time = string> {
  /** Facts that contradict each other. */
  readonly facts: readonly FactRecord<Time>[]
}

/** A page of unresolved contradictions. */
export interface ConflictPageRecord<Time = string> extends PageEnd {
  /** The conflicts, by their oldest fact. */
  readonly results: readonly FactConflictRecord<Time>[]
}

/** A fact's id and its space. */
export interface FactPlace {
  readonly space: Door
  readonly factId: FactId
}

const defaultLimit = 100
/** Facts shown for one contradiction, at most. */
const mostInConflict = 100

/** Finds a fact's space by the key in its id; null for ids that memory did not issue, or that are not the caller's. */
export async function placeOfFact(core: Core, factId: string): Promise<FactPlace | null> {
  const issued = parseFactId(checkId(factId, 'factId'))
  const storage = await core.storage.get()
  const id = issued === null ? null : await storage.spaces.byKey(core.access, issued.spaceKey)
  return id === null ? null : { space: new Door(core, id), factId: factId as FactId }
}

/** The fact of that id, or null. */
export async function getFact(
  core: Core,
  { factId, includeSuperseded = false }: GetFactOptions & { readonly factId: string },
): Promise<FactRecord | null> {
  const place = await placeOfFact(core, factId)
  const record = place === null ? null : (await place.space.facts.get(factId)).record
  if (place === null || record === null || record.status === 'queued') return null
  if (record.status === 'superseded' && !includeSuperseded) return null
  const [fact = null] = await withProposals(core, [toFact(record, place.space.id)])
  return fact
}

type FactTest = (fact: FactState) => boolean

function testOf(filter: Test | null, at: string | null): FactTest | null {
  if (filter === null && at === null) return null
  return (fact) => (filter === null || filter(fact.metadata)) && (at === null || heldAt(fact, at))
}

interface PageQuery {
  readonly attributes: FactAttributes
  readonly statuses: readonly ('current' | 'superseded')[]
  readonly after: number | null
  readonly limit: number
}

interface FoundPage {
  readonly facts: readonly FactState[]
  readonly asOf: Seq
  readonly key: SpaceKey | null
  /** Where the next page begins; null on the last. */
  readonly next: number | null
}

/** Walks from the newest on until a page is full of facts that pass the test. */
async function findPage(space: Door, query: PageQuery, test: FactTest | null): Promise<FoundPage> {
  const { limit, ...asked } = query
  const facts: FactState[] = []
  const { pageSize, filterScan } = space.core.limits
  const size = test === null ? limit : Math.min(pageSize, filterScan)
  let after = query.after
  for (let looked = 0; ; looked += size) {
    const page = await space.facts.list({ ...asked, order: 'newest', after, limit: size })
    const { asOf, key } = page
    for (const fact of page.items) {
      if (test !== null && !test(fact)) continue
      if (facts.length === limit) return { facts, asOf, key, next: facts.at(-1)?.order ?? null }
      facts.push(fact)
    }
    after = page.items.at(-1)?.order ?? after
    const isFull = facts.length === limit && test === null
    if (!page.more) return { facts, asOf, key, next: null }
    if (isFull || looked + size >= filterScan) return { facts, asOf, key, next: after }
  }
}

async function startOf(space: Door, kind: string, cursor: string | undefined): Promise<number | null> {
  if (cursor === undefined) return null
  return numberAt(decodeCursor(cursor, kind, (await space.state())?.key ?? null), 0)
}

function nextOf(kind: string, key: SpaceKey | null, next: number | null): { nextCursor?: string } {
  return next === null || key === null ? {} : { nextCursor: encodeCursor(kind, key, [next]) }
}

/** A page of the facts of a home, the newest first. */
export async function listFacts(core: Core, parsed: ListFactsRequest): Promise<FactPageRecord> {
  const { filters, limit = defaultLimit, cursor, includeSuperseded, asOf: time } = parsed
  const home = homeOf(parsed)
  const at = time === undefined ? null : toIso(time, 'asOf')
  const test = testOf(parseFilter(filters, 'filters', core.limits), at)
  const space = new Door(core, home.space)
  const statuses =
    includeSuperseded === true || at !== null ? (['current', 'superseded'] as const) : ['current' as const]
  const after = await startOf(space, 'facts', cursor)
  const most = Math.min(limit, core.limits.pageSize)
  const page = await findPage(space, { attributes: home.attributes, statuses, after, limit: most }, test)
  const facts = page.facts.map((fact) => toFact(fact, home.space))
  const results = await withProposals(core, facts)
  return { results, asOf: page.asOf, ...nextOf('facts', page.key, page.next) }
}

/** The versions of a fact, newest first, as far as the log goes back; none for ids that name nothing. */
export async function factHistory(
  core: Core,
  { factId, limit = 100 }: { readonly factId: string; readonly limit?: number },
): Promise<FactVersionRecord[]> {
  const place = await placeOfFact(core, factId)
  if (place === null) return []
  const past = await place.space.facts.history(factId, limit)
  return past.map(({ version, at, by, event, fact }) => ({
    version,
    at,
    by,
    event,
    memory: fact?.text ?? null,
    metadata: fact === null ? {} : withoutRole(fact.metadata).metadata,
  }))
}

/** All facts that are linked to a contradicted one by contradictions, including itself, the oldest first. */
async function contradicting(space: Door, first: FactState): Promise<FactState[]> {
  const group = new Map<FactId, FactState | null>([[first.id, first]])
  const open = [first]
  for (let fact = open.pop(); fact !== undefined && group.size < mostInConflict; fact = open.pop()) {
    for (const id of fact.conflictsWith) {
      if (group.has(id) || group.size >= mostInConflict) continue
      const { record } = await space.facts.get(id)
      const other = record?.status === 'current' ? record : null
      group.set(id, other)
      if (other !== null) open.push(other)
    }
  }
  const facts = [...group.values()].flatMap((fact) => fact ?? [])
  return facts.sort((left, right) => left.order - right.order)
}

/** Facts of a home that contradict each other, in groups. A group is on the page of its oldest fact. */
export async function listConflicts(core: Core, parsed: ListConflictsOptions): Promise<ConflictPageRecord> {
  const { attributes, space: id } = homeOf(parsed)
  const space = new Door(core, id)
  const after = await startOf(space, 'conflicts', parsed.cursor)
  const limit = Math.min(parsed.limit ?? defaultLimit, core.limits.pageSize)
  const { items, asOf, key, more } = await space.facts.conflicts({ attributes, after, limit })
  const shown = new Set<FactId>()
  const results: FactConflictRecord[] = []
  for (const fact of items) {
    if (shown.has(fact.id)) continue
    const group = await contradicting(space, fact)
    for (const one of group) shown.add(one.id)
    const isShownBefore = after !== null && group.some((one) => one.order <= after && hasIds(one, id, attributes))
    if (!isShownBefore)
      results.push({
        facts: await withProposals(
          core,
          group.map((one) => toFact(one, id)),
        ),
      })
  }
  return { results, asOf, ...nextOf('conflicts', key, more ? (items.at(-1)?.order ?? null) : null) }
}
