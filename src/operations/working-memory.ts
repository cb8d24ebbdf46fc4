/** Operations on working memory: named blocks that agents keep up to date. */
import { z } from 'zod'
import { blockFormats } from '../domain/records/block.ts'
import { pastEvents } from '../domain/replay/history.ts'
import {
  getWorkingMemory,
  getWorkingMemoryHistory,
  restoreWorkingMemory,
  updateWorkingMemory,
} from '../memory/working-memory/working-memory.ts'
import {
  actor,
  commitId,
  historyLimit,
  id,
  ifAbsent,
  ifVersion,
  json,
  jsonFields,
  optional,
  optionalId,
  recordTime,
  version,
} from './fields.ts'
import { ofResource, operation } from './operation.ts'
import { place } from './records.ts'

const block = {
  resourceId: id,
  threadId: optionalId,
  scope: optional(z.enum(['resource', 'thread'])),
  name: optionalId,
}

const issues = optional(z.array(z.strictObject({ path: z.string(), message: z.string() })))

const workingMemory = z.strictObject({
  ...place,
  value: json,
  format: z.enum(blockFormats),
  version,
  updatedAt: recordTime,
  updatedBy: actor,
  issues,
})

const written = z.strictObject({
  status: z.literal('written'),
  version,
  value: json,
  replaced: z.strictObject({ version, by: actor }).nullable(),
  issues,
})
const write = z.discriminatedUnion('status', [
  written,
  z.strictObject({ status: z.literal('conflict'), current: workingMemory.nullable() }),
])

export const workingMemoryOperations = [
  operation({
    name: 'workingMemory.get',
    title: 'Read working memory',
    description: 'A block of working memory of a resource or a thread, or null while there is none.',
    effect: 'read',
    event: 'memory.working',
    input: z.strictObject({ ...block, version: optional(version) }),
    output: workingMemory.nullable(),
    space: ofResource,
    run: getWorkingMemory,
  }),
  operation({
    name: 'workingMemory.update',
    title: 'Update working memory',
    description:
      'Merges into a block of working memory: JSON is deep-merged, text line by line. With a schema, a text is the JSON of an object.',
    effect: 'write',
    event: 'memory.working',
    input: z.strictObject({
      ...block,
      workingMemory: z.union([z.string(), jsonFields]),
      mode: optional(z.enum(['merge', 'replace'])),
      ifVersion,
      ifAbsent,
      commitId,
    }),
    output: write,
    space: ofResource,
    run: updateWorkingMemory,
  }),
  operation({
    name: 'workingMemory.history',
    title: 'History of working memory',
    description: 'The versions of a block of working memory, newest first: what was written when and by whom.',
    effect: 'read',
    input: z.strictObject({ ...block, limit: historyLimit }),
    output: z.array(z.strictObject({ version, at: recordTime, by: actor, event: z.enum(pastEvents), value: json })),
    space: ofResource,
    run: getWorkingMemoryHistory,
  }),
  operation({
    name: 'workingMemory.restore',
    title: 'Restore working memory',
    description: 'Writes an earlier version of a block of working memory over the present one.',
    effect: 'write',
    event: 'memory.working',
    input: z.strictObject({ ...block, version, commitId }),
    output: written,
    space: ofResource,
    run: restoreWorkingMemory,
  }),
] as const
