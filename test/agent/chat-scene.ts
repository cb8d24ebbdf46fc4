// A chat as applications have one: the AI SDK's client without a browser, and a route that calls an agent.
import {
  AbstractChat,
  type ChatInit,
  type ChatState,
  type ChatStatus,
  DefaultChatTransport,
  tool,
  type UIMessage,
} from 'ai'
import { Agent, type AgentOptions, type AgentStream, type CallOptions, type Memory } from 'aquifer'
import {
  promptProblems,
  type ScriptedModel,
  type ScriptedModelOptions,
  scriptedModel,
  threadProblems,
} from 'aquifer/testing'
import { expect, onTestFinished } from 'vitest'
import { z } from 'zod'
import { openMemory } from '../memory/opened.ts'

export const at = { resourceId: 'customer_123', threadId: 'support_thread_456' }

/** What a hook of a framework keeps, without the framework. */
class PlainState implements ChatState<UIMessage> {
  status: ChatStatus = 'ready'
  error: Error | undefined = undefined
  messages: UIMessage[]

  constructor(messages: UIMessage[]) {
    this.messages = messages
  }

  pushMessage(message: UIMessage): void {
    this.messages = [...this.messages, message]
  }

  popMessage(): void {
    this.messages = this.messages.slice(0, -1)
  }

  replaceMessage(index: number, message: UIMessage): void {
    this.messages = this.messages.map((one, place) => (place === index ? this.snapshot(message) : one))
  }

  snapshot<Value>(value: Value): Value {
    return structuredClone(value)
  }
}

export class Chat extends AbstractChat<UIMessage> {
  constructor({ messages = [], ...init }: ChatInit<UIMessage>) {
    super({ ...init, state: new PlainState(messages) })
  }
}

/** What the chat asks its route for. */
export interface Asked {
  readonly messages: UIMessage[]
  readonly trigger: NonNullable<CallOptions['trigger']>
  readonly messageId?: string
}

export interface ChatOptions {
  readonly script: NonNullable<ScriptedModelOptions['script']>
  readonly memory?: Memory
  readonly agent?: Partial<AgentOptions>
  readonly call?: CallOptions
  readonly chat?: Partial<ChatInit<UIMessage>>
  /** Whether the route stops the agent when the client stops. Default: true. */
  readonly stops?: boolean
  /** How the route answers. */
  readonly respond?: (result: AgentStream, asked: Asked) => Response | Promise<Response>
}

export interface ChatScene {
  readonly chat: Chat
  readonly memory: Memory
  readonly agent: Agent
  readonly model: ScriptedModel
  readonly asked: readonly Asked[]
  readonly results: readonly AgentStream[]
  /** Resolves when the chat is idle and everything is stored. */
  settled(): Promise<void>
  /** What is stored, as a client holds messages. */
  stored(): Promise<readonly Held[]>
  /** Warnings of all calls that came to an answer. */
  warnings(): Promise<readonly string[]>
  /** Asserts that the client holds what is stored, that memory warned of nothing, and that thread and prompts are valid. */
  expectSame(): Promise<readonly Held[]>
}

export interface Held {
  readonly id: string
  readonly role: string
  readonly parts: readonly { readonly type: string; readonly [field: string]: unknown }[]
}

/** Messages as plain JSON, as far as both sides have them. */
export function heldOf(messages: readonly { id: string; role: string; parts: readonly object[] }[]): readonly Held[] {
  return JSON.parse(JSON.stringify(messages.map(({ id, role, parts }) => ({ id, role, parts })))) as Held[]
}

/** A chat with an agent: in a memory of its own, in a thread that has the chat's id. */
export function openChat(options: ChatOptions): ChatScene {
  const { memory = openMemory(), stops = true, respond = (result) => result.toUIMessageStreamResponse() } = options
  const model = scriptedModel({ script: options.script })
  const agent = new Agent({ name: 'Support', instructions: 'You help.', model, memory, ...options.agent })
  const asked: Asked[] = []
  const results: AgentStream[] = []
  const route = async (_: unknown, init?: RequestInit): Promise<Response> => {
    const { messages, trigger, messageId } = JSON.parse(String(init?.body)) as Asked
    asked.push({ messages, trigger, ...(messageId === undefined ? {} : { messageId }) })
    const result = await agent.stream(messages, {
      ...at,
      trigger,
      ...(messageId === undefined ? {} : { messageId }),
      ...(stops && init?.signal ? { abortSignal: init.signal } : {}),
      onError() {},
      ...options.call,
    })
    results.push(result)
    return respond(result, { messages, trigger })
  }
  const chat = new Chat({ id: at.threadId, transport: new DefaultChatTransport({ fetch: route }), ...options.chat })
  onTestFinished(() => chat.dispose())
  const stored = async () => heldOf((await memory.listMessages({ ...at, perPage: false })).messages)
  const settled = async () => {
    while (chat.status === 'submitted' || chat.status === 'streaming') await new Promise(setImmediate)
    await Promise.all(results.map(({ finished }) => finished))
  }
  const warnings = async () => {
    const all = await Promise.allSettled(results.map((result) => Promise.resolve(result.warnings)))
    const told = all.flatMap((one) => (one.status === 'fulfilled' ? (one.value ?? []) : []))
    return told.map((warning) => ('message' in warning ? warning.message : warning.type))
  }
  return {
    ...{ chat, memory, agent, model, asked, results, stored, settled, warnings },
    expectSame: async () => {
      await settled()
      const kept = await stored()
      expect(heldOf(chat.messages)).toEqual(kept)
      expect(await warnings()).toEqual([])
      await expectValid(memory, model)
      return kept
    },
  }
}

/** Asserts that a strict provider would take everything: what is stored, and what the model was sent. */
export async function expectValid(memory: Memory, model?: ScriptedModel): Promise<void> {
  const { messages } = await memory.listMessages({ ...at, perPage: false, includeInternal: true })
  expect(threadProblems(messages)).toEqual([])
  for (const call of model?.calls ?? []) expect(promptProblems(call.messages)).toEqual([])
}

/** Texts and kinds of parts, message by message. */
export function outline(messages: readonly Held[]): readonly string[] {
  return messages.map(({ role, parts }) => {
    const said = parts.flatMap(({ type, text, state }) =>
      type === 'text' ? [String(text)] : type === 'step-start' ? [] : [`[${type} ${String(state)}]`],
    )
    return `${role}: ${said.join(' ')}`
  })
}

/** A tool that anybody may call. */
export const weather = tool({
  description: 'Tells the weather of a city.',
  inputSchema: z.object({ city: z.string() }),
  execute: async ({ city }) => ({ city, celsius: 20 }),
})

/** A tool that a person has to approve. */
export const pay = tool({
  description: 'Pays.',
  inputSchema: z.object({ euros: z.number() }),
  needsApproval: true,
  execute: async ({ euros }) => `${euros} euros are paid`,
})

/** Tool parts of a message, of a state or all. */
export function callsIn(message: Held | undefined, state?: string) {
  const calls = (message?.parts ?? []).filter(({ type }) => type.startsWith('tool-') || type === 'dynamic-tool')
  const found = state === undefined ? calls : calls.filter((call) => call.state === state)
  return found as unknown as readonly { readonly toolCallId: string; readonly approval: { readonly id: string } }[]
}
