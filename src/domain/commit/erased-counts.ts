/** Counts of what erasures took. */
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

/** What two erasures took together. Counts that an earlier version did not keep are 0. */
export function sumCounts(left: ErasedCounts, right: ErasedCounts): ErasedCounts {
  const sums: Record<string, number> = {}
  for (const field of Object.keys(noCounts) as (keyof ErasedCounts)[])
    sums[field] = (left[field] ?? 0) + (right[field] ?? 0)
  return sums as unknown as ErasedCounts
}

/** The answer where there is nothing to erase: erasing what is not there is fine, and repeated erasure is no error. */
export const nothingErased: ResultOf<'erase'> = { kind: 'erase', spaces: 0, ...noCounts }
