/** Team memory: keys and JSON values that a workforce shares, with versions, limits and a time to live. */

import type { Actor } from '../domain/actor.ts'
import type { Change, CommitResult, Expectation, ResultOf } from '../domain/commit/commit.ts'
import { invalidInput, MemoryError, shown } from '../domain/error.ts'
import { checkId } from '../domain/id.ts'
import { assertJson, type Json, toPatch } from '../domain/json.ts'
import { parseTtl } from '../domain/limits.ts'
import type { EntryState } from '../domain/records/entry.ts'
import type { PastEvent } from '../domain/replay/history.ts'
import { spaceId } from '../domain/space.ts'
import { dateOf, toIso } from '../domain/time.ts'
import { decodeCursor, encodeCursor } from '../memory/arguments/cursor.ts'
import { parse } from '../memory/arguments/parse.ts'
import { appliedOf } from '../memory/door/applied.ts'
import type { Core } from '../memory/door/core.ts'
import type { Door } from '../memory/door/door.ts'
import { type EntryEvent, type WatchOptions, watchEntries } from '../memory/team/watch.ts'
import { doorOf, type Space, spaceOf } from './space.ts'

/** Milliseconds, a text such as `'1h'`, or null for ever. */
export type Ttl = number | string | null

export interface ChangeEntryOptions {
  /** Default: the team's (30 days). A merge, append or increment without one renews the entry's own. */
  readonly ttl?: Ttl
  /** An id of your own: sent again with the same content it is applied once, and answers as it did then. */
  readonly commitId?: string
}

export interface WriteEntryOptions extends ChangeEntryOptions {
  /** Write only over this version. */
  readonly ifVersion?: number
  /** Write only if the key is absent or expired. */
  readonly ifAbsent?: boolean
}

/** An entry as it stands. */
export interface Entry<Value = Json> {
  readonly key: string
  readonly value: Value
  /** Seq of the commit that wrote it, for `ifVersion`. */
  readonly version: number
  readonly writtenBy: Actor
  readonly createdAt: Date
  readonly updatedAt: Date
  /** null: never. */
  readonly expiresAt: Date | null
}

export interface WrittenEntry<Value = Json> {
  readonly status: 'written'
  readonly key: string
  /** The value after the write. */
  readonly value: Value
  readonly version: number
  readonly expiresAt: Date | null
  /** Keys that were pruned to make room, least recently written first. */
  readonly pruned: readonly string[]
}

/** A write, or what stands there instead of what `ifVersion` or `ifAbsent` expected. */
export type EntryWrite<Value = Json> =
  | WrittenEntry<Value>
  | { readonly status: 'conflict'; readonly current: Entry | null }

export interface EntryVersion {
  readonly version: number
  readonly at: Date
  readonly by: Actor
  readonly event: PastEvent
  /** null where the version is a removal or was erased. */
  readonly value: Json
}

export interface EntryPage {
  readonly entries: Entry[]
  readonly asOf: number
  readonly nextCursor?: string
}

const updateTries = 1_000

function toEntry(state: EntryState): Entry {
  const { key, value, version, writtenBy, createdAt, updatedAt, expiresAt } = state
  return {
    key,
    value,
    version,
    writtenBy,
    createdAt: dateOf(createdAt),
    updatedAt: dateOf(updatedAt),
    expiresAt: expiresAt === null ? null : dateOf(expiresAt),
  }
}

type WriteKind = 'entry-write' | 'entry-merge' | 'entry-append' | 'entry-increment'

function toWritten(result: ResultOf<WriteKind>): WrittenEntry<never> {
  const { key, value, version, expiresAt, pruned } = result
  const expires = expiresAt === null ? null : dateOf(expiresAt)
  return { status: 'written', key, value: value as never, version, expiresAt: expires, pruned }
}

function named(commitId: string | undefined): { readonly id?: string } {
  return commitId === undefined ? {} : { id: checkId(commitId, 'commitId') }
}

/** The time to live that an entry was written with. */
function ownTtl({ expiresAt, updatedAt }: Entry): number | null {
  return expiresAt === null ? null : expiresAt.getTime() - updatedAt.getTime()
}

function ttlOf(stated: Ttl | undefined): { ttlMs?: number | null } {
  return stated === undefined ? {} : { ttlMs: parseTtl(stated) }
}

/** The team of that id, for those who have a core; the id is taken as it is. */
export let teamOf: (core: Core, teamId: string) => Team

