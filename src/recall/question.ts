/** What recall is asked: the plan of a question, and what it compares. */
import type { GateMode } from '../domain/question-gate.ts'
import type { LinearWeights } from './linear/features.ts'
import type { Plan } from './question/plan.ts'
import type { Demotions } from './weigh.ts'

export const recallModes = ['hybrid', 'keyword', 'vector'] as const
export type RecallMode = (typeof recallModes)[number]

/** Weights of the linear ranker for the kinds of records that it was fitted to. */
export interface KindWeights {
  readonly message: LinearWeights
  /** Null: by fusion. */
  readonly fact: LinearWeights | null
  /** What a fact begins with, in units of the fusion. */
  readonly factStart: number
}

export interface Question {
  readonly plan: Plan
  readonly mode: RecallMode
  /** Similarity of question and record, one number for each row of the corpus; NaN without a vector. */
  readonly similarities: Float32Array | null
  /** The same for the best sentence of each record; absent where sentences have no vectors. */
  readonly sentences?: Float32Array | null
  /** Cosine of the vectors of two rows, both of which have one. Absent where meanings are not compared. */
  readonly nearness?: ((row: number, other: number) => number) | null
  /** How sure it must be that the question is about something that was said. Default: `off`. */
  readonly gate?: GateMode
  /** Leaves out records that have nothing to do with the question. Default: false. */
  readonly matchesOnly?: boolean
  /** Weights of the linear ranker other than the usual ones, to measure them. */
  readonly weights?: Partial<KindWeights>
  /** How many rows to rank. */
  readonly limit: number
  /** Of these, how many the answer will hold: rows with exact terms are among them. */
  readonly topK: number
  readonly demotions?: Demotions
}
