// An embedder whose provider refuses the key is told from one that is down and from one that made no vectors here.
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createOpenAI } from '@ai-sdk/openai'
import { APICallError, LoadAPIKeyError, RetryError } from 'ai'
import { Agent, type Embedder, type Memory } from 'aquifer'
import { scriptedEmbedder, scriptedModel, vectorOfWords } from 'aquifer/testing'
import { describe, expect, it, onTestFinished } from 'vitest'
import { openMemory, temporaryUrl } from './opened.ts'

const where = { resourceId: 'ann', threadId: 't' }
const about = { resourceId: 'ann', query: 'Which refund?' }

/** OpenAI's wire format for embeddings, on this machine: answers the status, or vectors while it is 200. */
async function openServer() {
  const scene = { status: 200, asked: 0, url: '' }
  const server = createServer(async (request, response) => {
    scene.asked += 1
    let body = ''
    for await (const chunk of request) body += String(chunk)
    const { input } = JSON.parse(body) as { input: string[] }
    const data = input.map((text, index) => ({ index, embedding: [...vectorOfWords(text, 8)] }))
    const answer = scene.status === 200 ? { data, usage: { prompt_tokens: 1 } } : { error: { message: 'No.' } }
    response.writeHead(scene.status, { 'content-type': 'application/json' }).end(JSON.stringify(answer))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
  })
  scene.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return scene
}

let questions = 0

/** Asks new questions each time: the vector of one that was answered is kept. */
async function expectTrouble(memory: Memory, trouble: string): Promise<void> {
  const number = ++questions
  const found = await memory.recall({ ...about, query: `${about.query} ${number}` })
  expect(found.degraded).toEqual([trouble])
  expect(found.items[0]?.text).toBe('The refund is late')
  expect((await memory.search(`Which refund? ${number}`, { userId: 'ann' })).degraded).toEqual([trouble])
}

describe('over HTTP', () => {
  const embedderAt = (url: string) => createOpenAI({ baseURL: url, apiKey: 'wrong' }).embeddingModel('small')

  it.each([
    [401, 'embedder-unauthorized'],
    [403, 'embedder-unauthorized'],
    [400, 'embedder-failed'],
    [404, 'embedder-failed'],
  ])('a status %i is %s, and over once the provider answers', async (status, trouble) => {
    const server = await openServer()
    const memory = openMemory({ embedder: embedderAt(server.url) })
    server.status = status
    await memory.saveMessages({ ...where, messages: 'The refund is late' })
    await memory.facts.add('The refund is late', { userId: 'ann', infer: false })
    const settled = await memory.settled()
    expect(settled).toMatchObject({ degraded: trouble, error: { code: 'unavailable', retryable: false } })
    expect((settled.error as Error).message).toContain(
      trouble === 'embedder-failed' ? 'name' : 'Give its provider a key',
    )
    await expectTrouble(memory, trouble)
    server.status = 200
    expect(await memory.settled()).toMatchObject({ degraded: null, error: null })
    expect((await memory.recall(about)).degraded).toEqual([])
    // A key may be taken back later.
    server.status = status
    await expectTrouble(memory, trouble)
    expect(server.asked).toBeGreaterThan(3)
  })

  it('vectors of another embedder are a mismatch, whatever the provider would say', async () => {
    const storage = temporaryUrl()
    const first = openMemory({ storage, embedder: scriptedEmbedder() })
    await first.saveMessages({ ...where, messages: 'The refund is late' })
    await first.facts.add('The refund is late', { userId: 'ann', infer: false })
    await first.settled()
    const server = await openServer()
    server.status = 401
    const second = openMemory({ storage, embedder: embedderAt(server.url) })
    await expectTrouble(second, 'embedder-mismatch')
    expect(await second.settled()).toMatchObject({ degraded: 'embedder-mismatch' })
    await expect(second.reindex()).rejects.toThrow('Give its provider a key')
  })
})

describe('from what an embedder throws', () => {
  const refusal = new APICallError({ message: 'No.', url: 'https://acme.test', requestBodyValues: {}, statusCode: 401 })
  const busy = new APICallError({ message: 'No.', url: 'https://acme.test', requestBodyValues: {}, statusCode: 429 })
  const retried = (last: Error) =>
    new RetryError({ message: 'No.', reason: 'maxRetriesExceeded', errors: [busy, last] })
  const circle = new Error('round')
  circle.cause = circle
  it.each<[string, unknown, string]>([
    ['no key was found', new LoadAPIKeyError({ message: 'No key' }), 'embedder-unauthorized'],
    ['the key was refused', refusal, 'embedder-unauthorized'],
    ['the key was refused at the last try', retried(refusal), 'embedder-unauthorized'],
    ['an error of its own', new Error('It broke', { cause: refusal }), 'embedder-unauthorized'],
    ['it was busy', busy, 'embedder-failed'],
    ['it was busy to the last', retried(busy), 'embedder-failed'],
    ['a circle of causes', circle, 'embedder-failed'],
    ['a text', '401', 'embedder-failed'],
    ['nothing', undefined, 'embedder-failed'],
  ])('%s', async (_, thrown, trouble) => {
    const embedder: Embedder = { ...scriptedEmbedder(), embed: () => Promise.reject(thrown) }
    const memory = openMemory({ embedder })
    await memory.saveMessages({ ...where, messages: 'The refund is late' })
    await memory.facts.add('The refund is late', { userId: 'ann', infer: false })
    await expectTrouble(memory, trouble)
    expect(await memory.settled()).toMatchObject({ degraded: trouble })
  })

  it('an agent is warned', async () => {
    const embedder: Embedder = { ...scriptedEmbedder(), embed: () => Promise.reject(refusal) }
    const memory = openMemory({ embedder })
    await memory.saveMessages({ ...where, threadId: 'old', messages: 'The refund is late' })
    const agent = new Agent({ name: 'Support', model: scriptedModel({ script: ['Soon.'] }), memory })
    await agent.generate('Where is the refund?', where)
    const { runs } = await memory.listRuns({ resourceId: 'ann' })
    expect(JSON.stringify(runs[0]?.details)).toContain('embedder-unauthorized')
  })
})
