/** The last step of recall: takes ranked rows into the answer until its token budget is full. */

import { estimateTokenCount } from 'tokenx'
import { type Corpus, nextOf, previousOf } from './corpus.ts'
import type { RankedRow, Ranking } from './rank.ts'

export interface PackOptions {
  readonly topK: number
  /** How many tokens the texts of the answer may have together, as estimated. */
  readonly tokenBudget: number
  /** How many messages of the same session to add around each item. None by default: more items find more. */
  readonly messageRange?: { readonly before: number; readonly after: number }
  /** Rows with a lower score stay out. */
  readonly threshold?: number
}

export interface PackedItem extends RankedRow {
  /** Rows of the messages around it, in the order of the thread; rows that are ranked themselves are not repeated. */
  readonly before: readonly number[]
  readonly after: readonly number[]
  /** Estimated tokens of its text and of these. */
  readonly tokens: number
}

/** Why a ranked row is not in the answer. `gone`: its text was deleted meanwhile. */
export type DropReason = 'below-threshold' | 'beyond-top-k' | 'over-budget' | 'gone'

export interface DroppedRow extends RankedRow {
  readonly reason: DropReason
}

export interface Packing {
  /** The best first. */
  readonly items: readonly PackedItem[]
  readonly dropped: readonly DroppedRow[]
  readonly tokens: number
}

const noRange = { before: 0, after: 0 }

function reasonToDrop(place: number, { score }: RankedRow, { topK, threshold }: PackOptions): DropReason | null {
  if (threshold !== undefined && score < threshold) return 'below-threshold'
  return place >= topK ? 'beyond-top-k' : null
}

/** Neighbours of a row that are not ranked themselves. */
function aroundOf(corpus: Corpus, row: number, isTaken: (row: number) => boolean, { messageRange }: PackOptions) {
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
export function rowsToRead(corpus: Corpus, ranking: Ranking, options: PackOptions): readonly number[] {
  const ranked = ranking.rows.filter((row, place) => reasonToDrop(place, row, options) === null).map(({ row }) => row)
  const rows = new Set(ranked)
  for (const row of ranked) {
    const { before, after } = aroundOf(corpus, row, (other) => rows.has(other), options)
    for (const other of [...before, ...after]) rows.add(other)
  }
  return [...rows]
}

/**
 * Packs a ranking. `texts` has the texts of {@link rowsToRead}; a row without one is `gone`. An item that does not fit is
 * tried without its neighbours, then passed over for smaller ones behind it.
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
  const tokensOf = (rows: readonly number[]) =>
    rows.reduce((sum, row) => sum + estimateTokenCount(texts.get(row) ?? ''), 0)
  let left = options.tokenBudget
  for (const [place, ranked] of ranking.rows.entries()) {
    const reason = reasons[place] ?? (texts.has(ranked.row) ? null : 'gone')
    const own = reason === null ? tokensOf([ranked.row]) : 0
    if (reason !== null || own > left) {
      dropped.push({ ...ranked, reason: reason ?? 'over-budget' })
      continue
    }
    const around = aroundOf(corpus, ranked.row, (row) => taken.has(row) || !texts.has(row), options)
    const tokens = own + tokensOf([...around.before, ...around.after])
    const item: PackedItem =
      tokens <= left ? { ...ranked, ...around, tokens } : { ...ranked, before: [], after: [], tokens: own }
    for (const row of [...item.before, ...item.after]) taken.add(row)
    left -= item.tokens
    items.push(item)
  }
  return { items, dropped, tokens: options.tokenBudget - left }
}
