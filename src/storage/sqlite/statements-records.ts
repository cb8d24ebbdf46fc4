/** The SQL statements of records. */

import { observationNoun } from '../../domain/records/observation.ts'
import { tombstoneNoun } from '../../domain/records/tombstone.ts'
import type { DueRecordColumns, WakingColumns } from '../rows/due-rows.ts'
import { type RecordColumns, recordColumns } from '../rows/record-rows.ts'
import type { Connection } from './connection.ts'
import { isInPage } from './text-after.ts'

const columns = [...recordColumns.split(', '), 'due', 'wakes']
const changing = columns.filter((column) => column !== 'noun' && column !== 'key')

export function nounRecordStatements(connection: Connection) {
  const select = `SELECT ${recordColumns} FROM record`
  return {
    record: connection.prepare<RecordColumns>(`${select} WHERE space = ? AND noun = ? AND key = ?`),
    recordsInRange: connection.prepare<RecordColumns>(
      `${select} WHERE space = ?1 AND noun = ?2 AND ${isInPage('key', 3)} AND deleted = 0
       AND (expires IS NULL OR expires > ?6) ORDER BY key LIMIT ?7`,
    ),
    recordsUnder: connection.prepare<RecordColumns>(
      `${select} WHERE space = ? AND noun = ? AND key >= ? AND key < ? AND deleted = 0 ORDER BY key`,
    ),
    recordsLabelled: connection.prepare<RecordColumns>(
      `${select} WHERE space = ? AND noun = ? AND deleted = 0
       AND key IN (SELECT key FROM record_label WHERE record_label.space = ? AND record_label.noun = ? AND label = ?)
       ORDER BY key`,
    ),
    /** `labels`: a JSON array. */
    recordsWithLabels: connection.prepare<RecordColumns>(
      `${select} WHERE space = ? AND noun = ? AND key > ? AND deleted = 0 AND (expires IS NULL OR expires > ?)
       AND key IN (SELECT key FROM record_label WHERE record_label.space = ? AND record_label.noun = ?
         AND label IN (SELECT value FROM json_each(?)))
       ORDER BY key LIMIT ?`,
    ),
    putRecordLabel: connection.prepare('INSERT INTO record_label (space, noun, key, label) VALUES (?, ?, ?, ?)'),
    deleteRecordLabels: connection.prepare('DELETE FROM record_label WHERE space = ? AND noun = ? AND key = ?'),
    notesSince: connection.prepare<RecordColumns>(
      `${select} INDEXED BY record_of_note WHERE space = ? AND noun = '${observationNoun}' AND deleted = 0
       AND version > ? ORDER BY version`,
    ),
    anyRecord: connection.prepare<[number]>(
      `SELECT 1 FROM record WHERE space = ? AND noun <> '${tombstoneNoun}' LIMIT 1`,
    ),
    putRecord: connection.prepare(
      `INSERT INTO record (space, ${columns.join(', ')}) VALUES (?, ${columns.map(() => '?').join(', ')})
       ON CONFLICT (space, noun, key) DO UPDATE SET ${changing.map((name) => `${name} = excluded.${name}`).join(', ')}`,
    ),
    deleteRecord: connection.prepare('DELETE FROM record WHERE space = ? AND noun = ? AND key = ?'),
    countRecords: connection.prepare<[number]>(
      `SELECT count(*) FROM record WHERE space = ? AND deleted = 0 AND noun <> '${tombstoneNoun}'`,
    ),
    dueRecords: connection.prepare<DueRecordColumns>(
      `SELECT space.id, record.noun, record.key, record.version FROM record JOIN space ON space.n = record.space
       WHERE due IS NOT NULL AND due <= ? AND expires <= ? LIMIT ?`,
    ),
    wakingRecords: connection.prepare<WakingColumns>(
      `SELECT space.id, record.noun, record.key, record.json, record.version FROM record JOIN space ON space.n = record.space
       WHERE wakes IS NOT NULL AND wakes <= ? ORDER BY wakes LIMIT ?`,
    ),
  }
}
