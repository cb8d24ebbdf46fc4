/** Schemas of the records that several operations return. */
import { z } from 'zod'
import { roles } from '../domain/records/message.ts'
import { observationKinds, observationMakers, observationPriorities } from '../domain/records/observation.ts'
import { proposalActions, proposalStatuses } from '../domain/records/proposal.ts'
import { shownStatuses } from '../domain/records/turn.ts'
import { trusts } from '../domain/trust.ts'
import {
  actor,
  author,
  json,
  jsonFields,
  optional,
  optionalId,
  optionalTime,
  recordTime,
  seq,
  time,
  version,
} from './fields.ts'

/** The space of a record, and the resource that it belongs to. */
export const place = { space: z.string(), resourceId: optional(z.string()) }

/** The ids of owners: the first given names the space, the others must match. */
export const ownerIds = {
  userId: optionalId,
  resourceId: optionalId,
  teamId: optionalId,
  agentId: optionalId,
  taskId: optionalId,
}

export const thread = z.strictObject({
  id: z.string(),
  space: z.string(),
  resourceId: z.string(),
  title: z.string().nullable(),
  metadata: jsonFields,
  createdAt: recordTime,
  updatedAt: recordTime,
  lastMessageAt: recordTime.nullable(),
  messageCount: z.int().min(0),
  archivedAt: recordTime.nullable(),
  version,
  source: optional(z.strictObject({ space: z.string(), threadId: z.string(), asOf: seq })),
})

/** A part of a message: any part of the AI SDK's `UIMessage`, told apart by its type. */
const part = jsonFields.meta({ type: 'object', properties: { type: { type: 'string' } }, required: ['type'] })

export const message = z.strictObject({
  id: z.string(),
  role: z.enum(roles),
  parts: z.array(part),
  metadata: optional(jsonFields),
  ...place,
  threadId: z.string(),
  author,
  turnId: z.string(),
  turnStatus: z.enum(shownStatuses),
  createdAt: recordTime,
  editedAt: optional(recordTime),
  seq,
  replacedBy: optional(z.string().nullable()),
})

/** What a proposal is about. */
export const proposalTarget = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('fact'), id: z.string().nullable() }),
  z.strictObject({ kind: z.literal('entry'), key: z.string() }),
  z.strictObject({ kind: z.literal('working-memory'), name: z.string(), threadId: optional(z.string()) }),
])

export const proposal = z.strictObject({
  id: z.string(),
  space: z.string(),
  author: actor,
  at: recordTime,
  expiresAt: recordTime,
  target: proposalTarget,
  action: z.enum(proposalActions),
  before: json,
  after: json,
  statementId: optional(z.string()),
  baseVersion: seq,
  reason: optional(z.string()),
  deciders: optional(z.array(actor)),
  status: z.enum(proposalStatuses),
  decidedBy: optional(actor),
  decidedAt: optional(recordTime),
  decisionReason: optional(z.string()),
})

export const fact = z.strictObject({
  id: z.string(),
  memory: z.string(),
  metadata: jsonFields,
  createdAt: recordTime,
  updatedAt: recordTime,
  userId: optional(z.string()),
  teamId: optional(z.string()),
  agentId: optional(z.string()),
  taskId: optional(z.string()),
  role: optional(z.enum(['user', 'assistant'])),
  space: z.string(),
  version,
  status: z.enum(['current', 'superseded']),
  assertedBy: actor,
  trust: z.enum(trusts),
  sources: z.array(z.string()),
  validFrom: recordTime,
  validTo: recordTime.nullable(),
  expiresAt: recordTime.nullable(),
  pinned: optional(z.literal(true)),
  importance: optional(z.number().min(0).max(1)),
  supersededBy: z.string().nullable(),
  conflictsWith: z.array(z.string()),
  proposals: optional(z.array(proposal)),
})

const observedPlace = z.strictObject({ turnId: z.string(), index: z.int().min(0) })

export const observation = z.strictObject({
  id: z.string(),
  ...place,
  threadId: z.string(),
  text: z.string(),
  kind: z.enum(observationKinds),
  priority: z.enum(observationPriorities),
  made: z.enum(observationMakers),
  saidAt: recordTime,
  refersTo: optional(z.string()),
  author: optional(author),
  trust: z.enum(trusts),
  sources: z.strictObject({ from: observedPlace, until: observedPlace }),
  generation: z.int().min(0),
  createdAt: recordTime,
  seq,
})

/** The fields of a fact that may be stated, other than text, metadata and links. */
export const stated = {
  validFrom: optionalTime,
  validTo: optional(time.nullable()),
  expiresAt: optional(time.nullable()),
  pinned: optional(z.boolean()),
  importance: optional(z.number().min(0).max(1)),
}

/** The answer of a deletion. */
export const deletion = z.strictObject({ deleted: z.boolean() })

/** Numbers by name, such as the id of a space. */
export const numbers = jsonFields.meta({ type: 'object', additionalProperties: { type: 'number' } })
