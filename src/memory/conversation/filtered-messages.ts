/** Pages of messages whose metadata match a filter: found by looking through the thread, a limited way at a time. */
import type { Test } from '../../domain/filter.ts'
import type { Limits } from '../../domain/limits.ts'
import type { Listed, MessagePosition, MessageQuery, PlacedMessage } from '../../ports/storage.ts'
import { pageTooFar } from '../arguments/refusal.ts'

/** A page, and the place from which the next one goes on. */
export interface ListedMessages extends Listed<PlacedMessage> {
  /** null on the last page. */
  readonly next: MessagePosition | null
}

/** Messages read at once. */
const batchSize = 500

/** A page as the storage lists it. */
export function unfiltered(listed: Listed<PlacedMessage>): ListedMessages {
  const last = listed.items.at(-1)
  return { ...listed, next: listed.more && last !== undefined ? { turn: last.turn, index: last.index } : null }
}

/**
 * The messages of a page that match. It ends early where `limits.filterScan` messages were looked through; `next` then goes
 * on from there.
 *
 * @throws MemoryError `limit-exceeded` if a numbered page is not reached before that.
 */
export async function listMatching(
  list: (query: MessageQuery) => Promise<Listed<PlacedMessage>>,
  { limit, offset, ...query }: MessageQuery,
  matches: Test,
  limits: Limits,
): Promise<ListedMessages> {
  const found: PlacedMessage[] = []
  let { after, asOf } = query
  let next = after
  let left = limits.filterScan
  let toSkip = offset
  for (;;) {
    const page = await list({ ...query, after, asOf, limit: Math.min(batchSize, left), offset: 0 })
    asOf = page.asOf
    for (const place of page.items) {
      after = { turn: place.turn, index: place.index }
      const isMatch = matches(place.message.metadata ?? {})
      // One more match than the page holds says that there is a next page. It begins behind the last match of this one.
      if (found.length === limit) {
        if (isMatch) return { ...page, items: found, more: true, next }
        continue
      }
      next = after
      if (!isMatch) continue
      if (toSkip > 0) toSkip--
      else found.push(place)
    }
    left -= page.items.length
    if (!page.more) return { ...page, items: found, more: false, next: null }
    if (left > 0) continue
    if (toSkip > 0) throw pageTooFar(limits)
    return { ...page, items: found, more: true, next }
  }
}
