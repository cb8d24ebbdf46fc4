// Where words stand, through postings and word by word, held against a plain count.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { WordSegment } from '../../src/domain/index/word-segment.ts'
import { placeIn } from '../../src/domain/sorted.ts'
import { type Corpus, corpusOf } from '../../src/recall/records/corpus.ts'
import { occurrencesOf } from '../../src/recall/records/occurrences.ts'
import { eachPostings } from '../../src/recall/records/postings.ts'
import { runRandom } from '../random-runs.ts'
import { ann, bob, recordsOf, type Said, segmentsOf } from './records.ts'

/** Hashes without a text, some of them with the highest bit. */
const terms = [1, 2, 3, 7, 255, 4_095, 4_096, 2 ** 31, 2 ** 32 - 2, 2 ** 32 - 1]

function segments(rows: readonly (readonly number[])[], authors: readonly (typeof ann)[], size: number): WordSegment[] {
  const said = rows.map((_, i): Said => ({ text: '', author: authors[i % authors.length] ?? ann }))
  const records = recordsOf(said).map((record, i) => ({
    ...record,
    terms: rows[i] ?? [],
    length: rows[i]?.length ?? 0,
  }))
  return segmentsOf(records, size)
}

/** Row, place of the term and count, in order. */
function hitsOf(corpus: Corpus, wanted: readonly number[]): readonly (readonly number[])[] {
  const { rows, terms: places, counts } = occurrencesOf(corpus, wanted)
  return Array.from(rows, (row, i) => [row, places[i] ?? -1, counts[i] ?? -1])
}

function plainHits(rows: readonly (readonly number[])[], isIn: (row: number) => boolean, wanted: readonly number[]) {
  return rows.flatMap((row, at) =>
    wanted.flatMap((term, place) => {
      const count = row.filter((one) => one === term).length
      return isIn(at) && count > 0 ? [[at, place, count]] : []
    }),
  )
}

const anyRow = fc.array(fc.constantFrom(...terms), { maxLength: 8 })
const anyRows = fc.array(anyRow, { minLength: 1, maxLength: 60, size: 'max' })
const anyWanted = fc.uniqueArray(fc.constantFrom(...terms), { maxLength: 6 })

describe('occurrences', () => {
  it('are those of a plain count, however the records are cut, for all authors and for one', async () => {
    await runRandom(
      fc.property(anyRows, anyWanted, fc.integer({ min: 1, max: 5 }), fc.boolean(), (rows, wanted, size, isAnn) => {
        const filter = isAnn ? { author: ann } : {}
        const corpus = corpusOf([{ segments: segments(rows, [ann, bob], size) }], filter)
        const expected = plainHits(rows, (row) => !isAnn || row % 2 === 0, wanted)
        expect(hitsOf(corpus, wanted)).toEqual(expected)
        const frequencies = wanted.map((_, place) => expected.filter(([, own]) => own === place).length)
        expect([...occurrencesOf(corpus, wanted).frequencies]).toEqual(frequencies)
      }),
      300,
    )
  })

  it('follow a segment that is another now, and a second space', () => {
    const rows = Array.from({ length: 40 }, (_, i) => [terms[i % terms.length] ?? 0, 9_000 + i])
    const before = segments(rows, [ann], 2)
    expect(hitsOf(corpusOf([{ segments: before }]), [9_005])).toEqual([[5, 0, 1]])
    const changed = rows.map((row, i) => (i === 5 ? [5] : row))
    const after = before.map((segment, i) => (i === 2 ? (segments(changed, [ann], 2)[2] as WordSegment) : segment))
    expect(hitsOf(corpusOf([{ segments: after }]), [9_005, 5])).toEqual([[5, 1, 1]])
    const other = segments([[1], [9_005]], [bob], 2)
    expect(hitsOf(corpusOf([{ segments: other }, { segments: before }]), [9_005])).toEqual([
      [1, 0, 1],
      [7, 0, 1],
    ])
    expect(hitsOf(corpusOf([{ segments: before }, { segments: other }]), [9_005])).toEqual([
      [5, 0, 1],
      [41, 0, 1],
    ])
  })

  it('are found in segments too large for postings', () => {
    const rows = Array.from({ length: 100_000 }, (_, i) => (i % 30_000 === 29_999 ? [3, 3, i] : [i + 10]))
    const corpus = corpusOf([{ segments: segments(rows, [ann], 10_000) }])
    const isIn = () => true
    expect(hitsOf(corpus, [3, 70_010])).toEqual(plainHits(rows, isIn, [3, 70_010]))
  })
})

describe('postings', () => {
  it('are of full groups only, and go on from those that are there', () => {
    const all = segments(
      Array.from({ length: 20 }, (_, i) => [i]),
      [ann],
      1,
    )
    const first = [...eachPostings(all.slice(0, 9), 0)]
    expect(first.map((some) => some.segments.length)).toEqual([8])
    const both = [...first, ...eachPostings(all, first.length)]
    expect(both.map((some) => some.segments.length)).toEqual([8, 8])
    expect(both[0]).toBe(first[0])
    expect([...(both[1]?.terms ?? [])]).toEqual([8, 9, 10, 11, 12, 13, 14, 15])
    expect([...(both[1]?.rows ?? [])]).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
  })

  it('know the first place of a word', () => {
    const sorted = Uint32Array.of(2, 2, 5, 2 ** 32 - 1)
    expect([0, 2, 3, 5, 6, 2 ** 32 - 1].map((term) => placeIn(sorted, term))).toEqual([0, 0, 2, 2, 3, 3])
    expect(placeIn(new Uint32Array(), 1)).toBe(0)
  })
})
