/** The best passage of a text that is too long for an answer: whole sentences around the words of the question. */
import { estimateTokenCount } from 'tokenx'
import { analyse } from '../../domain/index/words.ts'
import type { Language } from '../../domain/language.ts'

/** A passage of a text. */
export interface Excerpt {
  /** The passage, with `…` where text was left out before or after it. */
  readonly text: string
  /** Where the passage begins in the whole text, UTF-16 units. */
  readonly start: number
  /** Where it ends. */
  readonly end: number
  /** Tokens of `text`, estimated. */
  readonly tokens: number
}

/** The terms and the piece that a passage is chosen by. */
export interface Wanted {
  /** Hash of each term of the question, and its weight: rare terms weigh more. */
  readonly weights: ReadonlyMap<number, number>
  readonly language: Language
  /** The piece of the text that is nearest in meaning, for a text that has none of the terms. */
  readonly nearest?: string
}

/** A longer sentence is cut between words, UTF-16 units. */
const longestUnit = 400
/** How far a text is searched, UTF-16 units: text after that is found only by its meaning. */
const searchedLength = 500_000
/** Tokens of the ellipses. */
const markTokens = 2

/** A stretch of the text that is taken whole. */
interface Unit {
  readonly start: number
  readonly end: number
  readonly tokens: number
  /** The terms of the question in it. */
  readonly terms: readonly number[]
}

/** Units from `first` to `last`, both included. */
interface Window {
  readonly first: number
  readonly last: number
}

const blank = /\s/

/** Where to cut a stretch: behind the last blank before the limit, and never inside a character. */
function cutBefore(text: string, start: number, limit: number): number {
  for (let at = limit; at > start; at--) if (blank.test(text.charAt(at - 1))) return at
  const unit = text.charCodeAt(limit - 1)
  return unit >= 0xd800 && unit <= 0xdbff ? limit - 1 : limit
}

function* stretchesOf(text: string, from: number): Generator<readonly [start: number, end: number]> {
  const segmenter = new Intl.Segmenter(undefined, { granularity: 'sentence' })
  for (const { index, segment } of segmenter.segment(text.slice(from, from + searchedLength))) {
    const end = from + index + segment.length
    for (let start = from + index; start < end; ) {
      const cut = end - start <= longestUnit ? end : cutBefore(text, start, start + longestUnit)
      yield [start, cut]
      start = cut
    }
  }
}

function unitsOf(text: string, from: number, { weights, language }: Wanted): readonly Unit[] {
  const units: Unit[] = []
  for (const [start, end] of stretchesOf(text, from)) {
    const own = text.slice(start, end)
    const terms = [...new Set(analyse(own, language).terms)].filter((term) => weights.has(term))
    units.push({ start, end, tokens: estimateTokenCount(own), terms })
  }
  return units
}

/** The weight of the terms in a moving window, each counted once. */
class Coverage {
  readonly #weights: ReadonlyMap<number, number>
  readonly #counts = new Map<number, number>()
  weight = 0

  constructor(weights: ReadonlyMap<number, number>) {
    this.#weights = weights
  }

  add({ terms }: Unit): void {
    for (const term of terms) {
      const count = this.#counts.get(term) ?? 0
      if (count === 0) this.weight += this.#weights.get(term) ?? 0
      this.#counts.set(term, count + 1)
    }
  }

  remove({ terms }: Unit): void {
    for (const term of terms) {
      const count = this.#counts.get(term) ?? 0
      if (count === 1) this.weight -= this.#weights.get(term) ?? 0
      this.#counts.set(term, count - 1)
    }
  }
}

/**
 * The shortest fitting window with the highest weight of terms; the first of equal ones. Null if no unit has a term.
 */
function bestWindow(units: readonly Unit[], weights: ReadonlyMap<number, number>, maxTokens: number): Window | null {
  const coverage = new Coverage(weights)
  let best: (Window & { readonly weight: number; readonly tokens: number }) | null = null
  let tokens = 0
  let first = 0
  for (const [last, unit] of units.entries()) {
    coverage.add(unit)
    tokens += unit.tokens
    while (first < last && (tokens > maxTokens || units[first]?.terms.length === 0)) {
      coverage.remove(units[first] as Unit)
      tokens -= (units[first] as Unit).tokens
      first += 1
    }
    if (unit.terms.length === 0) continue
    const { weight } = coverage
    // Sums of the same weights may differ in the last bits.
    const gain = weight - (best?.weight ?? 0)
    if (best === null || gain > 1e-9 || (gain > -1e-9 && tokens < best.tokens)) best = { first, last, weight, tokens }
  }
  return best
}

/** Takes sentences before and after a window in turns, as long as they fit. */
function widened(units: readonly Unit[], { first, last }: Window, maxTokens: number): Window {
  let left = maxTokens
  for (let at = first; at <= last; at++) left -= (units[at] as Unit).tokens
  for (let isOpen = true; isOpen; ) {
    isOpen = false
    const next = units[last + 1]
    if (next !== undefined && next.tokens <= left) {
      last += 1
      left -= next.tokens
      isOpen = true
    }
    const previous = units[first - 1]
    if (previous !== undefined && previous.tokens <= left) {
      first -= 1
      left -= previous.tokens
      isOpen = true
    }
  }
  return { first, last }
}

function shown(text: string, start: number, end: number): Excerpt {
  const own = text.slice(start, end)
  const from = start + own.length - own.trimStart().length
  const to = Math.max(from, start + own.trimEnd().length)
  const marked = `${from > 0 ? '… ' : ''}${text.slice(from, to)}${to < text.length ? ' …' : ''}`
  return { text: marked, start: from, end: to, tokens: estimateTokenCount(marked) }
}

/** The beginning of a stretch that takes at most so many tokens. */
function cutToFit(text: string, start: number, end: number, maxTokens: number): Excerpt {
  let excerpt = shown(text, start, end)
  while (excerpt.tokens > maxTokens && end - start > 1) {
    const share = Math.min(0.9, maxTokens / excerpt.tokens)
    end = cutBefore(text, start, start + Math.max(1, Math.floor((end - start) * share)))
    excerpt = shown(text, start, end)
  }
  return excerpt
}

/** Where looking begins: at the front, or in a longer text a little before the piece that is nearest in meaning. */
function beginningOf(text: string, nearest: number): number {
  return nearest < searchedLength ? 0 : cutBefore(text, 0, nearest)
}

/**
 * The passage of a text that matches the question best, in whole sentences.
 *
 * @param maxTokens Most tokens of the excerpt, estimated; at least 8.
 */
export function excerptOf(text: string, wanted: Wanted, maxTokens: number): Excerpt {
  const nearest = wanted.nearest === undefined ? 0 : Math.max(0, text.indexOf(wanted.nearest))
  const units = unitsOf(text, beginningOf(text, nearest), wanted)
  const room = Math.max(1, maxTokens - markTokens)
  const place = Math.max(
    0,
    units.findLastIndex(({ start }) => start <= nearest),
  )
  const found = bestWindow(units, wanted.weights, room) ?? { first: place, last: place }
  const { first, last } = widened(units, found, room)
  const [start, end] = [units[first]?.start ?? 0, units[last]?.end ?? text.length]
  return cutToFit(text, start, end, maxTokens)
}
