/** Step two of recall: runs each leg over the records in scope. */

import type { Legs } from './fuse.ts'
import { exactRows, exactScores } from './legs/exact.ts'
import { type KeywordLeg, keywordLeg } from './legs/keyword.ts'
import { recentScores } from './legs/recent.ts'
import { vectorScores } from './legs/vector.ts'
import { factsHeldIn, toldRows } from './question/dates.ts'
import type { Question } from './question.ts'
import type { Corpus } from './records/corpus.ts'

export interface Gathered {
  readonly legs: Legs
  /** The leg of words with what it is made of. */
  readonly keyword: KeywordLeg | null
  /** Rows that have exact or rare terms of the question. */
  readonly exact: readonly number[]
  readonly isExact: (row: number) => boolean
}

/** Runs each leg. A leg that found nothing is null. */
export function gatherLegs(corpus: Corpus, { plan, mode, similarities }: Question): Gathered {
  const found = plan.occurrences
  const keyword = found.rows.length === 0 || mode === 'vector' ? null : keywordLeg(corpus, found)
  const hasVectors = mode !== 'keyword' && similarities?.some((similarity) => !Number.isNaN(similarity))
  const vector = hasVectors === true && similarities !== null ? vectorScores(corpus, similarities) : null
  const exact = keyword === null ? null : exactScores(corpus, plan.terms, found)
  const hasNothing = keyword === null && vector === null
  const recent = hasNothing && !(mode === 'keyword' && plan.terms.length > 0) ? recentScores(corpus) : null
  const { spans: dates, days, minutes } = plan.times
  const told = toldRows(corpus, days)
  const isHeld = factsHeldIn(corpus, minutes)
  return {
    legs: { keyword: keyword?.scores ?? null, vector, exact, recent, speaker: plan.speaker, dates, told, isHeld },
    keyword,
    exact: exactRows(exact, found),
    isExact: (row) => exact !== null && (exact[row] as number) > 0,
  }
}

/** Whether a question by words alone has words that nobody said, and names no person and no date. */
export function isUnheard({ mode, plan }: Question, { legs: { keyword, recent, speaker } }: Gathered): boolean {
  return mode === 'keyword' && keyword === null && recent === null && speaker === null && !plan.times.isNarrow
}
