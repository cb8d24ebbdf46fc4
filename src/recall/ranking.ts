/** A ranking: the rows of an answer, the best first, with what each part added. */
import type { GateOutcome, Judgement } from './judge.ts'
import type { PartScores } from './parts.ts'

export interface RankedRow extends Judgement {
  readonly row: number
  /** From 0 to 1. It orders the rows of one answer and is no probability: `relevance` is. */
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
  /** Of the best rows, those that had nothing to do with the question and were left out. */
  readonly unmatched: number
  /** Whether the question is about anything that was said; if it is closed, there are no rows. */
  readonly gate: GateOutcome
  /** Legs that found anything. */
  readonly legs: readonly ('keyword' | 'vector' | 'exact' | 'recent' | 'time')[]
}
