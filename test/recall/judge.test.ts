// What an answer says of its items: relevance, nearness, matched words; and questions about nothing that was said.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type RecallMode, recallModes } from '../../src/recall/question.ts'
import { corpusOf } from '../../src/recall/records/corpus.ts'
import { runRandom } from '../random-runs.ts'
import { ann, ask, bob, corpusOfSaid, firstOfMay, randomOf, rowsOf, type Said } from './records.ts'

const talk: readonly Said[] = [
  { text: 'When did you go to the lake, Ann?', author: bob },
  { text: 'We went there last weekend, on Saturday morning', author: ann },
  { text: 'The garden needs water and some new soil', author: bob },
  { text: 'My guitar lesson was great', author: ann },
  { text: 'I read about kilns and clay', author: bob },
]
const corpus = corpusOfSaid(talk)
const near = Float32Array.from([0.6, 0.4, 0.02, 0.05, 0.01])

describe('an item', () => {
  it('has the words of the question that stand in it, as they were asked', () => {
    const { rows } = ask(corpus, 'What lessons or gardens, and which soils?')
    const matched = new Map(rows.map((one) => [one.row, one.matched]))
    expect(matched.get(2)).toEqual(['gardens', 'soils'])
    expect(matched.get(3)).toEqual(['lessons'])
    expect(matched.get(1)).toEqual([])
  })

  it('has its cosine, or null', () => {
    const pending = near.with(1, Number.NaN)
    const { rows } = ask(corpus, 'lake', { similarities: pending })
    const similarity = new Map(rows.map((one) => [one.row, one.similarity]))
    expect([similarity.get(0), similarity.get(1)]).toEqual([Math.fround(0.6), null])
    expect(ask(corpus, 'lake').rows[0]?.similarity).toBeNull()
  })

  it('has a relevance between 0 and 1, whatever was asked and said', () => {
    const words = ['kiln', 'garden', 'lake', 'Ann', 'ERR_42', 'when', 'May', '']
    return runRandom(
      fc.property(
        fc.array(fc.constantFrom(...words), { maxLength: 6 }),
        fc.constantFrom(...recallModes),
        fc.nat(),
        (question, mode, seed) => {
          const random = randomOf(seed)
          const similarities = Float32Array.from(talk, () => (random() < 0.2 ? Number.NaN : random() * 2 - 1))
          for (const { relevance } of ask(corpus, question.join(' '), { mode, similarities }).rows) {
            expect(relevance).toBeGreaterThanOrEqual(0)
            expect(relevance).toBeLessThanOrEqual(1)
          }
        },
      ),
      60,
    )
  })

  it('is more relevant where it has what was asked', () => {
    const { rows } = ask(corpus, 'When did Ann go to the lake?', { similarities: near })
    const relevance = (row: number) => rows.find((one) => one.row === row)?.relevance ?? -1
    expect(relevance(1)).toBeGreaterThan(10 * relevance(4))
    const foreign = ask(corpus, 'Which xylophone is the best?', { similarities: near.map((one) => one / 8) })
    expect(Math.max(...foreign.rows.map((one) => one.relevance))).toBeLessThan(relevance(1))
  })
})

/** The same among many others, which have nothing to do with anything. */
const many = corpusOfSaid([...talk, ...Array.from({ length: 120 }, (_, i) => ({ text: 'so', thread: 10 + i }))])
const among = (similarities: Float32Array) => Float32Array.from([...similarities, ...new Float32Array(120)])

describe('matches only', () => {
  it('leave out what has neither a word nor a meaning near the question', () => {
    const rows = (similarities: Float32Array | null, mode: RecallMode = 'hybrid') =>
      rowsOf(ask(corpus, 'lake', { similarities, mode, matchesOnly: true })).toSorted()
    expect(rows(null, 'keyword')).toEqual([0, 1, 2])
    expect(rows(null)).toHaveLength(5)
    expect(rows(Float32Array.from([0, 0, 0, 0, 0]))).toHaveLength(5)
    const inMany = (...similarities: readonly number[]) =>
      rowsOf(ask(many, 'lake', { similarities: among(Float32Array.from(similarities)), matchesOnly: true })).toSorted()
    expect(inMany(0, 0, 0, 0, Number.NaN)).toEqual([0, 1, 2, 4])
    expect(inMany(0, 0, 0, 0, 0.3)).toEqual([0, 1, 2, 4])
    expect(ask(corpus, 'lake', { mode: 'keyword', matchesOnly: true }).unmatched).toBe(2)
  })

  it('keep what the person said who is named, and what was said then', () => {
    const dated = corpusOfSaid([...talk, { text: 'so', minute: firstOfMay + 60 * 1_440, thread: 2 }])
    expect(
      rowsOf(ask(dated, 'What did Bob say of the kilns?', { mode: 'keyword', matchesOnly: true })).toSorted(),
    ).toEqual([0, 2, 3, 4])
    expect(rowsOf(ask(dated, 'the kilns in June 2023', { mode: 'keyword', matchesOnly: true }))).toContain(5)
  })

  it('are none where nobody said the words, and the latest where there are none to look for', () => {
    expect(rowsOf(ask(corpus, 'xylophone', { mode: 'keyword', matchesOnly: true }))).toEqual([])
    expect(rowsOf(ask(corpus, 'what was that?', { matchesOnly: true }))).toHaveLength(5)
  })
})

