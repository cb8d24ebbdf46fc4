/** The events of a run, for those who follow it: what was stored, in the order in which it was. */
import type { Json } from '../../domain/json.ts'
import type { WorkRunStep } from '../../ports/agent-memory.ts'
import type { StepError } from './outcome.ts'

/** What an event of a step says about it. */
interface StepPayload {
  /** The id of the step. */
  readonly id: string
  /** Its place in the run, such as `2/b` or `3[17]`. */
  readonly path: string
}

/** How a run stands. */
export const workflowStatuses = ['pending', 'running', 'waiting', 'suspended', 'success', 'failed', 'canceled'] as const

/**
 * How a run stands: `pending` if nobody works on it at the moment, `running`, `waiting` for a time, `suspended` if it waits
 * for somebody; or how it ended: with `success`, `failed`, `bailed` early with an output, or `canceled`.
 */
export type WorkflowStatus = (typeof workflowStatuses)[number]

type Events = {
  'workflow-start': { readonly workflowId: string }
  'workflow-step-start': StepPayload & {
    readonly status: 'running'
    /** What the step is given; absent for those who follow from another process. */
    readonly payload?: unknown
    readonly attempt: number
    /** ISO time. */
    readonly startedAt: string
  }
  'workflow-step-output': StepPayload & { readonly output: unknown }
  'workflow-step-result': StepPayload & {
    readonly status: 'success' | 'failed' | 'bailed'
    readonly output?: Json
    readonly error?: StepError
    /** ISO time. */
    readonly endedAt: string
  }
  'workflow-step-suspended': StepPayload & {
    readonly status: 'suspended'
    readonly suspendPayload?: Json
    /** The name to resume it by, if it chose one. */
    readonly resumeLabel?: string
    /** The JSON Schema of the data that it waits for. */
    readonly resumeSchema?: Json
    /** ISO time after which it fails. */
    readonly expiresAt?: string
  }
  'workflow-step-waiting': StepPayload & {
    readonly status: 'waiting'
    /** ISO time. */
    readonly until: string
  }
  'workflow-step-progress': StepPayload & {
    readonly completedCount: number
    readonly totalCount: number
    readonly currentIndex: number
    readonly iterationStatus: 'success' | 'failed' | 'suspended' | 'bailed'
    readonly iterationOutput?: Json
  }
  'workflow-finish': {
    readonly status: WorkflowStatus
    readonly result?: Json
    readonly error?: StepError
  }
}

/** The types of the events of a run. */
export type WorkflowEventType = keyof Events

/** An event of a run. `payload` depends on its type. */
export type WorkflowEvent = {
  readonly [Type in WorkflowEventType]: {
    readonly type: Type
    readonly runId: string
    readonly from: 'WORKFLOW'
    readonly payload: Events[Type]
  }
}[WorkflowEventType]

export function eventOf<Type extends WorkflowEventType>(
  type: Type,
  runId: string,
  payload: Events[Type],
): WorkflowEvent {
  return { type, runId, from: 'WORKFLOW', payload } as WorkflowEvent
}

const outcomeStatus = { complete: 'success', failed: 'failed', bailed: 'bailed' } as const

/** What happened to a step when its record became what it is now; null for what nobody is told. */
export function eventOfStep(step: WorkRunStep, input?: { readonly payload: unknown }): WorkflowEvent | null {
  const { runId, stepId: id, path, status } = step
  const about = { id, path }
  // Decisions of the workflow itself, its input and its output are no steps of anybody.
  if (step.stepKind === 'plain' && step.attempt === 0) return null
  if (status === 'started') {
    const { attempt, startedAt = step.askedAt } = step
    return eventOf('workflow-step-start', runId, { ...about, status: 'running', ...input, attempt, startedAt })
  }
  if (status === 'asked' && step.stepKind === 'sleep') {
    return eventOf('workflow-step-waiting', runId, {
      ...about,
      status: 'waiting',
      until: step.expiresAt ?? step.askedAt,
    })
  }
  if (status === 'asked') {
    const { payload, label, resumeSchema, expiresAt } = step
    return eventOf('workflow-step-suspended', runId, {
      ...about,
      status: 'suspended',
      ...(payload === undefined ? {} : { suspendPayload: payload }),
      ...(label === undefined ? {} : { resumeLabel: label }),
      ...(resumeSchema === undefined ? {} : { resumeSchema }),
      ...(expiresAt === undefined ? {} : { expiresAt }),
    })
  }
  if (status !== 'settled') return null
  const { outcome = 'complete', output, error, endedAt = step.askedAt } = step
  return eventOf('workflow-step-result', runId, {
    ...about,
    status: outcomeStatus[outcome],
    ...(output === undefined ? {} : { output }),
    ...(error === undefined ? {} : { error: error as StepError }),
    endedAt,
  })
}
