/** Tools that an application defines, for agents and for the AI SDK. */
import type { FlexibleSchema, ModelMessage, Tool } from 'ai'
import type { Actor } from '../../domain/actor.ts'
import { MemoryError, shown } from '../../domain/error.ts'
import type { JsonObject } from '../../domain/json.ts'
import type { Memory } from '../../facade/memory.ts'
import { RequestContext } from '../request-context.ts'
import type { DataPart } from './data-parts.ts'
import { checkToolOptions } from './tool-options.ts'
import { offerable, parseOutput } from './tool-schema.ts'
import { withTraits } from './tool-traits.ts'

/** The context that an agent gives each of its tools, as that tool's entry in the AI SDK's `toolsContext`. */
export interface ToolContext {
  /** What the caller passed for this request. Empty without an agent. */
  readonly requestContext: RequestContext
  /**
   * Adds a part of the application's own to the answer: it is sent to the client and, unless it is `transient`, stored.
   * Absent without an agent.
   */
  readonly write?: (part: DataPart) => void
  /** Acts as the agent; absent if the agent has none. */
  readonly memory?: Memory
  readonly runId?: string
  readonly threadId?: string
  /** The space that the agent remembers in, such as `resource/alice`. */
  readonly space?: string
  /** The resource that the space belongs to. */
  readonly resourceId?: string
}

/** A call of a tool, as its `requireApproval` gets it in addition to the input. */
export interface RequestedCall extends ToolContext {
  /** The id of this call of the tool. */
  readonly toolCallId: string
  /**
   * The same for every attempt to carry out this call, and for no other call: pass it on as the idempotency key of an
   * effect. It holds the run's id and the call's; without an agent it is the call's id.
   */
  readonly callId: string
  /** The messages that the model saw before it called. */
  readonly messages: readonly ModelMessage[]
  /** Aborted when the agent's call is aborted. */
  readonly abortSignal?: AbortSignal
}

/**
 * What `execute` gets in addition to the input. Without an agent, as in a bare `generateText`, the request's context is
 * empty, and the call cannot be suspended.
 */
export interface ToolCall<Suspend = unknown, Resume = unknown> extends RequestedCall {
  /**
   * Ends this call for now: it waits for data, for as long as that takes. The promise never resolves, so what comes after
   * `await suspend(…)` never runs, apart from `finally`. Whatever `execute` answers then, the call waits. When somebody
   * passes data to `resumeStream` or `resumeGenerate`, the tool is called again with the same input, and with `resumeData`.
   *
   * @param payload Shown to those who are to send the data. Plain JSON, as `suspendSchema` parses it.
   * @throws MemoryError `unsupported` where nothing is stored: without an agent, or in a call without a thread;
   *   `invalid-input` for a payload that the schema refuses, `limit-exceeded` for one that is too large.
   */
  readonly suspend: (...payload: undefined extends Suspend ? [payload?: Suspend] : [payload: Suspend]) => Promise<never>
  /** What the call is resumed with, as `resumeSchema` parses it. Absent while it is not resumed. */
  readonly resumeData?: Resume
  /** The payload of the suspension that it is resumed after, as JSON holds it. */
  readonly suspendData?: Suspend
}

/** What a tool returns: a value, a promise of one, or several values, of which the last one counts. */
export type ToolAnswer<Output> = Output | PromiseLike<Output> | AsyncIterable<Output>

/** Whether a person has to approve a call before it runs. A function that fails means yes. */
export type RequireApproval<Input> = boolean | ((input: Input, call: RequestedCall) => boolean | PromiseLike<boolean>)

/** Options of `createTool`. */
export interface CreateToolOptions<Input, Output, Suspend = unknown, Resume = unknown> {
  /** Its name if no other name is given. */
  readonly id: string
  /** Tells the model what it does and when to use it. */
  readonly description: string
  /** The schema of the input, from zod or any library that follows Standard Schema. */
  readonly inputSchema: FlexibleSchema<Input>
  /** The schema of the result. Any other result is an error, which the model sees. */
  readonly outputSchema?: FlexibleSchema<Output>
  /** The schema of what the tool passes to `suspend`. Default: any JSON. */
  readonly suspendSchema?: FlexibleSchema<Suspend>
  /** The schema of the data that a suspended call is resumed with. Default: any JSON. */
  readonly resumeSchema?: FlexibleSchema<Resume>
  /** Runs the tool. Without it, the client must answer the call. */
  readonly execute?: (input: Input, call: ToolCall<Suspend, Resume>) => ToolAnswer<Output>
  /** Whether a person has to approve a call before it runs. A function that fails means yes. Default: as the agent says. */
  readonly requireApproval?: RequireApproval<Input>
  /** Another name of `requireApproval`, as the AI SDK calls it. Only one of the two may be given. */
  readonly needsApproval?: RequireApproval<Input>
  /** Agents and tools that may decide about its calls too. People always may, and the agent that asks never. Default: none. */
  readonly approvers?: readonly Actor[]
  /** Whether it only reads: nothing is recorded before a call of it runs, and it may run again. Default: false. */
  readonly readOnly?: boolean
  /**
   * `safe`: a call that was interrupted runs again with the same `callId`, because running twice is the same as running
   * once. Default: it does not run again, and the model is told that it may have run.
   */
  readonly retry?: 'safe'
  /** Copied to the parts of messages that hold its calls. */
  readonly metadata?: JsonObject
  /** Whether the provider, if it can, forces the model to keep to the schema. */
  readonly strict?: boolean
}

