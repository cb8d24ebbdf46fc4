/** Recall: finding what is relevant in one space or several, and reading it. One path for everything that recalls. */
import { estimateTokenCount } from 'tokenx'
import { textOfRecord } from '../derive/record-text.ts'
import { compileFilter, type Test } from '../domain/filter.ts'
import type { Seq, SpaceId, SpaceKey } from '../domain/id.ts'
import { isJsonObject, type JsonObject } from '../domain/json.ts'
import { parseSpaceId } from '../domain/space.ts'
import { dateOf } from '../domain/time.ts'
import { parseMessageRef, type RecordKind } from '../domain/word-segment.ts'
import type { FoundRecord, MessageQuery, Storage } from '../ports/storage.ts'
import type { RankedRow, RecallMode } from '../recall/rank.ts'
import type { Core } from './core.ts'
import type { DropReason, RecalledItem, Recollection, TracedItem } from './recollection.ts'
import { toStoredMessage } from './records.ts'
import { refOfRow, type Search, searchSpaces } from './search-spaces.ts'

/** How many messages before and after each found one come along. */
export interface MessageRange {
  readonly before: number
  readonly after: number
}

export interface RecallQuery {
  readonly spaces: readonly SpaceId[]
  readonly question: string
  readonly mode: RecallMode
  readonly kinds: readonly RecordKind[]
  readonly topK: number
  readonly tokenBudget: number
  readonly messageRange: MessageRange
  readonly threshold: number
  readonly filter: Test | null
  readonly threadId?: string
}

/** Ranked rows beyond the ones asked for, which take the places of those that are dropped. */
const spareRows = 80
/** With a filter, how many of the best rows are looked through. */
const filteredRows = 10_000
const rowsARead = 50
const tracedItems = 100

export function parseFilter(filter: unknown): Test | null {
  return filter === undefined ? null : compileFilter(filter)
}

/** A record that was read, as an item without its scores. */
type ReadItem = Omit<RecalledItem, 'score' | 'scores' | 'isNeighbour'>

function itemOf(record: FoundRecord, space: SpaceId): ReadItem {
  const text = textOfRecord(record)
  const common = { kind: record.kind, space, text, tokens: estimateTokenCount(text) }
  if (record.kind === 'entry') {
    const { key, value, writtenBy, updatedAt } = record.entry
    return { ...common, id: key, value, author: writtenBy, at: dateOf(updatedAt) }
  }
  if (record.kind === 'fact') {
    const { id, assertedBy, updatedAt } = record.fact
    return { ...common, id, author: assertedBy, at: dateOf(updatedAt), fact: record.fact }
  }
  const { id, author, threadId, createdAt } = record.message
  const message = toStoredMessage(record.message, parseSpaceId(space).address.id)
  return { ...common, id, author, threadId, at: dateOf(createdAt), message }
}

/** What a filter looks at. */
function metadataOf(record: FoundRecord): JsonObject {
  if (record.kind === 'message') return record.message.metadata ?? {}
  if (record.kind === 'fact') return record.fact.metadata
  return isJsonObject(record.entry.value) ? (record.entry.value as JsonObject) : {}
}

class Packing {
  readonly items: RecalledItem[] = []
  readonly traced: TracedItem[] = []
  tokens = 0
  /** Items found, neighbours apart. */
  found = 0
  readonly #query: RecallQuery
  readonly #ids = new Set<string>()
  readonly #idOfRow = new Map<number, string>()

  constructor(query: RecallQuery) {
    this.#query = query
  }

  get isFull(): boolean {
    return this.found >= this.#query.topK
  }

  /** Notes what became of a ranked row. */
  trace(
    ranked: RankedRow,
    rank: number,
    item: Pick<RecalledItem, 'kind' | 'id' | 'space' | 'threadId'>,
    dropped: DropReason | null,
  ): void {
    this.#idOfRow.set(ranked.row, item.id)
    if (this.traced.length >= tracedItems && dropped !== null) return
    const { kind, id, space, threadId } = item
    const limitedBy = ranked.limitedBy === undefined ? undefined : this.#idOfRow.get(ranked.limitedBy)
    this.traced.push({
      kind,
      id,
      space,
      ...(threadId === undefined ? {} : { threadId }),
      rank,
      score: ranked.score,
      scores: ranked.parts,
      dropped,
      ...(ranked.isPulledIn === true ? { isPulledIn: true } : {}),
      ...(limitedBy === undefined ? {} : { limitedBy }),
    })
  }

  fits(tokens: number): boolean {
    return this.tokens + tokens <= this.#query.tokenBudget
  }

  has({ kind, space, id }: Pick<RecalledItem, 'kind' | 'space' | 'id'>): boolean {
    return this.#ids.has(`${kind} ${space} ${id}`)
  }

  add(item: RecalledItem): void {
    this.#ids.add(`${item.kind} ${item.space} ${item.id}`)
    this.items.push(item)
    this.tokens += item.tokens
    if (item.isNeighbour !== true) this.found += 1
  }
}

