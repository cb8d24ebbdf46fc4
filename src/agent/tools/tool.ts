/** Tools that an application defines, for agents and for the AI SDK. */
import type { FlexibleSchema, ModelMessage, Tool } from 'ai'
import { invalidInput } from '../../domain/error.ts'
import { checkId } from '../../domain/id.ts'
import type { JsonObject } from '../../domain/json.ts'
import { check, fieldsOf, isFunction } from '../../domain/option-checks.ts'
import type { Memory } from '../../facade/memory.ts'
import { RequestContext } from '../request-context.ts'
import type { DataPart } from './data-parts.ts'
import { isToolSchema, offerable, parseOutput } from './tool-schema.ts'

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

/**
 * What `execute` gets in addition to the input. Without an agent, as in a bare `generateText`, the request's context is
 * empty.
 */
export interface ToolCall extends ToolContext {
  /** The id of this call of the tool. */
  readonly toolCallId: string
  /** The messages that the model saw before it called. */
  readonly messages: readonly ModelMessage[]
  /** Aborted when the agent's call is aborted. */
  readonly abortSignal?: AbortSignal
}

/** What a tool returns: a value, a promise of one, or several values, of which the last one counts. */
export type ToolAnswer<Output> = Output | PromiseLike<Output> | AsyncIterable<Output>

/** Options of `createTool`. */
export interface CreateToolOptions<Input, Output> {
  /** Its name if no other name is given. */
  readonly id: string
  /** Tells the model what it does and when to use it. */
  readonly description: string
  /** The schema of the input, from zod or any library that follows Standard Schema. */
  readonly inputSchema: FlexibleSchema<Input>
  /** The schema of the result. Any other result is an error, which the model sees. */
  readonly outputSchema?: FlexibleSchema<Output>
  /** Runs the tool. Without it, the client must answer the call. */
  readonly execute?: (input: Input, call: ToolCall) => ToolAnswer<Output>
  /** Whether a person has to approve a call before it runs. */
  readonly needsApproval?: boolean | ((input: Input, call: ToolCall) => boolean | PromiseLike<boolean>)
  /** Copied to the parts of messages that hold its calls. */
  readonly metadata?: JsonObject
  /** Whether the provider, if it can, forces the model to keep to the schema. */
  readonly strict?: boolean
}

const names = [
  'id',
  'description',
  'inputSchema',
  'outputSchema',
  'execute',
  'needsApproval',
  'metadata',
  'strict',
] as const

const toolId: unique symbol = Symbol.for('aquifer.tool-id')

function checkOptions(options: unknown): void {
  const fields = fieldsOf(options ?? null, 'createTool', names)
  checkId(fields.id, 'id')
  const { description, inputSchema } = fields
  if (typeof description !== 'string' || description.trim() === '') {
    const fix = 'Say what the tool does and when to use it: the model chooses by it.'
    throw invalidInput('description', 'must be a text', description, fix)
  }
  const schemaFix = 'Pass a zod object, for example; z.object({}) for a tool that takes nothing.'
  if (!isToolSchema(inputSchema)) throw invalidInput('inputSchema', 'must be a schema', inputSchema, schemaFix)
  check(fields, 'outputSchema', 'must be a schema', 'Pass a zod object, for example, or leave it out.', isToolSchema)
  check(fields, 'execute', 'must be a function', 'Leave it out for a tool that the client runs.', isFunction)
  check(fields, 'needsApproval', 'must be true, false or a function', 'Leave it out for none.', (value) => {
    return typeof value === 'boolean' || isFunction(value)
  })
  check(fields, 'metadata', 'must be an object', 'Pass plain JSON.', (value) => {
    return typeof value === 'object' && value !== null && !Array.isArray(value)
  })
  check(fields, 'strict', 'must be true or false', 'Leave it out for the default of the provider.', (value) => {
    return typeof value === 'boolean'
  })
}

/** What the AI SDK passes to a tool. */
interface SdkCall {
  readonly toolCallId: string
  readonly messages: readonly ModelMessage[]
  readonly abortSignal?: AbortSignal | undefined
  readonly context?: unknown
}

function isToolContext(context: unknown): context is ToolContext {
  return typeof context === 'object' && context !== null && 'requestContext' in context
}

function callOf({ toolCallId, messages, abortSignal, context }: SdkCall): ToolCall {
  const handed = isToolContext(context) ? context : { requestContext: new RequestContext() }
  return { ...handed, toolCallId, messages, ...(abortSignal === undefined ? {} : { abortSignal }) }
}

function isStream<Output>(answer: ToolAnswer<Output>): answer is AsyncIterable<Output> {
  return typeof answer === 'object' && answer !== null && Symbol.asyncIterator in answer
}

/** Runs a tool and checks each of its answers. */
function checked<Input, Output>(
  { id, execute, outputSchema }: CreateToolOptions<Input, Output>,
  input: Input,
  call: ToolCall,
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
export function createTool<Input, Output>(options: CreateToolOptions<Input, Output>): Tool<Input, Output> {
  checkOptions(options)
  const { id, description, inputSchema, outputSchema, execute, needsApproval, metadata, strict } = options
  const made = {
    description,
    inputSchema: offerable(inputSchema),
    ...(outputSchema === undefined ? {} : { outputSchema: offerable(outputSchema) }),
    ...(execute === undefined
      ? {}
      : { execute: (input: Input, call: SdkCall) => checked(options, input, callOf(call)) }),
    ...(needsApproval === undefined ? {} : { needsApproval: approvalOf(needsApproval) }),
    ...(metadata === undefined ? {} : { metadata }),
    ...(strict === undefined ? {} : { strict }),
    [toolId]: id,
  }
  return made as unknown as Tool<Input, Output>
}

function approvalOf<Input>(needsApproval: NonNullable<CreateToolOptions<Input, unknown>['needsApproval']>) {
  if (typeof needsApproval === 'boolean') return needsApproval
  return (input: Input, call: SdkCall) => needsApproval(input, callOf(call))
}

/** The id that was passed to {@link createTool}; null for any other tool. */
export function toolIdOf(tool: object): string | null {
  return toolId in tool && typeof tool[toolId] === 'string' ? tool[toolId] : null
}
