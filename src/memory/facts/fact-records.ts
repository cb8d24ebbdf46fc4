/** Facts as operations answer them: the domain's, with the ids that say whose they are. */
import type { Actor } from '../../domain/actor.ts'
import type { Seq } from '../../domain/id.ts'
import type { JsonObject } from '../../domain/json.ts'
import type { FactState } from '../../domain/records/fact.ts'
import type { FactEvent } from '../../domain/replay/fact-history.ts'
import type { Trust } from '../../domain/trust.ts'
import type { Proposable } from '../answers/proposals.ts'
import { idsOf } from './fact-home.ts'

/** A fact in its current state. Times are ISO texts, and Dates in the facade. */
export interface FactRecord<Time = string> extends Proposable<Time> {
  readonly id: string
  /** The statement. */
  readonly memory: string
  /** Data of the application. `{}` if there is none. */
  readonly metadata: JsonObject
  readonly createdAt: Time
  readonly updatedAt: Time
  /** The user it is about, if it has one. */
  readonly userId?: string
  /** The team it belongs to, if it has one. */
  readonly teamId?: string
  /** The agent it belongs to, if it has one. */
  readonly agentId?: string
  /** The piece of work it belongs to, if it has one. */
  readonly taskId?: string
  /** The role of the message that it was stored from, if it was stored unchanged. */
  readonly role?: 'user' | 'assistant'
  /** The space it lives in, such as `resource/alice`. */
  readonly space: string
  /** Seq of the commit that last changed it, for `ifVersion`. */
  readonly version: Seq
  /** `superseded` if it held only in the past: another fact replaced it, or it was stated with an end. */
  readonly status: 'current' | 'superseded'
  /** Who stated it. */
  readonly assertedBy: Actor
  /** How much it is trusted: as much as its least trusted source. */
  readonly trust: Trust
  /** Ids of the messages, facts and runs that it was derived from. */
  readonly sources: readonly string[]
  /** Since when it holds. */
  readonly validFrom: Time
  /** Until when it holds: where another fact replaced it, or as was stated. Null if nothing ends it. */
  readonly validTo: Time | null
  /** When it expires; null: never. */
  readonly expiresAt: Time | null
  /** Every prompt of its home shows it. Absent: it does not. */
  readonly pinned?: true
  /** How much it matters, from 0 to 1. Absent: nobody said. */
  readonly importance?: number
  /** The fact that holds in its place; null if there is none. */
  readonly supersededBy: string | null
  /** Facts that contradict it, unresolved. */
  readonly conflictsWith: readonly string[]
}

/** What may be stated of a fact besides its words, its metadata and its links. */
export interface StatedOptions<Time = string> {
  /**
   * Since when it holds. Default: the `createdAt` of the newest message that it comes from, if that was stated; otherwise
   * now. A statement with a time never ends a fact that began later: it is kept as what held before.
   */
  readonly validFrom?: Time
  /** Until when it holds, later than `validFrom`. Afterwards only `asOf` and `includeSuperseded` find it. Default: null, no end. */
  readonly validTo?: Time | null
  /** When the fact expires. Default: never. */
  readonly expiresAt?: Time | null
  /**
   * Whether every prompt of its home shows it, in a budget of its own (`pinnedFacts`). Agents and tools may neither pin a
   * fact nor release it, and no model may. Default: as before; a new fact is not pinned.
   */
  readonly pinned?: boolean
  /** How much it matters, from 0 to 1: for the order of pinned facts, and for searches that weigh it. Default: as before. */
  readonly importance?: number
}

/** One version of a fact: what changed, and the fact after it. */
export interface FactVersionRecord<Time = string> {
  /** Seq of the commit. */
  readonly version: Seq
  /** When that commit was made. */
  readonly at: Time
  /** Who made that commit. */
  readonly by: Actor
  /** What the commit did. */
  readonly event: FactEvent
  /** The statement after it; null if the fact was removed or its content erased. */
  readonly memory: string | null
  /** The metadata after it. */
  readonly metadata: JsonObject
}

/** The caller's metadata, and the role of the message that the fact was stored from. */
export function withoutRole(metadata: JsonObject): { metadata: JsonObject; role?: 'user' | 'assistant' } {
  const { role, ...rest } = metadata
  return role === 'user' || role === 'assistant' ? { metadata: rest, role } : { metadata }
}

export function toFact(fact: FactState, space: string): FactRecord {
  const { text, metadata, attributes, deleted, order, status, unsourced, pinned, ...stated } = fact
  return {
    ...stated,
    memory: text,
    ...withoutRole(metadata),
    ...idsOf(fact, space),
    space,
    status: status === 'superseded' ? status : 'current',
    ...(pinned === true ? { pinned } : {}),
  }
}

export const inferDegradations = ['model-failed', 'busy', 'no-model'] as const

/**
 * Why statements are fewer or rougher than they could be. `model-failed`: the model could not be used. `busy`: others
 * changed the same facts at each attempt to store it. `no-model`: there is none, so messages were stored as they are.
 */
export type InferDegraded = (typeof inferDegradations)[number]
