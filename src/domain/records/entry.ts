/** Entries: a key and a JSON value with version, optional time-to-live and limits. The team memory store. */
import { type KeyedState, keyedTombstone } from './keyed-state.ts'
import type { RowTime } from './row-time.ts'

/** An entry as drivers store it. Its value is null when deleted. */
export interface EntryState extends KeyedState {}

/** The empty row that a deleted, expired or pruned entry leaves. */
export function entryTombstone(before: EntryState, row: RowTime): EntryState {
  return keyedTombstone(before, null, row)
}
