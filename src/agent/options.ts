/** Options of an agent, and of a call. */

import type { LanguageModel, ModelMessage, SystemModelMessage, streamText, ToolSet, UIMessage } from 'ai'
import type { Actor } from '../domain/actor.ts'
import { invalidInput, MemoryError, shown } from '../domain/error.ts'
import { checkId } from '../domain/id.ts'
import { isJsonObject } from '../domain/json.ts'
import { reading, readPlain } from '../domain/read-plain.ts'
import type { MessageLike } from '../domain/records/message-input.ts'
import type { StandardSchema } from '../domain/standard-schema.ts'
import type { Memory } from '../facade/memory.ts'
import { usableMemory } from '../ports/agent-memory.ts'
import type { HistoryMode, MemoryBehaviour } from '../ports/behaviour.ts'
import type { WorkflowPrimitive } from './called-workflow.ts'
import type { DelegationOptions } from './delegation-options.ts'
import type { OnIterationComplete, RunBudget, TaskCompletion } from './iteration-options.ts'
import type { Processor } from './processors/processor.ts'
import type { RequestContext } from './request-context.ts'
import type { RequireToolApproval } from './tools/tool-approval.ts'

/** A value, or a function that returns it for a call. */
export type Dynamic<Value> = Value | ((call: { readonly requestContext: RequestContext }) => Value | PromiseLike<Value>)

/** Instructions as the AI SDK takes them. */
export type Instructions = string | SystemModelMessage | readonly SystemModelMessage[]

/** A thread by its id, with the title and metadata to give it. */
export interface CallThread {
  readonly id: string
  /** Set only if the thread has no title. */
  readonly title?: string
  /** Deep-merged into the thread's metadata. */
  readonly metadata?: Record<string, unknown>
}

/** Where a call is stored, and how memory serves it. */
export interface CallMemory {
  /** Whose memory it is: the user or entity. */
  readonly resource?: string
  /** The conversation: its id, or its id with a title and metadata. */
  readonly thread?: string | CallThread
  /** How memory serves this call; see {@link MemoryBehaviour}. */
  readonly options?: MemoryBehaviour
  /** What is stored of the messages that the call is sent. The same as `options.history`, and wins over it. Default: `merge`. */
  readonly history?: HistoryMode
}

/** What the AI SDK's `streamText` and `generateText` are called with, apart from what an agent provides. */
export type ModelSettings = Omit<
  Parameters<typeof streamText<ToolSet>>[0],
  | 'model'
  | 'prompt'
  | 'messages'
  | 'system'
  | 'instructions'
  | 'tools'
  | 'output'
  | 'allowSystemInMessages'
  | '_internal'
>

