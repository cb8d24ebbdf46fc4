/** Operations that find what is relevant to a question. */
import { z } from 'zod'
import { recordKinds } from '../domain/index/word-segment.ts'
import { gateModes } from '../domain/question-gate.ts'
import { parseSpaceId } from '../domain/space.ts'
import { explain } from '../memory/indexing.ts'
import { recallModes } from '../recall/question.ts'
import { author, filter, id, json, jsonFields, optional, optionalId, recordTime, time } from './fields.ts'
import { ofResource, operation } from './operation.ts'
import { message, numbers, observation, place, proposal } from './records.ts'

/** The code of recall, loaded by the first question: it needs a megabyte that nothing else needs. */
let recalling: typeof import('../memory/recall/recall-options.ts') | null = null

async function loadRecall() {
  recalling ??= await import('../memory/recall/recall-options.ts')
  return recalling
}

/** A time, or a day of the zone that the question names. */
const recallTime = optional(z.union([time, z.iso.date()]))
/** When a question is asked, and the period that it is limited to. */
export const timeFields = {
  from: recallTime.describe('Only what was said, or held, at or after this time; a day begins in timeZone.'),
  to: recallTime.describe('Only what was said, or held, before this time.'),
  now: recallTime.describe('When it is asked: "last week" is counted from it. Default: now.'),
  timeZone: optional(z.string().min(1).max(100)).describe('IANA name of the zone in which days begin. Default: UTC.'),
}
const range = z.int().min(0).max(100)
const limits = {
  topK: optional(z.int().min(1).max(1_000)),
  tokenBudget: optional(z.int().min(1).max(1_000_000)),
  messageRange: optional(z.union([range, z.strictObject({ before: optional(range), after: optional(range) })])),
  threshold: optional(z.number().min(0).max(1)),
  filter,
  mode: optional(z.enum(recallModes)),
  gate: optional(z.enum(gateModes)),
  kinds: optional(z.array(z.enum(recordKinds)).min(1)),
  includeInternal: optional(z.boolean()),
  ...timeFields,
}

/** A question. */
export const question = z.string().refine((text) => text.trim() !== '', 'must hold a word')

/** Why an answer may be incomplete. */
export const degraded = z.array(
  z.enum([
    'no-embedder',
    'embedder-loading',
    'embedder-mismatch',
    'embedder-unauthorized',
    'embedder-failed',
    'query-cut',
  ]),
)

const kind = z.enum(recordKinds)
/** How well an item answers the question. */
export const itemScores = {
  relevance: z.number(),
  similarity: z.number().nullable(),
  matched: z.array(z.string()),
  score: z.number(),
  scores: numbers,
}

const scored = { ...itemScores, isNeighbour: optional(z.literal(true)) }

const tracedItem = z.strictObject({
  kind,
  id: z.string(),
  space: z.string(),
  threadId: optional(z.string()),
  ...scored,
  rank: z.int(),
  said: z.string(),
  dropped: z.enum(['below-threshold', 'beyond-top-k', 'over-budget', 'gone', 'filter', 'in-prompt']).nullable(),
  isPulledIn: optional(z.literal(true)),
  limitedBy: optional(z.string()),
})

export const recallTrace = z.strictObject({
  question: z.string(),
  bare: z.string(),
  terms: z.array(z.string()),
  names: z.array(z.string()),
  times: z.array(z.string()),
  mode: z.enum(recallModes),
  legs: z.array(z.string()),
  spaces: z.array(z.string()),
  inScope: z.int(),
  candidates: z.int(),
  unmatched: z.int(),
  gate: z.strictObject({ mode: z.enum(gateModes), chance: z.number(), isClosed: z.boolean() }),
  note: optional(z.string()),
  items: z.array(tracedItem),
})

const recollection = z.strictObject({
  items: z.array(
    z.strictObject({
      kind,
      id: z.string(),
      ...place,
      text: z.string(),
      ...scored,
      author,
      threadId: optional(z.string()),
      at: recordTime,
      tokens: z.int(),
      message: optional(message),
      fact: optional(jsonFields),
      observation: optional(observation),
      proposals: optional(z.array(proposal)),
      value: optional(json),
    }),
  ),
  messages: z.array(message.extend(scored)),
  asOf: numbers,
  degraded,
  pending: z.int(),
  recallId: z.string(),
  trace: recallTrace,
  tokens: z.int(),
})

export const recallOperations = [
  operation({
    name: 'messages.recall',
    title: 'Recall messages',
    description: 'Finds what was said that is relevant to a question, in all threads of a resource or in one.',
    effect: 'read',
    event: 'memory.recall',
    input: z.strictObject({
      resourceId: id,
      threadId: optionalId,
      query: optional(question),
      vectorSearchString: optional(question).describe('Another name for query.'),
      scope: optional(z.enum(['resource', 'thread'])),
      ...limits,
    }),
    output: recollection,
    space: ofResource,
    run: async (core, input) => (recalling ?? (await loadRecall())).recallMessages(core, input),
  }),
  operation({
    name: 'spaces.recall',
    title: 'Recall from spaces',
    description: 'Finds what is relevant to a question among all that a space holds: messages, facts and entries.',
    effect: 'read',
    event: 'memory.recall',
    input: z.strictObject({
      space: z.string(),
      query: question,
      ...limits,
      threadId: optionalId,
      spaces: optional(z.array(id).min(1).max(16)).describe('Searches these spaces instead, together.'),
    }),
    output: recollection,
    space: ({ space, spaces = [space] }) => spaces.map((one) => parseSpaceId(one).id),
    run: async (core, input) => (recalling ?? (await loadRecall())).recallSpace(core, input),
  }),
  operation({
    name: 'recall.explain',
    title: 'Explain a recall',
    description:
      'Why each item of an answer was in, and what was dropped and why. Answers are kept by their process for a while; the recall of a prompt is kept with its run.',
    effect: 'read',
    input: z.strictObject({ recallId: z.string().describe('The recallId of an answer, or the id of a run.') }),
    output: recallTrace.extend({
      summary: z.string(),
      items: z.array(tracedItem.extend({ text: z.string() })),
    }),
    space: ({ recallId }) => ({ issuedIds: [recallId] }),
    run: explain,
  }),
] as const
