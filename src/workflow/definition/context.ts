/** What the functions of a workflow get: those of steps, and those between them. */

import type { RequestContext } from '../../agent/request-context.ts'
import type { JsonObject } from '../../domain/json.ts'
import type { Memory } from '../../facade/memory.ts'
import type { SchemaGives } from './schema-types.ts'
import type { FlowNode, FlowStep } from './step.ts'

/** What a step or a workflow gives. */
export type OutputOf<Given> = Given extends { readonly types?: infer Types }
  ? NonNullable<Types> extends { readonly gives: infer Output }
    ? Output
    : unknown
  : unknown

/** What a workflow is started with, for `getInitData<typeof workflow>()`; another type is taken at its word. */
type InitDataOf<Given> = Given extends {
  readonly nodes: readonly FlowNode[]
  readonly inputSchema: infer Schema
}
  ? SchemaGives<Schema>
  : Given

/** The output of a step, or null if it has none: of a step that is always done before, it is never null. */
type ResultOf<Given extends FlowStep, Done extends string> = Given['id'] extends Done
  ? OutputOf<Given>
  : OutputOf<Given> | null

/** What every function of a workflow gets. */
export interface NodeContext<Input = unknown, State = JsonObject, Init = unknown, Done extends string = never> {
  /** What the node before it gave; for the first one, what the workflow was started with. */
  readonly inputData: Input
  /** The state of the run. */
  readonly state: State
  /**
   * The output of a step that has ended, by the step or its id; null if it has none. In a loop it is the last one's; for a
   * step of `foreach`, the list of the outputs.
   */
  readonly getStepResult: {
    <Given extends FlowStep>(step: Given): ResultOf<Given, Done>
    (id: string): unknown
  }
  /** What the workflow was started with. */
  readonly getInitData: <Given = Init>() => InitDataOf<Given>
  /** What the caller passed for this call. It is stored with the run while the run waits. */
  readonly requestContext: RequestContext
  /** The id of the run. */
  readonly runId: string
  /** The id of the workflow. */
  readonly workflowId: string
  /** Aborted when the run is canceled, the caller's signal aborts, or this process has lost the run to another one. */
  readonly abortSignal: AbortSignal
}

/** What the condition of a loop gets. */
export interface LoopContext<Input = unknown, State = JsonObject, Init = unknown, Done extends string = never>
  extends NodeContext<Input, State, Init, Done> {
  /** How often the step has run: 1 after the first time. */
  readonly iterationCount: number
}

/** Options of `suspend`. */
export interface SuspendOptions {
  /** A name to resume the step by, instead of its id: `run.resume({ label, … })`. */
  readonly resumeLabel?: string
}

/** A change of the state: fields that replace those of the same name, or a function that makes them. */
export type StateChange<State> = Partial<State> | ((state: State) => Partial<State>)

/** What the `execute` of a step gets. */
export interface StepContext<Input = unknown, State = JsonObject, Suspend = unknown, Resume = unknown>
  extends NodeContext<Input, State> {
  /**
   * Changes fields of the state. Fields that it does not name stay. Others see the change when the step has ended or is
   * suspended.
   */
  readonly setState: (change: StateChange<State>) => void
  /**
   * Ends the step for now: it waits for data, for as long as that takes, in no process. The promise never resolves, so what
   * comes after `await suspend(…)` never runs, apart from `finally`. When somebody resumes it, `execute` is called again from
   * its start, with `resumeData`.
   *
   * @param payload Shown to those who are to send the data. Plain JSON, as `suspendSchema` parses it.
   */
  readonly suspend: (
    ...payload: undefined extends Suspend
      ? [payload?: Suspend, options?: SuspendOptions]
      : [payload: Suspend, options?: SuspendOptions]
  ) => Promise<never>
  /** What the step is resumed with, as `resumeSchema` parses it. Absent while it is not resumed. */
  readonly resumeData?: Resume
  /** The payload that it suspended with, as JSON holds it. */
  readonly suspendData?: Suspend
  /**
   * Ends the workflow that the step is in, with that output: nothing after it runs. The promise never resolves.
   *
   * @param output Parsed by the workflow's `outputSchema`.
   */
  readonly bail: (output: unknown) => Promise<never>
  /** Acts as the workflow. What is written with it names the run. */
  readonly memory: Memory
  /**
   * The same for every attempt at this step of this run, and for no other step: pass it on as the idempotency key of an
   * effect.
   */
  readonly callId: string
  /** Which attempt this is: 1, 2, 3 … */
  readonly attempt: number
  /** The resource of the run, if it has one. */
  readonly resourceId?: string
  /** The thread of the run, if it has one. */
  readonly threadId?: string
  /** Sends something to those who follow the run while the step works: a `workflow-step-output` event. Nothing is stored. */
  readonly writer?: (chunk: unknown) => void
}
