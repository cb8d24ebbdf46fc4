/** Records as the facade returns them: those of the domain, with `Date`s, their space and its resource. */

import type { Author } from '../../domain/actor.ts'
import { invariant } from '../../domain/error.ts'
import type { Seq, SpaceId } from '../../domain/id.ts'
import type { JsonObject } from '../../domain/json.ts'
import { type Message, type Role, withoutInternal } from '../../domain/records/message.ts'
import type { ThreadSource, ThreadState } from '../../domain/records/thread.ts'
import type { TurnStatus } from '../../domain/records/turn.ts'
import { parseSpaceId, resourceOf } from '../../domain/space.ts'
import { dateOf } from '../../domain/time.ts'
import type { StoredPart } from './stored-part.ts'

/** The place of a record. */
export interface RecordPlace {
  /** The space, such as `resource/alice` or `resource/alice/agent/researcher`. */
  readonly space: string
  /** The resource that the space belongs to, the outermost one in its path; absent outside any resource, as in `team/acme`. */
  readonly resourceId?: string
}

/** The fields of a record that name its place. */
export function recordPlace(space: SpaceId): RecordPlace {
  const resourceId = resourceOf(parseSpaceId(space).address)
  return resourceId === null ? { space } : { space, resourceId }
}

/** A conversation of a resource. */
export interface Thread extends RecordPlace {
  readonly id: string
  /** The resource that it belongs to. */
  readonly resourceId: string
  /** null if it has none. */
  readonly title: string | null
  /** Data of the application, as it was stored. `{}` if there is none. */
  readonly metadata: JsonObject
  /** When it was created. */
  readonly createdAt: Date
  /** When the thread itself last changed; saving messages does not move it. */
  readonly updatedAt: Date
  /** When messages were last saved; null while it has none. */
  readonly lastMessageAt: Date | null
  /** Messages in it, without replaced and discarded turns. */
  readonly messageCount: number
  /** When it was archived; null if it is not. */
  readonly archivedAt: Date | null
  /** Seq of the commit that last changed the thread itself, for `ifVersion`. */
  readonly version: Seq
  /** The thread that it was cloned from. Absent if it was not. */
  readonly source?: ThreadSource
}

/** A stored message: a UI message of the AI SDK, with its author, place and time. */
export interface StoredMessage extends RecordPlace {
  readonly id: string
  /** `user`, `assistant` or `system`. */
  readonly role: Role
  /** Its content: parts as an AI SDK `UIMessage` has them. */
  readonly parts: StoredPart[]
  /** Data of the application. Absent if there is none. */
  readonly metadata?: JsonObject
  readonly threadId: string
  /** Who is speaking; `claimed` if a caller stated somebody other than the actor. */
  readonly author: Author
  readonly turnId: string
  /** How its turn stands: `open`, or how it ended. */
  readonly turnStatus: TurnStatus
  /** When it was said. */
  readonly createdAt: Date
  /** When it was last edited; absent if never. */
  readonly editedAt?: Date
  /** Seq of the commit that saved it. */
  readonly seq: Seq
}

export function toThread(thread: ThreadState, space: SpaceId): Thread {
  const { resourceId } = recordPlace(space)
  invariant(resourceId !== undefined, 'threads are listed and found in the spaces of resources')
  const { id, title, metadata, createdAt, updatedAt, lastMessageAt, messageCount, archivedAt, version, source } = thread
  return {
    id,
    space,
    resourceId,
    title,
    metadata,
    createdAt: dateOf(createdAt),
    updatedAt: dateOf(updatedAt),
    lastMessageAt: lastMessageAt === null ? null : dateOf(lastMessageAt),
    messageCount,
    archivedAt: archivedAt === null ? null : dateOf(archivedAt),
    version,
    ...(source === undefined ? {} : { source }),
  }
}

type Building<Record> = { -readonly [Field in keyof Record]: Record[Field] }

/** The message as lists and recall return it: without internal parts, unless they are asked for. */
export function toListedMessage(message: Message, place: RecordPlace, includeInternal = false): StoredMessage {
  const parts = includeInternal ? message.parts : withoutInternal(message.parts)
  return toStoredMessage(parts === message.parts ? message : { ...message, parts }, place)
}

export function toStoredMessage(message: Message, { space, resourceId }: RecordPlace): StoredMessage {
  // Copied field by field: a page has many messages, and spreading optional fields makes an object for each.
  const stored: Building<StoredMessage> = {
    id: message.id,
    role: message.role,
    parts: message.parts as StoredPart[],
    threadId: message.threadId,
    space,
    author: message.author,
    turnId: message.turnId,
    turnStatus: message.turnStatus,
    createdAt: dateOf(message.createdAt),
    seq: message.seq,
  }
  if (resourceId !== undefined) stored.resourceId = resourceId
  if (message.metadata !== undefined) stored.metadata = message.metadata
  if (message.editedAt !== undefined) stored.editedAt = dateOf(message.editedAt)
  return stored
}
