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

/** What is known of some numbers in scope together. Rows without a number (NaN) are skipped. */
interface Summary {
  /** Rounded, so that it does not depend on the order of the rows; 0 if there are none. */
  readonly mean: number
  readonly highest: number
  /** Every row in scope has a number. */
  readonly isComplete: boolean
}

/** The mean and the highest of the numbers in scope. */
export function scopeSummary({ count, inScope }: Corpus, values: Float32Array | Float64Array): Summary {
  let sum = 0
  let numbers = 0
  let missing = 0
  let highest = Number.NEGATIVE_INFINITY
  for (let row = 0; row < count; row++) {
    if (inScope[row] === 0) continue
    const value = values[row] as number
    if (Number.isNaN(value)) {
      missing++
      continue
    }
    sum += value
    numbers++
    if (value > highest) highest = value
  }
  return { mean: numbers === 0 ? 0 : Math.fround(sum / numbers), highest, isComplete: missing === 0 }
}
