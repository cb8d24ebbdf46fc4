/** Rows of records, read into domain records and made from them. */
import type { RecordState } from '../../domain/records/record.ts'
import { isoTime, msOf } from '../../domain/time.ts'
import { storedJson, storedSeq } from '../stored-json.ts'
import { fieldsShape } from '../stored-shapes.ts'
import { actorOf, actorText } from './actor-text.ts'
import { dueOf } from './due.ts'

export type RecordColumns = readonly [
  noun: string,
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

export const recordColumns = 'noun, key, version, deleted, created, at, actor, expires, patchBytes, json'

export function recordOf(columns: RecordColumns): RecordState {
  const [noun, key, version, deleted, created, at, actor, expires, patchBytes, json] = columns
  return {
    noun,
    key,
    version: storedSeq(version, 'record'),
    deleted: deleted === 1,
    value: storedJson(json, 'record', fieldsShape),
    createdAt: isoTime(created),
    updatedAt: isoTime(at),
    writtenBy: actorOf(actor),
    expiresAt: expires === null ? null : isoTime(expires),
    patchBytes,
  }
}

/** The values of a record's row, in the order of `recordColumns` with `due` behind them. */
export function recordValues(record: RecordState): readonly (string | number | null)[] {
  const { noun, key, version, deleted, createdAt, updatedAt, writtenBy, expiresAt, patchBytes, value } = record
  const at = msOf(updatedAt)
  const expires = expiresAt === null ? null : msOf(expiresAt)
  const json = JSON.stringify(value)
  const actor = actorText(writtenBy)
  return [
    noun,
    key,
    version,
    deleted ? 1 : 0,
    msOf(createdAt),
    at,
    actor,
    expires,
    patchBytes,
    json,
    dueOf(at, expires),
  ]
}
