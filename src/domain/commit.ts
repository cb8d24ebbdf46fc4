/** Commits: the atomic writes. Changes, expectations and answers are plain JSON values. */
import { z } from 'zod'
import type { actorSchema } from './actor.ts'
import type { CommitId, MessageId, Seq, SpaceId, ThreadId, TurnId } from './id.ts'
import type { Json, JsonObject } from './json.ts'
import { limitTable } from './limits.ts'
import { messageInputSchema, messagePartSchema } from './message.ts'
import type { SpaceSettings } from './space.ts'

const json = z.custom<Json>((value) => value !== undefined, 'must be JSON')
const jsonObject = z.custom<JsonObject>(
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  'must be a JSON object',
)
const id = z.string()
const threadId = id
const title = z.string().max(limitTable.titleLength.max)
const time = z.iso.datetime()
const leaseMs = z.exactOptional(z.int().min(1).max(limitTable.turnLeaseMs.max))
const ttlMs = z.exactOptional(z.int().min(1).max(limitTable.entryTtlMs.max).nullable())
const optionalThread = z.exactOptional(threadId)

/** How a turn may be closed by the one who opened it; `interrupted` is also how others close it once its lease is over. */
export const closedStatuses = ['complete', 'aborted', 'failed', 'interrupted', 'suspended'] as const

/** A turn is named by its id or, when this commit opens it, by its number among those the commit opens. */
const turnReference = { turnId: z.exactOptional(id), opened: z.exactOptional(z.int().min(0)) }

export const blockFormats = ['text', 'json'] as const

const settingsSchema = z.strictObject({
  entriesPerSpace: z.exactOptional(z.int().min(1).max(limitTable.entriesPerSpace.max)),
  entryTtlMs: z.exactOptional(z.int().min(1).max(limitTable.entryTtlMs.max).nullable()),
  logDays: z.exactOptional(z.int().min(0).max(limitTable.logDays.max)),
})

const sourceSchema = z.strictObject({ space: id, threadId: id, asOf: z.int().min(0) })

/** Every kind of change, as data. The union is closed. */
export const changeSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('thread-put'),
    threadId,
    title: z.exactOptional(title.nullable()),
    /** Deep-merged into what is there; `null` deletes. */
    metadata: z.exactOptional(jsonObject),
    archived: z.exactOptional(z.boolean()),
    createdAt: z.exactOptional(time),
  }),
  z.strictObject({ kind: z.literal('thread-delete'), threadId }),
  z.strictObject({
    kind: z.literal('thread-clone'),
    threadId,
    title: z.exactOptional(title.nullable()),
    metadata: z.exactOptional(jsonObject),
    source: sourceSchema,
    /** One list of messages for each turn, in thread order. */
    turns: z.array(z.array(messageInputSchema)),
    blocks: z.array(z.strictObject({ name: id, format: z.enum(blockFormats), value: json })),
  }),
  z.strictObject({
    kind: z.literal('turn-open'),
    threadId,
    leaseMs,
    runId: z.exactOptional(id),
    replaces: z.exactOptional(z.array(id).max(1_000)),
    createThread: z.exactOptional(z.boolean()),
  }),
  z.strictObject({ kind: z.literal('turn-close'), threadId, ...turnReference, status: z.enum(closedStatuses) }),
  z.strictObject({ kind: z.literal('turn-resume'), threadId, turnId: id, leaseMs, runId: z.exactOptional(id) }),
  z.strictObject({ kind: z.literal('turn-discard'), threadId, turnId: id }),
  z.strictObject({
    kind: z.literal('message-append'),
    threadId,
    ...turnReference,
    messages: z.array(messageInputSchema).min(1),
    /** Create the thread if it is not there. Refused for messages that join a turn. */
    createThread: z.exactOptional(z.boolean()),
  }),
  z.strictObject({
    kind: z.literal('message-extend'),
    threadId,
    messageId: id,
    parts: z.exactOptional(z.array(messagePartSchema)),
    /** Replaces the tool part of that call by its completed form. */
    complete: z.exactOptional(z.strictObject({ toolCallId: id, part: messagePartSchema })),
  }),
  z.strictObject({
    kind: z.literal('message-edit'),
    threadId,
    messageId: id,
    parts: z.exactOptional(z.array(messagePartSchema)),
    /** Deep-merged into the message's metadata; `null` deletes. */
    metadata: z.exactOptional(jsonObject),
  }),
  z.strictObject({ kind: z.literal('message-delete'), threadId, messageIds: z.array(id).min(1) }),
  z.strictObject({
    kind: z.literal('block-write'),
    name: id,
    threadId: optionalThread,
    format: z.enum(blockFormats),
    value: json,
  }),
  z.strictObject({ kind: z.literal('block-merge'), name: id, threadId: optionalThread, patch: jsonObject }),
  z.strictObject({ kind: z.literal('entry-write'), key: id, value: json, ttlMs }),
  z.strictObject({ kind: z.literal('entry-merge'), key: id, patch: jsonObject, ttlMs }),
  z.strictObject({ kind: z.literal('entry-append'), key: id, item: json, ttlMs }),
  z.strictObject({ kind: z.literal('entry-increment'), key: id, by: z.number(), ttlMs }),
  z.strictObject({ kind: z.literal('entry-delete'), key: id }),
  z.strictObject({ kind: z.literal('entry-expire'), key: id }),
  z.strictObject({
    kind: z.literal('lease-take'),
    name: id,
    leaseMs: z.int().min(1).max(limitTable.turnLeaseMs.max),
    /** Take it even from a holder whose deadline has not passed. */
    steal: z.exactOptional(z.boolean()),
  }),
  z.strictObject({ kind: z.literal('lease-release'), name: id, token: z.int().min(1) }),
  z.strictObject({ kind: z.literal('configure'), settings: settingsSchema }),
  z.strictObject({ kind: z.literal('erase') }),
])

