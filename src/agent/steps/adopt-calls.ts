/** Calls that an earlier version left waiting get their records when somebody decides about them by their ids. */
import type { ToolSet } from 'ai'
import type { TurnId } from '../../domain/id.ts'
import { stepKey, stepNoun } from '../../domain/records/step.ts'
import type { AgentSpace, RunStep } from '../../ports/agent-memory.ts'
import { turnMessages } from '../input/stored-thread.ts'
import { CallSteps } from './call-steps.ts'

/** A turn that waits, and its run. */
interface WaitingTurn {
  readonly runId: string
  readonly threadId: string
  readonly turnId: TurnId
}

/**
 * The steps of a run that waits, with those of calls that had none.
 *
 * @param tools Of the agent: they say what a call waits for.
 */
export async function stepsOfWaiting(
  space: AgentSpace,
  { runId, threadId, turnId }: WaitingTurn,
  tools: ToolSet,
): Promise<readonly RunStep[]> {
  const steps = await space.steps(runId)
  const answers = (await turnMessages(space, threadId, turnId)).filter(({ role }) => role === 'assistant')
  const missing = answers.flatMap(({ id: messageId, parts }) => {
    const calls = new CallSteps({ runId, threadId, messageId }, tools, new Map(), steps)
    return calls.following(parts).filter(({ change }) => change.kind === 'step-put')
  })
  if (missing.length === 0) return steps
  const absent = missing.map(({ path }) => ({ absent: { noun: stepNoun, key: stepKey(runId, path) } }))
  const changes = missing.map(({ change }) => change)
  // If somebody else was faster, these are the same records.
  await space.commitAlone(changes, absent)
  return space.steps(runId)
}
