/** Entries: a key and a JSON value with version, optional time-to-live and limits. The team memory store. */

import type { Actor } from '../actor.ts'
import type { Seq } from '../id.ts'
import type { Json } from '../json.ts'
import type { RowTime } from './row-time.ts'
/** An entry as drivers store it. A deleted entry stays as an empty row, which counts as absent. */
export interface EntryState {
  readonly key: string
  readonly version: Seq
  readonly deleted: boolean
  /** null when deleted. */
  readonly value: Json
  readonly createdAt: string
  readonly updatedAt: string
  readonly writtenBy: Actor
  readonly expiresAt: string | null
  /** Length of the patches in the log since the last whole value, as JSON. */
  readonly patchBytes: number
}

/** The entry if it is present at a time: not deleted and not expired, swept or not. Otherwise null. */
export function liveEntry(entry: EntryState | null, at: string): EntryState | null {
  if (entry === null || entry.deleted) return null
  return entry.expiresAt === null || entry.expiresAt > at ? entry : null
}

/** The empty row that a deleted, expired or pruned entry leaves. */
export function entryTombstone(before: EntryState, row: RowTime): EntryState {
  const { key, createdAt } = before
  const gone = { deleted: true, value: null, expiresAt: null, patchBytes: 0 } as const
  return { key, version: row.seq, createdAt, updatedAt: row.at, writtenBy: row.actor, ...gone }
}
