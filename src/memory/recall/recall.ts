/** Recall: finds relevant records in one space or several, and reads them. One path for all callers. */

import { estimateTokenCount } from 'tokenx'
import { textOfRecord } from '../../derive/record-text.ts'
import type { Test } from '../../domain/filter.ts'
import type { Seq, SpaceId, SpaceKey } from '../../domain/id.ts'
import type { RecordKind } from '../../domain/index/word-segment.ts'
import { isJsonObject, type JsonObject } from '../../domain/json.ts'
import type { GateMode } from '../../domain/question-gate.ts'
import { noteOf } from '../../domain/records/observation.ts'
import { isoTime } from '../../domain/time.ts'
import type { MessageRange } from '../../ports/behaviour.ts'
import type { FoundRecord, Storage } from '../../ports/storage.ts'
import type { AskedAt } from '../../recall/question/plan.ts'
import type { RecallMode } from '../../recall/question.ts'
import type { RankedRow } from '../../recall/ranking.ts'
import { rarity } from '../../recall/records/occurrences.ts'
import { type Excerpt, excerptOf, type Wanted } from '../../recall/text/excerpt.ts'
import { saidText } from '../../recall/text/explain-text.ts'
import { type PackedItem, pack, rowsToRead } from '../../recall/text/pack.ts'
import type {
  DropReason,
  ItemScores,
  RecalledItemRecord,
  RecollectionRecord,
  TracedItem,
  UnreadItem,
} from '../answers/recollection.ts'
import { recordPlace, toListedMessage, toObservation } from '../answers/records.ts'
import type { Core } from '../door/core.ts'
import { withProposals } from '../proposals/read-proposals.ts'
import { traced } from '../tracing.ts'
import { isOfPeriod, type Period } from './period.ts'
import { type RowRef, refOfRow, type Search, searchSpaces } from './search-spaces.ts'
import { recallAnswer, recallEvent } from './trace-recall.ts'

export interface RecallQuery {
  readonly spaces: readonly SpaceId[]
  readonly question: string
  readonly mode: RecallMode
  readonly gate: GateMode
  readonly kinds: readonly RecordKind[]
  readonly topK: number
  readonly tokenBudget: number
  readonly messageRange: MessageRange
  readonly threshold: number
  /** Tokens of the longest item that is shown whole. Absent: any item that fits. */
  readonly longestItem?: number
  readonly filter: Test | null
  readonly threadId?: string
  /** A further test, apart from metadata, for a record to be in the answer. */
  readonly isWanted?: (record: FoundRecord, space: SpaceId) => boolean
  /** Turns whose messages are left out, as if they were gone. Default: none. */
  readonly without?: ReadonlySet<string>
  readonly includeSuperseded?: boolean
  readonly includeInternal?: boolean
  /** Only records of this time. */
  readonly period?: Period | null
  /** When it is asked. Default: now, in UTC. */
  readonly askedAt?: AskedAt
  /** The trace's note about which spaces were searched. */
  readonly note?: string
}

/** Extra ranked rows, to replace those that are gone. */
const spareRows = 20
/** How many of the best rows are searched with a filter, or if more than the extra ones are gone. */
const mostRows = 10_000
const mostRowsARead = 200
const tracedItems = 100

/** A record that was read, as an item without its scores and tokens. */
type ReadItem = Omit<RecalledItemRecord, keyof ItemScores | 'isNeighbour' | 'tokens'>

function itemOf(record: FoundRecord, space: SpaceId, includeInternal = false): ReadItem {
  const text = textOfRecord(record)
  const place = recordPlace(space)
  const common = { kind: record.kind, ...place, text }
  if (record.kind === 'entry') {
    const { key, value, writtenBy, updatedAt } = record.entry
    return { ...common, id: key, value, author: writtenBy, at: updatedAt }
  }
  if (record.kind === 'fact') {
    const { id, assertedBy, updatedAt } = record.fact
    return { ...common, id, author: assertedBy, at: updatedAt, fact: record.fact }
  }
  if (record.kind === 'observation') {
    const observation = toObservation(record.id, record.note, place)
    const { id, author = record.note.writtenBy, threadId, saidAt: at } = observation
    return { ...common, id, author, threadId, at, observation }
  }
  const { id, author, threadId, createdAt } = record.message
  const message = toListedMessage(record.message, place, includeInternal)
  return { ...common, id, author, threadId, at: createdAt, message }
}

