/** The zod schemas of the facade's options. Loaded at the first call, not at import: zod is larger than all the rest. */

import { z } from 'zod'
import { changeSchema, expectationSchema } from '../../domain/commit/schema.ts'
import { receiptStates } from '../../domain/erase/receipt.ts'
import { recordKinds } from '../../domain/index/word-segment.ts'
import { isJsonObject } from '../../domain/json.ts'
import { limitTable } from '../../domain/limits.ts'
import type { MessageLike } from '../../domain/records/message-input.ts'
import { runStatuses } from '../../domain/records/run.ts'
import { spaceKinds } from '../../domain/space.ts'
import { recallModes } from '../../recall/rank.ts'

const id = z.string()
const optionalId = z.exactOptional(id)
const version = z.int().min(1)
const count = z.int().min(1).max(limitTable.pageSize.max)
const time = z.union([z.date(), z.string(), z.number()])
const dateRange = z.exactOptional(z.strictObject({ start: z.exactOptional(time), end: z.exactOptional(time) }))
const title = z.exactOptional(z.string().nullable())
/**
 * An object with a caller's own keys, passed on unchanged for `toPatch` or `copyJson` to check: zod's own records
 * silently drop a key `__proto__`.
 */
const jsonFields = z.custom<Record<string, unknown>>(isJsonObject, 'must be a plain object')
const metadata = z.exactOptional(jsonFields)
const cursor = z.exactOptional(z.string())
const perPage = z.exactOptional(z.union([count, z.literal(false)]))
const ttl = z.exactOptional(z.union([z.string(), z.number(), z.null()]))
const prefix = z.exactOptional(z.string().max(limitTable.idLength.max))
const thread = { threadId: id, resourceId: id }

export const commit = z.strictObject({ id: optionalId, expect: z.exactOptional(z.array(expectationSchema)) })
export const changes = z.array(changeSchema).min(1)
export const configure = z.strictObject({ ifVersion: z.exactOptional(z.int().min(0)) })

const feed = {
  after: z.exactOptional(z.int().min(0)),
  signal: z.exactOptional(z.instanceof(AbortSignal)),
}
export const follow = z.strictObject(feed)
export const watch = z.strictObject({ ...feed, prefix })

export const listSpaces = z.strictObject({ kind: z.enum(spaceKinds), prefix, cursor, limit: z.exactOptional(count) })

export const createThread = z.strictObject({ resourceId: id, threadId: optionalId, title, metadata })
export const getThreadById = z.strictObject({ threadId: id, resourceId: optionalId })
export const getThreadsByResourceId = z.strictObject({ resourceId: id })
export const listThreads = z.strictObject({
  resourceId: id,
  // Checked by the compiler of filters, like every filter.
  filter: z.exactOptional(z.strictObject({ metadata: z.exactOptional(z.custom<Record<string, unknown>>()) })),
  archived: z.exactOptional(z.union([z.boolean(), z.literal('any')])),
  page: z.exactOptional(z.int().min(0)),
  perPage,
  cursor,
  orderBy: z.exactOptional(
    z.strictObject({
      field: z.exactOptional(z.enum(['lastMessageAt', 'createdAt'])),
      direction: z.exactOptional(z.enum(['ASC', 'DESC', 'asc', 'desc'])),
    }),
  ),
})
export const updateThread = z.strictObject({ ...thread, title, metadata, ifVersion: z.exactOptional(version) })
export const namedThread = z.strictObject(thread)
export const cloneThread = z.strictObject({
  ...thread,
  newThreadId: optionalId,
  title,
  metadata,
  last: z.exactOptional(z.int().min(1)),
  dateRange,
  to: z.exactOptional(z.strictObject({ resourceId: id })),
})

export const saveMessages = z.strictObject({
  messages: z.custom<MessageLike | readonly MessageLike[]>((value) => value !== undefined, 'must be given'),
  threadId: optionalId,
  resourceId: optionalId,
  turnId: optionalId,
  commitId: optionalId,
})
const includeInternal = z.exactOptional(z.boolean())
const neighbours = z.exactOptional(z.int().min(0).max(limitTable.pageSize.max))
export const listMessages = z.strictObject({
  ...thread,
  last: z.exactOptional(count),
  page: z.exactOptional(z.int().min(0)),
  perPage,
  cursor,
  order: z.exactOptional(z.enum(['asc', 'desc'])),
  dateRange,
  includeInternal,
  include: z.exactOptional(
    z.array(z.strictObject({ id, withPreviousMessages: neighbours, withNextMessages: neighbours })).max(100),
  ),
})
export const messageEdit = z.strictObject({
  id,
  threadId: optionalId,
  content: z.exactOptional(z.unknown()),
  parts: z.exactOptional(z.array(z.unknown())),
  metadata,
})
export const updateMessages = z.strictObject({ messages: z.array(z.unknown()).min(1), resourceId: optionalId })
export const deleteMessages = z.strictObject({ resourceId: optionalId, threadId: optionalId })

