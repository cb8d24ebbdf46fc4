/** The messages of a thread that were not observed yet, and how many tokens they have. */
import { comparePlaces, type Place } from '../../domain/records/observation.ts'
import type { PlacedMessage } from '../../ports/storage.ts'
import { observedText, observedTokens } from '../../recall/text/observed-text.ts'
import type { Door } from '../door/door.ts'

/** A message that can be observed, at its place. */
export interface ObservableMessage extends PlacedMessage {
  /** What was said in it, without what memory added to it. */
  readonly text: string
  readonly tokens: number
}

/** Messages that can be observed now. */
interface Observable {
  readonly messages: readonly ObservableMessage[]
  /** They end before a turn that is open, and may still say more. */
  readonly meetsOpenTurn: boolean
}

/** The tokens of messages, or of spans of them. */
export const sumOf = (counted: readonly { readonly tokens: number }[]) =>
  counted.reduce((sum, { tokens }) => sum + tokens, 0)

function observable(placed: PlacedMessage): ObservableMessage {
  const text = observedText(placed.message.parts)
  return { ...placed, text, tokens: observedTokens(text) }
}

export function placeOfMessage({ turn, index }: PlacedMessage): Place {
  return { turn, index }
}

/**
 * The messages behind a place, up to another one if that is given, in thread order. Ends before the first open turn: it may
 * still say more.
 */
export async function messagesBehind(
  door: Door,
  threadId: string,
  after: Place | null,
  to: Place | null = null,
): Promise<Observable> {
  const found: ObservableMessage[] = []
  const all = { asOf: null, limit: door.core.limits.pageSize, offset: 0, from: null, to: null } as const
  for (let from = after; ; ) {
    const page = await door.messages.list({ threadId, direction: 'asc', after: from, ...all })
    for (const placed of page.items) {
      const isBehind = to !== null && comparePlaces(placeOfMessage(placed), to) > 0
      if (isBehind) return { messages: found, meetsOpenTurn: false }
      if (placed.message.turnStatus === 'open') return { messages: found, meetsOpenTurn: true }
      found.push(observable(placed))
    }
    const last = page.items.at(-1)
    if (!page.more || last === undefined) return { messages: found, meetsOpenTurn: false }
    from = placeOfMessage(last)
  }
}
