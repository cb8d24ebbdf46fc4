// What a tool shows of its result (`toModelOutput`): made once, stored next to the result, and the same for every model after it.

import { setImmediate as oneTurn } from 'node:timers/promises'
import { type Tool, tool } from 'ai'
import { Agent, type Memory } from 'aquifer'
import { callTool, scriptedModel } from 'aquifer/testing'
import { expect, it } from 'vitest'
import { z } from 'zod'
import { openMemory } from '../memory/opened.ts'

const at = { resourceId: 'u', threadId: 't' }
const card = '4111-1111'
const png = Buffer.alloc(60_000, 7).toString('base64')

function crm(made: string[] = []) {
  return tool({
    inputSchema: z.object({}),
    execute: async () => ({ summary: 'Ann, gold plan', card }),
    toModelOutput: async ({ toolCallId, output }) => {
      made.push(toolCallId)
      for (let turns = 0; turns < 20; turns++) await oneTurn()
      return { type: 'text', value: output.summary }
    },
  })
}

function agentOf(memory: Memory, name: string, script: readonly unknown[], tools?: Record<string, Tool>) {
  const model = scriptedModel({ script: script as never })
  return { model, agent: new Agent({ name, memory, model, ...(tools === undefined ? {} : { tools }) }) }
}

async function partsOf(memory: Memory) {
  const { messages } = await memory.listMessages({ ...at, perPage: false })
  return messages.flatMap(({ parts }) => parts).filter(({ type }) => type === 'tool-crm')
}

const promptOf = ({ calls }: { readonly calls: readonly unknown[] }) => JSON.stringify(calls.at(-1))

it('is made once, stored with the raw result, and shown to every agent after it', async () => {
  const memory = openMemory()
  const made: string[] = []
  const sales = agentOf(memory, 'Sales', [callTool('crm', {}), 'She is gold.', 'Still.'], { crm: crm(made) })
  await sales.agent.generate('Who is she?', at)
  expect(await partsOf(memory)).toMatchObject([
    { output: { summary: 'Ann, gold plan', card }, modelOutput: { type: 'text', value: 'Ann, gold plan' } },
  ])
  const other = tool({ inputSchema: z.object({}), execute: async () => 1 })
  for (const { agent, model } of [
    sales,
    agentOf(memory, 'Support', ['B'], { other }),
    agentOf(memory, 'Writer', ['C']),
    agentOf(memory, 'Clerk', ['D'], { crm: tool({ inputSchema: z.object({}), execute: async () => 1 }) }),
  ]) {
    await agent.generate('Go on', at)
    expect(promptOf(model)).toContain('Ann, gold plan')
    expect(promptOf(model)).not.toContain(card)
  }
  expect(made).toHaveLength(1)
})

it('is made once in a stream as well, and for every step of it', async () => {
  const memory = openMemory()
  const made: string[] = []
  const script = [callTool('crm', {}), callTool('crm', {}), 'Done.']
  const { agent, model } = agentOf(memory, 'Sales', script, { crm: crm(made) })
  const result = await agent.stream('Who is she?', at)
  await result.consumeStream()
  await result.finished
  expect((await partsOf(memory)).map(({ modelOutput }) => modelOutput)).toEqual(
    Array(2).fill({ type: 'text', value: 'Ann, gold plan' }),
  )
  expect(new Set(made).size).toBe(2)
  expect(made).toHaveLength(2)
  expect(promptOf(model)).not.toContain(card)
})

it('is made of a result that a client sends, when it is stored', async () => {
  const memory = openMemory()
  const { execute: _, ...inBrowser } = crm()
  const tools = { crm: inBrowser as Tool }
  const sales = agentOf(memory, 'Sales', [callTool('crm', {}), 'She is gold.'], tools)
  await sales.agent.generate('Who is she?', at)
  const { messages } = await memory.listMessages({ ...at, perPage: false })
  const answer = messages.at(-1)
  const parts = answer?.parts.map((part) => {
    return part.type === 'tool-crm' ? { ...part, state: 'output-available', output: { summary: 'Ann', card } } : part
  })
  await sales.agent.generate([{ ...answer, parts }] as never, at)
  expect(await partsOf(memory)).toMatchObject([{ output: { card }, modelOutput: { type: 'text', value: 'Ann' } }])
  expect(promptOf(sales.model)).not.toContain(card)
  const writer = agentOf(memory, 'Writer', ['Told.'])
  await writer.agent.generate('And now?', at)
  expect(promptOf(writer.model)).toContain('Ann')
  expect(promptOf(writer.model)).not.toContain(card)
})

