/** Records: what is stored under a key of a noun that has nothing but fields. Every such noun shares this file. */
import type { Actor } from '../actor.ts'
import type { ChangeResult } from '../commit/commit.ts'
import type { EffectKind, EffectOf, RecordWriteEffect } from '../commit/effect.ts'
import { recordName } from '../commit/effect-names.ts'
import type { Seq } from '../id.ts'
import { type JsonObject, jsonLength, mergeJson } from '../json.ts'
import type { RowTime } from '../records/entry.ts'
import type { Answering, KeyedNoun } from './keyed-noun.ts'

/** A record as drivers keep it. A removed one stays as an empty row, counted as absent. */
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

/** The record if it counts as present at a time: not removed and not past its expiry, whatever was swept; else null. */
export function liveRecord(record: RecordState | null, at: string): RecordState | null {
  if (record === null || record.deleted) return null
  return record.expiresAt === null || record.expiresAt > at ? record : null
}

function valueAfter(base: JsonObject, effect: RecordWriteEffect): JsonObject {
  if (effect.kind === 'record-put') return effect.value
  return effect.full ?? (mergeJson(base, effect.patch) as JsonObject)
}

/** The record after an effect of the log; pure, used by the commit and by replay alike. */
export function foldRecord(before: RecordState | null, effect: RecordWriteEffect, row: RowTime): RecordState {
  const base = effect.absent || before === null || before.deleted ? null : before
  const isWhole = effect.kind === 'record-put' || effect.full !== undefined
  return {
    noun: effect.noun,
    key: effect.key,
    version: row.seq,
    deleted: false,
    value: valueAfter(base?.value ?? {}, effect),
    createdAt: base?.createdAt ?? row.at,
    updatedAt: row.at,
    writtenBy: row.actor,
    expiresAt: effect.expiresAt,
    patchBytes: isWhole ? 0 : (base?.patchBytes ?? 0) + jsonLength(effect.patch),
  }
}

export function recordTombstone({ noun, key, createdAt }: RecordState, row: RowTime): RecordState {
  const gone = { deleted: true, value: {}, expiresAt: null, patchBytes: 0 } as const
  return { noun, key, version: row.seq, createdAt, updatedAt: row.at, writtenBy: row.actor, ...gone }
}

type Kind = Extract<EffectKind, `record-${string}`>

function answer(effect: EffectOf<Kind>, { row, past }: Answering): ChangeResult {
  const { noun, key } = effect
  if (effect.kind === 'record-put' || effect.kind === 'record-patch') {
    const value = past({ record: recordName(noun, key) }, row.seq)?.value ?? {}
    return { kind: effect.kind, noun, key, version: row.seq, value: value as JsonObject, expiresAt: effect.expiresAt }
  }
  return { kind: effect.kind, noun, key, deleted: effect.absent !== true }
}

export const recordNoun: KeyedNoun<RecordState, Kind> = {
  noun: 'record',
  deeds: { 'record-put': 'put', 'record-patch': 'patch', 'record-remove': 'remove', 'record-expire': 'expire' },
  keyOf: ({ noun, key }) => recordName(noun, key),
  displacedKey: (key) => key,
  mapOf: (records) => records.records,
  keep: (record) => ({ record }),
  kept: (effect) => {
    return 'record' in effect ? { key: recordName(effect.record.noun, effect.record.key), state: effect.record } : null
  },
  fold: (before, effect, row) => foldRecord(before, effect as RecordWriteEffect, row),
  tombstone: recordTombstone,
  answer,
  past: {
    isBase: (effect) => effect.kind === 'record-put' || effect.absent === true || 'full' in effect,
    valueAfter: (base, effect) => valueAfter((base ?? {}) as JsonObject, effect as RecordWriteEffect),
    valueOf: (state) => state.value,
  },
}
