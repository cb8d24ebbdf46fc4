import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { chunk } from '../../src/derive/chunk.ts'
import { runRandom } from '../random-runs.ts'

const squeezed = (text: string) => text.replace(/\s+/g, '')
const wordsIn = (text: string) => text.split(/\s+/).length

const fragment = fc.oneof(
  fc.constantFrom(
    ' ',
    '\n',
    '\n\n',
    '. ',
    '。',
    '\u200d',
    '\u0301',
    '👩🏽',
    '𝒳',
    '我',
    'ไ',
    'สวัสดี',
    '0123456789',
    'a'.repeat(90),
  ),
  fc.string({ unit: 'grapheme' }),
  fc.lorem({ mode: 'sentences', maxCount: 3 }),
)
const texts = fc.array(fragment, { maxLength: 60 }).map((list) => list.join(''))

describe('any text', () => {
  const sample = fc.record({ text: texts, maxWords: fc.integer({ min: 8, max: 60 }) })

  it('is in its pieces whole and in order, and no piece is empty or half a character', async () => {
    await runRandom(
      fc.property(sample, ({ text, maxWords }) => {
        const pieces = chunk(text, { maxWords, maxPieces: 10_000 })
        expect(squeezed(pieces.join(''))).toBe(squeezed(text))
        for (const piece of pieces) {
          expect(piece).toBe(piece.trim())
          expect(piece).not.toBe('')
          expect(piece.isWellFormed()).toBe(true)
        }
      }),
      300,
    )
  })

  it('is cut into pieces that need no further cut', async () => {
    await runRandom(
      fc.property(sample, ({ text, maxWords }) => {
        for (const piece of chunk(text, { maxWords, maxPieces: 10_000 }))
          expect(chunk(piece, { maxWords })).toEqual([piece])
      }),
      100,
    )
  })

  it('has no more pieces than asked for, the first and the last among them', async () => {
    await runRandom(
      fc.property(sample, fc.integer({ min: 2, max: 6 }), ({ text, maxWords }, maxPieces) => {
        const all = chunk(text, { maxWords, maxPieces: 10_000 })
        const some = chunk(text, { maxWords, maxPieces })
        expect(some).toHaveLength(Math.min(maxPieces, all.length))
        expect([some[0], some.at(-1)]).toEqual([all[0], all.at(-1)])
        expect(all).toEqual(expect.arrayContaining([...some]))
      }),
      100,
    )
  })
})

it('keeps a text of 180 words in one piece, and cuts longer ones evenly', () => {
  const words = (count: number) =>
    Array.from({ length: count }, (_, i) => `word${i % 10}`)
      .join(' ')
      .replaceAll(/\d/g, '')
  expect(chunk(words(180))).toHaveLength(1)
  const pieces = chunk(words(1_000)).map(wordsIn)
  expect(Math.max(...pieces) - Math.min(...pieces)).toBeLessThan(10)
  expect(Math.max(...pieces)).toBeLessThanOrEqual(252)
})

it('has no piece of a text without anything to read', () => {
  for (const text of ['', ' ', '\n\n\t']) expect(chunk(text)).toEqual([])
  expect(chunk(' ?! ')).toEqual(['?!'])
})

it('cuts between paragraphs before sentences, and between sentences before words', () => {
  const sentence = (word: string) => `The ${word} was seen by all of us here today.`
  const paragraph = (word: string) => [sentence(word), sentence(`old ${word}`), sentence(`new ${word}`)].join(' ')
  const story = ['fox', 'hen', 'cow', 'dog'].map(paragraph)
  expect(chunk(story.join('\n\n'), { maxWords: 45 })).toEqual(story)
  for (const piece of chunk(story.join(' '), { maxWords: 30 })) expect(piece).toMatch(/^The .*today\.$/)
  const quoted = Array(12).fill('She said “go on.” He went “on and on!”').join(' ')
  for (const piece of chunk(quoted, { maxWords: 30 })) expect(piece).toMatch(/[.!]”$/)
  const list = Array.from({ length: 60 }, (_, i) => `- item number ${i} of ${'the long '.repeat(i % 4)}list`).join('\n')
  for (const piece of chunk(list, { maxWords: 33 })) expect(piece).toMatch(/^- item.*list$/s)
  const letter = `Dear Ann,\n\n${'we went to the sea and had a good time there '.repeat(30)}`
  expect(chunk(letter)[0]?.length).toBeGreaterThan(400)
})

describe('scripts without spaces', () => {
  it('are cut between characters, at the end of a sentence where one is near', () => {
    const chinese = '我们在北京的会议上讨论了新的产品设计和市场策略。'.repeat(40)
    const pieces = chunk(chinese)
    expect(pieces.length).toBeGreaterThan(3)
    for (const piece of pieces) {
      expect(piece.length).toBeLessThanOrEqual(252)
      expect(piece).toMatch(/。$/)
    }
    expect(chunk('东'.repeat(2_000)).length).toBeGreaterThanOrEqual(8)
  })

  it('keep their marks with their letters', () => {
    const pieces = chunk('เมื่อวานนี้เราได้พูดคุยเกี่ยวกับโครงการใหม่'.repeat(40))
    expect(pieces.length).toBeGreaterThan(3)
    for (const piece of pieces) expect(piece).not.toMatch(/^\p{M}/u)
  })
})

it('cuts what has no blanks at all, and counts what takes many tokens', () => {
  expect(chunk('QmFzZTY0'.repeat(1_000), { maxPieces: 1_000 }).length).toBeGreaterThan(5)
  expect(chunk('👩🏽‍🚀'.repeat(400), { maxPieces: 1_000 }).every((piece) => piece.endsWith('🚀'))).toBe(true)
  expect(chunk('123456 '.repeat(80))).toHaveLength(1)
  const ids = Array.from({ length: 100 }, (_, i) => `${i}4d0e-8f1a-4b6c-9d2e-77${i}`).join(' ')
  expect(chunk(ids).length).toBeGreaterThan(4)
  expect(chunk('Мы обсуждали проект. '.repeat(60)).length).toBeGreaterThan(3)
})