/** The metadata that a filter tests. */
function metadataOf(record: FoundRecord): JsonObject {
  if (record.kind === 'message') return record.message.metadata ?? {}
  if (record.kind === 'fact') return record.fact.metadata
  if (record.kind === 'observation') return {}
  return isJsonObject(record.entry.value) ? (record.entry.value as JsonObject) : {}
}

/** A row of the searched spaces, read. */
interface ReadRow {
  readonly record: FoundRecord | null
  readonly space: SpaceId
  readonly kind: RecordKind
  readonly ref: string
}

interface Reading {
  readonly storage: Storage
  readonly core: Core
  readonly query: RecallQuery
  readonly search: Search
  /** The rows read so far. */
  readonly rows: Map<number, ReadRow>
}

/** Whether a record does not count: of a turn that is left out, or a fact that was stated with an end which has come. */
function isGone({ without, includeSuperseded }: RecallQuery, record: FoundRecord): boolean {
  if (record.kind === 'message') return without?.has(record.message.turnId) === true
  return record.kind === 'fact' && record.fact.status === 'superseded' && includeSuperseded !== true
}

/** Reads rows that were not read yet, from all spaces. */
async function readRows(
  { storage, core, query, search, rows: known }: Reading,
  rows: readonly number[],
): Promise<void> {
  const unread = rows.filter((row) => !known.has(row))
  const places = unread.map((row) => refOfRow(search.corpus, row))
  for (const [index, space] of query.spaces.entries()) {
    const own = unread.flatMap((row, at) => (places[at]?.space === index ? [{ row, ...(places[at] as RowRef) }] : []))
    if (own.length === 0) continue
    const found = await storage.index.read(core.access, space, own)
    for (const [at, { row, kind, ref }] of own.entries()) {
      const record = found[at] ?? null
      known.set(row, { record: record === null || isGone(query, record) ? null : record, space, kind, ref })
    }
  }
}

/** Ranked rows for the answer, and those that are gone or that the filter refused. */
interface Chosen {
  readonly rows: RankedRow[]
  readonly out: { readonly ranked: RankedRow; readonly reason: 'gone' | 'filter' }[]
}

/** Reads ranked rows in order until enough of them still exist and pass the filter. */
async function choose(reading: Reading): Promise<Chosen> {
  const { query, search, rows: known } = reading
  const { period = null } = query
  const isOut = (record: FoundRecord, space: SpaceId) =>
    (period !== null && !isOfPeriod(record, period)) ||
    (query.filter !== null && !query.filter(metadataOf(record))) ||
    query.isWanted?.(record, space) === false
  const chosen: Chosen = { rows: [], out: [] }
  const { rows } = search.ranking
  for (let start = 0, size = query.topK; start < rows.length && chosen.rows.length < query.topK; start += size) {
    if (start > 0) size = mostRowsARead
    const batch = rows.slice(start, start + size)
    await readRows(
      reading,
      batch.map(({ row }) => row),
    )
    for (const ranked of batch) {
      const { record, space } = known.get(ranked.row) as ReadRow
      if (record === null) chosen.out.push({ ranked, reason: 'gone' })
      else if (isOut(record, space)) chosen.out.push({ ranked, reason: 'filter' })
      else chosen.rows.push(ranked)
    }
  }
  return chosen
}

function readItem({ rows, query }: Reading, row: number): ReadItem | null {
  const read = rows.get(row)
  return read === undefined || read.record === null ? null : itemOf(read.record, read.space, query.includeInternal)
}

/** An item whose text is an excerpt: it has no longer text. */
function shortened({ value: _, message, ...item }: ReadItem, { text, start, end }: Excerpt): ReadItem {
  const excerpt = { start, end, length: item.text.length }
  const short = { ...item, text, excerpt }
  return message === undefined ? short : { ...short, message: { ...message, parts: [{ type: 'text', text }] } }
}

/** An exact term is what the question asks for, whatever is around it. */
const exactWeight = 3

/** The terms and vectors that passages are chosen by. */
function wantedOf({ plan, corpus, language }: Search): Wanted {
  const { terms, occurrences } = plan
  const weights = terms.map(({ term, isExact }, i): [number, number] => {
    const weight = rarity(occurrences.frequencies[i] ?? 0, corpus.scopeCount)
    return [term, isExact ? weight * exactWeight : weight]
  })
  return { weights: new Map(weights), language }
}