/** The shared memory of one team. Another team never sees its keys. */
export class Team {
  readonly #space: Space
  readonly #door: Door

  static {
    teamOf = (core, teamId) => new Team(spaceOf(core, spaceId('team', teamId)))
  }

  private constructor(space: Space) {
    this.#space = space
    this.#door = doorOf(space)
  }

  /** The team's space, with its seq, settings, log and feed. */
  get space(): Space {
    return this.#space
  }

  /**
   * Stores a value under a key, over what was there.
   *
   * @param value Any JSON value up to `limits.entryBytes` (64 KB).
   */
  async write(key: string, value: unknown, options: WriteEntryOptions = {}): Promise<EntryWrite> {
    const { ttl: stated, commitId, ...expected } = await parse('writeEntry', options, 'write')
    const { ifVersion, ifAbsent } = expected
    if (ifVersion !== undefined && ifAbsent === true) {
      throw invalidInput('ifAbsent', 'must not go with ifVersion', ifAbsent, 'Pass one of the two.')
    }
    checkId(key, 'key')
    assertJson(value, 'value')
    const expect = expectationsOf(key, ifVersion, ifAbsent)
    const change: Change = { kind: 'entry-write', key, value, ...ttlOf(stated) }
    const result = await this.#door.submit([change], { ...expect, ...named(commitId) })
    return this.#written(key, result, expect.expect !== undefined)
  }

