/**
 * Driving: what a process that has taken a waiting turn does with its open calls, by their records. A call that was
 * approved or resumed runs, one that waits goes on waiting, and one that may have run already does not run again unless
 * its tool is safe to repeat.
 */
import type { ToolSet } from 'ai'
import { sameActor } from '../../domain/actor.ts'
import { MemoryError, shown } from '../../domain/error.ts'
import { runIdIn, type TurnId } from '../../domain/id.ts'
import { isJsonObject, type Json, type JsonObject } from '../../domain/json.ts'
import { isToolPart, type Message, type MessagePart, toolNameOf } from '../../domain/records/message.ts'
import type { AgentSpace, RunStep } from '../../ports/agent-memory.ts'
import type { Completion } from '../input/completions.ts'
import { turnMessages } from '../input/stored-thread.ts'
import { toolNamed } from '../tools/tool-set.ts'
import { isRetrySafe } from '../tools/tool-traits.ts'
import { isAsked } from './call-steps.ts'

/** What a suspended tool continues with. */
interface Resumption {
  readonly data: Json
  /** The payload that it was suspended with. */
  readonly suspendData?: Json
}

/** An open call that runs now. */
interface RunningCall {
  readonly toolName: string
  /** null for a call that was interrupted. */
  readonly resumption: Resumption | null
}

/** What becomes of the open calls of a turn that is continued. */
export interface Driving {
  readonly turnId: TurnId
  /** The answer that holds the calls; null if nothing of it is stored. */
  readonly messageId: string | null
  /** Calls that have their answer, or may run now because a person said so. */
  readonly completions: readonly Completion[]
  /** Other calls that run now: suspended ones with their data, and those that were interrupted. */
  readonly runs: ReadonlyMap<string, RunningCall>
  /** Calls without an answer. */
  readonly open: ReadonlySet<string>
  /** The steps of the run so far. */
  readonly steps: readonly RunStep[]
  /** Whether there is anything to go on with. If not, the turn waits for all of its calls. */
  readonly isMoved: boolean
}

const mayHaveRun = 'The process ended while this tool ran. It may have had its effect, and was not run again.'

/** What becomes of one open call; null if it waits, or if nobody has to do anything about it. */
type Fate = { readonly part: MessagePart } | { readonly runs: Resumption | null } | null

/** A call with what was said of it: the AI SDK runs it, or tells that it was declined. */
function respondedPart(call: MessagePart, approved: boolean, reason: string | undefined): MessagePart {
  const asked = isJsonObject(call.approval) ? call.approval : { id: `decided-${call.toolCallId}` }
  const approval: JsonObject = { ...asked, approved, ...(reason === undefined ? {} : { reason }) }
  return { ...call, state: 'approval-responded', approval } as MessagePart
}

function decided(call: MessagePart, { stepKind, decision, payload }: RunStep): Fate {
  const { approved, reason, data = null, expired } = decision ?? {}
  const why = expired === true ? 'expired' : reason
  if (stepKind === 'client') {
    if (approved !== false && expired !== true) {
      return { part: { ...call, state: 'output-available', output: data } as MessagePart }
    }
    return { part: { ...call, state: 'output-error', errorText: why ?? 'The client did not carry out the call.' } }
  }
  if (approved === false || expired === true) return { part: respondedPart(call, false, why) }
  if (stepKind === 'suspension') return { runs: { data, ...(payload === undefined ? {} : { suspendData: payload }) } }
  return call.state === 'approval-responded' ? null : { part: respondedPart(call, true, reason) }
}

function toolGone(call: MessagePart): MemoryError {
  const name = toolNameOf(call)
  return new MemoryError('not-found', {
    message: `The tool ${shown(name)} is not one of this agent any more, so its call cannot go on.`,
    fix: 'Give the agent the tool again, or decline the call.',
    details: { tool: name, toolCallId: call.toolCallId ?? null, reason: 'tool-gone' },
  })
}

/** Refuses to go on where a tool may have run for a call that the thread does not show: the model would ask for it again. */
function checkShown(steps: readonly RunStep[], message: Message | null): void {
  const shownIds = new Set(message?.parts.map(({ toolCallId }) => toolCallId))
  const lost = steps.find(({ path, status }) => status === 'started' && !shownIds.has(path))
  if (lost === undefined) return
  const { path, tool } = lost
  throw new MemoryError('conflict', {
    message: `The process ended while the tool ${shown(tool)} ran, and the thread does not show the call: it cannot go on.`,
    fix: 'See whether the tool had its effect, and say so in a new message. Answers that are stored step by step show their calls.',
    details: { tool, toolCallId: path, reason: 'call-lost' },
  })
}

/** A call about which a person is asked now: its process ended before it asked. */
function askedPart(call: MessagePart): MessagePart {
  return { ...call, state: 'approval-requested', approval: { id: `asks-${call.toolCallId}` } } as MessagePart
}

