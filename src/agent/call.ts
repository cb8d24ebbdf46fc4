/** One call of an agent, up to the start of its model: where it is stored, its input, and the prompt. */

import type { ModelMessage, SystemModelMessage, TelemetryOptions, ToolSet } from 'ai'
import type { LanguageModelObject } from '../derive/provider-model.ts'
import { type Actor, sameActor } from '../domain/actor.ts'
import { invalidInput, invariant, MemoryError, shown } from '../domain/error.ts'
import type { TurnId } from '../domain/id.ts'
import type { JsonObject } from '../domain/json.ts'
import { withPeers } from '../domain/peer-packages.ts'
import { readPlain } from '../domain/read-plain.ts'
import type { MessageInput, MessagePart } from '../domain/records/message.ts'
import { type ReadMessage, readMessages } from '../domain/records/message-input.ts'
import { spaceId } from '../domain/space.ts'
import type { Memory } from '../facade/memory.ts'
import { type AgentMemory, type AgentSpace, usableMemory } from '../ports/agent-memory.ts'
import type { ResolvedBehaviour } from '../ports/behaviour.ts'
import type { ProposedSection, SharedMemory } from '../ports/shared-memory.ts'
import type { CallIterations } from './call-iterations.ts'
import type { Utterance } from './context/model-messages.ts'
import { resolveModel } from './model.ts'
import { NoteProgress } from './note-progress.ts'
import { once } from './once.ts'
import {
  type AgentInput,
  type AgentOptions,
  type CallOptions,
  type CallThread,
  checkMemory,
  type Dynamic,
  type Instructions,
  placeOf,
} from './options.ts'
import { type ProcessedMessage, type Processor, runProcessors } from './processors/processor.ts'
import { Relay } from './relay.ts'
import { RequestContext } from './request-context.ts'
import { ShownConversation } from './shown-conversation.ts'
import { spendingAround } from './spending.ts'
import { isNotePart } from './tools/data-parts.ts'
import { ResultReader } from './tools/result-reader.ts'
import { withApprovals } from './tools/tool-approval.ts'
import { withConvertedSchemas } from './tools/tool-schema.ts'
import { checkTools } from './tools/tool-set.ts'
import { WorkLog } from './work-log.ts'

/** The work that an agent does for another one. */
export interface DelegatedWork {
  /** How many delegations the agent is inside: 1 for a subagent of the agent that the application called. */
  readonly depth: number
  /** How many delegations have begun so far. */
  readonly begun: { count: number }
  /** What the agent is shown of the supervisor's conversation. */
  readonly forwarded: readonly Utterance[]
  /** What the run of the work keeps, to go on as it began; null for nothing. */
  readonly kept: JsonObject | null
  /** What it shares of the supervisor's memory; null for nothing. */
  readonly shared: SharedMemory | null
}

/** What is known of a call when its tools are made. */
export interface DelegatingCall {
  readonly agent: CalledAgent
  readonly options: CallOptions
  readonly requestContext: RequestContext
  readonly model: LanguageModelObject
  /** null for a call without memory. */
  readonly remembered: Remembered | null
  readonly relay: Relay
  readonly log: WorkLog
  readonly shown: ShownConversation
}

/** An agent as a call sees it. */
export interface CalledAgent {
  readonly id: string
  readonly name: string
  readonly options: AgentOptions
  /** The memory of an agent without one: its container's, or its supervisor's. */
  readonly defaultMemory: Memory | null
  /** The model of an agent without one: its supervisor's. */
  readonly defaultModel: LanguageModelObject | null
  /** null for an agent that does not work for another one. */
  readonly work: DelegatedWork | null
  /** Makes the tools with which a call hands work to other agents and to workflows. */
  readonly handsOn: (call: DelegatingCall) => Promise<ToolSet>
  /** Follows, checks and limits the steps of a call, of a network or of any other. */
  readonly watches: (call: DelegatingCall, isNetwork: boolean) => Promise<CallIterations>
  /** Called before a memory is used, to bind it to the container's storage. */
  readonly bind: (memory: Memory) => void
  /** The container's telemetry, for calls that set none. */
  readonly telemetry: TelemetryOptions | null
  readonly log: (level: 'warn' | 'error', message: string, error: unknown) => void
}

