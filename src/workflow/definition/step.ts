/** What a workflow is made of: its steps, and the nodes that say in which order they run. */

import type { Actor } from '../../domain/actor.ts'
import type { StandardSchema } from '../../domain/standard-schema.ts'
import type { LoopContext, NodeContext, StepContext } from './context.ts'

/** Types only, never set: what a step takes from the one before it, what it gives, and what it needs of the state. */
export interface FlowTypes<Input, Output, State> {
  /** A function, so that a step that needs less than it is given fits. */
  readonly takes: (input: Input, state: State) => void
  /** What it gives. */
  readonly gives: Output
}

/** What a process does with a step whose own process ended before its result was stored. */
export type Interrupted = 'rerun' | 'fail'

/** Marks the objects that `createStep` makes. */
export const stepMark: unique symbol = Symbol.for('aquifer.step')

/**
 * A step, as `createStep` makes it. Any step fits a bare `WorkflowStep`; its types say what it takes, gives and needs of the state.
 */
export interface WorkflowStep<Id extends string = string, Input = never, Output = unknown, State = never> {
  /** Names it in results and events. Unique in its workflow. */
  readonly id: Id
  /** Tells people what it does. */
  readonly description?: string
  /** Parses what it is given. */
  readonly inputSchema: StandardSchema
  /** Parses what it returns. */
  readonly outputSchema: StandardSchema
  /** Parses the payload that it suspends with. Default: any JSON. */
  readonly suspendSchema?: StandardSchema
  /** Parses the data that it is resumed with. Default: any JSON. */
  readonly resumeSchema?: StandardSchema
  /** Parses the data that it is resumed with after it suspended with that payload, where this differs; null: any JSON. */
  resumeSchemaFor?(payload: unknown): StandardSchema | null
  /** Parses the fields of the state that it uses. Default: any JSON. */
  readonly stateSchema?: StandardSchema
  /** How often a failed attempt is repeated; null: as the workflow says. */
  readonly retries: number | null
  /** How long an attempt may take, in milliseconds; null: as long as it likes. */
  readonly timeoutMs: number | null
  /** What happens after its process ended in the middle of it. */
  readonly interrupted: Interrupted
  /** Agents and tools that may resume it too. People always may. Default: none. */
  readonly approvers?: readonly Actor[]
  /** Does its work. */
  execute(context: StepContext): unknown
  /** Types only; never set. */
  readonly types?: FlowTypes<Input, Output, State>
  readonly [stepMark]: true
}

/** A workflow, as far as another one that contains it, and what runs it, must know it. */
export interface Flow<Id extends string = string, Input = never, Output = unknown, State = never> {
  /** Names it in results and events, and as an actor. */
  readonly id: Id
  /** Tells people, models and other agents what it does and when to use it. */
  readonly description?: string
  /** Parses what it is started with. */
  readonly inputSchema: StandardSchema
  /** Parses what its last step gives. */
  readonly outputSchema: StandardSchema
  /** Parses the state of a run. Default: any JSON object. */
  readonly stateSchema?: StandardSchema
  /** How often a failed attempt of a step that says nothing of its own is repeated. */
  readonly retries: number
  /** What it does, in order. */
  readonly nodes: readonly FlowNode[]
  /** Whether `commit()` was called: its nodes do not change any more. */
  readonly isCommitted: boolean
  /** Types only; never set. */
  readonly types?: FlowTypes<Input, Output, State>
}

/** A step, or a workflow that is a step of another one. */
export type FlowStep<Id extends string = string, Input = never, Output = unknown, State = never> =
  | WorkflowStep<Id, Input, Output, State>
  | Flow<Id, Input, Output, State>

/** An arm of a branch: its step runs if its condition holds. */
export interface BranchArm {
  /** Whether its step runs. */
  readonly when: (context: NodeContext) => unknown
  /** What runs then. */
  readonly step: FlowStep
}

/** A place in a workflow. */
export type FlowNode =
  | { readonly kind: 'step'; readonly step: FlowStep }
  /** Gives what the function returns. */
  | { readonly kind: 'map'; readonly map: (context: NodeContext) => unknown }
  /** All steps get the input. Gives their outputs by their ids. */
  | { readonly kind: 'parallel'; readonly steps: readonly FlowStep[] }
  /** The steps of all arms whose condition holds run in parallel. Gives their outputs by their ids. */
  | { readonly kind: 'branch'; readonly arms: readonly BranchArm[] }
  /** The step runs for each item of the input, so many at a time. Gives the list of its outputs. */
  | { readonly kind: 'foreach'; readonly step: FlowStep; readonly concurrency: number }
  /** The step runs again with its own output until the condition holds, or while it does. It runs at least once. */
  | {
      readonly kind: 'loop'
      readonly until: boolean
      readonly step: FlowStep
      readonly when: (context: LoopContext) => unknown
    }
  /** Waits so many milliseconds. Gives its input. */
  | { readonly kind: 'sleep'; readonly ms: number | ((context: NodeContext) => unknown) }
  /** Waits until that time. Gives its input. */
  | { readonly kind: 'sleepUntil'; readonly at: Date | ((context: NodeContext) => unknown) }

/** Whether a value was made by `createStep`. */
export function isStep(value: unknown): value is WorkflowStep {
  return typeof value === 'object' && value !== null && stepMark in value
}

/** Whether a step of a workflow is a workflow itself. */
export function isFlow(step: FlowStep): step is Flow {
  return !isStep(step)
}