/** Options of one call. Those of the AI SDK (`stopWhen`, `temperature`, `onStepEnd`, `abortSignal` …) are passed on. */
export interface CallOptions extends ModelSettings {
  /** With `threadId`: whose memory it is. The same as `memory.resource`. */
  readonly resourceId?: string
  /** With `resourceId`: the conversation. The same as `memory.thread`. */
  readonly threadId?: string
  /** The resource, the thread and the options of memory, in one object. */
  readonly memory?: CallMemory
  /** Who speaks in the input. Default: the memory's actor if it is a user, otherwise the user of the resource. */
  readonly author?: Actor
  /** Handed to functions of the agent's options, to its tools and processors. */
  readonly requestContext?: RequestContext
  /** Added to the agent's own instructions, for this call. */
  readonly instructions?: Instructions
  /** Tools for this call, in addition to the agent's own. */
  readonly tools?: ToolSet
  /** An answer of this shape, as `object`. */
  readonly structuredOutput?: { readonly schema: StandardSchema }
  /**
   * Whether a person has to approve calls of tools before they run. A function that fails means yes. A tool's own function
   * decides instead, and its `requireApproval: true` holds in any case. Tools of memory, and those that the client runs, are
   * not asked about. Default: as the agent says.
   */
  readonly requireToolApproval?: RequireToolApproval
  /**
   * Whether the model reads a new message as the data that a suspended call of the thread waits for, and resumes the call if
   * it is that. Another message is answered as always, and the call waits on. An approval is never answered this way.
   * Default: as the agent says.
   */
  readonly autoResumeSuspendedTools?: boolean
  /** How this call hands work on; each of its fields replaces the agent's. */
  readonly delegation?: DelegationOptions
  /**
   * Called after each step of the model, once its calls have their results. It may end the run, and may tell the model something.
   * Default: that of `delegation`.
   */
  readonly onIterationComplete?: OnIterationComplete
  /**
   * Scorers that judge, when the model stops calling tools, whether its task is complete. If it is not, the model is told why and the
   * run goes on, up to `maxSteps`. Default: that of `delegation`.
   */
  readonly isTaskComplete?: TaskCompletion
  /** What the run may cost, with everything that it hands on. It ends after the step that spends the rest. Default: no limit. */
  readonly budget?: RunBudget
  /** How many steps (calls of the model) one call may take. Default: 20. `stopWhen` allows finer rules. */
  readonly maxSteps?: number
  /** Whether each step is saved as it completes. With `false`, all are saved at the end. Default: true. */
  readonly savePerStep?: boolean
  /** As `useChat` sends it: `regenerate-message` answers a question again. Default: `submit-message`. */
  readonly trigger?: 'submit-message' | 'regenerate-message'
  /**
   * As `useChat` sends it. With `regenerate-message` the answer to replace, by default the last one; otherwise the
   * user's message that is sent again, edited or not.
   */
  readonly messageId?: string
}

/** The input of a call: a text (a user's), one message or several, in the form of the AI SDK or of a UI. */
export type AgentInput =
  | string
  | MessageLike
  | UIMessage
  | ModelMessage
  | readonly (MessageLike | UIMessage | ModelMessage)[]

/** An agent that another one hands work to: an `Agent` with a description. */
interface Subordinate {
  readonly id: string
  readonly name: string
  readonly description: string | undefined
}

/** Options of `new Agent()`. */
export interface AgentOptions {
  /** Default: the name in kebab-case. It is the actor's id in memory: keep it when the name changes. */
  readonly id?: string
  /** Shown to people and to other agents. */
  readonly name: string
  /** What it is good at, for other agents. */
  readonly description?: string
  /** What the agent is told before each conversation. Default: nothing. */
  readonly instructions?: Dynamic<Instructions>
  /** Any language model of the AI SDK, or a text such as `openai/gpt-5.4`. Needed by the first call, not before. */
  readonly model?: Dynamic<LanguageModel>
  /** Where it remembers. Default: nowhere. */
  readonly memory?: Dynamic<Memory>
  /** Tools that the model may call, by their names. */
  readonly tools?: Dynamic<ToolSet>
  /** Whether a person has to approve calls of its tools; see the option of a call. Default: only where a tool says so. */
  readonly requireToolApproval?: RequireToolApproval
  /** Whether a new message may resume a suspended call; see the option of a call. Default: false. */
  readonly autoResumeSuspendedTools?: boolean
  /**
   * Agents that it may hand work to, by their keys: each is a tool `agent-<key>` for its model. Each needs a `description`. One
   * without a memory or a model uses those of this agent.
   */
  readonly agents?: Dynamic<Readonly<Record<string, Subordinate>>>
  /** How it hands work on. */
  readonly delegation?: DelegationOptions
  /**
   * Workflows that it may run, by their keys: each is a tool `workflow-<key>` for its model. Each needs a `description`. The runs of
   * one without a memory are stored in that of this agent.
   */
  readonly workflows?: Dynamic<Readonly<Record<string, WorkflowPrimitive>>>
  /** Change or refuse the new messages and the prompt, in this order. */
  readonly inputProcessors?: readonly Processor[]
  /** Change or refuse what the model answers, in this order. */
  readonly outputProcessors?: readonly Processor[]
  /** Options of every call, unless the call says otherwise; `memory.options` are merged field by field. */
  readonly defaultOptions?: CallOptions
}

/** The resource and thread that a call names. */
interface StatedPlace {
  readonly resourceId: string
  readonly thread: CallThread
}

