/** The words and numbers of a text, with what they mean to the grammar of times. */
import { englishTimes } from './english.ts'
import { frenchTimes } from './french.ts'
import { germanTimes } from './german.ts'
import { spanishTimes } from './spanish.ts'
import { meaningsOf, type TimeSense, type WordMeaning } from './vocabulary.ts'

/** A word, a phrase or a number. */
export interface TimeToken {
  readonly start: number
  readonly end: number
  /** The value of digits; NaN for words. */
  readonly digits: number
  /** How many digits there are. */
  readonly width: number
  readonly sense: TimeSense
  /** What stands between it and the token before: nothing but spaces, a sign that dates may have, or the end of a clause. */
  readonly gap: 'space' | 'comma' | 'dot' | 'dash' | 'break'
}

const languageWords = [englishTimes, germanTimes, frenchTimes, spanishTimes].map(meaningsOf)

/** The meanings of each word, by language. */
const meanings = new Map<string, (WordMeaning | undefined)[]>()
for (const [language, words] of languageWords.entries()) {
  for (const [word, meaning] of words) {
    const all = meanings.get(word) ?? languageWords.map(() => undefined)
    all[language] = meaning
    meanings.set(word, all)
  }
}

/** A word or a run of digits, as it stands in a text. */
interface Piece {
  readonly start: number
  readonly end: number
  /** In small letters and without accents; empty for digits. */
  readonly word: string
}

const notAscii = /[^\0-\x7f]/
/** Longer words mean no time, and none is made of them. */
const longestWord = 20

function plainWord(text: string): string {
  if (text.length > longestWord) return text
  const small = text.toLowerCase()
  return notAscii.test(small) ? small.normalize('NFD').replace(/\p{M}/gu, '') : small
}

/** Kinds of UTF-16 units; the halves of pairs are in no word of time. */
const [other, letter, digit] = [0, 1, 2]
const isLetter = /[\p{L}\p{M}]/u
const kinds = new Uint8Array(65_536)
for (let unit = 0; unit < 128; unit++) {
  const isDigit = unit >= 48 && unit < 58
  const small = unit | 32
  kinds[unit] = isDigit ? digit : small > 96 && small < 123 ? letter : other
}
/** Kinds beyond ASCII are found out at their first use. */
const known = new Uint8Array(65_536)

function kindAt(text: string, at: number): number {
  const unit = text.charCodeAt(at)
  if (unit < 128 || known[unit] === 1) return kinds[unit] as number
  known[unit] = 1
  kinds[unit] = isLetter.test(String.fromCharCode(unit)) ? letter : other
  return kinds[unit] as number
}

function piecesOf(text: string): readonly Piece[] {
  const all: Piece[] = []
  for (let at = 0; at < text.length; ) {
    const kind = kindAt(text, at)
    const start = at++
    if (kind === other) continue
    while (at < text.length && kindAt(text, at) === kind) at++
    all.push({ start, end: at, word: kind === digit ? '' : plainWord(text.slice(start, at)) })
  }
  return all
}

function gapOf(between: string): TimeToken['gap'] {
  if (between === ' ' || between === '') return 'space'
  if (/^\s?$/.test(between) || /^[^\S\n]+$/.test(between) || between === '’' || between === "'") return 'space'
  if (/^,\s*$/.test(between)) return 'comma'
  if (/^\.\s*$/.test(between)) return 'dot'
  return /^\s*[-–—/]\s*$/.test(between) ? 'dash' : 'break'
}

/** The phrase that begins at a piece in one language; null if none does. */
function phraseAt(all: readonly Piece[], at: number, meaning: WordMeaning) {
  return meaning.phrases.find(({ words }) => words.every((word, i) => all[at + i]?.word === word)) ?? null
}

const nothing: TimeSense = {}

/** The languages that times are read in. */
export type TimeLanguages = 'english' | 'all'

/** What a word that says a time counts more than another: it decides where all else is even. */
const timeBonus = 0.01