interface Reading {
  readonly storage: Storage
  readonly core: Core
  readonly query: RecallQuery
  readonly search: Search
}

/** Reads ranked rows, whichever spaces they lie in. */
async function readRows({ storage, core, query, search }: Reading, rows: readonly RankedRow[]) {
  const places = rows.map((row) => refOfRow(search.corpus, row))
  const records: (FoundRecord | null)[] = rows.map(() => null)
  for (const [index, id] of query.spaces.entries()) {
    const own = places.flatMap((place, at) => (place.space === index ? [at] : []))
    if (own.length === 0) continue
    const found = await storage.index.read(
      core.access,
      id,
      own.map((at) => places[at] as (typeof places)[number]),
    )
    for (const [i, at] of own.entries()) records[at] = found[i] ?? null
  }
  return places.map((place, at) => ({
    ...place,
    space: query.spaces[place.space] as SpaceId,
    record: records[at] ?? null,
  }))
}

/** The messages around a found one, in thread order. */
async function neighboursOf(
  { storage, core, query, search }: Reading,
  item: ReadItem,
  ref: string,
): Promise<ReadItem[]> {
  const { before, after } = query.messageRange
  if (item.threadId === undefined || (before === 0 && after === 0)) return []
  const space = item.space as SpaceId
  const all = { offset: 0, from: null, to: null, asOf: search.asOf[space] ?? null, after: parseMessageRef(ref) }
  const side = async (direction: MessageQuery['direction'], limit: number) => {
    if (limit === 0) return []
    const threadId = item.threadId as string
    const page = await storage.messages.list(core.access, space, { ...all, threadId, direction, limit })
    return page.items.map(({ message }) => itemOf({ kind: 'message', message }, space))
  }
  const [earlier, later] = await Promise.all([side('desc', before), side('asc', after)])
  return [...earlier.reverse(), ...later]
}

/** Reads ranked rows in order until there are enough items or the budget is used. */
async function pack(reading: Reading): Promise<Packing> {
  const { query, search } = reading
  const packing = new Packing(query)
  const { rows } = search.ranking
  for (let start = 0; start < rows.length && !packing.isFull; start += rowsARead) {
    const batch = rows.slice(start, start + rowsARead)
    const places = await readRows(reading, batch)
    for (const [at, place] of places.entries()) {
      await packRow(reading, packing, batch[at] as RankedRow, start + at + 1, place)
    }
  }
  return packing
}

type Place = Awaited<ReturnType<typeof readRows>>[number]

async function packRow(
  reading: Reading,
  packing: Packing,
  ranked: RankedRow,
  rank: number,
  place: Place,
): Promise<void> {
  const { query } = reading
  const { kind, ref: id, space, record } = place
  if (record === null) return packing.trace(ranked, rank, { kind, id, space }, 'gone')
  const read = itemOf(record, space)
  const why = (reason: DropReason | null) => packing.trace(ranked, rank, read, reason)
  if (packing.isFull) return why('rank')
  if (query.filter !== null && !query.filter(metadataOf(record))) return why('filter')
  if (ranked.score < query.threshold) return why('threshold')
  if (!packing.fits(read.tokens)) return why('budget')
  why(null)
  const { score, parts: scores } = ranked
  packing.add({ ...read, score, scores })
  for (const neighbour of await neighboursOf(reading, read, id)) {
    if (!packing.has(neighbour) && packing.fits(neighbour.tokens)) {
      packing.add({ ...neighbour, score, scores, isNeighbour: true })
    }
  }
}

function recallIdOf(core: Core, key: SpaceKey | null): string {
  return `rcl_${key ?? 'none'}_${core.createId()}`
}

/** Recalls from some spaces. A space that does not exist has nothing in it. */
export async function recallFrom(core: Core, query: RecallQuery): Promise<Recollection> {
  const storage = await core.storage.get()
  const limit = query.filter === null ? query.topK + spareRows : filteredRows
  const search = await searchSpaces(core, { ...query, limit })
  const packing = await pack({ storage, core, query, search })
  const { plan, ranking, corpus, key, asOf, degraded, pending } = search
  const recallId = recallIdOf(core, key)
  const trace = {
    question: plan.question,
    bare: plan.bare,
    terms: plan.terms.map(({ text }) => text),
    names: plan.names,
    mode: query.mode,
    legs: ranking.legs,
    spaces: query.spaces,
    inScope: corpus.scopeCount,
    candidates: ranking.candidates,
    items: packing.traced,
  }
  const { items, tokens } = packing
  core.traces.keep(recallId, trace, items)
  const messages = items.flatMap(({ message, score, scores, isNeighbour }) =>
    message === undefined ? [] : [{ ...message, score, scores, ...(isNeighbour === true ? { isNeighbour } : {}) }],
  )
  return { items, messages, asOf: asOf as Readonly<Record<string, Seq>>, degraded, pending, recallId, trace, tokens }
}
