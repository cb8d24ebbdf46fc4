/**
 * A question that is answered once, however often it is put: by a process that has ended in between, too. It stands in the
 * thread under an id of its caller, and what became of its turn says what is left to do.
 */
import type { Actor } from '../../domain/actor.ts'
import { type ErrorCode, MemoryError } from '../../domain/error.ts'
import { runIdIn, type TurnId } from '../../domain/id.ts'
import { isJsonObject } from '../../domain/json.ts'
import { isInternal, isToolPart, type Message, type MessagePart, toolNameOf } from '../../domain/records/message.ts'
import type { RunState } from '../../domain/records/run.ts'
import type { TurnStatus } from '../../domain/records/turn.ts'
import type { StandardSchema } from '../../domain/standard-schema.ts'
import type { AgentMemory, AgentSpace } from '../../ports/agent-memory.ts'
import { type Call, type CalledAgent, type GivenRun, memoryFor, settleCall } from '../call.ts'
import { callOptions } from '../call-options.ts'
import { turnMessages } from '../input/stored-thread.ts'
import type { CallOptions, CallThread } from '../options.ts'
import type { RequestContext } from '../request-context.ts'
import { generate } from '../run/generate.ts'
import type { AgentResult, AgentStreamPart } from '../run/result.ts'
import { stream } from '../run/stream.ts'
import { type PendingCall, pendingCallsOf } from '../suspension/pending-calls.ts'
import {
  approve,
  type Decide,
  decidedCall,
  decline,
  type FoundRun,
  resumeWith,
  settleContinued,
  withoutPlace,
} from './continue-run.ts'

/** What is decided about a call that waits: whether it may run, or the data that it goes on with. */
export type CallDecision = { readonly toolCallId: string } & (
  | { readonly approved: boolean; readonly reason?: string }
  | { readonly data: unknown }
)

/** The conversation that a question belongs to. */
export interface QuestionPlace {
  /** Its space in the memory of the agent that is asked. */
  readonly spaceIn: (memory: AgentMemory, agent: Actor) => AgentSpace
  readonly thread: CallThread
  /** Who asks. */
  readonly author: Actor
  /** The run of the answer. Default: one of its own each time that the question is put. */
  readonly run?: GivenRun
}

/** A question, and where and how it is answered. */
export interface StepQuestion {
  /** Of its message: the same each time, and of no other question. */
  readonly id: string
  readonly prompt: string
  readonly requestContext: RequestContext
  readonly signal: AbortSignal
  /** The conversation that it belongs to; null: it is put without memory. */
  readonly place: QuestionPlace | null
  /** The form of the answer, as JSON in its text. */
  readonly schema: StandardSchema | null
  /** Options of the calls that answer it, over those of the agent. Default: none. */
  readonly options?: Pick<CallOptions, 'instructions' | 'maxSteps'>
  /** Told of each part of the answer's stream. Default: nobody, and the answer is not streamed. */
  readonly listen?: (part: AgentStreamPart) => void
  /** About calls that the answer waits for. Those of calls that are decided already are left out. */
  readonly decisions: readonly CallDecision[]
}

/** What is known of an answer in addition to its text. */
interface ToldOfAnswer {
  /** How its last step ended, in the words of the AI SDK. */
  readonly finishReason?: string
  /** Tokens. */
  readonly usage?: { readonly inputTokens: number; readonly outputTokens: number }
  readonly toolResults: readonly { readonly toolCallId: string; readonly toolName: string; readonly result: unknown }[]
}

/** The answer, or the calls that it waits for. */
export type AnswerToQuestion =
  | {
      readonly status: 'complete'
      readonly text: string
      /** null for an answer that is not stored. */
      readonly runId: string | null
      readonly told: ToldOfAnswer
    }
  | {
      readonly status: 'suspended'
      readonly runId: string
      readonly calls: readonly PendingCall[]
      /** Why a decision was not taken; null if all were. */
      readonly refused: string | null
    }

