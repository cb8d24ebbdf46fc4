/** What a draft knows of the runs of workflows and the proposal that its commit is about. */
import type { Change } from '../commit/commit.ts'
import type { RunId } from '../id.ts'
import type { RunState } from '../records/run.ts'
import type { Trust } from '../trust.ts'

export class DraftWork {
  /** Runs that the commit begins, in order. */
  readonly begun: RunId[] = []
  /** Runs whose lease the commit has proved. */
  readonly proved = new Map<string, RunState>()
  /** Runs whose version the commit moved because of a decision. */
  readonly woken = new Set<RunId>()
  /** A change of the commit that was proposed and is accepted, and the trust that it has. */
  accepted: { readonly change: Change; readonly trust: Trust } | null = null
}
