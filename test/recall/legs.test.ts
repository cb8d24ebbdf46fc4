// Each leg and each step behind them, held against plain sums.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { queryTerms } from '../../src/domain/index/words.ts'
import { fusionOf, type Legs, weights } from '../../src/recall/fuse.ts'
import { exactRows, exactScores } from '../../src/recall/legs/exact.ts'
import { bm25, keywordLeg } from '../../src/recall/legs/keyword.ts'
import { recentScores } from '../../src/recall/legs/recent.ts'
import { scaleToUnit } from '../../src/recall/legs/scale.ts'
import { vectorScores } from '../../src/recall/legs/vector.ts'
import { parts } from '../../src/recall/parts.ts'
import type { Corpus } from '../../src/recall/records/corpus.ts'
import { occurrencesAmong, occurrencesOf } from '../../src/recall/records/occurrences.ts'
import { topOf } from '../../src/recall/top.ts'
import { demote, SessionLifts } from '../../src/recall/weigh.ts'
import { runRandom } from '../random-runs.ts'
import { bob, corpusOfSaid, firstOfMay, type Said } from './records.ts'

const termsOf = (question: string) => queryTerms(question, 'english')
const found = (corpus: Corpus, question: string) =>
  occurrencesOf(
    corpus,
    termsOf(question).map(({ term }) => term),
  )
const rounded = (scores: ArrayLike<number>) => Array.from(scores, (score) => Number(score.toFixed(9)))
const nothing: Legs = {
  keyword: null,
  vector: null,
  exact: null,
  recent: null,
  speaker: null,
  dates: [],
  told: new Map(),
  isHeld: () => false,
}

/** BM25 over lists of words. */
function plainBm25(texts: readonly string[], isIn: (row: number) => boolean, words: readonly string[]) {
  const lists = texts.map((text) => text.split(' '))
  const inScope = lists.filter((_, row) => isIn(row))
  const mean = inScope.reduce((sum, list) => sum + list.length, 0) / inScope.length
  return lists.map((list, row) => {
    if (!isIn(row)) return 0
    return words.reduce((sum, word) => {
      const frequency = inScope.filter((other) => other.includes(word)).length
      const count = list.filter((other) => other === word).length
      const weight = Math.log(1 + (inScope.length - frequency + 0.5) / (frequency + 0.5))
      return sum + (weight * count * 2.2) / (count + 1.2 * (0.25 + (0.75 * list.length) / mean))
    }, 0)
  })
}

const anyText = fc
  .array(fc.constantFrom('tea', 'pot', 'kiln', 'clay', 'wheel', 'bowl', 'cup', 'jug'), { minLength: 1, maxLength: 7 })
  .map((words) => words.join(' '))

