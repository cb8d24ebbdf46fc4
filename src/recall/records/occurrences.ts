/** Where the terms of a question stand in the records in scope. */

import type { WordSegment } from '../../domain/index/word-segment.ts'
import { placeIn } from '../../domain/sorted.ts'
import type { Corpus } from './corpus.ts'
import type { Postings } from './postings.ts'

/** Hits in order of rows, those of a row in order of terms: term `terms[i]` stands `counts[i]` times in row `rows[i]`. */
export interface Occurrences {
  readonly rows: Int32Array
  /** Index into the terms that were looked for. */
  readonly terms: Uint8Array
  readonly counts: Uint8Array
  /** In how many rows in scope each term stands. */
  readonly frequencies: Uint32Array
}

/** More terms than this are not looked for: the first ones are. */
export const maxTerms = 255

/** Slots of the table of wanted terms, by the low bits of their hashes; it fits the fastest cache. */
const slots = 4_096

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

  asOccurrences(frequencies: Uint32Array): Occurrences {
    const { rows, terms, counts, length } = this
    return {
      rows: rows.subarray(0, length),
      terms: terms.subarray(0, length),
      counts: counts.subarray(0, length),
      frequencies,
    }
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

/** Collects the hits of one row after another. */
class RowHits {
  readonly hits = new HitList()
  readonly frequencies: Uint32Array
  readonly #inRow: Uint8Array
  readonly #found: number[] = []

  constructor(terms: number) {
    this.frequencies = new Uint32Array(terms)
    this.#inRow = new Uint8Array(terms)
  }

  count(place: number): void {
    if (this.#inRow[place] === 0) this.#found.push(place)
    this.#inRow[place] = (this.#inRow[place] as number) + 1
  }

  finish(row: number): void {
    const found = this.#found
    if (found.length > 1) found.sort((left, right) => left - right)
    for (const place of found) {
      this.add(row, place, this.#inRow[place] as number)
      this.#inRow[place] = 0
    }
    found.length = 0
  }

  add(row: number, place: number, count: number): void {
    this.hits.add(row, place, count)
    this.frequencies[place] = (this.frequencies[place] as number) + 1
  }
}

/** The terms that are looked for. A slot holds a place in `terms` plus 1; one that is taken is passed on to the next. */
interface Wanted {
  readonly terms: Uint32Array
  readonly table: Uint8Array
}

function wantedOf(wanted: readonly number[]): Wanted {
  const terms = Uint32Array.from(wanted.slice(0, maxTerms))
  const table = new Uint8Array(slots)
  for (const [place, term] of terms.entries()) {
    let slot = term % slots
    while (table[slot] !== 0) slot = (slot + 1) % slots
    table[slot] = place + 1
  }
  return { terms, table }
}

/** Looks through the words of a segment, whose rows start at `first`. Rows are found only for words that are wanted. */
function searchSegment(segment: WordSegment, first: number, inScope: Uint8Array, wanted: Wanted, into: RowHits): void {
  const { terms, starts } = segment
  const { terms: asked, table } = wanted
  const mask = slots - 1
  let i = 0
  let isOpen = inScope[first] === 1
  for (let at = 0; at < terms.length; at++) {
    let slot = (terms[at] as number) & mask
    let entry = table[slot] as number
    if (entry === 0) continue
    for (; entry !== 0 && asked[entry - 1] !== terms[at]; entry = table[slot] as number) slot = (slot + 1) & mask
    if (entry === 0) continue
    if ((starts[i + 1] as number) <= at) {
      into.finish(first + i)
      while ((starts[i + 1] as number) <= at) i++
      isOpen = inScope[first + i] === 1
    }
    if (isOpen) into.count(entry - 1)
  }
  into.finish(first + i)
}

/** A row and a place in the terms as one number; a row of postings has 16 bits and there are at most 255 terms. */
const placesARow = 256
const fewHits = 16
let hitsFound = new Uint32Array(4_096)

function inOrder(hits: Uint32Array, count: number): void {
  if (count > fewHits) {
    hits.subarray(0, count).sort()
    return
  }
  for (let i = 1; i < count; i++) {
    const hit = hits[i] as number
    let at = i
    for (; at > 0 && (hits[at - 1] as number) > hit; at--) hits[at] = hits[at - 1] as number
    hits[at] = hit
  }
}

/** Looks the words up in the postings of segments, whose rows start at `first`. */
function searchPostings(postings: Postings, first: number, inScope: Uint8Array, asked: Uint32Array, into: RowHits) {
  const { terms, rows } = postings
  if (hitsFound.length < terms.length) hitsFound = new Uint32Array(terms.length)
  const hits = hitsFound
  let count = 0
  for (let place = 0; place < asked.length; place++) {
    const term = asked[place] as number
    for (let at = placeIn(terms, term); at < terms.length && terms[at] === term; at++)
      hits[count++] = (rows[at] as number) * placesARow + place
  }
  inOrder(hits, count)
  for (let i = 0, next = 0; i < count; i = next) {
    const hit = hits[i] as number
    for (next = i + 1; next < count && hits[next] === hit; ) next++
    const row = first + Math.floor(hit / placesARow)
    if (inScope[row] === 1) into.add(row, hit % placesARow, next - i)
  }
}

/** Finds each of `wanted`, hashes without repeats, in the rows in scope. */
export function occurrencesOf(corpus: Corpus, wanted: readonly number[]): Occurrences {
  const asked = wantedOf(wanted)
  const into = new RowHits(asked.terms.length)
  const { inScope, segments, firstRows } = corpus
  if (wanted.length > 0) {
    for (let part = 0; part < segments.length; ) {
      const first = firstRows[part] as number
      const postings = corpus.postings.get(part)
      if (postings !== undefined) searchPostings(postings, first, inScope, asked.terms, into)
      else searchSegment(segments[part] as WordSegment, first, inScope, asked, into)
      part += postings?.segments.length ?? 1
    }
  }
  return into.hits.asOccurrences(into.frequencies)
}

/** The same for some of the terms: `places` of those that stay, in order. */
export function occurrencesAmong(all: Occurrences, places: readonly number[]): Occurrences {
  const newPlaces = new Int16Array(all.frequencies.length).fill(-1)
  for (const [i, place] of places.entries()) newPlaces[place] = i
  const hits = new HitList()
  for (let i = 0; i < all.rows.length; i++) {
    const place = newPlaces[all.terms[i] as number] as number
    if (place !== -1) hits.add(all.rows[i] as number, place, all.counts[i] as number)
  }
  return hits.asOccurrences(Uint32Array.from(places, (place) => all.frequencies[place] as number))
}

/** How much a term says that stands in `frequency` of `count` records. */
export function rarity(frequency: number, count: number): number {
  return Math.log(1 + (count - frequency + 0.5) / (frequency + 0.5))
}
