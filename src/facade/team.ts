/** The class of a team's shared memory for users. */
import { invalidInput, MemoryError, shown } from '../domain/error.ts'
import type { Json } from '../domain/json.ts'
import { fieldsOf } from '../domain/option-checks.ts'
import { spaceId } from '../domain/space.ts'
import { dateOf } from '../domain/time.ts'
import type { Core } from '../memory/door/core.ts'
import type {
  ChangeEntryOptions,
  DeleteEntryOptions,
  EntryConflictRecord,
  EntryDeletionRecord,
  EntryWriteRecord,
  Ttl,
  WriteEntryOptions,
  WrittenEntryRecord,
} from '../memory/team/entries.ts'
import type {
  EntryPageRecord,
  EntryRecord,
  EntryVersionRecord,
  ListEntriesOptions,
} from '../memory/team/read-entries.ts'
import type { EntryEventRecord, WatchOptions } from '../memory/team/watch.ts'
import { call, follow } from './call.ts'
import { type Space, spaceOf } from './space.ts'
import { dateOrNull, type Time, timed } from './times.ts'

/** An entry in its current state. */
export interface Entry<Value = Json> extends EntryRecord<Value, Date> {}

/** An entry that was written. */
export interface WrittenEntry<Value = Json> extends WrittenEntryRecord<Value, Date> {}

/** A write, or the current entry if `ifVersion` or `ifAbsent` did not hold. */
export type EntryWrite<Value = Json> = EntryWriteRecord<Value, Date>

/** A deletion, or the current entry if `ifVersion` did not hold. */
export type EntryDeletion = EntryDeletionRecord<Date>

/** A version of an entry. */
export interface EntryVersion extends EntryVersionRecord<Date> {}

/** A page of entries, by key. */
export interface EntryPage extends EntryPageRecord<Date> {}

/** The changes of one commit to entries. Continue with `after: seq`. */
export interface EntryEvent extends EntryEventRecord<Date> {}

const updateTries = 1_000

function toEntry(record: EntryRecord): Entry {
  const { createdAt, updatedAt, expiresAt } = record
  const [created, updated] = [dateOf(createdAt), dateOf(updatedAt)]
  return { ...record, createdAt: created, updatedAt: updated, expiresAt: dateOrNull(expiresAt) }
}

function toWritten(record: WrittenEntryRecord): WrittenEntry<never> {
  return { ...record, value: record.value as never, expiresAt: dateOrNull(record.expiresAt) }
}

function toConflict({ status, current }: EntryConflictRecord): EntryConflictRecord<Date> {
  return { status, current: current === null ? null : toEntry(current) }
}

/** The time to live that an entry was written with. */
function ownTtl({ expiresAt, updatedAt }: Entry): number | null {
  return expiresAt === null ? null : expiresAt.getTime() - updatedAt.getTime()
}

/** The team with that id, for code that has a core; the id is not checked. */
export let teamOf: (core: Core, teamId: string) => Team

/** The shared memory of one team. Another team never sees its keys. */
export class Team {
  readonly #core: Core
  readonly #teamId: string

  static {
    teamOf = (core, teamId) => new Team(core, teamId)
  }

  private constructor(core: Core, teamId: string) {
    this.#core = core
    this.#teamId = teamId
  }

