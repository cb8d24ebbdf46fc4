// The ways in which routes hand an agent's stream to a chat client.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createUIMessageStream, createUIMessageStreamResponse, tool, type UIMessage } from 'ai'
import { Agent } from 'aquifer'
import { callTool, callTools, malformedCall, say, scriptedModel } from 'aquifer/testing'
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { openMemory } from '../memory/opened.ts'
import { at, type ChatOptions, heldOf, openChat, outline, weather } from './chat-scene.ts'

type Respond = NonNullable<ChatOptions['respond']>

/** Serves a route over HTTP, as a server of Node does. */
async function overHttp(route: Parameters<typeof createServer>[1]): Promise<string> {
  const server = createServer(route as never)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => new Promise((resolve) => void server.close(() => resolve())))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const routes: Record<string, Respond> = {
  toUIMessageStreamResponse: (result) => result.toUIMessageStreamResponse(),
  toUIMessageStream: (result) => createUIMessageStreamResponse({ stream: result.toUIMessageStream() }),
  pipeUIMessageStreamToResponse: async (result) => {
    const url = await overHttp((_, response) => void result.pipeUIMessageStreamToResponse(response))
    return fetch(url)
  },
  'a stream that it is merged into': (result, { messages }) => {
    const stream = createUIMessageStream({
      originalMessages: messages,
      execute: ({ writer }) => writer.merge(result.toUIMessageStream()),
    })
    return createUIMessageStreamResponse({ stream })
  },
  'a response with ids of the application': (result, { messages }) =>
    result.toUIMessageStreamResponse({ originalMessages: messages, generateMessageId: () => 'mine' }),
}

test.each(Object.keys(routes))('%s carries the stored ids and all parts', async (name) => {
  const script = [callTool('weather', { city: 'Rome' }), say('It is 20.', { reasoning: 'hm' }), 'next', 'anew']
  const scene = openChat({ script, agent: { tools: { weather } }, respond: routes[name] as Respond })
  await scene.chat.sendMessage({ text: 'How is Rome?' })
  await scene.chat.sendMessage({ text: 'And?' })
  const kept = await scene.expectSame()
  expect(outline(kept)[1]).toBe('assistant: [tool-weather output-available] [reasoning done] It is 20.')
  expect([kept[1]?.id, kept[3]?.id]).toEqual(scene.results.map(({ messageId }) => messageId))
  await scene.chat.regenerate()
  expect(outline(await scene.expectSame()).at(-1)).toBe('assistant: anew')
})

test('what a route adds for the eyes of the client counts for nothing', async () => {
  const ended: UIMessage[] = []
  const respond: Respond = (result, { messages }) => {
    const stream = createUIMessageStream({
      originalMessages: messages,
      execute: ({ writer }) => {
        writer.write({ type: 'data-note', data: { isFirst: true } })
        const onEnd = ({ responseMessage }: { responseMessage: UIMessage }) => void ended.push(responseMessage)
        const messageMetadata = () => ({ seen: true })
        writer.merge(result.toUIMessageStream({ sendReasoning: false, messageMetadata, onEnd, originalMessages: [] }))
      },
    })
    return createUIMessageStreamResponse({ stream, status: 201 })
  }
  const scene = openChat({ script: [say('one', { reasoning: 'hm' }), 'two'], respond })
  await scene.chat.sendMessage({ text: 'first' })
  await scene.chat.sendMessage({ text: 'second', metadata: { locale: 'it' } })
  await scene.settled()
  expect(outline(await scene.stored())).toEqual([
    'user: first',
    'assistant: [reasoning done] one',
    'user: second',
    'assistant: two',
  ])
  expect(await scene.warnings()).toEqual([])
  expect(ended.map(({ id }) => id)).toEqual(scene.results.map(({ messageId }) => messageId))
  expect(scene.chat.messages[1]).toMatchObject({ metadata: { seen: true }, parts: [{ type: 'data-note' }, {}, {}] })
  const { messages } = await scene.memory.listMessages(at)
  expect(messages[2]?.metadata).toEqual({ locale: 'it' })
})

test.each(Object.keys(routes))('%s shows nothing of internal calls', async (name) => {
  const note = tool({
    description: 'Notes something.',
    inputSchema: z.object({ text: z.string() }),
    execute: async () => 'noted',
    metadata: { aquifer: { internal: true } },
  })
  const both = [
    { toolName: 'note', input: { text: 'likes Rome' } },
    { toolName: 'weather', input: { city: 'Rome' } },
  ]
  const script = [callTool('note', { text: 'likes' }), callTools(both), 'It is 20.', 'next']
  const scene = openChat({ script, agent: { tools: { note, weather } }, respond: routes[name] as Respond })
  await scene.chat.sendMessage({ text: 'I like Rome.' })
  await scene.chat.sendMessage({ text: 'And?' })
  const kept = await scene.expectSame()
  expect(outline(kept)[1]).toBe('assistant: [tool-weather output-available] It is 20.')
  expect(JSON.stringify(scene.model.calls.at(-1)?.messages)).not.toContain('likes')
  const { messages } = await scene.memory.listMessages({ ...at, includeInternal: true })
  expect(outline(heldOf(messages))[1]).toContain('[tool-note output-available] [tool-note output-available]')
  const run = await scene.memory.getRun(scene.results[0]?.runId as string)
  expect(run?.details.memoryCalls).toHaveLength(2)
})

test.each(['no json', 'no schema', 'nobody'])('an internal call that is wrong stays hidden: %s', async (how) => {
  const note = tool({
    description: 'Notes something.',
    inputSchema: z.object({ text: z.string() }),
    execute: async () => 'noted',
    metadata: { aquifer: { internal: true } },
  })
  const call = how === 'no json' ? malformedCall('note', '{"text":') : callTool('note', { word: 1 })
  const scene = openChat({ script: [call, 'Well.', 'next'], agent: { tools: { note } } })
  await scene.chat.sendMessage({ text: 'I like Rome.' })
  await scene.chat.sendMessage({ text: 'And?' })
  expect(outline(await scene.expectSame())[1]).toBe('assistant: Well.')
})

test('a response that the client leaves is stored whole', async () => {
  const memory = openMemory()
  const model = scriptedModel({ script: ['one two three four'], chunkDelayMs: 1 })
  const agent = new Agent({ name: 'Support', model, memory })
  const result = await agent.stream('hello', at)
  const reader = result.toUIMessageStreamResponse().body?.getReader()
  await reader?.read()
  await reader?.cancel()
  expect(await result.finished).toEqual({ status: 'complete' })
  const { messages } = await memory.listMessages(at)
  expect(outline(heldOf(messages))).toEqual(['user: hello', 'assistant: one two three four'])
})
