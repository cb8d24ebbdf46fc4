// Agents over HTTP: a provider package of the AI SDK, a server that speaks OpenAI's wire format, and what goes wrong.
// Own process: it replaces the default provider of the AI SDK.
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { tool } from 'ai'
import { Agent, type AgentOptions, type AgentStream, type Memory } from 'aquifer'
import { promptProblems, threadProblems } from 'aquifer/testing'
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { openMemory } from '../memory/opened.ts'
import { openWireServer, promptOf, type WireBody, type WireMessage, type WireServer, wireCall } from './wire-server.ts'

const at = { resourceId: 'customer_123', threadId: 'support_thread_456' }

const weather = tool({
  description: 'Tells the weather of a city.',
  inputSchema: z.object({ city: z.string() }),
  execute: async ({ city }) => ({ city, celsius: 20 }),
})

interface Scene {
  readonly server: WireServer
  readonly memory: Memory
  /** An agent on the server. */
  agent(name: string, more?: Partial<AgentOptions>): Agent
  /** What each request sent as its prompt. */
  prompts(): (readonly WireMessage[])[]
  /** State of the turn, author and what was said, message by message; asserts that thread and prompts are valid. */
  stored(): Promise<(readonly [string | undefined, string, string])[]>
}

async function openScene(): Promise<Scene> {
  const server = await openWireServer()
  onTestFinished(() => server.close())
  const provider = createOpenAICompatible({ name: 'wire', baseURL: server.url, apiKey: 'key-1', includeUsage: true })
  const memory = openMemory()
  return {
    server,
    memory,
    agent: (name, more = {}) =>
      new Agent({ name, instructions: `You are ${name}.`, model: provider('model-1'), memory, ...more }),
    prompts: () => server.requests.map(({ body }) => body.messages),
    stored: async () => {
      for (const { body } of server.requests) expect(promptProblems(promptOf(body))).toEqual([])
      const { messages } = await memory.listMessages({ ...at, includeInternal: true })
      expect(threadProblems(messages)).toEqual([])
      return messages.map(({ turnStatus, author, parts }) => {
        const said = parts.map((part) => {
          if (part.type === 'text') return String(part.text)
          return part.type === 'step-start' ? '' : `${part.type} ${String(part.state)}`
        })
        return [turnStatus, author.id, said.filter((text) => text !== '').join(' | ')]
      })
    },
  }
}

/** A call after whatever happened: it is answered, and its prompt and the thread are valid. */
async function goesOn(scene: Scene, agent: Agent) {
  scene.server.script({ to: 'Are you there?', text: 'Here again.' })
  expect((await agent.generate('Are you there?', at)).text).toBe('Here again.')
  const stored = await scene.stored()
  expect(stored.splice(-2)).toEqual([
    ['complete', 'customer_123', 'Are you there?'],
    ['complete', agent.id, 'Here again.'],
  ])
  const prompts = scene.prompts().filter((messages) => messages.at(-1)?.content === 'Are you there?')
  expect(prompts).toHaveLength(1)
  const prompt = prompts[0]?.slice(1) ?? []
  return { stored, seen: prompt.slice(0, -1) }
}

const toolsOffered = ({ tools = [] }: WireBody) => tools.map(({ function: { name } }) => name)

