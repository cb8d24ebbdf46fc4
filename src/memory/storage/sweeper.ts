/** The sweeper: commits expiries and overdue turns, so that watchers see them and no turn stays open for ever. */
import type { Access } from '../../domain/actor.ts'
import type { Change, Commit } from '../../domain/commit/commit.ts'
import { detach, every, type Timer } from '../../domain/detached.ts'
import { MemoryError } from '../../domain/error.ts'
import type { CommitId, SpaceId } from '../../domain/id.ts'
import { defaultLimits } from '../../domain/limits.ts'
import { expiringActor, stepKey } from '../../domain/records/step.ts'
import type { OpenTurn } from '../../ports/due-work.ts'
import type { Storage } from '../../ports/storage.ts'

const everyMs = 1_000
const perSweep = 200

const sweeperAccess: Access = { actor: expiringActor, grants: 'all' }

/**
 * The commit that closes a turn with an expired lease as interrupted. Its id is the same for everyone who finds the
 * turn.
 */
export function interruption(space: SpaceId, turn: OpenTurn): Commit {
  const { turnId, threadId, lease } = turn
  return {
    id: `interrupt-${turnId}-${lease.token}` as CommitId,
    space,
    changes: [{ kind: 'turn-close', threadId, turnId, status: 'interrupted' }],
    background: true,
  }
}

/** Whether an error only means that somebody else was first. */
function isSettled(error: unknown): boolean {
  return error instanceof MemoryError && ['not-found', 'conflict', 'closed'].includes(error.code)
}

/** Commits. If the record is gone or was handled meanwhile, that counts as done. */
export async function commitIfDue(storage: Storage, commit: Commit): Promise<void> {
  try {
    await storage.commit(sweeperAccess, commit, defaultLimits)
  } catch (error) {
    if (!isSettled(error)) throw error
  }
}

/** A hash of a key, because commit ids outlive the record that they name. */
async function markOf(key: string): Promise<string> {
  const digest = await globalThis.crypto.subtle.digest('SHA-256', Buffer.from(key))
  return Buffer.from(digest).toString('base64url')
}

/** Commits everything that is due now. Returns how much that was. */
export async function sweep(storage: Storage): Promise<number> {
  const due = await storage.due(sweeperAccess, perSweep)
  const expiries = await Promise.all(
    due.entries.map(async ({ space, key, version }): Promise<Commit> => {
      const id = `expire-${version}-${await markOf(key)}` as CommitId
      return { id, space, changes: [{ kind: 'entry-expire', key }], background: true }
    }),
  )
  const ended = await Promise.all(
    due.facts.map(async ({ space, factId, version }): Promise<Commit> => {
      const id = `expire-fact-${version}-${await markOf(factId)}` as CommitId
      return { id, space, changes: [{ kind: 'fact-expire', factId }], background: true }
    }),
  )
  const forgotten = await Promise.all(
    due.runs.map(async ({ space, runId, version }): Promise<Commit> => {
      const id = `expire-run-${version}-${await markOf(runId)}` as CommitId
      return { id, space, changes: [{ kind: 'run-expire', runId }], background: true }
    }),
  )
  const removed = await Promise.all(
    due.records.map(async ({ space, noun, key, version }): Promise<Commit> => {
      const id = `expire-${noun}-${version}-${await markOf(key)}` as CommitId
      // The kinds of records' changes are made from their nouns.
      const change = { kind: `${noun}-expire`, key } as unknown as Change
      return { id, space, changes: [change], background: true }
    }),
  )
  const undecided = await Promise.all(
    due.steps.map(async ({ space, runId, path, version }): Promise<Commit> => {
      const id = `expire-step-${version}-${await markOf(stepKey(runId, path))}` as CommitId
      return { id, space, changes: [{ kind: 'step-patch', runId, path, status: 'expired' }], background: true }
    }),
  )
  const expired = await Promise.all(
    due.proposals.map(async ({ space, proposalId, version }): Promise<Commit> => {
      const id = `expire-proposal-${version}-${await markOf(proposalId)}` as CommitId
      return { id, space, changes: [{ kind: 'proposal-decide', proposalId, status: 'expired' }], background: true }
    }),
  )
  const left = await Promise.all(
    due.leases.map(async ({ space, runId, token }): Promise<Commit> => {
      const id = `interrupt-run-${token}-${await markOf(runId)}` as CommitId
      return { id, space, changes: [{ kind: 'run-interrupt', runId }], background: true }
    }),
  )
  const interruptions = due.turns.map(({ space, turn }) => interruption(space, turn))
  const all = [...expiries, ...ended, ...forgotten, ...removed, ...undecided, ...expired, ...left, ...interruptions]
  await Promise.all(all.map((commit) => commitIfDue(storage, commit)))
  for (const { space, below } of due.logs) await storage.compact(sweeperAccess, space, below)
  return all.length + due.logs.length
}

/** Sweeps every second while its memory is open; never keeps the process alive. */
export class Sweeper {
  readonly #storage: Storage
  readonly #timer: Timer
  #running: Promise<void> | null = null
  /** The last failure, if sweeping fails: the next round tries again. */
  failure: unknown = null

  constructor(storage: Storage) {
    this.#storage = storage
    const failed = (error: unknown) => {
      this.failure = error
    }
    this.#timer = every(everyMs, () => this.#round(), failed).unref()
    detach(() => this.#round(), failed)
  }

  #round(): Promise<void> {
    this.#running ??= this.#sweepAll().finally(() => {
      this.#running = null
    })
    return this.#running
  }

  async #sweepAll(): Promise<void> {
    try {
      while ((await sweep(this.#storage)) >= perSweep);
      this.failure = null
    } catch (error) {
      this.failure = error
    }
  }

  async stop(): Promise<void> {
    this.#timer.stop()
    await this.#running
  }
}
