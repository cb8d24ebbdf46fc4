/** What a draft knows of the runs of workflows that its commit is about. */
import type { RunId } from '../id.ts'
import type { RunState } from '../records/run.ts'

export class DraftWork {
  /** Runs that the commit begins, in order. */
  readonly begun: RunId[] = []
  /** Runs whose lease the commit has proved. */
  readonly proved = new Map<string, RunState>()
  /** Runs whose version the commit moved because of a decision. */
  readonly woken = new Set<RunId>()
}