  /** The team's space, with its seq, settings, log and feed. */
  get space(): Space {
    return spaceOf(this.#core, spaceId('team', this.#teamId))
  }

  /**
   * Stores a value under a key, and replaces any earlier one.
   *
   * @param value Any JSON value up to `limits.entryBytes` (64 KB).
   */
  async write(key: string, value: unknown, options: WriteEntryOptions = {}): Promise<EntryWrite> {
    const stated = { teamId: this.#teamId, key, value }
    const result = await call(this.#core, 'team.write', { what: 'write', options, stated })
    return result.status === 'written' ? toWritten(result) : toConflict(result)
  }

  /** The value under a key, or null if it is absent or expired. */
  async read<Value = Json>(key: string): Promise<Value | null> {
    const stated = { teamId: this.#teamId, key }
    const record = await call(this.#core, 'team.get', { what: 'read', stated })
    return record === null ? null : (record.value as Value)
  }

  /** The whole entry, or null if it is absent or expired. */
  async get(key: string): Promise<Entry | null> {
    const stated = { teamId: this.#teamId, key }
    const record = await call(this.#core, 'team.get', { what: 'get', stated })
    return record === null ? null : toEntry(record)
  }

  /** Deep-merges an object into the value: objects recurse, arrays replace, null deletes, undefined keeps. */
  async merge(key: string, patch: unknown, options: ChangeEntryOptions = {}): Promise<WrittenEntry> {
    const stated = { teamId: this.#teamId, key, patch }
    return toWritten(await call(this.#core, 'team.merge', { what: 'merge', options, stated }))
  }

  /** Adds an item to the end of an array, which begins empty. */
  async append(key: string, item: unknown, options: ChangeEntryOptions = {}): Promise<WrittenEntry<readonly Json[]>> {
    const stated = { teamId: this.#teamId, key, item }
    return toWritten(await call(this.#core, 'team.append', { what: 'append', options, stated }))
  }

  /** Adds to a number, which begins at 0. */
  async increment(key: string, by = 1, options: ChangeEntryOptions = {}): Promise<WrittenEntry<number>> {
    const stated = { teamId: this.#teamId, key, by }
    return toWritten(await call(this.#core, 'team.increment', { what: 'increment', options, stated }))
  }

  /**
   * Computes a value from the present one and writes it. If somebody wrote in between, it computes again.
   *
   * @param next Gets the value, or null if absent. May run several times. Return undefined to leave the entry
   *   unchanged.
   */
  async update<Value = Json>(
    key: string,
    next: (value: Value | null) => unknown,
    options: { readonly ttl?: Ttl } = {},
  ): Promise<WrittenEntry | { readonly status: 'unchanged'; readonly current: Entry | null }> {
    const { ttl: stated } = fieldsOf(options, 'update', ['ttl']) as { readonly ttl?: Ttl }
    if (typeof next !== 'function') {
      throw invalidInput(
        'next',
        'must be a function',
        next,
        'Pass a function that computes the new value from the present one.',
      )
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
      message: `The entry ${shown(key)} was changed by others during each of ${updateTries} attempts.`,
      fix: 'Use merge, append or increment, which never fail this way, or try again later.',
      details: { key },
    })
  }

  /** Removes an entry. */
  async delete(key: string, options: DeleteEntryOptions = {}): Promise<EntryDeletion> {
    const stated = { teamId: this.#teamId, key }
    const result = await call(this.#core, 'team.delete', { what: 'delete', options, stated })
    return result.status === 'deleted' ? result : toConflict(result)
  }

  /** Entries by key. */
  async list(options: ListEntriesOptions = {}): Promise<EntryPage> {
    const stated = { teamId: this.#teamId }
    const page = await call(this.#core, 'team.list', { what: 'list', options, stated })
    return { ...page, entries: page.entries.map(toEntry) }
  }

  /** The versions of an entry, newest first, as far as the log goes back. */
  async history(key: string, options: { readonly limit?: number } = {}): Promise<EntryVersion[]> {
    const stated = { teamId: this.#teamId, key }
    const past = await call(this.#core, 'team.history', { what: 'history', options, stated })
    return past.map((version) => ({ ...version, at: dateOf(version.at), expiresAt: dateOrNull(version.expiresAt) }))
  }

  /** The value of a key at a seq or a time; null if it had none, or its value had expired by then. */
  async readAt<Value = Json>(
    key: string,
    options: { readonly seq?: number; readonly at?: Time },
  ): Promise<Value | null> {
    const stated = { teamId: this.#teamId, key }
    const past = await call(this.#core, 'team.readAt', { ...timed('readAt', options, ['at']), stated })
    return past === null ? null : (past.value as Value)
  }

  /** Follows the changes of the team's entries; see {@link Space.changes} for `after` and `signal`. */
  watch(options: WatchOptions = {}): AsyncIterableIterator<EntryEvent> {
    const stated = { teamId: this.#teamId }
    return follow(this.#core, 'team.watch', { what: 'watch', options, stated }, (event): EntryEvent => {
      return { ...event, at: dateOf(event.at) }
    })
  }
}