const toolId: unique symbol = Symbol.for('aquifer.tool-id')

/** How a call of an agent can be suspended, and what it is resumed with. */
export interface Suspending {
  readonly suspend: (payload: unknown) => Promise<never>
  readonly resumption: { readonly resumeData: unknown; readonly suspendData?: unknown } | null
}

/** Under this key an agent passes it to a tool, next to what the AI SDK passes. */
export const suspending: unique symbol = Symbol.for('aquifer.suspending')

/** What the AI SDK passes to a tool. */
interface SdkCall {
  readonly toolCallId: string
  readonly messages: readonly ModelMessage[]
  readonly abortSignal?: AbortSignal | undefined
  readonly context?: unknown
  readonly [suspending]?: Suspending
}

function isToolContext(context: unknown): context is ToolContext {
  return typeof context === 'object' && context !== null && 'requestContext' in context
}

function requestedCall({ toolCallId, messages, abortSignal, context }: SdkCall): RequestedCall {
  const handed = isToolContext(context) ? context : { requestContext: new RequestContext() }
  const callId = handed.runId === undefined ? toolCallId : `${handed.runId}/${toolCallId}`
  return { ...handed, toolCallId, callId, messages, ...(abortSignal === undefined ? {} : { abortSignal }) }
}

function cannotSuspend(id: string): () => never {
  return () => {
    throw new MemoryError('unsupported', {
      message: `The tool ${shown(id)} cannot be suspended here: nothing would remember that its call waits.`,
      fix: 'Call it by an agent with memory, with a resource and a thread.',
      details: { tool: id },
    })
  }
}

function callOf<Suspend, Resume>(id: string, call: SdkCall): ToolCall<Suspend, Resume> {
  const { suspend, resumption } = call[suspending] ?? { suspend: cannotSuspend(id), resumption: null }
  return { ...requestedCall(call), ...resumption, suspend } as unknown as ToolCall<Suspend, Resume>
}

function isStream<Output>(answer: ToolAnswer<Output>): answer is AsyncIterable<Output> {
  return typeof answer === 'object' && answer !== null && Symbol.asyncIterator in answer
}

/** Runs a tool and checks each of its answers. */
function checked<Input, Output, Suspend, Resume>(
  { id, execute, outputSchema }: CreateToolOptions<Input, Output, Suspend, Resume>,
  input: Input,
  call: ToolCall<Suspend, Resume>,
): ToolAnswer<Output> {
  const answer = execute?.(input, call) as ToolAnswer<Output>
  if (outputSchema === undefined) return answer
  if (!isStream(answer)) return (async () => parseOutput(id, outputSchema, await answer))()
  return (async function* () {
    for await (const output of answer) yield await parseOutput(id, outputSchema, output)
  })()
}

/**
 * Makes a tool for agents, which is a tool of the AI SDK too. Its `execute` gets the parsed input and the context of
 * the call: the request's context, the agent's memory, the run, thread and resource, the messages so far and the abort
 * signal.
 *
 * @throws MemoryError `invalid-input` without an id, a description or a schema.
 */
export function createTool<Input, Output, Suspend = unknown, Resume = unknown>(
  options: CreateToolOptions<Input, Output, Suspend, Resume>,
): Tool<Input, Output> {
  checkToolOptions(options)
  const { id, description, inputSchema, outputSchema, execute, metadata, strict } = options
  const needsApproval = options.requireApproval ?? options.needsApproval
  const made = {
    description,
    inputSchema: offerable(inputSchema),
    ...(outputSchema === undefined ? {} : { outputSchema: offerable(outputSchema) }),
    ...(execute === undefined
      ? {}
      : { execute: (input: Input, call: SdkCall) => checked(options, input, callOf(id, call)) }),
    ...(needsApproval === undefined ? {} : { needsApproval: approvalOf(needsApproval) }),
    ...(metadata === undefined ? {} : { metadata }),
    ...(strict === undefined ? {} : { strict }),
    [toolId]: id,
  }
  return withTraits(made, options) as unknown as Tool<Input, Output>
}

function approvalOf<Input>(needsApproval: RequireApproval<Input>) {
  if (typeof needsApproval === 'boolean') return needsApproval
  return (input: Input, call: SdkCall) => needsApproval(input, requestedCall(call))
}

/** The id that was passed to {@link createTool}; null for any other tool. */
export function toolIdOf(tool: object): string | null {
  return toolId in tool && typeof tool[toolId] === 'string' ? tool[toolId] : null
}
