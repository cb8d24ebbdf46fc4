/** The leg of words: BM25 with the statistics of the records in scope, spread to the neighbours in a session. */
import { type Corpus, nextOf, previousOf } from '../records/corpus.ts'
import { type Occurrences, rarity } from '../records/occurrences.ts'
import { scaleToUnit } from './scale.ts'

const saturation = 1.2
const lengthShare = 0.75

/**
 * The share that a hit gives to the messages around it. An answer often has none of the words of the question before
 * it, so a row takes half the score of the message before it.
 */
const spread = { next: 0.5, afterNext: 0.25, previous: 0.3, beforePrevious: 0.15 } as const

/** BM25 of each row; 0 without a term. */
export function bm25(corpus: Corpus, { rows, terms, counts, frequencies }: Occurrences): Float64Array {
  const scores = new Float64Array(corpus.count)
  const { lengths } = corpus.columns
  const meanLength = corpus.scopeLength / Math.max(1, corpus.scopeCount) || 1
  const weights = Array.from(frequencies, (frequency) => rarity(frequency, corpus.scopeCount))
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] as number
    const count = counts[i] as number
    const norm = saturation * (1 - lengthShare + (lengthShare * (lengths[row] as number)) / meanLength)
    scores[row] =
      (scores[row] as number) + ((weights[terms[i] as number] as number) * count * (saturation + 1)) / (count + norm)
  }
  return scores
}

/** What the leg of words found. */
export interface KeywordLeg {
  /** BM25 of each row; 0 without a term. */
  readonly own: Float64Array
  /** The same with what the neighbours give, between 0 and 1 for each row in scope. */
  readonly scores: Float64Array
  /** Rows with a term of the question, in order; one with several comes several times. */
  readonly hits: Int32Array
}

/** The BM25 of a record that repeats all terms without end and has hardly any other word. */
export function bestPossible(corpus: Corpus, frequencies: ArrayLike<number>): number {
  let sum = 0
  for (let i = 0; i < frequencies.length; i++)
    sum += (saturation + 1) * rarity(frequencies[i] as number, corpus.scopeCount)
  return sum
}

/** The leg of words. */
export function keywordLeg(corpus: Corpus, occurrences: Occurrences): KeywordLeg {
  const own = bm25(corpus, occurrences)
  const scores = own.slice()
  const give = (row: number, score: number) => {
    if (row !== -1) scores[row] = (scores[row] as number) + score
  }
  const { rows } = occurrences
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] as number
    if (i > 0 && rows[i - 1] === row) continue
    const score = own[row] as number
    const next = nextOf(corpus, row)
    const previous = previousOf(corpus, row)
    give(next, spread.next * score)
    if (next !== -1) give(nextOf(corpus, next), spread.afterNext * score)
    give(previous, spread.previous * score)
    if (previous !== -1) give(previousOf(corpus, previous), spread.beforePrevious * score)
  }
  scaleToUnit(corpus, scores)
  return { own, scores, hits: rows }
}
