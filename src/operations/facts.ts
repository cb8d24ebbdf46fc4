/** Operations on facts: what agents learned about users, teams, each other and tasks. */
import { z } from 'zod'
import { type Duration, limitTable } from '../domain/limits.ts'
import { gateModes } from '../domain/question-gate.ts'
import { factAdditions } from '../domain/records/fact-merge.ts'
import { factEvents } from '../domain/replay/fact-history.ts'
import { homeOf, scopeOf } from '../memory/facts/fact-home.ts'
import { inferDegradations } from '../memory/facts/fact-records.ts'
import { addFacts } from '../memory/facts/facts-add.ts'
import { factHistory, getFact, listConflicts, listFacts } from '../memory/facts/facts-read.ts'
import { deleteAllFacts, deleteFact, updateFact } from '../memory/facts/facts-write.ts'
import { recallModes } from '../recall/question.ts'
import {
  actor,
  commitId,
  cursor,
  filter,
  historyLimit,
  id,
  ifVersion,
  jsonFields,
  metadata,
  optional,
  optionalTime,
  recordTime,
  seq,
  version,
} from './fields.ts'
import { messages } from './messages.ts'
import { operation, type Touched } from './operation.ts'
import { degraded, itemScores, question, recallTrace, timeFields } from './recall.ts'
import { deletion, fact, numbers, ownerIds, stated } from './records.ts'

const links = optional(z.union([id, z.array(id).max(limitTable.factLinks.max)]))
/** Text of a duration, such as `90d`; it is read where it is used. */
const duration: z.ZodType<Duration, Duration> = z.string() as never
const { expiresAt, pinned, importance } = stated
const limit = optional(z.int().min(1).max(1_000))

const added = z.strictObject({
  results: z.array(
    z.strictObject({
      id: z.string(),
      memory: z.string(),
      event: z.enum(['ADD', 'UPDATE', 'DELETE', 'NONE']),
      added: optional(z.array(z.enum(factAdditions))),
      endedBy: optional(z.string()),
      previousMemory: optional(z.string()),
      supersedes: optional(z.array(z.string())),
      conflictsWith: optional(z.array(z.string())),
      proposalIds: optional(z.array(z.string())),
    }),
  ),
  queued: optional(z.array(z.string())),
  degraded: optional(z.array(z.enum(inferDegradations))),
  error: optional(z.unknown()).describe('Why the model could not be used, as a MemoryError.'),
})

const home = (input: Parameters<typeof homeOf>[0]): Touched => [homeOf(input).space]
const issued = ({ factId }: { readonly factId: string }): Touched => ({ issuedIds: [factId] })

