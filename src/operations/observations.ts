/** Operations on the notes that are condensed from threads. */
import { z } from 'zod'
import {
  getObservationHistory,
  getObservations,
  observe,
  reflectNow,
  summarizeThread,
} from '../memory/observations/observations.ts'
import { mostSummaryTokens, usualSummaryTokens } from '../memory/observations/summary.ts'
import { id, optional, optionalId, optionalTime, recordTime } from './fields.ts'
import { ofResource, operation } from './operation.ts'
import { observation } from './records.ts'

export const observationOperations = [
  operation({
    name: 'observations.list',
    title: 'Read notes',
    description: 'The notes that were condensed from a thread, or from all threads of a resource: now, or at a time.',
    effect: 'read',
    input: z.strictObject({ resourceId: id, threadId: optionalId, at: optionalTime }),
    output: z.strictObject({ observations: z.array(observation) }),
    space: ofResource,
    run: getObservations,
  }),
  operation({
    name: 'observations.history',
    title: 'Read generations of notes',
    description:
      'The generations that the notes of a thread were condensed into, the oldest first, each with its notes.',
    effect: 'read',
    input: z.strictObject({ resourceId: id, threadId: id }),
    output: z.strictObject({
      generations: z.array(
        z.strictObject({ generation: z.int().min(1), createdAt: recordTime, observations: z.array(observation) }),
      ),
    }),
    space: ofResource,
    run: getObservationHistory,
  }),
  operation({
    name: 'observations.observe',
    title: 'Observe a thread',
    description:
      'Condenses what a thread has said since it was last observed into notes, by the model of the options or by rules.',
    effect: 'write',
    input: z.strictObject({ resourceId: id, threadId: id }),
    output: z.strictObject({
      status: z.enum(['complete', 'busy']),
      messages: z.int().min(0),
      notes: z.int().min(0),
      reflected: z.int().min(1).nullable(),
    }),
    space: ofResource,
    run: observe,
  }),
  operation({
    name: 'observations.reflect',
    title: 'Condense notes',
    description:
      'Condenses the notes of a thread into a new generation of fewer notes, by the model of the options or by rules.',
    effect: 'write',
    input: z.strictObject({ resourceId: id, threadId: id }),
    output: z.strictObject({
      status: z.enum(['complete', 'busy']),
      generation: z.int().min(1).nullable(),
      notes: z.int().min(0),
    }),
    space: ofResource,
    run: reflectNow,
  }),
  operation({
    name: 'observations.summarize',
    title: 'Summarize a thread',
    description: 'A thread in few words, by its notes; what was not observed yet is observed first.',
    effect: 'write',
    input: z.strictObject({
      resourceId: id,
      threadId: id,
      maxTokens: optional(z.int().min(1).max(mostSummaryTokens)).describe(
        `Tokens of the text, estimated. Default: ${usualSummaryTokens}.`,
      ),
    }),
    output: z.strictObject({
      status: z.enum(['complete', 'busy']),
      text: z.string(),
      tokens: z.int().min(0),
      notes: z.int().min(0),
    }),
    space: ofResource,
    run: summarizeThread,
  }),
] as const
