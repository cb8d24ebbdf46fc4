// The analyser: what is found by which words, in several scripts, and what no text can do to it.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { analyse, hashOf, isStopWord, queryTerms } from '../../src/domain/index/words.ts'
import type { Language } from '../../src/domain/language.ts'
import { runRandom } from '../random-runs.ts'

const textsOf = (text: string, language: Language = 'english') => queryTerms(text, language).map((term) => term.text)
const exactOf = (text: string) =>
  queryTerms(text, 'english')
    .filter((term) => term.isExact)
    .map((term) => term.text)

/** Whether a text is found by every term of a question. */
function finds(text: string, question: string, language: Language = 'english'): boolean {
  const held = new Set(analyse(text, language).terms)
  const asked = queryTerms(question, language)
  return asked.length > 0 && asked.every(({ term }) => held.has(term))
}

describe('words', () => {
  it('takes stems and leaves stop words out', () => {
    expect(textsOf('The researchers were running experiments')).toEqual(['research', 'run', 'experi'])
    expect(analyse('The researchers were running experiments', 'english').length).toBe(3)
  })

  it('takes words as they are in no language', () => {
    expect(textsOf('The Researchers were', 'none')).toEqual(['the', 'researchers', 'were'])
  })

  it('knows stop words by their stems', () => {
    expect(['the', 'THIS', 'having', 'does', 'don', 't'].every((word) => isStopWord(word, 'english'))).toBe(true)
    expect(isStopWord('the', 'none')).toBe(false)
    expect(isStopWord('pottery', 'english')).toBe(false)
  })

  it('finds nothing to look for in stop words alone', () => {
    expect(queryTerms('What was it that they had?', 'english')).toEqual([])
    expect(queryTerms('', 'english')).toEqual([])
  })

  it('counts a word at most eight times and its length in full', () => {
    expect(analyse('tea '.repeat(8), 'english')).toEqual({ length: 8, terms: Array(8).fill(hashOf('tea')) })
    const { length, terms } = analyse(`pot ${'tea '.repeat(60)}`, 'english')
    expect(length).toBe(61)
    expect(terms).toEqual([hashOf('pot'), ...Array(8).fill(hashOf('tea'))])
    expect(analyse(`pot ${'tea '.repeat(9)}`, 'english').terms).toHaveLength(9)
  })

  it.each([
    ['possessives and short forms', "Melanie's kids don't like it", 'melanie kid like'],
    ['curly apostrophes', 'Melanie’s kids', "Melanie's kids"],
    ['wide letters', 'ＡＢＣ company', 'abc companies'],
    ['ligatures', 'the ﬁrst oﬃce', 'first office'],
    ['soft hyphens', 'extra\u00adordinary', 'extraordinary'],
    ['Greek, final sigma', 'ΟΔΥΣΣΕΥΣ', 'οδυσσευσ'],
    ['Russian', 'Встреча с Анной Карениной в Москве', 'анной карениной'],
    ['Hindi, marks inside words', 'कल मेरी मुलाकात सीता से हुई', 'सीता'],
    ['Arabic', 'قابلت محمد في القاهرة', 'محمد القاهرة'],
    ['Hebrew', 'פגשתי את דוד בירושלים', 'דוד'],
    ['accents', 'Zoë Björklund aß Crème brûlée', 'zoë BJÖRKLUND crème'],
    ['Persian, joined', 'می\u200cخواهم', 'میخواهم'],
    ['letters beyond the first plane', 'the word 𐌰𐌱𐌲 is Gothic', '𐌰𐌱𐌲'],
  ])('%s', (_, text, question) => expect(finds(text, question)).toBe(true))

  it.each([
    ['Chinese', '我们昨天在北京见了田中太郎', '北京'],
    ['a Chinese name', '我们昨天在北京见了田中太郎', '田中太郎'],
    ['Japanese, kana', '東京タワーの近くでコーヒーを飲んだ', 'コーヒー'],
    ['half-width kana', 'ｺｰﾋｰを飲んだ', 'コーヒー'],
    ['Korean with particles', '김민수는 서울에서 일한다', '김민수'],
    ['Thai', 'เมื่อวานสมชายไปตลาด', 'สมชาย'],
    ['ideographs beyond the first plane', '我喜欢𠮷野家的饭', '𠮷野家'],
  ])('pairs of characters: %s', (_, text, question) => expect(finds(text, question, 'none')).toBe(true))

  it('keeps a single ideograph and parts scripts from each other', () => {
    expect(textsOf('猫')).toEqual(['猫'])
    expect(textsOf('iPhone13を買った')).toEqual(expect.arrayContaining(['iphone13', 'を買', '買っ', 'った']))
  })
})

