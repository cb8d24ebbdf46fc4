/** Rows of entries, read into domain records. */
import type { EntryState } from '../../domain/records/entry.ts'
import { valueShape } from '../stored-shapes.ts'
import { type KeyedColumns, keyedColumns, keyedOf } from './keyed-rows.ts'

export type EntryColumns = KeyedColumns

export const entryColumns = keyedColumns

export function entryOf(columns: EntryColumns): EntryState {
  return keyedOf(columns, 'entry', valueShape)
}
