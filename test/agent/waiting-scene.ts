// Agents whose calls wait, and a person's words on them, as a chat sends them.
import { Agent, type AgentOptions, createTool, type Memory, type MessagePart, type StoredMessage } from 'aquifer'
import {
  promptProblems,
  type ScriptedModel,
  type ScriptedModelOptions,
  scriptedModel,
  threadProblems,
} from 'aquifer/testing'
import { expect } from 'vitest'
import { z } from 'zod'
import { openMemory } from '../memory/opened.ts'

export const at = { resourceId: 'alice', threadId: 't' }

type Place = typeof at

/** What a person says about a call. */
export type Word = { readonly approved: boolean; readonly reason?: string } | { readonly output: unknown }

export const yes: Word = { approved: true }
export const no: Word = { approved: false }

export interface WaitingScene {
  readonly memory: Memory
  readonly agent: Agent
  readonly model: ScriptedModel
  /** What tools did, in order. */
  readonly done: string[]
  ask(question: string, place?: Place): Promise<void>
  /** The calls of the newest answer of a thread, in order. */
  calls(place?: Place): Promise<readonly MessagePart[]>
  /** The newest answer of a thread, as a page has it that was loaded now. */
  page(place?: Place): Promise<StoredMessage>
  /** Sends words on calls, as a page shows them; answers what the agent says then. */
  say(words: Readonly<Record<string, Word>>, page?: StoredMessage, place?: Place): Promise<string>
  /** How the newest turn stands, with the states of its calls. */
  stands(place?: Place): Promise<readonly unknown[]>
  /** Asserts that thread and prompts are whole. */
  expectWhole(place?: Place): Promise<void>
}

function withWord(part: MessagePart, word: Word | undefined): MessagePart {
  if (word === undefined) return part
  if ('output' in word) return { ...part, state: 'output-available', output: word.output } as MessagePart
  return { ...part, state: 'approval-responded', approval: { ...(part.approval as object), ...word } } as MessagePart
}

/** Opens an agent with tools `pay` and `wipe`, which a person approves, `look`, which runs at once, and `ask`, for the client. */
export function openWaiting(
  script: NonNullable<ScriptedModelOptions['script']>,
  options: Partial<AgentOptions> & { readonly memory?: Memory } = {},
): WaitingScene {
  const { memory = openMemory(), ...more } = options
  const done: string[] = []
  const inputSchema = z.object({ to: z.string() })
  const running = (id: string, requireApproval: boolean) =>
    createTool({
      id,
      description: `Does ${id}.`,
      inputSchema,
      requireApproval,
      execute: async ({ to }) => {
        done.push(`${id} ${to}`)
        return `${id} ${to} is done`
      },
    })
  const tools = {
    pay: running('pay', true),
    wipe: running('wipe', true),
    look: running('look', false),
    ask: createTool({ id: 'ask', description: 'Asks the user.', inputSchema }),
  }
  const model = scriptedModel({ script })
  const agent = new Agent({ name: 'Clerk', memory, model, tools, ...more })
  const page = async (place: Place = at) => {
    const { messages } = await memory.listMessages({ ...place, perPage: false })
    return messages.findLast(({ role }) => role === 'assistant') as StoredMessage
  }
  const calls = async (place: Place = at) =>
    (await page(place)).parts.filter(({ toolCallId }) => toolCallId !== undefined)
  return {
    ...{ memory, agent, model, done, page, calls },
    ask: async (question, place = at) => void (await agent.generate(question, place)),
    say: async (words, shown, place = at) => {
      const { id, role, parts } = shown ?? (await page(place))
      const said = parts.map((part) => withWord(part, words[String(part.toolCallId)]))
      return (await agent.generate([{ id, role, parts: said }] as never, place)).text
    },
    stands: async (place = at) => [(await page(place)).turnStatus, ...(await calls(place)).map(({ state }) => state)],
    expectWhole: async (place = at) => {
      const { messages } = await memory.listMessages({ ...place, perPage: false })
      expect(threadProblems(messages)).toEqual([])
      for (const call of model.calls) expect(promptProblems(call.messages)).toEqual([])
    },
  }
}