describe('exact terms', () => {
  it.each([
    'ERR_CONN_RESET',
    'ORA-00942',
    'E11000',
    '550e8400-e29b-41d4-a716-446655440000',
    'msg_4kQ2_17.0.3',
    '/var/log/nginx/error.log',
    'C:\\Users\\ann\\notes.txt',
    'https://example.com/a/b?page=2&sort=asc#top',
    'john.doe+work@mail.example.co.uk',
    'theme.colors.primary',
    'max_retry_count',
    'getUserById',
    'v1.2.3-beta.1',
    '192.168.0.17',
    '@scope/package-name',
    'std::vector',
    'C++',
    'F#',
    'INV-2024-0042',
    '20240117',
    'ERR-TIMEOUT',
    'user:42:profile',
  ])('%s is one term, and its parts are terms', (token) => {
    const sentence = `Look at "${token}", please. (It is ${token}?)`
    const [exact, ...others] = exactOf(sentence)
    expect(others).toEqual([])
    expect(exact).toBe(token.toLowerCase().replace(/^[^a-z0-9]+/, ''))
    expect(finds(sentence, token)).toBe(true)
    expect(finds(sentence, token.toUpperCase()) || /[a-z][A-Z]/.test(token)).toBe(true)
    const parts = token.split(/[^A-Za-z0-9]+/).filter((part) => part !== '' && !isStopWord(part, 'english'))
    for (const part of parts) expect(finds(sentence, part)).toBe(true)
  })

  it.each([
    ['the file of a place in it', 'at Object.run (src/recall/rank.ts:12:5)', 'src/recall/rank.ts'],
    ['a file by its name', 'open src/recall/rank.ts', 'rank.ts'],
    ['the value of an option', 'run with --config=/etc/app/main.yaml', '/etc/app/main.yaml'],
    ['the host of an address', 'see https://docs.example.com/guide/start', 'docs.example.com'],
    ['a key inside a path', 'set user.firstName to Ann', 'firstName'],
    ['a key in snake case inside a path', 'set user.first_name to Ann', 'first_name'],
    ['a word of a name in camel case', 'call getUserById first', 'user'],
  ])('finds %s', (_, text, question) => expect(finds(text, question)).toBe(true))

  it.each(['May 2023', 'her well-being', 'at 10am', 'the 19th', 'Caroline', 'LGBTQ', 'a 100km run'])(
    'takes %s for ordinary words',
    (text) => expect(exactOf(text)).toEqual([]),
  )

  it('tells one id from another', () => {
    expect(finds('case INV-2024-0042 is open', 'INV-2024-0043')).toBe(false)
    expect(finds('case INV-0042-2024 is open', 'INV-2024-0042')).toBe(false)
  })
})

