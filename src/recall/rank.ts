/**
 * Recall as a pure function: a question and the records in scope give a ranking. The room knows columns of numbers; it
 * reads no storage, calls no model and knows no clock.
 *
 * plan → gather (keyword, vector, exact, recent) → score (fuse, then the linear ranker) → weigh → pack; a question for nothing
 * but a time is answered by a list.
 */

import { type FusedPart, weights } from './fuse.ts'
import { type Gathered, gatherLegs, isUnheard } from './gather.ts'
import { type GateOutcome, Judge } from './judge.ts'
import { listTimes } from './listing.ts'
import { partScoresOf, parts } from './parts.ts'
import type { Question } from './question.ts'
import type { RankedRow, Ranking } from './ranking.ts'
import { type Corpus, nextOf, previousOf } from './records/corpus.ts'
import { scoreRows } from './score.ts'
import { topOf } from './top.ts'
import { type Demotions, demote, placeOfRow } from './weigh.ts'

/** Up to this many rows in scope, all are compared; above that, only the best rows of each leg. */
export const compareAllUpTo = 20_000
const candidatesPerLeg = 400

/** The most that a row can have. */
const bestTotal = (1 + weights.message.session) * sumOf(['keyword', 'vector', 'exact', 'author', 'date', 'length'])

function sumOf(some: readonly FusedPart[]): number {
  return some.reduce((sum, part) => sum + weights.message[part], 0)
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
/** Nobody ever said a word of it. */
const unheard: GateOutcome = { chance: 0, isClosed: true }

/** Ranks the records in scope for a question. The same records and question give the same ranking. */
export function rank(corpus: Corpus, question: Question): Ranking {
  const { isListing, isBareTime } = question.plan
  const list = isListing ? listTimes(corpus, question) : null
  if (list !== null && (list.rows.length > 0 || !isBareTime)) return list
  const demotions = question.demotions ?? noDemotions
  const gathered = gatherLegs(corpus, question)
  if (isUnheard(question, gathered)) return { rows: [], candidates: 0, unmatched: 0, gate: unheard, legs: [] }
  const candidates = candidatesOf(corpus, gathered, demotions)
  const scored = scoreRows(corpus, question, gathered, candidates)
  const { rows, totals } = scored
  const limited = demote(rows, totals, demotions)
  const isFirst = (left: number, right: number) => isNewer(corpus, rows[left] as number, rows[right] as number)
  const best = topOf(totals, question.limit, Number.NEGATIVE_INFINITY, isFirst)
  const isBefore = (left: number, right: number) => {
    const difference = (totals[left] as number) - (totals[right] as number)
    return difference === 0 ? isFirst(left, right) : difference > 0
  }
  const { order, pulledIn } = withExactRows(best, gathered.exact, question.topK, { rows, isBefore, limited })
  const highest = best.length === 0 ? 0 : (totals[best[0] as number] as number)
  const judge = new Judge(corpus, question, gathered, scored, highest)
  // What replaced an old value stands in the answer with it.
  const current = new Set(limited.values())
  const isMatch = (row: number) => current.has(row) || judge.isMatch(row)
  const isIn = (i: number) => question.matchesOnly !== true || isMatch(rows[i] as number)
  const kept = judge.gate.isClosed ? [] : order.filter(isIn)
  const { keyword, vector, exact, recent } = gathered.legs
  const added = new Float64Array(parts.length)
  const ranked = kept.map((i): RankedRow => {
    const row = rows[i] as number
    scored.partsOf(i, added)
    const other = limited.get(row)
    return {
      row,
      score: Math.min(1, Math.max(0, totals[i] as number) / bestTotal),
      parts: partScoresOf(added, bestTotal),
      ...judge.of(row, totals[i] as number),
      ...(other === undefined ? {} : { limitedBy: other }),
      ...(pulledIn.has(i) ? { isPulledIn: true } : {}),
    }
  })
  const said = { keyword, vector, exact, recent }
  const legs = (['keyword', 'vector', 'exact', 'recent'] as const).filter((leg) => said[leg] !== null)
  const unmatched = judge.gate.isClosed ? 0 : order.length - kept.length
  return { rows: ranked, candidates: candidates.length, unmatched, gate: judge.gate, legs }
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
