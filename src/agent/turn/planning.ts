/**
 * How a call begins its turn: a new one for what is said, or one that waited and is continued, because its calls were
 * decided. Decisions are committed before the turn is waited for.
 */
import type { ToolSet } from 'ai'
import type { Change } from '../../domain/commit/commit.ts'
import { MemoryError, shown } from '../../domain/error.ts'
import type { TurnId } from '../../domain/id.ts'
import { type Json, type JsonObject, mergeJson } from '../../domain/json.ts'
import type { ReadMessage } from '../../domain/records/message-input.ts'
import type { AgentTurn, AgentTurnRequest } from '../../ports/agent-memory.ts'
import type { Call, Remembered } from '../call.ts'
import { answerablePlan } from '../input/answerable.ts'
import { type InputOrigin, type InputPlan, planInput } from '../input/input.ts'
import { checkParts } from '../input/known-parts.ts'
import { SentDecisions } from '../steps/decide-sent.ts'
import { type Driving, drivingOf } from '../steps/driving.ts'
import { isInsideTurnOf } from '../tools/inside-turn.ts'
import { ModelOutputs } from '../tools/model-outputs.ts'
import { toJson } from '../tools/result-json.ts'
import { parseOutput } from '../tools/tool-schema.ts'
import { toolNamed } from '../tools/tool-set.ts'
import { type AnswerOfTurn, answeringTurn, answerOfTurn } from './answering-turn.ts'
import { beginningContinuation } from './continuation.ts'
import { beginningRun, resumingRun } from './run-record.ts'
import { answeredBefore, resuming, withModelOutputs } from './suspended.ts'

