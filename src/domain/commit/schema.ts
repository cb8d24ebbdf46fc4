/** The zod schemas of changes and expectations, as they come from outside. Loaded at first use: zod is large. */

import { z } from 'zod'
import type { Json, JsonObject } from '../json.ts'
import { languages } from '../language.ts'
import { leastOf, limitTable } from '../limits.ts'
import { blockFormats } from '../records/block.ts'
import { type MessageInput, type MessagePart, roles } from '../records/message.ts'
import { runKinds, runStatuses } from '../records/run.ts'
import { stepKinds, stepStatuses } from '../records/step.ts'
import { closedStatuses } from '../records/turn.ts'
import { waitKinds, workOutcomes } from '../records/work-step.ts'
import { type SpaceSettings, settingLimits, settingNames } from '../space.ts'
import { trusts } from '../trust.ts'
import { actorSchema } from './actor-schema.ts'
import { observationChanges } from './observation-schemas.ts'
import { withRecordChanges } from './record-schemas.ts'

/** An object whose content is checked elsewhere. Unlike `z.custom` it converts to JSON Schema. */
function anyObject<Fields>(
  holds: (value: object) => boolean = () => true,
  rule = 'must be an object',
): z.ZodType<Fields> {
  const isObject = (value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value) && holds(value)
  return z.unknown().refine(isObject, rule).meta({ type: 'object' }) as unknown as z.ZodType<Fields>
}

const jsonRecord = anyObject<JsonObject>()

const messagePartSchema = anyObject<MessagePart>(
  (value) => typeof (value as { type?: unknown }).type === 'string',
  'must be an object with a "type"',
)

const messageInputSchema: z.ZodType<MessageInput> = z.strictObject({
  id: z.exactOptional(z.string()),
  role: z.enum(roles),
  parts: z.array(messagePartSchema),
  metadata: z.exactOptional(jsonRecord),
  author: z.exactOptional(actorSchema.extend({ claimed: z.exactOptional(z.literal(true)) })),
  createdAt: z.exactOptional(z.iso.datetime()),
})

const json = z
  .unknown()
  .refine((value) => value !== undefined, 'must be JSON')
  .meta({ description: 'Any JSON value.' }) as unknown as z.ZodType<Json>
const jsonObject = anyObject<JsonObject>(() => true, 'must be a JSON object')
const id = z.string()
const threadId = id
const title = z.string().max(limitTable.titleLength.max)
const time = z.iso.datetime()
const leaseMs = z.exactOptional(z.int().min(1).max(limitTable.turnLeaseMs.max))
const ttlMs = z.exactOptional(z.int().min(1).max(limitTable.entryTtlMs.max).nullable())
const optionalThread = z.exactOptional(threadId)

const erased = z.exactOptional(z.array(id).min(1).max(limitTable.erasedPerCommit.max))

/** A turn is named by its id or, when this commit opens it, by its number among those the commit opens. */
const turnReference = { turnId: z.exactOptional(id), opened: z.exactOptional(z.int().min(0)) }

type LimitSettings = {
  readonly [Name in keyof typeof settingLimits]: z.ZodType<SpaceSettings[Name], SpaceSettings[Name]>
}

const limitSettings = Object.fromEntries(
  settingNames.map((name) => {
    const number = z.int().min(leastOf(name)).max(limitTable[name].max)
    return [name, settingLimits[name].orNull ? number.nullable() : number]
  }),
) as unknown as LimitSettings

/** All settings of a space. */
export const allSettingsSchema = z.strictObject({ ...limitSettings, language: z.enum(languages) })

/** Settings that change; those left out stay as they are. */
export const settingsSchema = z.strictObject(
  Object.fromEntries(
    Object.entries(allSettingsSchema.shape).map(([name, schema]) => [name, z.exactOptional(schema)]),
  ) as unknown as {
    readonly [Name in keyof SpaceSettings]: z.ZodExactOptional<(typeof allSettingsSchema.shape)[Name]>
  },
)

const factIds = z.array(id).max(limitTable.factLinks.max)

/** The ids that a fact has in addition to its space. */
const attributesSchema = z.strictObject({
  userId: z.exactOptional(id),
  agentId: z.exactOptional(id),
  taskId: z.exactOptional(id),
  teamId: z.exactOptional(id),
})

const sourceSchema = z.strictObject({ space: id, threadId: id, asOf: z.int().min(0) })

