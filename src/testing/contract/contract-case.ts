/** The cases of the storage contract, and how one is run on a driver. */
import type { Access, Actor } from '../../domain/actor.ts'
import type { Change, Commit, CommitResult, Expectation } from '../../domain/commit/commit.ts'
import type { CommitId, SpaceId } from '../../domain/id.ts'
import { defaultLimits, type Limits } from '../../domain/limits.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Storage } from '../../ports/storage.ts'

/** A clock that stands still until a case moves it. */
export interface ManualClock extends Clock {
  /** Moves the time by so many milliseconds; negative ones turn it back. */
  advance(ms: number): void
}

/** Opens an empty storage of the driver under test, on the case's clock. */
export type OpenStorage = (clock: Clock) => Promise<Storage>

/** The options of a commit in a case. */
export interface CaseCommitOptions {
  /** null: a commit that is never sent again. */
  readonly id?: string | null
  readonly expect?: readonly Expectation[]
  readonly background?: boolean
  readonly actor?: Actor
  readonly limits?: Partial<Limits>
}

/** What a case may use. Every storage that it opens is closed afterwards. */
export interface ContractEnvironment {
  /** The clock of all storages that the case opens. */
  readonly clock: ManualClock
  /** Who acts: everything is granted. */
  readonly access: Access
  /** The limits of its commits. */
  readonly limits: Limits
  /** A fresh, empty storage. */
  open(): Promise<Storage>
  /** Commits to a space, under an id of its own unless one is given. */
  commit(
    storage: Storage,
    space: SpaceId,
    changes: readonly Change[],
    options?: CaseCommitOptions,
  ): Promise<CommitResult>
}

/** One case of the contract: throws if the driver breaks it. */
export interface StorageCase {
  /** What the case shows, as the name of a test. */
  readonly name: string
  /** Number of the guarantee in docs/guarantees.md that the case helps to prove. */
  readonly guarantee?: number
  /** Runs it. */
  run(environment: ContractEnvironment): Promise<void>
}

export const alice: Actor = { kind: 'agent', id: 'alice' }
export const bob: Actor = { kind: 'agent', id: 'bob', name: 'Bob' }
export const carol: Actor = { kind: 'user', id: 'carol' }
export const probe: Actor = { kind: 'tool', id: 'probe' }
export const worker: Actor = { kind: 'system', id: 'worker' }

const start = Date.parse('2026-03-01T12:00:00.000Z')

function manualClock(): ManualClock {
  let now = start
  return {
    now: () => now,
    advance: (ms) => {
      now += ms
    },
  }
}

/**
 * Runs one case on a driver: in a test, `for (const one of storageContract) it(one.name, () => runStorageCase(one, open))`.
 *
 * @throws Error that says what was expected and what came, if the driver breaks the case.
 */
export async function runStorageCase(one: StorageCase, open: OpenStorage): Promise<void> {
  const opened: Storage[] = []
  const clock = manualClock()
  const access: Access = { actor: alice, grants: 'all' }
  let commits = 0
  const environment: ContractEnvironment = {
    clock,
    access,
    limits: defaultLimits,
    open: async () => {
      const storage = await open(clock)
      opened.push(storage)
      return storage
    },
    commit: (storage, space, changes, options = {}) => {
      const { id = `commit-${++commits}`, actor = alice, limits, ...rest } = options
      const commit: Commit = { id: id as CommitId | null, space, changes, ...rest }
      return storage.commit({ actor, grants: 'all' }, commit, { ...defaultLimits, ...limits })
    },
  }
  try {
    await one.run(environment)
  } finally {
    for (const storage of opened) await storage.close()
  }
}
