// A step of a model is a unit: the model is asked again only when each of its calls has an answer, in whatever order.
import { tool } from 'ai'
import { Agent, type MessagePart, type StoredMessage } from 'aquifer'
import { callTools, promptProblems, scriptedModel } from 'aquifer/testing'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { openMemory } from '../memory/opened.ts'
import { callsIn, heldOf, openChat, outline } from './chat-scene.ts'

const at = { resourceId: 'u', threadId: 't' }
const both = [
  { toolName: 'pay', input: { to: 'Ann' } },
  { toolName: 'pay', input: { to: 'Bob' } },
]

function payTool(paid: string[]) {
  return tool({
    inputSchema: z.object({ to: z.string() }),
    needsApproval: true,
    execute: async ({ to }) => {
      paid.push(to)
      return `paid ${to}`
    },
  })
}

/** What a client says about a call of the answer. */
type Word = (part: MessagePart) => object

const approves: Word = ({ approval }) => ({
  state: 'approval-responded',
  approval: { ...(approval as object), approved: true },
})
const denies: Word = ({ approval }) => ({
  state: 'approval-responded',
  approval: { ...(approval as object), approved: false },
})

function openScene(how: 'generate' | 'stream') {
  const memory = openMemory()
  const paid: string[] = []
  const model = scriptedModel({ script: [callTools(both), 'Going on.', 'Done.'] })
  const agent = new Agent({ name: 'A', memory, model, tools: { pay: payTool(paid) } })
  const send = async (messages: unknown) => {
    if (how === 'generate') return (await agent.generate(messages as never, at)).text
    const result = await agent.stream(messages as never, at)
    return result.text
  }
  const answer = async () =>
    (await memory.listMessages(at)).messages.find(({ role }) => role === 'assistant') as StoredMessage
  const say = async (word: Word, ...toolCallIds: readonly string[]) => {
    const { id, role, parts } = await answer()
    const said = parts.map((part) =>
      toolCallIds.includes(String(part.toolCallId)) ? { ...part, ...word(part) } : part,
    )
    return send([{ id, role, parts: said }])
  }
  const stands = async () => {
    const { turnStatus, parts } = await answer()
    const states = parts.flatMap(({ toolCallId, state }) => (toolCallId === undefined ? [] : [state]))
    const [run] = (await memory.listRuns({ resourceId: 'u' })).runs
    return { turn: turnStatus, run: run?.status, states, models: model.calls.length }
  }
  return { memory, paid, model, send, say, stands }
}

describe.each(['generate', 'stream'] as const)('%s', (how) => {
  it.each([
    ['the first one first', ['call_1_1', 'call_1_2'], ['Ann', 'Bob']],
    ['the second one first', ['call_1_2', 'call_1_1'], ['Bob', 'Ann']],
  ])('carries out two calls that are approved one after the other, %s', async (_, [first, second], order) => {
    const { paid, model, send, say, stands } = openScene(how)
    await send('Pay both')
    expect(await say(approves, first as string)).toBe('')
    const states =
      first === 'call_1_1' ? ['output-available', 'approval-requested'] : ['approval-requested', 'output-available']
    expect(await stands()).toEqual({ turn: 'suspended', run: 'suspended', states, models: 1 })
    expect(await say(approves, second as string)).toBe('Going on.')
    const done = ['output-available', 'output-available']
    expect(await stands()).toEqual({ turn: 'complete', run: 'complete', states: done, models: 2 })
    expect(paid).toEqual(order)
    expect(await send('And now?')).toBe('Done.')
    for (const { messages } of model.calls) expect(promptProblems(messages)).toEqual([])
  })

  it('does not run what is denied, and waits for the other', async () => {
    const { paid, send, say, stands } = openScene(how)
    await send('Pay both')
    await say(denies, 'call_1_2')
    const states = ['approval-requested', 'output-denied']
    expect(await stands()).toEqual({ turn: 'suspended', run: 'suspended', states, models: 1 })
    expect(await say(approves, 'call_1_1')).toBe('Going on.')
    expect(paid).toEqual(['Ann'])
  })
})

it('waits for each result of a tool that the client runs', async () => {
  const memory = openMemory()
  const calls = ['size', 'colour'].map((question) => ({ toolName: 'ask', input: { question } }))
  const model = scriptedModel({ script: [callTools(calls, { reasoning: 'I need both.' }), 'Ordered.'] })
  const ask = tool({ inputSchema: z.object({ question: z.string() }) })
  const agent = new Agent({ name: 'A', memory, model, tools: { ask } } as never)
  await agent.generate('Order a shirt', at)
  const answered = async (toolCallId: string, output: string) => {
    const { id, role, parts } = (await memory.listMessages(at)).messages.at(-1) as StoredMessage
    const said = parts.map((part) =>
      part.toolCallId === toolCallId ? { ...part, state: 'output-available', output } : part,
    )
    return (await agent.generate([{ id, role, parts: said }] as never, at)).text
  }
  expect(await answered('call_1_2', 'red')).toBe('')
  expect(model.calls).toHaveLength(1)
  expect(await answered('call_1_1', 'M')).toBe('Ordered.')
  expect(promptProblems(model.calls[1]?.messages ?? [])).toEqual([])
  expect(model.calls[1]?.transcript).toMatch(/M[\s\S]*red/)
})

it('shows a client the results of what it approved, and no empty step', async () => {
  const paid: string[] = []
  const scene = openChat({ script: [callTools(both), 'Going on.'], agent: { tools: { pay: payTool(paid) } } })
  await scene.chat.sendMessage({ text: 'Pay both' })
  for (const expected of ['', ' Going on.']) {
    const [asked] = callsIn(heldOf(scene.chat.messages)[1], 'approval-requested')
    await scene.chat.addToolApprovalResponse({ id: asked?.approval.id as string, approved: true })
    await scene.chat.sendMessage()
    const kept = await scene.expectSame()
    expect(outline(kept)[1]?.endsWith(expected)).toBe(true)
  }
  expect(paid).toEqual(['Ann', 'Bob'])
})
