/** A chat route on `node:http`, as `useChat` asks it: it answers, resumes after a reload, and stops. At the end a page uses it. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import { tool, type UIMessage } from 'ai'
import { Agent, Memory } from 'aquifer'
import { z } from 'zod'
import { openai } from './openai.ts'

const memory = new Memory()
const checkStock = tool({
  description: 'How many pieces of an item there are.',
  inputSchema: z.object({ item: z.string() }),
  execute: async ({ item }) => {
    await delay(300)
    return `12 of ${item}`
  },
})
const shop = new Agent({ name: 'Shop', model: openai('gpt-5.4'), memory, tools: { checkStock } })

/** Who is logged in. An application has its own way; what counts is that the page cannot choose. */
const sessions = new Map([['of-ann', 'ann']])
const userOf = ({ headers }: IncomingMessage) => sessions.get(/session=([\w-]+)/.exec(headers.cookie ?? '')?.[1] ?? '')

/** What `useChat` posts. */
interface ChatRequest {
  readonly id: string
  readonly messages: UIMessage[]
  readonly trigger: 'submit-message' | 'regenerate-message'
  readonly messageId?: string
}

/** The answers that this process gives, to stop them. */
const running = new Map<string, AbortController>()

/** Says something. A page that is closed does not stop the answer: its signal is not passed on. */
async function answer(request: IncomingMessage, response: ServerResponse, resourceId: string): Promise<void> {
  const { id: threadId, messages, trigger, messageId } = (await json(request)) as ChatRequest
  const stop = new AbortController()
  const result = await shop.stream(messages, {
    resourceId,
    threadId,
    trigger,
    ...(messageId === undefined ? {} : { messageId }),
    memory: { history: 'new-only' },
    abortSignal: stop.signal,
  })
  const name = JSON.stringify([resourceId, threadId])
  running.set(name, stop)
  void result.finished.then(() => running.delete(name))
  await result.pipeUIMessageStreamToResponse(response)
}

/** The answer that is being given, for a page that was loaded again; 204 if none is. */
async function resume(response: ServerResponse, resourceId: string, threadId: string): Promise<void> {
  const stream = await shop.reconnectToStream({ resourceId, threadId })
  if (stream === null) response.writeHead(204).end()
  else await stream.pipeUIMessageStreamToResponse(response)
}

/** What a page shows when it is loaded. */
async function load(response: ServerResponse, resourceId: string, threadId: string): Promise<void> {
  const { messages } = await memory.listMessages({ resourceId, threadId, last: 50 })
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(messages))
}

async function route(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const resourceId = userOf(request)
  if (resourceId === undefined) {
    response.writeHead(401).end()
    return
  }
  const [, threadId, what] = /^\/api\/chat(?:\/([\w-]+))?(?:\/(stream|stop))?$/.exec(request.url ?? '') ?? []
  if (request.method === 'POST' && threadId === undefined) await answer(request, response, resourceId)
  else if (threadId === undefined) response.writeHead(404).end()
  else if (what === 'stream') await resume(response, resourceId, threadId)
  else if (what === 'stop') {
    running.get(JSON.stringify([resourceId, threadId]))?.abort()
    response.writeHead(204).end()
  } else await load(response, resourceId, threadId)
}

const server = createServer((request, response) => {
  route(request, response).catch((error: unknown) => {
    console.error(error)
    if (!response.headersSent) response.writeHead(500)
    response.end()
  })
})
await once(server.listen(0, '127.0.0.1'), 'listening')
const { port } = server.address() as AddressInfo

// A page. In React: useChat({ id: 'stock', messages: loaded, resume: true })
const ask = (path: string, init: RequestInit = {}) =>
  fetch(`http://127.0.0.1:${port}/api/chat${path}`, { headers: { cookie: 'session=of-ann' }, ...init })
const question = { id: 'q1', role: 'user', parts: [{ type: 'text', text: 'Call checkStock with {"item":"tea"}' }] }
const body = JSON.stringify({ id: 'stock', messages: [question], trigger: 'submit-message' })

const closing = new AbortController()
await ask('', { method: 'POST', body, signal: closing.signal })
closing.abort() // The page is closed while the answer is given.

const rest = await ask('/stock/stream') // It is loaded again, and follows the answer to its end.
if (rest.status === 200) await rest.text()
const loaded = (await (await ask('/stock')).json()) as UIMessage[]
for (const { role, parts } of loaded)
  console.log(`${role}: ${parts.map((part) => ('text' in part ? part.text : `[${part.type}]`)).join(' ')}`)
console.log('nothing to follow:', (await ask('/stock/stream')).status)
console.log('without a session:', (await fetch(`http://127.0.0.1:${port}/api/chat/stock`)).status)

server.closeAllConnections()
server.close()
await memory.close()
