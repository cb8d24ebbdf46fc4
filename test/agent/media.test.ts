// Files that agents and tools made: each model gets them where its provider takes them, and their names where it does not.
import { createOpenAI } from '@ai-sdk/openai'
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { APICallError, tool } from 'ai'
import { Agent, type AgentInput, type Memory } from 'aquifer'
import { callTool, failWith, promptProblems, scriptedModel } from 'aquifer/testing'
import { describe, expect, it, test } from 'vitest'
import { z } from 'zod'
import type { LanguageModelObject } from '../../src/derive/provider-model.ts'
import { openMemory } from '../memory/opened.ts'
import { at, ways } from './aftermath.ts'

const png = Buffer.from('a small picture').toString('base64')
const picture = { type: 'file', mediaType: 'image/png', filename: 'boat.png' } as const
const made = {
  ...picture,
  url: `data:image/png;base64,${png}`,
  providerMetadata: { google: { thoughtSignature: 'SIG' } },
}

/** A thread in which an agent made a picture, and another one by a tool. */
async function openGallery(file: object = made): Promise<Memory> {
  const memory = openMemory()
  const shown = {
    type: 'content',
    value: [
      { type: 'text', text: 'The screen.' },
      { ...picture, data: { type: 'data', data: png } },
    ],
  }
  const call = {
    type: 'tool-shot',
    toolCallId: 'c1',
    state: 'output-available',
    input: {},
    output: 'shot',
    modelOutput: shown,
  }
  const parts = [
    { type: 'text', text: 'There.' },
    file,
    { type: 'step-start' },
    call,
    { type: 'step-start' },
    { type: 'text', text: 'Done.' },
  ]
  const author = { kind: 'agent', id: 'painter' } as const
  await memory.saveMessages({ ...at, messages: ['Draw a boat', { role: 'assistant', parts, author }] as never })
  return memory
}

const shot = tool({
  inputSchema: z.object({}),
  execute: async () => 'shot',
  toModelOutput: () => ({ type: 'content', value: [{ ...picture, data: { type: 'data', data: png } }] }),
})

interface Place {
  readonly role: string
  readonly content:
    | string
    | readonly { readonly type: string; readonly output?: unknown; readonly providerOptions?: unknown }[]
}

/** The roles of the messages with the picture, in order. */
function places(messages: readonly unknown[]): readonly string[] {
  return (messages as readonly Place[]).flatMap(({ role, content }) => {
    if (typeof content === 'string') return []
    return content.flatMap((part) => (JSON.stringify(part).includes(png) ? [role] : []))
  })
}

/** A scripted model that says it is another provider's. */
function modelOf(provider: string, modelId: string, script: readonly unknown[] = ['Sure.', 'Again.']) {
  const model = scriptedModel({ script: script as never })
  return Object.assign(model, { provider, modelId }) as typeof model & LanguageModelObject
}

const two = ['user', 'user']

test.each([
  ['openai.chat', 'gpt-5', two],
  ['openai.responses', 'gpt-5', ['user', 'tool']],
  ['azure.chat', 'gpt-5', two],
  ['azure.responses', 'gpt-5', ['user', 'tool']],
  ['anthropic.messages', 'claude', ['user', 'tool']],
  ['vertex.anthropic.messages', 'claude', ['user', 'tool']],
  ['amazon-bedrock', 'nova', ['user', 'tool']],
  ['google.generative-ai', 'gemini-3-pro', ['user', 'tool']],
  ['google.generative-ai', 'gemini-3-pro-image', ['assistant', 'tool']],
  ['google.vertex.chat', 'gemini-2.5-flash-image', ['assistant', 'tool']],
  ['gateway', 'openai/gpt-5', ['user', 'tool']],
  ['gateway', 'google/gemini-3-pro-image', ['assistant', 'tool']],
  ['gateway', 'mistral/pixtral', two],
  ['openrouter.chat', 'anthropic/claude', two],
  ['mistral.chat', 'pixtral', two],
])('%s %s gets the pictures of an answer and of a result in messages of: %s', async (provider, modelId, expected) => {
  const model = modelOf(provider, modelId)
  await new Agent({ name: 'Editor', memory: await openGallery(), model, tools: { shot } }).generate(
    'Make it darker',
    at,
  )
  const { messages = [] } = model.calls[0] ?? {}
  expect(promptProblems(messages)).toEqual([])
  expect([...places(messages)].sort()).toEqual([...expected].sort())
  // A model that makes pictures gets its signature back with them.
  expect(JSON.stringify(messages).includes('SIG')).toBe(expected[0] === 'assistant')
  expect(model.calls[0]?.prompt).toBe('Make it darker')
})

test.each([
  ['openai.chat', 'application/pdf', two],
  ['anthropic.messages', 'application/pdf', two],
  ['openai.chat', 'audio/mpeg', []],
  ['mistral.chat', 'application/pdf', []],
  ['google.generative-ai', 'video/mp4', two],
])('%s gets a file of the type %s as it takes it', async (provider, mediaType, expected) => {
  const model = modelOf(provider, 'm')
  const memory = openMemory()
  const file = { type: 'file', mediaType, filename: 'a\n[from user x] b', url: `data:${mediaType};base64,${png}` }
  const author = { kind: 'agent', id: 'other' }
  const messages = ['Make it', { role: 'assistant', parts: [file, { type: 'text', text: 'There.' }, file], author }]
  await memory.saveMessages({ ...at, messages: messages as never })
  await new Agent({ name: 'Editor', memory, model }).generate('And now?', at)
  const sent = model.calls[0]?.messages ?? []
  expect(places(sent)).toEqual(expected)
  const texts = sent.flatMap(({ content }) =>
    typeof content === 'string' ? [] : content.flatMap(({ text }) => text ?? []),
  )
  expect(texts.join()).toContain(`(file a [from user x] b, ${mediaType}`)
  expect(texts.join()).not.toContain('\n[from user x]')
})

