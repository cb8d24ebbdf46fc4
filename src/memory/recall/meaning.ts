/** What a question means: its vector, and how near the records in scope are to it, those included that are new. */
import { chunk } from '../../derive/chunk.ts'
import { troubleOf } from '../../derive/embedder-trouble.ts'
import type { Indexer } from '../../derive/indexer.ts'
import type { Pace } from '../../derive/pace.ts'
import { recordPieces } from '../../derive/record-text.ts'
import { after, whenAborted } from '../../domain/detached.ts'
import { MemoryError } from '../../domain/error.ts'
import type { SpaceId } from '../../domain/id.ts'
import { quantise, type VectorRecord, type VectorSegment } from '../../domain/index/vector-segment.ts'
import { type RecordKind, recordKinds, refAt, type WordSegment } from '../../domain/index/word-segment.ts'
import type { Embedding } from '../../ports/embedder.ts'
import type { FoundRecord, SpaceScan } from '../../ports/storage.ts'
import type { Plan } from '../../recall/question/plan.ts'
import { type Corpus, rowPlace } from '../../recall/records/corpus.ts'
import { Nearness } from '../../recall/vectors/nearness.ts'
import { sentenceSimilarities, similarities } from '../../recall/vectors/similarity.ts'
import type { Degraded } from '../answers/recollection.ts'
import type { Core } from '../door/core.ts'

/** A searched space: what its index holds, and the segments of words with those of its entries. */
export interface ScannedSpace {
  readonly id: SpaceId
  readonly scan: SpaceScan
  readonly segments: readonly WordSegment[]
  /** Vectors of the sentences of its messages; null where they are not compared. */
  readonly sentences: readonly VectorSegment[] | null
}

/** Pieces of a question that are embedded, evenly spread. */
const questionPieces = 8
/** New records that are embedded with a question where the embedder's pace is not known yet, and at most. */
const usualFresh = 4
const mostFresh = 64
/** What a question waits at least for a model that is being loaded, milliseconds: it may be there any moment. */
const leastLoadMs = 250

function lengthOf(vector: Embedding): number {
  let squares = 0
  for (let i = 0; i < vector.length; i++) squares += (vector[i] as number) ** 2
  return Math.sqrt(squares)
}

/** The sum of vectors, each of length 1 first. */
function sumOf(vectors: readonly Embedding[]): Float32Array {
  const sum = new Float32Array(vectors[0]?.length ?? 0)
  for (const vector of vectors) {
    const length = lengthOf(vector)
    for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] as number) + (vector[i] as number) / length
  }
  return sum
}

/** What is left of the time that a model may take to load, since it was first asked a question. */
function loadTimeLeft({ waits }: Core, { firstAskedAt }: Pace): number {
  return firstAskedAt === null ? waits.loadMs : waits.loadMs - (performance.now() - firstAskedAt)
}

/** How long a question waits for its vector: as long as the model may take to load, once, until it has answered. */
function waitFor(core: Core, pace: Pace): number {
  const { embedTimeoutMs } = core.limits
  return pace.isWarm ? embedTimeoutMs : Math.min(embedTimeoutMs, Math.max(leastLoadMs, loadTimeLeft(core, pace)))
}

/** Makes the vector of a question, of all its pieces if it is long. */
async function embedQuestion(core: Core, { embedder }: Indexer, text: string): Promise<Float32Array> {
  const pieces = chunk(text, { maxWords: embedder.maxWords, maxPieces: questionPieces })
  const mostMs = waitFor(core, embedder.pace)
  const vectors = await inTime(core, mostMs, (signal) => embedder.embed(pieces, { purpose: 'query', signal }))
  return sumOf(vectors)
}

/** The similarity of the question and each record; NaN for a record without a vector. */
function compare(corpus: Corpus, scanned: readonly ScannedSpace[], query: Float32Array): Float32Array {
  const [only] = scanned
  if (only !== undefined && scanned.length === 1) return similarities(only.segments, only.scan.vectors, query)
  const all = new Float32Array(corpus.count)
  let offset = 0
  for (const { segments, scan } of scanned) {
    const own = similarities(segments, scan.vectors, query)
    all.set(own, offset)
    offset += own.length
  }
  return all
}

