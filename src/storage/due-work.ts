/** Decides what is due at a time, the same for all drivers. */

import type { Seq, SpaceId, TurnId } from '../domain/id.ts'
import type { LeaseState } from '../domain/records/lease.ts'
import type { SpaceState } from '../domain/space.ts'
import type { DueWork } from '../ports/due-work.ts'

type DueTurn = DueWork['turns'][number]

const dayMs = 86_400_000
const turnPrefix = 'turn/'

/** The turn whose lease has expired; null for any other lease. */
export function dueTurn(space: SpaceId, lease: LeaseState): DueTurn | null {
  const { name, threadId } = lease
  if (threadId === null) return null
  return { space, turn: { turnId: name.slice(turnPrefix.length) as TurnId, threadId, lease } }
}

/** Commits up to this time are no longer kept by a log of so many days, milliseconds. */
export function lastTooOld(nowMs: number, logDays: number): number {
  return nowMs - logDays * dayMs - 1
}

/**
 * Where the horizon of a log should be; null if it is already there. The last commit always stays.
 *
 * @param old The seq of the last commit that is too old; see {@link lastTooOld}.
 */
export function dueHorizon({ seq, horizon }: Pick<SpaceState, 'seq' | 'horizon'>, old: Seq): Seq | null {
  const below = Math.min(old, seq - 1)
  return below > horizon ? below : null
}