/** A call whose options are settled. Nothing was read or written yet. */
export interface Call {
  readonly agent: CalledAgent
  readonly options: CallOptions
  readonly requestContext: RequestContext
  readonly signal: AbortSignal | undefined
  readonly model: LanguageModelObject
  readonly instructions: readonly SystemModelMessage[]
  readonly tools: ToolSet
  readonly input: readonly ReadMessage[]
  /** Who sends the input, if the call or the memory's actor says so. */
  readonly sender: Actor | undefined
  readonly inputProcessors: readonly Processor[]
  readonly outputProcessors: readonly Processor[]
  /** null for a call without memory. */
  readonly remembered: Remembered | null
  /** How large results are shown and read; null for a call without memory. */
  readonly results: ResultReader | null
  readonly warnings: string[]
  /** The waiting turn that the call goes on with, without anything said; null for any other call. */
  readonly goesOn: TurnId | null
  /** The run of a new turn, if another run began it; null for one of its own. */
  readonly run: GivenRun | null
  /** What happens inside of the work that the call hands to others. */
  readonly relay: Relay
  /** What was handed to others, for the record of the run. */
  readonly log: WorkLog
  /** What the model is shown and says, for those that work is handed to. */
  readonly shown: ShownConversation
  /** How notes of its thread come about. */
  readonly noteProgress: NoteProgress
  /** The steps of the model; null for a call that nobody follows, checks or limits. */
  readonly iterations: CallIterations | null
  /** Whether a new message gave the data that the turn goes on with. A client then has no open answer to add to. */
  readonly isAutoResumed: boolean
}

/** Where a call is stored, and how. */
export interface Remembered {
  /** Acting as the agent. */
  readonly memory: Memory
  /** The same as it was given: for those that the agent hands work to. */
  readonly source: Memory
  /** The space that the call remembers in. It is resolved here and passed on from here. */
  readonly space: AgentSpace
  readonly thread: CallThread
  readonly behaviour: ResolvedBehaviour
  /** Sections that are another agent's; null for none. */
  readonly shared: SharedMemory | null
}

export function resolved<Value>(value: Dynamic<Value> | undefined, requestContext: RequestContext) {
  if (typeof value !== 'function') return value
  return (value as (call: { requestContext: RequestContext }) => Value | PromiseLike<Value>)({ requestContext })
}

/** Instructions in the one form of the AI SDK. */
function systemMessages(instructions: Instructions | undefined, field: string): readonly SystemModelMessage[] {
  if (instructions === undefined || instructions === '') return []
  const given = readPlain(instructions, field)
  const list = typeof given === 'string' ? [{ role: 'system', content: given } as const] : given
  const messages = Array.isArray(list) ? list : [list]
  for (const message of messages as readonly unknown[]) {
    const { role, content } = (message ?? {}) as Record<string, unknown>
    if (role === 'system' && typeof content === 'string') continue
    throw invalidInput(field, 'must be a text or system messages', message, `Pass instructions: 'You are …'.`)
  }
  return messages as readonly SystemModelMessage[]
}

/** The input's author if the call states none: the memory's actor if it is a user. */
function speaker(options: CallOptions, { actor }: AgentMemory): Actor | undefined {
  if (options.author !== undefined) return options.author
  return actor.kind === 'user' ? actor : undefined
}

/** The memory of an agent, ready for use, and who the agent is in it. */
interface OwnMemory {
  readonly memory: Memory
  readonly usable: AgentMemory
  readonly actor: Actor
}

