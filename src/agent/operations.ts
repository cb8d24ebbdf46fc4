/**
 * What agents offer, each thing stated once: the second table of operations, next to the one of memory. A server, an MCP
 * endpoint, a command line and a client are made from both.
 */
import type { UIMessageChunk } from 'ai'
import { z } from 'zod'
import type { SpaceId } from '../domain/id.ts'
import { limitTable } from '../domain/limits.ts'
import { spaceId } from '../domain/space.ts'
import { jsonFields } from '../operations/fields.ts'
import type { Operation } from '../operations/operation.ts'
import type { Agent } from './agent.ts'
import type { AgentInput, CallOptions } from './options.ts'

/** Where the agents are: an `Aquifer`, for example. */
interface AgentSource {
  getAgent(nameOrId: string): Agent
  listAgents(): Readonly<Record<string, Agent>>
}

/** Values of a call that are not input, because they cannot cross a wire. */
interface AgentInvocation {
  /** Stops the model. */
  readonly signal?: AbortSignal
}

/** One thing that agents offer. It says what an operation of memory says, and runs over agents. */
export interface AgentOperation<
  Name extends string = string,
  Input extends z.ZodObject = z.ZodObject,
  Answer = Promise<unknown> | AsyncIterable<unknown>,
> extends Omit<Operation<Name, Input, Answer>, 'event' | 'space' | 'run'> {
  /** The spaces that it touches. */
  space(input: z.output<Input>): readonly SpaceId[]
  run(agents: AgentSource, input: z.output<Input>, invocation: AgentInvocation): Answer
}

function operation<const Name extends string, Input extends z.ZodObject, Answer>(
  stated: AgentOperation<Name, Input, Answer>,
): AgentOperation<Name, Input, Answer> {
  return stated
}

const id = z.string().min(1).max(limitTable.idLength.max)
const issued = z.string().nullable()
/** An object that is passed on as it is, and has a text under that name. */
const objectWith = (name: string) => {
  return jsonFields.meta({ type: 'object', properties: { [name]: { type: 'string' } }, required: [name] })
}
const message = objectWith('role').describe('A message of the AI SDK, or a UIMessage.')

/** What both ways of calling an agent take. */
const call = z.strictObject({
  agent: id.describe('The name or the id of the agent.'),
  messages: z.union([z.string(), z.array(message).min(1)]).describe('What is said. It may repeat the history.'),
  resourceId: z.exactOptional(id).describe('With threadId: whose memory it is.'),
  threadId: z.exactOptional(id).describe('With resourceId: the conversation.'),
  trigger: z.exactOptional(z.enum(['submit-message', 'regenerate-message'])),
  messageId: z.exactOptional(id).describe('With regenerate-message: the answer to give again.'),
  maxSteps: z.exactOptional(z.int().min(1)).describe('Calls of the model, at most. Default: 20.'),
})
type CallInput = z.output<typeof call>

const inThread = z.strictObject({
  agent: id.describe('The name or the id of an agent with the same memory.'),
  resourceId: id.describe('Whose memory it is.'),
  threadId: id.describe('The conversation.'),
})
type ThreadInput = z.output<typeof inThread>

const spaceOfCall = ({ resourceId }: CallInput) => (resourceId === undefined ? [] : [spaceId('resource', resourceId)])

/** The input and the options of a call, as an agent takes them. */
function argumentsOf({ agent: _, messages, ...options }: CallInput, signal: AbortSignal | undefined) {
  const own: CallOptions = signal === undefined ? options : { ...options, abortSignal: signal }
  return [messages as unknown as AgentInput, own] as const
}

async function* chunksOf(
  agents: AgentSource,
  input: CallInput,
  { signal }: AgentInvocation,
): AsyncGenerator<UIMessageChunk> {
  const result = await agents.getAgent(input.agent).stream(...argumentsOf(input, signal))
  yield* result.toUIMessageStream()
}

async function* restOf(agents: AgentSource, { agent, ...at }: ThreadInput): AsyncGenerator<UIMessageChunk> {
  const stream = await agents.getAgent(agent).reconnectToStream(at)
  if (stream !== null) yield* stream
}

/** All that agents offer, in the order of a conversation. */
export const agentOperations = [
  operation({
    name: 'agents.list',
    title: 'List agents',
    description: 'The agents that can be called, by the names that they are registered under.',
    effect: 'read',
    input: z.strictObject({}),
    output: z.array(
      z.strictObject({ registeredAs: id, id, name: z.string(), description: z.exactOptional(z.string()) }),
    ),
    space: () => [],
    run: async (agents) =>
      Object.entries(agents.listAgents()).map(([registeredAs, { id: own, name, description }]) => {
        return { registeredAs, id: own, name, ...(description === undefined ? {} : { description }) }
      }),
  }),
  operation({
    name: 'agents.generate',
    title: 'Ask an agent',
    description: 'Calls an agent and answers its whole answer. With a resource and a thread, both are stored there.',
    effect: 'write',
    input: call,
    output: z.strictObject({
      text: z.string(),
      finishReason: z.string(),
      usage: z.strictObject({ inputTokens: z.int().min(0), outputTokens: z.int().min(0) }),
      runId: issued,
      turnId: issued,
      messageId: issued,
      warnings: z.array(z.string()),
    }),
    space: spaceOfCall,
    run: async (agents, input, { signal }) => {
      const result = await agents.getAgent(input.agent).generate(...argumentsOf(input, signal))
      const { text, finishReason, totalUsage, runId, turnId, messageId, warnings = [] } = result
      const { inputTokens = 0, outputTokens = 0 } = totalUsage
      const said = warnings.map((warning) => ('message' in warning ? warning.message : warning.type))
      return { text, finishReason, usage: { inputTokens, outputTokens }, runId, turnId, messageId, warnings: said }
    },
  }),
  operation({
    name: 'agents.stream',
    title: 'Ask an agent, and follow its answer',
    description: 'Calls an agent and answers the chunks of its answer as a UI message, as they come.',
    effect: 'write',
    streams: true,
    input: call,
    output: objectWith('type'),
    space: spaceOfCall,
    run: chunksOf,
  }),
  operation({
    name: 'agents.reconnect',
    title: 'Follow an answer that is being given',
    description:
      'The chunks of the answer that is being given in a thread, from its start, in whichever process. None if none is.',
    effect: 'read',
    streams: true,
    input: inThread,
    output: objectWith('type'),
    space: ({ resourceId }) => [spaceId('resource', resourceId)],
    run: restOf,
  }),
] as const
