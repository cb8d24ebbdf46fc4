// Agents: what they store of a call, what their models see, and how a call ends.

import { tracingChannel } from 'node:diagnostics_channel'
import { tool } from 'ai'
import {
  Agent,
  type AgentOptions,
  type AgentStream,
  Aquifer,
  createTool,
  type Memory,
  type MemoryError,
  type Processor,
} from 'aquifer'
import {
  callTool,
  failWith,
  promptProblems,
  type ScriptedModel,
  say,
  scriptedModel,
  stall,
  threadProblems,
} from 'aquifer/testing'
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { type MemoryEvent, memoryChannel } from '../../src/memory/tracing.ts'
import { openMemory, refused, temporaryUrl } from '../memory/opened.ts'

const at = { resourceId: 'customer_123', threadId: 'support_thread_456' }

const weather = tool({
  description: 'Tells the weather of a city.',
  inputSchema: z.object({ city: z.string() }),
  execute: async ({ city }) => ({ city, celsius: 20 }),
})

function scripted(...script: Parameters<typeof scriptedModel>[0]['script'] & object): ScriptedModel {
  return scriptedModel({ script })
}

function agentOn(memory: Memory, model: ScriptedModel, more: Partial<AgentOptions> = {}): Agent {
  return new Agent({ name: 'Sales Specialist', instructions: 'You sell.', model, memory, ...more })
}

async function stored(memory: Memory) {
  const { messages } = await memory.listMessages(at)
  expect(threadProblems(messages)).toEqual([])
  return messages.map(({ role, parts, turnStatus, author }) => {
    const said = parts.flatMap((part) =>
      part.type === 'text' ? [part.text] : part.type === 'step-start' ? [] : [part.type],
    )
    return [turnStatus, role, author.id, said.join(' | ')]
  })
}

test('two agents share a thread: each sees what the other said, under its name', async () => {
  const memory = openMemory()
  const sales = agentOn(memory, scripted('The plan costs 500.'))
  const model = scripted('I am sorry to hear that.')
  const support = new Agent({ name: 'Support Specialist', instructions: 'You help.', model, memory })
  const first = await sales.generate("I'm interested in your plan.", at)
  const second = await support.stream("I'm having an issue.", {
    memory: { resource: at.resourceId, thread: at.threadId },
  })
  expect([first.text, await second.text]).toEqual(['The plan costs 500.', 'I am sorry to hear that.'])
  expect(await second.finished).toEqual({ status: 'complete' })
  expect(await stored(memory)).toEqual([
    ['complete', 'user', 'customer_123', "I'm interested in your plan."],
    ['complete', 'assistant', 'sales-specialist', 'The plan costs 500.'],
    ['complete', 'user', 'customer_123', "I'm having an issue."],
    ['complete', 'assistant', 'support-specialist', 'I am sorry to hear that.'],
  ])
  const [seen] = model.calls
  expect(seen?.transcript).toContain('[from agent Sales Specialist]\n  The plan costs 500.')
  expect(promptProblems(seen?.messages ?? [])).toEqual([])
})

test('a stream that nobody reads is stored all the same, and stays readable', async () => {
  const memory = openMemory()
  const agent = agentOn(memory, scripted(callTool('weather', { city: 'Rome' }), 'It is sunny.'), { tools: { weather } })
  const result = await agent.stream('How is the weather in Rome?', at)
  await result.finished
  expect((await stored(memory)).map(([, , , said]) => said)).toEqual([
    'How is the weather in Rome?',
    'tool-weather | It is sunny.',
  ])
  let text = ''
  for await (const delta of result.textStream) text += delta
  expect(text).toBe('It is sunny.')
})

