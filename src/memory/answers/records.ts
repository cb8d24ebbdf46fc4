/** Records as operations answer them: the domain's, with their space and the resource that it belongs to. */

import type { Author } from '../../domain/actor.ts'
import { invariant } from '../../domain/error.ts'
import { parseObservationId, type Seq, type SpaceId, type SpaceKey, turnIdOf } from '../../domain/id.ts'
import type { JsonObject } from '../../domain/json.ts'
import { type Message, type Role, withoutInternal } from '../../domain/records/message.ts'
import {
  noteOf,
  type ObservationKind,
  type ObservationMaker,
  type ObservationPriority,
  type Place,
} from '../../domain/records/observation.ts'
import type { RecordState } from '../../domain/records/record.ts'
import type { ThreadSource, ThreadState } from '../../domain/records/thread.ts'
import type { ShownStatus } from '../../domain/records/turn.ts'
import { parseSpaceId, resourceOf } from '../../domain/space.ts'
import type { Trust } from '../../domain/trust.ts'
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

/** A conversation of a resource. Times are ISO texts, and Dates in the facade. */
export interface ThreadRecord<Time = string> extends RecordPlace {
  readonly id: string
  /** The resource that it belongs to. */
  readonly resourceId: string
  /** null if it has none. */
  readonly title: string | null
  /** Data of the application, as it was stored. `{}` if there is none. */
  readonly metadata: JsonObject
  /** When it was created. */
  readonly createdAt: Time
  /** When the thread itself last changed; saving messages does not move it. */
  readonly updatedAt: Time
  /** When messages were last saved; null while it has none. */
  readonly lastMessageAt: Time | null
  /** Messages in it, without replaced and discarded turns. */
  readonly messageCount: number
  /** When it was archived; null if it is not. */
  readonly archivedAt: Time | null
  /** Seq of the commit that last changed the thread itself, for `ifVersion`. */
  readonly version: Seq
  /** The thread that it was cloned from. Absent if it was not. */
  readonly source?: ThreadSource
}

/** A stored message: a UI message of the AI SDK, with its author, place and time. */
export interface MessageRecord<Time = string> extends RecordPlace {
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
  /**
   * How its turn stands: `open`, or how it ended. `replacing`: it is open, and will stand in the place of other turns once
   * it has an answer; until then they stand.
   */
  readonly turnStatus: ShownStatus
  /** When it was said. */
  readonly createdAt: Time
  /** When it was last edited; absent if never. */
  readonly editedAt?: Time
  /** Seq of the commit that saved it. */
  readonly seq: Seq
  /**
   * Only with `include: 'replaced'`, for a message that does not stand in its thread: the turn that stands in the place
   * of its own; null if its turn was to replace others and ended without an answer.
   */
  readonly replacedBy?: string | null
}

export function toThread(thread: ThreadState, space: SpaceId): ThreadRecord {
  const { resourceId } = recordPlace(space)
  invariant(resourceId !== undefined, 'threads are listed and found in the spaces of resources')
  const { id, title, metadata, createdAt, updatedAt, lastMessageAt, messageCount, archivedAt, version, source } = thread
  return {
    id,
    space,
    resourceId,
    title,
    metadata,
    createdAt,
    updatedAt,
    lastMessageAt,
    messageCount,
    archivedAt,
    version,
    ...(source === undefined ? {} : { source }),
  }
}

/** The place of a message in its thread. */
interface ObservedPlace {
  readonly turnId: string
  /** Its number in the turn, from 0. */
  readonly index: number
}

/** A note that was condensed from messages of a thread. */
export interface ObservationRecord<Time = string> extends RecordPlace {
  readonly id: string
  readonly threadId: string
  /** What was noted. */
  readonly text: string
  /** `note` is something that was said, `task` what is being done now, `suggestion` how to go on. */
  readonly kind: ObservationKind
  /** How much it matters; `done` is settled. */
  readonly priority: ObservationPriority
  /** What made it: a language model, or rules that extract sentences. */
  readonly made: ObservationMaker
  /** When it was said. */
  readonly saidAt: Time
  /** The time that it is about, as an ISO date or in words. Absent if it is about none. */
  readonly refersTo?: string
  /** Who said it. Absent if several did. */
  readonly author?: Author
  /** The lowest trust of those who said it. */
  readonly trust: Trust
  /** The first and the last message that it condenses. */
  readonly sources: { readonly from: ObservedPlace; readonly until: ObservedPlace }
  /** The reflection that it belongs to; 0 for a note that was observed directly. */
  readonly generation: number
  /** When it was stored. */
  readonly createdAt: Time
  /** Seq of the commit that stored it. */
  readonly seq: Seq
}

function observedPlace(spaceKey: SpaceKey, { turn, index }: Place): ObservedPlace {
  return { turnId: turnIdOf(spaceKey, turn), index }
}

/** A stored note as operations answer it. */
export function toObservation(id: string, { value, version, createdAt }: RecordState, place: RecordPlace) {
  const { threadId, text, kind, priority, made, saidAt, refersTo, author, trust, from, until, chunk, generation } =
    noteOf(value)
  const issued = parseObservationId(id)
  invariant(issued !== null, 'the id of a note is issued')
  const about = refersTo === undefined ? {} : { refersTo }
  const by = author === undefined ? {} : { author }
  return {
    id,
    ...place,
    threadId,
    text,
    ...{ kind, priority, made, saidAt, ...about, ...by, trust },
    sources: { from: observedPlace(issued.spaceKey, from), until: observedPlace(issued.spaceKey, until) },
    generation: chunk > 0 ? 0 : generation,
    createdAt,
    seq: version,
  } satisfies ObservationRecord
}

type Building<Record> = { -readonly [Field in keyof Record]: Record[Field] }

/** The message as lists and recall return it: without internal parts, unless they are asked for. */
export function toListedMessage(message: Message, place: RecordPlace, includeInternal = false): MessageRecord {
  const parts = includeInternal ? message.parts : withoutInternal(message.parts)
  return toStoredMessage(parts === message.parts ? message : { ...message, parts }, place)
}

export function toStoredMessage(message: Message, { space, resourceId }: RecordPlace): MessageRecord {
  // Copied field by field: a page has many messages, and spreading optional fields makes an object for each.
  const stored: Building<MessageRecord> = {
    id: message.id,
    role: message.role,
    parts: message.parts as StoredPart[],
    threadId: message.threadId,
    space,
    author: message.author,
    turnId: message.turnId,
    turnStatus: message.turnStatus,
    createdAt: message.createdAt,
    seq: message.seq,
  }
  if (resourceId !== undefined) stored.resourceId = resourceId
  if (message.metadata !== undefined) stored.metadata = message.metadata
  if (message.editedAt !== undefined) stored.editedAt = message.editedAt
  if (message.replacedBy !== undefined) stored.replacedBy = message.replacedBy
  return stored
}
