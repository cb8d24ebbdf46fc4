import {
  convertToModelMessages,
  generateText,
  isStepCount,
  type ModelMessage,
  readUIMessageStream,
  streamText,
  tool,
  type UIMessage,
  validateUIMessages,
} from 'ai'
import { MockLanguageModelV4, simulateReadableStream } from 'ai/test'
import type { MessageLike, StoredMessage } from 'aquifer'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { openMemory, refused, textsOf } from './opened.ts'

const where = { resourceId: 'alice', threadId: 't' }
const bytes = new Uint8Array([1, 2, 3])

async function stored(...batches: (MessageLike | readonly MessageLike[])[]): Promise<StoredMessage[]> {
  const memory = openMemory()
  for (const messages of batches) await memory.saveMessages({ ...where, messages })
  return (await memory.listMessages(where)).messages
}

/** What the AI SDK makes of stored messages, which it must take for its own. */
async function modelMessagesOf(messages: readonly StoredMessage[]): Promise<ModelMessage[]> {
  return convertToModelMessages(await validateUIMessages({ messages: messages as unknown[] }))
}

const call = { type: 'tool-call', toolCallId: 'c1', toolName: 'weather', input: { city: 'Rome' } } as const
const result = {
  role: 'tool',
  content: [
    { type: 'tool-result', toolCallId: 'c1', toolName: 'weather', output: { type: 'json', value: { sun: 1 } } },
  ],
} as const

