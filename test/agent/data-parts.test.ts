// Parts of an application's own in an answer: a client gets them while it is given, and after a reload.
import { createUIMessageStream, readUIMessageStream, type UIMessage } from 'ai'
import { Agent, type AgentStream, createTool, type DataPart, type Memory } from 'aquifer'
import { callTool, scriptedModel } from 'aquifer/testing'
import { expect, it, test } from 'vitest'
import { z } from 'zod'
import { openMemory, refused } from '../memory/opened.ts'
import { at, ways } from './aftermath.ts'

const chart = { type: 'data-chart', id: 'c1', data: { points: [1, 2, 3] } } as const

function agentOf(memory: Memory | null, script: readonly unknown[] = ['Here it is.'], more: object = {}): Agent {
  const model = scriptedModel({ script: script as never })
  return new Agent({ name: 'Support', model, ...(memory === null ? {} : { memory }), ...more })
}

/** The parts that say something, without the starts of steps. */
const said = (parts: readonly object[] = []) => {
  return (JSON.parse(JSON.stringify(parts)) as { type: string }[]).filter(({ type }) => type !== 'step-start')
}

const storedIn = async (memory: Memory) => said((await memory.listMessages(at)).messages.at(-1)?.parts)

async function readAll(result: AgentStream): Promise<UIMessage | undefined> {
  let message: UIMessage | undefined
  for await (message of readUIMessageStream({ stream: result.toUIMessageStream() }));
  return message
}

it('are sent and stored, at their place among the others', async () => {
  const memory = openMemory()
  const result = await agentOf(memory).stream('Chart please', at)
  result.write(chart)
  const client = await readAll(result)
  expect(said(client?.parts)).toEqual([chart, expect.objectContaining({ type: 'text', text: 'Here it is.' })])
  expect(await storedIn(memory)).toEqual(said(client?.parts))
  expect((await memory.listMessages(at)).messages.at(-1)?.id).toBe(client?.id)
})

it('are there in a stream of the application’s own too, and after it sent everything again', async () => {
  const memory = openMemory()
  const agent = agentOf(memory, ['Here it is.', 'Again.'])
  const result = await agent.stream('Chart please', at)
  const stream = createUIMessageStream({
    execute: ({ writer }) => {
      writer.merge(result.toUIMessageStream())
      result.write(chart)
    },
  })
  let message: UIMessage | undefined
  for await (message of readUIMessageStream({ stream }));
  await result.finished
  expect(await storedIn(memory)).toEqual(said(message?.parts))
  const { messages } = await memory.listMessages(at)
  const { warnings } = await agent.generate(
    [messages[0], message, { id: 'q2', role: 'user', content: 'Go on' }] as never,
    at,
  )
  expect(warnings).toEqual([])
  const after = await memory.listMessages(at)
  expect(said(after.messages[1]?.parts)).toEqual(said(message?.parts))
})

test.each(ways)('come from tools, by %s', async (way) => {
  const memory = openMemory()
  const look = createTool({
    id: 'look',
    description: 'Looks.',
    inputSchema: z.object({}),
    execute: async (_, { write }) => {
      write?.({ type: 'data-progress', id: 'p', data: 10 })
      write?.({ type: 'data-note', data: 'only for now', transient: true })
      write?.({ type: 'data-progress', id: 'p', data: 100 })
      return 1
    },
  })
  const agent = agentOf(memory, [callTool('look'), 'Done.', 'Next.'], { tools: { look } })
  if (way === 'generate') await agent.generate('Look', at)
  else {
    const result = await agent.stream('Look', at)
    const types: string[] = []
    for await (const { type } of result.toUIMessageStream()) types.push(type)
    expect(types.filter((type) => type.startsWith('data-'))).toEqual(['data-progress', 'data-note', 'data-progress'])
  }
  const stored = await storedIn(memory)
  expect(stored.map(({ type }) => type).sort()).toEqual(['data-progress', 'text', 'tool-look'])
  expect(stored).toContainEqual({ type: 'data-progress', id: 'p', data: 100 })
})

it('are shown to no model', async () => {
  const memory = openMemory()
  const result = await agentOf(memory).stream('Chart please', at)
  result.write({ type: 'data-chart', data: 'for people' })
  await result.finished
  const model = scriptedModel({ script: ['Next.'] })
  await new Agent({ name: 'Other', memory, model }).generate('And?', at)
  expect(JSON.stringify(model.calls)).not.toContain('for people')
})

it('are stored of a client that left, and of a stop', async () => {
  const memory = openMemory()
  const stop = new AbortController()
  const wait = createTool({
    id: 'wait',
    description: 'Waits.',
    inputSchema: z.object({}),
    execute: async (_, { write }) => {
      write?.(chart)
      stop.abort()
      return new Promise<never>(() => {})
    },
  })
  const agent = agentOf(memory, [callTool('wait', {}, { text: 'So far.' })], { tools: { wait } })
  const result = await agent.stream('Wait', { ...at, abortSignal: stop.signal })
  await result.toUIMessageStream().cancel()
  expect(await result.finished).toEqual({ status: 'aborted' })
  expect(await storedIn(memory)).toContainEqual(chart)
})

it('are sent without memory as well', async () => {
  const result = await agentOf(null).stream('Chart please')
  result.write(chart)
  expect(said((await readAll(result))?.parts)).toContainEqual(chart)
  await result.finished
  await refused('closed', () => result.write(chart))
})

it('that come too late are refused', async () => {
  const memory = openMemory()
  const result = await agentOf(memory).stream('Chart please', at)
  await result.finished
  await refused('closed', () => result.write(chart))
  expect((await storedIn(memory)).map(({ type }) => type)).toEqual(['text'])
})

it('that the answer has no room for are refused, and the answer is stored', async () => {
  const memory = openMemory({ limits: { messageBytes: 2_000 } })
  const result = await agentOf(memory).stream('Chart please', at)
  const large = { type: 'data-chart', data: 'x'.repeat(2_000) } as const
  await refused('limit-exceeded', () => result.write(large))
  result.write({ ...large, transient: true })
  expect(await result.finished).toEqual({ status: 'complete' })
  expect((await storedIn(memory)).map(({ type }) => type)).toEqual(['text'])
})

test.each<[string, unknown, string]>([
  ['nothing', undefined, 'part'],
  ['a text', 'data-chart', 'part'],
  ['another type', { type: 'text', data: 1 }, 'part.type'],
  ['a type without a name', { type: 'data-', data: 1 }, 'part.type'],
  ['no data', { type: 'data-x' }, 'part.data'],
  ['data that is no JSON', { type: 'data-x', data: 1n }, 'part.data'],
  ['an id that is no text', { type: 'data-x', data: 1, id: 1 }, 'part.id'],
  ['a word for transient', { type: 'data-x', data: 1, transient: 'yes' }, 'part.transient'],
  ['another field', { type: 'data-x', data: 1, text: 'x' }, 'part'],
])('%s is refused', async (_, part, field) => {
  const result = await agentOf(null).stream('Hi')
  const error = await refused('invalid-input', () => result.write(part as DataPart))
  expect(error.details.field).toBe(field)
  await result.finished
})