  async #written(key: string, result: CommitResult, isStated: boolean): Promise<EntryWrite<never>> {
    if (result.status === 'conflict' && result.reason === 'expectation' && isStated)
      return { status: 'conflict', current: await this.get(key) }
    return toWritten(appliedOf(result, 'entry-write' as WriteKind).result)
  }

  async #change(change: Change & { readonly kind: WriteKind }, commitId?: string): Promise<WrittenEntry<never>> {
    return toWritten(appliedOf(await this.#door.submit([change], named(commitId)), change.kind).result)
  }

  /** The value under a key, or null if it is absent or expired. */
  async read<Value = Json>(key: string): Promise<Value | null> {
    const record = await this.#record(key)
    return record === null ? null : (record.value as Value)
  }

  /** The whole entry, or null if it is absent or expired. */
  async get(key: string): Promise<Entry | null> {
    const record = await this.#record(key)
    return record === null ? null : toEntry(record)
  }

  async #record(key: string): Promise<EntryState | null> {
    checkId(key, 'key')
    const { core, id } = this.#door
    return (await (await core.storage.get()).entries.get(core.access, id, key)).record
  }

  /** Deep-merges an object into the value: objects recurse, arrays replace, null deletes, undefined keeps. */
  async merge(key: string, patch: unknown, options: ChangeEntryOptions = {}): Promise<WrittenEntry> {
    const { ttl: stated, commitId } = await parse('changeEntry', options, 'merge')
    const change = {
      kind: 'entry-merge',
      key: checkId(key, 'key'),
      patch: toPatch(patch, 'patch'),
      ...ttlOf(stated),
    } as const
    return this.#change(change, commitId)
  }

  /** Adds an item to the end of an array, which begins empty. */
  async append(key: string, item: unknown, options: ChangeEntryOptions = {}): Promise<WrittenEntry<readonly Json[]>> {
    const { ttl: stated, commitId } = await parse('changeEntry', options, 'append')
    assertJson(item, 'item')
    return this.#change({ kind: 'entry-append', key: checkId(key, 'key'), item, ...ttlOf(stated) }, commitId)
  }

  /** Adds to a number, which begins at 0. */
  async increment(key: string, by = 1, options: ChangeEntryOptions = {}): Promise<WrittenEntry<number>> {
    const { ttl: stated, commitId } = await parse('changeEntry', options, 'increment')
    if (!Number.isFinite(by)) throw invalidInput('by', 'must be a finite number', by, 'Pass a number, such as 1.')
    return this.#change({ kind: 'entry-increment', key: checkId(key, 'key'), by, ...ttlOf(stated) }, commitId)
  }

  /**
   * Computes a value from the present one and writes it if nobody wrote in between, again until it holds.
   *
   * @param next Gets the value, or null if absent; may run several times. Answer undefined to leave it as it is.
   */
  async update<Value = Json>(
    key: string,
    next: (value: Value | null) => unknown,
    options: { readonly ttl?: Ttl } = {},
  ): Promise<WrittenEntry | { readonly status: 'unchanged'; readonly current: Entry | null }> {
    const { ttl: stated } = await parse('updateEntry', options, 'update')
    if (typeof next !== 'function') {
      throw invalidInput('next', 'must be a function', next, 'Pass what computes the new value from the present one.')
    }
    for (let tries = 0; tries < updateTries; tries++) {
      const current = await this.get(key)
      const value = await next(current === null ? null : (current.value as Value))
      if (value === undefined) return { status: 'unchanged', current }
      const expect = current === null ? { ifAbsent: true } : { ifVersion: current.version }
      const ttl = stated === undefined && current !== null ? ownTtl(current) : stated
      const result = await this.write(key, value, { ...expect, ...(ttl === undefined ? {} : { ttl }) })
      if (result.status === 'written') return result
    }
    throw new MemoryError('unavailable', {
      message: `The entry ${shown(key)} was written by others at each of ${updateTries} tries.`,
      fix: 'Use merge, append or increment, which need no tries, or try again later.',
      details: { key },
    })
  }

  /** Removes an entry. */
  async delete(key: string, options: { readonly ifVersion?: number } = {}): Promise<EntryDeletion> {
    const { ifVersion } = await parse('deleteEntry', options, 'delete')
    const before = await this.#door.entries.get(checkId(key, 'key'))
    if (before.record === null && ifVersion === undefined) return { status: 'deleted', deleted: false }
    const result = await this.#door.submit([{ kind: 'entry-delete', key }], expectationsOf(key, ifVersion, undefined))
    if (result.status === 'conflict' && ifVersion !== undefined) {
      return { status: 'conflict', current: await this.get(key) }
    }
    return { status: 'deleted', deleted: appliedOf(result, 'entry-delete').result.deleted }
  }

  /** Entries by key. */
  async list(
    options: { readonly prefix?: string; readonly limit?: number; readonly cursor?: string } = {},
  ): Promise<EntryPage> {
    const { prefix = '', limit = 100, cursor } = await parse('listEntries', options, 'list')
    const after = cursor === undefined ? null : await this.#keyOf(cursor)
    const most = Math.min(limit, this.#door.core.limits.pageSize)
    const { items, asOf, key: spaceKey, more } = await this.#door.entries.list({ prefix, after, limit: most })
    const last = items.at(-1)
    const isLast = !more || last === undefined || spaceKey === null
    const next = isLast ? {} : { nextCursor: encodeCursor('entries', spaceKey, [last.key]) }
    return { entries: items.map(toEntry), asOf, ...next }
  }

  async #keyOf(cursor: string): Promise<string> {
    const [key] = decodeCursor(cursor, 'entries', (await this.#door.state())?.key ?? null)
    return String(key)
  }

  /** The versions of an entry, newest first, as far as the log goes back. */
  async history(key: string, options: { readonly limit?: number } = {}): Promise<EntryVersion[]> {
    const { limit = 100 } = await parse('entryHistory', options, 'history')
    const past = await this.#door.entries.history(checkId(key, 'key'), limit)
    return past.map(({ version, at, by, event, value }) => ({ version, at: dateOf(at), by, event, value }))
  }

  /** The value that a key had when the space was at a seq or a time; null if it had none. */
  async readAt<Value = Json>(
    key: string,
    options: { readonly seq?: number; readonly at?: Date | string | number },
  ): Promise<Value | null> {
    const { seq, at } = await parse('readAt', options, 'readAt')
    if ((seq === undefined) === (at === undefined)) {
      throw invalidInput('readAt', 'must have seq or at', options, 'Pass one of the two.')
    }
    checkId(key, 'key')
    const then = seq ?? (await this.#door.log.seqAt(toIso(at, 'at')))
    const past = await this.#door.entries.at(key, then)
    return past === null || past.event === 'erased' ? null : (past.value as Value)
  }

  /** Follows what happens to the team's entries; see {@link Space.changes} for `after` and `signal`. */
  watch(options: WatchOptions = {}): AsyncIterableIterator<EntryEvent> {
    return watchEntries(this.#door, options)
  }
}

export type EntryDeletion =
  | { readonly status: 'deleted'; readonly deleted: boolean }
  | { readonly status: 'conflict'; readonly current: Entry | null }

function expectationsOf(key: string, ifVersion?: number, ifAbsent?: boolean): { expect?: readonly Expectation[] } {
  if (ifVersion !== undefined) return { expect: [{ version: ifVersion, of: { entry: key } }] }
  return ifAbsent === true ? { expect: [{ absent: { entry: key } }] } : {}
}
