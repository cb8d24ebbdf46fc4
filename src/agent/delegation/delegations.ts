/** The delegations of one call: each asks a subagent once, in a space and a thread of its own, whatever dies in between. */
import { MemoryError, shown } from '../../domain/error.ts'
import type { JsonObject } from '../../domain/json.ts'
import { defaultLimits, type Limits } from '../../domain/limits.ts'
import type { CalledAgent, DelegatedWork, DelegatingCall } from '../call.ts'
import type { Primitive } from '../relay.ts'
import { toolPrefix } from '../subagents/primitives.ts'
import { subordinate, type WorkPlace, workPlace } from '../subagents/subordinate.ts'
import type { ToolCall } from '../tools/tool.ts'
import { type AnswerToQuestion, answerOnce } from '../waiting/answer-once.ts'

const prefixes = Object.values(toolPrefix)

type DelegationLimits = Pick<Limits, 'delegationDepth' | 'delegationsPerRun'>

/** A signal that never ends anything. */
const never = new AbortController().signal

/** What a model is told of work that failed: the cause may quote what is none of its business. */
function failed({ type, key }: Primitive, cause: unknown): MemoryError {
  return new MemoryError('unavailable', {
    message: `The ${type} ${shown(key)} could not carry out the task.`,
    fix: 'Go on without its answer, or say that it is missing.',
    details: { [type]: key },
    retryable: false,
    cause,
  })
}

/** Why work failed, without words that may quote content. */
function causeOf(error: unknown): JsonObject {
  if (error instanceof MemoryError) return { error: error.code, fix: error.fix }
  const { name, statusCode } = (error ?? {}) as { readonly name?: unknown; readonly statusCode?: unknown }
  return {
    error: error instanceof Error && typeof name === 'string' ? name : 'Error',
    ...(typeof statusCode === 'number' ? { statusCode } : {}),
  }
}

export class Delegations {
  readonly #call: DelegatingCall
  readonly #limits: DelegationLimits
  readonly #work: DelegatedWork
  /** Delegations of the same run before this call of it. */
  #before: Promise<number> | null = null

  constructor(call: DelegatingCall) {
    this.#call = call
    this.#limits = call.remembered?.space.limits ?? defaultLimits
    const { depth, begun } = call.agent.work ?? { depth: 0, begun: { count: 0 } }
    this.#work = { depth: depth + 1, begun }
  }

  /** Hands a task to a subagent. Returns its answer, or suspends the call where the subagent waits. */
  async toAgent(agent: object, primitive: Primitive, prompt: string, call: ToolCall): Promise<string> {
    await this.#checkLimits(call)
    const { toolCallId } = call
    const { relay, log } = this.#call
    const about = { toolCallId, toolName: `agent-${primitive.key}`, primitive }
    const began = performance.now()
    relay.tell({ ...about, kind: 'started', args: { prompt } })
    const noted = (status: string, more: JsonObject) => {
      const ms = Math.round(performance.now() - began)
      log.note({ toolCallId, agentId: primitive.id, key: primitive.key, status, ms, ...more })
    }
    let answer: AnswerToQuestion
    try {
      answer = await this.#ask(agent, primitive, prompt, call)
    } catch (error) {
      relay.tell({ ...about, kind: 'ended', status: 'failed', runId: null, error })
      noted('failed', causeOf(error))
      call.abortSignal?.throwIfAborted()
      this.#call.agent.log('warn', `A delegation to the agent ${shown(primitive.key)} failed.`, error)
      throw failed(primitive, error)
    }
    const { status, runId } = answer
    noted(status, runId === null ? {} : { runId })
    if (answer.status === 'complete') {
      relay.tell({ ...about, kind: 'ended', status, runId, result: answer.text })
      return answer.text
    }
    relay.tell({ ...about, kind: 'ended', status, runId })
    return call.suspend({ agentId: primitive.id, runId, calls: answer.calls })
  }

  async #ask(agent: object, primitive: Primitive, prompt: string, call: ToolCall): Promise<AnswerToQuestion> {
    const { relay, requestContext } = this.#call
    const place = this.#placeOf(primitive, call)
    const about = { toolCallId: call.toolCallId, toolName: `agent-${primitive.key}`, primitive }
    return answerOnce(this.#called(agent), {
      id: place?.promptId ?? call.toolCallId,
      prompt,
      requestContext,
      signal: call.abortSignal ?? never,
      place,
      schema: null,
      decisions: [],
      ...(relay.isFollowed ? { listen: (part) => relay.tell({ ...about, kind: 'part', part }) } : {}),
    })
  }

  #called(agent: object): CalledAgent {
    const { agent: parent, model, remembered } = this.#call
    return subordinate(agent, { agent: parent, source: remembered?.source ?? null, model, work: this.#work })
  }

  /** Where the subagent remembers; null if the call stores nothing. */
  #placeOf({ key }: Primitive, { runId, toolCallId }: ToolCall): WorkPlace | null {
    const { agent, remembered } = this.#call
    if (remembered === null || runId === undefined) return null
    const { space, thread } = remembered
    return workPlace({ agent, space, threadId: thread.id, runId, toolCallId }, key)
  }

  /** @throws MemoryError `limit-exceeded`, in words for a model. */
  async #checkLimits({ runId, toolCallId }: ToolCall): Promise<void> {
    const { depth, begun } = this.#work
    const { delegationDepth, delegationsPerRun } = this.#limits
    if (depth > delegationDepth) {
      throw tooMuch('delegationDepth', delegationDepth, 'The task was handed on too often, from one agent to the next.')
    }
    this.#before ??= this.#countBefore(runId, toolCallId)
    begun.count += 1
    if ((await this.#before) + begun.count > delegationsPerRun) {
      throw tooMuch('delegationsPerRun', delegationsPerRun, 'Too many tasks were handed on.')
    }
  }

  async #countBefore(runId: string | undefined, toolCallId: string): Promise<number> {
    const { agent, remembered } = this.#call
    if (agent.work !== null || remembered === null || runId === undefined) return 0
    const steps = await remembered.space.steps(runId)
    const isBefore = ({ path, tool, status }: (typeof steps)[number]) => {
      return status === 'settled' && path !== toolCallId && prefixes.some((prefix) => tool.startsWith(prefix))
    }
    return steps.filter(isBefore).length
  }
}

function tooMuch(limit: keyof DelegationLimits, allowed: number, message: string): MemoryError {
  return new MemoryError('limit-exceeded', {
    message,
    fix: 'Do the rest yourself, or say what is left to do.',
    details: { limit, allowed },
  })
}
