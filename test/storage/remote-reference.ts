// The reference driver behind a port that answers every read after a random delay, and writes only where nothing has changed:
// what a driver for a remote database is like. Decisions take as many round trips as they need, and are counted.
import { setImmediate as oneTurn } from 'node:timers/promises'
import type { Access } from '../../src/domain/actor.ts'
import type { Commit, CommitResult } from '../../src/domain/commit/commit.ts'
import type { ReceiptNote, StoredReceipt } from '../../src/domain/erase/receipt.ts'
import type { Seq, SpaceId } from '../../src/domain/id.ts'
import type { Limits } from '../../src/domain/limits.ts'
import { emptyView } from '../../src/domain/reads/empty-view.ts'
import { answerRead, type Read } from '../../src/domain/reads/read.ts'
import type { Clock } from '../../src/ports/clock.ts'
import type { Storage } from '../../src/ports/storage.ts'
import { admitted } from '../../src/storage/admit.ts'
import { closedError } from '../../src/storage/closed-error.ts'
import { type Decision, decideRemotely, type RemoteSpace, type Snapshot } from '../../src/storage/decide.ts'
import { eraseResult } from '../../src/storage/erase-result.ts'
import { ReferenceStorage } from '../../src/storage/reference/reference-storage.ts'

/** How many round trips of reads a decision took, by what its commit changed. */
export interface Trips {
  readonly kinds: readonly string[]
  readonly trips: number
  /** Whether keys had to give way, for which entries are read in pages. */
  readonly prunes: boolean
  readonly replayed: boolean
}

/** A database somewhere else, which several connections share. */
export class RemoteDatabase {
  readonly reference: ReferenceStorage
  /** How often anything of a space was written, renewals of leases included: they are no commits, and decide as well. */
  readonly #writes = new Map<SpaceId, number>()
  readonly #locks = new Map<SpaceId, Promise<void>>()
  readonly trips: Trips[] = []
  restarts = 0

  constructor(clock: Clock) {
    this.reference = new ReferenceStorage({ id: 'remote', clock })
  }

  stampOf(space: SpaceId): string {
    return `${this.reference.bySpace.get(space)?.space.key ?? 'none'} ${this.#writes.get(space) ?? 0}`
  }

  /** Says that something of a space, or of its children, is another now. */
  touch(space: SpaceId): void {
    for (const id of new Set([space, ...this.reference.bySpace.keys()])) {
      if (id === space || id.startsWith(`${space}/`)) this.#writes.set(id, (this.#writes.get(id) ?? 0) + 1)
    }
  }

  /** Waits until nobody holds the space, and holds it while `work` is at it. */
  async locked<Result>(space: SpaceId, work: () => Promise<Result>): Promise<Result> {
    while (this.#locks.has(space)) await this.#locks.get(space)
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#locks.set(space, promise)
    try {
      return await work()
    } finally {
      this.#locks.delete(space)
      resolve()
    }
  }
}

export interface RemoteOptions {
  /** Writes without looking whether anything has changed: a broken driver. */
  readonly skipsCheck?: boolean
}

/** Lets a random number of turns of the event loop pass, so that others get in between. */
async function delay(): Promise<void> {
  for (let turns = Math.floor(Math.random() * 3); turns >= 0; turns--) await oneTurn()
}

/** One connection's view of a space of the remote database. */
class Connection implements RemoteSpace {
  readonly #database: RemoteDatabase
  readonly #options: RemoteOptions
  /** The commit before this one on the connection: commits decide side by side, and write in order of arrival. */
  readonly #previous: Promise<unknown>
  #holds: SpaceId | null = null

  constructor(database: RemoteDatabase, options: RemoteOptions, previous: Promise<unknown>) {
    this.#database = database
    this.#options = options
    this.#previous = previous.catch(() => {})
  }

  async fetch(id: SpaceId, reads: readonly Read[]): Promise<Snapshot> {
    await delay()
    const space = this.#database.reference.at(id)
    const answers = reads.map((read) => answerRead(space ?? emptyView, read))
    // As JSON, which is all that comes over a wire.
    const snapshot = { space: space?.space ?? null, stamp: this.#database.stampOf(id), answers }
    const wired: Snapshot = JSON.parse(JSON.stringify(snapshot))
    await delay()
    return wired
  }

  async write(id: SpaceId, decision: Decision, stamp: string): Promise<CommitResult | null> {
    await this.#previous
    const work = async () => {
      await delay()
      if (this.#database.stampOf(id) !== stamp && this.#options.skipsCheck !== true) {
        this.#database.restarts += 1
        return null
      }
      if (decision.kind !== 'answer') this.#database.touch(id)
      return this.#database.reference.write(id, decision)
    }
    return this.#holds === id ? work() : this.#database.locked(id, work)
  }

  async isUnchanged(id: SpaceId, stamp: string): Promise<boolean> {
    await this.#previous
    await delay()
    return this.#database.stampOf(id) === stamp
  }

  async locked<Result>(id: SpaceId, work: () => Promise<Result>): Promise<Result> {
    await this.#previous
    return this.#database.locked(id, async () => {
      this.#holds = id
      try {
        return await work()
      } finally {
        this.#holds = null
      }
    })
  }
}

/** A connection to the remote database, as a driver. */
export function openRemote(database: RemoteDatabase, options: RemoteOptions = {}): Storage {
  const { reference } = database
  const inFlight = new Set<Promise<unknown>>()
  let isClosed = false
  let last: Promise<unknown> = Promise.resolve()

  async function decide(access: Access, commit: Commit, limits: Limits, previous: Promise<unknown>) {
    const submission = () => reference.submission(access, commit, limits)
    let trips = 0
    // A connection of its own for each commit: it holds at most one lock.
    let prunes = false
    const onTrip = (reads: readonly Read[]) => {
      trips += 1
      prunes ||= reads.some(({ of }) => of === 'oldest-entries' || of === 'expired-entries')
    }
    const result = await decideRemotely(new Connection(database, options, previous), submission, onTrip)
    const replayed = result.status === 'committed' && result.replayed
    database.trips.push({ kinds: commit.changes.map(({ kind }) => kind), trips, prunes, replayed })
    return result
  }

  async function commit(access: Access, submitted: Commit, limits: Limits): Promise<CommitResult> {
    if (isClosed) throw closedError('The storage')
    const work = decide(access, admitted(submitted), limits, last)
    last = work
    inFlight.add(work)
    try {
      return await work
    } finally {
      inFlight.delete(work)
    }
  }

  return {
    ...reference,
    id: 'remote',
    commit,
    erase: async (
      access: Access,
      erasing: Commit | null,
      limits: Limits,
      note: ReceiptNote,
    ): Promise<StoredReceipt> => {
      if (erasing === null) return reference.erase(access, null, limits, note)
      return reference.noted(eraseResult(await commit(access, erasing, limits)), note)
    },
    reclaim: () => reference.reclaim(),
    cacheUse: () => reference.cacheUse(),
    renewLease: async (access, id, lease) => {
      await delay()
      database.touch(id)
      return reference.renewLease(access, id, lease)
    },
    due: (...call) => reference.due(...call),
    compact: async (access: Access, id: SpaceId, horizon: Seq) => {
      database.touch(id)
      return reference.compact(access, id, horizon)
    },
    close: async () => {
      isClosed = true
      await Promise.allSettled([...inFlight])
      await reference.close()
    },
  }
}
