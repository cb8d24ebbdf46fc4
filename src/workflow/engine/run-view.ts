/** A run as people see it: its status, its steps, its result. Made from its records, without the workflow's code. */
import type { Json, JsonObject } from '../../domain/json.ts'
import { isJsonObject } from '../../domain/json.ts'
import type { RunState } from '../../domain/records/run.ts'
import type { WorkRunStep } from '../../ports/agent-memory.ts'
import type { WorkflowStatus } from './events.ts'
import { failureOf, type StepError } from './outcome.ts'
import { indexOf, inputPath, outputPath } from './paths.ts'
import { SharedState } from './shared-state.ts'

/** How a step of a run stands. */
export interface WorkflowStepState {
  /** The id of the step. */
  readonly id: string
  /** Its place in the run, such as `2/b` or `3[17]`. */
  readonly path: string
  /** `running` also if its process is gone and nobody has taken the run over yet. */
  readonly status: 'running' | 'suspended' | 'waiting' | 'success' | 'failed' | 'bailed'
  /** What it gave. */
  readonly output?: Json
  /** Why it failed. */
  readonly error?: StepError
  /** What it was suspended with. */
  readonly suspendPayload?: Json
  /** What it was resumed with. */
  readonly resumePayload?: Json
  /** The name to resume it by, if it chose one. */
  readonly resumeLabel?: string
  /** ISO time. */
  readonly startedAt?: string
  /** ISO time. */
  readonly endedAt?: string
  /** ISO time at which a sleep ends, or at which a suspended step fails. */
  readonly until?: string
  /** How often it was begun. */
  readonly attempt: number
}

/** How a run stands. */
export interface WorkflowState {
  readonly runId: string
  /** The id of its workflow. */
  readonly workflowId: string
  /** Whether it goes on, waits, or how it ended. */
  readonly status: WorkflowStatus
  /** What it was started with. */
  readonly input?: Json
  /** What it gave; only of a run that ended with `success`. */
  readonly result?: unknown
  /** Why it failed. */
  readonly error?: StepError
  /**
   * Its steps, by their ids. A step of a foreach or a loop has its number in brackets, such as `send[17]`. Where two steps
   * have one id, as in workflows that contain workflows, both have their paths instead.
   */
  readonly steps: Readonly<Record<string, WorkflowStepState>>
  /** The steps that wait for somebody: each entry is something to pass to `resume` as its `step`. */
  readonly suspended: readonly (readonly [string])[]
  /** The state that its steps share. */
  readonly state: JsonObject
  readonly resourceId?: string
  readonly threadId?: string
  /** ISO time. */
  readonly startedAt: string
  /** ISO time of the last change of the run's own record. */
  readonly updatedAt: string
}

const stepStatus = {
  asked: 'suspended',
  decided: 'running',
  started: 'running',
  expired: 'suspended',
} as const

function statusOfStep({ status, outcome, stepKind }: WorkRunStep): WorkflowStepState['status'] {
  if (status === 'settled') return outcome === 'failed' ? 'failed' : outcome === 'bailed' ? 'bailed' : 'success'
  return stepKind === 'sleep' ? 'waiting' : stepStatus[status]
}

/** Whether a record is of a step, and not of the run itself or of a decision between its steps. */
function isOfStep({ stepKind, attempt, outcome }: WorkRunStep): boolean {
  return stepKind === 'suspension' || (stepKind === 'plain' && attempt > 0) || outcome === 'failed'
}

/** Whether a step waits for somebody. */
export function isSuspended({ status, stepKind }: WorkRunStep): boolean {
  return status === 'asked' && stepKind === 'suspension'
}

const runStatus = {
  pending: 'pending',
  running: 'running',
  complete: 'success',
  failed: 'failed',
  aborted: 'canceled',
  discarded: 'canceled',
  interrupted: 'pending',
} as const

/** How a run stands, by its record and those of its steps. */
export function runStatusOf(run: RunState, steps: Iterable<WorkRunStep>): WorkflowStatus {
  if (run.status !== 'suspended') return runStatus[run.status]
  return [...steps].some(isSuspended) ? 'suspended' : 'waiting'
}

function stepState(step: WorkRunStep): WorkflowStepState {
  const { stepId: id, path, attempt, output, error, decision, label, startedAt, endedAt, expiresAt } = step
  const payload = step.payload ?? step.suspendData
  return {
    id,
    path,
    status: statusOfStep(step),
    ...(output === undefined ? {} : { output }),
    ...(error === undefined ? {} : { error: error as StepError }),
    ...(payload === undefined ? {} : { suspendPayload: payload }),
    ...(decision?.data === undefined ? {} : { resumePayload: decision.data }),
    ...(label === undefined ? {} : { resumeLabel: label }),
    ...(startedAt === undefined ? {} : { startedAt }),
    ...(endedAt === undefined ? {} : { endedAt }),
    ...(expiresAt === undefined ? {} : { until: expiresAt }),
    attempt,
  }
}

function nameOf({ stepId, path }: WorkRunStep): string {
  const index = indexOf(path)
  return index === null ? stepId : `${stepId}[${index}]`
}

/** The name of each step in results: its id, or its path where an id is not enough. */
export function namedSteps(steps: Iterable<WorkRunStep>): ReadonlyMap<string, WorkRunStep> {
  const own = [...steps].filter(isOfStep)
  const counts = new Map<string, number>()
  for (const step of own) counts.set(nameOf(step), (counts.get(nameOf(step)) ?? 0) + 1)
  return new Map(own.map((step) => [counts.get(nameOf(step)) === 1 ? nameOf(step) : step.path, step] as const))
}

/** A run with its steps, as people see it. */
export function viewOf(run: RunState, steps: readonly WorkRunStep[]): WorkflowState {
  const named = namedSteps(steps)
  const at = (path: string) => steps.find((step) => step.path === path)
  const [input, output] = [at(inputPath)?.output, at(outputPath)?.output]
  const status = runStatusOf(run, steps)
  const failure = status === 'failed' ? failureOf(run) : null
  const { resourceId } = run.details
  return {
    runId: run.id,
    workflowId: run.name,
    status,
    ...(input === undefined ? {} : { input }),
    ...(output === undefined || status !== 'success' ? {} : { result: output }),
    ...(failure === null ? {} : { error: failure.error }),
    steps: Object.fromEntries([...named].map(([name, step]) => [name, stepState(step)])),
    suspended: [...named].flatMap(([name, step]) => (isSuspended(step) ? [[name] as const] : [])),
    state: new SharedState(steps).fields,
    ...(typeof resourceId === 'string' ? { resourceId } : {}),
    ...(run.threadId === undefined ? {} : { threadId: run.threadId }),
    startedAt: run.startedAt,
    updatedAt: run.updatedAt,
  }
}

/** The JSON of a request's context, as a run keeps it. */
export function contextOf(continuation: Json): JsonObject {
  const context = isJsonObject(continuation) ? continuation.requestContext : undefined
  return isJsonObject(context) ? context : {}
}
