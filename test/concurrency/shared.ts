// What the tests of processes and their workers agree on.
import type { Access, Actor } from '../../src/domain/actor.ts'
import type { Change, Commit, CommitResult } from '../../src/domain/commit/commit.ts'
import type { CommitId, SpaceId } from '../../src/domain/id.ts'
import { defaultLimits } from '../../src/domain/limits.ts'
import { type Clock, systemClock } from '../../src/ports/clock.ts'
import type { Durability, Storage } from '../../src/ports/storage.ts'
import { SqliteStorage } from '../../src/storage/sqlite/sqlite-storage.ts'
import type { CommitObservation } from '../../src/testing/history-checker.ts'

export const space = 'team/acme' as SpaceId
export const limits = { ...defaultLimits, busyTimeoutMs: 60_000, entryBytes: 4_000_000 }

export function accessOf(actor: Actor): Access {
  return { actor, grants: 'all' }
}

export const system = accessOf({ kind: 'system', id: 'app' })

export function open(path: string, options: { durability?: Durability; maxBytes?: number; clock?: Clock } = {}) {
  const { durability = 'process', clock = systemClock, ...rest } = options
  return SqliteStorage.open({ id: 'test', path, durability, clock, busyTimeoutMs: 60_000, ...rest })
}

export function commit(id: string, ...changes: readonly Change[]): Commit {
  return { id: id as CommitId, space, changes }
}

/** A clock that is off by so many milliseconds: at each look by the next of these, and from the beginning again. */
export function jumpingClock(jumps: readonly number[]): Clock {
  let looks = 0
  return { now: () => systemClock.now() + (jumps[looks++ % Math.max(1, jumps.length)] ?? 0) }
}

/**
 * Milliseconds of one clock for all processes of the machine: the monotonic one. The origin that a process keeps for
 * `performance` is no such clock: a process that was halted between its two looks is off for good.
 */
export function nowMs(): number {
  return Number(process.hrtime.bigint()) / 1e6
}

/** What a worker saw of one commit. */
export type Seen = CommitObservation

export interface Done {
  readonly result: CommitResult
  readonly seen: Seen
}

/** Commits, and notes when it was started, when acknowledged, and with which seq. */
export async function observed(
  storage: Storage,
  access: Access,
  sent: Commit,
  wrote: Partial<Seen> = {},
): Promise<Done> {
  const startedMs = nowMs()
  const result = await storage.commit(access, sent, limits)
  const seq = result.status === 'committed' ? result.seq : null
  return { result, seen: { commitId: sent.id as string, startedMs, endedMs: nowMs(), seq, ...wrote } }
}
