/** Runs as the facade returns them: what ran, when, and how it ended. */

import type { Actor } from '../../domain/actor.ts'
import { invalidInput } from '../../domain/error.ts'
import { checkId, parseRunId, type Seq, type SpaceId } from '../../domain/id.ts'
import type { Json, JsonObject } from '../../domain/json.ts'
import { type RunKind, type RunState, type RunStatus, runStatuses } from '../../domain/records/run.ts'
import { spaceId } from '../../domain/space.ts'
import { type RecordPlace, recordPlace } from '../answers/records.ts'
import { decodeCursor, encodeCursor, numberAt, type PageEnd, type PageStart } from '../arguments/cursor.ts'
import type { Core } from '../door/core.ts'
import { Door } from '../door/door.ts'
import { closeOverdue } from './list-messages.ts'

/** One execution of an agent or a workflow. It refers to messages by id, and never copies them. */
export interface RunRecord<Time = string> extends RecordPlace {
  readonly id: string
  /** Whether an agent or a workflow ran. */
  readonly kind: RunKind
  /** The agent or the workflow that ran. */
  readonly agentId: string
  /** Who began it. */
  readonly actor: Actor
  /** Its status. If its process was killed, it ends as its turn does; that of a workflow is pending, and may go on elsewhere. */
  readonly status: RunStatus
  /** Its thread and turn, which may be gone. */
  readonly threadId?: string
  readonly turnId?: string
  /** The run that called it. */
  readonly parentRunId?: string
  /** What it used and made: ids, versions, scores and counts. */
  readonly details: JsonObject
  /** What it needs to continue; null once it has ended, unless it may be started again. */
  readonly continuation: Json
  /** When it began. */
  readonly startedAt: Time
  /** When its record last changed. */
  readonly updatedAt: Time
  /** When it ended; null while it may continue, and if its process was killed. */
  readonly endedAt: Time | null
  /** When its record expires; null while it is suspended, and of a workflow until it has ended. */
  readonly expiresAt: Time | null
  /** Seq of the commit that last put it. */
  readonly version: Seq
}

/** Whose runs: those in the threads of a resource, or those that an agent made without one; with both, the agent's in the resource. */
export interface ListRunsOptions extends PageStart {
  /** Runs in the threads of this resource. */
  readonly resourceId?: string
  /** Runs of this agent: in the resource, or without a resource those that it made outside any thread. */
  readonly agentId?: string
  /** Only runs of this thread. */
  readonly threadId?: string
  /** Only runs with this status, or with one of these. */
  readonly status?: RunStatus | readonly RunStatus[]
  /** Runs on one page. Default: 100. */
  readonly limit?: number
}

/** A page of runs. */
export interface RunPageRecord<Time = string> extends PageEnd {
  /** The newest first. */
  readonly runs: readonly RunRecord<Time>[]
}

const defaultLimit = 100
/** With a status: how many runs one page searches. */
const mostLookedThrough = 10_000

function toRun(run: RunState, status: RunStatus, space: SpaceId): RunRecord {
  const { id, kind, name, actor, threadId, turnId, parentRunId, details, continuation, version } = run
  return {
    id,
    kind,
    agentId: name,
    ...recordPlace(space),
    actor,
    status,
    ...(threadId === undefined ? {} : { threadId }),
    ...(turnId === undefined ? {} : { turnId }),
    ...(parentRunId === undefined ? {} : { parentRunId }),
    details,
    continuation,
    startedAt: run.startedAt,
    updatedAt: run.updatedAt,
    endedAt: run.endedAt,
    expiresAt: run.expiresAt,
    version,
  }
}

/** The status of a run's turn, which ends even if the run's process could not; null without a turn. */
async function statusOfTurn(space: Door, { threadId, turnId }: RunState): Promise<RunStatus | null> {
  if (threadId === undefined || turnId === undefined) return null
  let turn = await space.messages.turn(turnId)
  if (turn?.status === 'open' && (await closeOverdue(space, threadId))) turn = await space.messages.turn(turnId)
  if (turn === null) return 'interrupted'
  return turn.status === 'open' ? 'running' : turn.status
}

/** The current run; null if it is gone meanwhile. */
async function standing(space: Door, run: RunState): Promise<RunRecord | null> {
  if (run.status !== 'running') return toRun(run, run.status, space.id)
  const status = (await statusOfTurn(space, run)) ?? run.status
  if (status === 'running') return toRun(run, status, space.id)
  // It may have ended by itself between the two reads: its record then says more.
  const { record } = await space.runs.get(run.id)
  if (record === null) return null
  return toRun(record, record.status === 'running' ? status : record.status, space.id)
}

/** The run with that id, in any space, or null for an unknown id or one that is not the caller's. */
export async function getRun(core: Core, { runId }: { readonly runId: string }): Promise<RunRecord | null> {
  const issued = parseRunId(checkId(runId, 'runId'))
  const storage = await core.storage.get()
  const id = issued === null ? null : await storage.spaces.byKey(core.access, issued.spaceKey)
  if (id === null) return null
  const space = new Door(core, id)
  const { record } = await space.runs.get(runId)
  return record === null ? null : standing(space, record)
}

/** The space to list, and whose runs in it. */
function homeOf({ resourceId, agentId }: ListRunsOptions): { readonly id: SpaceId; readonly name: string | null } {
  const name = agentId === undefined ? null : checkId(agentId, 'agentId')
  if (resourceId !== undefined) return { id: spaceId('resource', checkId(resourceId, 'resourceId')), name }
  if (name !== null) return { id: spaceId('agent', name), name: null }
  const fix = 'Pass the resourceId whose threads the runs are of, or the agentId for runs without a thread.'
  throw invalidInput('resourceId', 'is required', undefined, fix)
}

/** A page of runs, the newest first. */
export async function listRuns(core: Core, parsed: ListRunsOptions): Promise<RunPageRecord> {
  const { threadId = null, status, cursor } = parsed
  const { id, name } = homeOf(parsed)
  const space = new Door(core, id)
  const wanted = new Set<RunStatus>(status === undefined ? runStatuses : [status].flat())
  // A run stored as running may have ended with its turn.
  const query = { threadId, name, statuses: [...new Set([...wanted, 'running' as const])], order: 'newest' } as const
  const limit = Math.min(parsed.limit ?? defaultLimit, core.limits.pageSize)
  const size = status === undefined ? limit : core.limits.pageSize
  let after =
    cursor === undefined ? null : numberAt(decodeCursor(cursor, 'runs', (await space.state())?.key ?? null), 0)
  const runs: RunRecord[] = []
  for (let looked = 0; ; looked += size) {
    const { items, asOf, key, more } = await space.runs.list({ ...query, after, limit: size })
    const nextCursor = () => (after === null || key === null ? {} : { nextCursor: encodeCursor('runs', key, [after]) })
    for (const stored of items) {
      const run = await standing(space, stored)
      const isWanted = run !== null && wanted.has(run.status)
      if (isWanted && runs.length === limit) return { runs, asOf, ...nextCursor() }
      if (isWanted) runs.push(run)
      after = stored.order
    }
    if (!more) return { runs, asOf }
    if (runs.length === limit || looked + size >= mostLookedThrough) return { runs, asOf, ...nextCursor() }
  }
}