describe('forms of messages', () => {
  it('takes a text, { role, content } and lists of either', async () => {
    const system = { role: 'system', content: 'be kind' } as const
    const messages = await stored('hi', ['a', { role: 'assistant', content: 'b' }], system)
    expect(textsOf(messages)).toEqual(['hi', 'a', 'b', 'be kind'])
    expect(messages.map(({ role }) => role)).toEqual(['user', 'user', 'assistant', 'system'])
    expect(await modelMessagesOf(messages)).toHaveLength(4)
  })

  it('takes text parts and files in every form that a model message has', async () => {
    const content = [
      { type: 'text', text: 'look: ' },
      { type: 'file', data: bytes, mediaType: 'application/pdf', filename: 'a.pdf' },
      { type: 'file', data: 'AQID', mediaType: 'application/pdf' },
      { type: 'file', data: new URL('https://example.com/a.pdf'), mediaType: 'application/pdf' },
      { type: 'image', image: bytes.buffer, mediaType: 'image/png' },
      { type: 'image', image: 'https://example.com/a.png' },
    ] as const
    const [message] = await stored({ role: 'user', content })
    expect(message?.parts).toEqual([
      { type: 'text', text: 'look: ' },
      { type: 'file', url: 'data:application/pdf;base64,AQID', mediaType: 'application/pdf', filename: 'a.pdf' },
      { type: 'file', url: 'data:application/pdf;base64,AQID', mediaType: 'application/pdf' },
      { type: 'file', url: 'https://example.com/a.pdf', mediaType: 'application/pdf' },
      { type: 'file', url: 'data:image/png;base64,AQID', mediaType: 'image/png' },
      { type: 'file', url: 'https://example.com/a.png', mediaType: 'image/*' },
    ])
    const [model] = await modelMessagesOf([message as StoredMessage])
    expect(model?.content).toHaveLength(6)
  })

  it('joins tool results into their calls, in the order of the parts', async () => {
    const second = { ...call, toolCallId: 'c2', toolName: 'clock', input: {} } as const
    const failed = {
      type: 'tool-result',
      toolCallId: 'c2',
      toolName: 'clock',
      output: { type: 'error-text', value: 'no' },
    }
    const batch = [
      { role: 'user', content: 'weather and time?' },
      { role: 'assistant', content: [{ type: 'text', text: 'looking' }, call, second] },
      { role: 'tool', content: [failed, ...result.content] },
      { role: 'assistant', content: 'sunny' },
    ] as const
    const messages = await stored(batch)
    expect(messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'assistant'])
    expect(messages[1]?.parts).toEqual([
      { type: 'text', text: 'looking' },
      {
        type: 'tool-weather',
        toolCallId: 'c1',
        input: { city: 'Rome' },
        state: 'output-available',
        output: { sun: 1 },
      },
      { type: 'tool-clock', toolCallId: 'c2', input: {}, state: 'output-error', errorText: 'no' },
    ])
    const model = await modelMessagesOf(messages)
    expect(model.map(({ role }) => role)).toEqual(['user', 'assistant', 'tool', 'assistant'])
    expect(model[2]?.content).toMatchObject([{ toolCallId: 'c1' }, { toolCallId: 'c2' }])
  })

  it('takes UI messages as they are', async () => {
    const message: UIMessage = {
      id: 'ui-1',
      role: 'assistant',
      metadata: { model: 'm' },
      parts: [
        { type: 'step-start' },
        { type: 'reasoning', text: 'hm', state: 'done', providerMetadata: { p: { signature: 's' } } },
        { type: 'tool-weather', toolCallId: 'c1', state: 'output-available', input: {}, output: 1 },
        { type: 'source-url', sourceId: 's', url: 'https://example.com' },
        { type: 'data-chart', id: 'd', data: { points: [1, 2] } },
        { type: 'text', text: 'done', state: 'done' },
      ],
    }
    const [kept] = await stored([message])
    expect(kept).toMatchObject(message)
    expect(await validateUIMessages({ messages: [kept] as unknown[] })).toMatchObject([message])
  })

  it('gives a UI message that has no id yet one of its own', async () => {
    const messages = await stored([{ id: '', role: 'user', parts: [{ type: 'text', text: 'hi' }] }])
    expect(messages[0]?.id).toMatch(/^msg_/)
  })

  it('takes a message that was read into another thread, without its id', async () => {
    const memory = openMemory()
    await memory.saveMessages({ ...where, messages: ['one', { role: 'assistant', content: 'two' }] })
    const { messages } = await memory.listMessages(where)
    await refused('invalid-input', () => memory.saveMessages({ messages: { ...messages[0], threadId: 'u' } as never }))
    const moved = messages.map(({ id: _, ...message }) => ({ ...message, threadId: 'u' }))
    const saved = await memory.saveMessages({ messages: moved })
    expect(textsOf(saved.messages)).toEqual(['one', 'two'])
    expect((await memory.listMessages({ ...where, threadId: 'u' })).messages.map(({ parts }) => parts)).toEqual(
      messages.map(({ parts }) => parts),
    )
  })

  it('names the message and the field that it cannot read', async () => {
    const memory = openMemory()
    const bad = (message: unknown) => memory.saveMessages({ ...where, messages: ['fine', message as string] })
    const fieldOf = async (message: unknown) => (await refused('invalid-input', () => bad(message))).details.field
    expect(await fieldOf({ role: 'judge', content: 'x' })).toBe('messages[1].role')
    expect(await fieldOf({ role: 'user' })).toBe('messages[1]')
    expect(await fieldOf({ role: 'user', content: [{ text: 'x' }] })).toBe('messages[1].content[0]')
    expect(await fieldOf({ role: 'user', content: 'x', colour: 'red' })).toBe('messages[1].colour')
    expect(await fieldOf({ role: 'user', content: 'x', id: 5 })).toBe('messages[1].id')
    expect(await fieldOf({ role: 'user', content: 'x', createdAt: 'yesterday' })).toBe('messages[1].createdAt')
    expect(await fieldOf({ role: 'user', content: 'x', metadata: { a: () => 1 } })).toBe('messages[1].metadata.a')
    expect(await fieldOf(['x'])).toBe('messages[1]')
  })
})

const usage = {
  inputTokens: { total: 1, noCache: 1, cacheRead: 0, cacheWrite: 0 },
  outputTokens: { total: 1, text: 1, reasoning: 0 },
}
const finish = (unified: 'stop' | 'tool-calls') => ({ unified, raw: unified })
const tools = { weather: tool({ inputSchema: z.object({ city: z.string() }), execute: async () => ({ sun: 1 }) }) }
const toolCall = { type: 'tool-call', toolCallId: 'c1', toolName: 'weather', input: '{"city":"Rome"}' } as const

function answering(): MockLanguageModelV4 {
  return new MockLanguageModelV4({
    doGenerate: [
      { content: [toolCall], finishReason: finish('tool-calls'), usage, warnings: [] },
      { content: [{ type: 'text', text: 'sunny' }], finishReason: finish('stop'), usage, warnings: [] },
    ],
    doStream: [
      {
        stream: simulateReadableStream({
          chunks: [
            { type: 'stream-start', warnings: [] },
            toolCall,
            { type: 'finish', finishReason: finish('tool-calls'), usage },
          ],
        }),
      },
      {
        stream: simulateReadableStream({
          chunks: [
            { type: 'stream-start', warnings: [] },
            { type: 'text-start', id: '1' },
            { type: 'text-delta', id: '1', delta: 'sunny' },
            { type: 'text-end', id: '1' },
            { type: 'finish', finishReason: finish('stop'), usage },
          ],
        }),
      },
    ],
  })
}

