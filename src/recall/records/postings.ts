/** The rows of each word in some segments together: made once, so that a question reads only its own words. */
import type { WordSegment } from '../../domain/index/word-segment.ts'

/** The words of some segments in order of their hashes, each with the rows that it stands in, repeats included. */
export interface Postings {
  readonly segments: readonly WordSegment[]
  readonly terms: Uint32Array
  /** Row of each of `terms`, counted from the first of these segments; in order where terms are equal. */
  readonly rows: Uint16Array
}

/** So many segments are looked through word by word in less time than it takes to look a word up in more postings. */
const segmentsTogether = 8
const mostRows = 65_536

/** Postings by their first segment: they live no longer than it. */
const known = new WeakMap<WordSegment, Postings>()

function make(segments: readonly WordSegment[]): Postings {
  const count = segments.reduce((sum, segment) => sum + segment.terms.length, 0)
  // A hash of 32 bits and a row of 16 make one whole number, so that one plain sort puts both in order.
  const pairs = new Float64Array(count)
  let first = 0
  let at = 0
  for (const { count: rowCount, starts, terms } of segments) {
    for (let i = 0; i < rowCount; i++) {
      const end = starts[i + 1] as number
      for (let t = starts[i] as number; t < end; t++) pairs[at++] = (terms[t] as number) * mostRows + first + i
    }
    first += rowCount
  }
  pairs.sort()
  const terms = new Uint32Array(count)
  const rows = new Uint16Array(count)
  for (let i = 0; i < count; i++) {
    const pair = pairs[i] as number
    const term = Math.floor(pair / mostRows)
    terms[i] = term
    rows[i] = pair - term * mostRows
  }
  return { segments, terms, rows }
}

function postingsOf(segments: readonly WordSegment[]): Postings {
  const first = segments[0] as WordSegment
  const found = known.get(first)
  if (found?.segments.every((segment, i) => segment === segments[i])) return found
  const postings = make(segments)
  known.set(first, postings)
  return postings
}

/**
 * The postings of the first segments of a space but for some groups, as far as they come in full groups; the rest is read word
 * by word. They are made one at each step and kept, so a caller may pause in between.
 */
export function* eachPostings(segments: readonly WordSegment[], skipped: number): Generator<Postings> {
  for (let start = skipped * segmentsTogether; start + segmentsTogether <= segments.length; ) {
    const some = segments.slice(start, start + segmentsTogether)
    // Larger segments would not fit; then all after them are read word by word.
    if (some.reduce((sum, { count }) => sum + count, 0) > mostRows) return
    yield postingsOf(some)
    start += segmentsTogether
  }
}
