/** Ends the turn of a run that waits, or was interrupted: its calls are declined, and get an error text. */
import type { Change } from '../../domain/commit/commit.ts'
import { MemoryError, notFound } from '../../domain/error.ts'
import { parseRunId } from '../../domain/id.ts'
import { isToolPart, type MessagePart } from '../../domain/records/message.ts'
import type { AgentSpace, AgentTurn } from '../../ports/agent-memory.ts'
import { isPending } from '../answer/answer-parts.ts'
import { turnMessages } from '../input/stored-thread.ts'
import { closeAnyhow } from '../turn/close-turn.ts'
import { endingRun } from '../turn/run-record.ts'
import { completing } from '../turn/suspended.ts'
import type { FoundRun } from './continue-run.ts'

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

/**
 * Ends the turn of a run as `aborted`. What waits is declined in the name of the memory's actor.
 *
 * @throws MemoryError `conflict` if somebody continues it at this moment; `not-found` if it is gone.
 */
export async function endRun({ space, run: { id: runId }, threadId, turnId: resumes }: FoundRun): Promise<void> {
  const unique = parseRunId(runId)?.unique
  if (unique === undefined) throw notFound('run', runId, 'Check the id.')
  await decline(space, runId)
  const resumed: Change = { kind: 'run-put', runId, threadId, turnId: resumes, status: 'running' }
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
