/** Scores the candidates: by fusion, and messages in English by the linear ranker. */

import { fusionOf } from './fuse.ts'
import type { Gathered } from './gather.ts'
import type { LinearWeights } from './linear/features.ts'
import { LinearScores } from './linear/linear.ts'
import { keywordWeights, sentenceWeights, vectorWeights } from './linear/linear-weights.ts'
import { Measure } from './linear/measure.ts'
import { bestRecords } from './linear/relevance.ts'
import { partAt } from './parts.ts'
import type { Question } from './question.ts'
import type { Corpus } from './records/corpus.ts'
import { highestPlaces } from './select.ts'
import { topOf } from './top.ts'
import { SessionLifts } from './weigh.ts'

/** Rows with their scores. */
export interface Scored {
  /** In order. Candidates that fell behind are not among them. */
  readonly rows: Int32Array
  /** The score of each of `rows`. */
  readonly totals: Float64Array
  /** Fills in what each part added to the score of one of `rows`, at its place in `partAt`. */
  readonly partsOf: (i: number, into: Float64Array) => void
  readonly measure: Measure
  /** The rows with the best fused scores, at most 60. */
  readonly first: Int32Array
}

/** So many messages with the best fused scores are measured: of the others none is among the best twenty. */
const measuredMessages = 400
const messageKind = 0
const isLater = (left: number, right: number) => left > right

/** The weights for a question; null where nothing was learned for it: then fusion decides alone. */
function weightsFor({ plan, mode, sentences }: Question, { legs }: Gathered): LinearWeights | null {
  if (plan.language !== 'english' || mode === 'vector') return null
  if (legs.vector !== null) return sentences == null ? vectorWeights : sentenceWeights
  return legs.keyword === null ? null : keywordWeights
}

/** The score of each candidate. */
export function scoreRows(corpus: Corpus, question: Question, gathered: Gathered, rows: Int32Array): Scored {
  const fuse = fusionOf(corpus, gathered.legs)
  const totals = new Float64Array(rows.length)
  for (let i = 0; i < rows.length; i++) totals[i] = fuse(rows[i] as number, null)
  const lifts = new SessionLifts(corpus, rows, totals)
  for (let i = 0; i < rows.length; i++)
    totals[i] = (totals[i] as number) + lifts.of(rows[i] as number, totals[i] as number)
  const measure = measureOf(corpus, question, gathered, lifts.bests)
  const byFusion: Scored = {
    rows,
    totals,
    partsOf: (i, into) => {
      into.fill(0)
      const row = rows[i] as number
      into[partAt.session] = lifts.of(row, fuse(row, into))
    },
    measure,
    first: topOf(totals, bestRecords, Number.NEGATIVE_INFINITY, isLater).map((i) => rows[i] as number),
  }
  const weights = question.weights ?? weightsFor(question, gathered)
  return weights === null ? byFusion : measured(corpus, question, gathered, byFusion, weights)
}

/** Whether a message was said, in words: the ranker learned nothing of the output of tools. */
function isSpoken({ columns }: Corpus, row: number): boolean {
  return columns.kinds[row] === messageKind && (columns.words[row] as number) > 0
}

/** The places of the messages that are measured, of all other records, and of rows with exact terms. */
function placesToKeep(corpus: Corpus, { rows, totals }: Scored, most: number, { isExact }: Gathered): Int32Array {
  const { kinds, words } = corpus.columns
  return highestPlaces(
    totals,
    most,
    (place) => {
      const row = rows[place] as number
      return kinds[row] === messageKind && (words[row] as number) > 0
    },
    (place) => isExact(rows[place] as number),
  )
}

/** The same with the linear scores of the best messages that were said; all other such messages leave. */
function measured(
  corpus: Corpus,
  question: Question,
  gathered: Gathered,
  fused: Scored,
  weights: LinearWeights,
): Scored {
  const places = placesToKeep(corpus, fused, Math.max(measuredMessages, 2 * question.limit), gathered)
  const linear = new LinearScores(fused.measure, weights)
  const rows = new Int32Array(places.length)
  const totals = new Float64Array(places.length)
  for (let i = 0; i < places.length; i++) {
    const place = places[i] as number
    const row = fused.rows[place] as number
    rows[i] = row
    totals[i] = isSpoken(corpus, row) ? linear.of(row) : (fused.totals[place] as number)
  }
  const partsOf = (i: number, into: Float64Array) => {
    const row = rows[i] as number
    if (isSpoken(corpus, row)) linear.parts(row, into)
    else fused.partsOf(places[i] as number, into)
  }
  return { ...fused, rows, totals, partsOf }
}

/** Measures messages for a question. `bests` are the best fused scores of sessions. */
function measureOf(corpus: Corpus, question: Question, { keyword, legs }: Gathered, bests: Float64Array): Measure {
  const { plan, similarities, sentences = null, nearness = null } = question
  const { vector, exact, dates, told } = legs
  const best = bests.reduce((most, one) => Math.max(most, one), Number.NEGATIVE_INFINITY)
  const fused = { bySession: bests, best }
  return new Measure(corpus, { plan, keyword, vector, similarities, sentences, nearness, exact, dates, told, fused })
}
