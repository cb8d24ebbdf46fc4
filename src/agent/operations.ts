/**
 * What agents offer, each thing stated once: the second table of operations, next to the one of memory. A server, an MCP
 * endpoint, a command line and a client are made from both.
 */
import type { UIMessageChunk } from 'ai'
import { z } from 'zod'
import { limitTable } from '../domain/limits.ts'
import { stepStatuses } from '../domain/records/step.ts'
import { spaceId } from '../domain/space.ts'
import { cursor, json, jsonFields, optional, optionalId, recordTime } from '../operations/fields.ts'
import type { Operation, Touched } from '../operations/operation.ts'
import type { Agent } from './agent.ts'
import type { AgentInput, CallOptions } from './options.ts'
import type { AgentStream } from './run/result.ts'
import type { ListSuspendedRunsOptions } from './waiting/list-suspended.ts'

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
  space(input: z.output<Input>): Touched
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

/** What every decision about a call says. */
const decision = z.strictObject({
  agent: id.describe('The name or the id of the agent whose call waits.'),
  resourceId: id.describe('Whose memory the run is in.'),
  threadId: z.exactOptional(id).describe('The conversation. Default: the one of the run.'),
  runId: id.describe('The run that waits.'),
  toolCallId: z.exactOptional(z.string().min(1)).describe('The call. Default: the only one that waits.'),
})
const why = z.exactOptional(z.string()).describe('Why, for the model and the record.')
const explained = decision.extend({ reason: why })
type DecisionInput = z.output<typeof decision> & { readonly reason?: string }

/** The arguments of a method that decides about a call. */
function deciding(
  { agent: _, resourceId: resource, threadId: thread, ...options }: DecisionInput,
  { signal }: AgentInvocation,
) {
  const memory = { resource, ...(thread === undefined ? {} : { thread }) }
  return { ...options, memory, ...(signal === undefined ? {} : { abortSignal: signal }) }
}

/** The chunks of the answer that a decision leads to. */
async function* chunksAfter(deciding: Promise<AgentStream>): AsyncGenerator<UIMessageChunk> {
  yield* (await deciding).toUIMessageStream()
}

const spaceOfRun = ({ resourceId }: DecisionInput) => [spaceId('resource', resourceId)]

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

const suspendedRun = z.strictObject({
  runId: id,
  threadId: z.string(),
  resourceId: z.string().nullable(),
  suspendedAt: recordTime,
  toolCalls: z.array(
    z.strictObject({
      toolCallId: z.string(),
      toolName: z.string(),
      args: json,
      suspendPayload: optional(json),
      resumeSchema: optional(json),
      chain: optional(z.array(z.strictObject({ agentId: z.string(), runId: z.string(), toolCallId: z.string() }))),
      requiresApproval: z.boolean(),
      status: z.enum(stepStatuses),
      askedAt: recordTime,
      expiresAt: recordTime.nullable(),
    }),
  ),
})

interface SuspendedInput extends Omit<ListSuspendedRunsOptions, 'requestContext'> {
  readonly agent: string
}

/** The runs that wait, with times as texts. */
async function suspendedRuns(agents: AgentSource, { agent, ...options }: SuspendedInput) {
  const { runs, ...end } = await agents.getAgent(agent).listSuspendedRuns(options)
  const texts = runs.map(({ suspendedAt, toolCalls, ...run }) => ({
    ...run,
    suspendedAt: suspendedAt.toISOString(),
    toolCalls: toolCalls.map(({ askedAt, expiresAt, ...call }) => {
      return { ...call, askedAt: askedAt.toISOString(), expiresAt: expiresAt?.toISOString() ?? null }
    }),
  }))
  return { runs: texts, ...end }
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
  operation({
    name: 'agents.approve',
    title: 'Approve a call of a tool',
    description: 'Approves a call that waits, and answers the chunks of the answer that continues.',
    effect: 'write',
    streams: true,
    input: explained,
    output: objectWith('type'),
    space: spaceOfRun,
    run: (agents, input, invocation) => {
      return chunksAfter(agents.getAgent(input.agent).approveToolCall(deciding(input, invocation)))
    },
  }),
  operation({
    name: 'agents.decline',
    title: 'Decline a call of a tool',
    description: 'Declines a call that waits, and answers the chunks of the answer that continues without it.',
    effect: 'write',
    streams: true,
    input: explained,
    output: objectWith('type'),
    space: spaceOfRun,
    run: (agents, input, invocation) => {
      return chunksAfter(agents.getAgent(input.agent).declineToolCall(deciding(input, invocation)))
    },
  }),
  operation({
    name: 'agents.resume',
    title: 'Give a suspended call its data',
    description:
      'Gives a suspended call the data that it waits for, and answers the chunks of the answer that continues.',
    effect: 'write',
    streams: true,
    input: decision.extend({ data: z.unknown().describe("Any JSON that the tool's resumeSchema takes.") }),
    output: objectWith('type'),
    space: spaceOfRun,
    run: (agents, { data, ...input }, invocation) => {
      return chunksAfter(agents.getAgent(input.agent).resumeStream(data, deciding(input, invocation)))
    },
  }),
  operation({
    name: 'agents.suspendedRuns',
    title: 'List runs that wait',
    description:
      'The runs of an agent that wait for approvals or data, each with its calls. The first to begin come first.',
    effect: 'read',
    input: z.strictObject({
      agent: id.describe('The name or the id of the agent.'),
      resourceId: optionalId.describe('Only runs in the threads of this resource. Default: of all resources.'),
      threadId: optionalId,
      from: optional(recordTime).describe('Only runs that wait since this time or later.'),
      to: optional(recordTime),
      cursor,
      limit: optional(z.int().min(1).max(1_000)).describe('Runs on one page. Default: 100.'),
    }),
    output: z.strictObject({ runs: z.array(suspendedRun), nextCursor: cursor }),
    space: ({ resourceId }) => (resourceId === undefined ? 'all' : [spaceId('resource', resourceId)]),
    run: suspendedRuns,
  }),
  operation({
    name: 'agents.cancelRun',
    title: 'Cancel a run that waits',
    description: 'Declines the calls of a run that waits, and ends it.',
    effect: 'write',
    input: z.strictObject({ agent: id.describe('The name or the id of the agent.'), runId: id }),
    output: z.strictObject({ runId: id }),
    space: ({ runId }) => ({ issuedIds: [runId] }),
    run: async (agents, { agent, runId }) => {
      await agents.getAgent(agent).cancelRun(runId)
      return { runId }
    },
  }),
] as const