export function callFields(value: unknown, field: string): Readonly<Record<string, unknown>> {
  if (value === undefined) return {}
  if (isJsonObject(value)) return value
  throw invalidInput(field, 'must be an object', value, `Pass { resourceId: 'alice', threadId: 't1' }, for example.`)
}

/**
 * The fields of an object, each read once. What they hold is kept as it is: tools, models and signals are the caller's own.
 */
export function readFields(value: unknown, field: string): Readonly<Record<string, unknown>> {
  return reading(field, () => ({ ...callFields(value, field) }))
}

function checkMemoryNames(memory: Readonly<Record<string, unknown>>): void {
  const extra = Object.keys(memory).find((name) => !['resource', 'thread', 'options', 'history'].includes(name))
  if (extra === undefined) return
  const fix = `Pass memory: { resource: 'alice', thread: 't1', options?, history? }.`
  throw invalidInput('memory', `has an unknown option ${shown(extra)}`, memory, fix)
}

/** The value that is given under one of two names. Both may be given if they agree. */
function oneOf(left: unknown, leftName: string, right: unknown, rightName: string): unknown {
  if (left === undefined || right === undefined || left === right) return left ?? right
  throw invalidInput(leftName, `must not differ from ${rightName}`, left, 'They are two names for one thing.')
}

function threadOf(thread: unknown): CallThread | undefined {
  if (thread === undefined || typeof thread === 'string') return thread === undefined ? undefined : { id: thread }
  const fix = `Pass thread: 't1', or { id: 't1', title?, metadata? }.`
  if (!isJsonObject(thread)) throw invalidInput('memory.thread', 'must be an id or an object with one', thread, fix)
  const extra = Object.keys(thread).find((name) => !['id', 'title', 'metadata'].includes(name))
  if (extra !== undefined) throw invalidInput('memory.thread', `has an unknown option ${shown(extra)}`, thread, fix)
  const { title, metadata } = thread
  if (title !== undefined && (typeof title !== 'string' || title.trim() === '')) {
    throw invalidInput('memory.thread.title', 'must be a text', title, 'Leave it out for a thread without one.')
  }
  if (metadata !== undefined && !isJsonObject(metadata)) {
    throw invalidInput('memory.thread.metadata', 'must be an object', metadata, 'Pass plain JSON, or leave it out.')
  }
  return thread as unknown as CallThread
}

function missing(field: string, other: string): MemoryError {
  return new MemoryError('invalid-input', {
    message: `"${field}" is missing: the call has ${other} and not ${field}.`,
    fix: 'Pass both to store the conversation, or neither for a call without memory.',
    details: { field, rule: 'must go together with the other id', got: 'undefined' },
  })
}

/**
 * The resource and thread of a call, from either of its two forms.
 *
 * @returns null if it names neither a resource nor a thread.
 * @throws MemoryError `invalid-input` naming the missing one if it names only one of the two.
 */
export function placeOf(options: CallOptions): StatedPlace | null {
  const memory = readFields(options.memory, 'memory')
  checkMemoryNames(memory)
  const thread = threadOf(readPlain(memory.thread, 'memory.thread'))
  const resourceId = oneOf(options.resourceId, 'resourceId', memory.resource, 'memory.resource')
  const threadId = oneOf(options.threadId, 'threadId', thread?.id, 'memory.thread')
  if (resourceId === undefined && threadId === undefined) return null
  const isShort = options.resourceId !== undefined || options.threadId !== undefined
  const names = isShort ? (['resourceId', 'threadId'] as const) : (['memory.resource', 'memory.thread'] as const)
  if (resourceId === undefined) throw missing(names[0], names[1])
  if (threadId === undefined) throw missing(names[1], names[0])
  return {
    resourceId: checkId(resourceId, names[0]),
    thread: { ...thread, id: checkId(threadId, names[1]) },
  }
}

/** @throws MemoryError `invalid-input` for a value that is not a Memory. */
export function checkMemory(memory: unknown): Memory {
  if (usableMemory(memory) !== null) return memory as Memory
  throw invalidInput('memory', 'must be a Memory', memory, 'Pass new Memory(), or a function that returns one.')
}
