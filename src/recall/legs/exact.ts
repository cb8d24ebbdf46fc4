/** The leg of exact and rare terms: a question with an id is about the records that have it. */
import type { QueryTerm } from '../../domain/index/words.ts'
import type { Corpus } from '../records/corpus.ts'
import { type Occurrences, rarity } from '../records/occurrences.ts'

/** An exact term that more records have than this, and more than this share, is a word like others. */
const fewRecords = 20
const smallShare = 0.01
/** An ordinary word is as good as a name where hardly any record has it, among many. */
const rareFrequency = 3
const manyRecords = 1_000
/** The weight of a rare word compared with an exact term. */
const rareShare = 0.25

function isFew(frequency: number, { isExact }: QueryTerm, count: number): boolean {
  if (frequency === 0) return false
  if (isExact) return frequency <= Math.max(fewRecords, smallShare * count)
  return frequency <= rareFrequency && count >= manyRecords
}

/**
 * For each row the share of the question's exact and rare terms that it has, between 0 and 1, the rarer ones counting
 * more; null if the records have none of them.
 */
export function exactScores(corpus: Corpus, terms: readonly QueryTerm[], found: Occurrences): Float64Array | null {
  const count = corpus.scopeCount
  const weights = terms.map((term, i) => {
    const frequency = found.frequencies[i] ?? 0
    return isFew(frequency, term, count) ? rarity(frequency, count) * (term.isExact ? 1 : rareShare) : 0
  })
  const hasExact = terms.some((term, i) => term.isExact && (weights[i] as number) > 0)
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  if (total === 0) return null
  const factor = (hasExact ? 1 : rareShare) / total
  const scores = new Float64Array(corpus.count)
  for (let i = 0; i < found.rows.length; i++) {
    const row = found.rows[i] as number
    scores[row] = (scores[row] as number) + (weights[found.terms[i] as number] as number) * factor
  }
  return scores
}

/** The rows that have any of these terms. */
export function exactRows(scores: Float64Array | null, found: Occurrences): readonly number[] {
  if (scores === null) return []
  const rows: number[] = []
  for (const row of found.rows) if ((scores[row] as number) > 0 && rows.at(-1) !== row) rows.push(row)
  return rows
}
