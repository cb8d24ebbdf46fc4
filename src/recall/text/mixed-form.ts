/** Which recalled items a prompt shows as they were said, and which in few words: where notes stand next to them. Pure. */

/** Share of the tokens for items as they were said. The next ones are shown in few words. */
export const wholeShare = 0.7

/** An item in few words. */
interface ShortForm {
  readonly text: string
  /** With its place and its author, estimated. */
  readonly tokens: number
}

/** How items become a part of a prompt. */
interface Mixing<Item> {
  /** Of all items together, estimated. */
  readonly mostTokens: number
  /** Items that are shown as they were said, at most. */
  readonly mostWhole: number
  /** Of an item as it was said, estimated. */
  readonly tokensOf: (item: Item) => number
  /** Null if there is nothing to say of it in few words. */
  readonly shorten: (item: Item) => ShortForm | null
}

/** An item in the form in which a prompt shows it. */
export interface FormedItem<Item> {
  readonly item: Item
  readonly tokens: number
  /** Its words where they are few. Absent: as it was said. */
  readonly short?: string
}

/**
 * The best items as they were said, in 70 % of the tokens, then the next ones in few words. Measured by `npm run eval:observations`.
 * If all items fit as they were said, none is shortened.
 *
 * @param items The best first.
 * @returns In the same order.
 */
export function mixedForm<Item>(
  items: readonly Item[],
  { mostTokens, mostWhole, tokensOf, shorten }: Mixing<Item>,
): readonly FormedItem<Item>[] {
  const sizes = items.map(tokensOf)
  const all = sizes.reduce((sum, tokens) => sum + tokens, 0)
  const wholeTokens = all <= mostTokens && items.length <= mostWhole ? mostTokens : mostTokens * wholeShare
  const formed: FormedItem<Item>[] = []
  let used = 0
  let isWhole = true
  for (const [place, item] of items.entries()) {
    const tokens = sizes[place] as number
    isWhole &&= place < mostWhole && used + tokens <= wholeTokens
    if (isWhole) {
      formed.push({ item, tokens })
      used += tokens
      continue
    }
    const short = shorten(item)
    if (short === null || used + short.tokens > mostTokens) continue
    formed.push({ item, tokens: short.tokens, short: short.text })
    used += short.tokens
  }
  return formed
}