export const factOperations = [
  operation({
    name: 'facts.add',
    title: 'Add facts',
    description:
      'Adds what messages state, or one statement given as a text. What is known already is not stored twice.',
    effect: 'write',
    input: z.strictObject({
      messages,
      ...ownerIds,
      metadata,
      infer: optional(z.boolean()).describe('Whether a model finds the statements. Default: true if there is one.'),
      ...stated,
      supersedes: links,
      contradicts: links,
      commitId,
    }),
    output: added,
    space: home,
    run: addFacts,
  }),
  operation({
    name: 'facts.search',
    title: 'Search facts',
    description: 'Finds the facts of a user, team, agent or task that are relevant to a question.',
    effect: 'read',
    event: 'memory.recall',
    input: z.strictObject({
      query: question,
      ...ownerIds,
      filters: filter,
      limit,
      topK: limit,
      threshold: optional(z.number().min(0).max(1)),
      gate: optional(z.enum(gateModes)),
      mode: optional(z.enum(recallModes)),
      explain: optional(z.boolean()),
      includeSuperseded: optional(z.boolean()),
      asOf: optionalTime,
      ...timeFields,
      weights: optional(
        z.strictObject({
          importance: optional(z.number().min(0).max(1)),
          decay: optional(
            z.strictObject({
              halfLife: z.union([duration, z.number()]),
              by: optional(z.enum(['validFrom', 'updatedAt'])),
            }),
          ),
        }),
      ),
      spaces: optional(z.array(id).min(1).max(16)),
    }),
    output: z.strictObject({
      results: z.array(fact.extend(itemScores)),
      asOf: numbers,
      degraded,
      pending: z.int(),
      recallId: z.string(),
      trace: optional(recallTrace),
    }),
    space: (input) => scopeOf(input, input.spaces).spaces,
    run: async (core, input) => {
      // Loaded with the code of recall.
      const { searchFacts } = await import('../memory/facts/facts-search.ts')
      return searchFacts(core, input)
    },
  }),
  operation({
    name: 'facts.get',
    title: 'Read a fact',
    description: 'The fact of that id, or null if it is not there or another one has taken its place.',
    effect: 'read',
    input: z.strictObject({ factId: id, includeSuperseded: optional(z.boolean()) }),
    output: fact.nullable(),
    space: issued,
    run: getFact,
  }),
  operation({
    name: 'facts.list',
    title: 'List facts',
    description: 'A page of the facts of a user, team, agent or task: the newest 100 unless asked otherwise.',
    effect: 'read',
    input: z.strictObject({
      ...ownerIds,
      filters: filter,
      limit,
      cursor,
      includeSuperseded: optional(z.boolean()),
      asOf: optionalTime,
    }),
    output: z.strictObject({ results: z.array(fact), asOf: seq, nextCursor: cursor }),
    space: home,
    run: listFacts,
  }),
  operation({
    name: 'facts.update',
    title: 'Change a fact',
    description: 'Changes the text, the metadata or the times of a fact in place. History keeps what it said.',
    effect: 'write',
    input: z.strictObject({
      factId: id,
      text: optional(z.string()),
      metadata,
      validFrom: optionalTime,
      validTo: optionalTime,
      expiresAt,
      pinned,
      importance,
      ifVersion,
      commitId,
    }),
    output: z.discriminatedUnion('status', [
      z.strictObject({ status: z.literal('updated'), fact }),
      z.strictObject({ status: z.literal('conflict'), current: fact.nullable() }),
    ]),
    space: issued,
    run: updateFact,
  }),
  operation({
    name: 'facts.delete',
    title: 'Delete a fact',
    description: 'Removes a fact. Removing what is not there answers deleted: false.',
    effect: 'write',
    input: z.strictObject({ factId: id, commitId }),
    output: deletion.extend({ refused: optional(z.literal(true)), proposalId: optional(z.string()) }),
    space: issued,
    run: deleteFact,
  }),
  operation({
    name: 'facts.deleteAll',
    title: 'Delete all facts',
    description: 'Removes all facts of a user, team, agent or task that carry the other ids given.',
    effect: 'write',
    input: z.strictObject({ ...ownerIds, commitId }),
    output: z.strictObject({
      deleted: z.int().min(0),
      refused: optional(z.int().min(1)),
      proposalIds: optional(z.array(z.string())),
    }),
    space: home,
    run: deleteAllFacts,
  }),
  operation({
    name: 'facts.history',
    title: 'History of a fact',
    description: 'The versions of a fact, newest first: what was said when and by whom, and what took its place.',
    effect: 'read',
    input: z.strictObject({ factId: id, limit: historyLimit }),
    output: z.array(
      z.strictObject({
        version,
        at: recordTime,
        by: actor,
        event: z.enum(factEvents),
        memory: z.string().nullable(),
        metadata: jsonFields,
      }),
    ),
    space: issued,
    run: factHistory,
  }),
  operation({
    name: 'facts.conflicts',
    title: 'List facts that contradict each other',
    description: 'Facts of a user, team, agent or task that contradict each other and are unresolved, in groups.',
    effect: 'read',
    input: z.strictObject({ ...ownerIds, limit, cursor }),
    output: z.strictObject({
      results: z.array(z.strictObject({ facts: z.array(fact) })),
      asOf: seq,
      nextCursor: cursor,
    }),
    space: home,
    run: listConflicts,
  }),
] as const