/** A call, and the part that it becomes. */
const completedCall = z.strictObject({ toolCallId: id, part: messagePartSchema })
/**
 * Names a step of a workflow: its run, by its id or by its number among the new runs of the commit, and its path. The token
 * proves the lease of the run, unless the commit takes it.
 */
const workName = {
  runId: z.exactOptional(id),
  begun: z.exactOptional(z.int().min(0)),
  token: z.exactOptional(z.int().min(1)),
  path: z.string().min(1),
  /** The id of the step in the workflow. */
  stepId: id,
  /** A hash of the step's definition. */
  definition: id,
}
/** What a step writes to the state of its run; a higher `at` is later. */
const workState = z.exactOptional(z.strictObject({ at: z.int().min(0), fields: jsonObject }))
/** Names a step: its run, and its path in it. */
const stepName = { runId: id, path: z.string().min(1) }
/** What those who decide about a step need to know. */
const asking = {
  approvers: z.exactOptional(z.array(actorSchema)),
  payload: z.exactOptional(json),
  resumeSchema: z.exactOptional(json),
}

/** Changes of blocks and entries that can also be proposed. */
const valueChanges = [
  z.strictObject({
    kind: z.literal('block-write'),
    name: id,
    threadId: optionalThread,
    format: z.enum(blockFormats),
    value: json,
    /** The block may hold the other format, which it then has no longer. Without it that is refused. */
    convert: z.exactOptional(z.literal(true)),
  }),
  z.strictObject({ kind: z.literal('block-merge'), name: id, threadId: optionalThread, patch: jsonObject }),
  z.strictObject({ kind: z.literal('entry-write'), key: id, value: json, ttlMs }),
  z.strictObject({ kind: z.literal('entry-merge'), key: id, patch: jsonObject, ttlMs }),
  z.strictObject({ kind: z.literal('entry-append'), key: id, item: json, ttlMs }),
  z.strictObject({ kind: z.literal('entry-increment'), key: id, by: z.number(), ttlMs }),
  z.strictObject({ kind: z.literal('entry-delete'), key: id }),
] as const

/** Changes of facts that can also be proposed. */
const factChanges = [
  z.strictObject({
    kind: z.literal('fact-assert'),
    /** The last part of a new fact's id. */
    unique: z.exactOptional(id),
    /** The fact that this is a new version of. Fields left out stay as they are; the others are replaced whole. */
    factId: z.exactOptional(id),
    text: z.exactOptional(z.string()),
    metadata: z.exactOptional(jsonObject),
    attributes: z.exactOptional(attributesSchema),
    /** Ids of the messages, facts and runs that it was derived from. */
    sources: z.exactOptional(z.array(id).max(limitTable.factLinks.max)),
    /** Since when it holds. A statement with a time never ends a fact that began later: it ends where that one begins. */
    validFrom: z.exactOptional(time),
    /** Until when it holds; null: nothing ends it. */
    validTo: z.exactOptional(time.nullable()),
    expiresAt: z.exactOptional(time.nullable()),
    /** Facts that it replaces. Those of higher trust are marked as contradicting instead. */
    supersedes: z.exactOptional(factIds),
    /** Facts that it contradicts; both sides are marked. */
    conflictsWith: z.exactOptional(factIds),
    /** Whether every prompt of the home shows it. Agents and tools may neither pin a fact nor release it. */
    pinned: z.exactOptional(z.boolean()),
    /** How much it matters, from 0 to 1. */
    importance: z.exactOptional(z.number().min(0).max(1)),
    /** Waits for extraction and is never shown as a fact. */
    queued: z.exactOptional(z.literal(true)),
    /** Lowers the trust that the actor gives; for a system actor, names the lowest trust among the sources. */
    trust: z.exactOptional(z.enum(trusts)),
  }),
  z.strictObject({ kind: z.literal('fact-retire'), factIds: factIds.min(1) }),
] as const

