// Which recalled items a prompt shows as they were said, and which in few words.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { mixedForm, wholeShare } from '../../src/recall/text/mixed-form.ts'
import { runRandom } from '../random-runs.ts'

interface Item {
  readonly id: number
  readonly tokens: number
  /** null: it has nothing to say in few words. */
  readonly short: number | null
}

const few = ({ id, short }: Item) => (short === null ? null : { text: `few ${id}`, tokens: short })
const mixed = (items: readonly Item[], mostTokens: number, mostWhole: number) =>
  mixedForm(items, { mostTokens, mostWhole, tokensOf: ({ tokens }) => tokens, shorten: few })
const shown = (items: readonly Item[], mostTokens: number, mostWhole: number) =>
  mixed(items, mostTokens, mostWhole).map(({ item, short }) => short ?? item.id)

const ten = Array.from({ length: 10 }, (_, id) => ({ id, tokens: 10, short: 4 }))

describe('the form of recalled items next to notes', () => {
  it('is what was said if all of it fits', () => {
    expect(shown(ten, 100, 10)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  })

  it('is what was said for the best of them, and few words for the next ones', () => {
    expect(shown(ten, 50, 10)).toEqual([0, 1, 2, 'few 3', 'few 4', 'few 5', 'few 6', 'few 7'])
    expect(shown(ten, 100, 2)).toEqual([0, 1, ...Array.from({ length: 8 }, (_, at) => `few ${at + 2}`)])
  })

  it('leaves out what has nothing to say in few words, or is too long for it', () => {
    const items = [
      { id: 0, tokens: 80, short: 30 },
      { id: 1, tokens: 10, short: null },
      { id: 2, tokens: 10, short: 8 },
    ]
    expect(shown(items, 20, 10)).toEqual(['few 2'])
  })

  it('never takes more than there is, and keeps the order', async () => {
    const item = fc.record({ tokens: fc.nat(60), short: fc.option(fc.nat(40)) })
    await runRandom(
      fc.property(fc.array(item, { maxLength: 30 }), fc.nat(400), fc.nat(20), (all, mostTokens, mostWhole) => {
        const items = all.map((one, id) => ({ id, ...one }))
        const formed = mixed(items, mostTokens, mostWhole)
        const ids = formed.map((one) => one.item.id)
        expect(ids).toEqual(ids.toSorted((left, right) => left - right))
        expect(new Set(ids).size).toBe(ids.length)
        const sum = (isShort: boolean) =>
          formed.reduce((total, { tokens, short }) => total + ((short !== undefined) === isShort ? tokens : 0), 0)
        expect(sum(true) + sum(false)).toBeLessThanOrEqual(mostTokens)
        const whole = formed.filter(({ short }) => short === undefined)
        expect(whole.length).toBeLessThanOrEqual(mostWhole)
        if (whole.length < items.length) expect(sum(false)).toBeLessThanOrEqual(mostTokens * wholeShare)
        expect(whole.map((one) => one.item.id)).toEqual(whole.map((_, place) => place))
      }),
      500,
    )
  })
})
