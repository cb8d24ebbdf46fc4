/** Rows of facts, read into domain records and made from them. */

import { factIdOf, parseFactId, type SpaceKey } from '../../domain/id.ts'
import { type FactState, factStatuses } from '../../domain/records/fact.ts'
import { textKey } from '../../domain/records/fact-text.ts'
import { isoTime, msOf } from '../../domain/time.ts'
import { storedJson, storedSeq } from '../stored-json.ts'
import { factShape } from '../stored-shapes.ts'

/** The parts of a fact that have columns of their own. */
type ColumnPart = 'id' | 'version' | 'deleted' | 'order' | 'status' | 'createdAt' | 'updatedAt' | 'expiresAt'

/** All other parts: the JSON column. */
type FactJson = Omit<FactState, ColumnPart>

export type FactColumns = readonly [
  unique: string,
  version: number,
  deleted: number,
  ord: number,
  status: number,
  created: number,
  at: number,
  expires: number | null,
  json: string,
]

export const factColumns = 'id, version, deleted, ord, status, created, at, expires, json'

/** The columns that are written: those that are read, and what is only searched by. */
export const factStored = [
  'id',
  'version',
  'deleted',
  'ord',
  'status',
  'textKey',
  'userId',
  'agentId',
  'taskId',
  'teamId',
  'conflicts',
  'created',
  'at',
  'expires',
  'json',
]

export function factOf(columns: FactColumns, key: SpaceKey): FactState {
  const [unique, version, deleted, order, status, created, at, expires, text] = columns
  const json = storedJson<FactJson>(text, 'fact', factShape)
  return {
    id: factIdOf(key, unique),
    version: storedSeq(version, 'fact'),
    deleted: deleted === 1,
    order,
    createdAt: isoTime(created),
    updatedAt: isoTime(at),
    expiresAt: expires === null ? null : isoTime(expires),
    status: factStatuses[status] ?? 'current',
    ...json,
  }
}

/** The last part of a fact's id; null if it is none of a space's. */
export function uniqueOf(factId: string, key: SpaceKey): string | null {
  const issued = parseFactId(factId)
  return issued?.spaceKey === key ? issued.unique : null
}

/** The values of a fact's row, in the order of `factStored`. */
export function factValues(fact: FactState, key: SpaceKey): readonly (string | number | null)[] {
  const { id, version, deleted, order, status, createdAt, updatedAt, expiresAt, ...json } = fact
  const { text, attributes, conflictsWith } = json satisfies FactJson
  return [
    uniqueOf(id, key),
    version,
    deleted ? 1 : 0,
    order,
    factStatuses.indexOf(status),
    textKey(text),
    attributes.userId ?? null,
    attributes.agentId ?? null,
    attributes.taskId ?? null,
    attributes.teamId ?? null,
    conflictsWith.length,
    msOf(createdAt),
    msOf(updatedAt),
    expiresAt === null ? null : msOf(expiresAt),
    JSON.stringify(json),
  ]
}