export type Change = z.infer<typeof changeSchema>
export type ChangeKind = Change['kind']
export type ChangeOf<Kind extends ChangeKind> = Extract<Change, { kind: Kind }>

/** Names a record whose version an expectation speaks of. */
export const recordSchema = z.union([
  z.strictObject({ entry: id }),
  z.strictObject({ block: id, threadId: optionalThread }),
  z.strictObject({ thread: id }),
  z.strictObject({ settings: z.literal(true) }),
])
export type RecordName = z.infer<typeof recordSchema>

/** What must hold for a commit to be applied. */
export const expectationSchema = z.union([
  z.strictObject({ version: z.int().min(0), of: recordSchema }),
  z.strictObject({ absent: recordSchema }),
  /** The space's seq is exactly this: nothing was committed since. */
  z.strictObject({ seq: z.int().min(0) }),
  /** The token is that lease's latest take and not released. */
  z.strictObject({ lease: id, token: z.int().min(1) }),
])
export type Expectation = z.infer<typeof expectationSchema>

export const commitSchema = z.strictObject({
  id,
  space: id,
  changes: z.array(changeSchema).min(1),
  expect: z.exactOptional(z.array(expectationSchema)),
  background: z.exactOptional(z.boolean()),
})

/** An atomic write to one space: all of its changes are applied, or none. */
export interface Commit {
  readonly id: CommitId
  readonly space: SpaceId
  readonly changes: readonly Change[]
  readonly expect?: readonly Expectation[]
  /** Derived and background work: never creates a space, a thread or a turn. */
  readonly background?: boolean
}

/** Where a message of a commit stands: its id, and whether this commit stored it or it was there before. */
export interface SavedMessage {
  readonly id: MessageId
  readonly stored: boolean
}

/** What a change answers. `version` is the seq of the commit that wrote the record. */
export type ChangeResult =
  | { readonly kind: 'thread-put'; readonly threadId: ThreadId; readonly version: Seq; readonly created: boolean }
  | { readonly kind: 'thread-delete'; readonly threadId: ThreadId; readonly deleted: boolean }
  | {
      readonly kind: 'thread-clone'
      readonly threadId: ThreadId
      readonly version: Seq
      /** New message ids, turn by turn, in the order submitted. */
      readonly messageIds: readonly (readonly MessageId[])[]
    }
  | { readonly kind: 'turn-open'; readonly turnId: TurnId; readonly leaseToken: Seq; readonly createdThread: boolean }
  | { readonly kind: 'turn-close' | 'turn-discard'; readonly turnId: TurnId }
  | { readonly kind: 'turn-resume'; readonly turnId: TurnId; readonly leaseToken: Seq }
  | {
      readonly kind: 'message-append'
      readonly turnId: TurnId
      readonly messages: readonly SavedMessage[]
      readonly createdThread: boolean
    }
  | { readonly kind: 'message-extend' | 'message-edit'; readonly messageId: MessageId }
  | { readonly kind: 'message-delete'; readonly deleted: readonly MessageId[] }
  | {
      readonly kind: 'block-write' | 'block-merge'
      readonly name: string
      readonly version: Seq
      readonly value: Json
      readonly replaced: { readonly version: Seq; readonly by: z.infer<typeof actorSchema> } | null
    }
  | {
      readonly kind: 'entry-write' | 'entry-merge' | 'entry-append' | 'entry-increment'
      readonly key: string
      readonly version: Seq
      readonly value: Json
      readonly expiresAt: string | null
      /** Keys that gave way because the space was at its limit. */
      readonly pruned: readonly string[]
    }
  | { readonly kind: 'entry-delete' | 'entry-expire'; readonly key: string; readonly deleted: boolean }
  | { readonly kind: 'lease-take'; readonly name: string; readonly token: Seq; readonly expiresAt: string }
  | { readonly kind: 'lease-release'; readonly name: string; readonly released: boolean }
  | { readonly kind: 'configure'; readonly settings: SpaceSettings; readonly version: Seq }
  | { readonly kind: 'erase'; readonly spaces: number; readonly commits: number }

export type ResultOf<Kind extends ChangeKind> = ChangeResult & { readonly kind: Kind }

/** The answer of the door. A conflict is an answer too: it says what stood there instead. */
export type CommitResult =
  | {
      readonly status: 'committed'
      readonly seq: Seq
      readonly at: string
      /** True if this id was committed before: the first answer is given again and nothing was applied. */
      readonly replayed: boolean
      readonly results: readonly ChangeResult[]
    }
  | {
      readonly status: 'conflict'
      readonly reason: 'expectation' | 'commit-id-reused'
      readonly failed: readonly { readonly expectation: Expectation; readonly actual: Json }[]
      readonly seq: Seq
    }
