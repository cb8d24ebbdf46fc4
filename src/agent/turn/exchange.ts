/** A call's exchange with its thread: the turn that it opens, the prompt, and the end of the turn. */

import type { ModelMessage, SystemModelMessage, ToolSet, UIMessage } from 'ai'
import { invariant } from '../../domain/error.ts'
import type { TurnId } from '../../domain/id.ts'
import type { JsonObject } from '../../domain/json.ts'
import type { MessagePart } from '../../domain/records/message.ts'
import type { AgentTurn } from '../../ports/agent-memory.ts'
import type { StoredAnswer } from '../answer/answer-changes.ts'
import { type Call, processedContext, questionOf, type Remembered } from '../call.ts'
import { assembleContext } from '../context/context.ts'
import { unstoredUtterance } from '../context/conversation.ts'
import { forwarded, forwardedAlone } from '../context/forwarded.ts'
import { notesSeen } from '../context/observations.ts'
import type { ContextInput } from '../context/section.ts'
import { sections as promptSections } from '../context/sections.ts'
import { type InputPlan, planInput } from '../input/input.ts'
import { checkParts } from '../input/known-parts.ts'
import { turnMessages } from '../input/stored-thread.ts'
import { withoutApproved } from '../input/unissued.ts'
import { loadSdk } from '../sdk.ts'
import { BegunCalls } from '../steps/begun-calls.ts'
import { CallSteps } from '../steps/call-steps.ts'
import { suspendingTools } from '../suspension/suspending-tools.ts'
import { Suspensions } from '../suspension/suspensions.ts'
import { withCheckedResults } from '../tools/checked-results.ts'
import { DataParts } from '../tools/data-parts.ts'
import { ModelOutputs } from '../tools/model-outputs.ts'
import { ResultRoom } from '../tools/result-room.ts'
import type { AnswerOfTurn } from './answering-turn.ts'
import { toolsContext, toolsInside } from './contextual-tools.ts'
import { readyNotes, tellTrimmed } from './noting.ts'
import { giveUp, OwnTurn } from './own-turn.ts'
import { type BegunTurn, beginCallTurn, originOf } from './planning.ts'
import { runIdOfTurn } from './run-record.ts'
import { completing, storedMessage } from './suspended.ts'

/** The prompt of a call's model, and the turn that stores its answer. */
export interface Exchange {
  readonly instructions?: string | SystemModelMessage[]
  readonly messages: ModelMessage[]
  readonly tools: ToolSet
  /** For the AI SDK: the context of each tool. */
  readonly toolsContext: Record<string, unknown>
  /** Parts that the application and its tools add to the answer. */
  readonly dataParts: DataParts
  /** null for a call that stores nothing. */
  readonly turn: OwnTurn | null
}

/** The model messages of an input without a thread: the application's own, without approved calls. */
async function bareContext(call: Call): Promise<Pick<Exchange, 'instructions' | 'messages'>> {
  const { convertToModelMessages } = await loadSdk()
  const given = call.input.filter(({ input }) => input.role !== 'system').map(({ input }) => input)
  checkParts(given)
  const isSigned = call.options.experimental_toolApprovalSecret !== undefined
  const said = isSigned ? given : withoutApproved(given, call.warnings)
  const system = call.input.filter(({ input }) => input.role === 'system')
  const instructions = system.map(({ input }): SystemModelMessage => {
    return { role: 'system', content: input.parts.map(({ text }) => String(text ?? '')).join('\n') }
  })
  // Parts were read and checked; the SDK's own type of them is a closed union.
  const own = await convertToModelMessages(said as unknown as UIMessage[], { tools: call.tools })
  const all = [...call.instructions, ...instructions]
  call.shown.instructions = textOf(all)
  call.shown.said = said.map((message) => unstoredUtterance(message, call.sender))
  const messages = [...(await forwardedAlone(forwardedTo(call), call.agent.id)), ...own]
  return { ...(all.length === 0 ? {} : { instructions: all }), messages: await processedContext(call, messages) }
}

