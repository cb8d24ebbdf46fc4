// The stages together: order, scores, modes, exact rows, demotion, and what the ranking may depend on.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { WordSegment } from '../../src/domain/index/word-segment.ts'
import { parts } from '../../src/recall/parts.ts'
import { recallModes } from '../../src/recall/question.ts'
import { compareAllUpTo } from '../../src/recall/rank.ts'
import { type Corpus, corpusOf } from '../../src/recall/records/corpus.ts'
import { runRandom } from '../random-runs.ts'
import {
  ann,
  ask,
  bob,
  corpusOfSaid,
  firstOfMay,
  randomOf,
  recordsOf,
  rowsOf,
  type Said,
  segmentsOf,
} from './records.ts'

const vocabulary = ['tea', 'pot', 'kiln', 'clay', 'wheel', 'bowl', 'cup', 'jug', 'glaze', 'ERR_42', 'house', 'walk']

/** A conversation that a seed decides. */
function conversation(count: number, seed: number): readonly Said[] {
  const random = randomOf(seed)
  const word = () => vocabulary[Math.floor(random() ** 2 * vocabulary.length)] as string
  return Array.from({ length: count }, (_, i) => ({
    text: Array.from({ length: 1 + Math.floor(random() * 8) }, word).join(' ') + (random() < 0.1 ? '?' : ''),
    author: random() < 0.5 ? ann : bob,
    minute: firstOfMay + i * 3 + Math.floor(i / 20) * 600,
    kind: random() < 0.1 ? 'fact' : 'message',
    thread: 1 + Math.floor(i / 60),
  }))
}

function similaritiesOf(count: number, seed: number, missing = 0): Float32Array {
  const random = randomOf(seed)
  return Float32Array.from({ length: count }, () => (random() < missing ? Number.NaN : random()))
}

const questions = ['What did Bob glaze on May 2?', 'kiln or wheel', 'the ERR_42 in the house', 'what was that?', 'bowl']

describe('a ranking', () => {
  it('has the best first, each score the sum of its parts, between 0 and 1', () => {
    const corpus = corpusOfSaid(conversation(300, 1))
    for (const question of questions)
      for (const mode of recallModes) {
        const { rows } = ask(corpus, question, {
          mode,
          similarities: similaritiesOf(300, 2, 0.3),
          limit: 300,
          topK: 300,
        })
        expect(rows).toHaveLength(300)
        for (const [i, { score, parts: own }] of rows.entries()) {
          expect(score).toBeGreaterThanOrEqual(0)
          expect(score).toBeLessThanOrEqual(1)
          expect(score).toBeLessThanOrEqual(rows[i - 1]?.score ?? 1)
          const sum = parts.reduce((total, part) => total + own[part], 0)
          expect(score).toBeCloseTo(Math.max(0, sum), 12)
        }
      }
  })

  it('puts newer rows first among equals', () => {
    const said = [5, 9, 7, 9].map((minute): Said => ({ text: 'tea', kind: 'fact', minute: firstOfMay + minute }))
    expect(rowsOf(ask(corpusOfSaid(said), 'tea'))).toEqual([3, 1, 2, 0])
  })

  it('is the same each time', () => {
    const make = () => {
      const similarities = similaritiesOf(200, 4, 0.2)
      return questions.map((question) => ask(corpusOfSaid(conversation(200, 3)), question, { similarities }))
    }
    expect(make()).toEqual(make())
  })

  it('is empty where nothing is in scope', () => {
    expect(ask(corpusOf([]), 'tea')).toMatchObject({ rows: [], candidates: 0, legs: ['recent'] })
    expect(ask(corpusOfSaid(['tea'], { kinds: [] }), 'tea').rows).toEqual([])
  })
})

