/** Which turns a call takes the place of: of an edited question or an answer to be given anew, and all later ones. */
import type { MessageInput } from '../../domain/records/message.ts'
import type { Door } from '../../memory/door/door.ts'
import type { MessagePosition, PlacedMessage } from '../../ports/storage.ts'
import { isAsStored, isKnown, type Sent } from './resent.ts'
import { messageAfter, messagesBefore, type Standing, turnsFrom } from './stored-thread.ts'

export interface Replacement {
  readonly replaces: readonly string[]
  /** What was said in the turn before the replaced message, and is to be stored again. */
  readonly kept: readonly MessageInput[]
  /** Whether the last message sent is an edit, to be stored under the id it has. */
  readonly isEdit: boolean
}

/** The stored message that the last one sent is an edit of: a user's, under its id, with other content or named as one. */
function editedBy(last: Sent | undefined, isNamed: boolean, hidden: ReadonlySet<string>): PlacedMessage | null {
  if (!isKnown(last) || last.message.input.role !== 'user' || last.standing.message.role !== 'user') return null
  return isNamed || !isAsStored(last.message.input, last.standing, hidden) ? last.standing : null
}

/** Where the answer to be given anew begins; null if there is none. */
async function answerPlace(
  space: Door,
  threadId: string,
  last: Sent | undefined,
  named: Standing | undefined,
): Promise<MessagePosition | null> {
  if (typeof named === 'object' && named?.message.role === 'assistant') return named
  if (!isKnown(last)) return null
  const { standing } = last
  const next = await messageAfter(space, threadId, standing)
  if (next?.message.role === 'assistant') return next
  // A question that nobody answered: its turn came to nothing.
  return standing.message.role === 'user' ? { turn: standing.turn, index: standing.index + 1 } : null
}

/** What a call asks to be replaced, beside an edit that shows by its content. */
export type Asked =
  /** An answer; where the one stands that the call names, if it names one. */
  | { readonly trigger: 'regenerate-message'; readonly named: Standing | undefined }
  /** The last message, if it is the one that the call names: a user may send the same words again. */
  | { readonly trigger: 'submit-message'; readonly messageId: string | undefined }

/** @returns null if nothing is replaced. */
export async function planReplacement(
  space: Door,
  threadId: string,
  last: Sent | undefined,
  asked: Asked,
  hidden: ReadonlySet<string>,
): Promise<Replacement | null> {
  const isRegenerated = asked.trigger === 'regenerate-message'
  const isNamed = !isRegenerated && asked.messageId !== undefined && asked.messageId === last?.message.input.id
  const edited = editedBy(last, isNamed, hidden)
  const place = edited ?? (isRegenerated ? await answerPlace(space, threadId, last, asked.named) : null)
  if (place === null) return null
  const [kept, replaces] = await Promise.all([
    messagesBefore(space, threadId, place),
    turnsFrom(space, threadId, place.turn),
  ])
  return { replaces, kept, isEdit: edited !== null }
}