/**
 * The fate of a call that was about to start when its process ended. Nothing says that a rule about its approval was
 * followed, or what the rule said: a person is asked.
 */
function unbegun(call: MessagePart, tool: ToolSet[string] | undefined, isRuled: IsRuled): Fate {
  if (tool?.execute === undefined || isAsked(call)) return null
  return call.state !== 'approval-responded' && isRuled(tool) ? { part: askedPart(call) } : { runs: null }
}

/** The fate of a call that had started, or was about to start, when its process ended. */
function interrupted(call: MessagePart, step: RunStep | undefined, { tools, isRuled }: ToolsOfCall): Fate {
  const name = toolNameOf(call)
  const tool = toolNamed(tools, name)
  if (step?.status !== 'started') return unbegun(call, tool, isRuled)
  if (tool === undefined || !isRetrySafe(tool))
    return { part: { ...call, state: 'output-error', errorText: mayHaveRun } }
  const { stepKind, decision, payload } = step
  if (stepKind !== 'suspension') return call.state === 'approval-responded' ? null : { runs: null }
  return { runs: { data: decision?.data ?? null, ...(payload === undefined ? {} : { suspendData: payload }) } }
}

function isOpen(part: MessagePart): boolean {
  const { state } = part
  return (
    isToolPart(part) &&
    (state === 'input-available' || state === 'approval-requested' || state === 'approval-responded')
  )
}

function isApproved({ state, approval }: MessagePart): boolean {
  return state === 'approval-responded' && isJsonObject(approval) && approval.approved === true
}

/** Whether the approval of a tool's calls depends on a rule: `true`, or a function. */
type IsRuled = (tool: ToolSet[string]) => boolean

/** The tools of the call that goes on. */
interface ToolsOfCall {
  readonly tools: ToolSet
  readonly isRuled: IsRuled
}

function fateOf(call: MessagePart, step: RunStep | undefined, own: ToolsOfCall, wasInterrupted: boolean): Fate {
  const { tools } = own
  if (call.providerExecuted === true && step === undefined) return null
  if (step?.status === 'asked') return null
  if (step?.status === 'decided' || step?.status === 'expired') {
    const fate = decided(call, step)
    const willRun = fate === null || 'runs' in fate || isApproved(fate.part)
    const isHere = call.providerExecuted === true || toolNamed(tools, toolNameOf(call)) !== undefined
    if (willRun && !isHere) throw toolGone(call)
    return fate
  }
  return wasInterrupted || step?.status === 'started' ? interrupted(call, step, own) : null
}

async function answerIn(space: AgentSpace, threadId: string, turnId: TurnId): Promise<Message | null> {
  const messages = await turnMessages(space, threadId, turnId)
  return messages.findLast(({ role }) => role === 'assistant') ?? null
}

/**
 * What becomes of the calls of a turn that is continued; null for a turn that does not wait.
 *
 * @throws MemoryError `not-found` if the tool of a decided call is gone, `conflict` if the thread does not show a call
 *   whose tool may have run.
 */
export async function drivingOf(
  space: AgentSpace,
  threadId: string,
  turnId: TurnId,
  own: ToolsOfCall,
): Promise<Driving | null> {
  const turn = await space.messages.turn(turnId)
  const wasInterrupted = turn?.status === 'interrupted'
  if (turn === null || (turn.status !== 'suspended' && !wasInterrupted)) return null
  const runId = runIdIn(turnId, turn.runId)
  const [steps, message] = await Promise.all([
    runId === null ? [] : space.steps(runId),
    answerIn(space, threadId, turnId),
  ])
  if (wasInterrupted && sameActor(turn.actor, space.actor)) checkShown(steps, message)
  const byPath = new Map(steps.map((step) => [step.path, step]))
  const completions: Completion[] = []
  const runs = new Map<string, RunningCall>()
  const open = new Set<string>()
  // Memory refuses the turn of another actor, and says why.
  let isMoved = wasInterrupted || !sameActor(turn.actor, space.actor)
  for (const call of message?.parts ?? []) {
    const { toolCallId } = call
    if (message === null || typeof toolCallId !== 'string' || !isOpen(call)) continue
    open.add(toolCallId)
    const fate = fateOf(call, byPath.get(toolCallId), own, wasInterrupted)
    if (fate === null) {
      isMoved ||= byPath.get(toolCallId)?.status === 'decided'
      continue
    }
    isMoved = true
    if ('part' in fate) completions.push({ messageId: message.id, toolCallId, part: fate.part })
    else runs.set(toolCallId, { toolName: toolNameOf(call), resumption: fate.runs })
  }
  return { turnId, messageId: message?.id ?? null, completions, runs, open, steps, isMoved }
}
