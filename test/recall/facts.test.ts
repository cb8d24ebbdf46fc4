// Facts in recall: whom they are about, when they held, and how they stand among messages.
import { describe, expect, it } from 'vitest'
import { partScoresOf, parts } from '../../src/recall/parts.ts'
import { planOf } from '../../src/recall/question/plan.ts'
import { subjectsOf } from '../../src/recall/question/subjects.ts'
import { rank } from '../../src/recall/rank.ts'
import type { Corpus } from '../../src/recall/records/corpus.ts'
import { ann, ask, bob, corpusOfSaid, firstOfMay, rowsOf, type Said } from './records.ts'

const day = 1_440
const fact = (text: string, more: Partial<Said> = {}): Said => ({ text, kind: 'fact', ...more })
const app = { kind: 'system', id: 'app' } as const

/** The parts of the one fact with that text. */
function partsOf(corpus: Corpus, question: string, row: number) {
  return ask(corpus, question).rows.find((one) => one.row === row)?.parts
}

describe('whom a fact is about', () => {
  const stated: readonly Said[] = [
    { text: 'I am off to the lake', author: ann },
    { text: 'have fun', author: bob },
    fact('Carl plays chess on Mondays', { author: app }),
    fact('Bob plays chess on Mondays', { author: app }),
    fact('plays chess on Mondays', { author: bob }),
  ]

  it('is told by its text, or by who stated it', () => {
    const corpus = corpusOfSaid(stated)
    const [first, second, third] = rowsOf(ask(corpus, 'When does Bob play chess?'))
    expect([first, second].toSorted()).toEqual([3, 4])
    expect(third).toBe(2)
    expect(partsOf(corpus, 'When does Bob play chess?', 3)?.author).toBeGreaterThan(0)
    expect(partsOf(corpus, 'When does Bob play chess?', 2)?.author).toBe(0)
  })

  it('counts by how many of the people who are named stand in it', () => {
    const corpus = corpusOfSaid([...stated, fact('Ann Lee and Bob swim', { author: app })])
    const { subjects } = planOf(corpus, 'Where do Ann Lee and Bob swim?', 'english')
    expect(subjects.get(5)).toBeCloseTo(1)
    expect(subjects.get(3)).toBeCloseTo(1 / 3)
    expect(subjects.has(2)).toBe(false)
  })

  it('is told without messages by capitalised words that many facts have', () => {
    const many = Array.from({ length: 120 }, (_, i) => fact(`${i % 2 === 0 ? 'Dora' : 'Emil'} bought thing ${i}`))
    const corpus = corpusOfSaid([...many, fact('Dora rides a horse'), fact('Emil rides a horse')])
    const { bare, subjects } = planOf(corpus, 'What does Emil ride?', 'english')
    expect(bare).not.toContain('Emil')
    expect([subjects.get(121), subjects.get(120)]).toEqual([1, undefined])
    expect(rowsOf(ask(corpus, 'What does Emil ride?')).slice(0, 2)).toEqual([121, 120])
  })

  it('is not looked for where only messages are in scope', () => {
    const corpus = corpusOfSaid(stated.slice(0, 2))
    expect(subjectsOf(corpus, { question: 'Bob?', bare: '?', isNamed: true }, 'english').size).toBe(0)
  })
})

describe('the time at which a fact held', () => {
  const may = firstOfMay
  const lived: readonly Said[] = [
    fact('Bob lives in Oslo', { minute: may - 400 * day, until: may - 90 * day, isSuperseded: true }),
    fact('Bob lives in Bergen', { minute: may - 90 * day }),
    fact('Bob lives in Turku', { minute: may + 90 * day }),
    fact('Bob lives in Malmo', { minute: may - 500 * day, isSuperseded: true }),
    { text: 'hello there', author: bob, minute: may },
  ]
  const all = { includeSuperseded: true }

  it.each([
    ['Where did Bob live in May 2023?', [1]],
    ['Where did Bob live in December 2022?', [0]],
    ['Where did Bob live in July 2023?', [1, 2]],
    ['Where did Bob live in January 2021?', []],
  ])('%s', (question, rows) => {
    const corpus = corpusOfSaid(lived, all)
    const dated = ask(corpus, question).rows.filter(({ row, parts: own }) => row < 4 && own.date > 0)
    expect(dated.map(({ row }) => row).toSorted()).toEqual(rows)
  })

  it('counts in other languages too, and less than one that began then', () => {
    const corpus = corpusOfSaid(lived, all)
    const plan = planOf(corpus, 'Bob lives in July 2023', 'none')
    const { rows } = rank(corpus, { plan, mode: 'keyword', similarities: null, limit: 9, topK: 9 })
    const dates = new Map(rows.map(({ row, parts: own }) => [row, own.date]))
    expect(dates.get(2)).toBeGreaterThan(dates.get(1) ?? 0)
    expect(dates.get(1)).toBeGreaterThan(0)
    expect(dates.get(0)).toBe(0)
  })
})

describe('facts among messages', () => {
  it('have scores that are the sums of their parts', () => {
    const corpus = corpusOfSaid([fact('Bob plays chess'), fact('Bob swims'), 'chess is fun'])
    for (const { score, parts: own } of ask(corpus, 'chess with Bob').rows)
      expect(parts.reduce((sum, part) => sum + own[part], 0)).toBeCloseTo(score, 10)
    expect(Object.keys(partScoresOf(new Float64Array(parts.length), 1))).toEqual([...parts])
  })

  it('are measured as far as they can be in the answer, and always with an exact term', () => {
    const many = Array.from({ length: 900 }, (_, i) => fact(`kiln and oven of shed ${i}`))
    const corpus = corpusOfSaid([...many, fact('see ERR_42'), 'the kiln is hot', { text: 'bowl', kind: 'entry' }])
    const ranked = ask(corpus, 'kiln ERR_42', { limit: 1_000, topK: 1_000 })
    expect(ranked.rows[0]).toMatchObject({ row: 900 })
    expect(rowsOf(ask(corpus, 'kiln ERR_42'))).toHaveLength(50)
    expect(rowsOf(ranked)).toEqual(expect.arrayContaining([900, 901, 902]))
    expect(ranked.rows.length).toBeGreaterThan(899)
  })
})
