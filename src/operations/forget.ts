/** Operations that erase, their receipts, and making vectors again. */
import { z } from 'zod'
import { forgetTargets, receiptStates } from '../domain/erase/receipt.ts'
import { limitTable } from '../domain/limits.ts'
import { spaceId } from '../domain/space.ts'
import { exportOf } from '../memory/export.ts'
import { type ForgetOptions, forget, getReceipt, listReceipts } from '../memory/forget.ts'
import { reindex } from '../memory/indexing.ts'
import { id, jsonFields, limit, optional, optionalId, recordTime } from './fields.ts'
import { operation, type Touched } from './operation.ts'

const erasedCount = z.int().min(0)
const receipt = z.strictObject({
  id: z.string(),
  target: z.enum(forgetTargets),
  state: z.enum(receiptStates),
  requestedAt: recordTime,
  completedAt: recordTime.nullable(),
  erased: z.strictObject({
    spaces: erasedCount,
    commits: erasedCount,
    threads: erasedCount,
    messages: erasedCount,
    entries: erasedCount,
    blocks: erasedCount,
    facts: erasedCount,
    runs: erasedCount,
    records: erasedCount,
  }),
  outOfReach: z.array(z.string()),
})

const copyText = z.string()
const copy = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('thread'), space: copyText, threadId: copyText }),
  z.strictObject({ kind: z.literal('message'), space: copyText, threadId: copyText, id: copyText }),
  z.strictObject({ kind: z.literal('fact'), space: copyText, id: copyText }),
  z.strictObject({ kind: z.literal('observation'), space: copyText, id: copyText }),
  z.strictObject({ kind: z.literal('entry'), space: copyText, key: copyText }),
  z.strictObject({
    kind: z.literal('working-memory'),
    space: copyText,
    threadId: z.exactOptional(copyText),
    name: copyText,
  }),
])

/** Records as drivers keep them. */
const states = z.array(jsonFields)
const exportedSpace = z.strictObject({
  space: jsonFields,
  threads: states,
  workingMemory: states,
  facts: states,
  entries: states,
  runs: states,
  steps: states,
  log: states,
})

const ids = optional(z.array(id).min(1).max(limitTable.erasedPerCommit.max))

function space({ resourceId, userId = resourceId, teamId, agentId, taskId, ...parts }: ForgetOptions): Touched {
  if (userId !== undefined) return [spaceId('resource', userId)]
  if (teamId !== undefined) return [spaceId('team', teamId)]
  if (agentId !== undefined) return [spaceId('agent', agentId)]
  if (taskId !== undefined) return [spaceId('task', taskId)]
  const issuedIds = parts.run === undefined ? (parts.factIds ?? parts.messageIds) : [parts.run]
  return issuedIds === undefined ? 'all' : { issuedIds }
}

export const forgetOperations = [
  operation({
    name: 'memory.forget',
    title: 'Forget',
    description:
      'Erases a resource, team, agent or task with all that is in it, or a thread, messages, facts, a key or a run, in all versions. Cannot be undone; safe to repeat.',
    effect: 'erase',
    input: z.strictObject({
      resourceId: optionalId,
      userId: optionalId,
      teamId: optionalId,
      agentId: optionalId,
      taskId: optionalId,
      threadId: optionalId,
      messageIds: ids,
      factIds: ids,
      key: optionalId,
      run: optionalId,
      copies: optional(z.boolean()),
    }),
    output: receipt.extend({
      copies: z.array(copy),
    }),
    space,
    run: forget,
  }),
  operation({
    name: 'memory.export',
    title: 'Export what is held on a person',
    description:
      'Everything that is held on a resource, whole: as records with all commits that are kept, and as Markdown. Needs the right to administer.',
    effect: 'administer',
    input: z.strictObject({ resourceId: id }),
    output: z.strictObject({
      resourceId: z.string(),
      exportedAt: recordTime,
      spaces: z.array(exportedSpace),
      copies: z.array(copy),
      markdown: z.string(),
    }),
    space: ({ resourceId }) => [spaceId('resource', resourceId)],
    run: exportOf,
  }),
  operation({
    name: 'receipts.get',
    title: 'Read a receipt',
    description: 'The receipt of something that was forgotten, or null: whether its bytes are gone from all files.',
    effect: 'read',
    input: z.strictObject({ receiptId: id }),
    output: receipt.nullable(),
    space: () => [],
    run: getReceipt,
  }),
  operation({
    name: 'receipts.list',
    title: 'List receipts',
    description:
      'Receipts of what was forgotten, newest first, 100 unless asked otherwise. Needs the right to administer.',
    effect: 'administer',
    input: z.strictObject({ state: optional(z.enum(receiptStates)), limit }),
    output: z.array(receipt),
    space: () => 'all',
    run: listReceipts,
  }),
  operation({
    name: 'memory.reindex',
    title: 'Make all vectors again',
    description: "Makes all vectors with this memory's embedder, while recall uses the old ones.",
    effect: 'administer',
    input: z.strictObject({}),
    output: z.null(),
    space: () => 'all',
    run: async (core, _, { onProgress }) => {
      await reindex(core, onProgress === undefined ? {} : { onProgress })
      return null
    },
  }),
] as const