/** @throws MemoryError `invalid-input` for an agent without a memory. */
export async function memoryFor(agent: CalledAgent, requestContext: RequestContext): Promise<OwnMemory> {
  const chosen: unknown = (await resolved(agent.options.memory, requestContext)) ?? agent.defaultMemory
  if (chosen === null) {
    throw new MemoryError('invalid-input', {
      message: `The agent ${shown(agent.name)} is called with a thread and has no memory.`,
      fix: `Give it one: new Agent({ name: ${shown(agent.name)}, memory: new Memory(), … }), or leave the ids out.`,
      details: { field: 'memory', rule: 'is required to store a thread', got: 'undefined' },
    })
  }
  const memory = checkMemory(chosen)
  agent.bind(memory)
  const usable = await usableMemory(memory)?.open()
  invariant(usable !== undefined, 'a checked memory is usable')
  return { memory, usable, actor: { kind: 'agent', id: agent.id, name: agent.name } }
}

/** A run that another run began. */
export interface GivenRun {
  /** The last part of its id. */
  readonly unique: string
  readonly parentRunId: string
}

/** Where a call is stored, instead of what its options say. */
interface GivenPlace {
  readonly space: AgentSpace
  readonly thread: CallThread
  /** The waiting turn that it goes on with; null if what is said opens a new one. */
  readonly goesOn: TurnId | null
  /** Of a new turn. Default: a run of its own. */
  readonly run?: GivenRun
}

/** The options of an agent that shares sections of memory: those sections are kept as their owner keeps them. */
function withShared(behaviour: ResolvedBehaviour, { workingMemory, facts, entries }: SharedMemory): ResolvedBehaviour {
  const { form, access } = workingMemory ?? { form: null, access: 'read' }
  return {
    ...behaviour,
    ...(form === null ? {} : { workingMemory: { ...form, agentManaged: form.agentManaged && access !== 'read' } }),
    ...(facts === undefined ? {} : { facts: true }),
    ...(entries === undefined ? {} : { team: entries.teamId }),
  }
}

/** Sections of another agent of which a tool's changes are proposals. */
function proposedIn({ facts, entries, workingMemory }: SharedMemory): readonly ProposedSection[] {
  const sections = [
    ...(facts === undefined ? [] : [{ ...facts, noun: 'fact' as const }]),
    ...(entries === undefined
      ? []
      : [{ ...entries, spaceId: spaceId('team', entries.teamId), noun: 'entry' as const }]),
    ...(workingMemory === undefined ? [] : [{ ...workingMemory, noun: 'block' as const }]),
  ]
  return sections.filter(({ access }) => access === 'propose')
}

/** The memory for tools, which act as the agent. What it may only propose, they may only propose. */
function actingIn(memory: Memory, actor: Actor, shared: SharedMemory | null): Memory {
  const sections = shared === null ? [] : proposedIn(shared)
  if (sections.length === 0) return memory.as(actor)
  return usableMemory(memory)?.proposing(actor, sections) as Memory
}

async function rememberedBy(
  agent: CalledAgent,
  options: CallOptions,
  requestContext: RequestContext,
  given: GivenPlace | null,
): Promise<{ readonly remembered: Remembered; readonly author: Actor | undefined } | null> {
  const place = given ?? placeOf(options)
  if (place === null) {
    // A function still learns of the call.
    await resolved(agent.options.memory, requestContext)
    return null
  }
  const { memory, usable, actor } = await memoryFor(agent, requestContext)
  const { memory: defaults } = agent.options.defaultOptions ?? {}
  const history = options.memory?.history
  const behaviour = usable.behaviour(
    { stated: defaults?.options, field: 'defaultOptions.memory.options' },
    { stated: options.memory?.options, field: 'memory.options' },
    { stated: history === undefined ? undefined : { history }, field: 'memory' },
  )
  const own = 'space' in place ? place.space : usable.space(actor, place.resourceId)
  // In a memory of its own nothing of the supervisor's is found.
  const shared = memory === agent.defaultMemory ? (agent.work?.shared ?? null) : null
  const remembered: Remembered = {
    memory: actingIn(memory, actor, shared),
    source: memory,
    space: shared === null ? own : own.sharing(shared),
    thread: place.thread,
    behaviour: shared === null ? behaviour : withShared(behaviour, shared),
    shared,
  }
  return { remembered, author: speaker(options, usable) }
}

