/** The schemas of changes that observe a thread. */
import { z } from 'zod'
import { limitTable } from '../limits.ts'
import { observationKinds, observationMakers, observationPriorities } from '../records/observation.ts'
import { trusts } from '../trust.ts'
import { actorSchema } from './actor-schema.ts'

const threadId = z.string()
const time = z.iso.datetime()

/** The place of a message: its packed turn, and its index there. */
const place = z.strictObject({ turn: z.int().min(0), index: z.int().min(-1) })

/** What a cycle made of some messages. */
const note = z.strictObject({
  text: z.string(),
  kind: z.exactOptional(z.enum(observationKinds)),
  priority: z.enum(observationPriorities),
  made: z.enum(observationMakers),
  saidAt: time,
  /** A date or a time that it is about, or words. */
  refersTo: z.exactOptional(z.string()),
  author: z.exactOptional(actorSchema.extend({ claimed: z.exactOptional(z.literal(true)) })),
  trust: z.exactOptional(z.enum(trusts)),
  from: place,
  until: place,
})

/** A cycle begins, puts notes or a reflection, and what was made ahead becomes active. */
export const observationChanges = [
  /**
   * Begins a cycle over a thread: with `to` it observes the messages up to that place, without it reflects on the active
   * notes. The seq of its commit proves the claim.
   */
  z.strictObject({
    kind: z.literal('observation-begin'),
    threadId,
    to: z.exactOptional(place),
    leaseMs: z.int().min(1).max(limitTable.turnLeaseMs.max),
    budget: z.exactOptional(
      z.strictObject({
        /** Tokens that a model is about to read, estimated. */
        tokens: z.int().min(0),
        /** Tokens of one day; refused if they are used up. */
        dailyTokens: z.exactOptional(z.int().min(1)),
        /** Whether all threads of the space share them. */
        isShared: z.exactOptional(z.boolean()),
      }),
    ),
  }),
  /** Puts what was observed of the messages behind one place up to another. It continues what was observed before. */
  z.strictObject({
    kind: z.literal('observation-put'),
    threadId,
    claim: z.int().min(1),
    after: place.nullable(),
    to: place,
    notes: z.array(note),
    /** Active at once, with all chunks that are buffered. */
    activate: z.exactOptional(z.boolean()),
    /** Of the messages, estimated. Default: 0. */
    tokens: z.exactOptional(z.int().min(0)),
    /** Tokens that a model read and wrote beyond those of the beginning. */
    spent: z.exactOptional(z.int().min(0)),
  }),
  /** Makes buffered chunks active up to one of them (default: all), or a reflection that was made ahead current. */
  z.strictObject({
    kind: z.literal('observation-activate'),
    threadId,
    chunk: z.exactOptional(z.int().min(1)),
    generation: z.exactOptional(z.int().min(1)),
  }),
  /** Puts a new generation of notes in the place of all that were active when the cycle began. */
  z.strictObject({
    kind: z.literal('observation-reflect'),
    threadId,
    claim: z.int().min(1),
    notes: z.array(note),
    /** Made ahead: current once it is activated. */
    isAhead: z.exactOptional(z.boolean()),
    spent: z.exactOptional(z.int().min(0)),
  }),
  /** Gives back the claim of a cycle that ended without notes, so that the next one need not wait for its deadline. */
  z.strictObject({ kind: z.literal('observation-release'), threadId, claim: z.int().min(1) }),
] as const