describe('any text', () => {
  const unit = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }), fc.constant('\ud800'))
  const anyText = fc.array(unit, { maxLength: 12, size: 'max' }).map((parts) => parts.join(''))

  it('gives unsigned terms, the same ones each time, on both sides', async () => {
    await runRandom(
      fc.property(anyText, fc.constantFrom('english', 'none'), (text, language) => {
        const first = analyse(text, language)
        expect(first.terms.every((term) => Number.isInteger(term) && term >= 0 && term < 2 ** 32)).toBe(true)
        expect(first.length).toBeGreaterThanOrEqual(first.terms.length)
        expect(analyse(text, language)).toEqual(first)
        const held = new Set(first.terms)
        for (const { text: own, term, isExact } of queryTerms(text, language)) {
          expect(term).toBe(hashOf(own))
          if (!isExact) expect(held.has(term)).toBe(true)
        }
      }),
      500,
    )
  })

  it('finds a word among any others', async () => {
    await runRandom(
      fc.property(anyText, anyText, (before, after) => finds(`${before} zanzibar ${after}`, 'Zanzibar')),
      300,
    )
  })

  it.each([
    ['one letter', 'a', 4_000_000],
    ['an ideograph', '漢', 1_000_000],
    ['half a pair', '\ud800', 4_000_000],
    ['the other half', '\udc00', 1_000_000],
    ['signs between letters', 'a.', 500_000],
    ['signs alone', '/', 1_000_000],
    ['small and large letters', 'aB', 500_000],
    ['a character that becomes eighteen', '\ufdfa', 100_000],
    ['marks without letters', '\u0301', 1_000_000],
    ['zeros', '\0', 1_000_000],
  ])('takes a long row of %s', (_, piece, count) => {
    const { length, terms } = analyse(piece.repeat(count), 'english')
    expect(terms.length).toBeLessThanOrEqual(length)
    expect(new Set(terms).size * 8).toBeGreaterThanOrEqual(terms.length)
  })

  it('gives the same terms after its memory was full', () => {
    const text = 'The gardener planted getUserById and 東京タワー'
    const before = analyse(text, 'english')
    for (let i = 0; i < 70_000; i++) analyse(`filler${i}`, 'english')
    expect(analyse(text, 'english')).toEqual(before)
  })

  it('spreads hashes as random numbers would', () => {
    const seen = new Set<number>()
    let count = 0
    for (let first = 0; first < 400; first++)
      for (let second = 0; second < 400; second++) {
        seen.add(hashOf(String.fromCharCode(0x4e00 + first, 0x4e00 + second)))
        seen.add(hashOf(`err-${first * 400 + second}`))
        count += 2
      }
    // Random 32-bit numbers of this count meet 12 times on average; 36 or more in one of 100 million draws.
    expect(count - seen.size).toBeLessThan(36)
  })
})

describe('what people write in two ways', () => {
  const finds = (question: string, text: string) => {
    const { terms } = analyse(text, 'english')
    return queryTerms(question, 'english').some(({ term }) => terms.includes(term))
  }

  it.each([
    ['cafe', 'We met in the café'],
    ['café', 'We met in the cafe'],
    ['café', 'We met in the café'],
    ['Zurich', 'The train to Zürich'],
    ['lukasz', 'Łukasz and İsmail'],
    ['ismail', 'Łukasz and İsmail'],
    ['soren kjaer', 'Søren'],
    ['kjaer', 'Kjær'],
    ['strasse', 'Straße'],
    ['1299', 'It costs $1,299.00 in all'],
    ['1,299', 'It costs 1299 in all'],
    ['🎉', 'Done 🎉🎂'],
    ['❤', 'I ❤️ it'],
  ])('%s is found in %j', (question, text) => expect(finds(question, text)).toBe(true))

  it('has the exact spelling first: it is one more term', () => {
    const shared = (text: string) => {
      const { terms } = analyse(text, 'english')
      return queryTerms('café', 'english').filter(({ term }) => terms.includes(term)).length
    }
    expect([shared('café'), shared('cafe')]).toEqual([2, 1])
  })

  it.each([
    ['299', '1,299 people'],
    ['12345', '1,2,345'],
    ['🎂', 'Done 🎉'],
  ])('%s is not in %j', (question, text) => expect(finds(question, text)).toBe(false))
})
