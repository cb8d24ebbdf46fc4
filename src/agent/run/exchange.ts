/** A call's exchange with its thread: the turn that it opens, the prompt, and the end of the turn. */

import type { ModelMessage, SystemModelMessage, ToolSet, UIMessage } from 'ai'
import type { Change } from '../../domain/commit/commit.ts'
import { invariant } from '../../domain/error.ts'
import type { TurnId } from '../../domain/id.ts'
import { type JsonObject, mergeJson } from '../../domain/json.ts'
import type { MessagePart } from '../../domain/records/message.ts'
import type { AgentTurn, AgentTurnRequest } from '../../ports/agent-memory.ts'
import type { StoredAnswer } from '../answer/answer-changes.ts'
import { type Call, processedContext, questionOf, type Remembered } from '../call.ts'
import { assembleContext } from '../context/context.ts'
import { answerablePlan } from '../input/answerable.ts'
import { type InputOrigin, type InputPlan, planInput } from '../input/input.ts'
import { checkParts } from '../input/known-parts.ts'
import { withoutApproved } from '../input/unissued.ts'
import { loadSdk } from '../sdk.ts'
import { withCheckedResults } from '../tools/checked-results.ts'
import { DataParts } from '../tools/data-parts.ts'
import { isInsideTurnOf } from '../tools/inside-turn.ts'
import { ModelOutputs } from '../tools/model-outputs.ts'
import { ResultRoom } from '../tools/result-room.ts'
import { type AnswerOfTurn, answeringTurn, answerOfTurn } from './answering-turn.ts'
import { toolsContext, toolsInside } from './contextual-tools.ts'
import { giveUp, OwnTurn } from './own-turn.ts'
import { beginningRun, runIdOfTurn } from './run-record.ts'
import { answeredBefore, completing, resuming, storedMessage, withModelOutputs } from './suspended.ts'
import { suspendingTools } from './suspending-tools.ts'
import { Suspensions } from './suspensions.ts'

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
  const messages = await convertToModelMessages(said as unknown as UIMessage[], { tools: call.tools })
  const all = [...call.instructions, ...instructions]
  return { ...(all.length === 0 ? {} : { instructions: all }), messages: await processedContext(call, messages) }
}

/** What the call itself knows about its input; a client cannot change it. */
function originOf({ sender, tools }: Call, { behaviour }: Remembered): InputOrigin {
  const runsHere = (name: string) => Object.hasOwn(tools, name) && tools[name]?.execute !== undefined
  return { ...(sender === undefined ? {} : { sender }), runsHere, history: behaviour.history }
}

/** Changes that give the thread the call's title and metadata, if it lacks them. */
async function threadChanges({ space, thread: named }: Remembered): Promise<readonly Change[]> {
  const { id: threadId, title, metadata } = named
  if (title === undefined && metadata === undefined) return []
  const { record: thread } = await space.threads.get(threadId)
  const isNew = thread === null || thread.deleted
  const given = title !== undefined && (isNew || thread.title === null) ? { title } : {}
  const patch = metadata as JsonObject | undefined
  const before = isNew ? {} : thread.metadata
  const isKnown = patch === undefined || (!isNew && JSON.stringify(mergeJson(before, patch)) === JSON.stringify(before))
  const added = isKnown || patch === undefined ? {} : { metadata: patch }
  if (Object.keys(given).length + Object.keys(added).length === 0) return []
  return [{ kind: 'thread-put', threadId, ...given, ...added }]
}

interface Begun {
  readonly turn: AgentTurn
  readonly plan: InputPlan
}

/** The request to open a call's turn, as data. */
async function requestOf(call: Call, remembered: Remembered, plan: InputPlan): Promise<AgentTurnRequest> {
  const { space, thread } = remembered
  const threadId = thread.id
  const [completion] = plan.completions
  if (plan.resumes !== null && completion !== undefined) {
    return resuming(space, call.agent.id, threadId, plan.resumes as TurnId, completion)
  }
  const { runId, run } = beginningRun(space, call.agent.id, threadId)
  const before = await threadChanges(remembered)
  const messages = [...plan.fresh]
  const said: Change[] = messages.length === 0 ? [] : [{ kind: 'message-append', threadId, opened: 0, messages }]
  return { threadId, runId, resumes: null, replaces: plan.replaces, before, changes: [...said, run] }
}

async function begin(call: Call, remembered: Remembered): Promise<Begun | { readonly joined: TurnId }> {
  const { space, thread, behaviour } = remembered
  const threadId = thread.id
  const turns = isInsideTurnOf(space, threadId) ? 'parallel' : behaviour.turns
  const { trigger, messageId } = call.options
  const how = { ...(trigger === undefined ? {} : { trigger }), ...(messageId === undefined ? {} : { messageId }) }
  const planned = () => planInput(space, threadId, call.input, how, originOf(call, remembered))
  let plan: InputPlan | null = null
  const join = (open: readonly TurnId[]) => answeringTurn(space, open, planned)
  const begun = await space.beginTurn(threadId, { turns, signal: call.signal }, join, async (alone) => {
    const read = await planned()
    const answerable = await answerablePlan(space, threadId, call.input, read)
    checkParts(answerable.fresh)
    const completions = await withModelOutputs(answerable.completions, new ModelOutputs(call.tools))
    plan = await answeredBefore(space, call.agent.id, threadId, { ...answerable, completions }, alone)
    return requestOf(call, remembered, plan)
  })
  if ('joined' in begun) return begun
  const used = plan as unknown as InputPlan
  call.warnings.push(...used.warnings)
  if (begun.gaveUp) {
    const { turnWaitMs } = space.limits
    call.warnings.push(
      `An earlier turn of the thread was still open after ${turnWaitMs} ms: this one ran in parallel with it.`,
    )
  }
  return { turn: begun.turn, plan: used }
}

