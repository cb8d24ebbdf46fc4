/** Sections of memory that one agent shares with another, and what is proposed there. Types only. */
import type { Actor } from '../domain/actor.ts'
import type { SpaceId } from '../domain/id.ts'
import type { Json } from '../domain/json.ts'
import type { ResolvedWorkingMemory } from './behaviour.ts'
import type { ResolvedObservation } from './observational-memory.ts'

/** What may be done with a section that belongs to another space. */
export type SharedAccess = 'read' | 'propose' | 'write'

/** Records of a space of which every change is a proposal, and the agents and tools that may decide about it. */
export interface ProposedSection {
  readonly spaceId: SpaceId
  readonly noun: 'fact' | 'entry' | 'block'
  readonly deciders: readonly Actor[]
}

/**
 * Sections of memory that the agent of a space shares with another agent: they are that one's own records. Of agents and tools,
 * only the `deciders` of a section decide about proposals.
 */
export interface SharedMemory {
  /** The block of working memory, in the form of its owner. */
  readonly workingMemory?: {
    readonly spaceId: SpaceId
    readonly threadId: string
    readonly access: SharedAccess
    readonly form: ResolvedWorkingMemory
    readonly deciders: readonly Actor[]
  }
  readonly facts?: { readonly spaceId: SpaceId; readonly access: SharedAccess; readonly deciders: readonly Actor[] }
  /** What was said in other threads, for recall. */
  readonly messages?: { readonly spaceId: SpaceId }
  /** Notes of a thread, and with the scope of a resource of the other threads of its space. Only observers write them. */
  readonly observations?: { readonly spaceId: SpaceId; readonly threadId: string } & Pick<ResolvedObservation, 'scope'>
  readonly entries?: { readonly teamId: string; readonly access: SharedAccess; readonly deciders: readonly Actor[] }
}

/** An open proposal, as an agent that may decide about it sees it. */
export interface AgentProposal {
  readonly id: string
  readonly author: Actor
  /** ISO time. */
  readonly at: string
  readonly action: string
  readonly target: Json
  readonly before: Json
  readonly after: Json
  readonly reason?: string
}

/** What somebody proposed about a fact, and nobody has decided. */
export interface OpenProposal {
  readonly action: string
  readonly author: Actor
}
