/** Records: values of nouns that have only a key and fields. All such nouns share this file. */

import type { Actor } from '../actor.ts'
import type { Seq } from '../id.ts'
import type { JsonObject } from '../json.ts'
import type { RowTime } from './row-time.ts'
/** A record as drivers store it. A removed record stays as an empty row, which counts as absent. */
export interface RecordState {
  readonly noun: string
  readonly key: string
  readonly version: Seq
  readonly deleted: boolean
  /** Its fields; empty when deleted. */
  readonly value: JsonObject
  readonly createdAt: string
  readonly updatedAt: string
  readonly writtenBy: Actor
  /** ISO time; null for ever. */
  readonly expiresAt: string | null
  /** Length of the patches in the log since the last whole value, as JSON. */
  readonly patchBytes: number
}

/** The record if it is present at a time: not removed and not expired, swept or not. Otherwise null. */
export function liveRecord(record: RecordState | null, at: string): RecordState | null {
  if (record === null || record.deleted) return null
  return record.expiresAt === null || record.expiresAt > at ? record : null
}

export function recordTombstone({ noun, key, createdAt }: RecordState, row: RowTime): RecordState {
  const gone = { deleted: true, value: {}, expiresAt: null, patchBytes: 0 } as const
  return { noun, key, version: row.seq, createdAt, updatedAt: row.at, writtenBy: row.actor, ...gone }
}