describe('what the AI SDK makes', () => {
  it('can be saved as generateText answers it', async () => {
    const { responseMessages } = await generateText({
      model: answering(),
      tools,
      prompt: 'weather?',
      stopWhen: isStepCount(2),
    })
    const messages = await stored(['weather?', ...responseMessages])
    expect(messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'assistant'])
    const model = await modelMessagesOf(messages)
    expect(model.map(({ role }) => role)).toEqual(['user', 'assistant', 'tool', 'assistant'])
  })

  it('can be saved as a UI message stream ends', async () => {
    const answer = streamText({ model: answering(), tools, prompt: 'weather?', stopWhen: isStepCount(2) })
    let message: UIMessage | undefined
    for await (const partial of readUIMessageStream({ stream: answer.toUIMessageStream() })) message = partial
    const messages = await stored([message as MessageLike])
    expect(textsOf(messages)).toEqual(['[step-start][tool-weather][step-start]sunny'])
  })

  it('keeps what a provider added to parts, such as signatures', async () => {
    const signed = (value: string) => ({ providerOptions: { provider: { signature: value } } })
    const content = [
      { type: 'reasoning', text: 'hm', ...signed('r') },
      { type: 'text', text: 'a', ...signed('t') },
      { ...call, ...signed('c') },
    ] as const
    const [model] = await modelMessagesOf(await stored([{ role: 'assistant', content }, result]))
    expect(model?.content).toEqual(content)
  })

  it('joins a tool result that is saved in a later call', async () => {
    const messages = await stored([{ role: 'assistant', content: [call] }], [result])
    expect(await modelMessagesOf(messages)).toMatchObject([
      { role: 'assistant', content: [{ type: 'tool-call', toolCallId: 'c1' }] },
      { role: 'tool', content: [{ type: 'tool-result', toolCallId: 'c1' }] },
    ])
  })

  it('keeps a request for approval in a form that the SDK takes', async () => {
    const request = { type: 'tool-approval-request', approvalId: 'a1', toolCallId: 'c1' } as const
    const messages = await stored([{ role: 'assistant', content: [call, request] }])
    expect(await modelMessagesOf(messages)).toMatchObject([{ content: [call, request] }])
  })

  it('joins the result of a tool that the provider ran, which stands in the same message', async () => {
    const ran = { ...call, providerExecuted: true } as const
    const messages = await stored([{ role: 'assistant', content: [ran, result.content[0]] }])
    expect(messages[0]?.parts).toMatchObject([
      { type: 'tool-weather', state: 'output-available', output: { sun: 1 }, providerExecuted: true },
    ])
  })

  it('keeps what a provider added to a call when its result comes with its own', async () => {
    const signed = (signature: string) => ({ providerOptions: { provider: { signature } } })
    const answer = { ...result, content: [{ ...result.content[0], ...signed('result') }] }
    const messages = await stored([{ role: 'assistant', content: [{ ...call, ...signed('call') }] }, answer])
    expect(messages[0]?.parts).toMatchObject([
      {
        callProviderMetadata: { provider: { signature: 'call' } },
        resultProviderMetadata: { provider: { signature: 'result' } },
      },
    ])
  })

  it('takes files in the tagged forms of the SDK', async () => {
    const tagged = [
      { type: 'data', data: bytes },
      { type: 'data', data: 'AQID' },
      { type: 'url', url: new URL('https://example.com/a.png') },
    ] as const
    const content = tagged.map((file) => ({ type: 'file', mediaType: 'image/png', data: file }) as const)
    const [message] = await stored([{ role: 'user', content }])
    expect(message?.parts).toMatchObject([
      { url: 'data:image/png;base64,AQID' },
      { url: 'data:image/png;base64,AQID' },
      { url: 'https://example.com/a.png' },
    ])
  })

  it('is what a stored message is, to the type checker', () => {
    const widen = (message: StoredMessage): UIMessage => message
    expect(widen).toBeTypeOf('function')
  })
})
