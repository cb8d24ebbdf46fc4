/** Operations on the messages of a thread. */
import { z } from 'zod'
import { isJsonObject } from '../domain/json.ts'
import { limitTable } from '../domain/limits.ts'
import { spaceId } from '../domain/space.ts'
import { listMessages } from '../memory/conversation/list-messages.ts'
import { deleteMessages, saveMessages, updateMessages } from '../memory/conversation/messages.ts'
import { restoreTurn } from '../memory/conversation/restore-turn.ts'
import {
  commitId,
  count,
  cursor,
  dateRange,
  filter,
  id,
  metadata,
  optional,
  optionalId,
  seq,
  threadOfResource,
} from './fields.ts'
import { ofResource, operation, type Touched } from './operation.ts'
import { message } from './records.ts'

const messageForm = {
  anyOf: [
    { type: 'string', description: 'A text of the user.' },
    {
      type: 'object',
      description: 'A message with a content, a model message or a UI message of the AI SDK.',
      properties: { id: { type: 'string' }, role: { enum: ['system', 'user', 'assistant', 'tool'] } },
      required: ['role'],
    },
  ],
}

/** Messages in any of the forms that callers write. `messagesIn` reads them, and has the errors for bad ones. */
export const messages = z
  .unknown()
  .refine((value) => value !== undefined, 'must be given')
  .meta({
    description: 'One message, or a list of them.',
    anyOf: [...messageForm.anyOf, { type: 'array', items: messageForm }],
  })

const neighbours = optional(z.int().min(0).max(limitTable.pageSize.max))

/** The named resource, or that of the first message. */
function resourceOf(stated: string | undefined, given: unknown): Touched {
  const all: readonly unknown[] = Array.isArray(given) ? given : [given]
  const own = all.flatMap((one) => (isJsonObject(one) && typeof one.resourceId === 'string' ? [one.resourceId] : []))
  const resourceId = stated ?? own[0]
  return resourceId === undefined ? [] : [spaceId('resource', resourceId)]
}

/** Messages by id: of a resource, otherwise of the spaces that issued the ids. */
function spaceOf(resourceId: string | undefined, issuedIds: readonly string[]): Touched {
  return resourceId === undefined ? { issuedIds } : [spaceId('resource', resourceId)]
}

export const messageOperations = [
  operation({
    name: 'messages.save',
    title: 'Save messages',
    description:
      'Saves messages of one thread, whole or not at all. An id that is in the thread already is stored once.',
    effect: 'write',
    event: 'memory.save',
    input: z.strictObject({ messages, threadId: optionalId, resourceId: optionalId, turnId: optionalId, commitId }),
    output: z.strictObject({ messages: z.array(message), turnId: z.string(), seq }),
    space: (input) => resourceOf(input.resourceId, input.messages),
    run: saveMessages,
  }),
  operation({
    name: 'messages.list',
    title: 'List messages',
    description: 'A page of the messages of a thread: the first 100 in thread order unless asked otherwise.',
    effect: 'read',
    input: z.strictObject({
      ...threadOfResource,
      last: optional(count).describe('Only so many of the newest messages.'),
      page: optional(z.int().min(0)),
      perPage: optional(z.union([count, z.literal(false)])),
      cursor,
      order: optional(z.enum(['asc', 'desc'])),
      dateRange,
      filter: optional(z.strictObject({ metadata: filter })),
      includeInternal: optional(z.boolean()).describe("Whether calls of memory's own tools are shown."),
      include: optional(
        z.union([
          z.literal('replaced').describe('Also the messages of replaced turns, marked with replacedBy.'),
          z.array(z.strictObject({ id, withPreviousMessages: neighbours, withNextMessages: neighbours })).max(100),
        ]),
      ),
    }),
    output: z.strictObject({
      messages: z.array(message),
      asOf: seq,
      hasMore: z.boolean(),
      nextCursor: cursor,
      page: optional(z.int()),
      perPage: optional(z.union([z.int(), z.literal(false)])),
    }),
    space: ofResource,
    run: listMessages,
  }),
  operation({
    name: 'messages.update',
    title: 'Change messages',
    description: 'Changes messages in place: new content, or metadata that is deep-merged. One commit for each thread.',
    effect: 'write',
    input: z.strictObject({
      messages: z
        .array(
          z.strictObject({
            id,
            threadId: optionalId,
            content: optional(z.unknown()),
            parts: optional(z.array(z.unknown())),
            metadata,
          }),
        )
        .min(1),
      resourceId: optionalId,
      commitId,
    }),
    output: z.array(message),
    space: (input) =>
      spaceOf(
        input.resourceId,
        input.messages.map((one) => one.id),
      ),
    run: updateMessages,
  }),
  operation({
    name: 'messages.delete',
    title: 'Delete messages',
    description:
      'Deletes messages by id, one commit for each thread. Answers the deleted ones. History keeps them until the horizon.',
    effect: 'write',
    input: z.strictObject({ messageIds: z.array(id).min(1), resourceId: optionalId, threadId: optionalId, commitId }),
    output: z.strictObject({ deleted: z.array(z.string()) }),
    space: ({ resourceId, messageIds }) => spaceOf(resourceId, messageIds),
    run: deleteMessages,
  }),
  operation({
    name: 'turns.restore',
    title: 'Restore a replaced turn',
    description:
      'Brings a replaced turn back with its branch of the thread. What stands in its place, and all that followed, is set aside.',
    effect: 'write',
    event: 'memory.restore',
    input: z.strictObject({ ...threadOfResource, turnId: id, commitId }),
    output: z.strictObject({
      turnId: z.string(),
      restored: z.array(z.string()),
      replaced: z.array(z.string()),
      seq,
    }),
    space: ({ resourceId }) => [spaceId('resource', resourceId)],
    run: restoreTurn,
  }),
] as const
