/** Operations on threads: the conversations of a resource. */
import { z } from 'zod'
import { spaceId } from '../domain/space.ts'
import { cloneThread } from '../memory/conversation/clone-thread.ts'
import {
  archiveThread,
  createThread,
  deleteThread,
  getThread,
  listThreads,
  updateThread,
} from '../memory/conversation/threads.ts'
import {
  commitId,
  count,
  cursor,
  dateRange,
  filter,
  id,
  ifVersion,
  metadata,
  optional,
  optionalId,
  seq,
  threadOfResource,
} from './fields.ts'
import { ofResource, operation } from './operation.ts'
import { deletion, thread } from './records.ts'

const title = optional(z.string().nullable())
const page = {
  page: optional(z.int().min(0)).describe('The number of the page, from 0. A cursor is faster and steadier.'),
  perPage: optional(z.union([count, z.literal(false)])).describe('Records on one page; false: as many as allowed.'),
  cursor,
}

function archiving<const Name extends string>(
  name: Name,
  isArchived: boolean,
  words: { readonly title: string; readonly description: string },
) {
  return operation({
    name,
    ...words,
    effect: 'write',
    input: z.strictObject({ ...threadOfResource, commitId }),
    output: thread,
    space: ofResource,
    run: (core, input) => archiveThread(core, input, isArchived),
  })
}

export const threadOperations = [
  operation({
    name: 'threads.create',
    title: 'Create a thread',
    description: 'Creates a conversation of a resource. Refused with conflict if the resource has a thread of that id.',
    effect: 'write',
    input: z.strictObject({ resourceId: id, threadId: optionalId, title, metadata, commitId }),
    output: thread,
    space: ofResource,
    run: createThread,
  }),
  operation({
    name: 'threads.get',
    title: 'Read a thread',
    description: 'The thread of that id, or null. Without a resourceId it is looked for in all resources.',
    effect: 'read',
    input: z.strictObject({ threadId: id, resourceId: optionalId }),
    output: thread.nullable(),
    space: ({ resourceId }) => (resourceId === undefined ? 'all' : [spaceId('resource', resourceId)]),
    run: getThread,
  }),
  operation({
    name: 'threads.list',
    title: 'List threads',
    description: 'A page of the threads of a resource, the newest first and 100 of them unless asked otherwise.',
    effect: 'read',
    input: z.strictObject({
      resourceId: id,
      filter: optional(z.strictObject({ metadata: filter })),
      archived: optional(z.union([z.boolean(), z.literal('any')])),
      ...page,
      orderBy: optional(
        z.strictObject({
          field: optional(z.enum(['lastMessageAt', 'createdAt'])),
          direction: optional(z.enum(['ASC', 'DESC', 'asc', 'desc'])),
        }),
      ),
    }),
    output: z.strictObject({
      threads: z.array(thread),
      total: z.int().nullable(),
      page: z.int(),
      perPage: z.union([z.int(), z.literal(false)]),
      hasMore: z.boolean(),
      nextCursor: cursor,
      asOf: seq,
    }),
    space: ofResource,
    run: listThreads,
  }),
  operation({
    name: 'threads.update',
    title: 'Change a thread',
    description: 'Changes the title and the metadata of a thread. Metadata is deep-merged, null deletes a field.',
    effect: 'write',
    input: z.strictObject({ ...threadOfResource, title, metadata, ifVersion, commitId }),
    output: z.discriminatedUnion('status', [
      thread.extend({ status: z.literal('updated') }).strict(),
      z.strictObject({ status: z.literal('conflict'), current: thread.nullable() }),
    ]),
    space: ofResource,
    run: updateThread,
  }),
  archiving('threads.archive', true, {
    title: 'Archive a thread',
    description: 'Takes a thread out of the default listing. Nothing of it is lost.',
  }),
  archiving('threads.unarchive', false, {
    title: 'Take a thread out of the archive',
    description: 'Puts an archived thread back into the default listing.',
  }),
  operation({
    name: 'threads.delete',
    title: 'Delete a thread',
    description: 'Deletes a thread with its messages and blocks. Deleting what is not there answers deleted: false.',
    effect: 'write',
    input: z.strictObject({ ...threadOfResource, commitId }),
    output: deletion,
    space: ofResource,
    run: deleteThread,
  }),
  operation({
    name: 'threads.clone',
    title: 'Copy a thread',
    description: 'Copies a thread, or whole turns of it, with its blocks, to another resource if asked.',
    effect: 'write',
    input: z.strictObject({
      ...threadOfResource,
      newThreadId: optionalId,
      title,
      metadata,
      last: optional(z.int().min(1)).describe('Only the newest messages, at least so many: turns are copied whole.'),
      upTo: optionalId.describe('Only up to the turn of this message, that turn included.'),
      dateRange,
      to: optional(z.strictObject({ resourceId: id })),
      commitId,
    }),
    output: z.strictObject({
      thread,
      messageIds: z.array(z.strictObject({ from: z.string(), to: z.string() })),
    }),
    space: ({ resourceId, to }) =>
      [resourceId, ...(to === undefined ? [] : [to.resourceId])].map((one) => spaceId('resource', one)),
    run: cloneThread,
  }),
] as const