describe('keyword', () => {
  it('is BM25 of the records in scope', async () => {
    const anyRecord = fc.record({ text: anyText, author: fc.constantFrom(bob, { kind: 'user' as const, id: 'x' }) })
    await runRandom(
      fc.property(
        fc.array(anyRecord, { minLength: 1, maxLength: 20, size: 'max' }),
        fc.integer({ min: 1, max: 5 }),
        anyText,
        (said, size, question) => {
          const words = [...new Set(question.split(' '))]
          const texts = said.map(({ text }) => text)
          for (const author of [undefined, bob]) {
            const isIn = (row: number) => author === undefined || said[row]?.author === author
            const corpus = corpusOfSaid(said, author === undefined ? {} : { author }, size)
            const expected = said.some((_, row) => isIn(row)) ? plainBm25(texts, isIn, words) : texts.map(() => 0)
            expect(rounded(bm25(corpus, found(corpus, question)))).toEqual(rounded(expected))
          }
        },
      ),
      200,
    )
  })

  it('gives shares to the messages around a hit, within its session', () => {
    const around = ['jug', 'jug', 'kiln', 'jug', 'jug', 'jug'].map((text): Said => ({ text }))
    const later: Said = { text: 'jug', minute: firstOfMay + 1_000 }
    const corpus = corpusOfSaid([...around, later])
    expect(rounded(keywordLeg(corpus, found(corpus, 'kiln')).scores)).toEqual([0.15, 0.3, 1, 0.5, 0.25, 0, 0])
    const other = corpusOfSaid([{ text: 'kiln' }, later, { text: 'kiln', kind: 'fact' }, { text: 'jug', kind: 'fact' }])
    expect(rounded(keywordLeg(other, found(other, 'kiln')).scores)).toEqual([1, 0, 1, 0])
  })

  it('gives its shares once, however many terms it has', () => {
    const corpus = corpusOfSaid(['kiln wheel', 'jug', 'tea'])
    expect(rounded(keywordLeg(corpus, found(corpus, 'kiln wheel')).scores)).toEqual(rounded([1, 0.25 / 0.75, 0]))
  })

  it('adds up the shares of several hits before it scales', () => {
    const corpus = corpusOfSaid(['kiln', 'kiln', 'jug'])
    expect(rounded(keywordLeg(corpus, found(corpus, 'kiln')).scores)).toEqual(rounded([0.55 / 0.75, 1, 0]))
  })

  it('tells terms apart that share a slot', () => {
    const words = Array.from({ length: 3_000 }, (_, i) => `w${i}`)
    const corpus = corpusOfSaid(words)
    const occurrences = found(corpus, words.slice(0, 200).join(' '))
    expect([...occurrences.frequencies]).toEqual(Array(200).fill(1))
    expect([...occurrences.rows]).toEqual(Array.from({ length: 200 }, (_, row) => row))
  })

  it('gives the hits of some of the terms', () => {
    const corpus = corpusOfSaid(['kiln tea', 'tea wheel wheel', 'jug', 'wheel tea kiln'])
    const some = occurrencesAmong(found(corpus, 'tea kiln wheel'), [1, 2])
    expect(bm25(corpus, some)).toEqual(bm25(corpus, found(corpus, 'kiln wheel')))
    expect([...some.frequencies]).toEqual([2, 2])
  })

  it('looks for 255 terms at most', () => {
    const words = Array.from({ length: 300 }, (_, i) => `w${i}`)
    const corpus = corpusOfSaid(words)
    expect(found(corpus, words.join(' ')).rows.length).toBe(255)
  })
})

describe('vector', () => {
  it('takes a tenth of each neighbour, the mean where there is none', () => {
    const corpus = corpusOfSaid(['a', 'b', 'c', { text: 'd', kind: 'fact' }])
    const similarities = Float32Array.from([0.5, 0, 0.25, 0.25])
    const smooth = [0.5 + 0.025, 0.075, 0.25 + 0.025, 0.25 + 0.05]
    const expected = smooth.map((one) => (one - 0.075) / (0.525 - 0.075))
    for (const [row, score] of vectorScores(corpus, similarities).entries())
      expect(score).toBeCloseTo(expected[row] as number, 6)
  })

  it('leaves rows without a vector open and ignores rows out of scope', () => {
    const corpus = corpusOfSaid(['a', 'b', { text: 'c', author: bob }, 'd'], { author: { kind: 'user', id: 'u1' } })
    const scores = vectorScores(corpus, Float32Array.from([0, Number.NaN, 9, 1]))
    expect(scores[1]).toBeNaN()
    expect([scores[0], scores[3]]).toEqual([0, 1])
  })
})

