/** Records: values of nouns that have only a key and fields. All such nouns share this file. */
import type { JsonObject } from '../json.ts'
import { type KeyedState, keyedTombstone } from './keyed-state.ts'
import type { RowTime } from './row-time.ts'

/** A record as drivers store it. Its value, the fields, is empty when deleted. */
export interface RecordState extends KeyedState<JsonObject> {
  readonly noun: string
}

/** The empty row that a removed or expired record leaves. */
export function recordTombstone(before: RecordState, row: RowTime): RecordState {
  return { noun: before.noun, ...keyedTombstone(before, {}, row) }
}
