/** The reference driver's way from a time to a place in a log: a plain scan. */
import type { LogRow } from '../../domain/commit/effect.ts'
import type { Seq } from '../../domain/id.ts'

/**
 * The last seq before the first commit that was later than a time; 0 if all were. A commit that is later than now came
 * from a clock that was ahead, and says nothing about when it was made.
 */
export function lastSeqAt(rows: readonly LogRow[], at: string, now: string): Seq {
  const later = rows.find((row) => row.at > at && row.at <= now)
  return later === undefined ? (rows.at(-1)?.seq ?? 0) : later.seq - 1
}
