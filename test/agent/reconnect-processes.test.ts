// A page that is loaded again while another process gives the answer.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { DefaultChatTransport, type UIMessage } from 'ai'
import { Agent, Memory } from 'aquifer'
import { scriptedModel } from 'aquifer/testing'
import { describe, expect, it, onTestFinished } from 'vitest'
import { startWorker } from '../concurrency/process.ts'
import { temporaryUrl } from '../memory/opened.ts'
import { Chat, heldOf, outline } from './chat-scene.ts'
import { allOf, type RunningLine, type RunningTask } from './reconnect-shared.ts'

const at = { resourceId: 'ann', threadId: 'chat' }

/** An agent at work in a process of its own, and one of this process on the same memory. */
async function running({ turnLeaseMs = 30_000 } = {}) {
  const url = temporaryUrl()
  const memory = new Memory({ storage: url, embedder: false, background: false })
  onTestFinished(() => memory.close())
  const worker = startWorker<RunningLine>(new URL('./reconnect-worker.ts', import.meta.url), {
    url,
    at,
    turnLeaseMs,
  } satisfies RunningTask)
  await worker.first
  expect(worker.errors()).toBe('')
  const agent = new Agent({ name: 'Support', model: scriptedModel({ script: ['Next.'] }), memory })
  const go = (step: string) => memory.team('gates').write(step, true)
  const listed = async () => (await memory.listMessages(at)).messages
  return { worker, memory, agent, go, listed }
}

/** The chat route of an application, as its pages reach it: one answer to follow, or none. */
async function serve(agent: Agent): Promise<{ api: string; statuses: number[] }> {
  const statuses: number[] = []
  const server = createServer((_, response) => {
    agent.reconnectToStream(at).then(
      (stream) => {
        statuses.push(stream === null ? 204 : 200)
        if (stream === null) response.writeHead(204).end()
        else stream.pipeUIMessageStreamToResponse(response)
      },
      (error: unknown) => response.destroy(error as Error),
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    return new Promise((resolve) => void server.close(() => resolve()))
  })
  return { api: `http://127.0.0.1:${(server.address() as AddressInfo).port}/chat`, statuses }
}

describe('a turn of another process', () => {
  it('is followed by a page that was loaded again, from its start to its end', async () => {
    const { worker, agent, go, listed } = await running()
    const { api, statuses } = await serve(agent)
    await go('one')
    await expect.poll(async () => (await listed()).length).toBe(2)
    // The page shows what is stored, the part of the answer included, and asks for the rest.
    const messages = heldOf(await listed()) as unknown as UIMessage[]
    expect(outline(heldOf(messages))).toEqual(['user: Work on it', expect.stringContaining('First.')])
    const chat = new Chat({ id: at.threadId, messages, transport: new DefaultChatTransport({ api }) })
    const resumed = chat.resumeStream()
    await expect.poll(() => chat.status).toBe('streaming')
    await go('two')
    await resumed
    expect(chat.status).toBe('ready')
    expect(heldOf(chat.messages)).toEqual(heldOf(await listed()))
    expect(outline(heldOf(chat.messages))[1]).toMatch(/First\..*Then\..*At last\.$/)
    expect(await worker.ended).toBe(0)
    expect(worker.lines.map(({ status }) => status)).toEqual(['running', 'complete'])
    // Nothing is running now: the page stays as it is.
    await chat.resumeStream()
    expect([chat.status, statuses]).toEqual(['ready', [200, 204]])
    expect(heldOf(chat.messages)).toEqual(heldOf(await listed()))
  })

  it('goes on when the page that follows it is closed', async () => {
    const { worker, agent, go, listed } = await running()
    const { api } = await serve(agent)
    const page = new AbortController()
    const response = await fetch(api, { signal: page.signal })
    expect(response.status).toBe(200)
    page.abort()
    const stream = await agent.reconnectToStream(at)
    expect(stream?.turnId).toBe(worker.lines[0]?.turnId)
    await stream?.cancel()
    await go('one')
    await go('two')
    expect(await worker.ended).toBe(0)
    expect((await listed()).at(-1)).toMatchObject({ turnStatus: 'complete' })
  })

  it('ends in an error once the process is killed, and keeps what was stored', async () => {
    const { worker, agent, go, listed } = await running({ turnLeaseMs: 2_000 })
    await go('one')
    await expect.poll(async () => (await listed()).length).toBe(2)
    const stream = await agent.reconnectToStream(at)
    worker.child.kill('SIGKILL')
    const chunks = await allOf(stream)
    expect(chunks[0]).toMatchObject({ type: 'start', messageId: (await listed())[1]?.id })
    expect(chunks.at(-1)).toEqual({ type: 'error', errorText: 'The answer broke off.' })
    expect((await listed()).map(({ turnStatus }) => turnStatus)).toEqual(['interrupted', 'interrupted'])
    expect(await agent.reconnectToStream(at)).toBeNull()
  })
})
