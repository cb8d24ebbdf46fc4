/** What every part of a driven run needs: its records, its state, and what goes on at the moment. */
import type { RequestContext } from '../../agent/request-context.ts'
import type { Json } from '../../domain/json.ts'
import type { Memory } from '../../facade/memory.ts'
import type { WorkRunStep } from '../../ports/agent-memory.ts'
import type { NodeContext } from '../definition/context.ts'
import type { Flow, FlowStep } from '../definition/step.ts'
import type { Activity } from './activity.ts'
import type { WorkflowEvent } from './events.ts'
import type { Journal } from './journal.ts'
import type { SharedState } from './shared-state.ts'
import type { Waiting } from './waiting.ts'

/** The run, as its steps are told. */
export interface DrivenRun {
  readonly runId: string
  readonly workflowId: string
  readonly resourceId?: string
  readonly threadId?: string
}

/** A run while this process carries it on. */
export interface Drive {
  readonly run: DrivenRun
  readonly requestContext: RequestContext
  /** Acts as the workflow. */
  readonly memory: Memory
  readonly journal: Journal
  readonly state: SharedState
  readonly waiting: Waiting
  /** Tells those who follow the run here. */
  readonly emit: (event: WorkflowEvent) => void
  /** Aborted when the run is canceled or given up here: steps are to end, and what they come to does not count. */
  readonly signal: AbortSignal
  /** Makes sure that this process still has the run, before code of the application runs. */
  readonly ensureLease: () => Promise<void>
  /** Rejects when the run is given up here. */
  readonly givenUp: Promise<never>
  /** Bytes of an output, and of a payload. */
  readonly stepBytes: number
  /** How many records a run may have. */
  readonly stepsPerRun: number
  /** When it was last restarted, an ISO time: steps that failed before run again. null: never. */
  readonly restartedAt: string | null
  /** Milliseconds since 1970, by the clock of the memory. */
  readonly nowMs: () => number
}

/** A workflow inside of a driven run: the run's own, or one that is a step of another. */
export interface Scope {
  readonly drive: Drive
  readonly flow: Flow
  /** What the workflow was started with. */
  readonly initData: Json | undefined
  /** Outputs of steps that are done, by their ids. */
  readonly results: Map<string, Json | undefined>
  /** The work that this is a part of. */
  readonly activity: Activity
}

/** What the functions of a workflow get, steps included. */
export function nodeContext(scope: Scope, inputData: unknown): NodeContext {
  const { drive, results, initData } = scope
  const resultOf = (step: FlowStep | string) => results.get(typeof step === 'string' ? step : step.id) ?? null
  return {
    inputData,
    state: drive.state.fields,
    getStepResult: resultOf as NodeContext['getStepResult'],
    getInitData: (() => initData) as NodeContext['getInitData'],
    requestContext: drive.requestContext,
    runId: drive.run.runId,
    workflowId: scope.flow.id,
    abortSignal: drive.signal,
  }
}

/** The step after `write` is stored: what follows it is told only then. */
export function whenStored(writing: Promise<WorkRunStep>, tell: (step: WorkRunStep) => void): void {
  // What fails is told to the driver by the journal.
  writing.then(tell, () => {})
}