/** The excerpt of a row that was read. */
function excerptOfRow(
  { search, rows }: Reading,
  wanted: Wanted,
  row: number,
  text: string,
  maxTokens: number,
): Excerpt {
  const record = rows.get(row)?.record ?? null
  const nearest = record === null ? null : search.nearestPiece(row, record)
  return excerptOf(text, nearest === null ? wanted : { ...wanted, nearest }, maxTokens)
}

/** The scores of a row, as an item has them. */
function scoresOf({ score, parts, relevance, similarity, matched }: RankedRow): ItemScores {
  return { relevance, similarity, matched, score, scores: parts }
}

/** The item of a packed row with the messages around it. */
function itemsOf(reading: Reading, packed: PackedItem): RecalledItemRecord[] {
  const scores = scoresOf(packed)
  const around = (rows: readonly number[]) =>
    rows.flatMap((row): RecalledItemRecord[] => {
      const item = readItem(reading, row)
      if (item === null) return []
      return [
        { ...item, ...scores, matched: [], similarity: null, tokens: estimateTokenCount(item.text), isNeighbour: true },
      ]
    })
  const [before, after] = [around(packed.before), around(packed.after)]
  const whole = readItem(reading, packed.row)
  const own = whole === null || packed.excerpt === undefined ? whole : shortened(whole, packed.excerpt)
  const tokens = [...before, ...after].reduce((left, item) => left - item.tokens, packed.tokens)
  return own === null ? [] : [...before, { ...own, ...scores, tokens }, ...after]
}

/** The id or key that callers know a record by. */
export function idOf(record: FoundRecord | null): string | null {
  if (record === null) return null
  if (record.kind === 'message') return record.message.id
  if (record.kind === 'observation') return record.id
  return record.kind === 'fact' ? record.fact.id : record.entry.key
}

/** The thread that a record is in, or is about. */
export function threadOfRecord(record: FoundRecord | null): { readonly threadId?: string } {
  if (record?.kind === 'message') return { threadId: record.message.threadId }
  return record?.kind === 'observation' ? { threadId: noteOf(record.note.value).threadId } : {}
}

/** What a record is, of whom and of when; its kind alone if it is gone. */
export function saidOf(kind: RecordKind, record: FoundRecord | null, space: SpaceId): string {
  if (record === null) return kind
  const { author, at } = itemOf(record, space)
  return saidText(kind, author.name ?? author.id, at)
}

function traceOf(reading: Reading, ranked: RankedRow, dropped: DropReason | null): Omit<TracedItem, 'rank'> {
  const { kind, ref, space, record } = reading.rows.get(ranked.row) as ReadRow
  const limit = ranked.limitedBy === undefined ? null : refOfRow(reading.search.corpus, ranked.limitedBy)
  return {
    kind,
    id: idOf(record) ?? ref,
    space,
    ...threadOfRecord(record),
    ...scoresOf(ranked),
    said: saidOf(kind, record, space),
    dropped,
    ...(ranked.isPulledIn === true ? { isPulledIn: true } : {}),
    ...(limit === null ? {} : { limitedBy: limit.ref }),
  }
}

interface Searched {
  readonly reading: Reading
  readonly chosen: Chosen
}

interface Answer {
  readonly behind: readonly UnreadItem[]
  readonly items: readonly RecalledItemRecord[]
  readonly traced: readonly TracedItem[]
  readonly tokens: number
}

/** Packs what was read. */
async function answer(reading: Reading, chosen: Chosen): Promise<Answer> {
  const { query, search } = reading
  const { corpus } = search
  const { topK, tokenBudget, messageRange, threshold, longestItem } = query
  const texts = new Map<number, string>()
  let sought: Wanted | undefined
  const options = {
    ...{ topK, tokenBudget, messageRange, threshold },
    ...(longestItem === undefined ? {} : { longestItem }),
    excerptOf: (row: number, most: number) => {
      // Most answers need no excerpt.
      sought ??= wantedOf(search)
      return excerptOfRow(reading, sought, row, texts.get(row) ?? '', most)
    },
  }
  const ranking = { ...search.ranking, rows: chosen.rows }
  const wanted = rowsToRead(corpus, ranking, options)
  await readRows(reading, wanted)
  for (const row of wanted) {
    const record = reading.rows.get(row)?.record ?? null
    if (record !== null) texts.set(row, textOfRecord(record))
  }
  const packing = pack(corpus, ranking, texts, options)
  const outcomes = new Map<number, Omit<TracedItem, 'rank'>>()
  for (const item of packing.items) outcomes.set(item.row, traceOf(reading, item, null))
  for (const row of packing.dropped) outcomes.set(row.row, traceOf(reading, row, row.reason))
  for (const { ranked, reason } of chosen.out) outcomes.set(ranked.row, traceOf(reading, ranked, reason))
  const traced = search.ranking.rows.flatMap(({ row }, at) => {
    const outcome = outcomes.get(row)
    return outcome === undefined ? [] : [{ ...outcome, rank: at + 1 }]
  })
  const items = packing.items.flatMap((item) => itemsOf(reading, item))
  const behind = search.ranking.rows.flatMap((ranked, at): UnreadItem[] => {
    if (outcomes.has(ranked.row)) return []
    const { kind, ref, space } = refOfRow(corpus, ranked.row)
    return [{ kind, ref, space: query.spaces[space] ?? '', ...scoresOf(ranked), rank: at + 1 }]
  })
  return { items, traced: traced.slice(0, tracedItems), behind: behind.slice(0, spareRows), tokens: packing.tokens }
}

