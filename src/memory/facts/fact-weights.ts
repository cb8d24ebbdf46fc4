/** Weights of a search for facts, over how well their words match: how much they matter, and how old they are. Pure. */
import { invalidInput } from '../../domain/error.ts'
import { type Duration, parseTtl } from '../../domain/limits.ts'
import type { FactState } from '../../domain/records/fact.ts'
import { msOf } from '../../domain/time.ts'

/** Weights of a search. Default: none, and the words alone decide. */
export interface FactWeights {
  /**
   * How much `importance` counts, from 0 (not at all) to 1: with 1, a fact of importance 0 has the score 0. Facts of which
   * nobody said how much they matter count as 0.5.
   */
  readonly importance?: number
  /** Lets older facts count less: after each half-life half as much. */
  readonly decay?: {
    /** Such as `90d`, or milliseconds. */
    readonly halfLife: Duration | number
    /** What the age counts from: since when it holds (default), or when it last changed. */
    readonly by?: 'validFrom' | 'updatedAt'
  }
}

const usualImportance = 0.5
/** The least factor of an old fact: it stays in the answer if nothing else matches. */
const leastFactor = 1e-6

/** The factor of a fact's score at a time, from 0 to 1. */
export function factWeight({ importance: weight = 0, decay }: FactWeights): (fact: FactState, nowMs: number) => number {
  const halfLifeMs = decay === undefined ? null : parseTtl(decay.halfLife, 'weights.decay.halfLife')
  if (decay !== undefined && halfLifeMs === null) {
    throw invalidInput('weights.decay.halfLife', 'must be a duration', decay.halfLife, `Pass '90d', for example.`)
  }
  const from = decay?.by ?? 'validFrom'
  return (fact, nowMs) => {
    const { importance = usualImportance } = fact
    const matters = 1 - weight + weight * importance
    if (halfLifeMs === null) return matters
    const ageMs = Math.max(0, nowMs - msOf(fact[from]))
    return matters * Math.max(leastFactor, 0.5 ** (ageMs / halfLifeMs))
  }
}
