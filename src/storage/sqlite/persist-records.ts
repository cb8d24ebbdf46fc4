/** Stores the records that a commit changed. */
import type { Draft } from '../../domain/apply/draft.ts'
import { recordValues } from '../rows/record-rows.ts'
import type { CachedSpace, SqliteDatabase } from './database.ts'

export function persistRecords(database: SqliteDatabase, space: CachedSpace, draft: Draft): void {
  for (const record of draft.records.values()) database.statements.putRecord.run(space.n, ...recordValues(record))
}