/** A day since 1970 as ISO text; `..` for one that is infinitely far. */
function isoDay(day: number): string {
  return Number.isFinite(day) ? isoTime(day * 86_400_000).slice(0, 10) : '..'
}

function recallIdOf(core: Core, key: SpaceKey | null): string {
  return `rcl_${key ?? 'none'}_${core.createId()}`
}

/** Ranks and reads. Does so again with more rows if too many of the best are gone. */
async function searchAndChoose(core: Core, query: RecallQuery, limit: number): Promise<Searched> {
  const storage = await core.storage.get()
  const search = await searchSpaces(core, { ...query, limit })
  const reading: Reading = { storage, core, query, search, rows: new Map() }
  const chosen = await choose(reading)
  const isShort = chosen.rows.length < query.topK && chosen.out.length > 0 && search.ranking.rows.length === limit
  if (!isShort || limit === mostRows) return { reading, chosen }
  return searchAndChoose(core, query, mostRows)
}

/** Recalls from some spaces. A space that does not exist is empty. */
export function recallFrom(core: Core, query: RecallQuery): Promise<RecollectionRecord> {
  return traced(
    () => recallEvent(core, query),
    () => recallNow(core, query),
    recallAnswer,
  )
}

/** Items of facts with the open proposals about them. */
async function withOpenProposals(
  core: Core,
  items: readonly RecalledItemRecord[],
): Promise<readonly RecalledItemRecord[]> {
  const facts = items.filter(({ kind }) => kind === 'fact')
  if (facts.length === 0) return items
  const shown = new Map((await withProposals(core, facts)).map((fact) => [`${fact.space} ${fact.id}`, fact]))
  return items.map((item) => (item.kind === 'fact' ? (shown.get(`${item.space} ${item.id}`) ?? item) : item))
}

async function recallNow(core: Core, query: RecallQuery): Promise<RecollectionRecord> {
  const isFiltered = query.filter !== null || query.isWanted !== undefined || query.period != null
  const limit = isFiltered ? mostRows : query.topK + spareRows
  const { reading, chosen } = await searchAndChoose(core, query, limit)
  const { search } = reading
  const { items: found, traced, behind, tokens } = await answer(reading, chosen)
  const items = await withOpenProposals(core, found)
  const { plan, ranking, corpus, key, keys, asOf, degraded, pending } = search
  const recallId = recallIdOf(core, key)
  const trace = {
    question: plan.question,
    bare: plan.bare,
    terms: plan.terms.map(({ text }) => text),
    names: plan.names,
    times: plan.times.days.map(({ from, to }) => `${isoDay(from)}/${isoDay(to)}`),
    mode: query.mode,
    legs: ranking.legs,
    spaces: query.spaces,
    inScope: corpus.scopeCount,
    candidates: ranking.candidates,
    unmatched: ranking.unmatched,
    gate: { mode: query.gate, ...ranking.gate },
    ...(query.note === undefined ? {} : { note: query.note }),
    items: traced,
  }
  core.traces.keep(recallId, { trace, keys, behind, items })
  const messages = items.flatMap(({ message, isNeighbour, ...item }) => {
    if (message === undefined) return []
    const { relevance, similarity, matched, score, scores } = item
    const own = { ...message, relevance, similarity, matched, score, scores }
    return [isNeighbour === true ? { ...own, isNeighbour } : own]
  })
  return { items, messages, asOf: asOf as Readonly<Record<string, Seq>>, degraded, pending, recallId, trace, tokens }
}
