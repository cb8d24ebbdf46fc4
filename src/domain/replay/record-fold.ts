/** How effects change the records of nouns that have only a key and fields. */

import type { ChangeResult } from '../commit/commit.ts'
import type { EffectKind, EffectOf, RecordWriteEffect } from '../commit/effect.ts'
import { recordName } from '../commit/effect-names.ts'
import { type JsonObject, jsonLength, mergeJson } from '../json.ts'
import { type RecordState, recordTombstone } from '../records/record.ts'
import type { RowTime } from '../records/row-time.ts'
import type { Answering, KeyedNoun } from './keyed-noun.ts'

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
