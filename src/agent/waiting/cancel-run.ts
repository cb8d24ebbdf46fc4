/** Cancels a run that waits: its calls are declined, and its turn ends. */
import { MemoryError, notFound, shown } from '../../domain/error.ts'
import { checkId } from '../../domain/id.ts'
import { fieldsOf } from '../../domain/option-checks.ts'
import type { RunState } from '../../domain/records/run.ts'
import { type CalledAgent, memoryFor } from '../call.ts'
import { type RequestContext, requestContextOf } from '../request-context.ts'
import { endBelow } from './end-below.ts'
import { endRun } from './end-run.ts'

/** Options of `agent.cancelRun`. */
export interface CancelRunOptions {
  /** Handed to the agent's `memory`, if that is a function. */
  readonly requestContext?: RequestContext
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
 * its turn ends as `aborted`. What its calls have handed to others ends with it.
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
  if (space === null || run === null || run.name !== agent.id) {
    throw notFound('run', runId, 'Check the id, and that it is a run of this agent.')
  }
  if (run.status !== 'suspended') refuseOther(run)
  const { threadId, turnId } = run
  if (threadId === undefined || turnId === undefined) refuseOther(run)
  const found = { space, run, threadId, turnId }
  await endRun(found)
  // The turn of the supervisor ends first; recover() ends what a process leaves that dies here.
  await endBelow(agent, found, requestContext)
}
