/**
 * Workflows as agents call them: the port that the room of workflows implements, which agents cannot import. A workflow notes
 * itself here when it is made.
 */
import type { Actor } from '../domain/actor.ts'
import type { Json } from '../domain/json.ts'
import type { StepStatus } from '../domain/records/step.ts'
import type { StandardSchema } from '../domain/standard-schema.ts'
import type { Memory } from '../facade/memory.ts'
import type { RequestContext } from './request-context.ts'

/** What agents are told of a workflow. */
export interface WorkflowPrimitive {
  /** Names it in storage. */
  readonly id: string
  /** Tells models what it does and when to use it. */
  readonly description?: string
  /** Parses what a run is started with. */
  readonly inputSchema: StandardSchema
  /** Parses the result of a run. */
  readonly outputSchema: StandardSchema
}

/** Where a run of a workflow is, and its name there. */
export interface WorkflowPlace {
  readonly unique: string
  readonly resourceId?: string
  readonly threadId?: string
  /** The run that calls it. */
  readonly parentRunId?: string
}

/** A step that waits, or was decided about. */
export interface WorkflowWait {
  readonly path: string
  readonly stepId: string
  readonly status: StepStatus
  readonly payload?: Json
  readonly label?: string
  readonly resumeSchema?: Json
}

/** How a run stands. */
export interface WorkflowStanding {
  readonly runId: string
  /** `open`: somebody carries it on, or could. */
  readonly status: 'open' | 'suspended' | 'complete' | 'failed'
  /** What it gave, if it is complete. */
  readonly result?: Json
  /** Why it failed. */
  readonly error?: unknown
  /** Its steps that wait, or were decided about. */
  readonly waits: readonly WorkflowWait[]
}

/** The work of a run. */
interface WorkflowWork {
  readonly inputData: unknown
  readonly requestContext: RequestContext
  /** Cancels the run. */
  readonly signal: AbortSignal | undefined
  /** Told of its events in this process. */
  readonly listen: (event: { readonly type: string }) => void
}

/** A workflow with the memory that holds its runs. */
export interface CalledWorkflow {
  /** Starts a run, or goes on with the one that is there, until it has ended or waits for somebody. */
  carryOut(place: WorkflowPlace, work: WorkflowWork): Promise<WorkflowStanding>
  /** How a run stands; null if it was not started. */
  standing(place: WorkflowPlace): Promise<WorkflowStanding | null>
  /**
   * Gives a step what it waits for. The run goes on when it is carried out again.
   *
   * @throws MemoryError `conflict`, with `decided` in its details, if somebody was first; `invalid-input` for data that the
   *   step refuses.
   */
  resume(runId: string, path: string, data: Json, by: Actor | undefined): Promise<void>
  /** Cancels a run, unless it has ended. */
  cancel(runId: string): Promise<void>
  /**
   * Cancels the runs that wait, or could go on, and that another run began which is over.
   *
   * @param isOver Whether that run is over.
   * @throws MemoryError `denied` unless the memory may administer all spaces.
   */
  cancelOrphans(isOver: (parentRunId: string) => Promise<boolean>): Promise<void>
}

const workflows = new WeakMap<object, (source: Memory | null) => CalledWorkflow>()

/**
 * Notes a workflow.
 *
 * @param called The workflow with its own memory, or with that of the agent if it has none.
 */
export function registerWorkflow(workflow: object, called: (source: Memory | null) => CalledWorkflow): void {
  workflows.set(workflow, called)
}

/** A workflow as agents call it; null for anything else. */
export function calledWorkflowOf(workflow: object, source: Memory | null): CalledWorkflow | null {
  return workflows.get(workflow)?.(source) ?? null
}

/** Whether a value is a workflow. */
export function isWorkflow(value: unknown): value is WorkflowPrimitive {
  return typeof value === 'object' && value !== null && workflows.has(value)
}
