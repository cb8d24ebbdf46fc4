/** Runs: point reads, and pages in the order in which they began. */

import { packTurn, parseRunId, type SpaceId, type SpaceKey } from '../../domain/id.ts'
import { liveRun, type RunState, runStatuses } from '../../domain/records/run.ts'
import { isoTime, msOf } from '../../domain/time.ts'
import type { MentioningRuns, MentioningRunsQuery, WaitingRun, WaitingRunsQuery } from '../../ports/run-queries.ts'
import type { Listed, RunQuery, RunReader } from '../../ports/storage.ts'
import { requireAbove } from '../horizon.ts'
import { type RunColumns, runColumns, runOf } from '../rows/run-rows.ts'
import type { CachedSpace, SqliteDatabase } from './database.ts'
import { inOrder } from './row-order.ts'
import { SqliteView } from './view.ts'

/** A page along the index of the thread that is asked for, or of the space. */
function listRuns(database: SqliteDatabase, space: CachedSpace, query: RunQuery, now: number): Listed<RunState> {
  const { threadId, name, statuses, order, after, limit, asOf = space.state.seq } = query
  requireAbove(space.state, asOf)
  const isOldest = order === 'oldest'
  const numbers = [...new Set(statuses.map((status) => runStatuses.indexOf(status)))].sort()
  const statement = database.prepared<RunColumns>(
    `SELECT ${runColumns} FROM run WHERE space = ? AND deleted = 0 AND ord ${isOldest ? '>' : '<'} ?
       AND ord < ? AND (expires IS NULL OR expires > ?)${threadId === null ? '' : ' AND thread = ?'}${name === null ? '' : ' AND name = ?'}
       AND status IN (${numbers.join(', ')}) ORDER BY ord ${isOldest ? '' : 'DESC'} LIMIT ?`,
  )
  const end = packTurn({ turnSeq: asOf + 1, turnIndex: 0 })
  const from = after ?? (isOldest ? -1 : Number.MAX_SAFE_INTEGER)
  const asked = [threadId, name].filter((text) => text !== null)
  const rows = inOrder(statement.all(space.n, from, end, now, ...asked, limit + 1), 'run', from, isOldest)
  const { key } = space.state
  return { items: rows.slice(0, limit).map((row) => runOf(row, key)), asOf, key, more: rows.length > limit }
}

/** By the time at which they began, then by id, which begins with the key of the space. */
function byAge(left: WaitingRun, right: WaitingRun): number {
  const [own, other] = [left.run, right.run].map(({ startedAt, id }) => `${startedAt} ${id}`) as [string, string]
  return own < other ? -1 : 1
}

/** The oldest of each name and status, of which the oldest of all are the page. */
function listWaiting({ statements, clock }: SqliteDatabase, query: WaitingRunsQuery): readonly WaitingRun[] {
  const { kind, names, statuses, after, limit } = query
  const isWorkflow = kind === 'workflow' ? 1 : 0
  const place = after === null ? null : parseRunId(after.runId)
  const from = after === null ? [0, '', ''] : [msOf(after.startedAt), place?.spaceKey ?? '', place?.unique ?? '']
  const numbers = [...new Set(statuses)].map((status) => runStatuses.indexOf(status))
  const asked = [...new Set(names)].flatMap((name) => numbers.map((status) => [isWorkflow, name, status] as const))
  const found = asked.flatMap((one) =>
    statements.waitingRuns.all(...one, clock.now(), ...from, limit).map((columns): WaitingRun => {
      const [space, key] = columns.slice(-2) as [SpaceId, SpaceKey]
      return { space, run: runOf(columns as unknown as RunColumns, key) }
    }),
  )
  return found.sort(byAge).slice(0, limit)
}

/** One stretch of all runs. Their details are searched as stored JSON, and only those that are found are parsed. */
function listMentioning(
  { statements, clock }: SqliteDatabase,
  { spaces, texts, after, limit }: MentioningRunsQuery,
): MentioningRuns {
  const wanted = texts.map((text) => JSON.stringify(text).slice(1, -1))
  const rows = statements.runsAfter.all(after ?? 0, limit)
  const at = isoTime(clock.now())
  const items = rows.flatMap((columns): WaitingRun[] => {
    const [, space, key] = columns.slice(-3) as [number, SpaceId, SpaceKey]
    const isMention = (json: string) => spaces.includes(space) || wanted.some((text) => json.includes(text))
    if (!isMention(columns[10])) return []
    const run = liveRun(runOf(columns as unknown as RunColumns, key), at)
    return run === null || !isMention(JSON.stringify(run.details)) ? [] : [{ space, run }]
  })
  const last = rows.at(-1)?.at(-3)
  return { items, next: rows.length < limit || last === undefined ? null : Number(last) }
}

export function runReader(database: SqliteDatabase): RunReader {
  const { clock } = database
  return {
    get: (_, id, runId) =>
      database.read(() => {
        const view = new SqliteView(database, id)
        return { record: liveRun(view.run(runId), isoTime(clock.now())), asOf: view.space?.seq ?? 0 }
      }),
    waiting: (_, query) => database.read(() => listWaiting(database, query)),
    mentioning: (_, query) => database.read(() => listMentioning(database, query)),
    list: (_, id, query) =>
      database.read(() => {
        const space = database.space(id)
        if (space === null) return { items: [], asOf: 0, key: null, more: false }
        return listRuns(database, space, query, clock.now())
      }),
  }
}
