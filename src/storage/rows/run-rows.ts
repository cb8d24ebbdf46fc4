/** Rows of runs, read into domain records and made from them. */

import { parseRunId, runIdOf, type SpaceKey, type ThreadId } from '../../domain/id.ts'
import { type RunState, runStatuses } from '../../domain/records/run.ts'
import { isoTime, msOf } from '../../domain/time.ts'
import { storedJson, storedSeq } from '../stored-json.ts'
import { runShape, valueShape } from '../stored-shapes.ts'
import { dueOf } from './due.ts'

/** The parts of a run that nothing searches by: its JSON column. */
type RunJson = Pick<RunState, 'kind' | 'actor' | 'turnId' | 'parentRunId' | 'details' | 'endedAt'>

export type RunColumns = readonly [
  unique: string,
  version: number,
  deleted: number,
  ord: number,
  name: string,
  thread: string | null,
  status: number,
  started: number,
  at: number,
  expires: number | null,
  json: string,
  continuation: string | null,
]

export const runColumns = 'id, version, deleted, ord, name, thread, status, started, at, expires, json, continuation'

export function runOf(columns: RunColumns, key: SpaceKey): RunState {
  const [unique, version, deleted, order, name, thread, status, started, at, expires, text, continuation] = columns
  const { details, endedAt, kind, actor, ...rest } = storedJson<RunJson>(text, 'run', runShape)
  return {
    id: runIdOf(key, unique),
    version: storedSeq(version, 'run'),
    deleted: deleted === 1,
    order,
    kind,
    name,
    actor,
    status: runStatuses[status] ?? 'running',
    ...(thread === null ? {} : { threadId: thread as ThreadId }),
    ...rest,
    details,
    continuation: continuation === null ? null : storedJson(continuation, 'run', valueShape),
    startedAt: isoTime(started),
    updatedAt: isoTime(at),
    endedAt,
    expiresAt: expires === null ? null : isoTime(expires),
  }
}

/** The last part of a run's id; null if it is none of a space's. */
export function uniqueOfRun(runId: string, key: SpaceKey): string | null {
  const issued = parseRunId(runId)
  return issued?.spaceKey === key ? issued.unique : null
}

export const changingRunColumns = ['version', 'status', 'at', 'expires', 'json', 'continuation']

/** The values that every put changes, in the order of `changingRunColumns`. */
export function changingValues(run: RunState): readonly (string | number | null)[] {
  const { kind, actor, turnId, parentRunId, details, endedAt, continuation, expiresAt } = run
  const references = {
    ...(turnId === undefined ? {} : { turnId }),
    ...(parentRunId === undefined ? {} : { parentRunId }),
  }
  const json: RunJson = { kind, actor, ...references, details, endedAt }
  return [
    run.version,
    runStatuses.indexOf(run.status),
    msOf(run.updatedAt),
    expiresAt === null ? null : msOf(expiresAt),
    JSON.stringify(json),
    continuation === null ? null : JSON.stringify(continuation),
  ]
}

export const settledRunColumns = ['id', 'deleted', 'ord', 'name', 'thread', 'started', 'due', 'workflow']

/** The other values of a run's row, in the order of `settledRunColumns`. */
export function settledValues(run: RunState, key: SpaceKey): readonly (string | number | null)[] {
  const { id, deleted, order, name, threadId = null, startedAt, kind } = run
  const isWorkflow = kind === 'workflow' ? 1 : 0
  return [uniqueOfRun(id, key), deleted ? 1 : 0, order, name, threadId, msOf(startedAt), dueOfRun(run), isWorkflow]
}

/** The expiry of a run as the index holds it; see `dueOf`. */
export function dueOfRun({ updatedAt, expiresAt }: RunState): number | null {
  return dueOf(msOf(updatedAt), expiresAt === null ? null : msOf(expiresAt))
}
