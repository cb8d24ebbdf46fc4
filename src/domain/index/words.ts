/** The analyser: a text becomes the hashes of its words, on both sides of a search. */
import { stemmer } from 'stemmer'
import type { Language } from '../language.ts'
import { stopStems } from './stop-words.ts'
import { TokenMemo } from './token-memo.ts'
import {
  eachToken,
  isEmoji,
  isExactTerm,
  isSpaceless,
  normalise,
  pairsOf,
  partsOf,
  tokensOf,
  wholesOf,
} from './tokens.ts'

/** Changes whenever the same text would give other terms, or a segment has another form; kept in every segment. */
export const analyserVersion = 5

/** The words of a text that count. */
interface Analysis {
  /** How many there are, repeats included. */
  readonly length: number
  /** Unsigned 32-bit hash of each; a word's repeats beyond eight are left out. */
  readonly terms: readonly number[]
}

/** One term of a question. */
export interface QueryTerm {
  /** As it is looked for: a stem, a pair of characters, or an exact term in lower case. */
  readonly text: string
  /** Its unsigned 32-bit hash. */
  readonly term: number
  /** An id, an error code, a path and the like: a search for it means exactly these characters. */
  readonly isExact: boolean
}

const repeats = 8

/** Mixes every unit into all bits, so that short words and pairs of ideographs spread as random numbers do. */
export function hashOf(text: string): number {
  let hash = 0x2545f491
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x9e3779b1)
    hash ^= hash >>> 15
  }
  hash = Math.imul(hash ^ (hash >>> 13), 0x85ebca6b)
  return (hash ^ (hash >>> 16)) >>> 0
}

const latin = /^[a-z\u00df-\u024f]+$/
/** Longer words are no English; the stemmer would look at all of them several times. */
const longestStemmed = 32

/** Small letters; the two forms of the Greek sigma are one letter. */
function folded(text: string): string {
  return text.toLowerCase().replaceAll('ς', 'σ')
}

/** What a word is looked for as; null for a stop word. */
function stemOf(word: string, language: Language): string | null {
  const small = folded(word)
  if (language === 'none' || small.length > longestStemmed || !latin.test(small)) return small
  const stem = stemmer(small)
  return stopStems.has(stem) ? null : stem
}

/** Whether the index leaves this word out. */
export function isStopWord(word: string, language: Language): boolean {
  return stemOf(normalise(word), language) === null
}

const accented = /[\u00c0-\u024f\u1e00-\u1eff]|[\u0300-\u036f]/
/** Letters that are no letter with a mark, and that people write so where a keyboard lacks them. */
const otherLetters: Readonly<Record<string, string>> = {
  ł: 'l',
  ø: 'o',
  æ: 'ae',
  œ: 'oe',
  đ: 'd',
  ð: 'd',
  þ: 'th',
  ı: 'i',
  ß: 'ss',
}

/** A word without accents; null for one that has none. */
function withoutAccents(word: string): string | null {
  if (!accented.test(word)) return null
  const plain = folded(word)
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .replace(/[łøæœđðþıß]/g, (letter) => otherLetters[letter] ?? letter)
  return plain === folded(word) ? null : plain
}

/** What a word is looked for as: its stem, and that of the same without accents, which people leave out on either side. */
function stemsOf(word: string, language: Language): readonly string[] {
  const stem = stemOf(word, language)
  const plain = withoutAccents(word)
  const other = plain === null ? null : stemOf(plain, language)
  return [stem, other === stem ? null : other].filter((one) => one !== null)
}

/** All that a token is looked for as: its words, and itself where it is more than a word. */
function textsOf(token: string, language: Language): readonly string[] {
  if (isSpaceless(token)) return pairsOf(token)
  if (isEmoji(token)) return Array.from(token)
  const stems = partsOf(token).flatMap((part) => stemsOf(part, language))
  const wholes = wholesOf(token)
  return wholes.length === 0 ? stems : [...stems, ...wholes.map(folded)]
}

const memos: Partial<Record<Language, TokenMemo>> = {}

/** The words of a text. The same text gives the same words anywhere; no text is refused. */
export function analyse(text: string, language: Language): Analysis {
  memos[language] ??= new TokenMemo()
  const memo = memos[language]
  const all: number[] = []
  const normal = normalise(text)
  eachToken(normal, (start, end) => {
    if (memo.take(normal, start, end, all)) return
    const token = normal.slice(start, end)
    const terms = textsOf(token, language).map(hashOf)
    memo.add(token, terms)
    for (const term of terms) all.push(term)
  })
  return { length: all.length, terms: withoutRepeats(all) }
}

/** Few words are compared with each other; many are counted. */
const fewWords = 40

function withoutRepeats(terms: readonly number[]): readonly number[] {
  if (terms.length <= fewWords && !isRepetitive(terms)) return terms
  const seen = new Map<number, number>()
  return terms.filter((term) => {
    const count = (seen.get(term) ?? 0) + 1
    seen.set(term, count)
    return count <= repeats
  })
}

/** Whether a term comes too often: then one of its first comings has at least that many behind it. */
function isRepetitive(terms: readonly number[]): boolean {
  for (let i = 0; i + repeats < terms.length; i++) {
    let count = 0
    for (let j = i; j < terms.length; j++) if (terms[j] === terms[i]) count++
    if (count > repeats) return true
  }
  return false
}

/** Questions repeat their tokens: as a whole, piece by piece, and without the names. About 1 MB a language. */
const rememberedTokens = 4_000
const longestRemembered = 32
const tokenTerms: Readonly<Record<Language, Map<string, readonly QueryTerm[]>>> = {
  english: new Map(),
  none: new Map(),
}

/** The terms of one token of a question. */
function termsOfToken(token: string, language: Language): readonly QueryTerm[] {
  const memo = tokenTerms[language]
  const known = memo.get(token)
  if (known !== undefined) return known
  const whole = folded(token)
  const isExact = !isSpaceless(token) && isExactTerm(token)
  const texts = textsOf(token, language)
  const all = isExact && !texts.includes(whole) ? [...texts, whole] : texts
  const terms = all.map((text) => ({ text, term: hashOf(text), isExact: isExact && text === whole }))
  if (token.length > longestRemembered) return terms
  if (memo.size >= rememberedTokens) memo.clear()
  memo.set(` ${token}`.slice(1), terms)
  return terms
}

/**
 * The terms of a question, each once. Empty if it has stop words only: these are in no index, so such a question is
 * answered by meaning, or by what is recent.
 */
export function queryTerms(text: string, language: Language): readonly QueryTerm[] {
  const found = new Map<string, QueryTerm>()
  for (const token of tokensOf(normalise(text))) {
    for (const own of termsOfToken(token, language)) {
      const known = found.get(own.text)
      if (known === undefined || (own.isExact && !known.isExact)) found.set(own.text, own)
    }
  }
  return [...found.values()]
}
