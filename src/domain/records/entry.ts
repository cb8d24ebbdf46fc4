/** Entries: a key and a JSON value with version, optional time-to-live and limits. The team memory store. */
import type { Actor } from '../actor.ts'
import type { ChangeOf, ChangeResult, ResultOf } from '../commit/commit.ts'
import type { Draft } from '../commit/draft.ts'
import type { Displaced, EffectOf, EntryWriteEffect } from '../commit/effect.ts'
import { invalidInput, MemoryError, shown } from '../error.ts'
import { checkId, type Seq } from '../id.ts'
import { isJsonObject, type Json, jsonLength, mergeJson } from '../json.ts'
import { applyValue, expiryOf } from '../keyed/apply-value.ts'
import type { Answering, KeyedNoun } from '../keyed/keyed-noun.ts'
import { limitExceeded } from '../limits.ts'
import { entryLease } from './lease.ts'

/** An entry as drivers keep it. A deleted one stays as an empty row, counted as absent. */
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

/** Who wrote, and when: what folding an effect needs beside the effect. */
export interface RowTime {
  readonly seq: Seq
  readonly at: string
  readonly actor: Actor
}

export type EntryChange = ChangeOf<
  'entry-write' | 'entry-merge' | 'entry-append' | 'entry-increment' | 'entry-delete' | 'entry-expire'
>
type EntryWrite = Exclude<EntryChange, { kind: 'entry-delete' | 'entry-expire' }>

/** The entry if it counts as present at a time: not deleted and not past its expiry, whatever was swept; else null. */
export function liveEntry(entry: EntryState | null, at: string): EntryState | null {
  if (entry === null || entry.deleted) return null
  return entry.expiresAt === null || entry.expiresAt > at ? entry : null
}

function cannotApply(kind: string, key: string, base: Json): MemoryError {
  const wants = { 'entry-append': 'an array', 'entry-increment': 'a number' }[kind] ?? 'an object'
  return new MemoryError('invalid-input', {
    message: `Entry ${shown(key)} holds ${shown(base)}, and ${kind.slice(6)} needs ${wants}.`,
    fix: `Overwrite it with write(), or use another key.`,
    details: { field: 'key', rule: `must hold ${wants}`, got: shown(base), key },
  })
}

/** The value after an entry effect. `base` is undefined where the entry counted as absent. */
export function entryValue(base: Json | undefined, effect: EntryWriteEffect): Json {
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

/** The empty row that a deleted, expired or pruned entry leaves. */
export function entryTombstone(before: EntryState, row: RowTime): EntryState {
  const { key, createdAt } = before
  const gone = { deleted: true, value: null, expiresAt: null, patchBytes: 0 } as const
  return { key, version: row.seq, createdAt, updatedAt: row.at, writtenBy: row.actor, ...gone }
}

function displace(draft: Draft, entry: EntryState, into: Displaced[]): void {
  into.push({ key: entry.key, version: entry.version })
  draft.entries.set(entry.key, entryTombstone(entry, draft))
  draft.counts.entries -= 1
}

/** Makes room for a new key: expired keys first, then the least recently written, never one of this commit or leased. */
function makeRoom(draft: Draft, key: string): { pruned: Displaced[]; expired: Displaced[] } {
  const pruned: Displaced[] = []
  const expired: Displaced[] = []
  const allowed = draft.settings.entriesPerSpace
  if (draft.counts.entries < allowed) return { pruned, expired }
  for (const entry of draft.view.expiredEntries(draft.at)) {
    if (draft.entries.has(entry.key) || draft.touches({ entry: entry.key }) || entry.key === key) continue
    displace(draft, entry, expired)
    draft.sweep({ noun: 'entry', key: entry.key }, entry.version)
  }
  const surplus = draft.counts.entries + 1 - allowed
  if (surplus <= 0) return { pruned, expired }
  for (const entry of draft.view.oldestEntries()) {
    if (pruned.length === surplus) break
    const isKept = draft.entries.has(entry.key) || draft.touches({ entry: entry.key }) || entry.key === key
    if (isKept || draft.isLeased(entryLease(entry.key))) continue
    displace(draft, entry, pruned)
  }
  if (pruned.length < surplus) throw limitExceeded('The space', draft.counts.entries + 1, 'entriesPerSpace', allowed)
  return { pruned, expired }
}

function bodyOf(change: EntryWrite): object {
  if (change.kind === 'entry-write') return { kind: change.kind, value: change.value }
  if (change.kind === 'entry-merge') return { kind: change.kind, patch: change.patch }
  if (change.kind === 'entry-append') return { kind: change.kind, item: change.item }
  return { kind: change.kind, by: change.by }
}

/** Decides a write, merge, append or increment. */
export function applyEntryWrite(draft: Draft, change: EntryWrite): ResultOf<EntryWrite['kind']> {
  const key = checkId(change.key, 'key')
  if (change.kind === 'entry-increment' && !Number.isFinite(change.by)) {
    throw invalidInput('by', 'must be a finite number', change.by, 'Pass a number.')
  }
  draft.claim({ entry: key })
  const before = draft.view.entry(key)
  const live = liveEntry(before, draft.at)
  const wasCounted = before !== null && !before.deleted
  if (wasCounted && live === null) draft.sweep({ noun: 'entry', key }, before.version)
  const room = wasCounted ? { pruned: [], expired: [] } : makeRoom(draft, key)
  const submitted = {
    ...bodyOf(change),
    key,
    prev: before?.version ?? 0,
    ...(live === null ? { absent: true as const } : {}),
    expiresAt: expiryOf(draft, change.ttlMs, change.kind === 'entry-write' ? null : live, draft.settings.entryTtlMs),
    ...(room.pruned.length > 0 ? { pruned: room.pruned } : {}),
    ...(room.expired.length > 0 ? { expired: room.expired } : {}),
  } as unknown as EntryWriteEffect
  const fold = (settled: EntryWriteEffect) => foldEntry(before, settled, draft)
  const { effect, after } = applyValue(draft, submitted, fold, 'entryBytes', `Entry ${shown(key)}`)
  draft.entries.set(key, after)
  if (!wasCounted) draft.counts.entries += 1
  draft.add(effect)
  const pruned = room.pruned.map((entry) => entry.key)
  return { kind: change.kind, key, version: draft.seq, value: after.value, expiresAt: after.expiresAt, pruned }
}

/** Decides a deletion, or the sweeper's expiry, which applies only to what is past its time. */
export function applyEntryRemoval(
  draft: Draft,
  change: Extract<EntryChange, { kind: 'entry-delete' | 'entry-expire' }>,
): ResultOf<'entry-delete' | 'entry-expire'> {
  const key = checkId(change.key, 'key')
  draft.claim({ entry: key })
  const before = draft.view.entry(key)
  const isLive = liveEntry(before, draft.at) !== null
  const isDue = before !== null && !before.deleted && !isLive
  const removes = change.kind === 'entry-expire' ? isDue : isLive || isDue
  const absent = removes && (isLive || change.kind === 'entry-expire') ? {} : { absent: true as const }
  draft.add({ kind: change.kind, key, prev: removes && before !== null ? before.version : 0, ...absent })
  if (removes && before !== null) {
    if (isDue) draft.sweep({ noun: 'entry', key }, before.version)
    draft.entries.set(key, entryTombstone(before, draft))
    draft.counts.entries -= 1
  }
  return { kind: change.kind, key, deleted: absent.absent !== true }
}

type Kind = EntryChange['kind']

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
