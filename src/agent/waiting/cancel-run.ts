/** Cancels a run that waits: its calls are declined, and its turn ends. */
import type { Change } from '../../domain/commit/commit.ts'
import { MemoryError, notFound, shown } from '../../domain/error.ts'
import { checkId, parseRunId, type TurnId } from '../../domain/id.ts'
import { fieldsOf } from '../../domain/option-checks.ts'
import { isToolPart, type MessagePart } from '../../domain/records/message.ts'
import type { RunState } from '../../domain/records/run.ts'
import type { AgentSpace, AgentTurn } from '../../ports/agent-memory.ts'
import { isPending } from '../answer/answer-parts.ts'
import { type CalledAgent, memoryFor } from '../call.ts'
import { turnMessages } from '../input/stored-thread.ts'
import { type RequestContext, requestContextOf } from '../request-context.ts'
import { closeAnyhow } from '../turn/close-turn.ts'
import { endingRun } from '../turn/run-record.ts'
import { completing } from '../turn/suspended.ts'

/** Options of `agent.cancelRun`. */
export interface CancelRunOptions {
  /** Handed to the agent's `memory`, if that is a function. */
  readonly requestContext?: RequestContext
}

const reason = 'The run was cancelled.'

/** Declines what waits, as the actor of the memory. Somebody may have decided about a call first. */
async function decline(space: AgentSpace, runId: string): Promise<void> {
  for (const { path, status } of await space.steps(runId)) {
    if (status !== 'asked') continue
    const decision = { approved: false, reason }
    try {
      await space.decide([{ kind: 'step-patch', runId, path, status: 'decided', decision }])
    } catch (error) {
      if (!(error instanceof MemoryError) || error.code !== 'conflict') throw error
    }
  }
}

/** A call that ends without a result. */
function cancelled(part: MessagePart): MessagePart {
  return { ...part, state: 'output-error', errorText: reason }
}

/** Ends the calls of a resumed turn, each with its record. */
async function endCalls(space: AgentSpace, turn: AgentTurn, runId: string): Promise<void> {
  const steps = new Map((await space.steps(runId)).map(({ path, status }) => [path, status]))
  const settling = (path: string): readonly Change[] => {
    const status = steps.get(path)
    steps.delete(path)
    const isOver = status === undefined || status === 'settled'
    return isOver ? [] : [{ kind: 'step-patch', runId, path, status: 'settled' }]
  }
  for (const { id: messageId, parts } of await turnMessages(space, turn.threadId, turn.id)) {
    for (const part of parts) {
      if (!isToolPart(part) || !isPending(part) || typeof part.toolCallId !== 'string') continue
      const { toolCallId } = part
      const ended = completing(turn.threadId, { messageId, toolCallId, part: cancelled(part) })
      await turn.commit([ended, ...settling(toolCallId)])
    }
  }
  const left = [...steps.keys()].flatMap(settling)
  if (left.length > 0) await turn.commit(left)
}

/** @throws MemoryError `conflict` for a run that does not wait. */
function refuseOther({ id, status }: RunState): never {
  throw new MemoryError('conflict', {
    message: `The run ${shown(id)} is ${status}: only a run that waits is cancelled.`,
    fix: status === 'running' ? 'Stop its call with abortSignal, or wait until it ends.' : 'Nothing is left to cancel.',
    details: { runId: id, status },
  })
}

/**
 * Cancels a run of an agent that waits. Its calls are declined in the name of the memory's actor and get an error text, and
 * its turn ends as `aborted`.
 *
 * @throws MemoryError `not-found` for an unknown run, one of another agent, or one that the memory may not read; `conflict`
 *   for a run that does not wait, or that somebody continues at this moment.
 */
export async function cancelRun(agent: CalledAgent, given: string, options?: CancelRunOptions): Promise<void> {
  const runId = checkId(given, 'runId')
  const stated = fieldsOf(options, 'cancelRun', ['requestContext'])
  const requestContext = requestContextOf(stated)
  const { usable, actor } = await memoryFor(agent, requestContext)
  const space = await usable.spaceOfRun(actor, runId)
  const run = space === null ? null : (await space.runs.get(runId)).record
  const unique = parseRunId(runId)?.unique
  if (space === null || run === null || unique === undefined || run.name !== agent.id) {
    throw notFound('run', runId, 'Check the id, and that it is a run of this agent.')
  }
  if (run.status !== 'suspended') refuseOther(run)
  const { threadId, turnId } = run
  if (threadId === undefined || turnId === undefined) refuseOther(run)
  await decline(space, runId)
  const resumes: TurnId = turnId
  const resumed: Change = { kind: 'run-put', runId, threadId, turnId, status: 'running' }
  const request = { threadId, runId: unique, resumes, replaces: [], before: [], changes: [resumed] }
  const turn = await space.begin(request, false)
  try {
    await endCalls(space, turn, runId)
    await turn.close('aborted', [endingRun(turn, 'aborted')])
  } catch (error) {
    await closeAnyhow(turn, 'aborted', endingRun(turn, 'aborted'))
    throw error
  }
}
