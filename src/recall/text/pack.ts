/** The last step of recall: puts ranked rows into the answer until its token budget is full. */

import type { RankedRow, Ranking } from '../ranking.ts'
import { type Corpus, nextOf, previousOf } from '../records/corpus.ts'
import type { Excerpt } from './excerpt.ts'
import { tokensOfText } from './text-tokens.ts'

/** Which rows may be in the answer. */
interface Choice {
  readonly topK: number
  /** How many messages of the same session to add around each item. None by default: more items find more. */
  readonly messageRange?: { readonly before: number; readonly after: number }
  /** Rows with a lower relevance stay out. */
  readonly threshold?: number
}

export interface PackOptions extends Choice {
  /** How many tokens the texts of the answer may have together, as estimated. */
  readonly tokenBudget: number
  /** An item with more tokens is shown by an excerpt, however much room there is. Absent: only one that does not fit. */
  readonly longestItem?: number
  /** The best passage of a row's text, for one that is too long. */
  readonly excerptOf: (row: number, maxTokens: number) => Excerpt
}

export interface PackedItem extends RankedRow {
  /** Rows of the messages around it, in the order of the thread; rows that are ranked themselves are not repeated. */
  readonly before: readonly number[]
  readonly after: readonly number[]
  /** Estimated tokens of its text, or of its excerpt, and of these. */
  readonly tokens: number
  /** The excerpt that replaces its text, which is too long. */
  readonly excerpt?: Excerpt
}

/** Why a ranked row is not in the answer. `gone`: its text was deleted meanwhile. */
export type PackDropReason = 'below-threshold' | 'beyond-top-k' | 'over-budget' | 'gone'

interface DroppedRow extends RankedRow {
  readonly reason: PackDropReason
}

export interface Packing {
  /** The best first. */
  readonly items: readonly PackedItem[]
  readonly dropped: readonly DroppedRow[]
  readonly tokens: number
}

const noRange = { before: 0, after: 0 }

/** Most tokens of an excerpt: about 150 words. More of them find more than longer ones. */
const excerptTokens = 200
/** A shorter excerpt would say too little, but for the best item, which is always in. */
const leastExcerpt = 40
/** Part of the budget that one excerpt may take. */
const excerptShare = 0.25

function reasonToDrop(place: number, { relevance }: RankedRow, { topK, threshold }: Choice): PackDropReason | null {
  if (threshold !== undefined && relevance < threshold) return 'below-threshold'
  return place >= topK ? 'beyond-top-k' : null
}

/** Neighbours of a row that are not ranked themselves. */
function aroundOf(corpus: Corpus, row: number, isTaken: (row: number) => boolean, { messageRange }: Choice) {
  const { before, after } = messageRange ?? noRange
  const walk = (step: typeof previousOf, count: number) => {
    const rows: number[] = []
    let at = step(corpus, row)
    for (let i = 0; i < count && at !== -1; i++, at = step(corpus, at)) if (!isTaken(at)) rows.push(at)
    return rows
  }
  return { before: walk(previousOf, before).reverse(), after: walk(nextOf, after) }
}

/** The rows whose texts {@link pack} asks for. */
export function rowsToRead(corpus: Corpus, ranking: Ranking, options: Choice): readonly number[] {
  const ranked = ranking.rows.filter((row, place) => reasonToDrop(place, row, options) === null).map(({ row }) => row)
  const rows = new Set(ranked)
  for (const row of ranked) {
    const { before, after } = aroundOf(corpus, row, (other) => rows.has(other), options)
    for (const other of [...before, ...after]) rows.add(other)
  }
  return [...rows]
}

/**
 * The excerpt of a text that does not fit into the rest of the budget; null if an excerpt does not fit either. A text
 * no longer than an excerpt is taken whole or dropped, except for the best one: smaller items after it find more than
 * parts of it.
 */
function excerptFor(row: number, own: number, isFirst: boolean, left: number, options: PackOptions): Excerpt | null {
  const { tokenBudget, excerptOf } = options
  if (own <= excerptTokens && !isFirst) return null
  const most = Math.min(left, excerptTokens, Math.max(leastExcerpt, Math.floor(tokenBudget * excerptShare)))
  if (most < leastExcerpt && !isFirst) return null
  const excerpt = excerptOf(row, most)
  return excerpt.tokens <= left ? excerpt : null
}

/**
 * Packs a ranking. `texts` has the texts of {@link rowsToRead}; a row without one is `gone`. An item that does not fit
 * is tried without its neighbours, then as an excerpt. If that does not fit either, it is skipped for smaller ones.
 */
export function pack(
  corpus: Corpus,
  ranking: Ranking,
  texts: ReadonlyMap<number, string>,
  options: PackOptions,
): Packing {
  const items: PackedItem[] = []
  const dropped: DroppedRow[] = []
  const reasons = ranking.rows.map((row, place) => reasonToDrop(place, row, options))
  const taken = new Set(ranking.rows.filter((_, place) => reasons[place] === null).map(({ row }) => row))
  const tokensOf = (rows: readonly number[]) => rows.reduce((sum, row) => sum + tokensOfText(texts.get(row) ?? ''), 0)
  const longest = options.longestItem ?? Number.POSITIVE_INFINITY
  let left = options.tokenBudget
  const take = (item: PackedItem): void => {
    for (const row of [...item.before, ...item.after]) taken.add(row)
    left -= item.tokens
    items.push(item)
  }
  for (const [place, ranked] of ranking.rows.entries()) {
    const reason = reasons[place] ?? (texts.has(ranked.row) ? null : 'gone')
    if (reason !== null) {
      dropped.push({ ...ranked, reason })
      continue
    }
    const own = tokensOf([ranked.row])
    if (own > Math.min(left, longest)) {
      const excerpt = excerptFor(ranked.row, own, items.length === 0, left, options)
      if (excerpt === null) dropped.push({ ...ranked, reason: 'over-budget' })
      else take({ ...ranked, before: [], after: [], tokens: excerpt.tokens, excerpt })
      continue
    }
    const around = aroundOf(corpus, ranked.row, (row) => taken.has(row) || !texts.has(row), options)
    const tokens = own + tokensOf([...around.before, ...around.after])
    take(tokens <= left ? { ...ranked, ...around, tokens } : { ...ranked, before: [], after: [], tokens: own })
  }
  return { items, dropped, tokens: options.tokenBudget - left }
}
