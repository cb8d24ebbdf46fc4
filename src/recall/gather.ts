/** Step two of recall: runs each leg over the records in scope. */

import type { Legs } from './fuse.ts'
import { exactRows, exactScores } from './legs/exact.ts'
import { type KeywordLeg, keywordLeg } from './legs/keyword.ts'
import { recentScores } from './legs/recent.ts'
import { vectorScores } from './legs/vector.ts'
import { spansOf } from './question/dates.ts'
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
  const dates = plan.date === null ? [] : spansOf(plan.date, ...timesOf(corpus))
  return {
    legs: { keyword: keyword?.scores ?? null, vector, exact, recent, speaker: plan.speaker, dates },
    keyword,
    exact: exactRows(exact, found),
    isExact: (row) => exact !== null && (exact[row] as number) > 0,
  }
}

/** Whether a question by words alone has words that nobody said, and names no person and no date. */
export function isUnheard({ mode }: Question, { legs: { keyword, recent, speaker, dates } }: Gathered): boolean {
  return mode === 'keyword' && keyword === null && recent === null && speaker === null && dates.length === 0
}

/** The earliest and the latest minute in scope. */
function timesOf({ columns, inScope }: Corpus): readonly [earliest: number, latest: number] {
  let earliest = Number.POSITIVE_INFINITY
  let latest = Number.NEGATIVE_INFINITY
  for (let row = 0; row < inScope.length; row++) {
    if (inScope[row] === 0) continue
    earliest = Math.min(earliest, columns.minutes[row] as number)
    latest = Math.max(latest, columns.minutes[row] as number)
  }
  return earliest > latest ? [0, 0] : [earliest, latest]
}
