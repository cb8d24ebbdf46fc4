// A chat application over real HTTP: one route for several agents, called by the AI SDK's own client.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { DefaultChatTransport, lastAssistantMessageIsCompleteWithApprovalResponses, type UIMessage } from 'ai'
import { type Agent, type Memory, MemoryError } from 'aquifer'
import { onTestFinished } from 'vitest'
import { type Asked, Chat, type Held, heldOf } from './chat-scene.ts'

const resourceId = 'alice'

export interface HttpChats {
  readonly url: string
  /** A page that shows a thread: with what it holds, or with what is stored. */
  open(threadId: string, messages?: readonly Held[]): Chat
  /** What is stored of a thread, as a page loads it. */
  load(threadId: string): Promise<readonly Held[]>
}

async function bodyOf(request: IncomingMessage): Promise<Asked & { readonly id: string; readonly agent: string }> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return JSON.parse(Buffer.concat(chunks).toString('utf8'))
}

function refuse(response: ServerResponse, error: unknown): void {
  const code = error instanceof MemoryError ? error.code : 'failed'
  response
    .writeHead(code === 'conflict' ? 409 : 500, { 'content-type': 'application/json' })
    .end(JSON.stringify({ code }))
}

/**
 * Serves agents on loopback until the test ends. `POST /chat` answers a message by the agent that the body names. A page
 * that closes its connection stops the answer only with `stops`.
 */
export async function serveChats(
  agents: Readonly<Record<string, Agent>>,
  memory: Memory,
  { stops = false }: { readonly stops?: boolean } = {},
): Promise<HttpChats> {
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const { id, messages, trigger, messageId, agent } = await bodyOf(request)
    const stop = new AbortController()
    if (stops) response.on('close', () => stop.abort())
    const result = await (agents[agent] as Agent).stream(messages, {
      ...{ resourceId, threadId: id, trigger, maxRetries: 0, abortSignal: stop.signal },
      ...(messageId === undefined ? {} : { messageId }),
      onError() {},
    })
    await result.pipeUIMessageStreamToResponse(response)
  }
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => refuse(response, error))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    return new Promise((resolve) => void server.close(() => resolve()))
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const load = async (threadId: string) => {
    const thread = await memory.getThreadById({ resourceId, threadId })
    return thread === null ? [] : heldOf((await memory.listMessages({ resourceId, threadId, perPage: false })).messages)
  }
  const open = (threadId: string, messages: readonly Held[] = []) => {
    const chat = new Chat({
      id: threadId,
      messages: structuredClone(messages) as unknown as UIMessage[],
      transport: new DefaultChatTransport({ api: `${url}/chat`, body: { agent: Object.keys(agents)[0] } }),
      sendAutomaticallyWhen: lastAssistantMessageIsCompleteWithApprovalResponses,
    })
    onTestFinished(() => chat.dispose())
    return chat
  }
  return { url, open, load }
}
