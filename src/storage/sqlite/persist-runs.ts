/** Stores the runs that a commit changed. */
import type { Draft } from '../../domain/apply/draft.ts'
import { changingValues, dueOfRun, settledValues, uniqueOfRun } from '../rows/run-rows.ts'
import type { CachedSpace, SqliteDatabase } from './database.ts'

export function persistRuns(database: SqliteDatabase, space: CachedSpace, draft: Draft): void {
  const { putRun, updateRun } = database.statements
  for (const { before, after } of draft.runs.values()) {
    const { key } = space.state
    const changing = changingValues(after)
    const isSame = before !== null && before.threadId === after.threadId && before.deleted === after.deleted
    if (isSame && dueOfRun(before) === dueOfRun(after)) {
      // Without naming the other columns, so that their indexes are left alone.
      updateRun.run(...changing, space.n, uniqueOfRun(after.id, key))
    } else putRun.run(...changing, space.n, ...settledValues(after, key))
  }
}