test('two agents in one thread: each request holds what both said before', async () => {
  const scene = await openScene()
  const sales = scene.agent('Sales')
  const support = scene.agent('Support', { tools: { weather } })
  scene.server.script(
    { text: 'The plan costs 500 €.' },
    { text: 'I am sorry to hear that.' },
    { text: 'It still does.' },
  )
  const first = await sales.generate('What does it cost?', at)
  const second = await support.stream('It does not work.', at)
  expect([first.text, await second.text]).toEqual(['The plan costs 500 €.', 'I am sorry to hear that.'])
  expect(await second.finished).toEqual({ status: 'complete' })
  await sales.generate('Does it still cost that?', at)
  expect(scene.prompts()).toEqual([
    [
      { role: 'system', content: 'You are Sales.' },
      { role: 'user', content: 'What does it cost?' },
    ],
    [
      { role: 'system', content: 'You are Support.' },
      { role: 'user', content: 'What does it cost?' },
      { role: 'assistant', content: '[from agent Sales]\nThe plan costs 500 €.' },
      { role: 'user', content: 'It does not work.' },
    ],
    [
      { role: 'system', content: 'You are Sales.' },
      { role: 'user', content: 'What does it cost?' },
      { role: 'assistant', content: 'The plan costs 500 €.' },
      { role: 'user', content: 'It does not work.' },
      { role: 'assistant', content: '[from agent Support]\nI am sorry to hear that.' },
      { role: 'user', content: 'Does it still cost that?' },
    ],
  ])
  const about = scene.server.requests.map(({ path, authorization, body }) => {
    return [path, authorization, body.model, body.stream ?? false, toolsOffered(body)]
  })
  expect(about).toEqual([
    ['/v1/chat/completions', 'Bearer key-1', 'model-1', false, []],
    ['/v1/chat/completions', 'Bearer key-1', 'model-1', true, ['weather']],
    ['/v1/chat/completions', 'Bearer key-1', 'model-1', false, []],
  ])
  const run = await scene.memory.getRun(second.runId as string)
  expect(run?.details).toMatchObject({ model: 'wire.chat/model-1', usage: { inputTokens: 11, outputTokens: 7 } })
})

test.each(['generate', 'stream'] as const)('%s: two calls of a tool, their arguments in pieces', async (method) => {
  const scene = await openScene()
  const agent = scene.agent('Guide', { tools: { weather } })
  const calls = [wireCall('a', 'weather', { city: 'Zürich' }), wireCall('b', 'weather', { city: 'Reykjavík' })]
  scene.server.script({ text: 'I look.', calls }, { text: 'Both 20 °C.' })
  const result = await agent[method]('How warm is it in Zürich and Reykjavík?', at)
  expect(await result.text).toBe('Both 20 °C.')
  if ('finished' in result) expect(await result.finished).toEqual({ status: 'complete' })
  const asked = [
    { role: 'system', content: 'You are Guide.' },
    { role: 'user', content: 'How warm is it in Zürich and Reykjavík?' },
  ]
  const worked = [
    { role: 'assistant', content: 'I look.', tool_calls: calls.map((call) => ({ ...call, type: 'function' })) },
    { role: 'tool', tool_call_id: 'a', content: '{"city":"Zürich","celsius":20}' },
    { role: 'tool', tool_call_id: 'b', content: '{"city":"Reykjavík","celsius":20}' },
  ]
  expect(scene.prompts()).toEqual([asked, [...asked, ...worked]])
  const { stored, seen } = await goesOn(scene, agent)
  expect(stored.at(-1)).toEqual([
    'complete',
    'guide',
    'I look. | tool-weather output-available | tool-weather output-available | Both 20 °C.',
  ])
  expect(seen).toEqual([asked[1], ...worked, { role: 'assistant', content: 'Both 20 °C.' }])
})

test.each(['generate', 'stream'] as const)('%s: arguments that are no JSON are told to the model', async (method) => {
  const scene = await openScene()
  const agent = scene.agent('Guide', { tools: { weather } })
  scene.server.script(
    { calls: [wireCall('a', 'weather', '{"city": "Zür')], finishReason: 'length' },
    { text: 'Again.' },
  )
  const result = await agent[method]('How warm is it?', at)
  await ('finished' in result ? result.finished : null)
  const { stored } = await goesOn(scene, agent)
  expect(stored[0]).toEqual(['complete', 'customer_123', 'How warm is it?'])
  expect(stored[1]?.[2]).toContain('tool-weather output-error')
})

test.each(['generate', 'stream'] as const)('%s: an HTTP 500 is tried again, and stored once', async (method) => {
  const scene = await openScene()
  const agent = scene.agent('Sales')
  scene.server.script({ status: 500 }, { status: 503 }, { text: 'Hello.' })
  const result = await agent[method]('Hi', at)
  expect(await result.text).toBe('Hello.')
  if ('finished' in result) await result.finished
  const [first, second, third] = scene.server.requests.map(({ body }) => body)
  expect([first, first]).toEqual([second, third])
  expect((await goesOn(scene, agent)).stored).toEqual([
    ['complete', 'customer_123', 'Hi'],
    ['complete', 'sales', 'Hello.'],
  ])
})

