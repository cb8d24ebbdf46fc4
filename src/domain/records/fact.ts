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
  /** Until when it holds: as was stated, or where another fact replaced it. Null while nothing ends it. */
  readonly validTo: string | null
  readonly expiresAt: string | null
  /** Every prompt of its home shows it. Only users and the application pin a fact, and release it. */
  readonly pinned?: boolean
  /** How much it matters, from 0 to 1. */
  readonly importance?: number
}

/** The fields of a fact without statement, or whose content was erased. */
export function unstated(createdAt: string): StatedFields {
  const times = { validFrom: createdAt, validTo: null, expiresAt: null }
  return { text: '', trust: 'tool', metadata: {}, attributes: {}, sources: [], ...times }
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
  /** `superseded`: it held only in the past, since another fact replaced it or because it was stated so. */
  readonly status: FactStatus
  /** The fact that holds in its place, or will once this one ends; null if there is none. */
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

/** Whether a fact that was current when it was written had ended by a time. */
function hasEnded({ status, validTo }: FactState, at: string): boolean {
  return status === 'current' && validTo !== null && validTo <= at
}

/**
 * The fact if it is present at a time: not deleted and not expired, swept or not. Otherwise null. One that has ended by then
 * is `superseded`.
 */
export function liveFact(fact: FactState | null, at: string): FactState | null {
  if (fact === null || fact.deleted) return null
  if (fact.expiresAt !== null && fact.expiresAt <= at) return null
  return hasEnded(fact, at) ? { ...fact, status: 'superseded' } : fact
}

/** The facts of these that are present at a time, as {@link liveFact} gives them. */
export function liveFacts(facts: readonly FactState[], at: string): readonly FactState[] {
  return facts.flatMap((fact) => liveFact(fact, at) ?? [])
}

/** Whether a fact held at a time. */
export function heldAt({ validFrom, validTo }: FactState, at: string): boolean {
  return validFrom <= at && (validTo === null || at < validTo)
}

/**
 * The trust that guards a fact against those with less. Words that the application queued are what others said to it: no
 * agent or tool may change or remove them before they are learned. What a user pinned is as safe as what a user said.
 */
export function guardedTrust({ status, assertedBy, trust, pinned }: FactState): Trust {
  if (pinned === true) return 'user'
  return status === 'queued' && assertedBy.kind === 'system' ? 'user' : trust
}
