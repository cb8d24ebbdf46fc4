// Packing: the budget, the number of items, the threshold, neighbours, and texts that are gone.
import { estimateTokenCount } from 'tokenx'
import { describe, expect, it } from 'vitest'
import { excerptOf } from '../../src/recall/text/excerpt.ts'
import { type Packing, type PackOptions, pack, rowsToRead } from '../../src/recall/text/pack.ts'
import { ask, corpusOfSaid, firstOfMay } from './records.ts'

const texts = [
  'tea and a pot',
  'the kiln is hot today, the kiln glows',
  'so be careful',
  'a kiln of clay',
  'a long walk',
  'kiln',
]
const corpus = corpusOfSaid([...texts.slice(0, 5), { text: 'kiln', minute: firstOfMay + 9_999 }])
const ranking = ask(corpus, 'kiln')
const order = ranking.rows.map(({ row }) => row)

function packed(options: Partial<PackOptions>, missing: readonly number[] = []): Packing {
  const wanted = { weights: new Map<number, number>(), language: 'english' } as const
  const excerpt = (row: number, most: number) => excerptOf(texts[row] as string, wanted, most)
  const all: PackOptions = { topK: 20, tokenBudget: 1_000, excerptOf: excerpt, ...options }
  const read = rowsToRead(corpus, ranking, all).filter((row) => !missing.includes(row))
  return pack(corpus, ranking, new Map(read.map((row) => [row, texts[row] as string])), all)
}

const rowsOf = ({ items }: Packing) => items.map(({ row }) => row)
const tokensOf = (...rows: readonly number[]) =>
  rows.reduce((sum, row) => sum + estimateTokenCount(texts[row] as string), 0)
const reasonsOf = ({ dropped }: Packing) => new Map(dropped.map(({ row, reason }) => [row, reason]))

describe('packing', () => {
  it('takes all in order of rank where there is room', () => {
    const packing = packed({})
    expect(rowsOf(packing)).toEqual(order)
    expect(packing.dropped).toEqual([])
    expect(packing.tokens).toBe(tokensOf(...order))
    expect(packing.items.map(({ tokens }) => tokens)).toEqual(order.map((row) => tokensOf(row)))
  })

  it('takes topK', () => {
    const packing = packed({ topK: 2 })
    expect(rowsOf(packing)).toEqual(order.slice(0, 2))
    expect([...reasonsOf(packing).values()]).toEqual(Array(4).fill('beyond-top-k'))
    expect(rowsToRead(corpus, ranking, { topK: 2 })).toEqual(order.slice(0, 2))
  })

  it('never passes the budget, and goes on with smaller items', () => {
    const [first = 0] = order
    for (let budget = 0; budget <= tokensOf(...order); budget++) {
      const packing = packed({ tokenBudget: budget })
      expect(packing.tokens).toBeLessThanOrEqual(budget)
      expect(packing.tokens).toBe(packing.items.reduce((sum, { tokens }) => sum + tokens, 0))
      expect(rowsOf(packing).length + packing.dropped.length).toBe(order.length)
    }
    const small = packed({ tokenBudget: tokensOf(first) - 1 })
    expect(rowsOf(small)[0]).toBe(first)
    expect(small.items[0]?.excerpt?.text).toMatch(/^.+ …$/)
  })

  it('leaves out what is below the threshold', () => {
    const threshold = ranking.rows[2]?.relevance ?? 0
    const packing = packed({ threshold })
    const isIn = ranking.rows.map(({ relevance }) => relevance >= threshold)
    expect(isIn).toContain(false)
    expect(rowsOf(packing)).toEqual(order.filter((_, place) => isIn[place]))
    expect([...reasonsOf(packing).values()]).toEqual(Array(6 - packing.items.length).fill('below-threshold'))
    expect(rowsOf(packed({ threshold: 1.1 }))).toEqual([])
  })

  it('says which rows are gone', () => {
    const packing = packed({}, [order[1] as number])
    expect(rowsOf(packing)).toEqual(order.toSpliced(1, 1))
    expect(reasonsOf(packing)).toEqual(new Map([[order[1], 'gone']]))
  })
})

describe('neighbours', () => {
  const around = { before: 1, after: 2 }

  it('come with an item, in order, from its session only, and never twice', () => {
    const [first = 0] = order
    expect([1, 3]).toContain(first)
    const [item] = packed({ topK: 1, messageRange: around }).items
    expect(item).toMatchObject(first === 1 ? { before: [0], after: [2, 3] } : { before: [2], after: [4] })
    const all = packed({ topK: 3, messageRange: around })
    const rows = all.items.flatMap(({ before, row, after }) => [...before, row, ...after])
    expect(new Set(rows).size).toBe(rows.length)
    expect(all.tokens).toBe(tokensOf(...rows))
    const last = packed({ topK: 20, messageRange: around }).items.find(({ row }) => row === 5)
    expect(last).toMatchObject({ before: [], after: [] })
  })

  it('are left out before the item is', () => {
    const [first = 0] = order
    const packing = packed({ topK: 1, messageRange: around, tokenBudget: tokensOf(first) })
    expect(packing.items).toMatchObject([{ row: first, before: [], after: [], tokens: tokensOf(first) }])
  })

  it('that are gone are passed over', () => {
    const [first = 0] = order
    const packing = packed({ topK: 1, messageRange: around }, [2])
    const { before = [], after = [] } = packing.items[0] ?? {}
    expect([...before, first, ...after]).not.toContain(2)
    expect(packing.items).toHaveLength(1)
  })

  it('are none by default', () => expect(rowsToRead(corpus, ranking, { topK: 6 })).toHaveLength(6))
})