test.each(['generate', 'stream'] as const)('%s: a refusal fails the turn', async (method) => {
  const scene = await openScene()
  const agent = scene.agent('Sales')
  scene.server.script({ status: 401 })
  if (method === 'generate') {
    await expect(agent.generate('Hi', at)).rejects.toMatchObject({ name: 'AI_APICallError', statusCode: 401 })
  } else {
    const errors: unknown[] = []
    const result = await agent.stream('Hi', { ...at, onError: ({ error }) => void errors.push(error) })
    expect(await result.finished).toEqual({ status: 'failed' })
    expect(errors).toMatchObject([{ name: 'AI_APICallError', statusCode: 401 }])
  }
  expect(await goesOn(scene, agent)).toEqual({
    stored: [['failed', 'customer_123', 'Hi']],
    seen: [{ role: 'user', content: 'Hi' }],
  })
})

/** Reads a stream to whatever end; answers its text and the errors that it told. */
async function read({ fullStream }: AgentStream, onText: (text: string) => void = () => {}) {
  const errors: unknown[] = []
  let text = ''
  try {
    for await (const part of fullStream) {
      if (part.type === 'error') errors.push(part.error)
      if (part.type !== 'text-delta') continue
      text += part.text
      onText(text)
    }
  } catch (error) {
    errors.push(error)
  }
  return { text, errors }
}

test.each([
  ['error-chunk', 'overloaded'],
  ['broken-chunk', 'JSON parsing failed'],
  ['stalled', 'Failed to process successful response'],
] as const)(
  'a stream with an error after some text (%s) keeps the text, and tells the error',
  async (ending, message) => {
    const scene = await openScene()
    const agent = scene.agent('Sales')
    scene.server.script({ text: 'The plan costs', ending })
    const result = await agent.stream('Hi', { ...at, onError() {} })
    const { text, errors } = await read(result, (so) => {
      if (ending === 'stalled' && so === 'The plan costs') scene.server.breakOff()
    })
    expect([text, errors.map(String)]).toEqual(['The plan costs', [expect.stringContaining(message)]])
    expect(await result.finished).toEqual({ status: 'failed' })
    expect(await goesOn(scene, agent)).toEqual({
      stored: [
        ['failed', 'customer_123', 'Hi'],
        ['failed', 'sales', 'The plan costs'],
      ],
      seen: [
        { role: 'user', content: 'Hi' },
        { role: 'assistant', content: 'The plan costs' },
      ],
    })
  },
)

test.each(['error-chunk', 'lost', 'aborted'] as const)(
  'a second step that ends badly (%s) keeps the call of the first with its result',
  async (how) => {
    const scene = await openScene()
    const agent = scene.agent('Guide', { tools: { weather } })
    const calls = [wireCall('a', 'weather', { city: 'Rome' })]
    scene.server.script({ calls }, { text: 'It is', ending: how === 'error-chunk' ? how : 'stalled' })
    const stop = new AbortController()
    const result = await agent.stream('Hi', { ...at, abortSignal: stop.signal, onError() {} })
    await read(result, (text) => {
      if (text !== 'It is') return
      if (how === 'lost') scene.server.breakOff()
      if (how === 'aborted') stop.abort()
    })
    const status = how === 'aborted' ? 'aborted' : 'failed'
    expect(await result.finished).toEqual({ status })
    const { stored, seen } = await goesOn(scene, agent)
    expect(stored.at(-1)).toEqual([status, 'guide', 'tool-weather output-available | It is'])
    expect(seen).toEqual([
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: null, tool_calls: calls.map((call) => ({ ...call, type: 'function' })) },
      { role: 'tool', tool_call_id: 'a', content: '{"city":"Rome","celsius":20}' },
      { role: 'assistant', content: 'It is' },
    ])
  },
)

test('a stream that breaks off within the arguments of a call leaves no call without an end', async () => {
  const scene = await openScene()
  const agent = scene.agent('Guide', { tools: { weather } })
  scene.server.script({ text: 'I look.', calls: [wireCall('a', 'weather', '{"city": "Zür')], ending: 'stalled' })
  const result = await agent.stream('Hi', { ...at, onError() {} })
  for await (const part of result.fullStream) if (part.type === 'tool-input-delta' && part.delta === 'Zür') break
  scene.server.breakOff()
  expect(await result.finished).toEqual({ status: 'failed' })
  const { stored, seen } = await goesOn(scene, agent)
  expect(stored).toEqual([
    ['failed', 'customer_123', 'Hi'],
    ['failed', 'guide', 'I look.'],
  ])
  expect(seen).toEqual([
    { role: 'user', content: 'Hi' },
    { role: 'assistant', content: 'I look.' },
  ])
})