describe('modes', () => {
  const corpus = corpusOfSaid([
    { text: 'the kiln is hot', kind: 'fact' },
    { text: 'a glowing oven', kind: 'fact' },
    { text: 'ERR_42 came again', kind: 'fact' },
  ])
  const similarities = Float32Array.from([0.1, 0.9, 0])

  it('take the legs that they name', () => {
    const legs = (mode: (typeof recallModes)[number]) => ask(corpus, 'kiln ERR_42', { mode, similarities }).legs
    expect(legs('hybrid')).toEqual(['keyword', 'vector', 'exact'])
    expect(legs('keyword')).toEqual(['keyword', 'exact'])
    expect(legs('vector')).toEqual(['vector'])
  })

  it('rank by words, by meaning, or by both', () => {
    const first = (mode: (typeof recallModes)[number]) => rowsOf(ask(corpus, 'kiln', { mode, similarities }))[0]
    expect([first('keyword'), first('vector')]).toEqual([0, 1])
    const agreeing = Float32Array.from([0.8, 0.9, 0])
    expect(rowsOf(ask(corpus, 'kiln', { similarities: agreeing }))[0]).toBe(0)
  })

  it('rank by words alone where there are no vectors', () => {
    const without = ask(corpus, 'kiln', { similarities: new Float32Array(3).fill(Number.NaN) })
    expect(without).toEqual(ask(corpus, 'kiln', { mode: 'keyword' }))
  })

  it('let a row win by its words whose vector is still to come', () => {
    const pending = Float32Array.from([Number.NaN, 0.9, 0.2])
    expect(rowsOf(ask(corpus, 'kiln', { similarities: pending }))[0]).toBe(0)
  })

  it('find nothing by words alone where nobody said them', () => {
    const said = [3, 1].map((minute): Said => ({ text: 'tea', minute: firstOfMay + minute * 1_000 }))
    const unheard = { rows: [], candidates: 0, legs: [], gate: { isClosed: true } }
    expect(ask(corpusOfSaid(said), 'xylophone', { mode: 'keyword' })).toMatchObject(unheard)
    expect(ask(corpusOfSaid(said), 'What was that?', { mode: 'keyword' }).legs).toEqual(['recent'])
    expect(ask(corpusOfSaid(said), 'xylophone').legs).toEqual(['recent'])
  })

  it('answer with what is recent, if a question has nothing to look for', () => {
    const said = [3, 1, 2].map((minute): Said => ({ text: 'tea', minute: firstOfMay + minute * 1_000 }))
    const ranking = ask(corpusOfSaid(said), 'What was that?')
    expect(ranking.legs).toEqual(['recent'])
    expect(rowsOf(ranking)).toEqual([0, 2, 1])
    expect(ask(corpusOfSaid(said), 'What was that?', { similarities: Float32Array.from([0, 1, 0]) }).legs).toEqual([
      'vector',
    ])
  })
})

describe('who and when', () => {
  const corpus = corpusOfSaid([
    { text: 'I made a bowl', author: ann, minute: firstOfMay, thread: 1 },
    { text: 'I made a bowl', author: bob, minute: firstOfMay + 45 * 1_440, thread: 2 },
  ])
  it.each([
    ['What did Ann Lee make, which bowl?', 0],
    ['What did Bob make, which bowl?', 1],
    ['Which bowl in May 2023?', 0],
    ['Which bowl in June 2023?', 1],
  ])('%s', (question, row) => expect(rowsOf(ask(corpus, question))[0]).toBe(row))
})

describe('exact rows', () => {
  it('are in the answer where all else is against them', () => {
    const distractors = Array.from({ length: 400 }, (): Said => ({ text: 'glaze and clay '.repeat(20), author: bob }))
    const said: readonly Said[] = [...distractors, { text: 'zq_7', author: ann, minute: firstOfMay + 99_999 }]
    const similarities = new Float32Array(401).fill(1)
    similarities[400] = -1
    const { rows } = ask(corpusOfSaid(said), 'Which clay did Bob glaze in May 2023, zq_7?', { similarities, topK: 5 })
    expect(rows.slice(0, 5).map(({ row }) => row)).toContain(400)
  })

  it('that score low take the last places from rows without the term', () => {
    const rare = Array.from(
      { length: 3 },
      (): Said => ({ text: 'what zanzibar?', kind: 'fact', minute: firstOfMay + 99_999 }),
    )
    const said = [...Array.from({ length: 1_100 }, (): Said => ({ text: 'clay', kind: 'fact', author: bob })), ...rare]
    const similarities = new Float32Array(said.length).fill(1)
    similarities.fill(-1, 1_100)
    const { rows } = ask(corpusOfSaid(said), 'clay or zanzibar of Bob in May 2023', {
      similarities,
      limit: 30,
      topK: 4,
    })
    const answer = rows.slice(0, 4)
    expect(answer.map(({ row }) => row >= 1_100)).toEqual([false, true, true, true])
    expect(answer.map(({ isPulledIn }) => isPulledIn ?? false)).toEqual([false, true, true, true])
    expect(new Set(rows.map(({ row }) => row)).size).toBe(30)
  })
})

describe('demotion', () => {
  it('keeps a message below the fact that took the place of what it says', () => {
    const said: readonly Said[] = [
      { text: 'I live in Paris, near the kiln' },
      { text: 'Ann lives in Berlin', kind: 'fact', author: bob },
      { text: 'pots' },
    ]
    const corpus = corpusOfSaid(said)
    expect(rowsOf(ask(corpus, 'kiln in Paris'))[0]).toBe(0)
    const { rows } = ask(corpus, 'kiln in Paris', { demotions: new Map([[0, 1]]) })
    const order = rows.map(({ row }) => row)
    expect(order.indexOf(0)).toBe(order.indexOf(1) + 1)
    expect(rows.find(({ row }) => row === 0)?.limitedBy).toBe(1)
  })
})

