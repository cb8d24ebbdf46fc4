/** Where the terms of a question stand in the records in scope: one pass over their words. */
import type { Corpus } from './corpus.ts'

/** Hits in order of rows: term `terms[i]` stands `counts[i]` times in row `rows[i]`. */
export interface Occurrences {
  readonly rows: Int32Array
  /** Index into the terms that were looked for. */
  readonly terms: Uint8Array
  readonly counts: Uint8Array
  /** In how many rows in scope each term stands. */
  readonly frequencies: Uint32Array
  /** Words of all rows in scope. */
  readonly totalLength: number
}

/** More terms than this are not looked for: the first ones are. */
export const maxTerms = 255

/** Low bits of a hash by which nearly all words that nobody asks for are passed over. */
const filterBits = 16

class HitList {
  rows = new Int32Array(1_024)
  terms = new Uint8Array(1_024)
  counts = new Uint8Array(1_024)
  length = 0

  add(row: number, term: number, count: number): void {
    if (this.length === this.rows.length) this.#grow()
    this.rows[this.length] = row
    this.terms[this.length] = term
    this.counts[this.length++] = count
  }

  #grow(): void {
    const { rows, terms, counts } = this
    const size = this.length * 2
    this.rows = new Int32Array(size)
    this.terms = new Uint8Array(size)
    this.counts = new Uint8Array(size)
    this.rows.set(rows)
    this.terms.set(terms)
    this.counts.set(counts)
  }
}

/** Finds each of `wanted`, hashes without repeats, in the rows in scope. */
export function occurrencesOf(corpus: Corpus, wanted: readonly number[]): Occurrences {
  const asked = wanted.slice(0, maxTerms)
  const mask = (1 << filterBits) - 1
  const filter = new Uint8Array(mask + 1)
  for (const term of asked) filter[term & mask] = 1
  const places = new Map(asked.map((term, i) => [term, i]))
  const frequencies = new Uint32Array(asked.length)
  const inRow = new Uint8Array(asked.length)
  const found: number[] = []
  const hits = new HitList()
  let totalLength = 0
  for (let part = 0; part < corpus.segments.length; part++) {
    const segment = corpus.segments[part] as Corpus['segments'][number]
    const { starts, terms } = segment
    const first = corpus.firstRows[part] as number
    for (let i = 0; i < segment.count; i++) {
      if (corpus.inScope[first + i] === 0) continue
      totalLength += segment.lengths[i] as number
      const end = starts[i + 1] as number
      for (let at = starts[i] as number; at < end; at++) {
        const term = terms[at] as number
        if (filter[term & mask] === 0) continue
        const place = places.get(term)
        if (place === undefined) continue
        if (inRow[place] === 0) found.push(place)
        inRow[place] = (inRow[place] as number) + 1
      }
      for (const place of found) {
        hits.add(first + i, place, inRow[place] as number)
        frequencies[place] = (frequencies[place] as number) + 1
        inRow[place] = 0
      }
      found.length = 0
    }
  }
  const { length } = hits
  return {
    rows: hits.rows.subarray(0, length),
    terms: hits.terms.subarray(0, length),
    counts: hits.counts.subarray(0, length),
    frequencies,
    totalLength,
  }
}

/** How much a term says that stands in `frequency` of `count` records. */
export function rarity(frequency: number, count: number): number {
  return Math.log(1 + (count - frequency + 0.5) / (frequency + 0.5))
}
