/** Counts of what erasures removed. */
import type { ResultOf } from './commit.ts'
import type { ErasedCounts } from './effect.ts'

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

/** The sum of two counts. Counts that an earlier version did not store are 0. */
export function sumCounts(left: ErasedCounts, right: ErasedCounts): ErasedCounts {
  const sums: Record<string, number> = {}
  for (const field of Object.keys(noCounts) as (keyof ErasedCounts)[])
    sums[field] = (left[field] ?? 0) + (right[field] ?? 0)
  return sums as unknown as ErasedCounts
}

/** The counts when there is nothing to erase, which is not an error. */
export const nothingErased: ResultOf<'erase'> = { kind: 'erase', spaces: 0, ...noCounts }