describe('a large scope', () => {
  it('compares what the legs put forward, and what exact terms name', () => {
    const count = compareAllUpTo + 500
    const random = randomOf(9)
    const said = Array.from(
      { length: count },
      (_, i): Said => ({ text: `clay ${Math.floor(random() * 999)} walk${i % 30}` }),
    )
    const needle = 12_345
    // Long and by itself, so that its score by words is low.
    const padding = Array.from({ length: 900 }, (_, i) => `word${i}`).join(' ')
    const marked = said.map((one, i) => (i === needle ? { text: `zq_7 here ${padding}`, thread: 2 } : one))
    const corpus = corpusOfSaid(marked)
    const similarities = similaritiesOf(count, 10).map((similarity) => similarity / 2)
    similarities[needle] = -1
    similarities[777] = 1
    const { rows, candidates } = ask(corpus, 'clay walk1 walk2 walk3 zq_7', { similarities, limit: 50 })
    expect(candidates).toBeGreaterThan(400)
    expect(candidates).toBeLessThan(2_500)
    expect(rows[0]?.row).toBe(needle)
    expect(rows.map(({ row }) => row)).toContain(777)
    const withOther = ask(corpus, 'zq_7', { similarities, limit: 3_000, demotions: new Map([[needle, 3]]) })
    const order = rowsOf(withOther)
    expect(order.indexOf(3)).toBeGreaterThanOrEqual(0)
    expect(order.indexOf(3)).toBeLessThan(order.indexOf(needle))
  })
})

describe('scores', () => {
  /** Row, score and parts, without what depends on numbering. */
  const scoresOf = (corpus: Corpus, question: string, similarities: Float32Array) =>
    ask(corpus, question, { similarities, limit: 500, topK: 500 }).rows

  it('do not depend on how segments are cut', () => {
    const said = conversation(150, 5)
    const similarities = similaritiesOf(150, 6, 0.2)
    for (const question of questions)
      expect(scoresOf(corpusOfSaid(said, {}, 7), question, similarities)).toEqual(
        scoresOf(corpusOfSaid(said), question, similarities),
      )
  })

  it('do not depend on what was searched before, or on rows that are not in scope', async () => {
    const seeds = fc.integer({ min: 1, max: 1_000 })
    await runRandom(
      fc.property(seeds, seeds, fc.constantFrom(...questions), (seed, otherSeed, question) => {
        const own = segmentsOf(recordsOf(conversation(60, seed)), 9)
        const other = segmentsOf(recordsOf(conversation(60, otherSeed + 2_000)), 9)
        const similarities = similaritiesOf(60, seed)
        const alone = scoresOf(corpusOf([{ segments: own }]), question, similarities)
        const together = new Float32Array(120).fill(0.9)
        together.set(similarities, 60)
        ask(corpusOf([{ segments: other }, { segments: own }]), question, { similarities: together })
        expect(scoresOf(corpusOf([{ segments: own }]), question, similarities)).toEqual(alone)
        const foreign = new Set<WordSegment>(other)
        const isOut = (segment: WordSegment) => foreign.has(segment)
        const beside = corpusOf([{ segments: other }, { segments: own }], { isOut })
        const moved = alone.map((one) => ({ ...one, row: one.row + 60 }))
        expect(scoresOf(beside, question, together)).toEqual(moved)
      }),
      60,
    )
  })

  it('over two spaces are those of one space with the same records', () => {
    const said = conversation(120, 7)
    const similarities = similaritiesOf(120, 8, 0.1)
    const records = recordsOf(said)
    const one = corpusOf([{ segments: segmentsOf(records, 11) }])
    const two = corpusOf([
      { segments: segmentsOf(records.slice(0, 60), 11) },
      { segments: segmentsOf(records.slice(60), 11) },
    ])
    for (const question of questions)
      expect(scoresOf(two, question, similarities)).toEqual(scoresOf(one, question, similarities))
    const swapped = corpusOf([
      { segments: segmentsOf(records.slice(60), 11) },
      { segments: segmentsOf(records.slice(0, 60), 11) },
    ])
    const turned = Float32Array.from(similarities, (_, row) => similarities[(row + 60) % 120] as number)
    for (const question of questions) {
      const back = scoresOf(swapped, question, turned).map((ranked) => ({ ...ranked, row: (ranked.row + 60) % 120 }))
      const byRow = (rows: typeof back) => rows.toSorted((left, right) => left.row - right.row)
      for (const [i, ranked] of byRow(scoresOf(one, question, similarities).slice()).entries())
        expect(byRow(back)[i]?.score).toBeCloseTo(ranked.score, 12)
    }
  })
})
