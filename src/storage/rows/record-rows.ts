/** Rows of records, read into domain records and made from them. */
import { wakesAt } from '../../domain/commit/record-nouns.ts'
import type { JsonObject } from '../../domain/json.ts'
import type { RecordState } from '../../domain/records/record.ts'
import { msOf } from '../../domain/time.ts'
import { fieldsShape } from '../stored-shapes.ts'
import { dueOfKeyed, type KeyedColumns, keyedColumns, keyedOf, keyedValues } from './keyed-rows.ts'

export type RecordColumns = readonly [noun: string, ...KeyedColumns]

export const recordColumns = `noun, ${keyedColumns}`

export function recordOf([noun, ...columns]: RecordColumns): RecordState {
  return { noun, ...keyedOf<JsonObject>(columns, 'record', fieldsShape) }
}

/** The values of a record's row, in the order of `recordColumns` with `due` and `wakes` behind them. */
export function recordValues(record: RecordState): readonly (string | number | null)[] {
  const values = keyedValues(record)
  const wakes = wakesAt(record)
  return [record.noun, ...values, dueOfKeyed(values), wakes === null ? null : msOf(wakes)]
}
