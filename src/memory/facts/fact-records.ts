/** Facts as the facade returns them: those of the domain, with `Date`s and with the ids of their owners. */
import type { Actor } from '../../domain/actor.ts'
import type { Seq } from '../../domain/id.ts'
import type { JsonObject } from '../../domain/json.ts'
import type { FactState } from '../../domain/records/fact.ts'
import type { FactEvent } from '../../domain/replay/fact-history.ts'
import { dateOf } from '../../domain/time.ts'
import type { Trust } from '../../domain/trust.ts'
import { idsOf } from './fact-home.ts'

/** A fact in its current state. */
export interface Fact {
  readonly id: string
  /** The statement. */
  readonly memory: string
  /** Data of the application. `{}` if there is none. */
  readonly metadata: JsonObject
  readonly createdAt: Date
  readonly updatedAt: Date
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
  /** `superseded` if another fact replaced it. */
  readonly status: 'current' | 'superseded'
  /** Who stated it. */
  readonly assertedBy: Actor
  /** How much it is trusted: as much as its least trusted source. */
  readonly trust: Trust
  /** Ids of the messages, facts and runs that it was derived from. */
  readonly sources: readonly string[]
  /** Since when it holds. */
  readonly validFrom: Date
  /** When another fact replaced it; null while it is current. */
  readonly validTo: Date | null
  /** When it expires; When it expires; When it expires; null: never. */
  readonly expiresAt: Date | null
  /** The fact that replaced it; null while it is current. */
  readonly supersededBy: string | null
  /** Facts that contradict it, unresolved. */
  readonly conflictsWith: readonly string[]
}

/** One version of a fact: what changed, and the fact after it. */
export interface FactVersion {
  /** Seq of the commit. */
  readonly version: Seq
  /** When that commit was made. */
  readonly at: Date
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

export function toFact(fact: FactState, space: string): Fact {
  const { id, text, version, status, assertedBy, trust, sources, supersededBy, conflictsWith } = fact
  return {
    id,
    memory: text,
    ...withoutRole(fact.metadata),
    createdAt: dateOf(fact.createdAt),
    updatedAt: dateOf(fact.updatedAt),
    ...idsOf(fact, space),
    space,
    version,
    status: status === 'superseded' ? status : 'current',
    assertedBy,
    trust,
    sources,
    validFrom: dateOf(fact.validFrom),
    validTo: fact.validTo === null ? null : dateOf(fact.validTo),
    expiresAt: fact.expiresAt === null ? null : dateOf(fact.expiresAt),
    supersededBy,
    conflictsWith,
  }
}
