/** The searched part of a recall: scans spaces, embeds the question, and ranks what is in scope. */
import type { Access } from '../domain/actor.ts'
import type { Seq, SpaceId, SpaceKey } from '../domain/id.ts'
import { indexedEntry } from '../domain/indexed.ts'
import type { Language } from '../domain/language.ts'
import {
  packWords,
  type RecordKind,
  type RecordRef,
  recordKinds,
  refAt,
  unpackWords,
  type WordSegment,
} from '../domain/word-segment.ts'
import { analyserVersion } from '../domain/words.ts'
import type { SpaceScan, Storage } from '../ports/storage.ts'
import { type Corpus, corpusOf, placeOf } from '../recall/corpus.ts'
import { type Plan, planOf } from '../recall/plan.ts'
import { type Ranking, type RecallMode, rank } from '../recall/rank.ts'
import { similarities } from '../recall/similarity.ts'
import type { Core } from './core.ts'
import type { Degraded } from './recollection.ts'

export interface SearchQuery {
  readonly spaces: readonly SpaceId[]
  readonly question: string
  readonly mode: RecallMode
  readonly kinds: readonly RecordKind[]
  /** Only messages of this thread, which is in the first space. */
  readonly threadId?: string
  readonly includeSuperseded?: boolean
  /** Rows to rank. */
  readonly limit: number
  readonly topK: number
}

export interface Search {
  readonly corpus: Corpus
  readonly plan: Plan
  readonly ranking: Ranking
  readonly asOf: Readonly<Record<string, Seq>>
  /** Of the first space that is there; null if none is. */
  readonly key: SpaceKey | null
  readonly degraded: readonly Degraded[]
  readonly pending: number
}

/** Entries of one space that are searched, the first by key. */
const searchedEntries = 20_000
const entriesAPage = 1_000
/** Milliseconds that a question waits for its vector before it goes on with words only. */
const embedMs = 15_000
/** Longest question that is embedded and searched for, UTF-16 units. */
export const longestQuestion = 10_000

async function entrySegment(
  storage: Storage,
  access: Access,
  space: SpaceId,
  language: Language,
): Promise<WordSegment[]> {
  const records = []
  for (let after: string | null = null; records.length < searchedEntries; ) {
    const page = await storage.entries.list(access, space, { prefix: '', after, limit: entriesAPage })
    for (const entry of page.items) records.push(indexedEntry(entry, language))
    after = page.items.at(-1)?.key ?? null
    if (!page.more || after === null) break
  }
  if (records.length === 0) return []
  return [
    unpackWords(
      packWords(
        records.toSorted((left, right) => left.seq - right.seq),
        analyserVersion,
      ),
    ),
  ]
}

interface ScannedSpace {
  readonly id: SpaceId
  readonly scan: SpaceScan
  readonly segments: readonly WordSegment[]
}

async function scanSpace(
  storage: Storage,
  access: Access,
  id: SpaceId,
  query: SearchQuery,
  fingerprint: string | null,
): Promise<ScannedSpace> {
  const scan = await storage.index.scan(access, id, fingerprint)
  const takesEntries = query.kinds.includes('entry') && scan.key !== null
  const entries = takesEntries ? await entrySegment(storage, access, id, scan.language) : []
  return { id, scan, segments: [...scan.words, ...entries] }
}

/** The vector of the question; null, with the reason, if there is none. */
async function embedQuestion(core: Core, text: string): Promise<Float32Array | null> {
  const indexer = await core.storage.indexer()
  if (indexer === null) return null
  const [vector] = await inTime(core.storage.closing, (signal) =>
    indexer.embedder.embed([text], { purpose: 'query', signal }),
  )
  return vector === undefined ? null : Float32Array.from(vector)
}

/** Runs work with a signal that ends it after {@link embedMs} or when the memory closes, and leaves nothing behind. */
async function inTime<Result>(closing: AbortSignal, work: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
  const stop = new AbortController()
  const end = () => stop.abort(closing.reason)
  const timer = setTimeout(() => stop.abort(new DOMException('The embedder took too long.', 'TimeoutError')), embedMs)
  timer.unref()
  closing.addEventListener('abort', end, { once: true })
  try {
    return await work(stop.signal)
  } finally {
    clearTimeout(timer)
    closing.removeEventListener('abort', end)
  }
}