/**
 * Messages with their authors. A user's message without an author gets the caller's. An author that a message names
 * itself is a claim, and cannot be the agent: the agent speaks only in its answers.
 */
function withAuthor(input: readonly ReadMessage[], agent: Actor, author: Actor | undefined): readonly ReadMessage[] {
  return input.map((read) => {
    const { author: stated, ...rest } = read.input
    if (stated !== undefined && !sameActor(stated, agent)) {
      return { ...read, input: { ...rest, author: { ...stated, claimed: true } } }
    }
    return { ...read, input: author === undefined || rest.role !== 'user' ? rest : { ...rest, author } }
  })
}

/** Messages without what a client was told of notes: it is of no message. One that holds nothing else is left out. */
function withoutNoteParts(input: readonly ReadMessage[]): readonly ReadMessage[] {
  return input.flatMap((read) => {
    const parts = read.input.parts.filter((part) => !isNotePart(part))
    if (parts.length === read.input.parts.length) return [read]
    return parts.length === 0 ? [] : [{ ...read, input: { ...read.input, parts } }]
  })
}

const loadMemoryTools = once(() => withPeers(() => import('./tools/memory-tools.ts')))
const loadRecallTool = once(() => withPeers(() => import('./tools/recall-tool.ts')))

/** The tools of a call: the agent's, the call's, and those that memory brings. */
async function toolsOf(
  agent: CalledAgent,
  given: readonly (ToolSet | undefined)[],
  options: CallOptions,
  found: { readonly remembered: Remembered; readonly results: ResultReader } | null,
): Promise<ToolSet> {
  if (found === null) return withConvertedSchemas(checkTools(agent.name, ...given, options.tools))
  const { results, remembered } = found
  const { memory, space, thread, behaviour, shared } = remembered
  const { memoryTools } = await loadMemoryTools()
  const { withResultTool } = await loadRecallTool()
  const own = await memoryTools({ memory, space, threadId: thread.id, behaviour, results, shared })
  const tools = checkTools(agent.name, ...given, options.tools, own)
  return withConvertedSchemas(withResultTool(tools, results, options.activeTools))
}

/**
 * Resolves a call's options. Bad ones are refused here, before anything is stored.
 *
 * @param place Where it is stored. Default: as its options say; what is said opens a turn, or answers calls of one.
 */
export async function settleCall(
  agent: CalledAgent,
  input: AgentInput,
  options: CallOptions,
  place: GivenPlace | null = null,
): Promise<Call> {
  const signal = options.abortSignal
  signal?.throwIfAborted()
  const requestContext = options.requestContext ?? new RequestContext()
  const found = await rememberedBy(agent, options, requestContext, place)
  const model = resolveModel((await resolved(agent.options.model, requestContext)) ?? agent.defaultModel, agent.name)
  const own = systemMessages(await resolved(agent.options.instructions, requestContext), 'instructions')
  const remembered = found?.remembered ?? null
  const given = await resolved(agent.options.tools, requestContext)
  const results = remembered === null ? null : new ResultReader(remembered.space, remembered.thread.id)
  const stored = remembered === null || results === null ? null : { remembered, results }
  const relay = new Relay()
  const log = new WorkLog()
  const said = new ShownConversation()
  const { agents, workflows } = agent.options
  const hands = agents !== undefined || workflows !== undefined
  const delegating = { agent, options, requestContext, model, remembered, relay, log, shown: said }
  const handed = hands ? await agent.handsOn(delegating) : {}
  const tools = withApprovals(await toolsOf(agent, [given, handed], options, stored), {
    rule: options.requireToolApproval ?? agent.options.requireToolApproval ?? false,
    requestContext,
    onFailed: (toolName, error) => {
      agent.log(
        'warn',
        `A person is asked about a call of ${shown(toolName)}: its function for approvals failed.`,
        error,
      )
    },
  })
  const goesOn = place?.goesOn ?? null
  const sent = goesOn === null ? withoutNoteParts(readMessages(input)) : []
  const read = withAuthor(sent, { kind: 'agent', id: agent.id }, found?.author)
  const warnings: string[] = []
  const { inputProcessors = [], outputProcessors = [] } = agent.options
  return {
    agent,
    options,
    requestContext,
    signal,
    model,
    instructions: [...own, ...systemMessages(options.instructions, 'instructions')],
    tools,
    sender: found?.author,
    input: await processedInput(read, inputProcessors, requestContext),
    inputProcessors,
    outputProcessors,
    remembered,
    results,
    warnings,
    goesOn,
    run: place?.run ?? null,
    relay,
    log,
    shown: said,
    noteProgress: new NoteProgress(),
    iterations: hands || iterates(delegating) ? await agent.watches(delegating, false) : null,
    isAutoResumed: false,
  }
}

