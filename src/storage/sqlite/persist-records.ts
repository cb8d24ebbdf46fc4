/** Stores the records that a commit changed, and the labels by which they are found. */
import type { Draft } from '../../domain/apply/draft.ts'
import { labelsOf, recordNouns } from '../../domain/commit/record-nouns.ts'
import type { RecordState } from '../../domain/records/record.ts'
import { recordValues } from '../rows/record-rows.ts'
import type { CachedSpace, SqliteDatabase } from './database.ts'

function persistLabels({ statements }: SqliteDatabase, { n }: CachedSpace, record: RecordState): void {
  const { noun, key } = record
  // Most nouns have none.
  if (recordNouns[noun]?.labels === undefined) return
  statements.deleteRecordLabels.run(n, noun, key)
  for (const label of labelsOf(record)) statements.putRecordLabel.run(n, noun, key, label)
}

export function persistRecords(database: SqliteDatabase, space: CachedSpace, draft: Draft): void {
  for (const record of draft.records.values()) {
    database.statements.putRecord.run(space.n, ...recordValues(record))
    persistLabels(database, space, record)
  }
}