/** The stored answer that a resumed turn continues, with its calls answered. */
async function resumedAnswer({ space }: Remembered, { turn, plan }: Begun): Promise<StoredAnswer | null> {
  const { threadId } = turn
  const [first, ...rest] = plan.resumes === null ? [] : plan.completions
  if (first === undefined) return null
  for (const completion of rest) await turn.commit([completing(threadId, completion)])
  const { messageId } = first
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
  const inside = toolsInside(open?.turn ?? null, waiting)
  const shortened = call.results === null ? null : { results: call.results, messageId: open?.messageId ?? unstored }
  const modelOutputs = new ModelOutputs(inside, room, shortened)
  return { tools: modelOutputs.tools, toolsContext: context, dataParts, modelOutputs, suspensions }
}

async function contextOf(
  call: Call,
  { space, thread, behaviour }: Remembered,
  plan: InputPlan,
  own: { readonly turnId: TurnId; readonly goesOnWith: string | null } | null,
): Promise<Pick<Exchange, 'instructions' | 'messages'> & { readonly seen: JsonObject }> {
  const context = await assembleContext({
    space,
    agent: call.agent,
    threadId: thread.id,
    behaviour,
    instructions: asInstructions([...call.instructions, ...plan.instructions.map(systemMessage)]),
    newMessages: plan.fresh,
    ownTurnId: own?.turnId ?? null,
    replaces: plan.replaces,
    ...(own === null || own.goesOnWith === null ? {} : { goesOnWith: own.goesOnWith }),
    question: questionOf(plan.fresh),
    tools: call.tools,
    ...(call.results === null ? {} : { results: call.results }),
    ...(call.signal === undefined ? {} : { signal: call.signal }),
  })
  call.warnings.push(...context.warnings)
  const messages = await processedContext(call, context.messages)
  call.signal?.throwIfAborted()
  const { instructions } = context
  // The record is plain JSON; an interface has no index signature, so the type checker cannot know.
  const seen = { ...context.seen } as unknown as JsonObject
  return { messages, seen, ...(instructions === undefined ? {} : { instructions }) }
}

const systemMessage = (content: string): SystemModelMessage => ({ role: 'system', content })

/** One text if there is only text: some models accept only one system message. */
function asInstructions(messages: readonly SystemModelMessage[]): string | readonly SystemModelMessage[] {
  if (messages.some(({ providerOptions }) => providerOptions !== undefined)) return messages
  return messages.map(({ content }) => content).join('\n\n')
}

/** A call that reads its thread and writes nothing. */
async function readOnlyExchange(call: Call, remembered: Remembered): Promise<Exchange> {
  const plan = await planInput(remembered.space, remembered.thread.id, call.input, {}, originOf(call, remembered))
  checkParts(plan.fresh)
  call.warnings.push(...plan.warnings)
  const { modelOutputs: _, suspensions: _none, ...tools } = toolsOf(call, remembered, null)
  const { seen: _seen, ...context } = await contextOf(call, remembered, plan, null)
  return { ...context, ...tools, turn: null }
}

/** Begins a call's turn, or waits for the open turn that answers the same request. */
async function beginOrWait(call: Call, remembered: Remembered): Promise<Begun | AnswerOfTurn> {
  for (;;) {
    const begun = await begin(call, remembered)
    if (!('joined' in begun)) return begun
    const answer = await answerOfTurn(remembered.space, remembered.thread.id, begun.joined, call.signal)
    if (answer === null) continue
    call.warnings.push('The same request was being answered when this one came: this is the answer to both.')
    return answer
  }
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
  const begun = await beginOrWait(call, remembered)
  if ('said' in begun) return begun
  const { turn, plan } = begun
  const runId = runIdOfTurn(turn)
  let resumed: StoredAnswer | null = null
  try {
    resumed = await resumedAnswer(remembered, begun)
    const stored = resumed?.parts ?? []
    const messageId = resumed?.messageId ?? turn.messageId(messagesIn(turn))
    call.results?.begin(turn.id)
    const { modelOutputs, suspensions, ...tools } = toolsOf(call, remembered, { turn, runId, messageId, stored })
    invariant(suspensions !== null, 'a turn may be suspended')
    const own = { turnId: turn.id, goesOnWith: resumed?.messageId ?? null }
    const { seen, ...context } = await contextOf(call, remembered, plan, own)
    const answer = { modelOutputs, suspensions, dataParts: tools.dataParts }
    return { ...context, ...tools, turn: new OwnTurn(call, { turn, runId, messageId, stored, seen, ...answer }) }
  } catch (error) {
    await giveUp(turn, error, call.signal, resumed)
    throw error
  }
}
