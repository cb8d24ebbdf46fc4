/** Finds messages that have only old values of facts: recall ranks them below the facts that hold now. */
import type { Access } from '../../domain/actor.ts'
import { parseMessageId, type SpaceId } from '../../domain/id.ts'
import { factRef } from '../../domain/index/indexed.ts'
import { isSupersededFlag, type RecordKind, recordKinds, refAt } from '../../domain/index/word-segment.ts'
import type { FactState } from '../../domain/records/fact.ts'
import type { Storage } from '../../ports/storage.ts'
import type { Ranking } from '../../recall/ranking.ts'
import { type Corpus, rowPlace } from '../../recall/records/corpus.ts'
import type { Demotions } from '../../recall/weigh.ts'

/** A ranked search. */
interface RankedSearch {
  readonly storage: Storage
  readonly access: Access
  readonly spaces: readonly SpaceId[]
  readonly kinds: readonly RecordKind[]
  readonly corpus: Corpus
  readonly ranking: Ranking
}

/** A ranked message. */
interface RankedMessage {
  readonly row: number
  /** Index into the searched spaces. */
  readonly space: number
  readonly id: string
}

/** A fact and the space it lives in. */
interface PlacedFact {
  readonly fact: FactState
  readonly space: number
}

/** How many of the best rows are checked for such messages. */
const bestRows = 200
const factsAPage = 1_000
/** Longest chain of superseding facts that is followed to its end. */
const longestChain = 100

const none: Demotions = new Map()
const messageKind = recordKinds.indexOf('message')
const factKind = recordKinds.indexOf('fact')

function holdsSuperseded({ columns, count }: Corpus): boolean {
  for (let row = 0; row < count; row++) if (((columns.flags[row] as number) & isSupersededFlag) !== 0) return true
  return false
}

/** The best messages, each with its id. */
async function bestMessages({ storage, access, spaces, corpus, ranking }: RankedSearch): Promise<RankedMessage[]> {
  const rows = ranking.rows.slice(0, bestRows).flatMap(({ row }) => {
    if (corpus.columns.kinds[row] !== messageKind) return []
    const { space, segment, i } = rowPlace(corpus, row)
    return [{ row, space, segment, i }]
  })
  const read = [...Map.groupBy(rows, ({ space }) => space)].map(async ([space, own]) => {
    const refs = own.map(({ segment, i }) => ({ kind: 'message' as const, ref: refAt(segment, i) }))
    const found = await storage.index.read(access, spaces[space] as SpaceId, refs)
    return own.flatMap(({ row }, at): RankedMessage[] => {
      const record = found[at]
      return record?.kind === 'message' ? [{ row, space, id: record.message.id }] : []
    })
  })
  return (await Promise.all(read)).flat()
}

/** Facts of one space that were derived from some of the messages. A caller's id counts only in its own space. */
async function derivedIn(
  search: RankedSearch,
  space: number,
  messages: readonly RankedMessage[],
): Promise<PlacedFact[]> {
  const { storage, access, spaces } = search
  const own = messages.filter((message) => message.space === space || parseMessageId(message.id) !== null)
  const sources = [...new Set(own.map(({ id }) => id))]
  const facts: PlacedFact[] = []
  for (let after: number | null = null; sources.length > 0; ) {
    const query = { sources, after, limit: factsAPage }
    const page = await storage.facts.derivedFrom(access, spaces[space] as SpaceId, query)
    for (const fact of page.items) if (fact.status !== 'queued') facts.push({ fact, space })
    after = page.items.at(-1)?.order ?? null
    if (!page.more || after === null) break
  }
  return facts
}

/** The current fact at the end of the chain; null if it is gone. */
async function successorOf({ storage, access, spaces }: RankedSearch, { fact, space }: PlacedFact) {
  let at: FactState | null = fact
  for (let steps = 0; steps < longestChain && at !== null && at.supersededBy !== null; steps++) {
    at = (await storage.facts.get(access, spaces[space] as SpaceId, at.supersededBy)).record
  }
  return at?.status === 'current' ? { fact: at, space } : null
}

const keyOf = (space: number, ref: string) => `${space} ${ref}`

/** The rows of facts that are in scope, by space and reference. */
function rowsOfFacts(corpus: Corpus, wanted: ReadonlySet<string>): ReadonlyMap<string, number> {
  const rows = new Map<string, number>()
  for (const [place, segment] of corpus.segments.entries()) {
    const first = corpus.firstRows[place] as number
    for (let i = 0; i < segment.count; i++) {
      if (segment.kinds[i] !== factKind || corpus.inScope[first + i] === 0) continue
      const key = keyOf(corpus.spaces[place] as number, segment.refs[i] ?? '')
      if (wanted.has(key)) rows.set(key, first + i)
    }
  }
  return rows
}

/** For each message whose facts were all superseded: the current facts. */
async function successorsOf(search: RankedSearch, messages: readonly RankedMessage[]) {
  const derived = (await Promise.all(search.spaces.map((_, space) => derivedIn(search, space, messages)))).flat()
  const successors = new Map<number, readonly string[]>()
  for (const { row, space, id } of messages) {
    const isOurs = parseMessageId(id) !== null
    const own = derived.filter(({ fact, space: home }) => (isOurs || home === space) && fact.sources.includes(id))
    if (own.length === 0 || own.some(({ fact }) => fact.status === 'current')) continue
    const ends = await Promise.all(own.map((placed) => successorOf(search, placed)))
    const keys = ends.flatMap((end) => (end === null ? [] : [keyOf(end.space, factRef(end.fact.id))]))
    if (keys.length > 0) successors.set(row, keys)
  }
  return successors
}

/**
 * Rows of messages that may not rank above the row of a fact: every fact derived from such a message was superseded,
 * and the fact is the current one. Of several, the lowest ranked counts.
 */
export async function demotionsOf(search: RankedSearch): Promise<Demotions> {
  const { corpus, kinds, ranking } = search
  if (!kinds.includes('message') || !kinds.includes('fact') || !holdsSuperseded(corpus)) return none
  const messages = await bestMessages(search)
  const successors = await successorsOf(search, messages)
  if (successors.size === 0) return none
  const rows = rowsOfFacts(corpus, new Set([...successors.values()].flat()))
  const places = new Map(ranking.rows.map(({ row }, place) => [row, place]))
  const placeOfFact = (row: number) => places.get(row) ?? ranking.rows.length
  const demotions = new Map<number, number>()
  for (const [row, keys] of successors) {
    const facts = keys.flatMap((key) => rows.get(key) ?? [])
    const last = facts.sort((left, right) => placeOfFact(left) - placeOfFact(right)).at(-1)
    if (last !== undefined) demotions.set(row, last)
  }
  return demotions
}