/** Whether somebody follows, checks or limits the steps of a call. */
function iterates({ agent, options }: DelegatingCall): boolean {
  const { delegation, onIterationComplete, isTaskComplete, budget } = options
  const own = [agent.options.delegation, delegation, onIterationComplete, isTaskComplete, budget]
  return own.some((option) => option !== undefined) || spendingAround() !== null
}

function toProcessed({ input }: ReadMessage): ProcessedMessage {
  const { id, role, parts, metadata } = input
  return { ...(id === undefined ? {} : { id }), role, parts, ...(metadata === undefined ? {} : { metadata }) }
}

/**
 * The input to store, as the processors changed it. A message that keeps its place and role keeps its author and time.
 */
async function processedInput(
  read: readonly ReadMessage[],
  processors: readonly Processor[],
  requestContext: RequestContext,
): Promise<readonly ReadMessage[]> {
  if (!processors.some((processor) => processor.processInput !== undefined)) return read
  const before = read.map(toProcessed)
  const after = await runProcessors(processors, 'processInput', 'messages', before, requestContext)
  return readMessages([...after]).map((message, index) => {
    const same = read[index]
    const { author, createdAt } = same?.input.role === message.input.role ? same.input : ({} as Partial<MessageInput>)
    const kept = { ...(author === undefined ? {} : { author }), ...(createdAt === undefined ? {} : { createdAt }) }
    return { ...message, input: { ...message.input, ...kept } }
  })
}

/** The prompt, as the processors changed it. */
export async function processedContext(call: Call, messages: readonly ModelMessage[]): Promise<ModelMessage[]> {
  const { inputProcessors, requestContext } = call
  return [...(await runProcessors(inputProcessors, 'processContext', 'messages', messages, requestContext))]
}

/** Whether processors see answers before they are stored. */
export function processesAnswers({ outputProcessors }: Call): boolean {
  return outputProcessors.some(({ processOutputResult }) => processOutputResult !== undefined)
}

/** The answer to store, as the processors changed it. */
export async function processedAnswer(call: Call, parts: readonly MessagePart[]): Promise<readonly MessagePart[]> {
  const { outputProcessors, requestContext } = call
  if (!processesAnswers(call)) return parts
  const before: readonly ProcessedMessage[] = [{ role: 'assistant', parts }]
  const after = await runProcessors(outputProcessors, 'processOutputResult', 'messages', before, requestContext)
  return after.flatMap(({ parts: left }) => {
    if (Array.isArray(left) && left.every((part) => typeof part?.type === 'string')) return [...left]
    const fix = 'Return messages with parts, in the form in which they were passed.'
    throw invalidInput('processOutputResult', 'must return messages with parts', left, fix)
  })
}

/** The text of the input, which recall looks for. */
export function questionOf(
  messages: readonly { readonly role: string; readonly parts: readonly MessagePart[] }[],
): string {
  const texts = messages.flatMap(({ role, parts }) => {
    return role === 'user' ? parts.flatMap(({ type, text }) => (type === 'text' ? [String(text)] : [])) : []
  })
  return texts.join('\n').trim()
}
