/** Decides changes of entries: writing, merging, appending, incrementing, removing, and pruning for new keys. */

import type { ChangeOf, ResultOf } from '../commit/commit.ts'
import type { Displaced, EntryWriteEffect } from '../commit/effect.ts'
import { invalidInput, shown } from '../error.ts'
import { checkId } from '../id.ts'
import { limitExceeded } from '../limits.ts'
import { type EntryState, entryTombstone } from '../records/entry.ts'
import { liveState } from '../records/keyed-state.ts'
import { entryLease } from '../records/lease.ts'
import { foldEntry } from '../replay/entry-fold.ts'
import { applyValue, expiryOf } from './apply-value.ts'
import type { Draft } from './draft.ts'

type EntryChange = ChangeOf<
  'entry-write' | 'entry-merge' | 'entry-append' | 'entry-increment' | 'entry-delete' | 'entry-expire'
>
type EntryWrite = Exclude<EntryChange, { kind: 'entry-delete' | 'entry-expire' }>

function displace(draft: Draft, entry: EntryState, into: Displaced[]): void {
  into.push({ key: entry.key, version: entry.version })
  draft.entries.set(entry.key, entryTombstone(entry, draft))
  draft.counts.entries -= 1
}

/** Whether any change of the commit names that entry. */
function isNamed({ commit }: Draft, entry: string): boolean {
  return commit.changes.some((change) => 'key' in change && change.key === entry)
}

/**
 * Prunes keys for a new one: expired keys first, then the least recently written, never a key of this commit or a
 * leased one.
 */
function makeRoom(draft: Draft, key: string): { pruned: Displaced[]; expired: Displaced[] } {
  const pruned: Displaced[] = []
  const expired: Displaced[] = []
  const allowed = draft.settings.entriesPerSpace
  if (draft.counts.entries < allowed) return { pruned, expired }
  for (const entry of draft.view.expiredEntries(draft.at)) {
    if (draft.entries.has(entry.key) || isNamed(draft, entry.key) || entry.key === key) continue
    displace(draft, entry, expired)
    draft.sweep({ noun: 'entry', key: entry.key }, entry.version)
  }
  const surplus = draft.counts.entries + 1 - allowed
  if (surplus <= 0) return { pruned, expired }
  for (const entry of draft.view.oldestEntries()) {
    if (pruned.length === surplus) break
    const isKept = draft.entries.has(entry.key) || isNamed(draft, entry.key) || entry.key === key
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
  const live = liveState(before, draft.at)
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

/** Decides a deletion, or the sweeper's expiry, which applies only to expired entries. */
export function applyEntryRemoval(
  draft: Draft,
  change: Extract<EntryChange, { kind: 'entry-delete' | 'entry-expire' }>,
): ResultOf<'entry-delete' | 'entry-expire'> {
  const key = checkId(change.key, 'key')
  draft.claim({ entry: key })
  const before = draft.view.entry(key)
  const isLive = liveState(before, draft.at) !== null
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
