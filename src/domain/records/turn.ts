/** Turns: single exchanges in a thread, an input and everything that answers it. */

import type { Actor } from '../actor.ts'
import type { Seq, ThreadId, TurnId } from '../id.ts'
import type { Message, MessagePart } from './message.ts'
export const turnStatuses = ['open', 'complete', 'aborted', 'failed', 'interrupted', 'suspended', 'discarded'] as const

/** How a turn stands: `open`, or how it was closed. */
export type TurnStatus = (typeof turnStatuses)[number]

export const shownStatuses = [...turnStatuses, 'replacing'] as const

/**
 * How the turn of a message stands: as the turn does, or `replacing` while it is open and has no answer yet that could
 * stand in the place of the turns that it replaces.
 */
export type ShownStatus = (typeof shownStatuses)[number]

/** A turn as folded from its rows. A deleted message leaves null in its place. */
export interface TurnState {
  readonly turn: number
  readonly id: TurnId
  readonly threadId: ThreadId
  readonly status: TurnStatus
  readonly actor: Actor
  readonly runId?: string
  /** The turns whose place it takes once it has an answer; absent if it replaces none. */
  readonly replaces?: readonly TurnId[]
  /** It replaces others, and has kept a part of an answer or was completed: it stands in their place. */
  readonly answered?: true
  /** The turn that stands in its place. Absent for a turn that was not replaced, or was restored since. */
  readonly replacedBy?: TurnId
  /**
   * Seq of the commit that set it aside, because a turn of another branch was restored; it returns only when it is
   * restored itself. 0: it never returns, because its content went with the compacted log.
   */
  readonly asideAt?: Seq
  /** Seq of the commit that restored it, if that is the last that happened to its place. */
  readonly returnedAt?: Seq
  /** How long its lease lasts after each step of its owner, milliseconds; 0 for a turn that was never open. */
  readonly leaseMs: number
  readonly messages: readonly (Message | null)[]
}

/** A call of a tool, and the part that it becomes. */
export interface CompletedCall {
  readonly toolCallId: string
  readonly part: MessagePart
}

/** What a `message-extend` adds to a message, and the calls that it completes: one, or several. */
interface Extension {
  readonly parts?: readonly MessagePart[]
  readonly complete?: CompletedCall | readonly CompletedCall[]
}

/** The calls that an extension completes. */
export function completedCalls({ complete }: Pick<Extension, 'complete'>): readonly CompletedCall[] {
  if (complete === undefined) return []
  return 'part' in complete ? [complete] : complete
}

/** The parts of a message after an extension. */
export function extendedParts(parts: readonly MessagePart[], extension: Extension): readonly MessagePart[] {
  const { parts: added } = extension
  const all = added === undefined ? parts : [...parts, ...added]
  const completed = new Map<unknown, MessagePart>(completedCalls(extension).map((call) => [call.toolCallId, call.part]))
  return completed.size === 0 ? all : all.map((part) => completed.get(part.toolCallId) ?? part)
}

type OwnStanding = Pick<TurnState, 'status' | 'replaces' | 'answered' | 'replacedBy'>

/** Whether a turn stands in its thread, as its own rows say: `standing` in standing.ts decides it. */
export function stands({ status, replaces, answered, replacedBy }: OwnStanding): boolean {
  if (status === 'discarded' || replacedBy !== undefined) return false
  return replaces === undefined || answered === true
}

/** Whether a turn is at work on an answer that will stand in the place of other turns. */
export function isReplacing({ status, replaces, answered, replacedBy }: OwnStanding): boolean {
  return status === 'open' && replaces !== undefined && answered !== true && replacedBy === undefined
}

const none: readonly Message[] = []

/** Messages that count, that recall finds and that prompts show: those of turns that stand. */
export function visibleMessages(turn: TurnState): readonly Message[] {
  return stands(turn) ? turn.messages.filter((message) => message !== null) : none
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
