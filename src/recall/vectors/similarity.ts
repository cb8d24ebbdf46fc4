/** How near each record is to a question: the cosines of its vectors, in the order of the words' rows. */
import { invariant } from '../../domain/error.ts'
import { numberOfSegment, type VectorSegment } from '../../domain/index/vector-segment.ts'
import type { WordSegment } from '../../domain/index/word-segment.ts'
import { createDots, type Dots, quantiseQuery } from './dot-kernel.ts'
import { type Line, linedUp, meetRecords } from './record-order.ts'

let sharedDots: Dots | undefined

/** Best cosine of each record of a line of segments, one after the other; NaN for records without a vector. */
function bestOfRecords(segments: readonly VectorSegment[], query: Float32Array): Float32Array {
  // One kernel and its memory for the process: it holds nothing from one call to the next.
  sharedDots ??= createDots()
  const best = new Float32Array(segments.reduce((sum, { count }) => sum + count, 0))
  const dots = new Int32Array(segments.reduce((most, { scales }) => Math.max(most, scales.length), 0))
  const { scale, values } = quantiseQuery(query, (segments[0] as VectorSegment).stride)
  let at = 0
  for (const { count, scales, starts, values: rows } of segments) {
    sharedDots(rows, values, dots)
    let j = starts[0] as number
    for (let i = 0; i < count; i++) {
      const end = starts[i + 1] as number
      // Most records have one vector.
      let largest = j < end ? (dots[j] as number) * (scales[j] as number) : Number.NaN
      for (j++; j < end; j++) largest = Math.max(largest, (dots[j] as number) * (scales[j] as number))
      j = end
      best[at++] = largest * scale
    }
  }
  return best
}

/** Rows of a segment of words and the rows of a segment of vectors that are the same records. */
interface Run {
  readonly i: number
  /** As {@link numberOfSegment} says. */
  readonly vectors: number
  readonly row: number
  readonly n: number
}

/** Of segments of words all of whose records have vectors, where these are: true while those segments are there. */
type KnownRuns = WeakMap<WordSegment, readonly Run[]>

const runsOfTexts: KnownRuns = new WeakMap()
const runsOfSentences: KnownRuns = new WeakMap()

function copy(best: Float32Array, from: number, answer: Float32Array, to: number, n: number): void {
  for (let k = 0; k < n; k++) answer[to + k] = best[from + k] as number
}

/** Fills in what the first line says of the records; a record is in each line once. */
function fillFirst(
  line: Line,
  best: Float32Array,
  words: readonly WordSegment[],
  answer: Float32Array,
  runsOf: KnownRuns,
): void {
  const offsets = new Map(line.segments.map((segment, at) => [numberOfSegment(segment), line.offsets[at] as number]))
  const cursor = { segment: 0, row: 0 }
  let first = 0
  for (const segment of words) {
    const known = runsOf.get(segment)
    if (known?.every(({ vectors }) => offsets.has(vectors))) {
      for (const { i, vectors, row, n } of known) copy(best, (offsets.get(vectors) ?? 0) + row, answer, first + i, n)
    } else {
      const runs: Run[] = []
      let met = 0
      meetRecords(line, cursor, segment, (i, p, n) => {
        runs.push({ i, vectors: numberOfSegment(line.segments[cursor.segment] as VectorSegment), row: cursor.row, n })
        met += n
        copy(best, p, answer, first + i, n)
      })
      if (met === segment.count) runsOf.set(segment, runs)
    }
    first += segment.count
  }
}

/** Takes better scores from a further line. */
function fillMore(line: Line, best: Float32Array, words: readonly WordSegment[], answer: Float32Array): void {
  const cursor = { segment: 0, row: 0 }
  let first = 0
  const meet = (i: number, p: number, n: number) => {
    for (let k = 0; k < n; k++) {
      const cosine = best[p + k] as number
      const before = answer[first + i + k] as number
      if (cosine > before || Number.isNaN(before)) answer[first + i + k] = cosine
    }
  }
  for (const segment of words) {
    meetRecords(line, cursor, segment, meet)
    first += segment.count
  }
}

/**
 * One cosine for each record of the segments of words, in their order: the best of the record's vectors, to within about
 * 0.01. NaN where a record has none with its kind, reference and seq: a vector of older content never counts. `query` has
 * the dimensions of the vectors.
 */
export function similarities(
  words: readonly WordSegment[],
  vectors: readonly VectorSegment[],
  query: Float32Array,
  runsOf: KnownRuns = runsOfTexts,
): Float32Array {
  for (const { dimensions } of vectors)
    invariant(dimensions === query.length, 'a question has the dimensions of the vectors')
  const answer = new Float32Array(words.reduce((sum, { count }) => sum + count, 0)).fill(Number.NaN)
  for (const [place, line] of linedUp(vectors).lines.entries()) {
    const best = bestOfRecords(line.segments, query)
    if (place === 0) fillFirst(line, best, words, answer, runsOf)
    else fillMore(line, best, words, answer)
  }
  return answer
}

/** The same for vectors of sentences, which lie in segments of their own. A segment of messages of one sentence has none. */
export function sentenceSimilarities(
  words: readonly WordSegment[],
  vectors: readonly VectorSegment[],
  query: Float32Array,
): Float32Array {
  const some = vectors.filter(({ scales }) => scales.length > 0)
  return similarities(words, some, query, runsOfSentences)
}

/** The vectors of one record, wherever they lie in a line; null if it has none there. */
function vectorsOf(line: Line, words: WordSegment, i: number): { readonly segment: VectorSegment; row: number } | null {
  const cursor = { segment: 0, row: 0 }
  let found: { segment: VectorSegment; row: number } | null = null
  meetRecords(line, cursor, words, (first, _, n) => {
    if (first > i || i >= first + n) return
    found = { segment: line.segments[cursor.segment] as VectorSegment, row: cursor.row + i - first }
  })
  return found
}

function dotOf({ values, stride }: VectorSegment, vector: number, query: Float32Array): number {
  let sum = 0
  for (let k = 0; k < query.length; k++) sum += (values[vector * stride + k] as number) * (query[k] as number)
  return sum
}

/**
 * Which piece of a record is nearest to a question: the number of its best vector, from 0; null where it has none.
 *
 * @param words The segment of words that has the record, as its row `i`.
 */
export function nearestPiece(
  words: WordSegment,
  i: number,
  vectors: readonly VectorSegment[],
  query: Float32Array,
): number | null {
  let best: { readonly piece: number; readonly cosine: number } | null = null
  for (const line of linedUp(vectors).lines) {
    const found = vectorsOf(line, words, i)
    if (found === null) continue
    const { segment, row } = found
    const first = segment.starts[row] as number
    for (let vector = first; vector < (segment.starts[row + 1] as number); vector++) {
      const cosine = dotOf(segment, vector, query) * (segment.scales[vector] as number)
      if (best === null || cosine > best.cosine) best = { piece: vector - first, cosine }
    }
  }
  return best?.piece ?? null
}
