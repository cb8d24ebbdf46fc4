/** Runs that nobody carries on: decided calls whose process is gone, and turns that were interrupted between their steps. */
import { MemoryError } from '../../domain/error.ts'
import type { TurnId } from '../../domain/id.ts'
import { isToolPart } from '../../domain/records/message.ts'
import type { RunState } from '../../domain/records/run.ts'
import type { AgentSpace } from '../../ports/agent-memory.ts'
import { type CalledAgent, memoryFor } from '../call.ts'
import { callOptions } from '../call-options.ts'
import { lastMessage, turnMessages } from '../input/stored-thread.ts'
import type { CallOptions } from '../options.ts'
import { RequestContext } from '../request-context.ts'
import { generate } from '../run/generate.ts'
import { endWaiting } from '../turn/suspended.ts'
import { below } from './calls-below.ts'
import { type FoundRun, settleContinued, withoutPlace } from './continue-run.ts'
import { endBelow, endOrphans } from './end-below.ts'

/** Options of `recover`: those of the calls that continue the runs. */
export type RecoverOptions = Pick<CallOptions, 'requestContext' | 'abortSignal'>

/** A run that was continued, or could not be. */
export interface RecoveredRun {
  readonly runId: string
  /** How its turn stands now: `complete`, `suspended` if calls still wait, or `failed`. */
  readonly status: 'complete' | 'suspended' | 'failed'
  /** Why it failed. */
  readonly error?: unknown
}

const perPage = 100

/** Why a run can never go on. */
const lasting = ['tool-gone', 'call-lost'] as const

/** Whether the answer of a turn has calls: those of tools that only read have no records. */
async function hasCalledTools(space: AgentSpace, threadId: string, turnId: TurnId): Promise<boolean> {
  const messages = await turnMessages(space, threadId, turnId)
  return messages.some(({ role, parts }) => role === 'assistant' && parts.some(isToolPart))
}

/**
 * Whether there is something to carry on: a decision, or a turn that ended in the middle of its work. What a turn has handed on
 * that nobody carries on ends.
 */
async function isLeft(
  agent: CalledAgent,
  space: AgentSpace,
  run: RunState,
  requestContext: RequestContext,
): Promise<FoundRun | null> {
  const { threadId, turnId } = run
  if (threadId === undefined || turnId === undefined) return null
  // The supervisor carries on the work that it has handed on.
  if (run.parentRunId !== undefined) return null
  const steps = await space.steps(run.id)
  const waiting = { space, run, threadId, turnId }
  const under = await below(agent, waiting, requestContext, true)
  const isDecided = [...steps, ...under.calls.map(({ step }) => step)].some(({ status }) => {
    return status === 'decided' || status === 'expired'
  })
  if (run.status === 'suspended') return isDecided || under.isMoved ? waiting : null
  if (steps.length === 0 && !(await hasCalledTools(space, threadId, turnId))) return null
  // A conversation that has gone on since is not answered from its middle.
  const last = await lastMessage(space, threadId)
  if (isDecided || last?.message.turnId === turnId) return waiting
  await endBelow(agent, waiting, requestContext)
  return null
}

async function continued(
  agent: CalledAgent,
  options: CallOptions,
  given: RecoverOptions,
  waiting: FoundRun,
): Promise<RecoveredRun> {
  const { run, space, threadId, turnId } = waiting
  try {
    const { status } = await generate(await settleContinued(agent, options, given, waiting))
    return { runId: run.id, status }
  } catch (error) {
    const reason = error instanceof MemoryError ? lasting.find((one) => one === error.details.reason) : undefined
    if (reason !== undefined) await endWaiting(space, agent.id, threadId, turnId, { status: 'failed', error: reason })
    return { runId: run.id, status: 'failed', error }
  }
}

/** Continues each run of an agent that is left behind, once. */
export async function recover(agent: CalledAgent, given: RecoverOptions): Promise<readonly RecoveredRun[]> {
  const options = callOptions(withoutPlace(agent.options.defaultOptions), given)
  const requestContext = options.requestContext ?? new RequestContext()
  const { usable, actor } = await memoryFor(agent, requestContext)
  const recovered: RecoveredRun[] = []
  for (let after: { startedAt: string; runId: string } | null = null; ; ) {
    const page = await usable.waitingRuns(actor, {
      kind: 'agent',
      names: [agent.id],
      statuses: ['suspended', 'interrupted'],
      after,
      limit: perPage,
    })
    for (const { space, run } of page) {
      options.abortSignal?.throwIfAborted()
      const waiting = await isLeft(agent, space, run, requestContext)
      if (waiting !== null) recovered.push(await continued(agent, options, given, waiting))
    }
    const last = page.at(-1)
    if (last === undefined || page.length < perPage) break
    after = { startedAt: last.run.startedAt, runId: last.run.id }
  }
  await endOrphans(agent, requestContext)
  return recovered
}
