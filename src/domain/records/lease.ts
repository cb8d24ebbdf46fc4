/** Leases: an actor holds a name for some time. Turns, claims of tasks and background work use them. */

import type { Actor } from '../actor.ts'
import type { RunId, Seq, ThreadId, TurnId } from '../id.ts'
/** A lease that was taken and not released. Its deadline may have passed. */
export interface LeaseState {
  readonly name: string
  /** Fencing token: the seq of the take. A later holder has a higher one. */
  readonly token: Seq
  readonly holder: Actor
  /** ISO time after which anyone may take it. Renewal moves it, outside the log. */
  readonly until: string
  /** The thread of a turn's lease; null for all others. */
  readonly threadId: ThreadId | null
}

/** The lease that keeps a turn open. */
export function turnLease(turnId: TurnId): string {
  return `turn/${turnId}`
}

const runPrefix = 'run/'

/** The lease of the process that carries out a workflow's run. */
export function runLease(runId: string): string {
  return `${runPrefix}${runId}`
}

/** The run whose lease has that name; null for any other lease. */
export function leasedRun(name: string): RunId | null {
  return name.startsWith(runPrefix) ? (name.slice(runPrefix.length) as RunId) : null
}

/** The lease that keeps an entry from being pruned. */
export function entryLease(key: string): string {
  return `entry/${key}`
}
