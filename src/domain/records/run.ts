/** Runs: single executions of agents and workflows. They refer to messages by id, and never copy them. */

import type { Actor } from '../actor.ts'
import type { RunId, Seq, ThreadId, TurnId } from '../id.ts'
import type { Json, JsonObject } from '../json.ts'
import type { RowTime } from './row-time.ts'
export const runKinds = ['agent', 'workflow'] as const

/** What ran. */
export type RunKind = (typeof runKinds)[number]

/** How a run can have ended. */
export const endedRunStatuses = ['complete', 'aborted', 'failed', 'interrupted', 'discarded'] as const

/** Drivers store the place of a status in this list: a new one comes last. */
export const runStatuses = ['running', 'suspended', ...endedRunStatuses, 'pending'] as const

/**
 * How a run stands: `running`, `suspended`, or how it ended. A workflow's run is `pending` while it could go on and nobody
 * works on it.
 */
export type RunStatus = (typeof runStatuses)[number]

/** Statuses of a run that nobody works on, but that may be continued. */
export const waitingRunStatuses = ['suspended', 'interrupted', 'pending'] as const satisfies readonly RunStatus[]
export type WaitingRunStatus = (typeof waitingRunStatuses)[number]

/** A run as drivers store it. A deleted run stays as an empty row, which counts as absent. */
export interface RunState {
  readonly id: RunId
  readonly version: Seq
  readonly deleted: boolean
  /** Its place among the runs of its space, in the order in which they began. */
  readonly order: number
  readonly kind: RunKind
  /** What ran: the id of the agent or the workflow. */
  readonly name: string
  /** Who began it. Only this actor may continue it. */
  readonly actor: Actor
  readonly status: RunStatus
  /** Its thread and turn, which may be gone. */
  readonly threadId?: ThreadId
  readonly turnId?: TurnId
  /** The run that called it. */
  readonly parentRunId?: string
  /** References, versions, scores and counts. */
  readonly details: JsonObject
  /** What a run needs to continue; null once it has ended and cannot continue. */
  readonly continuation: Json
  readonly startedAt: string
  readonly updatedAt: string
  /** null while it may continue. */
  readonly endedAt: string | null
  /** null while it is suspended, and of a workflow until it has ended. */
  readonly expiresAt: string | null
}

/** The stated fields of a run, with defaults. In a later version, fields left out stay as they were. */
export interface StatedRun {
  readonly name?: string
  readonly runKind?: RunKind
  readonly status?: RunStatus
  /** Who may continue it, if that is not who put it: of a run that waits in a copied thread. */
  readonly actor?: Actor
  readonly threadId?: ThreadId
  readonly turnId?: TurnId
  readonly parentRunId?: string
  /** Deep-merged into what is there; `null` deletes. */
  readonly details?: JsonObject
  readonly continuation?: Json
  readonly expiresAt: string | null
}

export function hasEnded(status: RunStatus): boolean {
  return (endedRunStatuses as readonly RunStatus[]).includes(status)
}

/**
 * Whether a run needs what it is continued with. One that was interrupted is continued by another process. A workflow that
 * failed may be started again.
 */
export function keepsContinuation(kind: RunKind, status: RunStatus): boolean {
  return status === 'interrupted' || !hasEnded(status) || (kind === 'workflow' && status === 'failed')
}

/** The run if it is present at a time: not deleted and not expired, swept or not. Otherwise null. */
export function liveRun(run: RunState | null, at: string): RunState | null {
  if (run === null || run.deleted) return null
  return run.expiresAt === null || run.expiresAt > at ? run : null
}

/** The empty row that an expired run leaves. */
export function runTombstone({ id, order, startedAt }: RunState, row: RowTime): RunState {
  return {
    id,
    version: row.seq,
    deleted: true,
    order,
    kind: 'agent',
    name: '',
    actor: row.actor,
    status: 'discarded',
    details: {},
    continuation: null,
    startedAt,
    updatedAt: row.at,
    endedAt: null,
    expiresAt: null,
  }
}
