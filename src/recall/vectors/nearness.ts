/** How near two records are to each other: the cosine of their first vectors. */
import { numberOfSegment, type VectorSegment } from '../../domain/index/vector-segment.ts'
import type { WordSegment } from '../../domain/index/word-segment.ts'
import { type Line, linedUp, meetRecords } from './record-order.ts'

/** For each record of a segment of words the number of its first vector, as {@link numberOf} says; -1 without one. */
type Places = Float64Array

/** A segment of vectors and a vector in it as one number: a segment has far fewer vectors than this. */
const mostVectors = 2 ** 20

function numberOf(segment: VectorSegment, vector: number): number {
  return numberOfSegment(segment) * mostVectors + vector
}

/** Of segments of words all of whose records have vectors, where these are: true while those segments are there. */
const knownPlaces = new WeakMap<WordSegment, { readonly places: Places; readonly segments: readonly number[] }>()

/**
 * Cosines of each record of a segment of words with two records before it, five numbers a record: the record's own vector, then
 * twice the other's vector and the cosine. They lie together, because a question asks for many records far apart. They live as
 * long as the segment; a vector with another number makes them again.
 */
const knownPairs = new WeakMap<WordSegment, Float64Array>()
const numbersEach = 5
const [firstPair, secondPair] = [1, 3]

function pairsOf(words: WordSegment): Float64Array {
  const known = knownPairs.get(words)
  if (known !== undefined) return known
  const pairs = new Float64Array(numbersEach * words.count)
  knownPairs.set(words, pairs)
  return pairs
}

/** The cosine of two vectors of about unit length. */
function cosineOf(left: VectorSegment, i: number, right: VectorSegment, j: number): number {
  const { dimensions, stride, values } = left
  const others = right.values
  const [a, b] = [i * stride, j * right.stride]
  let sum = 0
  for (let k = 0; k < dimensions; k++) sum += (values[a + k] as number) * (others[b + k] as number)
  return sum * (left.scales[i] as number) * (right.scales[j] as number)
}

/** Finds the vectors of records by their rows. */
export class Nearness {
  readonly #words: readonly WordSegment[]
  readonly #firstRows: Uint32Array
  readonly #lines: readonly Line[]
  readonly #segments: ReadonlyMap<number, VectorSegment>
  readonly #places: (Places | undefined)[]
  readonly #pairs: (Float64Array | undefined)[]
  /** The segment of words that was looked at last: neighbours mostly lie in one. */
  #last = 0

  constructor(words: readonly WordSegment[], vectors: readonly VectorSegment[]) {
    this.#words = words
    this.#firstRows = new Uint32Array(words.length + 1)
    for (let i = 0; i < words.length; i++)
      this.#firstRows[i + 1] = (this.#firstRows[i] as number) + (words[i] as WordSegment).count
    const { lines, byNumber } = linedUp(vectors)
    this.#lines = lines
    this.#segments = byNumber
    this.#places = new Array(words.length)
    this.#pairs = new Array(words.length)
  }

  /** The cosine of two rows, about; 0 if one of them has no vector. */
  of = (row: number, other: number): number => {
    const [later, earlier] = row < other ? [other, row] : [row, other]
    const earlierPart = this.#partOf(earlier)
    const left = this.#placesOf(earlierPart)[earlier - (this.#firstRows[earlierPart] as number)] as number
    const part = this.#partOf(later)
    const i = later - (this.#firstRows[part] as number)
    const right = this.#placesOf(part)[i] as number
    if (left === -1 || right === -1) return 0
    return this.#cosine(part, i, right, left)
  }

  /** The cosine of the vector of record `i` of a segment of words with another one: remembered, or made. */
  #cosine(part: number, i: number, own: number, other: number): number {
    this.#pairs[part] ??= pairsOf(this.#words[part] as WordSegment)
    const pairs = this.#pairs[part] as Float64Array
    const at = numbersEach * i
    const first = at + firstPair
    const second = at + secondPair
    if (pairs[at] === own) {
      if (pairs[first] === other) return pairs[first + 1] as number
      if (pairs[second] === other) return pairs[second + 1] as number
      // The one that was made last stays.
      pairs[second] = pairs[first] as number
      pairs[second + 1] = pairs[first + 1] as number
    } else {
      pairs[at] = own
      pairs[second] = 0
    }
    const cosine = cosineOf(this.#segmentOf(other), other % mostVectors, this.#segmentOf(own), own % mostVectors)
    pairs[first] = other
    pairs[first + 1] = cosine
    return cosine
  }

  #segmentOf(vector: number): VectorSegment {
    return this.#segments.get(Math.floor(vector / mostVectors)) as VectorSegment
  }

  /** The segment of words that a row is in. */
  #partOf(row: number): number {
    const first = this.#firstRows
    const last = this.#last
    if (row >= (first[last] as number) && row < (first[last + 1] as number)) return last
    let low = 0
    let high = this.#words.length
    while (high - low > 1) {
      const middle = (low + high) >> 1
      if ((first[middle] as number) <= row) low = middle
      else high = middle
    }
    this.#last = low
    return low
  }

  #placesOf(part: number): Places {
    const found = this.#places[part]
    if (found !== undefined) return found
    const places = this.#find(this.#words[part] as WordSegment)
    this.#places[part] = places
    return places
  }

  #find(words: WordSegment): Places {
    const known = knownPlaces.get(words)
    if (known?.segments.every((number) => this.#segments.has(number))) return known.places
    const places = new Float64Array(words.count).fill(-1)
    const segments = new Set<number>()
    for (const line of this.#lines) {
      const cursor = { segment: 0, row: 0 }
      meetRecords(line, cursor, words, (i, _, n) => {
        const segment = line.segments[cursor.segment] as VectorSegment
        const { starts } = segment
        segments.add(numberOfSegment(segment))
        for (let k = 0; k < n; k++) {
          if (places[i + k] !== -1 || starts[cursor.row + k] === starts[cursor.row + k + 1]) continue
          places[i + k] = numberOf(segment, starts[cursor.row + k] as number)
        }
      })
    }
    if (!places.includes(-1)) knownPlaces.set(words, { places, segments: [...segments] })
    return places
  }
}
