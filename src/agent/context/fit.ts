/**
 * Fits a prompt into its token budget. Instructions and new input always stay; other items are kept whole or dropped.
 * Pure.
 */
import { estimateTokenCount } from 'tokenx'
import { MemoryError } from '../../domain/error.ts'

/** Some items as one text, and those that did not fit. */
export interface FittedText<Item> {
  readonly kept: readonly Item[]
  readonly dropped: readonly Item[]
  readonly text: string
  readonly tokens: number
}

/** Tokens of the empty line before a section of the instructions. */
export const joinTokens = 1

/** Writes items as one text, and estimates its tokens. */
interface Writing<Item> {
  readonly write: (items: readonly Item[]) => string
  /** For texts whose size does not matter: estimating a long text takes as long as searching it. */
  readonly roughTokens?: (items: readonly Item[]) => number
}

/** The leading items that fit when they are written as one text. */
export function fitText<Item>(
  items: readonly Item[],
  mostTokens: number,
  { write, roughTokens }: Writing<Item>,
): FittedText<Item> {
  if (mostTokens === Number.POSITIVE_INFINITY && roughTokens !== undefined && items.length > 0) {
    return { kept: items, dropped: [], text: write(items), tokens: roughTokens(items) }
  }
  for (let kept = items; kept.length > 0; ) {
    const text = write(kept)
    const tokens = estimateTokenCount(text)
    if (tokens <= mostTokens) return { kept, dropped: items.slice(kept.length), text, tokens }
    // First near the number that fits, then one by one.
    const share = Math.max(0, Math.floor((kept.length * mostTokens) / tokens))
    kept = kept.slice(0, Math.min(kept.length - 1, share))
  }
  return { kept: [], dropped: items, text: '', tokens: 0 }
}

/** The rest of a budget after the parts that are never dropped. */
export function leftOf(tokenBudget: number, instructions: number, input: number): number {
  const left = tokenBudget - instructions - input
  if (left >= 0) return left
  throw new MemoryError('limit-exceeded', {
    message: `The instructions and the new messages have about ${instructions + input} tokens where ${tokenBudget} is the budget.`,
    fix: 'Shorten them, or raise tokenBudget: only memory and history give way to it.',
    details: { tokenBudget, instructions, input },
  })
}
