/** How likely a record answers a question, as a probability; and whether the question is about anything that was said. */
import { featureNames, type LinearWeights } from './features.ts'
import { scale, termsOf } from './linear.ts'
import type { Measure } from './measure.ts'

/** A logistic model: the log odds are the sum of these. */
export interface RelevanceWeights {
  /** Weights of the record's own features. */
  readonly item: LinearWeights
  /** Weights of the highest value of each feature among the best records of the question. */
  readonly question: LinearWeights
  /** For each unit of log odds that the record's score is behind the best one. */
  readonly behind: number
  readonly start: number
}

/** The same for a question alone. */
export type GateWeights = Pick<RelevanceWeights, 'question' | 'start'>

/** So many records with the best fused scores tell what a question can hope for. */
export const bestRecords = 60

function sumOf(weights: LinearWeights, row: Float64Array): number {
  let sum = 0
  for (const { at, weight } of termsOf(weights)) sum += weight * (row[at] as number)
  return sum
}

function chance(logOdds: number): number {
  return 1 / (1 + Math.exp(-logOdds))
}

/** The highest value of each feature among some rows. */
export function highestOf(measure: Measure, rows: Int32Array): Float64Array {
  const highest = new Float64Array(featureNames.length).fill(Number.NEGATIVE_INFINITY)
  for (const one of rows) {
    const row = measure.of(one)
    for (let at = 0; at < row.length; at++)
      if ((row[at] as number) > (highest[at] as number)) highest[at] = row[at] as number
  }
  return rows.length === 0 ? highest.fill(0) : highest
}

/** How likely it is that a question is about something that was said, given the highest features. */
export function gateChance({ question, start }: GateWeights, highest: Float64Array): number {
  return chance(start + sumOf(question, highest))
}

/** Tells the relevance of one record after another, for one question. */
export class Relevance {
  readonly #measure: Measure
  readonly #weights: RelevanceWeights
  readonly #start: number
  readonly #best: number

  /** @param best The best score of all records. */
  constructor(measure: Measure, weights: RelevanceWeights, highest: Float64Array, best: number) {
    this.#measure = measure
    this.#weights = weights
    this.#start = weights.start + sumOf(weights.question, highest)
    this.#best = best
  }

  /** From 0 to 1. */
  of(row: number, score: number): number {
    const behind = (score - this.#best) / scale.unit
    return chance(this.#start + sumOf(this.#weights.item, this.#measure.of(row)) + this.#weights.behind * behind)
  }
}
