/** Runs that are looked for in all spaces. Types only. */
import type { SpaceId } from '../domain/id.ts'
import type { RunKind, RunState, WaitingRunStatus } from '../domain/records/run.ts'

/** A run, such as one that waits to be continued, and its space. */
export interface WaitingRun {
  readonly space: SpaceId
  readonly run: RunState
}

export interface WaitingRunsQuery {
  /** Of agents or of workflows: one of each may have the same name. */
  readonly kind: RunKind
  /** With one of these statuses. */
  readonly statuses: readonly WaitingRunStatus[]
  /** Of the agents or workflows of these names; of none if there are none. */
  readonly names: readonly string[]
  /** The run that the page begins after; null begins with the oldest. */
  readonly after: { readonly startedAt: string; readonly runId: string } | null
  readonly limit: number
}

export interface MentioningRunsQuery {
  /** All runs of these spaces. */
  readonly spaces: readonly SpaceId[]
  /** Runs of any space whose details hold one of these texts, as a part of any text or name in them. */
  readonly texts: readonly string[]
  /** Where the page begins: the `next` of the page before; null begins with the first. */
  readonly after: number | null
  /** Runs that the page looks through at most. */
  readonly limit: number
}

/** Runs with their spaces, in no particular order. A page may be empty and still have a next one. */
export interface MentioningRuns {
  readonly items: readonly WaitingRun[]
  /** null on the last page. */
  readonly next: number | null
}
