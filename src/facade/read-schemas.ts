/** The zod schemas of the arguments of a space's readers. Loaded at the first read through a `Space`. */

import { z } from 'zod'
import { checkFilter } from '../domain/filter.ts'
import { checkId, type ThreadId } from '../domain/id.ts'
import { isJsonObject, type JsonObject } from '../domain/json.ts'
import { defaultLimits, limitTable } from '../domain/limits.ts'
import { type FactAttributes, factStatuses } from '../domain/records/fact.ts'
import { runStatuses } from '../domain/records/run.ts'
import type { SpaceReads } from '../ports/space-reads.ts'

/** An id. As everywhere, its error names the field and the broken rule. */
const named = (field: string) => z.string().refine((value) => checkId(value, field) === value)
const anywhere = (field: string) => named(field).nullable()
const seq = z.int().min(0)
const afterOrder = seq.nullable()
const limit = z.int().min(1).max(limitTable.pageSize.max)
const offset = z.int().min(0)
// Drivers compare times as texts, so all must have the one form.
const time = z.iso.datetime({ offset: true }).transform((text) => new Date(text).toISOString())
const order = z.enum(['newest', 'oldest'])
const direction = z.enum(['asc', 'desc'])
const attribute = (name: keyof FactAttributes) => z.exactOptional(named(name))
const attributes = z.strictObject({
  userId: attribute('userId'),
  agentId: attribute('agentId'),
  taskId: attribute('taskId'),
  teamId: attribute('teamId'),
}) satisfies z.ZodType<FactAttributes>
const metadata = z
  .custom<JsonObject>(isJsonObject, 'must be a JSON object')
  .transform((filter) => checkFilter(filter, 'query.metadata', defaultLimits))

/** A whole record may be passed as a place: its other fields are dropped. */
const messagePlace = z.object({ turn: seq, index: seq })
const threadPlace = z.object({ asOf: seq, order: seq, threadId: named('threadId').transform((id) => id as ThreadId) })

const threadQuery = z.strictObject({
  orderBy: z.enum(['lastMessageAt', 'createdAt']),
  direction,
  archived: z.union([z.boolean(), z.literal('any')]),
  metadata: metadata.nullable(),
  scanLimit: z.int().min(1).max(limitTable.filterScan.max),
  limit,
  offset,
  after: threadPlace.nullable(),
})

const messageQuery = z
  .strictObject({
    threadId: named('threadId'),
    direction,
    after: messagePlace.nullable(),
    asOf: seq.nullable(),
    limit,
    offset,
    from: time.nullable(),
    to: time.nullable(),
    skipInternal: z.exactOptional(z.boolean()),
    turns: z.exactOptional(z.enum(['standing', 'shown', 'all'])),
  })
  .refine(({ from, to }) => from === null || to === null || from <= to, {
    path: ['to'],
    message: 'must not be before from',
  })

const asOf = z.exactOptional(seq)

const factQuery = z.strictObject({
  asOf,
  attributes,
  statuses: z.array(z.enum(factStatuses)),
  pinned: z.exactOptional(z.literal(true)),
  order,
  after: afterOrder,
  limit,
})

const runQuery = z.strictObject({
  asOf,
  threadId: anywhere('threadId'),
  name: anywhere('name'),
  statuses: z.array(z.enum(runStatuses)),
  order,
  after: afterOrder,
  limit,
})

const sources = z.array(named('sources')).max(limitTable.factLinks.max)
const prefix = z.string().max(limitTable.idLength.max)
const entryQuery = z.strictObject({ prefix, after: anywhere('after'), limit, asOf })
const block = [
  ['threadId', anywhere('threadId')],
  ['name', named('name')],
] as const
const readLimit = ['limit', limit] as const
const atSeq = ['seq', seq] as const

/** The arguments of a method, by name and in order; the schemas must match its parameters. */
type ArgumentsOf<Method> = Method extends (...args: infer All) => unknown
  ? { readonly [Index in keyof All]: readonly [name: string, schema: z.ZodType<All[Index]>] }
  : never

/** For each method of each reader its arguments. */
export const readSchemas = {
  threads: { get: [['threadId', named('threadId')]], list: [['query', threadQuery]] },
  messages: {
    list: [['query', messageQuery]],
    find: [['messageId', named('messageId')]],
    openTurns: [['threadId', named('threadId')]],
    turn: [['turnId', named('turnId')]],
  },
  blocks: {
    get: block,
    list: [
      ['threadId', anywhere('threadId')],
      ['query', z.strictObject({ asOf }).optional()],
    ],
    history: [...block, readLimit],
    at: [...block, atSeq],
  },
  entries: {
    get: [['key', named('key')]],
    list: [['query', entryQuery]],
    history: [['key', named('key')], readLimit],
    at: [['key', named('key')], atSeq],
  },
  facts: {
    get: [['factId', named('factId')]],
    list: [['query', factQuery]],
    history: [['factId', named('factId')], readLimit],
    derivedFrom: [['query', z.strictObject({ sources, after: afterOrder, limit })]],
    conflicts: [['query', z.strictObject({ attributes, after: afterOrder, limit })]],
    byText: [['text', z.string().max(limitTable.factBytes.max)]],
  },
  runs: { get: [['runId', named('runId')]], list: [['query', runQuery]] },
  log: { read: [['query', z.strictObject({ after: seq, limit })]], seqAt: [['at', time]] },
} satisfies {
  [Name in keyof SpaceReads]: { [Method in keyof SpaceReads[Name]]: ArgumentsOf<SpaceReads[Name][Method]> }
}
