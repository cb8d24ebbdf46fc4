/** One delegation to a subagent: begun once, asked once, told to the hooks, and carried on wherever it was left. */
import type { Actor } from '../../domain/actor.ts'
import { shown } from '../../domain/error.ts'
import { runIdIn } from '../../domain/id.ts'
import type { JsonObject } from '../../domain/json.ts'
import { resourceOf } from '../../domain/space.ts'
import type { DelegatedWork, DelegatingCall } from '../call.ts'
import { memoryFor } from '../call.ts'
import type { Utterance } from '../context/model-messages.ts'
import type { DelegationComplete, DelegationContext, DelegationResult } from '../delegation-options.ts'
import { Hooks } from '../hooks.ts'
import type { DelegationNews, Primitive } from '../relay.ts'
import { notesId } from '../shown-conversation.ts'
import { hasOwnMemory, subordinate, type WorkPlace, workPlace } from '../subagents/subordinate.ts'
import type { ToolCall } from '../tools/tool.ts'
import { keptWork } from '../turn/continuation.ts'
import { type AnswerToQuestion, answerOnce } from '../waiting/answer-once.ts'
import { endWithTurn } from './end-with-turn.ts'
import { chosen, inFront, keptMessages, toMessage } from './forwarding.ts'
import { decideByHook, sharedBy } from './sharing.ts'
import { causeOfWork, failedWork } from './work-failure.ts'

/** A task for a subagent. */
export interface Task {
  readonly agent: object
  readonly primitive: Primitive
  readonly toolName: string
  readonly prompt: string
}

/** A task as it is asked. */
interface Asked extends Pick<DelegatedWork, 'forwarded' | 'kept'> {
  readonly prompt: string
}

/** A signal that never ends anything. */
const never = new AbortController().signal

export class Delegation {
  readonly #call: DelegatingCall
  readonly #task: Task
  readonly #tool: ToolCall
  readonly #work: Omit<DelegatedWork, 'forwarded' | 'kept'>
  readonly #place: WorkPlace | null
  readonly #hooks: Hooks
  readonly #supervisor: Actor
  readonly #began = performance.now()

  constructor(call: DelegatingCall, task: Task, tool: ToolCall, work: Pick<DelegatedWork, 'depth' | 'begun'>) {
    this.#call = call
    this.#task = task
    this.#tool = tool
    this.#hooks = new Hooks(call)
    this.#work = { ...work, shared: sharedBy(call, this.#hooks.options.memory) }
    this.#supervisor = { kind: 'agent', id: call.agent.id, name: call.agent.name }
    this.#place = this.#placeOf()
  }

  /** Returns the answer, or suspends the call where the subagent waits. */
  async carryOut(): Promise<string> {
    const { prompt } = this.#task
    this.#tell({ kind: 'started', args: { prompt } })
    let answer: AnswerToQuestion
    let asked: Asked | string
    try {
      asked = await this.#asked()
      if (typeof asked === 'string') return this.#rejected(asked)
      answer = await this.#ask(asked)
    } catch (error) {
      return this.#failed(error)
    }
    if (answer.status === 'complete') return this.#complete(asked.prompt, answer)
    const { runId, calls } = answer
    endWithTurn(this.#call, this.#tool)
    this.#note(answer.status, { runId })
    this.#tell({ kind: 'ended', status: answer.status, runId })
    return this.#tool.suspend({ agentId: this.#task.primitive.id, runId, calls })
  }

  #tell(news: DelegationNews): void {
    const { toolName, primitive } = this.#task
    this.#call.relay.tell({ toolCallId: this.#tool.toolCallId, toolName, primitive, ...news })
  }

