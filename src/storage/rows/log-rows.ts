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
  clock: number | null,
]

export const logColumns = 'seq, at, turn, actor, status, commitId, hash, json, clock'

type RowColumns = readonly [...LogColumns, ...unknown[]]

/**
 * Stands before the runs and their steps at the end of a row, which are most of the text of a turn's rows and say nothing
 * of its messages. JSON has a line break nowhere else: that of texts is escaped.
 */
const recordsApart = ',\n'

const kindsApart: ReadonlySet<Effect['kind']> = new Set(['run-put', 'record-put', 'record-patch'] as const)

/** The effects as text. */
export function effectsText(effects: readonly Effect[]): string {
  const end = effects.findLastIndex(({ kind }) => !kindsApart.has(kind)) + 1
  if (end === 0 || end === effects.length) return JSON.stringify(effects)
  const [own, records] = [JSON.stringify(effects.slice(0, end)), JSON.stringify(effects.slice(end))]
  return `${own.slice(0, -1)}${recordsApart}${records.slice(1)}`
}

export function logRowOf(columns: RowColumns, threadId: string | null): LogRow {
  return rowOf(columns, threadId, columns[7])
}

/** The row as far as a turn is folded from it: runs and steps at its end are not read. */
export function turnRowOf(columns: RowColumns, threadId: string | null): LogRow {
  const json: unknown = columns[7]
  const end = typeof json === 'string' ? json.indexOf(recordsApart) : -1
  return rowOf(columns, threadId, end < 0 ? json : `${String(json).slice(0, end)}]`)
}

function rowOf(columns: RowColumns, threadId: string | null, json: unknown): LogRow {
  const [seq, at, turn, actor, status, commitId, hash, , clock] = columns
  return {
    seq: storedSeq(seq, 'row of the log'),
    ...(clock === null ? { at: isoTime(at) } : { at: isoTime(clock), logAt: isoTime(at) }),
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
export function logValues({ seq, at, logAt, turn, actor, status, commitId, hash, effects }: LogRow): LogColumns {
  const [order, clock] = logAt === undefined ? [at, null] : [logAt, msOf(at)]
  return [seq, msOf(order), turn, actorText(actor), status, commitId, hash, effectsText(effects), clock]
}
