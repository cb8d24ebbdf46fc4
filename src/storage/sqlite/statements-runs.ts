/** The SQL statements of runs. Those whose text depends on the query are made by read-runs.ts. */

import type { DueIssuedColumns } from '../rows/due-rows.ts'
import { changingRunColumns as changing, type RunColumns, runColumns, settledRunColumns } from '../rows/run-rows.ts'
import type { Connection } from './connection.ts'

const columns = [...changing, 'space', ...settledRunColumns]

export function runStatements(connection: Connection) {
  const select = `SELECT ${runColumns} FROM run`
  return {
    run: connection.prepare<RunColumns>(`${select} WHERE space = ? AND id = ?`),
    threadRuns: connection.prepare<RunColumns>(`${select} WHERE space = ? AND thread = ? AND deleted = 0 ORDER BY ord`),
    /** Of one name and one status, from a place on. The condition is the index's own, word for word. */
    waitingRuns: connection.prepare<readonly [...RunColumns, space: string, spaceKey: string]>(
      `SELECT ${runColumns.replace(/\w+/g, 'run.$&')}, space.id, space.key FROM run JOIN space ON space.n = run.space
       WHERE run.deleted = 0 AND run.status IN (1, 5, 7) AND run.workflow = ?1 AND run.name = ?2 AND run.status = ?3
         AND (run.expires IS NULL OR run.expires > ?4)
         AND run.started >= ?5 AND (run.started, space.key, run.id) > (?5, ?6, ?7)
       ORDER BY run.started, space.key, run.id LIMIT ?8`,
    ),
    /** A stretch of all runs, in the order of their rows. */
    runsAfter: connection.prepare<readonly [...RunColumns, n: number, space: string, spaceKey: string]>(
      `SELECT ${runColumns.replace(/\w+/g, 'run.$&')}, run.n, space.id, space.key FROM run JOIN space ON space.n = run.space
       WHERE run.n > ? ORDER BY run.n LIMIT ?`,
    ),
    putRun: connection.prepare(
      `INSERT INTO run (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})
       ON CONFLICT (space, id) DO UPDATE SET ${columns.map((column) => `${column} = excluded.${column}`).join(', ')}`,
    ),
    updateRun: connection.prepare(
      `UPDATE run SET ${changing.map((column) => `${column} = ?`).join(', ')} WHERE space = ? AND id = ?`,
    ),
    deleteRun: connection.prepare('DELETE FROM run WHERE space = ? AND id = ?'),
    countRuns: connection.prepare<[number]>('SELECT count(*) FROM run WHERE space = ? AND deleted = 0'),
    dueRuns: connection.prepare<DueIssuedColumns>(
      `SELECT space.id, space.key, run.id, run.version FROM run JOIN space ON space.n = run.space
       WHERE due IS NOT NULL AND due <= ? AND expires <= ? LIMIT ?`,
    ),
  }
}
