/** Facts: stand-alone statements with sources, actor, trust and validity, one of which may supersede another. */
import type { Actor } from '../actor.ts'
import type { FactId, Seq } from '../id.ts'
import type { JsonObject } from '../json.ts'
import type { Trust } from '../trust.ts'

/** The ids that a fact carries beside its space. Whoever looks for one of them finds the facts that have it. */
export interface FactAttributes {
  readonly userId?: string
  readonly agentId?: string
  readonly taskId?: string
  readonly teamId?: string
}

export const factAttributes = ['userId', 'agentId', 'taskId', 'teamId'] as const satisfies (keyof FactAttributes)[]

/** `queued`: raw words that wait for extraction, which no usual way of reading shows. */
export const factStatuses = ['current', 'superseded', 'queued'] as const
export type FactStatus = (typeof factStatuses)[number]

/**
 * What is stated of a fact. A new field belongs here and in {@link unstated}; it is then kept, replayed, stored and erased with
 * the rest. Say that it can be stated in `commit/schema.ts`.
 */
export interface StatedFields {
  readonly text: string
  readonly trust: Trust
  readonly metadata: JsonObject
  readonly attributes: FactAttributes
  /** Ids of the messages, facts and runs that it was derived from. */
  readonly sources: readonly string[]
  readonly validFrom: string
  readonly expiresAt: string | null
}

/** The fields of a fact of which nothing was stated, or whose content is gone. */
export function unstated(createdAt: string): StatedFields {
  return { text: '', trust: 'tool', metadata: {}, attributes: {}, sources: [], validFrom: createdAt, expiresAt: null }
}

/** A fact as drivers keep it. A deleted one stays as an empty row, counted as absent. */
export interface FactState extends StatedFields {
  readonly id: FactId
  readonly version: Seq
  readonly deleted: boolean
  /** Its place among the facts of its space, in the order in which they were first stated. */
  readonly order: number
  readonly createdAt: string
  /** Time of this version, a mark or its removal included. */
  readonly updatedAt: string
  /** Who stated the text. */
  readonly assertedBy: Actor
  /** Since when another fact stands in its place; null while it is current. */
  readonly validTo: string | null
  readonly status: FactStatus
  readonly supersededBy: FactId | null
  /** Facts that contradict it, unresolved. They name it too. */
  readonly conflictsWith: readonly FactId[]
}

/** Facts made by one commit: more than it can have changes. */
const factsPerCommit = 16_384

/** The place of a fact that a change first stated, as one sortable integer. */
export function factOrder(seq: Seq, change: number): number {
  return seq * factsPerCommit + change
}

/** The fact if it counts as present at a time: not deleted and not past its expiry, whatever was swept; else null. */
export function liveFact(fact: FactState | null, at: string): FactState | null {
  if (fact === null || fact.deleted) return null
  return fact.expiresAt === null || fact.expiresAt > at ? fact : null
}