/** The stored answer that a resumed turn continues, with its calls answered; null if it has none yet. */
async function resumedAnswer({ space }: Remembered, { turn, driving }: BegunTurn): Promise<StoredAnswer | null> {
  if (driving === null || driving.messageId === null) return null
  const { threadId } = turn
  const { messageId, completions } = driving
  for (const completion of completions.slice(1)) await turn.commit([completing(threadId, completion)])
  return { messageId, parts: (await storedMessage(space, threadId, messageId))?.parts ?? [] }
}

function messagesIn(turn: AgentTurn): number {
  return turn.results.reduce((sum, result) => {
    return result.kind === 'message-append' ? sum + result.messages.filter(({ stored }) => stored).length : sum
  }, 0)
}

/** The open turn that a call's tools run in, and the answer so far. */
interface InTurn {
  readonly turn: AgentTurn
  readonly runId: string
  readonly messageId: string
  readonly stored: readonly MessagePart[]
  /** The calls of this turn whose start is stored. */
  readonly begun: BegunCalls
}

/** What a call that stores nothing calls its answer. */
const unstored = 'answer'

/** The tools of a call and those of its memory. */
function toolsOf(call: Call, { memory, space, thread }: Remembered, open: InTurn | null) {
  const { tools } = call
  const runId = open?.runId ?? null
  const room = open === null ? null : new ResultRoom(space.limits.messageBytes, open.stored)
  const dataParts = new DataParts(room)
  const context = toolsContext(call, tools, dataParts, { runId, memory, space, threadId: thread.id })
  const suspensions =
    open === null || room === null ? null : new Suspensions(open.runId, tools, room, space.limits.stepBytes)
  const checked = withCheckedResults(tools, room)
  const waiting = suspensions === null ? checked : suspendingTools(checked, suspensions)
  const inside = toolsInside(open?.turn ?? null, open === null ? waiting : open.begun.tools(waiting))
  const shortened = call.results === null ? null : { results: call.results, messageId: open?.messageId ?? unstored }
  const modelOutputs = new ModelOutputs(inside, room, shortened)
  return { tools: modelOutputs.tools, toolsContext: context, dataParts, modelOutputs, suspensions }
}

async function contextOf(
  call: Call,
  { space, thread, behaviour }: Remembered,
  plan: InputPlan,
  own: (Pick<BegunTurn, 'driving'> & { readonly turnId: TurnId; readonly goesOnWith: string | null }) | null,
): Promise<Pick<Exchange, 'instructions' | 'messages'> & { readonly seen: JsonObject }> {
  const said = forwardedTo(call)
  const sections = said.length === 0 ? promptSections : [...promptSections, forwarded(said)]
  const input: ContextInput = {
    space,
    agent: call.agent,
    threadId: thread.id,
    behaviour,
    instructions: asInstructions([...call.instructions, ...plan.instructions.map(systemMessage)]),
    newMessages: plan.fresh,
    ownTurnId: own?.turnId ?? null,
    replaces: plan.replaces,
    ...(own === null || own.goesOnWith === null ? {} : { goesOnWith: own.goesOnWith }),
    ...(own === null || own.driving === null ? {} : { runs: own.driving.runs }),
    question: questionOf(plan.fresh),
    tools: call.tools,
    ...(call.results === null ? {} : { results: call.results }),
    ...(call.signal === undefined ? {} : { signal: call.signal }),
  }
  const context = await assembleContext(input, sections)
  call.shown.instructions = textOf(call.instructions)
  call.shown.workingMemory = context.workingMemory
  call.shown.notes = context.notes
  call.shown.seenNotes = notesSeen(context.seen)
  call.shown.said = context.conversation
  call.warnings.push(...context.warnings)
  tellTrimmed(call, thread.id, context.seen)
  const { observationalMemory } = behaviour
  if (observationalMemory !== null) call.noteProgress.status(observationalMemory, thread.id, { ...context.seen.tokens })
  const messages = await processedContext(call, context.messages)
  call.signal?.throwIfAborted()
  const { instructions } = context
  // The record is plain JSON; an interface has no index signature, so the type checker cannot know.
  const seen = { ...context.seen } as unknown as JsonObject
  return { messages, seen, ...(instructions === undefined ? {} : { instructions }) }
}

/** What a subagent is shown of the conversation of its supervisor. */
const forwardedTo = ({ agent }: Call) => agent.work?.forwarded ?? []

