/** Brings the scores of a leg between 0 and 1, so that legs can be added up. */
import type { Corpus } from '../records/corpus.ts'

/** The smallest and the largest score of the rows in scope; rows without a score (NaN) are skipped. */
function rangeOf(corpus: Corpus, scores: Float64Array): { readonly low: number; readonly high: number } {
  let low = Number.POSITIVE_INFINITY
  let high = Number.NEGATIVE_INFINITY
  for (let row = 0; row < scores.length; row++) {
    if (corpus.inScope[row] === 0) continue
    const score = scores[row] as number
    if (score < low) low = score
    if (score > high) high = score
  }
  return low > high ? { low: 0, high: 0 } : { low, high }
}

/**
 * Stretches the scores so that the smallest in scope becomes 0 and the largest 1. If they are equal, all become 1 if
 * they are above 0, so that a single record in scope is not ranked lower for lack of others; otherwise 0.
 */
export function scaleToUnit(corpus: Corpus, scores: Float64Array): void {
  const { low: lowest, high } = rangeOf(corpus, scores)
  const low = lowest === high && high > 0 ? 0 : lowest
  const factor = high > low ? 1 / (high - low) : 0
  for (let row = 0; row < scores.length; row++) scores[row] = ((scores[row] as number) - low) * factor
}
