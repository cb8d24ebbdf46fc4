/** Rows of entries, read into domain records and made from them. */
import type { EntryState } from '../../domain/records/entry.ts'
import { isoTime, msOf } from '../../domain/time.ts'
import { storedJson, storedSeq } from '../stored-json.ts'
import { valueShape } from '../stored-shapes.ts'
import { actorOf, actorText } from './actor-text.ts'
import { dueOf } from './due.ts'

export type EntryColumns = readonly [
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

export const entryColumns = 'key, version, deleted, created, at, actor, expires, patchBytes, json'

export function entryOf(columns: EntryColumns): EntryState {
  const [key, version, deleted, created, at, actor, expires, patchBytes, json] = columns
  return {
    key,
    version: storedSeq(version, 'entry'),
    deleted: deleted === 1,
    value: storedJson(json, 'entry', valueShape),
    createdAt: isoTime(created),
    updatedAt: isoTime(at),
    writtenBy: actorOf(actor),
    expiresAt: expires === null ? null : isoTime(expires),
    patchBytes,
  }
}

/** The values of an entry's row, in the order of `entryColumns`. */
export function entryValues(entry: EntryState): EntryColumns {
  const { key, version, deleted, createdAt, updatedAt, writtenBy, expiresAt, patchBytes, value } = entry
  const expires = expiresAt === null ? null : msOf(expiresAt)
  const times = [msOf(createdAt), msOf(updatedAt), actorText(writtenBy), expires] as const
  return [key, version, deleted ? 1 : 0, ...times, patchBytes, JSON.stringify(value)]
}

/** The expiry of an entry's row as the index holds it; see `dueOf`. */
export function dueOfEntry([, , , , at, , expires]: EntryColumns): number | null {
  return dueOf(at, expires)
}
