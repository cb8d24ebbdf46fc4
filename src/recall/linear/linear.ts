/** The linear ranker: a message's score is the sum of its features, each with its weight. */
import { partAt } from '../parts.ts'
import { type FeatureName, featureAt, featureNames, features, type LinearWeights } from './features.ts'
import type { Measure } from './measure.ts'

/** What one feature adds: its place among the features, its place among the parts, and its weight. */
interface Term {
  readonly at: number
  readonly part: number
  readonly weight: number
}

/**
 * The weights are in log odds, and the scores of other records in units of the fusion. A message begins with `start`,
 * and one unit of log odds is `unit` of fusion: then the best message of a question has on average the score that
 * fusion gave to its best (1.74), and the twentieth that of its twentieth (1.17). Measured as the weights were.
 */
export const scale = { start: 0.52, unit: 0.11 } as const

const known = new WeakMap<LinearWeights, readonly Term[]>()

/** What the features add that have a weight. */
export function termsOf(weights: LinearWeights): readonly Term[] {
  const found = known.get(weights)
  if (found !== undefined) return found
  const terms = featureNames.flatMap((name: FeatureName) => {
    const weight = weights[name]
    return weight === undefined ? [] : [{ at: featureAt[name], part: partAt[features[name].part], weight }]
  })
  known.set(weights, terms)
  return terms
}

/** Scores messages for one question. */
export class LinearScores {
  readonly #measure: Measure
  readonly #terms: readonly Term[]
  readonly #start: number

  /** @param start What a record of this kind begins with, in units of the fusion. */
  constructor(measure: Measure, weights: LinearWeights, start: number) {
    this.#measure = measure
    this.#start = start
    this.#terms = termsOf(weights)
  }

  /** The score of a message, in units of the fusion. */
  of(row: number): number {
    const measured = this.#measure.of(row)
    let sum = 0
    for (const { at, weight } of this.#terms) sum += weight * (measured[at] as number)
    return this.#start + scale.unit * sum
  }

  /** Fills in what each part adds to it. */
  parts(row: number, into: Float64Array): void {
    const measured = this.#measure.of(row)
    into.fill(0)
    into[partAt.kind] = this.#start
    for (const { at, part, weight } of this.#terms)
      into[part] = (into[part] as number) + scale.unit * weight * (measured[at] as number)
  }
}