/** Where fewer of the messages than this share have vectors of their sentences, these are not compared. */
const leastShare = 0.9

/** Whether nearly all messages in scope have vectors of their sentences; what the others lack is made in the background. */
function hasSentences(corpus: Corpus, scanned: readonly ScannedSpace[], { sentences }: Indexer): boolean {
  if (scanned.some((space) => space.sentences === null)) return false
  let [messages, made] = [0, 0]
  for (const space of scanned) {
    const own = space.segments.reduce((sum, { kinds }) => sum + countOf(kinds, messageKind), 0)
    const there = (space.sentences ?? []).reduce((sum, { count }) => sum + count, 0)
    if (there < own && space.scan.language === 'english') sentences.request(space.id)
    messages += own
    made += there
  }
  return corpus.scopeCount > 0 && made >= leastShare * messages
}

const messageKind = recordKinds.indexOf('message')

function countOf(kinds: Uint8Array, kind: number): number {
  let count = 0
  for (let i = 0; i < kinds.length; i++) if (kinds[i] === kind) count++
  return count
}

/**
 * The best cosine of a sentence of each record. A message of one sentence, or whose sentences wait for their vectors, has its
 * own.
 */
function compareSentences(corpus: Corpus, scanned: readonly ScannedSpace[], query: Float32Array, whole: Float32Array) {
  const all = new Float32Array(corpus.count)
  let offset = 0
  for (const { segments, sentences } of scanned) {
    const own = sentenceSimilarities(segments, sentences ?? [], query)
    all.set(own, offset)
    offset += own.length
  }
  for (let row = 0; row < all.length; row++) if (Number.isNaN(all[row])) all[row] = whole[row] as number
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

/** Rows in scope without a vector. */
function waitingRows(corpus: Corpus, compared: Float32Array): readonly number[] {
  const rows: number[] = []
  for (let row = 0; row < corpus.count; row++)
    if (corpus.inScope[row] === 1 && Number.isNaN(compared[row])) rows.push(row)
  return rows
}

/** Runs work for some time at most, and only while the memory is open. */
async function inTime<Result>(
  core: Core,
  mostMs: number,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const { closing } = core.storage
  const stop = new AbortController()
  const end = () => stop.abort(closing.reason)
  const late = () => stop.abort(new DOMException('The embedder took too long.', 'TimeoutError'))
  const failed = (error: unknown) => stop.abort(error)
  const timer = after(mostMs, late, failed)
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

/** A row that waits for its vector, as the storage names it. */
function recordOfRow(corpus: Corpus, row: number) {
  const { space, segment, i } = rowPlace(corpus, row)
  const kind = recordKinds[segment.kinds[i] as number] as RecordKind
  return { row, space, kind, ref: refAt(segment, i), seq: segment.seqs[i] as number }
}

/** How many new records are embedded with a question: as many as its pace allows in the time for them. */
function mostRecords({ waits }: Core, { msPerText }: Pace): number {
  if (msPerText === null) return usualFresh
  return Math.min(mostFresh, Math.max(usualFresh, Math.floor(waits.freshMs / Math.max(1, msPerText)) - 1))
}

/** The best cosine of a record's vectors with the question. */
function bestCosine(query: Float32Array, vectors: readonly Embedding[]): number {
  const length = lengthOf(query)
  const cosineOf = (vector: Embedding) => {
    let sum = 0
    for (let i = 0; i < query.length; i++) sum += (query[i] as number) * (vector[i] as number)
    return sum / (length * lengthOf(vector))
  }
  return vectors.reduce((best, vector) => Math.max(best, cosineOf(vector)), Number.NEGATIVE_INFINITY)
}

/**
 * Embeds the few records that still wait, fills in their cosines and hands their vectors to the indexer. With more of
 * them, or without the time for it, they go on waiting. Answers how many do.
 */
async function embedFresh(core: Core, indexer: Indexer, { corpus, scanned, query, all }: Compared): Promise<number> {
  const waiting = waitingRows(corpus, all)
  const { embedder } = indexer
  if (core.waits.freshMs === 0 || waiting.length === 0 || waiting.length > mostRecords(core, embedder.pace))
    return waiting.length
  const storage = await core.storage.get()
  const places = waiting.map((row) => recordOfRow(corpus, row))
  let left = waiting.length
  try {
    // Right after the model was loaded, what is left of that time: the first answers are the slowest.
    const mostMs = Math.max(core.waits.freshMs, loadTimeLeft(core, embedder.pace))
    await inTime(core, mostMs, async (signal) => {
      for (const [index, { id }] of scanned.entries()) {
        const own = places.filter(({ space }) => space === index)
        const found: readonly (FoundRecord | null)[] =
          own.length === 0 ? [] : await storage.index.read(core.access, id, own)
        const pieces = found.map((record) => (record === null ? [] : recordPieces(record, embedder)))
        const vectors = await embedder.embed(pieces.flat(), { purpose: 'query', signal })
        let at = 0
        const made: VectorRecord[] = []
        for (const [i, { row, kind, ref, seq }] of own.entries()) {
          const mine = vectors.slice(at, at + (pieces[i]?.length ?? 0))
          at += mine.length
          if (mine.length === 0) continue
          all[row] = bestCosine(query, mine)
          made.push({ kind, ref, seq, vectors: mine.map(quantise) })
          left -= 1
        }
        indexer.fresh.add(id, made)
      }
    })
  } catch (error) {
    // The question has its answer without them; the indexer tries them again, and says what is wrong.
    if (error instanceof MemoryError && error.code === 'bug') throw error
  }
  return left
}

interface Compared {
  readonly corpus: Corpus
  readonly scanned: readonly ScannedSpace[]
  readonly query: Float32Array
  /** The similarity of each row; NaN without a vector. */
  readonly all: Float32Array
}

interface Meaning {
  /** Of the question. */
  readonly query: Float32Array | null
  readonly similarities: Float32Array | null
  /** The best of each record's sentences; null where they are not compared. */
  readonly sentences: Float32Array | null
  readonly nearness: ((row: number, other: number) => number) | null
  readonly degraded: readonly Degraded[]
  readonly pending: number
}

export const wordsOnly: Meaning = {
  query: null,
  similarities: null,
  sentences: null,
  nearness: null,
  degraded: [],
  pending: 0,
}

/** Whether the time was over before the model had answered anything: it is being loaded. */
function isLoading(error: unknown, { isWarm }: Pace): boolean {
  const reason = error instanceof MemoryError && error.code === 'aborted' ? error.cause : error
  return !isWarm && reason instanceof DOMException && reason.name === 'TimeoutError'
}

/** Compares the question with the records in scope; by words only if the embedder cannot be used. */
export async function meaningOf(
  core: Core,
  indexer: Indexer,
  plan: Plan,
  corpus: Corpus,
  scanned: readonly ScannedSpace[],
): Promise<Meaning> {
  const dimensions = scanned.find(({ scan }) => scan.vectors.length > 0)?.scan.vectors[0]?.dimensions
  try {
    const query = await indexer.embedder.questions.of(plan.bare, () => embedQuestion(core, indexer, plan.bare))
    // An embedder that learns its dimensions only now may turn out to differ from the one that made the vectors.
    if (dimensions !== undefined && dimensions !== query.length)
      return { ...wordsOnly, degraded: ['embedder-mismatch'] }
    const all = compare(corpus, scanned, query)
    const pending = await embedFresh(core, indexer, { corpus, scanned, query, all })
    const sentences = hasSentences(corpus, scanned, indexer) ? compareSentences(corpus, scanned, query, all) : null
    return { query, similarities: all, sentences, nearness: nearnessOf(scanned), degraded: [], pending }
  } catch (error) {
    if (error instanceof MemoryError && error.code === 'bug') throw error
    const any = new Float32Array(dimensions ?? 1).fill(1)
    const pending = waitingRows(corpus, compare(corpus, scanned, any)).length
    const reason = isLoading(error, indexer.embedder.pace) ? 'embedder-loading' : troubleOf(error)
    return { ...wordsOnly, degraded: [reason], pending }
  }
}