describe('exact', () => {
  const id = 'case-4711-b'
  const many = (count: number, text: string) => Array<string>(count).fill(text)

  it('is 1 for a row with all exact terms of the question, a share for one with some', () => {
    const corpus = corpusOfSaid([...many(30, 'tea'), `${id} and x_y`, id])
    const scores = exactScores(corpus, termsOf(`${id} x_y tea`), found(corpus, `${id} x_y tea`))
    expect(scores?.[30]).toBeCloseTo(1, 9)
    expect(scores?.[31]).toBeGreaterThan(0.2)
    expect(scores?.[31]).toBeLessThan(0.7)
    expect(scores?.[0]).toBe(0)
    expect(exactRows(scores, found(corpus, `${id} x_y tea`))).toEqual([30, 31])
  })

  it('says nothing of terms that nobody has, or many have', () => {
    const corpus = corpusOfSaid([...many(30, `tea ${id}`), 'pot'])
    expect(exactScores(corpus, termsOf('x_y'), found(corpus, 'x_y'))).toBeNull()
    expect(exactScores(corpus, termsOf(id), found(corpus, id))).toBeNull()
  })

  it('takes an ordinary word for exact, weakly, if hardly any of many records has it', () => {
    const corpus = corpusOfSaid([...many(1_000, 'tea'), ...many(3, 'zanzibar'), ...many(4, 'quokka')])
    const scores = exactScores(corpus, termsOf('tea zanzibar quokka'), found(corpus, 'tea zanzibar quokka'))
    expect(rounded([0, 1_000, 1_003].map((row) => scores?.[row] ?? -1))).toEqual([0, 0.25, 0])
    const small = corpusOfSaid([...many(900, 'tea'), 'zanzibar'])
    expect(exactScores(small, termsOf('zanzibar'), found(small, 'zanzibar'))).toBeNull()
  })
})

describe('recent', () => {
  it('goes from the oldest to the newest in scope', () => {
    const said = [10, 30, 20, 500].map(
      (minute, i): Said => ({ text: 'a', minute, ...(i === 3 ? { author: bob } : {}) }),
    )
    expect([...recentScores(corpusOfSaid(said, { author: { kind: 'user', id: 'u1' } }))]).toEqual([0, 1, 0.5, 0])
  })
})

describe('scale', () => {
  it('stretches to 0 and 1, and makes equal scores 1 if they are above nothing', () => {
    const corpus = corpusOfSaid(['a', 'b', { text: 'c', author: bob }], { author: { kind: 'user', id: 'u1' } })
    const scores = Float64Array.from([2, 4, 100])
    scaleToUnit(corpus, scores)
    expect([...scores.subarray(0, 2)]).toEqual([0, 1])
    const equal = Float64Array.from([3, 3, 0])
    scaleToUnit(corpus, equal)
    expect([...equal.subarray(0, 2)]).toEqual([1, 1])
    for (const none of [0, -3]) {
      const flat = Float64Array.from([none, none, 0])
      scaleToUnit(corpus, flat)
      expect([...flat.subarray(0, 2)]).toEqual([0, 0])
    }
  })
})

describe('fusion', () => {
  const fuse = (corpus: Corpus, legs: Partial<Legs>, row = 0) => {
    const added = new Float64Array(parts.length)
    const total = fusionOf(corpus, { ...nothing, ...legs })(row, added)
    expect(added.reduce((sum, one) => sum + one, 0)).toBeCloseTo(total, 12)
    return Object.fromEntries(parts.map((part, at) => [part, added[at]]))
  }

  it('weighs each leg', () => {
    const corpus = corpusOfSaid([{ text: 'x'.repeat(399) }])
    const one = Float64Array.of(1)
    const dates = [{ from: firstOfMay, to: firstOfMay + 1, score: 0.5 }]
    const legs = { keyword: one, vector: one, exact: one, recent: one, speaker: Uint8Array.of(1), dates }
    expect(fuse(corpus, legs)).toEqual({
      keyword: 0.4,
      coverage: 0,
      vector: 0.6,
      exact: 1,
      recent: 0.4,
      author: 0.3,
      date: 0.15,
      length: 0.3,
      question: 0,
      context: 0,
      session: 0,
      details: 0,
      kind: 0,
    })
  })

  it('takes questions and short messages back, and no other kinds', () => {
    const corpus = corpusOfSaid(['a'.repeat(19), 'what?', { text: 'what?', kind: 'fact' }])
    expect(fuse(corpus, {}, 0)).toMatchObject({ length: 0.3 * (Math.log(20) / Math.log(400)), question: 0 })
    expect(fuse(corpus, {}, 1).question).toBe(-0.12)
    expect(fuse(corpus, {}, 2)).toMatchObject({ question: 0, length: 0.3 * (Math.log(101) / Math.log(400)) })
  })

  it('gives the words all the weight where there is no meaning', () => {
    expect(fuse(corpusOfSaid(['a']), { keyword: Float64Array.of(0.5) })).toMatchObject({ keyword: 0.5, vector: 0 })
  })

  it('takes the words for the meaning of a row whose vector is still to come', () => {
    const corpus = corpusOfSaid(['a', 'b', 'c', 'd'])
    const legs = { keyword: Float64Array.of(1, 0, 0, 0), vector: Float64Array.of(Number.NaN, Number.NaN, 1, 0.5) }
    expect(fuse(corpus, legs, 0).vector).toBe(weights.message.vector)
    expect(fuse(corpus, legs, 1).vector).toBeCloseTo(0.75 * weights.message.vector, 12)
  })
})