  #note(status: string, more: JsonObject): void {
    const { id, key } = this.#task.primitive
    const { failed: hooks } = this.#hooks
    const hookErrors = hooks.length === 0 ? {} : { hookErrors: [...hooks] }
    const { toolCallId } = this.#tool
    this.#call.log.note({ toolCallId, agentId: id, key, status, ms: this.#ms(), ...more, ...hookErrors })
  }

  #ms(): number {
    return Math.round(performance.now() - this.#began)
  }

  /** Where the subagent remembers; null if the call stores nothing. */
  #placeOf(): WorkPlace | null {
    const { agent, remembered } = this.#call
    const { runId, toolCallId } = this.#tool
    if (remembered === null || runId === undefined) return null
    const { space, thread } = remembered
    const isStable = this.#hooks.options.thread === 'stable'
    return workPlace({ agent, space, threadId: thread.id, runId, toolCallId }, this.#task.primitive.key, isStable)
  }

  #subagent({ forwarded, kept }: Pick<DelegatedWork, 'forwarded' | 'kept'>) {
    const { agent, model, remembered } = this.#call
    const source = remembered?.source ?? null
    return subordinate(this.#task.agent, { agent, source, model, work: { ...this.#work, forwarded, kept } })
  }

  /** The supervisor's conversation. Notes that are shared as memory are not repeated as a message. */
  #conversation(): readonly Utterance[] {
    const said = this.#call.shown.before(this.#tool.toolCallId, this.#supervisor)
    // In a memory of its own a subagent shares nothing.
    const isShared = this.#work.shared?.observations !== undefined && !hasOwnMemory(this.#task.agent)
    return isShared ? said.filter(({ id }) => id !== notesId) : said
  }

  /** What the run of work that has begun keeps; null for work that has not. */
  async #begun(place: WorkPlace): Promise<JsonObject | null> {
    const { usable, actor } = await memoryFor(this.#subagent({ forwarded: [], kept: null }), this.#call.requestContext)
    const space = place.spaceIn(usable, actor)
    const [prompt] = await space.messages.find(place.promptId)
    if (prompt === undefined) return null
    const { turnId } = prompt.message
    const runId = runIdIn(turnId, (await space.messages.turn(turnId))?.runId ?? null)
    const run = runId === null ? null : (await space.runs.get(runId)).record
    // Where a filter had chosen and its choice is gone, nothing may be shown.
    const nothing = this.#hooks.options.messageFilter === undefined ? {} : { refs: [] }
    return keptWork(run?.continuation ?? null) ?? nothing
  }

  /** The task as the subagent is asked, or why it is not. */
  async #asked(): Promise<Asked | string> {
    const { prompt } = this.#task
    const conversation = this.#conversation()
    const front = inFront(this.#hooks.options, this.#call.shown, this.#supervisor)
    const begun = this.#place === null ? null : await this.#begun(this.#place)
    if (begun !== null) {
      const forwarded = [...front, ...keptMessages(conversation, begun, this.#supervisor)]
      return { prompt, forwarded, kept: begun }
    }
    const messages = conversation.map(toMessage)
    const { onDelegationStart, messageFilter } = this.#hooks.options
    const start = { ...this.#context(prompt, messages), params: { prompt }, requestContext: this.#call.requestContext }
    const changed = (await this.#hooks.run('onDelegationStart', () => onDelegationStart?.(start), undefined)) ?? {}
    if (changed.proceed === false) return changed.rejectionReason ?? 'This task was refused.'
    const asked = changed.modifiedPrompt ?? prompt
    const filtered = async () => {
      const answered = await messageFilter?.(this.#context(asked, messages))
      return messageFilter === undefined
        ? { forwarded: conversation, kept: {} }
        : chosen(conversation, answered, this.#supervisor)
    }
    const none = { forwarded: [], kept: { refs: [] } }
    const { forwarded, kept: choice } = await this.#hooks.run('messageFilter', filtered, none)
    const { modifiedInstructions: instructions, modifiedMaxSteps: maxSteps } = changed
    const kept: JsonObject = {
      ...choice,
      ...(instructions === undefined ? {} : { instructions }),
      ...(maxSteps === undefined ? {} : { maxSteps }),
    }
    return { prompt: asked, forwarded: [...front, ...forwarded], kept: Object.keys(kept).length === 0 ? null : kept }
  }

  #ask(asked: Asked): Promise<AnswerToQuestion> {
    const { relay, requestContext } = this.#call
    const { instructions, maxSteps } = asked.kept ?? {}
    return answerOnce(this.#subagent(asked), {
      id: this.#place?.promptId ?? this.#tool.toolCallId,
      prompt: asked.prompt,
      requestContext,
      signal: this.#tool.abortSignal ?? never,
      place: this.#place,
      schema: null,
      options: {
        ...(typeof instructions === 'string' ? { instructions } : {}),
        ...(typeof maxSteps === 'number' ? { maxSteps } : {}),
      },
      decisions: [],
      ...(relay.isFollowed ? { listen: (part) => this.#tell({ kind: 'part', part }) } : {}),
    })
  }

  #ids(): Pick<DelegationContext, 'subAgentThreadId' | 'subAgentResourceId'> {
    const { remembered } = this.#call
    if (this.#place === null || remembered === null) return {}
    const resourceId = resourceOf(remembered.space.address) ?? remembered.space.id
    const keys = remembered.space.address.path.slice(1).map(({ id }) => id)
    const subAgentResourceId = [resourceId, ...keys, this.#task.primitive.key].join('-')
    return { subAgentThreadId: this.#place.thread.id, subAgentResourceId }
  }

  #context(prompt: string, messages: DelegationContext['messages']): DelegationContext {
    const { agent, remembered, shown: said } = this.#call
    const { runId, threadId, toolCallId } = this.#tool
    const resourceId = remembered === null ? null : resourceOf(remembered.space.address)
    return {
      primitiveId: this.#task.primitive.id,
      primitiveType: 'agent',
      prompt,
      iteration: said.stepOf(toolCallId),
      ...(runId === undefined ? {} : { runId }),
      ...(threadId === undefined ? {} : { threadId }),
      ...(resourceId === null ? {} : { resourceId }),
      ...this.#ids(),
      parentAgentId: agent.id,
      parentAgentName: agent.name,
      toolCallId,
      messages,
    }
  }

  /** What the application makes of the end of the work. */
  async #told(prompt: string, result: DelegationResult, ended: Pick<DelegationComplete, 'success' | 'error'>) {
    const { onDelegationComplete } = this.#hooks.options
    if (onDelegationComplete === undefined) return {}
    const messages = this.#conversation().map(toMessage)
    const bail = () => {
      this.#call.shown.isBailed = true
    }
    const complete = { ...this.#context(prompt, messages), result, duration: this.#ms(), ...ended, bail }
    return (await this.#hooks.run('onDelegationComplete', () => onDelegationComplete(complete), undefined)) ?? {}
  }

  #rejected(reason: string): string {
    this.#note('rejected', {})
    this.#tell({ kind: 'ended', status: 'complete', runId: null, result: reason })
    return reason
  }

  async #complete(prompt: string, answer: AnswerToQuestion & { readonly status: 'complete' }): Promise<string> {
    const { text, runId, told } = answer
    const { toolResults: subAgentToolResults, ...facts } = told
    const result = { text, ...facts, ...this.#ids(), subAgentToolResults }
    try {
      const { shared } = this.#work
      await decideByHook(this.#call, { shared, author: this.#task.primitive.id, hooks: this.#hooks })
      const { resultText = text, feedback } = await this.#told(prompt, result, { success: true })
      const shownText = feedback === undefined ? resultText : `${resultText}\n\n${feedback}`
      this.#note('complete', { ...(runId === null ? {} : { runId }), ...told.usage })
      const usage = told.usage === undefined ? {} : { usage: told.usage }
      this.#tell({ kind: 'ended', status: 'complete', runId, result: shownText, ...usage })
      return shownText
    } catch (error) {
      return this.#fail(error, undefined)
    }
  }

  async #failed(error: unknown): Promise<never> {
    this.#tool.abortSignal?.throwIfAborted()
    const result = { text: '', ...this.#ids(), subAgentToolResults: [] }
    let text: string | undefined
    try {
      const { resultText, feedback } = await this.#told(this.#task.prompt, result, { success: false, error })
      const words = [resultText, feedback].filter((one) => one !== undefined)
      text = words.length === 0 ? undefined : words.join('\n\n')
    } catch (failure) {
      return this.#fail(failure, undefined)
    }
    return this.#fail(error, text)
  }

  #fail(error: unknown, text: string | undefined): never {
    const { primitive } = this.#task
    this.#note('failed', causeOfWork(error))
    this.#tell({ kind: 'ended', status: 'failed', runId: null, error })
    this.#call.agent.log('warn', `A delegation to the agent ${shown(primitive.key)} failed.`, error)
    throw failedWork(primitive, error, text)
  }
}
