/** What the states of entries and of records have in common: a value under a key, with a version and an expiry. */
import type { Actor } from '../actor.ts'
import type { Seq } from '../id.ts'
import type { Json } from '../json.ts'
import type { RowTime } from './row-time.ts'

/** A deleted one stays as an empty row, which counts as absent. */
export interface KeyedState<Value extends Json = Json> {
  readonly key: string
  readonly version: Seq
  readonly deleted: boolean
  readonly value: Value
  readonly createdAt: string
  readonly updatedAt: string
  readonly writtenBy: Actor
  /** ISO time; null for ever. */
  readonly expiresAt: string | null
  /** Length of the patches in the log since the last whole value, as JSON. */
  readonly patchBytes: number
}

/** The state if it is present at a time: not deleted and not expired, swept or not. Otherwise null. */
export function liveState<State extends KeyedState>(state: State | null, at: string): State | null {
  if (state === null || state.deleted) return null
  return state.expiresAt === null || state.expiresAt > at ? state : null
}

/** The empty row that a deleted, expired or pruned one leaves, with the value that an empty row has. */
export function keyedTombstone<Value extends Json>(
  { key, createdAt }: KeyedState<Value>,
  value: Value,
  { seq, at, actor }: RowTime,
): KeyedState<Value> {
  const gone = { deleted: true, value, expiresAt: null, patchBytes: 0 } as const
  return { key, version: seq, createdAt, updatedAt: at, writtenBy: actor, ...gone }
}