/** What the last step of an answer says. */
function textOf({ parts }: Message): string {
  const last = parts.slice(parts.findLastIndex(({ type }) => type === 'step-start') + 1)
  return last.flatMap(({ type, text }) => (type === 'text' ? [String(text ?? '')] : [])).join('')
}

/** The options of a call that answers it. Those of the agent stay, except for its place. */
function optionsOf({ options }: CalledAgent, question: StepQuestion): CallOptions {
  const { requestContext, signal, place, schema, options: stated, listen } = question
  return callOptions(withoutPlace(options.defaultOptions), {
    requestContext,
    abortSignal: signal,
    ...stated,
    // The listener is told of errors; the AI SDK would write them to the console.
    ...(listen === undefined ? {} : { onError: () => {} }),
    ...(place === null ? {} : { author: place.author }),
    ...(schema === null ? {} : { structuredOutput: { schema } }),
  })
}

/** What a call answered. */
interface Answered {
  readonly text: string
  readonly turnId: TurnId | null
  readonly runId: string | null
  /** Whether a call of a tool asks for an approval. */
  readonly waits: boolean
  readonly told: ToldOfAnswer
}

/** Calls the model, and tells the listener of each part of the stream. */
async function answeredBy(call: Call, { listen }: StepQuestion): Promise<Answered> {
  if (listen === undefined) {
    const result = await generate(call)
    const waits = result.content.some(({ type }) => type === 'tool-approval-request')
    return { ...placeOf(result), text: result.text, waits, told: toldBy(result) }
  }
  const answer = await stream(call)
  let waits = false
  let failure: { readonly error: unknown } | null = null
  for await (const part of answer.fullStream) {
    listen(part)
    if (part.type === 'tool-approval-request') waits = true
    if (part.type === 'error') failure ??= { error: part.error }
  }
  const { status } = await answer.finished
  call.signal?.throwIfAborted()
  if (failure !== null) throw failure.error
  if (status !== 'complete' && status !== 'suspended') throw brokenOff(call.agent, status)
  const [text, steps, finishReason, usage] = await Promise.all([
    answer.text,
    answer.steps,
    answer.finishReason,
    answer.usage,
  ])
  return { ...placeOf(answer), text, waits, told: toldBy({ steps, finishReason, usage }) }
}

function placeOf({ turnId, runId }: Pick<AgentResult, 'turnId' | 'runId'>): Pick<Answered, 'turnId' | 'runId'> {
  return { turnId: turnId as TurnId | null, runId }
}

function toldBy({ finishReason, usage, steps }: Pick<AgentResult, 'finishReason' | 'usage' | 'steps'>): ToldOfAnswer {
  const { inputTokens = 0, outputTokens = 0 } = usage
  const toolResults = steps.flatMap((step) => {
    return step.toolResults.map(({ toolCallId, toolName, output }) => ({
      toolCallId,
      toolName,
      result: output as unknown,
    }))
  })
  return { finishReason, usage: { inputTokens, outputTokens }, toolResults }
}

/** The same from what is stored: another process would tell the same. */
function toldIn(run: RunState | null, parts: readonly MessagePart[]): ToldOfAnswer {
  const { finishReason, usage } = run?.details ?? {}
  const toolResults = parts.filter((part) => isToolPart(part) && !isInternal(part) && part.state === 'output-available')
  return {
    ...(typeof finishReason === 'string' ? { finishReason } : {}),
    ...(isJsonObject(usage) ? { usage: usage as unknown as NonNullable<ToldOfAnswer['usage']> } : {}),
    toolResults: toolResults.map((part) => {
      return { toolCallId: String(part.toolCallId), toolName: toolNameOf(part), result: part.output ?? null }
    }),
  }
}

function brokenOff({ id, name }: CalledAgent, status: string): MemoryError {
  return new MemoryError('aborted', {
    message: `The answer of the agent ${name} broke off: its turn is ${status}.`,
    fix: 'Read its thread, or ask again.',
    details: { agentId: id, status },
  })
}

