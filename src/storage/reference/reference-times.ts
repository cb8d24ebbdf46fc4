/** The reference driver's way from a time to a place in a log: a plain scan. */
import type { LogRow } from '../../domain/commit/effect.ts'
import type { Seq } from '../../domain/id.ts'

/**
 * The last seq that was not later than a time, before the first commit, from the horizon on, that was; the horizon if all were.
 * A commit that is later than now came from a clock that was ahead, or the clock that asks is behind: it counts as made when the
 * next commit was that is not.
 */
export function lastSeqAt(rows: readonly LogRow[], horizon: Seq, at: string, now: string): Seq {
  if (at >= now) return Math.max(horizon, rows.at(-1)?.seq ?? 0)
  const later = rows.find((row) => row.seq >= horizon && row.at > at && row.at <= now)
  const before = rows.findLast((row) => row.at <= at && (later === undefined || row.seq < later.seq))
  return Math.max(horizon, before?.seq ?? 0)
}
