/** Finds messages of a thread by their ids, in the draft of a commit. */

import { parseMessageId, unpackTurn } from '../id.ts'
import { isReplacing, type MessagePlace, stands } from '../records/turn.ts'
import type { Draft } from './draft.ts'

/** The places of all messages that have, or had, an id in the thread. */
function* placesOf(draft: Draft, threadId: string, messageId: string): Generator<MessagePlace> {
  const issued = parseMessageId(messageId)
  if (issued !== null && issued.spaceKey === draft.space.key) {
    const turn = draft.turn(issued.turn)
    if (turn !== null && issued.index < turn.messages.length) yield { threadId: draft.thread.id, ...issued }
  }
  for (const caller of draft.callerIds) if (caller.id === messageId) yield caller
  for (const place of draft.view.callerMessages(threadId, messageId)) {
    if (unpackTurn(place.turn).turnSeq >= draft.thread.createdSeq) yield place
  }
}

/**
 * The place of the message with that id in the thread: of one that stands, otherwise of one whose turn is at work on
 * replacing others.
 */
export function findMessage(draft: Draft, threadId: string, messageId: string): MessagePlace | null {
  let replacing: MessagePlace | null = null
  for (const place of placesOf(draft, threadId, messageId)) {
    const turn = draft.turn(place.turn)
    // The change that is being decided saves it.
    if (turn === null || place.index >= turn.messages.length) return place
    if (turn.messages[place.index]?.id !== messageId) continue
    if (stands(turn)) return place
    if (isReplacing(turn)) replacing ??= place
  }
  return replacing
}