/** A change that is kept until somebody decides about it. */
const proposedSchema = z.discriminatedUnion('kind', [...valueChanges, ...factChanges])
const namedChangeSchema = z.discriminatedUnion('kind', [
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
    /**
     * Turns that wait for answers in the source, by their place in `turns`. The copy waits too, for the same actor. Only for a
     * source in the same space, and only if the messages are those of the turn.
     */
    waiting: z.exactOptional(
      z
        .array(
          z.strictObject({
            index: z.int().min(0),
            turnId: id,
            /** The last part of the id of the run that the copied turn gets, if the turn has one. */
            unique: id,
          }),
        )
        .max(limitTable.messagesPerCall.default),
    ),
    blocks: z.array(z.strictObject({ name: id, format: z.enum(blockFormats), value: json })),
  }),
  z.strictObject({
    kind: z.literal('turn-open'),
    threadId,
    leaseMs,
    runId: z.exactOptional(id),
    /** Turns whose place it takes once it has kept a part of an answer, or is complete. */
    replaces: z.exactOptional(z.array(id).max(1_000)),
    createThread: z.exactOptional(z.boolean()),
    /** Refused while another turn of the thread is open and its lease has not expired. */
    alone: z.exactOptional(z.boolean()),
  }),
  z.strictObject({ kind: z.literal('turn-close'), threadId, ...turnReference, status: z.enum(closedStatuses) }),
  z.strictObject({
    kind: z.literal('turn-resume'),
    threadId,
    turnId: id,
    leaseMs,
    runId: z.exactOptional(id),
    /** As for `turn-open`. */
    alone: z.exactOptional(z.boolean()),
  }),
  z.strictObject({ kind: z.literal('turn-discard'), threadId, turnId: id }),
  /** Brings a replaced turn back, with its branch. What stands in its place, and all that followed, is set aside. */
  z.strictObject({ kind: z.literal('turn-restore'), threadId, turnId: id }),
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
    /** Replaces the tool parts of these calls, one or several, by their completed forms. */
    complete: z.exactOptional(z.union([completedCall, z.array(completedCall).min(1)])),
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
  ...valueChanges,
  z.strictObject({ kind: z.literal('entry-expire'), key: id }),
  ...factChanges,
  z.strictObject({ kind: z.literal('fact-expire'), factId: id }),
  z.strictObject({
    kind: z.literal('run-put'),
    /** The last part of a new run's id. */
    unique: z.exactOptional(id),
    /** The run to continue. Fields left out stay as they are. */
    runId: z.exactOptional(id),
    /** What runs: the id of the agent or the workflow. Required for a new run. */
    name: z.exactOptional(id),
    runKind: z.exactOptional(z.enum(runKinds)),
    /** Default of a new run: `running`. */
    status: z.exactOptional(z.enum(runStatuses)),
    threadId: optionalThread,
    ...turnReference,
    parentRunId: z.exactOptional(id),
    /** Deep-merged into what is there; `null` deletes. */
    details: z.exactOptional(jsonObject),
    /** What a run needs to continue; null removes it, and so does its end, unless it is a workflow that failed. */
    continuation: z.exactOptional(json),
    /**
     * Milliseconds for which the put takes the lease of a workflow's run, with the status `running` unless it states one.
     * Refused while somebody holds it. A put of such a run with any other status releases the lease.
     */
    leaseMs,
    /** Takes the lease even from a holder whose deadline has not passed. */
    steal: z.exactOptional(z.literal(true)),
    /** Proves the lease of a workflow's run, which every put of one needs that does not take it. */
    token: z.exactOptional(z.int().min(1)),
  }),
  /** A workflow whose process is gone may go on elsewhere: from `running` with a lease that is over to `pending`. */
  z.strictObject({ kind: z.literal('run-interrupt'), runId: id }),
  /** Begins an attempt of a step of the actor's own workflow. */
  z.strictObject({
    kind: z.literal('work-begin'),
    ...workName,
    /** The number of this attempt, one more than were made. */
    attempt: z.int().min(1),
  }),
  /** Ends a step. One that never waits and has no effects may end without a beginning. */
  z.strictObject({
    kind: z.literal('work-end'),
    ...workName,
    outcome: z.enum(workOutcomes),
    output: z.exactOptional(json),
    /** With `failed`, required. */
    error: z.exactOptional(
      z.strictObject({
        name: z.string(),
        message: z.string(),
        code: z.exactOptional(z.string()),
        details: z.exactOptional(json),
      }),
    ),
    state: workState,
  }),
  /** Lets a step wait: one that was begun for a decision, or a sleep for a time. */
  z.strictObject({
    kind: z.literal('work-wait'),
    ...workName,
    stepKind: z.enum(waitKinds),
    ...asking,
    /** A name by which those who decide may call it. */
    label: z.exactOptional(id),
    /** With `sleep`, required: the time of its end. */
    until: z.exactOptional(time),
    state: workState,
  }),
  z.strictObject({ kind: z.literal('run-expire'), runId: id }),
  /** Begins a step of the actor's own run. Its input is not stored: the record has a keyed hash of it. */
  z.strictObject({
    kind: z.literal('step-put'),
    ...stepName,
    threadId,
    /** The message that holds the call, in the turn of the run. */
    messageId: id,
    tool: id,
    stepKind: z.enum(stepKinds),
    /** `asked` waits for a decision, `started` is carried out at once. */
    status: z.enum(['asked', 'started']),
    input: json,
    ...asking,
  }),
  /** Carries a step on. Fields left out stay as they are. */
  z.strictObject({
    kind: z.literal('step-patch'),
    ...stepName,
    status: z.enum(stepStatuses),
    /** Refused unless it is the input that the step was put with. */
    input: z.exactOptional(json),
    /** With `started`, required: the number of this attempt, one more than were made. */
    attempt: z.exactOptional(z.int().min(1)),
    /** With `asked`: what it waits for now. */
    stepKind: z.exactOptional(z.enum(stepKinds)),
    ...asking,
    /** With `decided`, required. */
    decision: z.exactOptional(
      z.strictObject({
        /** Only the application may name somebody else. Default: the actor. */
        by: z.exactOptional(actorSchema),
        approved: z.exactOptional(z.boolean()),
        reason: z.exactOptional(z.string()),
        data: z.exactOptional(json),
      }),
    ),
  }),
  /**
   * Keeps a change for somebody else to decide about; the actor is its author. Of the same author there is at most one open proposal of
   * the same kind about the same target.
   */
  z.strictObject({
    kind: z.literal('proposal-put'),
    change: proposedSchema,
    /** Of agents and tools, only these may decide. */
    deciders: z.exactOptional(z.array(actorSchema).min(1).max(limitTable.proposalsOpen.default)),
    reason: z.exactOptional(z.string().max(limitTable.titleLength.max)),
    /** When it expires without a decision. Default: after `limits.proposalDays`. */
    expiresAt: z.exactOptional(time),
  }),
  /**
   * Decides about a proposal. `accepted` must be followed in its commit by the proposed change, which the actor then makes.
   * `rejected`, of a statement that was to supersede another, by the `fact-retire` of that statement. `expired` is the sweeper's.
   */
  z.strictObject({
    kind: z.literal('proposal-decide'),
    proposalId: id,
    status: z.enum(['accepted', 'rejected', 'expired']),
    reason: z.exactOptional(z.string().max(limitTable.titleLength.max)),
  }),
  ...observationChanges,
  z.strictObject({
    kind: z.literal('lease-take'),
    name: id,
    leaseMs: z.int().min(1).max(limitTable.turnLeaseMs.max),
    /** Take it even from a holder whose deadline has not passed. */
    steal: z.exactOptional(z.boolean()),
  }),
  z.strictObject({ kind: z.literal('lease-release'), name: id, token: z.int().min(1) }),
  z.strictObject({ kind: z.literal('configure'), settings: settingsSchema }),
  /**
   * Alone in its commit. Without a list: the whole space with its children. With lists: the listed records, in all
   * their versions.
   */
  z.strictObject({
    kind: z.literal('erase'),
    threadIds: erased,
    messageIds: erased,
    /** Only messages of that thread. */
    inThread: optionalThread,
    keys: erased,
    factIds: erased,
    runIds: erased,
    /** Blocks of the space, or of the thread that is named with them. */
    blocks: z.exactOptional(
      z.array(z.strictObject({ name: id, threadId: optionalThread })).max(limitTable.erasedPerCommit.max),
    ),
  }),
])

/** Every kind of change, as data. The union is closed. */
export const changeSchema: typeof namedChangeSchema = withRecordChanges(namedChangeSchema)

/** Names the record of an expectation. */
const recordSchema = z.union([
  z.strictObject({ entry: id }),
  z.strictObject({ block: id, threadId: optionalThread }),
  z.strictObject({ thread: id }),
  z.strictObject({ fact: id }),
  z.strictObject({ run: id }),
  z.strictObject({ noun: id, key: id }),
  z.strictObject({ settings: z.literal(true) }),
])

/** What must hold for a commit to be applied. */
export const expectationSchema = z.union([
  z.strictObject({ version: z.int().min(0), of: recordSchema }),
  z.strictObject({ absent: recordSchema }),
  /** The space's seq is exactly this: nothing was committed since. */
  z.strictObject({ seq: z.int().min(0) }),
  /** No fact of the space was written after that seq. */
  z.strictObject({ facts: z.int().min(0) }),
  /** The token is that lease's latest take and not released. */
  z.strictObject({ lease: id, token: z.int().min(1) }),
])