/** Of all languages, the one that most of the words belong to. */
function languageOf(all: readonly Piece[]): number {
  const counts = languageWords.map(() => 0)
  for (const { word } of all) {
    for (const [i, meaning] of (meanings.get(word) ?? []).entries())
      if (meaning !== undefined) counts[i] = (counts[i] as number) + 1 + (saysTime(meaning.sense) ? timeBonus : 0)
  }
  return counts.indexOf(Math.max(...counts))
}

/** Whether a word says a time by itself, whatever stands around it. */
function saysTime({ month, weekday, unit, season, day }: TimeSense): boolean {
  return (month ?? weekday ?? unit ?? season ?? day) !== undefined
}

/** Whether a text has a word or a phrase that says a time, or a number that may be a year. */
function mayHaveTime(all: readonly Piece[], language: number): boolean {
  return all.some(({ word, start, end }, at) => {
    if (word === '') return end - start === 4
    const meaning = meanings.get(word)?.[language]
    if (meaning === undefined) return false
    if (saysTime(meaning.sense)) return true
    const phrase = meaning.phrases.length === 0 ? null : phraseAt(all, at, meaning)
    return phrase !== null && saysTime(phrase.sense)
  })
}

/** One bit for English, one for all languages: whether a word with this hash may say a time, or begin a phrase that does. */
const maySay = new Uint8Array(65_536)
const englishBit = 1
const anyBit = 2

/** The next hash of a word, with one of its UTF-16 units in small letters. */
function hashed(hash: number, unit: number): number {
  return (Math.imul(hash, 31) + (unit | 32)) & 65_535
}

for (const [word, senses] of meanings) {
  let hash = 0
  for (let i = 0; i < word.length; i++) hash = hashed(hash, word.charCodeAt(i))
  for (const [language, meaning] of senses.entries()) {
    if (meaning === undefined) continue
    const says = saysTime(meaning.sense) || meaning.phrases.some(({ sense }) => saysTime(sense))
    if (says) maySay[hash] = (maySay[hash] as number) | anyBit | (language === 0 ? englishBit : 0)
  }
}

/** Whether a text is worth reading: most have no word that may say a time, which one look at each letter tells. */
function isWorthReading(text: string, bit: number): boolean {
  let hash = 0
  let width = 0
  let isForeign = false
  for (let at = 0; at <= text.length; at++) {
    const kind = at < text.length ? kindAt(text, at) : other
    const unit = text.charCodeAt(at)
    width = kind === digit ? width + 1 : 0
    if (width === 4) return true
    if (kind === letter) {
      isForeign ||= unit > 127
      hash = hashed(hash, unit)
    } else if (hash !== 0) {
      if (isForeign || ((maySay[hash] as number) & bit) !== 0) return true
      hash = 0
      isForeign = false
    }
  }
  return false
}

/** The tokens of a text; empty where no time is in it. */
export function timeTokens(text: string, languages: TimeLanguages): readonly TimeToken[] {
  if (!isWorthReading(text, languages === 'english' ? englishBit : anyBit)) return []
  const all = piecesOf(text)
  const language = languages === 'english' ? 0 : languageOf(all)
  if (!mayHaveTime(all, language)) return []
  const tokens: TimeToken[] = []
  let end = 0
  for (let at = 0; at < all.length; ) {
    const piece = all[at] as Piece
    const meaning = piece.word === '' ? undefined : meanings.get(piece.word)?.[language]
    const phrase = meaning === undefined ? null : phraseAt(all, at, meaning)
    const next = at + (phrase?.words.length ?? 1)
    const last = all[next - 1] as Piece
    const isNumber = piece.word === ''
    tokens.push({
      start: piece.start,
      end: last.end,
      digits: isNumber ? Number(text.slice(piece.start, piece.end)) : Number.NaN,
      width: isNumber ? piece.end - piece.start : 0,
      sense: phrase?.sense ?? meaning?.sense ?? nothing,
      gap: gapOf(text.slice(end, piece.start)),
    })
    end = last.end
    at = next
  }
  return tokens
}
