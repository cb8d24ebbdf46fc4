/** Facts: stand-alone statements with sources, actor, trust and validity, one of which may supersede another. */
import type { Actor } from '../actor.ts'
import type { FactId, Seq } from '../id.ts'
import type { JsonObject } from '../json.ts'
import type { Trust } from '../trust.ts'

/** The ids that a fact has in addition to its space. A search for one of them finds the facts that have it. */
export interface FactAttributes {
  readonly userId?: string
  readonly agentId?: string
  readonly taskId?: string
  readonly teamId?: string
}

export const factAttributes = ['userId', 'agentId', 'taskId', 'teamId'] as const satisfies (keyof FactAttributes)[]

/** `queued`: raw words that wait for extraction. Ordinary reads do not show them. */
export const factStatuses = ['current', 'superseded', 'queued'] as const
export type FactStatus = (typeof factStatuses)[number]

/**
 * The stated fields of a fact. A new field belongs here and in {@link unstated}; it is then kept, replayed, stored and
 * erased like the others. Add it to `commit/schema.ts`, so that it can be stated.
 */
export interface StatedFields {
  readonly text: string
  readonly trust: Trust
  readonly metadata: JsonObject
  readonly attributes: FactAttributes
  /** Ids of the messages, facts and runs that it was derived from. */
  readonly sources: readonly string[]
  /** It has sources, but was also stated without any: it stays when they are forgotten. */
  readonly unsourced?: true
  readonly validFrom: string
  readonly expiresAt: string | null
}

/** The fields of a fact without statement, or whose content was erased. */
export function unstated(createdAt: string): StatedFields {
  return { text: '', trust: 'tool', metadata: {}, attributes: {}, sources: [], validFrom: createdAt, expiresAt: null }
}

/** A fact as drivers store it. A deleted fact stays as an empty row, which counts as absent. */
export interface FactState extends StatedFields {
  readonly id: FactId
  readonly version: Seq
  readonly deleted: boolean
  /** Its place among the facts of its space, in the order in which they were first stated. */
  readonly order: number
  readonly createdAt: string
  /** Time of this version. Setting or removing a mark makes a version too. */
  readonly updatedAt: string
  /** Who stated the text. */
  readonly assertedBy: Actor
  /** When another fact replaced it; null while it is current. */
  readonly validTo: string | null
  readonly status: FactStatus
  readonly supersededBy: FactId | null
  /** Facts that contradict it, unresolved. They also list this fact. */
  readonly conflictsWith: readonly FactId[]
}

/** Facts of one commit, at most: more than it can have changes. */
const factsPerCommit = 16_384

/** The place of a fact that a change first stated, as one sortable integer. */
export function factOrder(seq: Seq, change: number): number {
  return seq * factsPerCommit + change
}

/** The fact if it is present at a time: not deleted and not expired, swept or not. Otherwise null. */
export function liveFact(fact: FactState | null, at: string): FactState | null {
  if (fact === null || fact.deleted) return null
  return fact.expiresAt === null || fact.expiresAt > at ? fact : null
}
