// Conversations to assemble prompts from: two agents, one customer, and the prompt as a model is sent it.

import { generateText } from 'ai'
import type { Actor, Memory, MemoryBehaviour, MessageLike } from 'aquifer'
import { promptProblems, scriptedModel } from 'aquifer/testing'
import { expect } from 'vitest'
import { type AssembledContext, assembleContext } from '../../src/agent/context/context.ts'
import type { AnySection, ContextInput } from '../../src/agent/context/section.ts'
import type { MessageInput, MessagePart } from '../../src/domain/records/message.ts'
import { coreOf } from '../../src/facade/conversations.ts'
import { agentSpace } from '../../src/memory/agent-memory.ts'
import { resourceSpace } from '../../src/memory/door/door.ts'
import { mergeBehaviour } from '../../src/memory/options/behaviour.ts'
import { hour } from '../memory/opened.ts'

export const resourceId = 'alice'
export const threadId = 'help'
export const where = { resourceId, threadId }
export const sales = { kind: 'agent', id: 'sales', name: 'Sales Specialist' } as const
export const support = { kind: 'agent', id: 'support', name: 'Support Specialist' } as const

export const text = (words: string): MessagePart => ({ type: 'text', text: words })
export const userSays = (words: string): MessageInput => ({ role: 'user', parts: [text(words)] })

/** A call with its result, as the AI SDK keeps one. */
export function toolPart(toolCallId: string, more: Partial<MessagePart> = {}): MessagePart {
  const answered = { state: 'output-available', input: { id: 7 }, output: { status: 'late' } }
  return { type: 'tool-lookup', toolCallId, ...answered, ...more }
}

/** What a test says of a call. */
export type CallOptions = Partial<Omit<ContextInput, 'behaviour'>> & {
  readonly by?: Actor
  readonly behaviour?: MemoryBehaviour
}

/** The context of one call; support's, in its thread, unless said otherwise. */
export function assemble(
  memory: Memory,
  said: string | readonly MessageInput[],
  more: CallOptions = {},
  sections?: readonly AnySection[],
): Promise<AssembledContext> {
  const { by = support, behaviour, ...rest } = more
  const newMessages = typeof said === 'string' ? [userSays(said)] : said
  const input: ContextInput = {
    space: agentSpace(resourceSpace(coreOf(memory.as(by)), resourceId)),
    agent: by,
    threadId,
    behaviour: mergeBehaviour(behaviour),
    newMessages,
    ownTurnId: null,
    tools: { lookup: { inputSchema: { jsonSchema: {} } as never } },
    ...rest,
  }
  return assembleContext(input, sections)
}

/** The whole prompt as a text, after it went through the AI SDK; a strict provider would take it. */
export async function promptOf({ instructions, messages }: AssembledContext): Promise<string> {
  const model = scriptedModel({ script: ['Done.'] })
  await generateText({ model, messages, ...(instructions === undefined ? {} : { instructions }) })
  const [call] = model.calls
  expect(promptProblems(call?.messages ?? [])).toEqual([])
  return call?.transcript ?? ''
}

/** The prompt without anything in front of the messages. */
export async function messagesOf(memory: Memory, said: string, more: CallOptions = {}) {
  const behaviour = { semanticRecall: false, ...more.behaviour }
  return promptOf(await assemble(memory, said, { ...more, behaviour }))
}

/** Opens a turn of an agent's and saves to it. */
export async function openTurn(memory: Memory, by: Actor, messages: readonly MessageLike[]): Promise<string> {
  const own = memory.as(by)
  const opened = await own
    .space('resource/alice')
    .commit([{ kind: 'turn-open', threadId, leaseMs: hour, createThread: true }])
  if (opened.status !== 'committed' || opened.results[0]?.kind !== 'turn-open') throw new Error('no turn was opened')
  const { turnId } = opened.results[0]
  if (messages.length > 0) await own.saveMessages({ ...where, turnId, messages })
  return turnId
}

type Ending = 'complete' | 'aborted' | 'failed' | 'interrupted' | 'suspended'

export async function closeTurn(memory: Memory, by: Actor, turnId: string, status: Ending = 'complete') {
  await memory
    .as(by)
    .space('resource/alice')
    .commit([{ kind: 'turn-close', threadId, turnId, status }])
}

/** A whole turn: a question of the customer's and an agent's answer. */
export async function saveTurn(
  memory: Memory,
  by: Actor,
  question: string,
  answer: string | readonly MessagePart[],
  status: Ending = 'complete',
): Promise<string> {
  const parts = typeof answer === 'string' ? [text(answer)] : answer
  const turnId = await openTurn(memory, by, [question, { role: 'assistant', parts }])
  await closeTurn(memory, by, turnId, status)
  return turnId
}
