/** Reads team memory: one entry, pages by key, and the history of a key. */
import type { Actor } from '../../domain/actor.ts'
import { invalidInput } from '../../domain/error.ts'
import { checkId } from '../../domain/id.ts'
import type { Json } from '../../domain/json.ts'
import type { EntryState } from '../../domain/records/entry.ts'
import type { PastEvent } from '../../domain/replay/history.ts'
import { spaceId } from '../../domain/space.ts'
import { toIso } from '../../domain/time.ts'
import { decodeCursor, encodeCursor, type PageEnd, type PageStart } from '../arguments/cursor.ts'
import type { Core } from '../door/core.ts'
import { Door } from '../door/door.ts'

/** A key of a team. */
export interface EntryAddress {
  readonly teamId: string
  readonly key: string
}

/** An entry in its current state. Times are ISO texts, and Dates in the facade. */
export interface EntryRecord<Value = Json, Time = string> {
  /** Its key, unique in the team. */
  readonly key: string
  /** Its value: any JSON. */
  readonly value: Value
  /** Seq of the commit that wrote it, for `ifVersion`. */
  readonly version: number
  /** Who wrote it last. */
  readonly writtenBy: Actor
  readonly createdAt: Time
  readonly updatedAt: Time
  /** When it expires; null: never. */
  readonly expiresAt: Time | null
}

/** A version of an entry. */
export interface EntryVersionRecord<Time = string> {
  /** Seq of the commit. */
  readonly version: number
  /** When that commit was made. */
  readonly at: Time
  /** Who made that commit. */
  readonly by: Actor
  /** What the commit did. */
  readonly event: PastEvent
  /** The value after it; null if the version is a removal or was erased. */
  readonly value: Json
  /** When this version expires; null: never. */
  readonly expiresAt: Time | null
}

/** A page of entries, by key. */
export interface EntryPageRecord<Time = string> extends PageEnd {
  /** The entries, in the order of their keys. */
  readonly entries: readonly EntryRecord<Json, Time>[]
}

/** Options of `list`. */
export interface ListEntriesOptions extends PageStart {
  /** Only keys that begin with this text. */
  readonly prefix?: string
  /** Entries on one page. Default: 100. */
  readonly limit?: number
}

/** The door to the space of a team. */
export function teamSpace(core: Core, teamId: string): Door {
  return new Door(core, spaceId('team', teamId))
}

function toEntry({ key, value, version, writtenBy, createdAt, updatedAt, expiresAt }: EntryState): EntryRecord {
  return { key, value, version, writtenBy, createdAt, updatedAt, expiresAt }
}

/** The entry of a space, or null if it is absent or expired. */
export async function entryIn({ core, id }: Door, key: string): Promise<EntryRecord | null> {
  const { record } = await (await core.storage.get()).entries.get(core.access, id, key)
  return record === null ? null : toEntry(record)
}

/** The entry of that key, or null if it is absent or expired. */
export async function getEntry(core: Core, { teamId, key }: EntryAddress): Promise<EntryRecord | null> {
  const space = spaceId('team', teamId)
  checkId(key, 'key')
  // The most frequent of all calls: an open storage is not waited for.
  const opened = core.storage.get()
  const { record } = await (opened instanceof Promise ? await opened : opened).entries.get(core.access, space, key)
  return record === null ? null : toEntry(record)
}

/** A page of a team's entries, by key. */
export async function listEntries(
  core: Core,
  { teamId, prefix = '', limit = 100, cursor }: ListEntriesOptions & { readonly teamId: string },
): Promise<EntryPageRecord> {
  const space = teamSpace(core, teamId)
  const after = cursor === undefined ? null : await keyOf(space, cursor)
  const most = Math.min(limit, core.limits.pageSize)
  const { items, asOf, key: spaceKey, more } = await space.entries.list({ prefix, after, limit: most })
  const last = items.at(-1)
  const isLast = !more || last === undefined || spaceKey === null
  const next = isLast ? {} : { nextCursor: encodeCursor('entries', spaceKey, [last.key]) }
  return { entries: items.map(toEntry), asOf, ...next }
}

async function keyOf(space: Door, cursor: string): Promise<string> {
  const [key] = decodeCursor(cursor, 'entries', (await space.state())?.key ?? null)
  return String(key)
}

/** The versions of an entry, newest first, as far as the log goes back. */
export async function entryHistory(
  core: Core,
  { teamId, key, limit = 100 }: EntryAddress & { readonly limit?: number },
): Promise<readonly EntryVersionRecord[]> {
  return teamSpace(core, teamId).entries.history(checkId(key, 'key'), limit)
}

const removals: readonly PastEvent[] = ['delete', 'expire', 'prune', 'erased']

/** The version of an entry that was current at a seq or a time; null if there was none. */
export async function entryAt(
  core: Core,
  { teamId, key, seq, at }: EntryAddress & { readonly seq?: number; readonly at?: string },
): Promise<EntryVersionRecord | null> {
  if ((seq === undefined) === (at === undefined)) {
    throw invalidInput('readAt', 'must have seq or at', { seq, at }, 'Pass one of the two.')
  }
  const space = teamSpace(core, teamId)
  checkId(key, 'key')
  const time = at === undefined ? undefined : toIso(at, 'at')
  const past = await space.entries.at(key, seq ?? (await space.log.seqAt(time as string)))
  if (past === null || removals.includes(past.event)) return null
  const asked = time ?? (await timeOf(space, seq as number))
  return past.expiresAt !== null && asked !== null && past.expiresAt <= asked ? null : past
}

/** The time of a commit; null at the horizon, where the log no longer tells. */
async function timeOf(space: Door, seq: number): Promise<string | null> {
  const state = await space.state()
  if (state === null || seq <= state.horizon || seq > state.seq) return null
  const { items } = await space.log.read({ after: seq - 1, limit: 1 })
  return items[0]?.at ?? null
}
