// The routes of the guide, as the AI SDK's own client uses them when its page is loaded again in the middle of an answer.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { DefaultChatTransport, tool, type UIMessage } from 'ai'
import { Agent } from 'aquifer'
import { callTool, scriptedModel, threadProblems } from 'aquifer/testing'
import { expect, it, onTestFinished } from 'vitest'
import { z } from 'zod'
import { openMemory } from '../memory/opened.ts'
import { type Asked, Chat, heldOf, outline } from './chat-scene.ts'

const at = { resourceId: 'ann', threadId: 'chat' }

async function openRoutes(script: readonly (string | object)[]) {
  const memory = openMemory()
  const gate = Promise.withResolvers<string>()
  const started = Promise.withResolvers<void>()
  const work = tool({
    inputSchema: z.object({}),
    execute: () => {
      started.resolve()
      return gate.promise
    },
  })
  const agent = new Agent({ name: 'Support', model: scriptedModel({ script: [...script] }), memory, tools: { work } })
  const seen: string[] = []
  const route = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (request.method === 'POST') {
      const { messages, trigger, messageId } = (await json(request)) as Asked
      const named = messageId === undefined ? {} : { messageId }
      const result = await agent.stream(messages, { ...at, trigger, ...named, memory: { history: 'new-only' } })
      seen.push('POST')
      await result.pipeUIMessageStreamToResponse(response)
      return
    }
    const stream = await agent.reconnectToStream(at)
    seen.push(stream === null ? 'GET 204' : 'GET 200')
    if (stream === null) response.writeHead(204).end()
    else await stream.pipeUIMessageStreamToResponse(response)
  }
  const server = createServer((request, response) => {
    route(request, response).catch((error: unknown) => response.destroy(error as Error))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    return new Promise((resolve) => void server.close(() => resolve()))
  })
  const api = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/chat`
  /** A page as it is when it is loaded: with what is stored. */
  const load = async () => {
    const messages = heldOf((await memory.listMessages(at)).messages) as unknown as UIMessage[]
    return new Chat({ id: at.threadId, messages, transport: new DefaultChatTransport({ api }) })
  }
  const stored = async () => heldOf((await memory.listMessages(at)).messages)
  return { memory, gate, started: started.promise, load, stored, seen }
}

it('loses nothing when its page is loaded again, in two tabs at once, and goes on', async () => {
  const script = [callTool('work', {}, { text: 'Let me see.' }), 'It works.', 'Still.']
  const { memory, gate, started, load, stored, seen } = await openRoutes(script)
  const first = await load()
  const sent = first.sendMessage({ text: 'Does it work?' })
  await started
  await first.stop() // The page is closed: its request ends.
  await sent
  const tabs = [await load(), await load()]
  expect(outline(heldOf(tabs[0]?.messages ?? []))[0]).toBe('user: Does it work?')
  const resumed = Promise.all(tabs.map((tab) => tab.resumeStream()))
  await expect.poll(() => seen).toEqual(['POST', 'GET 200', 'GET 200'])
  gate.resolve('yes')
  await resumed
  for (const tab of tabs) {
    expect(tab.status).toBe('ready')
    expect(heldOf(tab.messages)).toEqual(await stored())
  }
  expect(outline(await stored())[1]).toMatch(/^assistant: Let me see\. .*It works\.$/)
  await tabs[0]?.sendMessage({ text: 'And now?' })
  expect(heldOf(tabs[0]?.messages ?? [])).toEqual(await stored())
  expect(outline(await stored()).slice(2)).toEqual(['user: And now?', 'assistant: Still.'])
  await tabs[1]?.resumeStream()
  expect([tabs[1]?.status, seen.at(-1)]).toEqual(['ready', 'GET 204'])
  const { messages } = await memory.listMessages(at)
  expect(threadProblems(messages)).toEqual([])
  expect(messages.map(({ turnStatus }) => turnStatus)).toEqual(Array(4).fill('complete'))
})

it('shows two pages the same answer, under one id, from its beginning', async () => {
  const { gate, load, stored, seen } = await openRoutes([callTool('work', {}), 'Done.'])
  const first = await load()
  const sent = first.sendMessage({ text: 'Go' })
  await expect.poll(() => seen).toEqual(['POST'])
  const second = await load()
  const resumed = second.resumeStream()
  await expect.poll(() => seen).toEqual(['POST', 'GET 200'])
  gate.resolve('ok')
  await Promise.all([sent, resumed])
  // Both pages hold the same message, under the same id.
  expect(heldOf(second.messages)).toEqual(await stored())
  expect(second.messages.at(-1)?.id).toBe(first.messages.at(-1)?.id)
})
