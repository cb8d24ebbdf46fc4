/** The searched part of a recall: scans spaces, embeds the question, and ranks what is in scope. */
import { chunk } from '../../derive/chunk.ts'
import { troubleOf } from '../../derive/embedder-trouble.ts'
import { recordPieces } from '../../derive/record-text.ts'
import type { Access } from '../../domain/actor.ts'
import { after, whenAborted } from '../../domain/detached.ts'
import { MemoryError } from '../../domain/error.ts'
import type { Seq, SpaceId, SpaceKey } from '../../domain/id.ts'
import {
  type RecordKind,
  type RecordRef,
  recordKinds,
  refAt,
  type WordSegment,
} from '../../domain/index/word-segment.ts'
import type { Language } from '../../domain/language.ts'
import type { GateMode } from '../../domain/question-gate.ts'
import type { Embedder, Embedding } from '../../ports/embedder.ts'
import type { FoundRecord, SpaceScan, Storage } from '../../ports/storage.ts'
import { type Corpus, corpusOf, rowPlace } from '../../recall/corpus.ts'
import { Nearness } from '../../recall/nearness.ts'
import { type Plan, planOf } from '../../recall/plan.ts'
import type { RecallMode } from '../../recall/question.ts'
import { type Ranking, rank } from '../../recall/rank.ts'
import { nearestPiece, similarities } from '../../recall/similarity.ts'
import type { Degraded } from '../answers/recollection.ts'
import type { Core } from '../door/core.ts'
import { demotionsOf } from './old-values.ts'

interface SearchQuery {
  readonly spaces: readonly SpaceId[]
  readonly question: string
  readonly mode: RecallMode
  readonly gate: GateMode
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
  /** Language of the first space, which the question is read in. */
  readonly language: Language
  readonly ranking: Ranking
  readonly asOf: Readonly<Record<string, Seq>>
  /** Key of the first existing space; null if none exists. */
  readonly key: SpaceKey | null
  /** Key of each searched space; null if it does not exist. */
  readonly keys: readonly (SpaceKey | null)[]
  readonly degraded: readonly Degraded[]
  readonly pending: number
  /** The piece of a record's text with the nearest meaning; null if meanings were not compared. */
  readonly nearestPiece: (row: number, record: FoundRecord) => string | null
}

/** Longest question that is embedded and searched for, UTF-16 units. */
const longestQuestion = 10_000
/** Pieces of a question that are embedded, evenly spread. */
const questionPieces = 8

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
  const entries = takesEntries ? await storage.index.entryWords(access, id) : []
  // What changes most often comes last: what was made of the segments before it is kept.
  return { id, scan, segments: [...entries, ...scan.words] }
}

/** The sum of vectors, each of length 1 first. */
function sumOf(vectors: readonly Embedding[]): Float32Array {
  const sum = new Float32Array(vectors[0]?.length ?? 0)
  for (const vector of vectors) {
    const length = Math.hypot(...vector)
    for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] as number) + (vector[i] as number) / length
  }
  return sum
}

/** The vector of the question, of all its pieces if it is long. */
async function embedQuestion(core: Core, embedder: Embedder, text: string): Promise<Float32Array> {
  const pieces = chunk(text, { maxWords: embedder.maxWords, maxPieces: questionPieces })
  const vectors = await inTime(core, (signal) => embedder.embed(pieces, { purpose: 'query', signal }))
  return sumOf(vectors)
}

/** The similarity of the question and each record; NaN for a record without a vector. */
function compare(corpus: Corpus, scanned: readonly ScannedSpace[], query: Float32Array): Float32Array {
  const all = new Float32Array(corpus.count)
  let offset = 0
  for (const { segments, scan } of scanned) {
    const own = similarities(segments, scan.vectors, query)
    all.set(own, offset)
    offset += own.length
  }
  return all
}

/** How near two rows of one space are to each other; 0 across spaces, where no message has a neighbour. */
function nearnessOf(scanned: readonly ScannedSpace[]): (row: number, other: number) => number {
  const spaces = scanned.map(({ segments, scan }) => new Nearness(segments, scan.vectors))
  const [only] = spaces
  if (only !== undefined && spaces.length === 1) return only.of
  const counts = scanned.map(({ segments }) => segments.reduce((sum, { count }) => sum + count, 0))
  return (row, other) => {
    let first = 0
    for (const [place, count] of counts.entries()) {
      const end = first + count
      if (row < end) return other < first || other >= end ? 0 : (spaces[place]?.of(row - first, other - first) ?? 0)
      first = end
    }
    return 0
  }
}

function countPending(corpus: Corpus, compared: Float32Array): number {
  let pending = 0
  for (let row = 0; row < corpus.count; row++)
    if (corpus.inScope[row] === 1 && Number.isNaN(compared[row])) pending += 1
  return pending
}

/** Runs work for `limits.embedTimeoutMs` at most, and only while the memory is open. */
async function inTime<Result>(core: Core, work: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
  const { closing } = core.storage
  const stop = new AbortController()
  const end = () => stop.abort(closing.reason)
  const late = () => stop.abort(new DOMException('The embedder took too long.', 'TimeoutError'))
  const failed = (error: unknown) => stop.abort(error)
  const timer = after(core.limits.embedTimeoutMs, late, failed)
  const stopListening = whenAborted([closing], end, failed)
  try {
    // Some embedders ignore the signal.
    const stopped = new Promise<never>((_, reject) => {
      whenAborted([stop.signal], () => reject(stop.signal.reason), reject)
    })
    return await Promise.race([work(stop.signal), stopped])
  } finally {
    timer.stop()
    stopListening()
  }
}

