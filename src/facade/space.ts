/** The class of a space for users: commits, the feed, recall, settings and reads. All input is parsed. */
import type { Change, CommitResult, Expectation } from '../domain/commit/commit.ts'
import type { LoggedCommit } from '../domain/commit/effect.ts'
import { checkId, type SpaceId } from '../domain/id.ts'
import { fieldsOf } from '../domain/option-checks.ts'
import { readPlain } from '../domain/read-plain.ts'
import type { SpaceSettings, SpaceState } from '../domain/space.ts'
import type { FeedOptions } from '../memory/arguments/feed-options.ts'
import type { Core } from '../memory/door/core.ts'
import { Door } from '../memory/door/door.ts'
import type { ChildSpacesOptions, ConfigureOptions } from '../memory/spaces.ts'
import type { SpaceReads } from '../ports/space-reads.ts'
import { call, follow } from './call.ts'
import { datedRecollection, type Recollection } from './records.ts'
import { checkedReader } from './space-reads.ts'
import { type SpaceRecallOptions, timedRecall } from './times.ts'

/** Options of `space.commit`. */
export interface CommitOptions {
  /** An id of your own: a retry with it is never applied twice. Default: none, and every call is a new commit. */
  readonly id?: string
  /** The expectations of the commit. It is applied only if all of them hold. */
  readonly expect?: readonly Expectation[]
}

/** A page of child spaces. */
export interface ChildSpacePage {
  /** The spaces, in the order of their ids. */
  readonly children: readonly Space[]
  /** Where the next page begins. Absent on the last page. */
  readonly nextCursor?: string
}

/** The door of a space, for the rooms that are built on it. Users cannot reach it: it commits without parsing. */
export let doorOf: (space: Space) => Door

/** The space with that id, for code that has a core; the id is not checked. */
export let spaceOf: (core: Core, id: SpaceId) => Space

/** One space of a memory, for the memory's actor. Returned by `memory.space(id)` and `team.space`. */
export class Space implements SpaceReads {
  /** Its id, such as `resource/alice`. */
  readonly id: SpaceId
  readonly #door: Door

  static {
    doorOf = (space) => space.#door
    spaceOf = (core, id) => new Space(new Door(core, id))
  }

  private constructor(door: Door) {
    this.id = door.id
    this.#door = door
  }

  /**
   * Applies all changes or none.
   *
   * @returns `committed` with a result for each change, or `conflict` with the expectations that failed.
   * @throws MemoryError `invalid-input`, `not-found`, `conflict`, `limit-exceeded`, `denied`, `unavailable`, `closed`.
   */
  async commit(changes: readonly Change[], options: CommitOptions = {}): Promise<CommitResult> {
    const { id, expect } = fieldsOf(options, 'commit', ['id', 'expect'])
    if (id !== undefined) checkId(id, 'id')
    const stated = { space: this.id, changes: readPlain(changes, 'changes') }
    return call(this.#door.core, 'spaces.commit', { what: 'commit', options: { commitId: id, expect }, stated })
  }

  /**
   * The space itself: seq, time, settings and counters; null if nothing was ever written to it.
   *
   * @throws MemoryError `denied`, `unavailable`, `closed`.
   */
  state(): Promise<SpaceState | null> {
    return call(this.#door.core, 'spaces.get', { what: 'state', stated: { space: this.id } })
  }

  /**
   * The spaces right below this one, such as those of the subagents that work for a resource, by their ids.
   *
   * @param options `limit`: how many are on a page, from 1. Default: 100. `cursor`: the `nextCursor` of the page before.
   * @returns Each as an object like this one, whose own children can be listed.
   * @throws MemoryError `denied` unless the memory may read all spaces below this one.
   */
  async children(options: ChildSpacesOptions = {}): Promise<ChildSpacePage> {
    const stated = { space: this.id }
    const { core } = this.#door
    const { spaces, ...end } = await call(core, 'spaces.children', { what: 'children', options, stated })
    return { children: spaces.map(({ id }) => spaceOf(core, id)), ...end }
  }

  /**
   * Changes the settings that are stored with the space.
   *
   * @param settings Any of `entriesPerSpace` (from 1), `entryTtlMs` (milliseconds from 1, or null: for ever), `logDays`
   *   (0: keep everything) and `language`. Those left out stay as they are.
   * @param options `ifVersion` refuses if the settings were changed since.
   * @returns As {@link commit}.
   * @throws MemoryError `invalid-input` for a setting outside its bounds, among others.
   */
  async configure(settings: Partial<SpaceSettings>, options: ConfigureOptions = {}): Promise<CommitResult> {
    const stated = { space: this.id, settings: readPlain(settings, 'settings') }
    return call(this.#door.core, 'spaces.configure', { what: 'configure', options, stated })
  }

  /**
   * Follows the log: every commit once, in order, then those to come. Ends when `signal` aborts or the memory closes.
   *
   * @param options `after`: the seq to continue from; absent: from now on, as of the first `next()`; 0: from the
   *   beginning.
   * @throws MemoryError `cursor-expired` if `after` is below the horizon, or the space is erased meanwhile.
   */
  changes(options: FeedOptions = {}): AsyncIterableIterator<LoggedCommit> {
    const stated = { space: this.id }
    return follow(this.#door.core, 'spaces.changes', { what: 'changes', options, stated }, (commit) => commit)
  }

  /**
   * Recalls what is relevant to a question, of every kind: messages, facts, entries, observations.
   *
   * @throws MemoryError `invalid-input`, `denied`.
   */
  async recall(query: string, options: SpaceRecallOptions = {}): Promise<Recollection> {
    const stated = { space: this.id, query }
    return datedRecollection(
      await call(this.#door.core, 'spaces.recall', { ...timedRecall('recall', options), stated }),
    )
  }

  /**
   * Reads threads: one by id, or a page. A page has at most `limit` items, from 1 to 10,000, here and below.
   *
   * @throws MemoryError `invalid-input` for a wrong argument, here and below.
   */
  get threads(): SpaceReads['threads'] {
    return checkedReader(this.#door, 'threads')
  }

  /** Reads messages: a page of a thread, the places of a message id, turns. */
  get messages(): SpaceReads['messages'] {
    return checkedReader(this.#door, 'messages')
  }

  /** Reads working memory: blocks of a thread, or of the space itself (`threadId` null), and their versions. */
  get blocks(): SpaceReads['blocks'] {
    return checkedReader(this.#door, 'blocks')
  }

  /** Reads entries and their versions: by key, or a page in the order of keys. */
  get entries(): SpaceReads['entries'] {
    return checkedReader(this.#door, 'entries')
  }

  /** Reads facts and their versions: by id, by text, by source, or a page in the order of their first statement. */
  get facts(): SpaceReads['facts'] {
    return checkedReader(this.#door, 'facts')
  }

  /** Reads runs: one by id, or a page in the order in which they began. */
  get runs(): SpaceReads['runs'] {
    return checkedReader(this.#door, 'runs')
  }

  /**
   * Reads the log: commits after a seq, or the seq that was the last at a time (ISO text).
   *
   * @throws MemoryError `cursor-expired` below the horizon.
   */
  get log(): SpaceReads['log'] {
    return checkedReader(this.#door, 'log')
  }
}