interface Meaning {
  readonly similarities: Float32Array | null
  readonly degraded: readonly Degraded[]
  readonly pending: number
}

const wordsOnly: Meaning = { similarities: null, degraded: [], pending: 0 }

async function meaningOf(core: Core, plan: Plan, corpus: Corpus, scanned: readonly ScannedSpace[]): Promise<Meaning> {
  let query: Float32Array | null
  try {
    query = await embedQuestion(core, plan.bare)
  } catch {
    return { ...wordsOnly, degraded: ['embedder-failed'] }
  }
  if (query === null) return { ...wordsOnly, degraded: ['no-embedder'] }
  const all = new Float32Array(corpus.count)
  let offset = 0
  for (const { segments, scan } of scanned) {
    const own = similarities(segments, scan.vectors, query)
    all.set(own, offset)
    offset += own.length
  }
  let pending = 0
  for (let row = 0; row < corpus.count; row++) if (corpus.inScope[row] === 1 && Number.isNaN(all[row])) pending += 1
  return { similarities: all, degraded: [], pending }
}

/** What keeps the vectors from being compared; the fingerprint to look them up by otherwise. */
async function embedderFor(
  core: Core,
  mode: RecallMode,
): Promise<{ fingerprint: string | null; degraded: Degraded[] }> {
  if (mode === 'keyword') return { fingerprint: null, degraded: [] }
  const indexer = await core.storage.indexer()
  if (indexer === null) return { fingerprint: null, degraded: ['no-embedder'] }
  const active = await indexer.active()
  if (active === 'other') return { fingerprint: null, degraded: ['embedder-mismatch'] }
  return { fingerprint: active === 'none' ? '' : active.fingerprint, degraded: [] }
}

/** Ranks the records of some spaces for a question. */
export async function searchSpaces(core: Core, query: SearchQuery): Promise<Search> {
  const storage = await core.storage.get()
  const { access } = core
  const question = query.question.slice(0, longestQuestion)
  const { fingerprint, degraded } = await embedderFor(core, query.mode)
  const scanned = await Promise.all(query.spaces.map((id) => scanSpace(storage, access, id, query, fingerprint)))
  const thread = query.threadId === undefined ? undefined : await threadSeq(storage, access, query)
  const spaces = scanned.map(({ segments }) => ({ segments, ...(thread === undefined ? {} : { thread }) }))
  const filter = { kinds: query.kinds, ...(query.includeSuperseded === true ? { includeSuperseded: true } : {}) }
  const corpus = corpusOf(spaces, filter)
  const plan = planOf(corpus, question, scanned[0]?.scan.language ?? 'english')
  const takesMeaning = fingerprint !== null && corpus.scopeCount > 0
  const meaning = takesMeaning ? await meaningOf(core, plan, corpus, scanned) : wordsOnly
  const ask = { plan, mode: query.mode, similarities: meaning.similarities, limit: query.limit, topK: query.topK }
  const cut: Degraded[] = question.length < query.question.length ? ['query-cut'] : []
  return {
    corpus,
    plan,
    ranking: rank(corpus, ask),
    asOf: Object.fromEntries(scanned.map(({ id, scan }) => [id, scan.asOf])),
    key: scanned.find(({ scan }) => scan.key !== null)?.scan.key ?? null,
    degraded: [...degraded, ...meaning.degraded, ...cut],
    pending: meaning.pending,
  }
}

/** The seq that made the thread; one that no thread has if there is none. */
async function threadSeq(storage: Storage, access: Access, { spaces, threadId }: SearchQuery): Promise<Seq> {
  const [space] = spaces
  if (space === undefined || threadId === undefined) return -1
  return (await storage.threads.get(access, space, threadId)).record?.createdSeq ?? -1
}

/** A record by its reference, in one of the searched spaces. */
export interface RowRef extends RecordRef {
  /** Index into the searched spaces. */
  readonly space: number
}

/** The record of a row. */
export function refOfRow(corpus: Corpus, row: number): RowRef {
  const { space, segment, i } = placeOf(corpus, row)
  return { kind: recordKinds[segment.kinds[i] as number] as RecordKind, ref: refAt(segment, i), space }
}