interface Meaning {
  /** Of the question. */
  readonly query: Float32Array | null
  readonly similarities: Float32Array | null
  readonly nearness: ((row: number, other: number) => number) | null
  readonly degraded: readonly Degraded[]
  readonly pending: number
}

const wordsOnly: Meaning = { query: null, similarities: null, nearness: null, degraded: [], pending: 0 }

async function meaningOf(
  core: Core,
  embedder: Embedder,
  plan: Plan,
  corpus: Corpus,
  scanned: readonly ScannedSpace[],
): Promise<Meaning> {
  const dimensions = scanned.flatMap(({ scan }) => scan.vectors)[0]?.dimensions
  try {
    const query = await embedQuestion(core, embedder, plan.bare)
    // An embedder that learns its dimensions only now may turn out to differ from the one that made the vectors.
    if (dimensions !== undefined && dimensions !== query.length)
      return { ...wordsOnly, degraded: ['embedder-mismatch'] }
    const all = compare(corpus, scanned, query)
    return { query, similarities: all, nearness: nearnessOf(scanned), degraded: [], pending: countPending(corpus, all) }
  } catch (error) {
    if (error instanceof MemoryError && error.code === 'bug') throw error
    const any = new Float32Array(dimensions ?? 1).fill(1)
    const pending = countPending(corpus, compare(corpus, scanned, any))
    return { ...wordsOnly, degraded: [troubleOf(error)], pending }
  }
}

interface Ready {
  readonly embedder: Embedder | null
  readonly fingerprint: string | null
  readonly degraded: readonly Degraded[]
}

const notReady = (degraded: readonly Degraded[]): Ready => ({ embedder: null, fingerprint: null, degraded })

/** The reason why vectors cannot be compared; otherwise the fingerprint to look them up by. */
async function embedderFor(core: Core, mode: RecallMode): Promise<Ready> {
  if (mode === 'keyword') return notReady([])
  const indexer = await core.storage.indexer()
  if (indexer === null) return notReady(['no-embedder'])
  const active = await indexer.active()
  if (active === 'other') return notReady(['embedder-mismatch'])
  return { embedder: indexer.embedder, fingerprint: active === 'none' ? '' : active.fingerprint, degraded: [] }
}

/** Ranks the records of some spaces for a question. */
export async function searchSpaces(core: Core, query: SearchQuery): Promise<Search> {
  const storage = await core.storage.get()
  const { access } = core
  // A cut through a character leaves half of it, which nothing accepts.
  const question = query.question.slice(0, longestQuestion).toWellFormed()
  const { embedder, fingerprint, degraded } = await embedderFor(core, query.mode)
  const scanned = await Promise.all(query.spaces.map((id) => scanSpace(storage, access, id, query, fingerprint)))
  const thread = query.threadId === undefined ? undefined : await threadSeq(storage, access, query)
  const spaces = scanned.map(({ segments }) => ({ segments, ...(thread === undefined ? {} : { thread }) }))
  const filter = { kinds: query.kinds, ...(query.includeSuperseded === true ? { includeSuperseded: true } : {}) }
  const corpus = corpusOf(spaces, filter)
  const language = scanned[0]?.scan.language ?? 'english'
  const plan = planOf(corpus, question, language)
  const takesMeaning = embedder !== null && corpus.scopeCount > 0
  const meaning = takesMeaning ? await meaningOf(core, embedder, plan, corpus, scanned) : wordsOnly
  const { similarities, nearness } = meaning
  const { mode, gate, limit, topK } = query
  const ask = {
    plan,
    mode,
    gate,
    matchesOnly: mode === 'keyword' || gate !== 'off',
    similarities,
    nearness,
    limit,
    topK,
  }
  const first = rank(corpus, ask)
  const { spaces: ids, kinds } = query
  const demotions = await demotionsOf({ storage, access, spaces: ids, kinds, corpus, ranking: first })
  const cut: Degraded[] = question.length < query.question.length ? ['query-cut'] : []
  return {
    corpus,
    plan,
    language,
    ranking: demotions.size === 0 ? first : rank(corpus, { ...ask, demotions }),
    asOf: Object.fromEntries(scanned.map(({ id, scan }) => [id, scan.asOf])),
    keys: scanned.map(({ scan }) => scan.key),
    key: scanned.find(({ scan }) => scan.key !== null)?.scan.key ?? null,
    degraded: [...degraded, ...meaning.degraded, ...cut],
    pending: meaning.pending,
    nearestPiece: (row, record) => {
      if (embedder === null || meaning.query === null) return null
      const { space, segment, i } = rowPlace(corpus, row)
      const piece = nearestPiece(segment, i, scanned[space]?.scan.vectors ?? [], meaning.query)
      return piece === null ? null : (recordPieces(record, embedder)[piece] ?? null)
    },
  }
}

/** The seq that created the thread; a seq that no thread has if it does not exist. */
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
  const { space, segment, i } = rowPlace(corpus, row)
  return { kind: recordKinds[segment.kinds[i] as number] as RecordKind, ref: refAt(segment, i), space }
}