test('a run records what the model saw, by reference', async () => {
  const memory = openMemory()
  const agent = agentOn(memory, scripted('one', 'two'))
  await agent.generate('A secret word: xyzzy', at)
  const { runId, turnId, messageId } = await agent.generate('and now?', at)
  const run = await memory.getRun(runId as string)
  expect(run).toMatchObject({ status: 'complete', agentId: 'sales-specialist', threadId: at.threadId, turnId })
  expect(run?.details).toMatchObject({ model: 'scripted/language/1', steps: 1, finishReason: 'stop' })
  expect(JSON.stringify(run)).not.toContain('xyzzy')
  expect(JSON.stringify(run?.details.seen)).toContain(`${messageId}`.replace(/\d+\.0\.1$/, ''))
})

test('a failing model leaves a thread that the next call can use', async () => {
  const memory = openMemory()
  const model = scripted(
    failWith(new Error('overloaded')),
    failWith(new Error('cut'), { after: 'So far' }),
    'Here again.',
  )
  const agent = agentOn(memory, model)
  await expect(agent.generate('one', { ...at, maxRetries: 0 })).rejects.toThrow('overloaded')
  const cut = await agent.stream('two', { ...at, onError() {} })
  expect(await cut.finished).toEqual({ status: 'failed' })
  expect((await agent.generate('three', at)).text).toBe('Here again.')
  expect(await stored(memory)).toEqual([
    ['failed', 'user', 'customer_123', 'one'],
    ['failed', 'user', 'customer_123', 'two'],
    ['failed', 'assistant', 'sales-specialist', 'So far'],
    ['complete', 'user', 'customer_123', 'three'],
    ['complete', 'assistant', 'sales-specialist', 'Here again.'],
  ])
  expect(promptProblems(model.calls.at(-1)?.messages ?? [])).toEqual([])
})

test('an abort keeps what was said so far', async () => {
  const memory = openMemory()
  const agent = agentOn(memory, scripted(callTool('weather', { city: 'Rome' }), stall({ after: 'It is' }), 'next'), {
    tools: { weather },
  })
  const stop = new AbortController()
  const result = await agent.stream('How is it?', { ...at, abortSignal: stop.signal })
  for await (const text of result.textStream) if (text.includes('is')) stop.abort()
  expect(await result.finished).toEqual({ status: 'aborted' })
  expect(await stored(memory)).toEqual([
    ['aborted', 'user', 'customer_123', 'How is it?'],
    ['aborted', 'assistant', 'sales-specialist', 'tool-weather | It is'],
  ])
  expect((await agent.generate('and now?', at)).text).toBe('next')
})

test.each(['processInput', 'processOutputResult', 'processOutputStream'] as const)(
  'a processor that ends a call in %s leaves nothing of its turn',
  async (hook) => {
    const memory = openMemory()
    const processor: Processor = {
      id: 'moderation',
      [hook]: ({ abort }: { abort: (reason: string) => never }) => abort('rude'),
    }
    const where = hook === 'processInput' ? 'inputProcessors' : 'outputProcessors'
    const agent = agentOn(memory, scripted('rude words'), { [where]: [processor] })
    if (hook === 'processOutputStream') {
      const result = await agent.stream('hello', { ...at, onError() {} })
      expect(await result.finished).toEqual({ status: 'discarded' })
    } else {
      const error = await refused('aborted', () => agent.generate('hello', at))
      expect(error.details).toEqual({ processor: 'moderation', reason: 'rude' })
    }
    expect(await stored(memory)).toEqual([])
  },
)

test('an approved call runs in the answer that asked for it', async () => {
  const memory = openMemory()
  const pay = tool({
    description: 'Pays.',
    inputSchema: z.object({ euros: z.number() }),
    needsApproval: true,
    execute: async () => 'paid',
  })
  const agent = agentOn(memory, scripted(callTool('pay', { euros: 5 }), say('Done.')), { tools: { pay } })
  const asked = await agent.generate('Pay 5 euros.', at)
  expect((await stored(memory)).map(([status]) => status)).toEqual(['suspended', 'suspended'])
  const { messages } = await memory.listMessages(at)
  const sent = JSON.parse(JSON.stringify(messages.map(({ id, role, parts }) => ({ id, role, parts }))))
  const call = sent[1].parts.at(-1)
  Object.assign(call, { state: 'approval-responded', approval: { ...call.approval, approved: true } })
  const done = await agent.generate(sent, at)
  expect([done.text, done.messageId, done.runId]).toEqual(['Done.', asked.messageId, asked.runId])
  expect(await stored(memory)).toEqual([
    ['complete', 'user', 'customer_123', 'Pay 5 euros.'],
    ['complete', 'assistant', 'sales-specialist', 'tool-pay | Done.'],
  ])
})

