/** Rows of the log, read into domain records and made from them. */

import type { Effect, LogRow } from '../../domain/commit/effect.ts'
import type { CommitId, ThreadId } from '../../domain/id.ts'
import type { TurnStatus } from '../../domain/records/turn.ts'
import { isoTime, msOf } from '../../domain/time.ts'
import { storedJson, storedSeq } from '../stored-json.ts'
import { effectsShape } from '../stored-shapes.ts'
import { actorOf, actorText } from './actor-text.ts'

export type LogColumns = readonly [
  seq: number,
  at: number,
  turn: number,
  actor: string,
  status: string | null,
  commitId: string | null,
  hash: string | null,
  json: string,
]

export const logColumns = 'seq, at, turn, actor, status, commitId, hash, json'

export function logRowOf(columns: readonly [...LogColumns, ...unknown[]], threadId: string | null): LogRow {
  const [seq, at, turn, actor, status, commitId, hash, json] = columns
  return {
    seq: storedSeq(seq, 'row of the log'),
    at: isoTime(at),
    actor: actorOf(actor),
    commitId: commitId as CommitId | null,
    hash,
    threadId: threadId as ThreadId | null,
    turn,
    status: status as TurnStatus | null,
    effects: storedJson<Effect[]>(json, 'row of the log', effectsShape, seq),
  }
}

/** The values of a row, in the order of `logColumns`. Its thread is a column of the driver's own. */
export function logValues({ seq, at, turn, actor, status, commitId, hash, effects }: LogRow): LogColumns {
  return [seq, msOf(at), turn, actorText(actor), status, commitId, hash, JSON.stringify(effects)]
}
