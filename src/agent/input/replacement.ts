/**
 * Which turns a call replaces: the turn of an edited question, or of the question whose answer is given again, and all later
 * ones.
 */

import type { MessageInput } from '../../domain/records/message.ts'
import type { AgentSpace } from '../../ports/agent-memory.ts'
import type { MessagePosition, PlacedMessage } from '../../ports/storage.ts'
import { isAsStored, isKnown, type Sent } from './resent.ts'
import {
  lastMessage,
  messageAfter,
  messagesBetween,
  questionBefore,
  type Standing,
  turnsFrom,
} from './stored-thread.ts'

export interface Replacement {
  readonly replaces: readonly string[]
  /** Messages of the turn before the replaced message, which are stored again. */
  readonly kept: readonly MessageInput[]
  /** Whether the last message is an edit, which is stored under its own id. */
  readonly isEdit: boolean
}

/**
 * The stored message that the last sent message edits: a user's, with the same id and other content. If a client gives
 * new ids each time, the message that stands in the place of one that the call names as an edit.
 */
function editedBy(last: Sent | undefined, isNamed: boolean, { hidden, inPlaceOfLast }: Known): PlacedMessage | null {
  if (last?.message.input.role !== 'user') return null
  if (!isKnown(last)) return isNamed ? inPlaceOfLast : null
  if (last.standing.message.role !== 'user') return null
  return isAsStored(last.message.input, last.standing, hidden) ? null : last.standing
}

/** Where the answer to give again begins; null if there is none. */
async function answerPlace(
  space: AgentSpace,
  threadId: string,
  last: Sent | undefined,
  named: Standing | undefined,
): Promise<MessagePosition | null> {
  if (typeof named === 'object' && named?.message.role === 'assistant') return named
  const standing = last === undefined ? await lastMessage(space, threadId) : isKnown(last) ? last.standing : null
  if (standing === null) return null
  const next = await messageAfter(space, threadId, standing)
  if (next?.message.role === 'assistant') return next
  if (standing.message.role === 'assistant') return next === null ? standing : null
  // A question without an answer: its turn failed.
  return { turn: standing.turn, index: standing.index + 1 }
}

/** What a call asks to replace, apart from an edit that shows by its content. */
export type Asked =
  /** An answer, and its place if the call names one. */
  | { readonly trigger: 'regenerate-message'; readonly named: Standing | undefined }
  /** The last message, if the call names it: a user may send the same words again. */
  | { readonly trigger: 'submit-message'; readonly messageId: string | undefined }

/** What is known of the thread. */
interface Known {
  /** Calls that are not compared. */
  readonly hidden: ReadonlySet<string>
  /** The stored message that stands where the last sent one would. */
  readonly inPlaceOfLast: PlacedMessage | null
}

/** @returns null if nothing is replaced. */
export async function planReplacement(
  space: AgentSpace,
  threadId: string,
  last: Sent | undefined,
  asked: Asked,
  known: Known,
): Promise<Replacement | null> {
  const isRegenerated = asked.trigger === 'regenerate-message'
  const isNamed = !isRegenerated && asked.messageId !== undefined && asked.messageId === last?.message.input.id
  const edited = editedBy(last, isNamed, known)
  const place = edited ?? (isRegenerated ? await answerPlace(space, threadId, last, asked.named) : null)
  if (place === null) return null
  // An imported question may lie in an earlier turn than its answer.
  const question = edited === null ? await questionBefore(space, threadId, place) : null
  const first = question?.turn ?? place.turn
  const [kept, replaces] = await Promise.all([
    messagesBetween(space, threadId, first, place),
    turnsFrom(space, threadId, first),
  ])
  return { replaces, kept, isEdit: edited !== null }
}