it('of a result stored without one is what the tool says of it now', async () => {
  const memory = openMemory()
  const part = { type: 'tool-crm', toolCallId: 'c1', state: 'output-available', input: {} }
  const answer = { role: 'assistant', parts: [{ ...part, output: { summary: 'Ann, gold plan', card } }] } as const
  await memory.saveMessages({ ...at, messages: ['Who is she?', answer as never] })
  const { agent, model } = agentOf(memory, 'Sales', ['Gold.'], { crm: crm() })
  await agent.generate('Go on', at)
  expect(promptOf(model)).toContain('Ann, gold plan')
  expect(promptOf(model)).not.toContain(card)
})

it('that throws fails the turn, as it does in the AI SDK, and leaves nothing of it in memory', async () => {
  const memory = openMemory()
  const failing = tool({
    inputSchema: z.object({}),
    execute: async () => ({ card }),
    toModelOutput: () => {
      throw new Error('no view')
    },
  })
  const { agent } = agentOf(memory, 'Sales', [callTool('crm', {}), 'Never said.'], { crm: failing })
  await expect(agent.generate('Who is she?', at)).rejects.toThrow('no view')
  const { messages } = await memory.listMessages({ ...at, perPage: false })
  expect(messages.map(({ turnStatus }) => turnStatus)).toContain('failed')
  const next = agentOf(memory, 'Sales', ['B'], { crm: failing })
  await next.agent.generate('And now?', at)
  expect(promptOf(next.model)).not.toContain(card)
})

it('that hangs keeps no stopped turn open, and its result is shown to nobody', async () => {
  const memory = openMemory()
  const stop = new AbortController()
  const hanging = tool({
    inputSchema: z.object({}),
    execute: async () => ({ card }),
    toModelOutput: () => {
      stop.abort()
      return new Promise<never>(() => {})
    },
  })
  const { agent } = agentOf(memory, 'Sales', [callTool('crm', {}), 'Never said.'], { crm: hanging })
  const result = await agent.stream('Who is she?', { ...at, abortSignal: stop.signal })
  await result.finished
  const { messages } = await memory.listMessages({ ...at, perPage: false })
  expect(messages.map(({ turnStatus }) => turnStatus)).toContain('aborted')
  const next = agentOf(memory, 'Clerk', ['B'], { crm: crm() })
  await next.agent.generate('And now?', at)
  expect(promptOf(next.model)).not.toContain(card)
})

it.each([
  ['base64 text', png],
  ['bytes', new Uint8Array(Buffer.from(png, 'base64'))],
])('with a picture as %s counts as a picture, and stays one for the next model', async (_, data) => {
  const memory = openMemory({ options: { messageHistory: { maxTokens: 8_000 } } })
  const shot = tool({
    inputSchema: z.object({}),
    execute: async () => ({ taken: true }),
    toModelOutput: () => ({
      type: 'content',
      value: [
        { type: 'text', text: 'The screen.' },
        { type: 'file', mediaType: 'image/png', data: { type: 'data', data } },
      ],
    }),
  })
  const camera = agentOf(memory, 'Camera', [callTool('shot', {}), 'Seen.'], { shot })
  await camera.agent.generate('Look at this', at)
  const other = tool({ inputSchema: z.object({}), execute: async () => 1 })
  const next = agentOf(memory, 'Editor', ['Next.'], { other })
  await next.agent.generate('And now?', at)
  expect(promptOf(next.model)).toContain('Look at this')
  expect(promptOf(next.model)).toContain(png.slice(0, 1_000))
  const { model, agent } = agentOf(memory, 'Writer', ['Told.'])
  await agent.generate('And now?', at)
  expect(promptOf(model)).toContain('The screen.')
  expect(promptOf(model)).toContain(png.slice(0, 1_000))
})