const textOf = (messages: readonly SystemModelMessage[]) => messages.map(({ content }) => content).join('\n\n')

const systemMessage = (content: string): SystemModelMessage => ({ role: 'system', content })

/** One text if there is only text: some models accept only one system message. */
function asInstructions(messages: readonly SystemModelMessage[]): string | readonly SystemModelMessage[] {
  if (messages.some(({ providerOptions }) => providerOptions !== undefined)) return messages
  return textOf(messages)
}

/** A call that reads its thread and writes nothing. */
async function readOnlyExchange(call: Call, remembered: Remembered): Promise<Exchange> {
  const plan = await planInput(remembered.space, remembered.thread.id, call.input, {}, originOf(call, remembered))
  checkParts(plan.fresh)
  call.warnings.push(...plan.warnings)
  const { modelOutputs: _, suspensions: _none, ...tools } = toolsOf(call, remembered, null)
  call.noteProgress.showIn(tools.dataParts)
  const { seen: _seen, ...context } = await contextOf(call, remembered, plan, null)
  return { ...context, ...tools, turn: null }
}

/**
 * Begins a call's exchange. If it has a turn, the turn is open from here on, and the caller must end it. A request that
 * is being answered already gets the answer of that turn.
 *
 * @throws The error that refused the call; its turn is closed then.
 */
export async function beginExchange(call: Call): Promise<Exchange | AnswerOfTurn> {
  const { remembered } = call
  if (remembered === null) {
    const dataParts = new DataParts(null)
    return {
      ...(await bareContext(call)),
      tools: withCheckedResults(call.tools, null),
      toolsContext: toolsContext(call, call.tools, dataParts, null),
      dataParts,
      turn: null,
    }
  }
  if (remembered.behaviour.readOnly) return readOnlyExchange(call, remembered)
  const begun = await beginCallTurn(call, remembered)
  if ('said' in begun) return begun
  const { turn, plan, driving } = begun
  let resumed: StoredAnswer | null = null
  try {
    resumed = await resumedAnswer(remembered, begun)
    const own = await ownTurn(call, remembered, begun, resumed)
    call.noteProgress.showIn(own.dataParts)
    const at = { turnId: turn.id, goesOnWith: resumed?.messageId ?? null, driving }
    await readyNotes(call, turn.threadId)
    const { seen, ...context } = await contextOf(call, remembered, plan, at)
    own.turn.sees(seen)
    return { ...context, ...own }
  } catch (error) {
    await giveUp(turn, error, call.signal, resumed)
    throw error
  }
}

/** The id of the answer of a turn: the stored one's, or that of the turn's next message. */
async function answerId({ space }: Remembered, { turn, driving }: BegunTurn): Promise<string> {
  if (driving === null) return turn.messageId(messagesIn(turn))
  return turn.messageId((await turnMessages(space, turn.threadId, turn.id)).length)
}

/** The open turn of a call, with its tools. */
async function ownTurn(call: Call, remembered: Remembered, begun: BegunTurn, resumed: StoredAnswer | null) {
  const { turn, driving } = begun
  const runId = runIdOfTurn(turn)
  const stored = resumed?.parts ?? []
  const messageId = resumed?.messageId ?? (await answerId(remembered, begun))
  call.results?.begin(turn.id)
  const calls = new BegunCalls()
  const open = { turn, runId, messageId, stored, begun: calls }
  const { modelOutputs, suspensions, ...tools } = toolsOf(call, remembered, open)
  invariant(suspensions !== null, 'a turn may be suspended')
  for (const [toolCallId, { toolName, resumption }] of driving?.runs ?? []) {
    if (resumption !== null) await suspensions.resume({ toolCallId, toolName }, resumption)
  }
  const place = { runId, threadId: turn.threadId, messageId }
  const steps = new CallSteps(place, tools.tools, suspensions.suspended, driving?.steps ?? [])
  const { dataParts } = tools
  const records = { steps, calls, runs: driving?.runs ?? new Map() }
  const answer = { messageId, stored, modelOutputs, dataParts, suspensions }
  const own = new OwnTurn(call, { turn, runId, ...answer, ...records })
  call.shown.answer = () => ({ id: messageId, parts: own.answer.parts })
  return { ...tools, turn: own }
}