test('a call says what is missing before anything is stored', async () => {
  const memory = openMemory()
  const bare = new Agent({ name: 'Bare', memory })
  expect((await refused('invalid-input', () => bare.generate('hi', at))).message).toContain('"Bare" has no model')
  const agent = agentOn(memory, scripted('hello'))
  const oneId = await refused('invalid-input', () => agent.generate('hi', { threadId: 't' }))
  expect(oneId.message).toContain('"resourceId" is missing')
  const other = await refused('invalid-input', () => agent.generate('hi', { memory: { resource: 'r' } }))
  expect(other.message).toContain('"memory.thread" is missing')
  await refused('invalid-input', () => agent.generate('hi', { ...at, resource: 'x' } as never))
  expect(await memory.getThreadsByResourceId({ resourceId: at.resourceId })).toEqual([])
  expect((await agent.generate('hi')).text).toBe('hello')
})

test('what a turn saves is published, to whoever listens', async () => {
  const memory = openMemory()
  const events: MemoryEvent[] = []
  const asyncEnd = (event: unknown) => void events.push(event as MemoryEvent)
  const subscribers = { start() {}, end() {}, asyncStart() {}, asyncEnd, error() {} }
  tracingChannel(memoryChannel).subscribe(subscribers)
  onTestFinished(() => void tracingChannel(memoryChannel).unsubscribe(subscribers))
  const { turnId, messageId } = await agentOn(memory, scripted('The plan costs 500.')).generate('How much?', at)
  const saves = events.filter(({ operation }) => operation === 'memory.save')
  expect(saves).toMatchObject([
    { status: 'done', space: 'resource/customer_123', threadId: at.threadId, turnId, given: 1, tokens: 3 },
    { status: 'done', turnId, given: 1, messageIds: [messageId] },
  ])
  expect(JSON.stringify(events)).not.toContain('costs')
})

test('closing the memory waits for an answer that is being given', async () => {
  const storage = temporaryUrl()
  const memory = openMemory({ storage })
  const model = scriptedModel({ script: ['Word by word by word.'], chunkDelayMs: 5 })
  await agentOn(memory, model).stream('Go on.', at)
  await memory.close()
  expect((await stored(openMemory({ storage }))).map(([status, , , said]) => [status, said])).toEqual([
    ['complete', 'Go on.'],
    ['complete', 'Word by word by word.'],
  ])
})

test('closing the memory ends an answer that takes too long, and keeps what there is of it', async () => {
  const storage = temporaryUrl()
  const memory = openMemory({ storage, limits: { closeWaitMs: 50 } })
  const begun = Promise.withResolvers<void>()
  const agent = agentOn(memory, scripted(stall({ after: 'Once upon a time' })))
  const result = await agent.stream('Tell me.', { ...at, onChunk: () => begun.resolve() })
  await begun.promise
  await memory.close()
  expect(await result.finished).toEqual({ status: 'aborted' })
  expect((await stored(openMemory({ storage }))).map(([status, , , said]) => [status, said])).toEqual([
    ['aborted', 'Tell me.'],
    ['aborted', 'Once upon a time'],
  ])
})

async function all<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const read: Item[] = []
  for await (const item of items) read.push(item)
  return read
}