test('an answer whose connection is lost fails the call', async () => {
  const scene = await openScene()
  const agent = scene.agent('Sales')
  scene.server.script({ text: 'The plan costs 500.', ending: 'broken-off' })
  await expect(agent.generate('Hi', { ...at, maxRetries: 0 })).rejects.toMatchObject({ name: 'AI_APICallError' })
  expect((await goesOn(scene, agent)).stored).toEqual([['failed', 'customer_123', 'Hi']])
})

test('an abort ends a stalled connection and keeps what was said', async () => {
  const scene = await openScene()
  const agent = scene.agent('Sales')
  scene.server.script({ text: 'The plan', ending: 'stalled' }, { ending: 'stalled' })
  const stop = new AbortController()
  const result = await agent.stream('Hi', { ...at, abortSignal: stop.signal })
  await read(result, (text) => {
    if (text === 'The plan') stop.abort()
  })
  expect(await result.finished).toEqual({ status: 'aborted' })
  const again = new AbortController()
  const waiting = agent.generate('And now?', { ...at, abortSignal: again.signal })
  await expect.poll(() => scene.server.requests.length).toBe(2)
  again.abort(new Error('enough'))
  await expect(waiting).rejects.toThrow('enough')
  await Promise.all(scene.server.requests.map(({ closed }) => closed))
  expect(await goesOn(scene, agent)).toEqual({
    stored: [
      ['aborted', 'customer_123', 'Hi'],
      ['aborted', 'sales', 'The plan'],
      ['aborted', 'customer_123', 'And now?'],
    ],
    seen: [
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: 'The plan' },
      { role: 'user', content: 'And now?' },
    ],
  })
})

test.each([
  ['generate', { totalMs: 50 }],
  ['generate', { stepMs: 50 }],
  ['stream', { totalMs: 50 }],
  ['stream', { stepMs: 50 }],
  ['stream', { firstChunkMs: 50, chunkMs: 50 }],
] as const)('%s: a stalled connection ends by the timeout %o', async (method, timeout) => {
  const scene = await openScene()
  const agent = scene.agent('Sales')
  scene.server.script({ text: 'The plan', ending: 'stalled' })
  if (method === 'generate') {
    await expect(agent.generate('Hi', { ...at, timeout })).rejects.toMatchObject({ name: 'TimeoutError' })
  } else {
    const result = await agent.stream('Hi', { ...at, timeout })
    expect(await result.finished).toEqual({ status: 'aborted' })
    await expect(result.text).rejects.toMatchObject({ name: 'TimeoutError' })
  }
  await Promise.all(scene.server.requests.map(({ closed }) => closed))
  const [said, answer, ...more] = (await goesOn(scene, agent)).stored
  expect([said, more]).toEqual([['aborted', 'customer_123', 'Hi'], []])
  // How much came before the time was over is not for a test to say.
  expect('The plan'.startsWith(answer?.[2] ?? '')).toBe(true)
})

test('a model by its name comes from the default provider of the application', async () => {
  const scene = await openScene()
  const provider = createOpenAICompatible({ name: 'wire', baseURL: scene.server.url })
  const before = globalThis.AI_SDK_DEFAULT_PROVIDER
  onTestFinished(() => {
    globalThis.AI_SDK_DEFAULT_PROVIDER = before
  })
  globalThis.AI_SDK_DEFAULT_PROVIDER = provider
  const agent = scene.agent('Sales', { model: 'acme/large-1' })
  scene.server.script({ text: 'Hello.' })
  const result = await agent.stream('Hi', at)
  expect(await result.text).toBe('Hello.')
  await result.finished
  expect(scene.server.requests.map(({ body }) => body.model)).toEqual(['acme/large-1'])
  const run = await scene.memory.getRun(result.runId as string)
  expect(run?.details).toMatchObject({ model: 'wire.chat/acme/large-1' })
  await goesOn(scene, agent)
})
