/**
 * Recall as a pure function: a question and the records in scope give a ranking. The room knows columns of numbers; it
 * reads no storage, calls no model and knows no clock.
 *
 * plan → gather (keyword, vector, exact, recent) → fuse → weigh → pack
 */
import { type Corpus, nextOf, previousOf } from './corpus.ts'
import { spansOf } from './dates.ts'
import { exactRows, exactScores } from './exact.ts'
import { fusionOf, type Legs, type Part, type PartScores, partScoresOf, parts, weights } from './fuse.ts'
import { keywordScores } from './keyword.ts'
import type { Plan } from './plan.ts'
import { recentScores } from './recent.ts'
import { topOf } from './top.ts'
import { vectorScores } from './vector.ts'
import { type Demotions, demote, placeOfRow, sessionLifts } from './weigh.ts'

export const recallModes = ['hybrid', 'keyword', 'vector'] as const
export type RecallMode = (typeof recallModes)[number]

export interface Question {
  readonly plan: Plan
  readonly mode: RecallMode
  /** Similarity of question and record, one number for each row of the corpus; NaN without a vector. */
  readonly similarities: Float32Array | null
  /** How many rows to rank. */
  readonly limit: number
  /** Of these, how many the answer will hold: rows with exact terms are among them. */
  readonly topK: number
  readonly demotions?: Demotions
}

export interface RankedRow {
  readonly row: number
  /** From 0 to 1. 1 would be the best in every leg; it orders the rows of one answer and is no probability. */
  readonly score: number
  readonly parts: PartScores
  /** The row that this one may not outrank, where that changed its score. */
  readonly limitedBy?: number
  /** Exact or rare terms of the question moved it up into the answer. */
  readonly isPulledIn?: true
}

export interface Ranking {
  /** The best first. */
  readonly rows: readonly RankedRow[]
  /** How many rows were compared. */
  readonly candidates: number
  /** Legs that found anything. */
  readonly legs: readonly ('keyword' | 'vector' | 'exact' | 'recent')[]
}

/** Up to this many rows in scope, all are compared; above that, only the best rows of each leg. */
export const compareAllUpTo = 20_000
const candidatesPerLeg = 400

/** The most that a row can have. */
const bestTotal = (1 + weights.message.session) * sumOf(['keyword', 'vector', 'exact', 'author', 'date', 'length'])

function sumOf(some: readonly Part[]): number {
  return some.reduce((sum, part) => sum + weights.message[part], 0)
}

interface Gathered {
  readonly legs: Legs
  /** Rows that have exact or rare terms of the question. */
  readonly exact: readonly number[]
}

/** Runs each leg. A leg that found nothing is null. */
function gather(corpus: Corpus, { plan, mode, similarities }: Question): Gathered {
  const found = plan.occurrences
  const keyword = found.rows.length === 0 || mode === 'vector' ? null : keywordScores(corpus, found)
  const hasVectors = mode !== 'keyword' && similarities?.some((similarity) => !Number.isNaN(similarity))
  const vector = hasVectors === true && similarities !== null ? vectorScores(corpus, similarities) : null
  const exact = keyword === null ? null : exactScores(corpus, plan.terms, found)
  const hasNothing = keyword === null && vector === null
  const recent = hasNothing && !(mode === 'keyword' && plan.terms.length > 0) ? recentScores(corpus) : null
  const dates = plan.date === null ? [] : spansOf(plan.date, ...timesOf(corpus))
  return {
    legs: { keyword, vector, exact, recent, speaker: plan.speaker, dates },
    exact: exactRows(exact, found),
  }
}

