/** Turns that wait for answers to their calls: they are resumed, or ended if nothing continues them. */

import { sameActor } from '../../domain/actor.ts'
import type { Change } from '../../domain/commit/commit.ts'
import { shown } from '../../domain/error.ts'
import type { TurnId } from '../../domain/id.ts'
import { type Message, toolNameOf } from '../../domain/records/message.ts'
import type { AgentSpace, AgentTurnRequest } from '../../ports/agent-memory.ts'
import { endedParts, growthOf } from '../answer/answer-parts.ts'
import type { Completion, SentAnswer } from '../input/completions.ts'
import type { InputPlan } from '../input/input.ts'
import { turnMessages } from '../input/stored-thread.ts'
import { stepPatch } from '../steps/step-change.ts'
import type { ModelOutputs } from '../tools/model-outputs.ts'
import { closeAnyhow } from './close-turn.ts'
import { endingRun, type ResumedRun, resumingRun, runIdOfTurn } from './run-record.ts'

/** The answer of a call, as a change. An extension completes one call, and a commit changes a message once. */
export function completing(threadId: string, { messageId, toolCallId, part }: Completion): Change {
  return { kind: 'message-extend', threadId, messageId, complete: { toolCallId, part } }
}

/** The answers to calls that clients carried out, each with what a model is shown of it. */
export function withModelOutputs<Answer extends Completion>(
  completions: readonly Answer[],
  outputs: ModelOutputs,
): Promise<readonly Answer[]> {
  const shown = completions.map(async (completion) => {
    const { part, toolCallId } = completion
    if (part.state !== 'output-available') return completion
    const { input, output } = part
    const modelOutput = await outputs.of({ toolName: toolNameOf(part), toolCallId, input, output })
    return modelOutput === null ? completion : { ...completion, part: { ...part, modelOutput } }
  })
  return Promise.all(shown)
}

export async function storedMessage(space: AgentSpace, threadId: string, messageId: string): Promise<Message | null> {
  const places = await space.messages.find(messageId)
  return places.find(({ message }) => message.threadId === threadId)?.message ?? null
}

/** Resumes a suspended or interrupted turn, with the first of the answers that it waited for, if any came. */
export function resuming(
  threadId: string,
  turnId: TurnId,
  { runId, run, expect }: ResumedRun,
  first: Completion | undefined,
): AgentTurnRequest {
  const changes = [...(first === undefined ? [] : [completing(threadId, first)]), run]
  return { threadId, runId, resumes: turnId, replaces: [], before: [], changes, expect }
}

/** How a waiting turn ends that nothing continues. */
interface WaitingEnd {
  /** Answers that came for its calls. Default: none. */
  readonly completions?: readonly Completion[]
  readonly status: 'complete' | 'failed' | 'aborted'
  /** Why it failed, for the record of the run. */
  readonly error?: string
  /** Whether it may be open only while no other turn is. Default: false. */
  readonly alone?: boolean
}

/** Adds to a waiting turn the answers that came for it, and ends it: nothing continues it. */
export async function endWaiting(
  space: AgentSpace,
  name: string,
  threadId: string,
  turnId: TurnId,
  { completions = [], status, error: reason, alone = false }: WaitingEnd,
): Promise<void> {
  const [first, ...rest] = completions
  const run = await resumingRun(space, name, threadId, turnId)
  const turn = await space.begin(resuming(threadId, turnId, run, first), alone)
  try {
    for (const completion of rest) await turn.commit([completing(threadId, completion)])
    for (const { id: messageId, role, parts } of await turnMessages(space, threadId, turnId)) {
      const growth = role === 'assistant' ? growthOf(parts, endedParts(parts, false)) : null
      for (const left of growth?.completed ?? []) await turn.commit([completing(threadId, { messageId, ...left })])
    }
    const open = (await space.steps(runIdOfTurn(turn))).filter((step) => step.status !== 'settled')
    const steps = open.map(({ runId, path, attempt }) => stepPatch(attempt, { runId, path, status: 'settled' }).change)
    await turn.close(status, [...steps, endingRun(turn, status, reason === undefined ? {} : { error: reason })])
  } catch (error) {
    await closeAnyhow(turn, 'failed', endingRun(turn, 'failed'))
    throw error
  }
}

/** Answers grouped by the turn of their call, in the order in which they came. */
function byTurn(completions: readonly SentAnswer[]): Map<TurnId, SentAnswer[]> {
  const turns = new Map<TurnId, SentAnswer[]>()
  for (const completion of completions) {
    const { turnId } = completion
    turns.set(turnId, [...(turns.get(turnId) ?? []), completion])
  }
  return turns
}

/**
 * Stores answers that do not resume the call's own turn: those of earlier turns, and all of them if the input also has
 * a new message. Their suspended turns end here.
 *
 * @param alone Whether their turns may be open only while no other turn is.
 * @returns The plan with only those answers that its own turn continues with.
 */
export async function answeredBefore(
  space: AgentSpace,
  name: string,
  threadId: string,
  plan: InputPlan,
  alone: boolean,
): Promise<InputPlan> {
  if (plan.completions.length === 0) return plan
  const resumes = plan.fresh.length === 0 ? plan.resumes : null
  const turns = byTurn(plan.completions)
  const warnings = [...plan.warnings]
  for (const [turnId, completions] of turns) {
    if (turnId === resumes) continue
    const turn = await space.messages.turn(turnId)
    if (turn?.status !== 'suspended') continue
    if (sameActor(turn.actor, space.actor)) {
      await endWaiting(space, name, threadId, turnId, { completions, status: 'complete', alone })
    } else {
      warnings.push(
        `A call of ${turn.actor.kind} ${shown(turn.actor.id)} was answered; only that actor can continue it.`,
      )
    }
  }
  return { ...plan, resumes, completions: turns.get(resumes as TurnId) ?? [], warnings }
}
