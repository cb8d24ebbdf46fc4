/** The columns that rows of entries and of records share, read into domain states and made from them. */
import type { Json } from '../../domain/json.ts'
import type { KeyedState } from '../../domain/records/keyed-state.ts'
import { isoTime, msOf } from '../../domain/time.ts'
import { storedJson, storedSeq } from '../stored-json.ts'
import type { Shape } from '../stored-shapes.ts'
import { actorOf, actorText } from './actor-text.ts'
import { dueOf } from './due.ts'

export type KeyedColumns = readonly [
  key: string,
  version: number,
  deleted: number,
  created: number,
  at: number,
  actor: string,
  expires: number | null,
  patchBytes: number,
  json: string,
]

export const keyedColumns = 'key, version, deleted, created, at, actor, expires, patchBytes, json'

/** @param what Names the record in the error for a damaged one. */
export function keyedOf<Value extends Json>(columns: KeyedColumns, what: string, shape: Shape): KeyedState<Value> {
  const [key, version, deleted, created, at, actor, expires, patchBytes, json] = columns
  return {
    key,
    version: storedSeq(version, what),
    deleted: deleted === 1,
    value: storedJson(json, what, shape),
    createdAt: isoTime(created),
    updatedAt: isoTime(at),
    writtenBy: actorOf(actor),
    expiresAt: expires === null ? null : isoTime(expires),
    patchBytes,
  }
}

/** The values of a row, in the order of `keyedColumns`. */
export function keyedValues(state: KeyedState): KeyedColumns {
  const { key, version, deleted, createdAt, updatedAt, writtenBy, expiresAt, patchBytes, value } = state
  const expires = expiresAt === null ? null : msOf(expiresAt)
  const times = [msOf(createdAt), msOf(updatedAt), actorText(writtenBy), expires] as const
  return [key, version, deleted ? 1 : 0, ...times, patchBytes, JSON.stringify(value)]
}

/** The expiry of a row as the index holds it; see `dueOf`. */
export function dueOfKeyed([, , , , at, , expires]: KeyedColumns): number | null {
  return dueOf(at, expires)
}
