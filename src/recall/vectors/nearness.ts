/** How near two records are to each other: the cosine of their first vectors. */
import { numberOfSegment, type VectorSegment } from '../../domain/index/vector-segment.ts'
import type { WordSegment } from '../../domain/index/word-segment.ts'
import { type Line, linesOf, meetRecords } from './record-order.ts'

/** Where the vectors of a segment of words are: for each of its records a segment and a vector in it, or -1. */
interface Places {
  readonly segments: Int32Array
  readonly vectors: Int32Array
}

/** The dot product of two vectors of whole numbers. */
function dot(left: VectorSegment, i: number, right: VectorSegment, j: number): number {
  const { dimensions, stride, values } = left
  const others = right.values
  const [a, b] = [i * stride, j * right.stride]
  let sum = 0
  for (let k = 0; k < dimensions; k++) sum += (values[a + k] as number) * (others[b + k] as number)
  return sum * (left.scales[i] as number) * (right.scales[j] as number)
}

/** Dots of one record with others, by numbers of their segments and places there; true while these segments are there. */
const known = new WeakMap<VectorSegment, Map<number, number>>()
/** A pair as one number: a segment has far fewer vectors than this. */
const mostVectors = 2 ** 20

/** Finds the vectors of records by their rows. */
export class Nearness {
  readonly #words: readonly WordSegment[]
  readonly #firstRows: Uint32Array
  readonly #segments: VectorSegment[] = []
  readonly #lines: readonly Line[]
  readonly #firstOfLine: readonly number[]
  readonly #places = new Map<number, Places>()

  constructor(words: readonly WordSegment[], vectors: readonly VectorSegment[]) {
    this.#words = words
    this.#firstRows = new Uint32Array(words.length + 1)
    for (const [i, { count }] of words.entries()) this.#firstRows[i + 1] = (this.#firstRows[i] as number) + count
    this.#lines = linesOf(vectors)
    this.#firstOfLine = this.#lines.map(({ segments }) => this.#segments.push(...segments) - segments.length)
  }

  /** The cosine of two rows, about; 0 if one of them has no vector. */
  of = (row: number, other: number): number => {
    const [left, i] = this.#find(row)
    const [right, j] = this.#find(other)
    if (left === undefined || right === undefined) return 0
    const key = numberOfSegment(right) * mostVectors + i * 1_024 + j
    const own = known.get(left) ?? new Map<number, number>()
    if (own.size === 0) known.set(left, own)
    const found = own.get(key)
    if (found !== undefined) return found
    const cosine = dot(left, i, right, j)
    own.set(key, cosine)
    return cosine
  }

  #find(row: number): readonly [segment: VectorSegment | undefined, vector: number] {
    let low = 0
    let high = this.#words.length
    while (high - low > 1) {
      const middle = (low + high) >> 1
      if ((this.#firstRows[middle] as number) <= row) low = middle
      else high = middle
    }
    const places = this.#placesOf(low)
    const i = row - (this.#firstRows[low] as number)
    return [this.#segments[places.segments[i] as number], places.vectors[i] as number]
  }

  #placesOf(part: number): Places {
    const found = this.#places.get(part)
    if (found !== undefined) return found
    const words = this.#words[part] as WordSegment
    const places = { segments: new Int32Array(words.count).fill(-1), vectors: new Int32Array(words.count) }
    for (const [at, line] of this.#lines.entries()) {
      const cursor = { segment: 0, row: 0 }
      meetRecords(line, cursor, words, (i, _, n) => {
        const { starts } = line.segments[cursor.segment] as VectorSegment
        for (let k = 0; k < n; k++) {
          if (places.segments[i + k] !== -1 || starts[cursor.row + k] === starts[cursor.row + k + 1]) continue
          places.segments[i + k] = (this.#firstOfLine[at] as number) + cursor.segment
          places.vectors[i + k] = starts[cursor.row + k] as number
        }
      })
    }
    this.#places.set(part, places)
    return places
  }
}
