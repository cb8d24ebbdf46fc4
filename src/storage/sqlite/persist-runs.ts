/** Storing what a commit made of runs. */
import type { Draft } from '../../domain/draft.ts'
import type { RunState } from '../../domain/run.ts'
import { msOf } from '../../domain/time.ts'
import type { CachedSpace, SqliteDatabase } from './database.ts'
import { dueOf } from './due.ts'
import { changingValues, uniqueOfRun } from './run-rows.ts'

function dueOfRun({ updatedAt, expiresAt }: RunState): number | null {
  return dueOf(msOf(updatedAt), expiresAt === null ? null : msOf(expiresAt))
}

export function persistRuns(database: SqliteDatabase, space: CachedSpace, draft: Draft): void {
  const { putRun, updateRun } = database.statements
  for (const { before, after } of draft.runs.values()) {
    const unique = uniqueOfRun(after.id, space.state.key)
    const changing = changingValues(after)
    const due = dueOfRun(after)
    const isSame = before !== null && before.threadId === after.threadId && before.deleted === after.deleted
    if (isSame && dueOfRun(before) === due) {
      // Without naming the other columns, so that their indexes are left alone.
      updateRun.run(...changing, space.n, unique)
      continue
    }
    const { deleted, order, name, threadId = null, startedAt } = after
    putRun.run(...changing, space.n, unique, deleted ? 1 : 0, order, name, threadId, msOf(startedAt), due)
  }
}
