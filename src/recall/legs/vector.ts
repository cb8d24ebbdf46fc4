/** The leg of meaning: similarities of the question with each record, smoothed over the neighbours in a session. */
import { type Corpus, nextOf, previousOf } from '../records/corpus.ts'
import { scaleToUnit, scopeSummary } from './scale.ts'

/** What a row takes from each of its neighbours. */
const neighbourShare = 0.1

/**
 * Between 0 and 1 for each row in scope; NaN for a row that has no vector yet. `similarities` has one number per row,
 * NaN where there is no vector. A missing neighbour, or one without a vector, counts as the mean, so that it has no
 * influence.
 */
export function vectorScores(corpus: Corpus, similarities: Float32Array): Float64Array {
  const { mean } = scopeSummary(corpus, similarities)
  const scores = new Float64Array(corpus.count)
  for (let row = 0; row < corpus.count; row++) {
    const own = similarities[row] as number
    if (corpus.inScope[row] === 0 || Number.isNaN(own)) {
      scores[row] = Number.NaN
      continue
    }
    const before = similarityOf(previousOf(corpus, row), similarities, mean)
    const after = similarityOf(nextOf(corpus, row), similarities, mean)
    scores[row] = own + neighbourShare * (before + after)
  }
  scaleToUnit(corpus, scores)
  return scores
}

function similarityOf(row: number, similarities: Float32Array, mean: number): number {
  const similarity = row === -1 ? Number.NaN : (similarities[row] as number)
  return Number.isNaN(similarity) ? mean : similarity
}
