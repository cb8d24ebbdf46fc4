/** Deciding: what somebody says about a call that waits, as a commit of its own to the record of that call. */
import { type Actor, defaultAuthor } from '../../domain/actor.ts'
import { MemoryError } from '../../domain/error.ts'
import { equalJson, type Json } from '../../domain/json.ts'
import type { AgentSpace, RunStep } from '../../ports/agent-memory.ts'
import { stepPatch } from './step-change.ts'

/** What is decided about a call. */
export interface Verdict {
  /** false: the call does not run. */
  readonly approved?: boolean
  readonly reason?: string
  /** What a suspended tool goes on with, or the result of a client's tool. */
  readonly data?: Json
}

/**
 * Who decides: the memory's actor if it is a person or an agent; the application decides for the user whose request it
 * serves.
 */
export function deciderOf(space: AgentSpace, sender: Actor | undefined): Actor {
  const { decider } = space
  if (decider.kind !== 'system') return decider
  return sender ?? defaultAuthor('user', decider, space.address)
}

function isSame({ decision }: RunStep, { approved, reason, data }: Verdict): boolean {
  if (decision === undefined) return false
  const said = decision.approved === approved && decision.reason === reason
  return said && equalJson(decision.data ?? null, data ?? null)
}

/**
 * Whether a decision like this was made, and the process that was to carry it out is gone. Saying it again carries it out: a turn
 * that was interrupted, or one that nobody has continued for as long as a lease lasts.
 */
async function isLeftBehind(space: AgentSpace, step: RunStep, verdict: Verdict): Promise<boolean> {
  if (step.decision === undefined || step.status === 'settled' || !isSame(step, verdict)) return false
  const [place] = await space.messages.find(step.messageId)
  const turn = place === undefined ? null : await space.messages.turn(place.message.turnId)
  if (turn?.status === 'interrupted') return true
  const waits = turn?.status === 'suspended' && step.status === 'decided'
  return waits && space.elapsedMs(step.decision.at) > space.limits.turnLeaseMs
}

/** The input of a call as its message has it now; undefined if the message is gone, and the record with it. */
async function inputOf(space: AgentSpace, { messageId, threadId, path }: RunStep): Promise<Json | undefined> {
  const place = (await space.messages.find(messageId)).find(({ message }) => message.threadId === threadId)
  const call = place?.message.parts.find(({ toolCallId }) => toolCallId === path)
  return call === undefined ? undefined : (call.input ?? null)
}

/**
 * Decides about a call that waits. What is not declined must still be what was asked about.
 *
 * @throws MemoryError `conflict` with `decided` if somebody was first or the call has expired, `conflict`
 *   without it if the input of the call was changed, `denied` for who may not
 *   decide.
 */
export async function decideStep(space: AgentSpace, step: RunStep, verdict: Verdict, by: Actor): Promise<void> {
  const { runId, path, attempt } = step
  // Only the application decides for somebody else.
  const decision = space.decider.kind === 'system' ? { by, ...verdict } : verdict
  const input = verdict.approved === false ? undefined : await inputOf(space, step)
  const said = { runId, path, status: 'decided', decision } as const
  const { change } = stepPatch(attempt, input === undefined ? said : { ...said, input })
  try {
    await space.decide([change])
  } catch (error) {
    if (!(error instanceof MemoryError) || error.code !== 'conflict') throw error
    const now = await space.step(step.runId, step.path)
    if (now === null || !(await isLeftBehind(space, now, verdict))) throw error
  }
}
