/** Decides changes of records: putting, patching, removing and expiring. One file for every noun. */

import type { ChangeResult } from '../commit/commit.ts'
import type { EffectOf, RecordWriteEffect } from '../commit/effect.ts'
import { recordName } from '../commit/effect-names.ts'
import { recordNouns } from '../commit/record-nouns.ts'
import { invariant, shown } from '../error.ts'
import { checkId } from '../id.ts'
import type { JsonObject } from '../json.ts'
import { liveState } from '../records/keyed-state.ts'
import { type RecordState, recordTombstone } from '../records/record.ts'
import { foldRecord } from '../replay/record-fold.ts'
import { applyValue, expiryOf } from './apply-value.ts'
import type { Draft } from './draft.ts'

const deeds = ['put', 'patch', 'remove', 'expire'] as const

/** A change of a record, its kind taken apart. */
export interface RecordChange {
  readonly noun: string
  readonly deed: (typeof deeds)[number]
  readonly key: string
  readonly ttlMs?: number | null
  /** All other fields of the change: those of the record. */
  readonly fields: JsonObject
}

/** The noun and the operation of every kind of change to a record. Looked up for each change of every commit. */
const recordKinds: ReadonlyMap<string, Pick<RecordChange, 'noun' | 'deed'>> = new Map(
  Object.entries(recordNouns).flatMap(([noun, { isInternal }]) => {
    const possible = isInternal === true ? (['expire'] as const) : deeds
    return possible.map((deed) => [`${noun}-${deed}`, { noun, deed }] as const)
  }),
)

/** Reads a change of a record; null for any other change. */
export function recordChange(change: { readonly kind: string }): RecordChange | null {
  const kind = recordKinds.get(change.kind)
  if (kind === undefined) return null
  const { kind: _, key, ttlMs, ...fields } = change as unknown as JsonObject & { key: string; ttlMs?: number | null }
  return { ...kind, key, ...(ttlMs === undefined ? {} : { ttlMs }), fields: fields as JsonObject }
}

function applyWrite(draft: Draft, { noun, deed, key, ttlMs, fields }: RecordChange): ChangeResult {
  const name = recordName(noun, key)
  const declared = recordNouns[noun]
  invariant(declared !== undefined, 'a change of a record is of a noun that is there')
  draft.claim({ record: name })
  const before = draft.view.record(name)
  const live = liveState(before, draft.at)
  if (before !== null && !before.deleted && live === null) draft.sweep({ noun: 'record', key: name }, before.version)
  const shared = {
    noun,
    key,
    prev: before?.version ?? 0,
    ...(live === null ? { absent: true as const } : {}),
    expiresAt: expiryOf(draft, ttlMs, deed === 'put' ? null : live, declared.ttlMs ?? null),
  }
  const written: RecordWriteEffect =
    deed === 'put'
      ? { kind: 'record-put', ...shared, value: fields }
      : { kind: 'record-patch', ...shared, patch: fields }
  const fold = (effect: RecordWriteEffect) => foldRecord(before, effect, draft)
  const what = `The ${noun} ${shown(key)}`
  const { effect, after } = applyValue(draft, written, fold, declared.limit ?? 'recordBytes', what)
  draft.records.set(name, after)
  draft.add(effect)
  return { kind: effect.kind, noun, key, version: draft.seq, value: after.value, expiresAt: after.expiresAt }
}

/** How a record is written whole. */
export interface WholeWrite {
  /** As a part of another change, which has the answer. */
  readonly implied?: true
  /** ISO time; null: never. Default: null. */
  readonly expiresAt?: string | null
}

/** Writes a record whole, never as a patch: in a patch the nulls in its fields would delete. */
export function putWhole(
  draft: Draft,
  noun: string,
  key: string,
  fields: object,
  before: RecordState | null,
  { expiresAt = null, ...how }: WholeWrite = {},
): ChangeResult {
  const value = fields as JsonObject
  const effect: EffectOf<'record-put'> = {
    kind: 'record-put',
    noun,
    key,
    prev: before?.version ?? 0,
    ...(before === null || before.deleted ? { absent: true as const } : {}),
    expiresAt,
    value,
    ...how,
  }
  draft.records.set(recordName(noun, key), foldRecord(before, effect, draft))
  draft.add(effect)
  return { kind: 'record-put', noun, key, version: draft.seq, value, expiresAt }
}

/** Decides a removal, or the sweeper's expiry, which applies only to expired records. */
function applyEnd(draft: Draft, { noun, deed, key }: RecordChange): ChangeResult {
  const name = recordName(noun, key)
  draft.claim({ record: name })
  const kind = deed === 'expire' ? 'record-expire' : 'record-remove'
  const before = draft.view.record(name)
  const isThere = before !== null && !before.deleted
  const isLive = liveState(before, draft.at) !== null
  const isDue = isThere && !isLive
  const ends = isThere && (kind === 'record-remove' || isDue)
  const deleted = ends && (isLive || kind === 'record-expire')
  draft.add({ kind, noun, key, prev: ends ? before.version : 0, ...(deleted ? {} : { absent: true as const }) })
  if (ends) {
    if (isDue) draft.sweep({ noun: 'record', key: name }, before.version)
    draft.records.set(name, recordTombstone(before, draft))
  }
  return { kind, noun, key, deleted }
}

/** Decides a change of a record. */
export function applyRecord(draft: Draft, change: RecordChange): ChangeResult {
  checkId(change.key, 'key')
  return change.deed === 'put' || change.deed === 'patch' ? applyWrite(draft, change) : applyEnd(draft, change)
}
