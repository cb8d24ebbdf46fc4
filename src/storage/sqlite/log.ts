/** The log of a space in SQLite: reads from a seq, and wakes followers. */

import type { LogRow } from '../../domain/commit/effect.ts'
import { detach, every, type Timer, warnOf } from '../../domain/detached.ts'
import type { Seq, SpaceId } from '../../domain/id.ts'
import { groupBySeq } from '../../domain/replay/compact.ts'
import { msOf } from '../../domain/time.ts'
import type { LogReader } from '../../ports/storage.ts'
import { requireAbove } from '../horizon.ts'
import { damagedRecord } from '../stored-json.ts'
import type { SqliteDatabase } from './database.ts'
import { isBusy } from './sqlite-error.ts'
import { rowsBetween } from './view.ts'

/** Milliseconds between checks for commits of other processes, while there are followers. */
const pollMs = 15

/** The followers of each space. This process wakes them itself; for commits of other processes it checks the file. */
export class Followers {
  readonly #database: SqliteDatabase
  readonly #wakers = new Map<SpaceId, Set<() => void>>()
  #timer: Timer | null = null
  /** null if the file could not be read: then any commit may be new to a follower. */
  #seen: number | null = null

  constructor(database: SqliteDatabase) {
    this.#database = database
  }

  subscribe(space: SpaceId, wake: () => void): () => void {
    const wakers = this.#wakers.get(space) ?? new Set()
    this.#wakers.set(space, wakers)
    wakers.add(wake)
    if (this.#timer === null) {
      this.#seen = this.#versionNow()
      this.#timer = every(
        pollMs,
        () => this.#look(),
        (error) => this.#blind(error),
      )
    }
    return () => {
      wakers.delete(wake)
      if (wakers.size === 0 && this.#wakers.get(space) === wakers) this.#wakers.delete(space)
      if (this.#wakers.size === 0) this.stop()
    }
  }

  wake(spaces: Iterable<SpaceId>): void {
    for (const space of spaces) for (const waker of this.#wakers.get(space) ?? []) detach(waker, warnOf)
  }

  #versionNow(): number | null {
    try {
      return this.#database.connection.dataVersion()
    } catch {
      // The first read gets the same error, or finds it gone.
      return null
    }
  }

  #look(): void {
    const version = this.#database.connection.dataVersion()
    if (version === this.#seen) return
    this.#seen = version
    this.wake([...this.#wakers.keys()])
  }

  /**
   * A check failed. If another process holds the file, it is checked again. Any other error followers get from their
   * own reads.
   */
  #blind(error: unknown): void {
    if (isBusy(error)) return
    if (this.#database.isClosed) this.close()
    else this.wake([...this.#wakers.keys()])
  }

  stop(): void {
    this.#timer?.stop()
    this.#timer = null
  }

  /** Stops, and wakes all followers, which then find the storage closed. */
  close(): void {
    this.stop()
    this.wake([...this.#wakers.keys()])
  }
}

/** Refuses a log with a gap or a misplaced row: a follower would miss something, or loop for ever. */
function requireDense(rows: readonly LogRow[], after: Seq, last: Seq): void {
  let before = after
  for (const { seq } of rows) {
    if (seq !== before && seq !== before + 1) throw damagedRecord('row of the log')
    before = seq
  }
  if (rows[0]?.seq === after || before < last) throw damagedRecord('row of the log')
}

export function logReader(database: SqliteDatabase, followers: Followers): LogReader {
  return {
    read: (_, id, { after, limit }) =>
      database.read(() => {
        const space = database.space(id)
        if (space === null) return { items: [], asOf: 0, key: null, more: false }
        const { seq } = space.state
        requireAbove(space.state, after)
        const last = Math.min(seq, after + limit)
        const rows = rowsBetween(database, space.n, after, last)
        requireDense(rows, after, last)
        const items = groupBySeq(rows).flatMap((commit) => {
          const first = commit[0]
          if (first === undefined) return []
          return [{ seq: first.seq, at: first.at, actor: first.actor, commitId: first.commitId, rows: commit }]
        })
        return { items, asOf: seq, key: space.state.key, more: last < seq }
      }),
    seqAt: (_, id, at) =>
      database.read(() => {
        const space = database.space(id)
        if (space === null) return 0
        const { horizon, seq } = space.state
        return seqAtTime(database, space.n, { low: horizon, high: seq }, msOf(at), database.clock.now())
      }),
    subscribe: (space, wake) => followers.subscribe(space, wake),
  }
}

/**
 * The last seq above `low` that was not later than a time, before the first commit that was; `low` if all were later. A commit that
 * is later than now came from a clock that was ahead, or the clock that asks is behind: it counts as made when the next commit
 * was that is not.
 */
export function seqAtTime(
  database: SqliteDatabase,
  n: number,
  { low, high }: { readonly low: Seq; readonly high: Seq },
  ms: number,
  now: number,
): Seq {
  if (ms >= now) return high
  let [from, to] = [low, high]
  while (from < to) {
    const middle = Math.ceil((from + to) / 2)
    const at = database.statements.timeAt.get(n, middle)?.[0] ?? 0
    if (at <= ms) from = middle
    else to = middle - 1
  }
  if (from === high) return high
  // The commit at `low` counts: if it was later itself, so is everything above it, whatever its clock said.
  const later = database.statements.firstLater.get(n, from === low ? Math.max(0, low - 1) : from, high, ms, now)?.[0]
  const until = later === undefined ? high : later - 1
  return Math.max(low, database.statements.lastNotLater.get(n, from, until, ms)?.[0] ?? from)
}
