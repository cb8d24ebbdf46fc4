/** Turns: single exchanges in a thread, an input and everything that answers it. */

import type { Actor } from '../actor.ts'
import type { ThreadId, TurnId } from '../id.ts'
import type { Message, MessagePart } from './message.ts'
export const turnStatuses = ['open', 'complete', 'aborted', 'failed', 'interrupted', 'suspended', 'discarded'] as const

/** How a turn stands: `open`, or how it was closed. */
export type TurnStatus = (typeof turnStatuses)[number]

/** A turn as folded from its rows. A deleted message leaves null in its place. */
export interface TurnState {
  readonly turn: number
  readonly id: TurnId
  readonly threadId: ThreadId
  readonly status: TurnStatus
  readonly actor: Actor
  readonly runId?: string
  readonly replacedBy?: TurnId
  /** How long its lease lasts after each step of its owner, milliseconds; 0 for a turn that was never open. */
  readonly leaseMs: number
  readonly messages: readonly (Message | null)[]
}

/** What a `message-extend` adds to a message, or the part that it completes. */
interface Extension {
  readonly parts?: readonly MessagePart[]
  readonly complete?: { readonly toolCallId: string; readonly part: MessagePart }
}

/** The parts of a message after an extension. */
export function extendedParts(
  parts: readonly MessagePart[],
  { parts: added, complete }: Extension,
): readonly MessagePart[] {
  const all = added === undefined ? parts : [...parts, ...added]
  if (complete === undefined) return all
  return all.map((part) => (part.toolCallId === complete.toolCallId ? complete.part : part))
}

/** Messages that lists and recall return: none of a replaced or discarded turn. */
export function visibleMessages(turn: TurnState): readonly Message[] {
  if (turn.replacedBy !== undefined || turn.status === 'discarded') return []
  return turn.messages.filter((message) => message !== null)
}

/** The place of a message, to look up ids that callers chose. */
export interface MessagePlace {
  readonly threadId: ThreadId
  readonly turn: number
  readonly index: number
}

/** A message with a caller's id at its place, or one whose id was released. */
export interface CallerMessageId extends MessagePlace {
  readonly id: string
}

/** How the owner of a turn may close it. Others close it as `interrupted` once its lease has expired. */
export const closedStatuses = ['complete', 'aborted', 'failed', 'interrupted', 'suspended'] as const

export type ClosedStatus = (typeof closedStatuses)[number]