/** Without a thread nothing can wait: the call that asked for it would be lost. */
function checkNothingWaits(agent: CalledAgent, { waits }: Answered): void {
  if (!waits) return
  throw new MemoryError('unsupported', {
    message: `The agent ${agent.name} asks for an approval, and has no thread in which it could wait.`,
    fix: 'Give the run a resourceId and a threadId, and the agent a memory.',
    details: { agentId: agent.id },
  })
}

async function answerWithoutMemory(agent: CalledAgent, question: StepQuestion): Promise<AnswerToQuestion> {
  const options = optionsOf(agent, { ...question, place: null })
  const answered = await answeredBy(await settleCall(agent, question.prompt, options), question)
  checkNothingWaits(agent, answered)
  return { status: 'complete', text: answered.text, runId: null, told: answered.told }
}

function decideBy(decision: CallDecision): Decide {
  if ('data' in decision) return resumeWith(decision.data)
  return decision.approved ? approve(decision.reason) : decline(decision.reason)
}

/** A question as it was put before. */
interface PutBefore extends FoundRun {
  readonly status: TurnStatus
}

/** Errors of those who decide: the call waits on. */
const refusals: ReadonlySet<ErrorCode> = new Set(['conflict', 'denied', 'invalid-input', 'not-found'])

/** How often a question is looked at again because somebody else was at work on it. */
const mostLooks = 20

class Answering {
  readonly #agent: CalledAgent
  readonly #question: StepQuestion
  readonly #place: QuestionPlace
  readonly #threadId: string
  readonly #options: CallOptions
  readonly #space: AgentSpace
  #refused: string | null = null

  constructor(agent: CalledAgent, question: StepQuestion, place: QuestionPlace, space: AgentSpace) {
    this.#agent = agent
    this.#question = question
    this.#place = place
    this.#threadId = place.thread.id
    this.#space = space
    this.#options = optionsOf(agent, question)
  }

  /** Does what is left to do, until the question has its answer or waits. */
  async answer(): Promise<AnswerToQuestion> {
    let { id } = this.#question
    const { run } = this.#place
    for (let look = 1; ; look++) {
      this.#question.signal.throwIfAborted()
      const before = await this.#putBefore(id)
      const answer = before === null ? null : await this.#carriedOn(before)
      if (answer !== null) return answer
      try {
        return await this.#ask(id, run)
      } catch (error) {
        if (!(error instanceof MemoryError) || error.code !== 'conflict' || look === mostLooks) throw error
        // Somebody else has put it at this moment.
        if (run !== undefined && error.details.runId !== undefined) continue
        if (!('answeredBy' in error.details)) throw error
        // It got no whole answer, and the thread has gone on since: it is put again, as another message.
        if (error.details.answeredBy === null && !error.retryable) id = `${this.#question.id}~${look}`
      }
    }
  }

