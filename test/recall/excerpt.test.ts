// Excerpts: the passage that says most of what was asked for, within its budget, and where it stands in the whole text.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { queryTerms } from '../../src/domain/index/words.ts'
import { excerptOf, type Wanted } from '../../src/recall/text/excerpt.ts'
import { runRandom } from '../random-runs.ts'

const filler = 'Then check the next server and write down what it says. '

function wanted(question: string, more: Partial<Wanted> = {}): Wanted {
  const weights = new Map(queryTerms(question, 'english').map(({ term, isExact }) => [term, isExact ? 3 : 1]))
  return { weights, language: 'english', ...more }
}

describe('an excerpt', () => {
  it('holds the sentence with the words of the question, and whole sentences around it', () => {
    const text = `${filler.repeat(60)}The rollback password is HERON-77. ${filler.repeat(60)}`
    const excerpt = excerptOf(text, wanted('HERON-77 rollback password'), 100)
    expect(excerpt.text).toContain('The rollback password is HERON-77.')
    expect(excerpt.text).toMatch(/^… Then check .* what it says\. …$/)
    expect(text.slice(excerpt.start, excerpt.end)).toBe(excerpt.text.slice(2, -2))
    expect(excerpt.tokens).toBeLessThanOrEqual(100)
    expect(excerpt.tokens).toBeGreaterThan(60)
  })

  it('is where most terms stand together, not where the first one stands', () => {
    const text = `A password is long. ${filler.repeat(40)}The rollback password is new. ${filler.repeat(40)}`
    expect(excerptOf(text, wanted('rollback password'), 40).text).toContain('The rollback password is new.')
  })

  it('prefers a rare term to a common one', () => {
    const [common = 0, rare = 0] = ['server', 'heron'].map((word) => queryTerms(word, 'english')[0]?.term)
    const weights = new Map([
      [common, 0.1],
      [rare, 5],
    ])
    const text = `${filler.repeat(50)}A heron stands there. ${'Birds sleep at night. '.repeat(50)}`
    expect(excerptOf(text, { weights, language: 'english' }, 30).text).toContain('A heron stands there.')
  })

  it('of a text without the terms is around the piece that is nearest in meaning, else its beginning', () => {
    const nearest = 'The key lies under the third stone.'
    const text = `First of all, welcome. ${filler.repeat(50)}${nearest} ${filler.repeat(50)}`
    expect(excerptOf(text, wanted('hidden', { nearest }), 60).text).toContain(nearest)
    expect(excerptOf(text, wanted('hidden'), 60).text).toMatch(/^First of all, welcome\..* …$/)
  })

  it('reaches a nearest piece far behind what is looked through', () => {
    const nearest = 'The key lies under the third stone.'
    const text = `${filler.repeat(12_000)}${nearest} ${filler}`
    expect(excerptOf(text, wanted('hidden', { nearest }), 60).text).toContain(nearest)
  })

  it('cuts a sentence without an end between words', () => {
    const text = `${'word '.repeat(2_000)}heron ${'word '.repeat(2_000)}`
    const { text: own, tokens } = excerptOf(text, wanted('heron'), 120)
    expect(own).toContain('heron')
    expect(own).toMatch(/^… (?:word|heron)(?: (?:word|heron))* …$/)
    expect(tokens).toBeLessThanOrEqual(120)
  })

  it('of any text fits its budget, is a part of it, and cuts no character', async () => {
    const piece = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 40 }),
      fc.constantFrom(filler, '東京。', '😀😀 ', '\n\n'),
    )
    const texts = fc.array(piece, { minLength: 1, maxLength: 60 }).map((pieces) => `heron${pieces.join('')}`)
    await runRandom(
      fc.property(texts, fc.integer({ min: 8, max: 300 }), (text, most) => {
        const excerpt = excerptOf(text, wanted('server heron 東京'), most)
        expect(excerpt.tokens).toBeLessThanOrEqual(Math.max(most, 8))
        expect(excerpt.end).toBeGreaterThanOrEqual(excerpt.start)
        expect(excerpt.text).toContain(text.slice(excerpt.start, excerpt.end))
        expect(excerpt.text.isWellFormed()).toBe(true)
        expect(excerpt.text.startsWith('… ')).toBe(excerpt.start > 0 || text.startsWith('… '))
      }),
      300,
    )
  })
})
