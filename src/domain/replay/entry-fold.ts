/** How effects change entries. Pure; used by commits, replay and history. */

import type { ChangeResult } from '../commit/commit.ts'
import type { EffectKind, EffectOf, EntryWriteEffect } from '../commit/effect.ts'
import { invalidInput, MemoryError, shown } from '../error.ts'
import { isJsonObject, type Json, jsonLength, mergeJson } from '../json.ts'
import { type EntryState, entryTombstone } from '../records/entry.ts'
import type { RowTime } from '../records/row-time.ts'
import type { Answering, KeyedNoun } from './keyed-noun.ts'

function cannotApply(kind: string, key: string, base: Json): MemoryError {
  const wants = { 'entry-append': 'an array', 'entry-increment': 'a number' }[kind] ?? 'an object'
  return new MemoryError('invalid-input', {
    message: `Entry ${shown(key)} holds ${shown(base)}, and ${kind.slice(6)} needs ${wants}.`,
    fix: `Overwrite it with write(), or use another key.`,
    details: { field: 'key', rule: `must hold ${wants}`, got: shown(base), key },
  })
}

/** The value after an entry effect. `base` is undefined if the entry counted as absent. */
function entryValue(base: Json | undefined, effect: EntryWriteEffect): Json {
  if (effect.full !== undefined) return effect.full
  if (effect.kind === 'entry-write') return effect.value
  if (effect.kind === 'entry-merge') {
    if (base !== undefined && !isJsonObject(base)) throw cannotApply(effect.kind, effect.key, base)
    return mergeJson(base ?? {}, effect.patch)
  }
  if (effect.kind === 'entry-append') {
    if (base !== undefined && !Array.isArray(base)) throw cannotApply(effect.kind, effect.key, base)
    return [...((base as readonly Json[] | undefined) ?? []), effect.item]
  }
  if (base !== undefined && typeof base !== 'number') throw cannotApply(effect.kind, effect.key, base)
  const sum = (base ?? 0) + effect.by
  if (!Number.isFinite(sum)) throw invalidInput('by', 'must keep the value finite', effect.by, 'Use a smaller step.')
  return sum
}

function patchOf(effect: EntryWriteEffect): Json | undefined {
  if (effect.kind === 'entry-write' || effect.full !== undefined) return undefined
  return effect.kind === 'entry-merge' ? effect.patch : effect.kind === 'entry-append' ? effect.item : effect.by
}

/** The entry after an effect of the log; pure, used by the commit and by replay alike. */
export function foldEntry(before: EntryState | null, effect: EntryWriteEffect, row: RowTime): EntryState {
  const base = effect.absent || before === null ? null : before
  const patch = patchOf(effect)
  return {
    key: effect.key,
    version: row.seq,
    deleted: false,
    value: entryValue(base?.value, effect),
    createdAt: base?.createdAt ?? row.at,
    updatedAt: row.at,
    writtenBy: row.actor,
    expiresAt: effect.expiresAt,
    patchBytes: patch === undefined ? 0 : (base?.patchBytes ?? 0) + jsonLength(patch),
  }
}

type Kind = Extract<EffectKind, `entry-${string}`>

function isEnd(effect: EffectOf<Kind>): effect is EffectOf<'entry-delete' | 'entry-expire'> {
  return effect.kind === 'entry-delete' || effect.kind === 'entry-expire'
}

function answer(effect: EffectOf<Kind>, { row, past }: Answering): ChangeResult {
  const { key } = effect
  if (isEnd(effect)) return { kind: effect.kind, key, deleted: effect.absent !== true }
  const value = past({ entry: key }, row.seq)?.value ?? null
  const pruned = (effect.pruned ?? []).map((entry) => entry.key)
  return { kind: effect.kind, key, version: row.seq, value, expiresAt: effect.expiresAt, pruned }
}

export const entryNoun: KeyedNoun<EntryState, Kind> = {
  noun: 'entry',
  deeds: {
    'entry-write': 'put',
    'entry-merge': 'patch',
    'entry-append': 'patch',
    'entry-increment': 'patch',
    'entry-delete': 'remove',
    'entry-expire': 'expire',
  },
  keyOf: ({ key }) => key,
  displacedKey: (key) => key,
  mapOf: (records) => records.entries,
  keep: (entry) => ({ entry }),
  kept: (effect) => ('entry' in effect ? { key: effect.entry.key, state: effect.entry } : null),
  fold: (before, effect, row) => foldEntry(before, effect as EntryWriteEffect, row),
  tombstone: entryTombstone,
  answer,
  past: {
    isBase: (effect) => effect.kind === 'entry-write' || effect.absent === true || 'full' in effect,
    valueAfter: (base, effect) => entryValue(effect.absent ? undefined : base, effect as EntryWriteEffect),
    valueOf: (entry) => entry.value,
  },
}
