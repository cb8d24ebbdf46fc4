/** Writes team memory: keys and JSON values that a team shares, with versions, limits and a time to live. */
import type { Change, Expectation, ResultOf } from '../../domain/commit/commit.ts'
import { invalidInput } from '../../domain/error.ts'
import { checkId } from '../../domain/id.ts'
import { assertJson, type Json, toPatch } from '../../domain/json.ts'
import { type Duration, parseTtl } from '../../domain/limits.ts'
import { type CommitIdOption, named } from '../arguments/commit-ids.ts'
import { appliedOf, failsExpectation } from '../door/applied.ts'
import type { Core } from '../door/core.ts'
import type { Door } from '../door/door.ts'
import { type EntryAddress, type EntryRecord, entryIn, teamSpace } from './read-entries.ts'

/** A time to live: a text such as `'1h'`, a bare number of milliseconds, or null for ever. */
export type Ttl = number | Duration | null

/** Options of `merge`, `append` and `increment`. */
export interface ChangeEntryOptions extends CommitIdOption {
  /** How long the entry lives. Default: the team's (30 days); a merge, append or increment renews the entry's own. */
  readonly ttl?: Ttl
}

/** Options of `write`. */
export interface WriteEntryOptions extends ChangeEntryOptions {
  /** Write only over this version. */
  readonly ifVersion?: number
  /** Write only if the key is absent or expired. */
  readonly ifAbsent?: boolean
}

/** Options of `delete`. */
export interface DeleteEntryOptions extends CommitIdOption {
  /** Delete only this version. */
  readonly ifVersion?: number
}

/** An entry that was written. Times are ISO texts, and Dates in the facade. */
export interface WrittenEntryRecord<Value = Json, Time = string> {
  /** The write was committed. */
  readonly status: 'written'
  /** The key that was written. */
  readonly key: string
  /** The value after the write. */
  readonly value: Value
  /** Seq of the commit that wrote it, for `ifVersion`. */
  readonly version: number
  /** When it expires; null: never. */
  readonly expiresAt: Time | null
  /** Keys that were pruned to make room, least recently written first. */
  readonly pruned: readonly string[]
}

/** The current entry, where a write or a deletion expected another. */
export interface EntryConflictRecord<Time = string> {
  /** Nothing was written: an expectation did not hold. */
  readonly status: 'conflict'
  /** The current entry; null if there is none. */
  readonly current: EntryRecord<Json, Time> | null
}

/** A write, or the current entry if `ifVersion` or `ifAbsent` did not hold. */
export type EntryWriteRecord<Value = Json, Time = string> = WrittenEntryRecord<Value, Time> | EntryConflictRecord<Time>

/** A deletion, or the current entry if `ifVersion` did not hold. */
export type EntryDeletionRecord<Time = string> =
  | { readonly status: 'deleted'; readonly deleted: boolean }
  | EntryConflictRecord<Time>

type WriteKind = 'entry-write' | 'entry-merge' | 'entry-append' | 'entry-increment'

function toWritten({ key, value, version, expiresAt, pruned }: ResultOf<WriteKind>): WrittenEntryRecord {
  return { status: 'written', key, value, version, expiresAt, pruned }
}

function ttlOf(stated: Ttl | undefined): { ttlMs?: number | null } {
  return stated === undefined ? {} : { ttlMs: parseTtl(stated) }
}

function expectationsOf(key: string, ifVersion?: number, ifAbsent?: boolean): { expect?: readonly Expectation[] } {
  if (ifVersion !== undefined) return { expect: [{ version: ifVersion, of: { entry: key } }] }
  return ifAbsent === true ? { expect: [{ absent: { entry: key } }] } : {}
}

/** Stores a value under a key, and replaces any earlier one. */
export async function writeEntry(
  core: Core,
  { teamId, key, value, ttl, commitId, ifVersion, ifAbsent }: EntryAddress & WriteEntryOptions & { value?: unknown },
): Promise<EntryWriteRecord> {
  if (ifVersion !== undefined && ifAbsent === true) {
    throw invalidInput('ifAbsent', 'must not go with ifVersion', ifAbsent, 'Pass one of the two.')
  }
  const space = teamSpace(core, teamId)
  checkId(key, 'key')
  assertJson(value, 'value')
  const expect = expectationsOf(key, ifVersion, ifAbsent)
  const change: Change = { kind: 'entry-write', key, value, ...ttlOf(ttl) }
  const result = await space.submit([change], { ...expect, ...named(commitId) })
  if (expect.expect !== undefined && failsExpectation(result))
    return { status: 'conflict', current: await entryIn(space, key) }
  return toWritten(appliedOf(result, 'entry-write').result)
}

async function change(
  space: Door,
  one: Change & { readonly kind: WriteKind },
  commitId?: string,
): Promise<WrittenEntryRecord> {
  return toWritten(appliedOf(await space.submit([one], named(commitId)), one.kind).result)
}

type Changed = EntryAddress & ChangeEntryOptions

/** Deep-merges an object into the value: objects recurse, arrays replace, null deletes. */
export async function mergeEntry(
  core: Core,
  { teamId, key, patch, ttl, commitId }: Changed & { patch?: unknown },
): Promise<WrittenEntryRecord> {
  const space = teamSpace(core, teamId)
  checkId(key, 'key')
  return change(space, { kind: 'entry-merge', key, patch: toPatch(patch, 'patch'), ...ttlOf(ttl) }, commitId)
}

/** Adds an item to the end of an array, which begins empty. */
export async function appendToEntry(
  core: Core,
  { teamId, key, item, ttl, commitId }: Changed & { item?: unknown },
): Promise<WrittenEntryRecord> {
  const space = teamSpace(core, teamId)
  assertJson(item, 'item')
  return change(space, { kind: 'entry-append', key: checkId(key, 'key'), item, ...ttlOf(ttl) }, commitId)
}

/** Adds to a number, which begins at 0. */
export async function incrementEntry(
  core: Core,
  { teamId, key, by = 1, ttl, commitId }: Changed & { by?: number },
): Promise<WrittenEntryRecord> {
  const space = teamSpace(core, teamId)
  return change(space, { kind: 'entry-increment', key: checkId(key, 'key'), by, ...ttlOf(ttl) }, commitId)
}

/** Removes an entry. Answers `deleted: false` if there is none. */
export async function deleteEntry(
  core: Core,
  { teamId, key, ifVersion, commitId }: EntryAddress & DeleteEntryOptions,
): Promise<EntryDeletionRecord> {
  const space = teamSpace(core, teamId)
  checkId(key, 'key')
  // What is not there needs no commit; a retry must find its own.
  const isPlain = ifVersion === undefined && commitId === undefined
  if (isPlain && (await space.entries.get(key)).record === null) return { status: 'deleted', deleted: false }
  const options = { ...expectationsOf(key, ifVersion), ...named(commitId) }
  const result = await space.submit([{ kind: 'entry-delete', key }], options)
  if (ifVersion !== undefined && failsExpectation(result))
    return { status: 'conflict', current: await entryIn(space, key) }
  return { status: 'deleted', deleted: appliedOf(result, 'entry-delete').result.deleted }
}