/** What the call itself knows about its input; a client cannot change it. */
export function originOf({ sender, tools }: Call, { behaviour }: Remembered): InputOrigin {
  const runsHere = (name: string) => toolNamed(tools, name)?.execute !== undefined
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

/** The turn of a call, open from here on. */
export interface BegunTurn {
  readonly turn: AgentTurn
  readonly plan: InputPlan
  /** What becomes of the open calls of a turn that is continued; null for a new turn. */
  readonly driving: Driving | null
}

const nothingSaid: InputPlan = {
  fresh: [],
  replaces: [],
  completions: [],
  late: [],
  resumes: null,
  repeats: null,
  instructions: [],
  warnings: [],
}

/** The turn that a call wants to go on with was continued by somebody else. */
class OvertakenError extends Error {
  readonly turnId: TurnId

  constructor(turnId: TurnId) {
    super('Somebody else goes on with the turn.')
    this.turnId = turnId
  }
}

/** Whether a message can hold answers to calls. */
const mayAnswer = ({ input, isAnswer }: ReadMessage) => input.role === 'assistant' || isAnswer === true

/** Whether calls of a tool may need an approval: the tool's own rule, the agent's or the AI SDK's says so. */
function isRuledIn({ options }: Call): (tool: ToolSet[string]) => boolean {
  const hasSdkRule = options.toolApproval !== undefined
  return ({ needsApproval }) => hasSdkRule || (needsApproval ?? false) !== false
}

class Planning {
  readonly #call: Call
  readonly #remembered: Remembered
  readonly #decisions: SentDecisions
  plan: InputPlan = nothingSaid
  driving: Driving | null = null

  constructor(call: Call, remembered: Remembered) {
    this.#call = call
    this.#remembered = remembered
    this.#decisions = new SentDecisions(remembered.space, call.sender, (toolName, output) => {
      return checkClientResult(call, toolName, output)
    })
  }

  read(): Promise<InputPlan> {
    const call = this.#call
    const { space, thread } = this.#remembered
    const { trigger, messageId } = call.options
    const how = { ...(trigger === undefined ? {} : { trigger }), ...(messageId === undefined ? {} : { messageId }) }
    return planInput(space, thread.id, call.input, how, originOf(call, this.#remembered))
  }

  /** Decides what the input says about calls that wait. Work on the thread that is under way is not waited for. */
  async decide(): Promise<void> {
    if (this.#call.input.some(mayAnswer)) await this.#decisions.make(await this.read())
  }

  /** Plans the turn, with the thread as it is now. */
  async prepare(alone: boolean): Promise<AgentTurnRequest> {
    const call = this.#call
    const { space, thread } = this.#remembered
    const resumes = call.goesOn ?? (await this.#planned(alone))
    if (resumes === null) return openingRequest(call, this.#remembered, this.plan)
    const run = await resumingRun(space, call.agent.id, thread.id, resumes)
    call.log.restore(run.details)
    call.iterations?.restore(run.details, run.continuation)
    const driving = await drivingOf(space, thread.id, resumes, { tools: call.tools, isRuled: isRuledIn(call) })
    if (driving === null) throw new OvertakenError(resumes)
    const recorded = new Set(driving.steps.map(({ path }) => path))
    // Calls of earlier versions have no records.
    const others = this.plan.completions.filter(({ toolCallId }) => {
      return driving.open.has(toolCallId) && !recorded.has(toolCallId)
    })
    const isMoved = driving.isMoved || others.length > 0
    if (!isMoved) throw new OvertakenError(resumes)
    const all = [...driving.completions, ...others]
    const completions = await withModelOutputs(all, new ModelOutputs(call.tools))
    this.driving = { ...driving, completions }
    return resuming(thread.id, resumes, run, completions[0])
  }

  /** Plans what the input says. Returns the turn that it goes on with; null for a new one. */
  async #planned(alone: boolean): Promise<TurnId | null> {
    const call = this.#call
    const { space, thread } = this.#remembered
    const read = await this.read()
    await this.#decisions.make(read)
    const again = await this.#decisions.saidAgain(read)
    if (again !== null) return again
    const answerable = await answerablePlan(space, thread.id, call.input, read)
    checkParts(answerable.fresh)
    const completions = await withModelOutputs(answerable.completions, new ModelOutputs(call.tools))
    this.plan = await answeredBefore(space, call.agent.id, thread.id, { ...answerable, completions }, alone)
    return this.plan.resumes as TurnId | null
  }
}

/**
 * The result of a client's tool, as its schema takes it.
 *
 * @throws MemoryError `invalid-input` if the schema refuses it, or it is no JSON.
 */
export async function checkClientResult({ tools }: Call, toolName: string, output: unknown): Promise<Json> {
  const schema = toolNamed(tools, toolName)?.outputSchema
  return toJson(schema === undefined ? output : await parseOutput(toolName, schema, output))
}

/** The request to open a new turn, as data. */
async function openingRequest(call: Call, remembered: Remembered, plan: InputPlan): Promise<AgentTurnRequest> {
  const { space, thread } = remembered
  const threadId = thread.id
  const { runId, run } = beginningRun(space, call.agent.id, threadId, call.run, beginningContinuation(call))
  const before = await threadChanges(remembered)
  const messages = [...plan.fresh]
  const said: Change[] = messages.length === 0 ? [] : [{ kind: 'message-append', threadId, opened: 0, messages }]
  return { threadId, runId, resumes: null, replaces: plan.replaces, before, changes: [...said, run] }
}

/** Plans again for as long as somebody else continues the turn while this call plans to. */
async function untilCurrent<Result>(begin: () => Promise<Result>): Promise<Result> {
  for (;;) {
    try {
      return await begin()
    } catch (error) {
      const isLate = error instanceof MemoryError && error.code === 'conflict' && error.details.reason === 'expectation'
      if (!isLate) throw error
    }
  }
}

async function beginOrJoin(call: Call, remembered: Remembered): Promise<BegunTurn | { readonly joined: TurnId }> {
  const { space, thread, behaviour } = remembered
  const threadId = thread.id
  const turns = isInsideTurnOf(space, threadId) ? 'parallel' : behaviour.turns
  const planning = new Planning(call, remembered)
  await planning.decide()
  const join = async (open: readonly TurnId[]) => {
    return call.goesOn === null ? answeringTurn(space, open, () => planning.read()) : null
  }
  const order = { turns, signal: call.signal }
  const begun = await untilCurrent(() => space.beginTurn(threadId, order, join, (alone) => planning.prepare(alone)))
  if ('joined' in begun) return begun
  const { plan, driving } = planning
  call.warnings.push(...plan.warnings)
  if (begun.gaveUp) {
    const { turnWaitMs } = space.limits
    call.warnings.push(
      `An earlier turn of the thread was still open after ${turnWaitMs} ms: this one ran in parallel with it.`,
    )
  }
  return { turn: begun.turn, plan, driving }
}

/** The answer of a turn that somebody else has continued; null if it was interrupted again. */
async function answerOfOther(call: Call, { space, thread }: Remembered, turnId: TurnId): Promise<AnswerOfTurn | null> {
  const answer = await answerOfTurn(space, thread.id, turnId, call.signal, ['complete', 'suspended'])
  if (answer !== null) return answer
  const turn = await space.messages.turn(turnId)
  if (turn?.status === 'interrupted') return null
  throw new MemoryError('conflict', {
    message: `The turn ${shown(turnId)} was continued by somebody else, and is ${turn?.status ?? 'gone'}.`,
    fix: 'Read the thread. Send a new message to go on.',
    details: { turnId, status: turn?.status ?? 'gone' },
  })
}

/** Begins a call's turn, or waits for the turn that answers the same request. */
export async function beginCallTurn(call: Call, remembered: Remembered): Promise<BegunTurn | AnswerOfTurn> {
  for (;;) {
    try {
      const begun = await beginOrJoin(call, remembered)
      if (!('joined' in begun)) return begun
      const answer = await answerOfTurn(remembered.space, remembered.thread.id, begun.joined, call.signal)
      if (answer === null) continue
      call.warnings.push('The same request was being answered when this one came: this is the answer to both.')
      return answer
    } catch (error) {
      if (!(error instanceof OvertakenError)) throw error
      const answer = await answerOfOther(call, remembered, error.turnId)
      if (answer === null) continue
      call.warnings.push('Somebody else has continued this turn: this is the answer that it has now.')
      return answer
    }
  }
}
