/** Scores the candidates: by fusion, and messages and facts in English by the linear ranker. */

import { recordKinds } from '../domain/index/word-segment.ts'
import { fusionOf } from './fuse.ts'
import type { Gathered } from './gather.ts'
import { LinearScores, scale } from './linear/linear.ts'
import {
  factKeywordWeights,
  factStarts,
  factVectorWeights,
  keywordWeights,
  sentenceWeights,
  vectorWeights,
} from './linear/linear-weights.ts'
import { Measure } from './linear/measure.ts'
import { bestRecords } from './linear/relevance.ts'
import { partAt } from './parts.ts'
import type { KindWeights, Question } from './question.ts'
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

/** So many messages with the best fused scores are measured, and as many facts: of the others none is among the best twenty. */
const measuredEach = 400
const messageKind = recordKinds.indexOf('message')
const factKind = recordKinds.indexOf('fact')
const isLater = (left: number, right: number) => left > right

/** The weights for a question; null where nothing was learned for it: then fusion decides alone. */
function weightsFor({ plan, mode, sentences }: Question, { legs }: Gathered): KindWeights | null {
  if (plan.language !== 'english' || mode === 'vector') return null
  if (legs.vector !== null)
    return {
      message: sentences == null ? vectorWeights : sentenceWeights,
      fact: factVectorWeights,
      factStart: factStarts.vectors,
    }
  return legs.keyword === null
    ? null
    : { message: keywordWeights, fact: factKeywordWeights, factStart: factStarts.words }
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
  const usual = weightsFor(question, gathered)
  return usual === null ? byFusion : measured(corpus, question, gathered, byFusion, { ...usual, ...question.weights })
}

/** Whether a record is a message that was said, in words: the ranker learned nothing of the output of tools. */
function isSpoken({ columns }: Corpus, row: number): boolean {
  return columns.kinds[row] === messageKind && (columns.words[row] as number) > 0
}

function isFact({ columns }: Corpus, row: number): boolean {
  return columns.kinds[row] === factKind
}

/** What two lists of places in order have in common. */
function inBoth(some: Int32Array, others: Int32Array): Int32Array {
  const places = new Int32Array(Math.min(some.length, others.length))
  let count = 0
  for (let i = 0, j = 0; i < some.length && j < others.length; ) {
    const difference = (some[i] as number) - (others[j] as number)
    if (difference === 0) places[count++] = some[i] as number
    if (difference <= 0) i++
    if (difference >= 0) j++
  }
  return places.subarray(0, count)
}

/** The places of the messages and facts that are measured, of all other records, and of rows with exact terms. */
function placesToKeep(corpus: Corpus, { rows, totals }: Scored, most: number, { isExact }: Gathered): Int32Array {
  const isKept = (place: number) => isExact(rows[place] as number)
  const bestOf = (isOne: typeof isFact) =>
    highestPlaces(totals, most, (place) => isOne(corpus, rows[place] as number), isKept)
  const messages = bestOf(isSpoken)
  if (messages.length <= most || !rows.some((row) => isFact(corpus, row))) return messages
  return inBoth(messages, bestOf(isFact))
}

/** The same with the linear scores of the best messages that were said and of the best facts; all others of these leave. */
function measured(corpus: Corpus, question: Question, gathered: Gathered, fused: Scored, weights: KindWeights): Scored {
  const places = placesToKeep(corpus, fused, Math.max(measuredEach, 2 * question.limit), gathered)
  const messages = new LinearScores(fused.measure, weights.message, scale.start)
  const facts = weights.fact === null ? null : new LinearScores(fused.measure, weights.fact, weights.factStart)
  const linearOf = (row: number) => (isSpoken(corpus, row) ? messages : isFact(corpus, row) ? facts : null)
  const rows = new Int32Array(places.length)
  const totals = new Float64Array(places.length)
  for (let i = 0; i < places.length; i++) {
    const place = places[i] as number
    const row = fused.rows[place] as number
    rows[i] = row
    totals[i] = linearOf(row)?.of(row) ?? (fused.totals[place] as number)
  }
  const partsOf = (i: number, into: Float64Array) => {
    const row = rows[i] as number
    const linear = linearOf(row)
    if (linear === null) fused.partsOf(places[i] as number, into)
    else linear.parts(row, into)
  }
  return { ...fused, rows, totals, partsOf }
}

/** Measures messages for a question. `bests` are the best fused scores of sessions. */
function measureOf(corpus: Corpus, question: Question, { keyword, legs }: Gathered, bests: Float64Array): Measure {
  const { plan, similarities, sentences = null, nearness = null } = question
  const { vector, exact, dates, told, isHeld } = legs
  const best = bests.reduce((most, one) => Math.max(most, one), Number.NEGATIVE_INFINITY)
  const fused = { bySession: bests, best }
  return new Measure(corpus, {
    plan,
    keyword,
    vector,
    similarities,
    sentences,
    nearness,
    exact,
    dates,
    told,
    isHeld,
    fused,
  })
}
