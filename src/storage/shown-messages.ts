/** Which messages of a turn a list of its thread shows. Pure; shared by drivers. */

import type { Message } from '../domain/records/message.ts'
import { isReplacing, stands, type TurnState } from '../domain/records/turn.ts'
import type { MessageQuery } from '../ports/storage.ts'

const none: readonly (Message | null)[] = []

/** The messages of a turn at their places in it; none if the list does not show the turn. */
export function shownMessages(
  turn: TurnState,
  { turns = 'standing' }: Pick<MessageQuery, 'turns'>,
): readonly (Message | null)[] {
  if (turn.status === 'discarded') return none
  if (stands(turn)) return turn.messages
  if (isReplacing(turn)) return turns === 'standing' ? none : turn.messages
  if (turns !== 'all') return none
  const replacedBy = turn.replacedBy ?? null
  return turn.messages.map((message) => message && { ...message, replacedBy })
}

/** The place to answer of those that a message id has in one thread: of the turn that stands, else of one that is shown. */
export function placeToShow<Place extends { readonly state: TurnState }>(places: readonly Place[]): Place | null {
  return places.find(({ state }) => stands(state)) ?? places.find(({ state }) => isReplacing(state)) ?? null
}