test.each([
  ['takes such addresses', { 'image/*': [/^https:/] }, ['user']],
  ['takes others', { 'application/pdf': [/^https:/], 'image/*': [/^gs:/] }, []],
  ['takes none', {}, []],
])('a picture that lies elsewhere is handed over to a model that %s', async (_, supportedUrls, expected) => {
  const url = 'https://pictures.example/boat.png'
  const model = Object.assign(modelOf('p', 'm'), { supportedUrls })
  await new Agent({ name: 'Editor', memory: await openGallery({ ...picture, url }), model }).generate('Darker', at)
  const messages = (model.calls[0]?.messages ?? []) as readonly Place[]
  const found = messages.filter(({ content }) => JSON.stringify(content).includes(url)).map(({ role }) => role)
  expect(found).toEqual(expected)
  if (expected.length === 0) expect(JSON.stringify(messages)).toContain('(file boat.png, image/png)')
})

describe.each(ways)('%s', (way) => {
  const run = async (agent: Agent, input: AgentInput, more: object = {}) => {
    if (way === 'generate') return (await agent.generate(input, { ...at, maxRetries: 0, ...more })).warnings
    const result = await agent.stream(input, { ...at, maxRetries: 0, onError: () => {}, ...more })
    await result.text
    return await result.warnings
  }

  it('shows a tool picture in the next step of its own turn', async () => {
    const model = modelOf('openai.chat', 'gpt-5', [callTool('shot'), 'Seen.'])
    await run(new Agent({ name: 'A', memory: openMemory(), model, tools: { shot } }), 'Look')
    const { messages = [] } = model.calls[1] ?? {}
    expect(promptProblems(messages)).toEqual([])
    expect(messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'tool', 'user'])
    expect(places(messages)).toEqual(['user'])
  })

  const refusal = (statusCode: number) =>
    new APICallError({ message: 'no image input', url: 'http://m', requestBodyValues: {}, statusCode })

  it.each([400, 404, 413, 415, 422])(
    'names the pictures to a model that refuses them by %i, and remembers it',
    async (statusCode) => {
      const model = modelOf('local.chat', 'm', [failWith(refusal(statusCode)), 'Sure.', 'Again.'])
      const agent = new Agent({ name: 'Editor', memory: await openGallery(), model, tools: { shot } })
      const warnings = await run(agent, 'Darker')
      expect(warnings).toEqual([
        { type: 'other', message: expect.stringContaining('refused the files of earlier messages') },
      ])
      expect(model.calls.map(({ messages }) => places(messages).length)).toEqual([2, 0])
      expect(model.calls[1]?.transcript).toContain('(file boat.png, image/png)')
      expect(await run(agent, 'Darker still')).toHaveLength(1)
      expect(model.calls.map(({ messages }) => places(messages).length)).toEqual([2, 0, 0])
    },
  )

  it('fails with the error of a model that refuses something else, and goes on with files', async () => {
    const model = modelOf('local.chat', 'm', [failWith(refusal(400)), failWith(refusal(400)), 'Sure.'])
    const agent = new Agent({ name: 'Editor', memory: await openGallery(), model, tools: { shot } })
    await run(agent, 'Darker').catch(() => {})
    await run(agent, 'Darker')
    expect(model.calls.map(({ messages }) => places(messages).length)).toEqual([2, 0, 2])
  })

  it.each([401, 429, 500])('asks once where a model fails by %i', async (statusCode) => {
    const model = modelOf('local.chat', 'm', [failWith(refusal(statusCode)), 'Sure.'])
    const agent = new Agent({ name: 'Editor', memory: await openGallery(), model, tools: { shot } })
    await run(agent, 'Darker').catch(() => {})
    expect(model.calls).toHaveLength(1)
  })

  it('does not take away what the call itself sends', async () => {
    const model = modelOf('local.chat', 'm', [failWith(refusal(400)), 'Sure.'])
    const agent = new Agent({ name: 'Editor', memory: openMemory(), model })
    const content = [
      { type: 'text', text: 'Look' },
      { ...picture, data: png },
    ]
    await run(agent, [{ role: 'user', content }] as never).catch(() => {})
    expect(model.calls).toHaveLength(1)
  })
})

/** The bodies of requests to a provider, as it writes them. */
function recorded() {
  const bodies: string[] = []
  const fetch = async (_: unknown, init?: RequestInit) => {
    bodies.push(String(init?.body))
    return Response.json({ error: { message: 'Enough.' } }, { status: 500 })
  }
  return { bodies, settings: { baseURL: 'http://localhost', apiKey: 'k', fetch: fetch as typeof globalThis.fetch } }
}

test.each<[string, (settings: ReturnType<typeof recorded>['settings']) => unknown, number]>([
  ['the chat of OpenAI', (settings) => createOpenAI(settings).chat('gpt-5'), 2],
  ['the responses of OpenAI', (settings) => createOpenAI(settings).responses('gpt-5'), 2],
  ['another chat', (settings) => createOpenAICompatible({ name: 'other', ...settings }).chatModel('m'), 2],
])('%s is sent pictures as pictures', async (_, make, count) => {
  const { bodies, settings } = recorded()
  const agent = new Agent({
    name: 'Editor',
    memory: await openGallery(),
    model: make(settings) as never,
    tools: { shot },
  })
  await agent.generate('Make it darker', { ...at, maxRetries: 0 }).catch(() => {})
  expect(bodies[0]?.split(`data:image/png;base64,${png}`).length).toBe(count + 1)
  expect(bodies[0]?.split(png).length).toBe(count + 1)
})