  /** The question as it stands in the thread, once nobody works on it; null if it has to be put. */
  async #putBefore(id: string): Promise<PutBefore | null> {
    for (;;) {
      const places = await this.#space.messages.find(id)
      const place = places.find(({ message }) => message.threadId === this.#threadId)
      if (place === undefined) return null
      const { turnId } = place.message
      const turn = await this.#space.messages.turn(turnId)
      const runId = runIdIn(turnId, turn?.runId ?? null)
      if (turn === null || turn.replacedBy !== null || runId === null) return null
      if (turn.status !== 'open') {
        const { record: run } = await this.#space.runs.get(runId)
        if (run === null) return null
        return { space: this.#space, run, threadId: this.#threadId, turnId, status: turn.status }
      }
      await this.#space.turnEnded(this.#threadId, turnId, this.#question.signal)
    }
  }

  /** The answer that is stored, or what comes of going on with it; null if the question has to be put again. */
  async #carriedOn(before: PutBefore): Promise<AnswerToQuestion | null> {
    const { status, run, turnId } = before
    if (status === 'complete') return this.#stored(turnId, run.id)
    if (status === 'interrupted') {
      const hasCalled = (await this.#messages(turnId)).some(({ role, parts }) => {
        return role === 'assistant' && parts.some(isToolPart)
      })
      // Nothing but words was lost: asking again is all that going on would be. A given run goes on, and ends.
      return hasCalled || this.#place.run !== undefined ? this.#goOn(before) : null
    }
    if (status !== 'suspended') {
      if (this.#place.run === undefined) return null
      // What it did may have had its effect: a run that was given has one end.
      throw brokenOff(this.#agent, status)
    }
    for (const decision of this.#question.decisions) await this.#decide(run.id, decision)
    const steps = await this.#space.steps(run.id)
    // Calls that hand work on have started, and go on with the turn.
    if (steps.some((step) => step.status !== 'asked' && step.status !== 'settled')) return this.#goOn(before)
    return this.#waiting(turnId, run.id)
  }

  async #waiting(turnId: TurnId, runId: string): Promise<AnswerToQuestion> {
    const calls = (await this.#messages(turnId)).flatMap(({ parts }) => pendingCallsOf(parts))
    return { status: 'suspended', runId, calls, refused: this.#refused }
  }

  async #decide(runId: string, decision: CallDecision): Promise<void> {
    const { toolCallId } = decision
    try {
      await decidedCall(this.#agent, { ...this.#kept(), runId, toolCallId }, decideBy(decision))
    } catch (error) {
      if (!(error instanceof MemoryError)) throw error
      // Somebody was first, or this process was, before it ended: what was decided counts.
      if (error.code === 'conflict' && 'decided' in error.details) return
      if (!refusals.has(error.code)) throw error
      this.#refused = error.message
    }
  }

  #kept() {
    const { requestContext, signal } = this.#question
    return { requestContext, abortSignal: signal }
  }

  async #goOn(waiting: FoundRun): Promise<AnswerToQuestion> {
    const { requestContext } = this.#question
    return this.#after(await settleContinued(this.#agent, this.#options, { requestContext }, waiting))
  }

  async #ask(id: string, run: GivenRun | undefined): Promise<AnswerToQuestion> {
    const { prompt } = this.#question
    const input = { id, role: 'user', parts: [{ type: 'text', text: prompt }] } as const
    const place = {
      space: this.#space,
      thread: this.#place.thread,
      goesOn: null,
      ...(run === undefined ? {} : { run }),
    }
    return this.#after(await settleCall(this.#agent, [input], this.#options, place))
  }

  /** What a call answers, as it is stored: another process would read the same. */
  async #after(call: Call): Promise<AnswerToQuestion> {
    const { turnId, runId, text, told } = await answeredBy(call, this.#question)
    if (turnId === null) return { status: 'complete', text, runId, told }
    const turn = await this.#space.messages.turn(turnId)
    const waits = turn?.status === 'suspended' && runId !== null
    return waits ? this.#waiting(turnId, runId) : this.#stored(turnId, runId)
  }

  async #stored(turnId: TurnId, runId: string | null): Promise<AnswerToQuestion> {
    const answer = (await this.#messages(turnId)).findLast(({ role }) => role === 'assistant')
    const run = runId === null ? null : (await this.#space.runs.get(runId)).record
    const told = toldIn(run, answer?.parts ?? [])
    return { status: 'complete', text: answer === undefined ? '' : textOf(answer), runId, told }
  }

  #messages(turnId: TurnId): Promise<readonly Message[]> {
    return turnMessages(this.#space, this.#threadId, turnId)
  }
}

/**
 * Answers a question of a workflow. With memory, it is put once: after a process has ended in the middle, its answer is
 * taken from the thread, or what was begun is carried on.
 *
 * @throws MemoryError `unsupported` for an agent without a thread that asks for an approval; what `agent.generate` throws.
 */
export async function answerOnce(agent: CalledAgent, question: StepQuestion): Promise<AnswerToQuestion> {
  const { place, requestContext } = question
  const hasMemory = agent.options.memory !== undefined || agent.defaultMemory !== null
  if (place === null || !hasMemory) return answerWithoutMemory(agent, question)
  const { usable, actor } = await memoryFor(agent, requestContext)
  return new Answering(agent, question, place, place.spaceIn(usable, actor)).answer()
}
