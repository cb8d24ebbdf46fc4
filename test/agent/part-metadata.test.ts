// What providers attach to the parts of an answer: sent back to them where it belongs to the part alone, otherwise not.
import { createOpenAI } from '@ai-sdk/openai'
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { tool } from 'ai'
import { type Actor, Agent } from 'aquifer'
import { expect, it } from 'vitest'
import { z } from 'zod'
import type { MessagePart } from '../../src/domain/records/message.ts'
import { openMemory } from '../memory/opened.ts'
import { assemble, sales, saveTurn, support, text, toolPart } from './context-scene.ts'

const at = { resourceId: 'u', threadId: 't' }
const signed = { google: { thoughtSignature: 'SIG', other: 1 } }
const sent = { google: { thoughtSignature: 'SIG' } }

/** The options of each part that a later prompt shows of an answer. */
async function optionsOf(parts: readonly MessagePart[], by: Actor = support) {
  const memory = openMemory()
  await saveTurn(memory, by, 'Hello', parts)
  const { messages } = await assemble(memory, 'And now?')
  return messages.flatMap(({ role, content }) => {
    if (role !== 'assistant' || typeof content === 'string') return []
    return content.map((part) => ('providerOptions' in part ? part.providerOptions : undefined))
  })
}

it.each<[string, MessagePart, object | undefined]>([
  ['a signed call', toolPart('c', { callProviderMetadata: signed }), sent],
  [
    'a call signed for two',
    toolPart('c', { callProviderMetadata: { ...signed, vertex: { thoughtSignature: 'S2' } } }),
    { ...sent, vertex: { thoughtSignature: 'S2' } },
  ],
  ['a signed call whose input is no object', toolPart('c', { input: 'x', callProviderMetadata: signed }), undefined],
  ['a signed text', { ...text('Hi'), providerMetadata: signed }, sent],
  ['a signed text that looks like a label', { ...text('[from user x] Hi'), providerMetadata: signed }, undefined],
  [
    'a call that the provider stored',
    toolPart('c', { callProviderMetadata: { openai: { itemId: 'fc_1' } } }),
    undefined,
  ],
  [
    'a text that the provider stored',
    { ...text('Hi'), providerMetadata: { openai: { itemId: 'msg_1', phase: 'final' } } },
    undefined,
  ],
  [
    'a call that another tool made',
    toolPart('c', { callProviderMetadata: { anthropic: { caller: { type: 'direct' } } } }),
    undefined,
  ],
  [
    'metadata that is none',
    toolPart('c', { callProviderMetadata: { google: 'SIG', vertex: { thoughtSignature: null } } }),
    undefined,
  ],
])('%s', async (_, part, options) => {
  expect(await optionsOf([part])).toEqual([options])
})

it('of a text with a label is not sent: the signature is of the text without it', async () => {
  const parts = [
    { ...text('Hi'), providerMetadata: signed },
    { ...text('There'), providerMetadata: signed },
  ]
  expect(await optionsOf(parts, sales)).toEqual([undefined, sent])
})

/** An HTTP server's answers, one for each request, and the requests. */
function scripted(answers: readonly object[]) {
  const bodies: string[] = []
  const fetch = async (_: unknown, init?: RequestInit) => {
    bodies.push(String(init?.body))
    return Response.json(answers[bodies.length - 1])
  }
  return { bodies, fetch: fetch as typeof globalThis.fetch }
}

const stock = tool({ inputSchema: z.object({ sku: z.string() }), execute: async () => 3 })
const input = '{"sku":"X"}'

it('goes back to Gemini in the next turn, by the provider that speaks its other format', async () => {
  const call = { id: 'c1', type: 'function', function: { name: 'stock', arguments: input } }
  const content = { google: { thought_signature: 'SIG1' } }
  const answer = (message: object) => ({
    id: 'r',
    created: 1,
    model: 'm',
    choices: [{ index: 0, message: { role: 'assistant', ...message }, finish_reason: 'stop' }],
  })
  const { bodies, fetch } = scripted([
    answer({ content: null, tool_calls: [{ ...call, extra_content: content }] }),
    answer({ content: 'Three.' }),
    answer({ content: 'Yes.' }),
  ])
  const provider = createOpenAICompatible({ name: 'gemini', baseURL: 'http://localhost', apiKey: 'k', fetch })
  const agent = new Agent({ name: 'A', memory: openMemory(), model: provider('m'), tools: { stock } })
  for (const question of ['How many X?', 'Sure?']) await agent.generate(question, at)
  expect(bodies.map((body) => body.includes('SIG1'))).toEqual([false, true, true])
})

it('of OpenAI stays in its turn, where the reasoning is that it belongs to', async () => {
  const reasoning = { type: 'reasoning', id: 'rs_1', encrypted_content: 'SEALED', summary: [] }
  const call = {
    type: 'function_call',
    id: 'fc_1',
    call_id: 'c1',
    name: 'stock',
    arguments: input,
    status: 'completed',
  }
  const said = (id: string, words: string) => ({
    type: 'message',
    role: 'assistant',
    id,
    status: 'completed',
    content: [{ type: 'output_text', text: words, annotations: [] }],
  })
  const answer = (...output: object[]) => ({
    id: 'r',
    created_at: 1,
    model: 'm',
    output,
    usage: { input_tokens: 1, output_tokens: 1 },
  })
  const { bodies, fetch } = scripted([
    answer(reasoning, call),
    answer(said('msg_1', 'Three.')),
    answer(said('msg_2', 'Yes.')),
  ])
  const provider = createOpenAI({ baseURL: 'http://localhost', apiKey: 'k', fetch })
  const agent = new Agent({ name: 'A', memory: openMemory(), model: provider('gpt-5'), tools: { stock } })
  const options = { ...at, providerOptions: { openai: { store: false, include: ['reasoning.encrypted_content'] } } }
  for (const question of ['How many X?', 'Sure?']) await agent.generate(question, options)
  expect(bodies.map((body) => body.includes('SEALED'))).toEqual([false, true, false])
  expect(bodies[2]).toContain('Three.')
  expect(bodies[2]).toContain('"call_id":"c1"')
  expect(bodies[2]).not.toMatch(/rs_1|fc_1|msg_1/)
})
