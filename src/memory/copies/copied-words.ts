/** Tells a copy of a text by its words: what the writer of the copy can have from that text alone. Pure. */
import { normalise, tokensOf } from '../../domain/index/tokens.ts'
import { queryTerms } from '../../domain/index/words.ts'
import type { Language } from '../../domain/language.ts'

/** Share of the own words of a sentence that a copy has, at least; of a few words, two. */
const leastShare = 0.5
const fewestWords = 2
/** A row of words that a copy has in the same order, at least, and how many of them are the text's own. */
const rowLength = 5
const ownInRow = 3
/** Digits in a row that nobody writes by chance, such as those of a phone number. */
const fewestDigits = 5
/** Letters and digits of an identifier, at least. */
const shortestIdentifier = 5

const sentenceEnds = /(?<=[.!?。！？])\s+|[\n\r]+/
const digitRows = /\d(?:[\s().\-/]{0,2}\d){4,}/g
/** Days and hours are written by many. */
const isTime = /^(?:\d{1,4}[-./]\d{1,2}[-./]\d{1,4}|\d{1,2}:\d{2}(?::\d{2})?)$/

/** Written with a capital letter by everybody. */
const calendar = new Set(
  `monday tuesday wednesday thursday friday saturday sunday january february march april may june july august september
  october november december`.split(/\s+/),
)

/** The sentences of a text. A list or a form has one in each line. */
export function comparedSentences(text: string): readonly string[] {
  return text
    .split(sentenceEnds)
    .map((sentence) => sentence.trim())
    .filter((sentence) => sentence !== '')
}

/** The words of a text, as they are compared. */
interface Words {
  /** The stems of its words that say something, in order, each as often as it comes. */
  readonly stems: readonly string[]
  readonly known: ReadonlySet<string>
  /** Names, numbers and identifiers: one of them is enough to tell a copy. */
  readonly telling: ReadonlySet<string>
}

function isIdentifier(token: string): boolean {
  const signs = token.replace(/[^\p{L}\p{N}]/gu, '')
  if (isTime.test(token) || signs.length < shortestIdentifier) return false
  return token.includes('@') || (/\p{N}/u.test(token) && /\p{L}/u.test(token))
}

function isName(token: string): boolean {
  return /^\p{Lu}\p{Ll}{2,}/u.test(token) && !calendar.has(token.toLowerCase())
}

/** Names, numbers and identifiers in a sentence. Its first word has a capital letter in any case. */
function tellingIn(sentence: string): readonly string[] {
  const found = [...sentence.matchAll(digitRows)].flatMap(([row]) => {
    const digits = row.replace(/\D/g, '')
    return isTime.test(row.trim()) || digits.length < fewestDigits ? [] : [digits]
  })
  const tokens = tokensOf(normalise(sentence))
  // A title or a text in capitals has no names that can be told.
  const capitals = tokens.filter((token) => /^\p{Lu}/u.test(token)).length
  const hasNames = capitals <= Math.max(2, tokens.length / 2)
  for (const [index, token] of tokens.entries()) {
    if (isIdentifier(token)) found.push(token.toLowerCase())
    else if (hasNames && index > 0 && isName(token)) found.push(token.toLowerCase())
  }
  return found
}

function stemsOf(text: string, language: Language): readonly string[] {
  return tokensOf(normalise(text)).flatMap((token) => queryTerms(token, language).map(({ text: stem }) => stem))
}

function wordsOf(text: string, language: Language): Words {
  const stems = stemsOf(text, language)
  const all = new Set([...tokensOf(normalise(text)).map((token) => token.toLowerCase()), ...digitsIn(text)])
  return { stems, known: new Set(stems), telling: all }
}

function digitsIn(text: string): readonly string[] {
  return [...text.matchAll(digitRows)].map(([row]) => row.replace(/\D/g, ''))
}

/** The words that somebody had from elsewhere. */
export class OtherWords {
  readonly #language: Language
  readonly #stems = new Set<string>()
  readonly #all = new Set<string>()

  constructor(language: Language) {
    this.#language = language
  }

  add(text: string): void {
    const { known, telling } = wordsOf(text, this.#language)
    for (const stem of known) this.#stems.add(stem)
    for (const word of telling) this.#all.add(word)
  }

  hasStem(stem: string): boolean {
    return this.#stems.has(stem)
  }

  hasWord(word: string): boolean {
    return this.#all.has(word)
  }
}

/** Whether the text has words of the sentence in a row, enough of them its own. */
function hasRow(sentence: readonly string[], own: ReadonlySet<string>, text: readonly string[]): boolean {
  const rows = new Set<string>()
  for (let at = 0; at + rowLength <= text.length; at += 1) rows.add(text.slice(at, at + rowLength).join(' '))
  for (let at = 0; at + rowLength <= sentence.length; at += 1) {
    const row = sentence.slice(at, at + rowLength)
    if (row.filter((stem) => own.has(stem)).length >= ownInRow && rows.has(row.join(' '))) return true
  }
  return false
}

/** Whether one of two sentences in a row has enough of the own words of a sentence. */
function hasShare(own: ReadonlySet<string>, pairs: readonly ReadonlySet<string>[]): boolean {
  if (own.size < fewestWords) return false
  const least = Math.max(fewestWords, Math.ceil(own.size * leastShare))
  return pairs.some((pair) => [...own].filter((stem) => pair.has(stem)).length >= least)
}

/**
 * The sentences of a text that another text copies. `others` are the words that the writer of the copy had from
 * elsewhere: they tell nothing. See docs/decisions.
 */
export function copiedSentences(
  sentences: readonly string[],
  text: string,
  others: OtherWords,
  language: Language,
): readonly string[] {
  const copy = wordsOf(text, language)
  const parts = comparedSentences(text).map((part) => stemsOf(part, language))
  const pairs = parts.map((part, index) => new Set([...part, ...(parts[index + 1] ?? [])]))
  return sentences.filter((sentence) => {
    const isOwn = (word: string) => !others.hasWord(word)
    if (tellingIn(sentence).some((word) => isOwn(word) && copy.telling.has(word))) return true
    const stems = stemsOf(sentence, language)
    const own = new Set(stems.filter((stem) => !others.hasStem(stem)))
    return hasShare(own, pairs) || hasRow(stems, own, copy.stems)
  })
}
