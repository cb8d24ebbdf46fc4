/** The reference driver's way from a time to a place in a log: a plain scan. */
import type { LogRow } from '../../domain/commit/effect.ts'
import type { Seq } from '../../domain/id.ts'

/**
 * The last seq before the first commit, from the horizon on, that was later than a time; the horizon if all were. A commit that is later than now came
 * from a clock that was ahead, and says nothing about when it was made.
 */
export function lastSeqAt(rows: readonly LogRow[], horizon: Seq, at: string, now: string): Seq {
  const later = rows.find((row) => row.seq >= horizon && row.at > at && row.at <= now)
  return Math.max(horizon, later === undefined ? (rows.at(-1)?.seq ?? 0) : later.seq - 1)
}