describe('the gate', () => {
  const far = Float32Array.from([0.05, 0.02, 0.1, 0.06, 0.03])

  it('answers nothing to a question about nothing that was said', () => {
    for (const gate of ['mild', 'strict'] as const) {
      const { rows, gate: outcome } = ask(many, 'Which xylophone did Ann buy?', { similarities: among(far), gate })
      expect(rows).toEqual([])
      expect(outcome.isClosed).toBe(true)
    }
    expect(ask(many, 'Which xylophone did Ann buy?', { similarities: among(far) }).rows).toHaveLength(50)
  })

  it('answers nothing to a greeting, and something to a question that begins with one', () => {
    for (const question of ['Bonjour!', 'Hello there!', 'ok, thank you', 'Guten Morgen', 'Buenos días.'])
      expect(ask(corpus, question, { similarities: near, gate: 'mild' }).rows, question).toEqual([])
    expect(ask(corpus, 'Hello, when did Ann go to the lake?', { similarities: near, gate: 'mild' }).rows).toHaveLength(
      5,
    )
    expect(ask(corpus, 'Bonjour!', { similarities: near }).rows).toHaveLength(5)
  })

  it('finds a greeting where it was said, by its words or by its meaning', () => {
    const rest = Array.from({ length: 120 }, (_, i) => ({ text: `the report of week ${i}`, thread: 10 + i }))
    const said = corpusOfSaid(['Hello', 'thank you so much', 'hi', ...rest])
    const away = Float64Array.from({ length: said.count }, () => 0)
    const found = (question: string, similarities: ArrayLike<number> = away) =>
      ask(said, question, { similarities: Float32Array.from(similarities), gate: 'strict' }).rows[0]?.row
    expect([found('hello'), found('Thank you!'), found('hi'), found('merci')]).toEqual([0, 1, undefined, undefined])
    expect(found('hi', away.with(2, 0.97))).toBe(2)
  })

  it('is open among few records, where the nearest may be far', () => {
    expect(ask(corpus, 'Which xylophone?', { similarities: far, gate: 'strict' }).rows).toHaveLength(5)
  })

  it('is open where something near was said, where an exact term is found, and where a date is named', () => {
    const rest = Array.from({ length: 120 }, (_, i) => ({ text: 'so', thread: 10 + i }))
    const said = corpusOfSaid([...talk, ...rest, 'it was ERR_42'])
    const six = Float32Array.from([...among(far), 0])
    for (const question of ['When did Ann go to the lake?', 'ERR_42 again', 'what happened in May 2023?']) {
      const similarities = question.startsWith('When') ? Float32Array.from([...among(near), 0]) : six
      expect(ask(said, question, { similarities, gate: 'strict' }).gate.isClosed, question).toBe(false)
    }
  })

  it('silences the more the stricter it is', () => {
    const silenced = (gate: 'off' | 'mild' | 'strict') =>
      Array.from({ length: 50 }, (_, i) =>
        ask(many, 'a boat', { similarities: among(near.map((one) => (one * i) / 25)), gate }),
      )
        .map(({ rows }) => (rows.length === 0 ? 1 : 0))
        .reduce((sum: number, one) => sum + one, 0)
    expect(silenced('off')).toBe(0)
    expect(silenced('mild')).toBeGreaterThan(0)
    expect(silenced('strict')).toBeGreaterThan(silenced('mild'))
  })

  it('says nothing of nothing', () => {
    expect(ask(corpusOf([]), 'tea', { gate: 'strict' }).rows).toEqual([])
  })
})