describe('sessions', () => {
  it('lift their rows by a share of their best; a fact stands for itself', () => {
    const said: readonly Said[] = [
      { text: 'a' },
      { text: 'b' },
      { text: 'c', minute: firstOfMay + 1_000 },
      { text: 'd', kind: 'fact' },
    ]
    const rows = Int32Array.of(0, 1, 2, 3)
    const scores = Float64Array.of(0.5, 1, 0.2, 0.4)
    const lifts = new SessionLifts(corpusOfSaid(said), rows, scores)
    expect(rounded(scores.map((score, row) => lifts.of(row, score)))).toEqual([0.2, 0.2, 0.04, 0.08])
  })
})

describe('demotion', () => {
  const rows = Int32Array.of(2, 5, 7, 9)
  const demoted = (totals: number[], pairs: readonly (readonly [number, number])[]) => {
    const changed = Float64Array.from(totals)
    const applied = demote(rows, changed, new Map(pairs))
    return { totals: changed, applied: [...applied].sort(([left], [right]) => left - right) }
  }

  it('lowers a row to just under the other', () => {
    const { totals, applied } = demoted([0.9, 0.5, 0.3, 0.1], [[2, 7]])
    expect(totals[0]).toBeLessThan(0.3)
    expect(totals[0]).toBeGreaterThan(0.29)
    expect([...totals.subarray(1)]).toEqual([0.5, 0.3, 0.1])
    expect(applied).toEqual([[2, 7]])
  })

  it('leaves a row that is below already, and one whose other is not there', () => {
    expect(demoted([0.2, 0.5, 0.3, 0.1], [[2, 7]]).applied).toEqual([])
    expect(demoted([0.9, 0.5, 0.3, 0.1], [[2, 8]]).applied).toEqual([])
    expect(demoted([0.9, 0.5, 0.3, 0.1], [[3, 7]]).applied).toEqual([])
  })

  it('follows chains in whatever order they come', () => {
    for (const pairs of [
      [
        [2, 5],
        [5, 9],
      ],
      [
        [5, 9],
        [2, 5],
      ],
    ] as const) {
      const [first = 0, second = 0, , last = 0] = demoted([0.9, 0.5, 0.3, 0.1], pairs).totals
      expect(first < second && second < last).toBe(true)
    }
  })

  it('does not run in circles', () => {
    const { totals } = demoted(
      [0.9, 0.5, 0.3, 0.1],
      [
        [2, 5],
        [5, 2],
      ],
    )
    expect(totals.every(Number.isFinite)).toBe(true)
  })
})

describe('the best', () => {
  it('are those of a sorted list', async () => {
    const anyScores = fc.array(fc.oneof(fc.integer({ min: -3, max: 9 }), fc.constant(Number.NaN)), {
      maxLength: 60,
      size: 'max',
    })
    await runRandom(
      fc.property(
        anyScores,
        fc.integer({ min: 0, max: 20 }),
        fc.integer({ min: -4, max: 3 }),
        (scores, limit, floor) => {
          const expected = scores
            .flatMap((score, place) => (score > floor ? [{ score, place }] : []))
            .sort((left, right) => right.score - left.score || right.place - left.place)
            .map(({ place }) => place)
          const best = topOf(Float64Array.from(scores), limit, floor, (left, right) => left > right)
          expect([...best]).toEqual(expected.slice(0, limit))
        },
      ),
      500,
    )
  })
})
