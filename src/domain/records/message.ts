/** Messages: single utterances of a conversation, in the form of the AI SDK's `UIMessage`. */

import type { Actor, Author } from '../actor.ts'
import type { MessageId, Seq, ThreadId, TurnId } from '../id.ts'
import { isJsonObject, type Json, type JsonObject } from '../json.ts'
import type { ShownStatus } from './turn.ts'

export const roles = ['system', 'user', 'assistant'] as const
/** Who speaks: the application (`system`), a person (`user`), or a model (`assistant`). */
export type Role = (typeof roles)[number]

/** One part of a message: text, file, tool call, reasoning … any part of the AI SDK, told apart by `type`. */
export interface MessagePart {
  /** What it is: `text`, `file`, `reasoning`, `tool-<name>` … */
  readonly type: string
  readonly [field: string]: Json
}

/** Parts of model messages about an approval. Their names look like those of calls, but they are not calls. */
const approvalParts = ['tool-approval-request', 'tool-approval-response']

/** Whether a part is the call of a tool. */
export function isToolPart({ type }: MessagePart): boolean {
  return type === 'dynamic-tool' || (type.startsWith('tool-') && !approvalParts.includes(type))
}

/** The name of the tool that a part is a call of. */
export function toolNameOf({ type, toolName }: MessagePart): string {
  return type === 'dynamic-tool' ? String(toolName) : type.slice('tool-'.length)
}

/** Whether a part is a call of one of memory's own tools, which prompts, users and recall do not see. */
export function isInternal(part: MessagePart): boolean {
  if (part.toolMetadata === undefined || !isToolPart(part)) return false
  const marks = isJsonObject(part.toolMetadata) ? part.toolMetadata.aquifer : null
  return isJsonObject(marks) && marks.internal === true
}

/** Whether a message is empty without its internal parts. The start of a step has no content. */
export function isAllInternal(parts: readonly MessagePart[]): boolean {
  return parts.some(isInternal) && parts.every((part) => part.type === 'step-start' || isInternal(part))
}

/** The parts without internal ones. */
export function withoutInternal(parts: readonly MessagePart[]): readonly MessagePart[] {
  return parts.some(isInternal) ? parts.filter((part) => !isInternal(part)) : parts
}

/** A message as a change submits it. `id` only if a caller chose it; `author` only if it is not the default. */
export interface MessageInput {
  readonly id?: string
  readonly role: Role
  readonly parts: readonly MessagePart[]
  readonly metadata?: JsonObject
  readonly author?: Actor & { readonly claimed?: true }
  /** ISO time given on import. Used for dates and recall, never for order. */
  readonly createdAt?: string
}

/** A message as the log stores it: as submitted, with its author if that is not the default. */
export interface LoggedMessage {
  readonly id?: string
  readonly role: Role
  readonly parts: readonly MessagePart[]
  readonly metadata?: JsonObject
  readonly author?: Author
  readonly createdAt?: string
}

/** A message as readers return it. */
export interface Message {
  readonly id: MessageId
  readonly threadId: ThreadId
  readonly role: Role
  readonly parts: readonly MessagePart[]
  readonly metadata?: JsonObject
  readonly author: Author
  readonly turnId: TurnId
  readonly turnStatus: ShownStatus
  readonly createdAt: string
  /** Time of the last edit; absent if never edited. */
  readonly editedAt?: string
  /** Seq of the commit that saved it. */
  readonly seq: Seq
  /**
   * Only for a message that does not stand in its thread: the turn that stands in the place of its own; null if its
   * turn ended before it had an answer to stand there with.
   */
  readonly replacedBy?: TurnId | null
}
