/** The section of the history: the newest messages of the thread before this turn, whole. */

import type { Message } from '../../domain/records/message.ts'
import { noteTokens, type Shown, shownTokens, storedUtterance } from './conversation.ts'
import { type Showing, shownMessage } from './model-messages.ts'
import type { FittedPart, Section, SectionDropReason } from './section.ts'
import { type SeenMessage, seenMessages } from './seen.ts'
import { beginningFrom, type ThreadWindow } from './thread-window.ts'

export interface ShownHistory extends FittedPart {
  readonly shown: readonly Shown[]
}

/** Shows the newest messages that fit both limits. Older ones are dropped whole. */
async function showHistory(
  messages: readonly Message[],
  showing: Showing,
  maxTokens: number,
  left: number,
): Promise<ShownHistory> {
  const shown: Shown[] = []
  let used = 0
  let reason: SectionDropReason = 'budget'
  let start = messages.length
  for (; start > 0; start--) {
    const utterance = storedUtterance(messages[start - 1] as Message, { ownTurnId: null })
    const message = await shownMessage(utterance, showing, false)
    if (used + message.tokens > Math.min(maxTokens, left)) {
      reason = used + message.tokens > maxTokens ? 'max-tokens' : 'budget'
      break
    }
    used += message.tokens
    shown.unshift({ ...message, utterance })
  }
  const begin = start === 0 ? 0 : beginningFrom(messages, start)
  const kept = shown.slice(begin - start)
  return {
    shown: kept.filter((one) => one.messages.length > 0),
    dropped: messages.slice(0, begin).map(({ id }) => ({ id, reason })),
    tokens: shownTokens(kept),
  }
}

export const history: Section<'history', ThreadWindow, ShownHistory, { readonly messages: readonly SeenMessage[] }> = {
  name: 'history',
  place: 'messages',
  share: 1,
  setAside: noteTokens,
  read: ({ window }) => window,
  fit(found, most, { input: { newMessages, behaviour }, showing }) {
    const given = new Set<string | undefined>(newMessages.map(({ id }) => id))
    const older = found.history.filter(({ id }) => !given.has(id))
    return showHistory(older, showing, behaviour.messageHistory.maxTokens ?? Number.POSITIVE_INFINITY, most)
  },
  show: ({ shown }) => shown.flatMap(({ messages }) => messages),
  seen: ({ shown }) => ({ messages: seenMessages(shown) }),
}