/** Whether a question by words alone has words that nobody said, and names no person and no date. */
function isUnheard({ mode }: Question, { legs: { keyword, recent, speaker, dates } }: Gathered): boolean {
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

/** Rows worth comparing, in order. */
function candidatesOf(corpus: Corpus, { legs, exact }: Gathered, demotions: Demotions): Int32Array {
  const { count, inScope } = corpus
  const chosen = corpus.scopeCount <= compareAllUpTo ? inScope : new Uint8Array(count)
  if (chosen !== inScope) {
    for (const scores of [legs.keyword, legs.vector, legs.recent]) if (scores !== null) choose(corpus, scores, chosen)
    for (const row of exact) chosen[row] = 1
    for (const [row, other] of demotions) if (chosen[row] === 1 && inScope[other] === 1) chosen[other] = 1
  }
  let length = 0
  const rows = new Int32Array(corpus.scopeCount)
  for (let row = 0; row < count; row++) if (chosen[row] === 1) rows[length++] = row
  return rows.subarray(0, length)
}

/** Marks the best rows of a leg and the messages next to them. */
function choose(corpus: Corpus, scores: Float64Array, chosen: Uint8Array): void {
  for (const row of topOf(scores, candidatesPerLeg, 0, (left, right) => isNewer(corpus, left, right)))
    for (const one of [previousOf(corpus, row), row, nextOf(corpus, row)])
      if (one !== -1 && corpus.inScope[one] === 1) chosen[one] = 1
}

function isNewer({ columns }: Corpus, row: number, other: number): boolean {
  const difference = (columns.minutes[row] as number) - (columns.minutes[other] as number)
  return difference === 0 ? row > other : difference > 0
}

const noDemotions: Demotions = new Map()

/** Ranks the records in scope for a question. The same records and question give the same ranking. */
export function rank(corpus: Corpus, question: Question): Ranking {
  const demotions = question.demotions ?? noDemotions
  const gathered = gather(corpus, question)
  if (isUnheard(question, gathered)) return { rows: [], candidates: 0, legs: [] }
  const rows = candidatesOf(corpus, gathered, demotions)
  const fuse = fusionOf(corpus, gathered.legs)
  const added = new Float64Array(parts.length)
  const fused = new Float64Array(rows.length)
  for (let i = 0; i < rows.length; i++) fused[i] = fuse(rows[i] as number, added)
  const lifts = sessionLifts(corpus, rows, fused)
  const totals = new Float64Array(rows.length)
  for (let i = 0; i < rows.length; i++) totals[i] = (fused[i] as number) + (lifts[i] as number)
  const limited = demote(rows, totals, demotions)
  const isFirst = (left: number, right: number) => isNewer(corpus, rows[left] as number, rows[right] as number)
  const best = topOf(totals, question.limit, Number.NEGATIVE_INFINITY, isFirst)
  const isBefore = (left: number, right: number) => {
    const difference = (totals[left] as number) - (totals[right] as number)
    return difference === 0 ? isFirst(left, right) : difference > 0
  }
  const { order, pulledIn } = withExactRows(best, gathered.exact, question.topK, { rows, isBefore, limited })
  const { keyword, vector, exact, recent } = gathered.legs
  const ranked = Array.from(order, (i): RankedRow => {
    const row = rows[i] as number
    fuse(row, added)
    added[parts.length - 1] = lifts[i] as number
    const other = limited.get(row)
    return {
      row,
      score: Math.max(0, totals[i] as number) / bestTotal,
      parts: partScoresOf(added, bestTotal),
      ...(other === undefined ? {} : { limitedBy: other }),
      ...(pulledIn.has(i) ? { isPulledIn: true } : {}),
    }
  })
  const said = { keyword, vector, exact, recent }
  const legs = (['keyword', 'vector', 'exact', 'recent'] as const).filter((leg) => said[leg] !== null)
  return { rows: ranked, candidates: rows.length, legs }
}

interface Places {
  readonly rows: Int32Array
  readonly isBefore: (left: number, right: number) => boolean
  readonly limited: ReadonlyMap<number, number>
}

/**
 * Lets rows with exact or rare terms take the last places of the answer from rows without them, the best of them first.
 * `best` holds places in `rows`.
 */
function withExactRows(best: Int32Array, exact: readonly number[], topK: number, { rows, isBefore, limited }: Places) {
  const answer = Array.from(best.subarray(0, topK))
  const wanted = exact.filter((row) => !limited.has(row)).map((row) => placeOfRow(rows, row))
  const isExact = new Set(wanted)
  const inAnswer = new Set(answer)
  const missing = wanted.filter((place) => !inAnswer.has(place)).sort((left, right) => (isBefore(left, right) ? -1 : 1))
  const free = answer.filter((place) => !isExact.has(place)).reverse()
  const pulledIn = new Set(missing.slice(0, free.length))
  const displaced = new Set(free.slice(0, pulledIn.size))
  const kept = answer.filter((place) => !displaced.has(place))
  const rest = Array.from(best.subarray(topK)).filter((place) => !pulledIn.has(place))
  return { order: [...kept, ...pulledIn, ...[...displaced].reverse(), ...rest].slice(0, best.length), pulledIn }
}