test('whoever has read a stream to its end finds the answer stored', async () => {
  const memory = openMemory()
  const ways: ((result: AgentStream) => PromiseLike<unknown>)[] = [
    (result) => result.text,
    (result) => all(result.textStream),
    (result) => all(result.fullStream),
    (result) => result.toUIMessageStreamResponse().text(),
    (result) => result.steps,
    (result) => result.consumeStream(),
  ]
  const agent = agentOn(memory, scriptedModel({ answer: ({ number }) => `Answer ${number}.` }))
  for (const [index, read] of ways.entries()) {
    await read(await agent.stream('Go on.', at))
    expect((await stored(memory)).at(-1), `${read}`).toEqual([
      'complete',
      'assistant',
      'sales-specialist',
      `Answer ${index + 1}.`,
    ])
  }
})

test('an answer whose thread was deleted meanwhile says so where it is read', async () => {
  const memory = openMemory()
  const errors: unknown[] = []
  const model = scriptedModel({ script: ['Word by word.'], chunkDelayMs: 5 })
  const result = await agentOn(memory, model).stream('Go on.', {
    ...at,
    onError: ({ error }) => void errors.push(error),
  })
  await memory.deleteThread(at)
  const parts = await all(result.fullStream)
  expect(parts.flatMap((part) => (part.type === 'error' ? [(part.error as MemoryError).code] : []))).toEqual([
    'not-found',
  ])
  expect(await result.finished).toEqual({ status: 'failed' })
  expect(errors).toMatchObject([{ code: 'not-found' }])
})

test('a stream that breaks is told of, though nobody reads it', async () => {
  const cut = () => scripted(failWith(new Error('connection lost'), { after: 'So far', isBreak: true }))
  const memory = openMemory()
  const told: unknown[] = []
  const onError = ({ error }: { error: unknown }) => void told.push(error)
  const result = await agentOn(memory, cut()).stream('Go on.', { ...at, onError })
  expect(await result.finished).toEqual({ status: 'failed' })
  const logged: unknown[] = []
  const logger = { debug() {}, info() {}, warn() {}, error: (message: string) => void logged.push(message) }
  const agent = agentOn(memory, cut())
  new Aquifer({ agents: [agent], logger })
  await (await agent.stream('Go on.', at)).finished
  expect([told, logged]).toEqual([
    [expect.objectContaining({ message: 'connection lost' })],
    ['The stream of an answer broke.'],
  ])
})

test('nothing of an answer is stored before the processors of answers have seen it, though it breaks off', async () => {
  const memory = openMemory()
  const redact: Processor = {
    processOutputResult: ({ messages }) =>
      messages.map((message) => ({
        ...message,
        parts: message.parts.map((part) =>
          part.type === 'text' ? { ...part, text: `${part.text}`.replace('4711', '****') } : part,
        ),
      })),
  }
  const script = [callTool('weather', { city: 'Rome' }, { text: 'PIN 4711, wait.' }), stall({ after: 'PIN 4711' })]
  const stop = new AbortController()
  const agent = agentOn(memory, scriptedModel({ script }), { outputProcessors: [redact], tools: { weather } })
  const result = await agent.stream('My PIN?', { ...at, abortSignal: stop.signal })
  let texts = ''
  for await (const text of result.textStream) {
    texts += text
    if (texts.endsWith('wait.PIN 4711')) stop.abort()
  }
  expect(await result.finished).toEqual({ status: 'aborted' })
  expect((await stored(memory)).at(-1)?.[3]).toBe('PIN ****, wait. | tool-weather | PIN ****')
  const log = await memory.space('resource/customer_123').log.read({ after: 0, limit: 100 })
  expect(JSON.stringify(log.items)).not.toContain('4711')
})

test('a tool that was given twice is refused, under whatever names', async () => {
  const look = createTool({ id: 'look', description: 'Looks.', inputSchema: z.object({}), execute: async () => 'x' })
  const agent = agentOn(openMemory(), scripted('hi'), { tools: { look, see: look } })
  expect((await refused('invalid-input', () => agent.generate('hello', at))).message).toContain('"look"')
})

test('there is no object where none was asked for', async () => {
  const agent = agentOn(openMemory(), scripted('one', 'two'))
  expect((await agent.generate('hello', at)).object).toBe(undefined)
  expect(await (await agent.stream('hello', at)).object).toBe(undefined)
})