const topK = z.exactOptional(z.int().min(1).max(1_000))
const range = z.int().min(0).max(100)
const recallOptions = {
  topK,
  tokenBudget: z.exactOptional(z.int().min(1).max(1_000_000)),
  messageRange: z.exactOptional(
    z.union([range, z.strictObject({ before: z.exactOptional(range), after: z.exactOptional(range) })]),
  ),
  threshold: z.exactOptional(z.number().min(0).max(1)),
  filter: z.exactOptional(z.unknown()),
  mode: z.exactOptional(z.enum(recallModes)),
  kinds: z.exactOptional(z.array(z.enum(recordKinds)).min(1)),
  includeInternal,
}
const words = z.string().refine((text) => text.trim() !== '', 'must hold a word')
export const recall = z.strictObject({
  resourceId: id,
  threadId: optionalId,
  query: z.exactOptional(words),
  vectorSearchString: z.exactOptional(words),
  scope: z.exactOptional(z.enum(['resource', 'thread'])),
  ...recallOptions,
})
export const recallSpace = z.strictObject({
  ...recallOptions,
  threadId: optionalId,
  spaces: z.exactOptional(z.array(id).min(1).max(16)),
})
export const recallQuery = words

const factIds = {
  userId: optionalId,
  resourceId: optionalId,
  teamId: optionalId,
  agentId: optionalId,
  taskId: optionalId,
}
const factLinks = z.exactOptional(z.union([id, z.array(id).max(limitTable.factLinks.max)]))
const expiry = z.exactOptional(time.nullable())
const factsAPage = z.exactOptional(z.int().min(1).max(1_000))
export const addFacts = z.strictObject({
  ...factIds,
  metadata,
  infer: z.exactOptional(z.boolean()),
  validFrom: z.exactOptional(time),
  expiresAt: expiry,
  supersedes: factLinks,
  contradicts: factLinks,
  commitId: optionalId,
})
export const searchFacts = z.strictObject({
  ...factIds,
  filters: z.exactOptional(z.unknown()),
  limit: topK,
  topK,
  threshold: z.exactOptional(z.number().min(0).max(1)),
  mode: z.exactOptional(z.enum(recallModes)),
  explain: z.exactOptional(z.boolean()),
  includeSuperseded: z.exactOptional(z.boolean()),
  asOf: z.exactOptional(time),
  spaces: z.exactOptional(z.array(id).min(1).max(16)),
})
export const getFact = z.strictObject({ includeSuperseded: z.exactOptional(z.boolean()) })
export const listFacts = z.strictObject({
  ...factIds,
  filters: z.exactOptional(z.unknown()),
  limit: factsAPage,
  cursor,
  includeSuperseded: z.exactOptional(z.boolean()),
  asOf: z.exactOptional(time),
})
export const factEdit = z.strictObject({ text: z.exactOptional(z.string()), metadata, expiresAt: expiry })
export const updateFact = z.strictObject({ ifVersion: z.exactOptional(version) })
export const deleteAllFacts = z.strictObject(factIds)
export const factHistory = z.strictObject({ limit: factsAPage })
export const listConflicts = z.strictObject({ ...factIds, limit: factsAPage, cursor })

export const listRuns = z.strictObject({
  resourceId: optionalId,
  agentId: optionalId,
  threadId: optionalId,
  status: z.exactOptional(z.union([z.enum(runStatuses), z.array(z.enum(runStatuses)).min(1)])),
  cursor,
  limit: z.exactOptional(count),
})

const block = {
  resourceId: id,
  threadId: optionalId,
  scope: z.exactOptional(z.enum(['resource', 'thread'])),
  name: optionalId,
}
export const getWorkingMemory = z.strictObject({ ...block, version: z.exactOptional(version) })
export const updateWorkingMemory = z.strictObject({
  ...block,
  workingMemory: z.union([z.string(), jsonFields]),
  mode: z.exactOptional(z.enum(['merge', 'replace'])),
  ifVersion: z.exactOptional(version),
  ifAbsent: z.exactOptional(z.boolean()),
})
export const getWorkingMemoryHistory = z.strictObject({
  ...block,
  limit: z.exactOptional(z.int().min(1).max(1_000)),
})
export const restoreWorkingMemory = z.strictObject({ ...block, version })

export const writeEntry = z.strictObject({
  ttl,
  commitId: optionalId,
  ifVersion: z.exactOptional(version),
  ifAbsent: z.exactOptional(z.boolean()),
})
export const updateEntry = z.strictObject({ ttl })
export const deleteEntry = z.strictObject({ ifVersion: z.exactOptional(version) })
export const listEntries = z.strictObject({ prefix, limit: z.exactOptional(count), cursor })
export const entryHistory = z.strictObject({ limit: z.exactOptional(z.int().min(1).max(1_000)) })
export const readAt = z.strictObject({ seq: z.exactOptional(z.int().min(0)), at: z.exactOptional(time) })

export const forget = z.strictObject({
  resourceId: optionalId,
  userId: optionalId,
  teamId: optionalId,
  agentId: optionalId,
  taskId: optionalId,
  threadId: optionalId,
  messageIds: z.exactOptional(z.array(id).min(1).max(limitTable.erasedPerCommit.max)),
  factIds: z.exactOptional(z.array(id).min(1).max(limitTable.erasedPerCommit.max)),
  key: optionalId,
  run: optionalId,
})
export const receipts = z.strictObject({ state: z.exactOptional(z.enum(receiptStates)), limit: z.exactOptional(count) })
