/** Counts of what erasures took. */
import type { ErasedCounts } from '../commit/effect.ts'

export const noCounts: ErasedCounts = {
  commits: 0,
  threads: 0,
  messages: 0,
  entries: 0,
  blocks: 0,
  facts: 0,
  runs: 0,
  records: 0,
}

/** What two erasures took together. Counts that an earlier version did not keep are 0. */
export function sumCounts(left: ErasedCounts, right: ErasedCounts): ErasedCounts {
  const sums: Record<string, number> = {}
  for (const field of Object.keys(noCounts) as (keyof ErasedCounts)[])
    sums[field] = (left[field] ?? 0) + (right[field] ?? 0)
  return sums as unknown as ErasedCounts
}
