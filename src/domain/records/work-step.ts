/**
 * Steps of workflows: the work at one place of a run, its attempts, what it waits for, and its output. The paths of a run
 * tell its steps apart. See `step.ts` for what they share with the calls of agents.
 */
import type { Json, JsonObject } from '../json.ts'
import type { CommonStep, StepFields } from './step.ts'

export const workOutcomes = ['complete', 'failed', 'bailed'] as const

/** How a step ended: with its output, with an error, or with an output that ends its workflow. */
type WorkOutcome = (typeof workOutcomes)[number]

/** What a step of a workflow can wait for: somebody's data, or a time. */
export const waitKinds = ['suspension', 'sleep'] as const

/** Why a step failed. */
interface WorkError {
  readonly name: string
  readonly message: string
  readonly code?: string
  readonly details?: Json
}

/** What a step wrote to the state of its run. */
interface WorkState {
  /** Orders what several steps wrote: later writes have a higher number. */
  readonly at: number
  readonly fields: JsonObject
}

/** The fields of a step of a workflow. */
export interface WorkStep extends CommonStep {
  /** The id of the step in the workflow's definition. */
  readonly stepId: string
  /** A hash of the definition that the step was carried out with. */
  readonly definition: string
  readonly stepKind: 'plain' | (typeof waitKinds)[number]
  /** ISO time of the last attempt's beginning; absent if it never began. */
  readonly startedAt?: string
  /** ISO time; only of a step that is settled. */
  readonly endedAt?: string
  /** A name by which those who decide may call it. */
  readonly label?: string
  /** What it told those who decided, once it goes on after their decision. */
  readonly suspendData?: Json
  /** Only of a step that is settled. */
  readonly outcome?: WorkOutcome
  readonly output?: Json
  readonly error?: WorkError
  readonly state?: WorkState
}

/** A step of any run. */
export type AnyStep = StepFields | WorkStep
