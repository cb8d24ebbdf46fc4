/** One delegation to a workflow: a run that is started once, and carried on wherever it was left. */
import { MemoryError, shown } from '../../domain/error.ts'
import type { JsonObject } from '../../domain/json.ts'
import type { DelegatingCall } from '../call.ts'
import type { CalledWorkflow, WorkflowPlace, WorkflowStanding } from '../called-workflow.ts'
import type { DelegationNews, Primitive } from '../relay.ts'
import { workflowPlace } from '../subagents/subordinate.ts'
import type { PendingCall } from '../suspension/pending-calls.ts'
import type { ToolCall } from '../tools/tool.ts'
import { endWithTurn } from './end-with-turn.ts'
import { causeOfWork, failedWork } from './work-failure.ts'

/** Work for a workflow. */
export interface WorkflowTask {
  readonly workflow: CalledWorkflow
  readonly primitive: Primitive
  readonly toolName: string
  readonly inputData: unknown
}

/** The steps that wait, as calls of the run. */
function callsOf({ waits }: WorkflowStanding): readonly PendingCall[] {
  return waits
    .filter(({ status }) => status === 'asked')
    .map(({ path, stepId, payload, resumeSchema }) => ({
      ...{ toolCallId: path, toolName: stepId, args: null, kind: 'suspension' as const },
      ...(payload === undefined ? {} : { suspendPayload: payload }),
      ...(resumeSchema === undefined ? {} : { resumeSchema }),
    }))
}

function cannotWait(id: string): MemoryError {
  return new MemoryError('unsupported', {
    message: `A step of the workflow ${shown(id)} waits, and the agent has no thread in which its call could wait.`,
    fix: 'Give the call of the agent a resourceId and a threadId, and the agent a memory.',
    details: { workflow: id },
  })
}

/** Returns the result, or suspends the call where a step of the workflow waits. */
export async function delegateToWorkflow(call: DelegatingCall, task: WorkflowTask, tool: ToolCall): Promise<unknown> {
  const { workflow, primitive, toolName, inputData } = task
  const { toolCallId } = tool
  const began = performance.now()
  const tell = (news: DelegationNews) => call.relay.tell({ toolCallId, toolName, primitive, ...news })
  const note = (status: string, more: JsonObject) => {
    const ms = Math.round(performance.now() - began)
    call.log.note({ toolCallId, workflowId: primitive.id, key: primitive.key, status, ms, ...more })
  }
  const place = placeOf(call, tool)
  tell({ kind: 'started', args: inputData })
  let standing: WorkflowStanding
  try {
    standing = await workflow.carryOut(place ?? { unique: `call-${crypto.randomUUID()}` }, {
      ...{ inputData, requestContext: call.requestContext, signal: tool.abortSignal },
      listen: (event) => tell({ kind: 'part', part: event }),
    })
    if (standing.status === 'failed') throw standing.error
    if (standing.status === 'suspended' && place === null) {
      await workflow.cancel(standing.runId)
      throw cannotWait(primitive.id)
    }
  } catch (error) {
    tool.abortSignal?.throwIfAborted()
    note('failed', causeOfWork(error))
    tell({ kind: 'ended', status: 'failed', runId: null, error })
    call.agent.log('warn', `A delegation to the workflow ${shown(primitive.key)} failed.`, error)
    throw failedWork(primitive, error)
  }
  const { status, runId, result } = standing
  note(status, { runId })
  if (status === 'complete') {
    tell({ kind: 'ended', status, runId, result })
    return result
  }
  // A run that is still open is met again when the turn goes on.
  tell({ kind: 'ended', status: 'suspended', runId })
  endWithTurn(call, tool)
  return tool.suspend({ agentId: primitive.id, runId, calls: callsOf(standing) })
}

/** Where the run is: in the resource of the call. null: the call stores nothing. */
function placeOf({ remembered }: DelegatingCall, { runId, toolCallId }: ToolCall): WorkflowPlace | null {
  if (remembered === null || runId === undefined) return null
  const { space, thread } = remembered
  return workflowPlace({ space, threadId: thread.id, runId, toolCallId })
}
