// Types: calls as applications write them, and results as the AI SDK has them. Read by the type checker; each runs once.
import {
  type FinishReason,
  isStepCount,
  type LanguageModelUsage,
  type ModelMessage,
  type StepResult,
  type TextStreamPart,
  type ToolSet,
  tool,
  type UIMessage,
  type UIMessageChunk,
} from 'ai'
import {
  Agent,
  type AgentResult,
  type AgentStream,
  type CallOptions,
  createTool,
  RequestContext,
  type ToolCallApprovalPart,
  type ToolCallSuspendedPart,
  type ToolOutputPart,
} from 'aquifer'
import { type ScriptedModel, scriptedModel } from 'aquifer/testing'
import { expect, expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import { openMemory } from '../memory/opened.ts'

const at = { resourceId: 'alice', threadId: 'main' }

function openAgent(answer: unknown = 'hello') {
  const model: ScriptedModel = scriptedModel({ answer: () => answer })
  return new Agent({ name: 'Support', model, memory: openMemory() })
}

test('a generated answer is that of generateText', async () => {
  const result = await openAgent().generate('hi', at)
  expectTypeOf(result).toExtend<AgentResult>()
  expectTypeOf(result.text).toEqualTypeOf<string>()
  expectTypeOf(result.steps).toExtend<readonly StepResult<ToolSet, Record<string, unknown>>[]>()
  expectTypeOf(result.usage).toEqualTypeOf<LanguageModelUsage>()
  expectTypeOf(result.finishReason).toEqualTypeOf<FinishReason>()
  expectTypeOf(result.response.messages).toExtend<readonly ModelMessage[]>()
  expectTypeOf(result.object).toEqualTypeOf<unknown>()
  expectTypeOf(result.runId).toEqualTypeOf<string | null>()
  const { steps, usage, finishReason, response, toolCalls, toolResults, reasoningText, sources, files } = result
  expect([steps.length, usage.outputTokens, finishReason]).toEqual([1, expect.any(Number), 'stop'])
  expect(response.messages).toEqual([{ role: 'assistant', content: [{ type: 'text', text: 'hello' }] }])
  expect([toolCalls, toolResults, reasoningText, sources, files]).toEqual([[], [], undefined, [], []])
})

test('a streamed answer is that of streamText', async () => {
  const result = await openAgent().stream('hi', at)
  expectTypeOf(result).toExtend<AgentStream>()
  expectTypeOf(result.text).toExtend<PromiseLike<string>>()
  expectTypeOf(result.usage).toExtend<PromiseLike<LanguageModelUsage>>()
  expectTypeOf(result.toUIMessageStreamResponse()).toEqualTypeOf<Response>()
  const seen: string[] = []
  for await (const part of result.fullStream) {
    expectTypeOf(part).toEqualTypeOf<
      TextStreamPart<ToolSet> | ToolCallApprovalPart | ToolCallSuspendedPart | ToolOutputPart
    >()
    if (part.type === 'text-delta') expectTypeOf(part.text).toEqualTypeOf<string>()
    seen.push(part.type)
  }
  expect(seen).toEqual(expect.arrayContaining(['start', 'start-step', 'text-delta', 'finish-step', 'finish']))
  let text = ''
  for await (const delta of result.textStream) text += delta
  const chunks: string[] = []
  for await (const chunk of result.toUIMessageStream()) {
    expectTypeOf(chunk).toExtend<UIMessageChunk>()
    chunks.push(chunk.type)
  }
  expect([text, chunks[0], chunks.at(-1)]).toEqual(['hello', 'start', 'finish'])
  expect([(await result.steps).length, await result.finishReason, (await result.usage).outputTokens]).toEqual([
    1,
    'stop',
    expect.any(Number),
  ])
  await result.consumeStream()
  expect(await result.toTextStreamResponse().text()).toBe('hello')
})

test('an object has the type of its schema', async () => {
  const schema = z.object({ city: z.string() })
  const options = { ...at, structuredOutput: { schema } }
  const generated = await openAgent({ city: 'Rome' }).generate('Where?', options)
  expectTypeOf(generated.object).toEqualTypeOf<{ city: string }>()
  const streamed = await openAgent({ city: 'Rome' }).stream('Where?', options)
  expectTypeOf(await streamed.object).toEqualTypeOf<{ city: string }>()
  expect([generated.object.city, (await streamed.object).city]).toEqual(['Rome', 'Rome'])
})

test('options of streamText are taken, and others are not', async () => {
  const steps: number[] = []
  const options: CallOptions = {
    ...at,
    temperature: 0,
    maxOutputTokens: 100,
    topP: 1,
    seed: 7,
    stopSequences: ['END'],
    maxRetries: 0,
    timeout: 10_000,
    headers: { 'x-a': '1' },
    toolChoice: 'auto',
    stopWhen: isStepCount(2),
    abortSignal: new AbortController().signal,
    providerOptions: { openai: { store: false } },
    prepareStep: ({ stepNumber }) => ({ temperature: stepNumber }),
    onStepEnd: ({ usage }) => void steps.push(usage.outputTokens ?? 0),
    onEnd: ({ text }) => void expectTypeOf(text).toEqualTypeOf<string>(),
  }
  expect((await openAgent().generate('hi', options)).text).toBe('hello')
  expect(await (await openAgent().stream('hi', options)).text).toBe('hello')
  expect(steps).toHaveLength(2)
  // @ts-expect-error The agent has its model already.
  const model: CallOptions = { model: 'openai/gpt-5.4' }
  // @ts-expect-error Messages are the input.
  const messages: CallOptions = { messages: [] }
  // @ts-expect-error An option of memory stands under memory.options.
  const misplaced: CallOptions = { lastMessages: 5 }
  for (const wrong of [model, messages, misplaced]) {
    await expect(openAgent().generate('hi', wrong)).rejects.toThrow('unknown option')
  }
})

test('inputs are texts, messages of models and of user interfaces, and lists of them', async () => {
  const agent = openAgent()
  const ofModel: ModelMessage = { role: 'user', content: [{ type: 'text', text: 'hi' }] }
  const ofUi: UIMessage = { id: 'u1', role: 'user', parts: [{ type: 'text', text: 'hi' }] }
  const list: ModelMessage[] = [ofModel]
  const uiList: UIMessage[] = [ofUi]
  for (const input of ['hi', ofModel, ofUi, list, uiList, { role: 'user', content: 'hi' } as const]) {
    expect((await agent.generate(input)).text).toBe('hello')
  }
  // @ts-expect-error A number says nothing.
  await expect(agent.generate(5)).rejects.toThrow('must be a message')
})

test('agents are made of models, tools and functions as the examples write them', async () => {
  const weather = createTool({
    id: 'weather',
    description: 'Tells the weather.',
    inputSchema: z.object({ city: z.string() }),
    outputSchema: z.object({ celsius: z.number() }),
    execute: async ({ city }, { requestContext, resourceId }) => {
      expectTypeOf(city).toEqualTypeOf<string>()
      expectTypeOf(requestContext).toEqualTypeOf<RequestContext>()
      expectTypeOf(resourceId).toEqualTypeOf<string | undefined>()
      return { celsius: 20 }
    },
  })
  const clock = tool({ description: 'Tells the time.', inputSchema: z.object({}), execute: async () => 'noon' })
  const model = scriptedModel({ answer: () => 'hello' })
  const agent = new Agent({
    id: 'sales',
    name: 'Sales Specialist',
    description: 'Sells.',
    instructions: ({ requestContext }) => `You sell to ${String(requestContext.get('tier'))}.`,
    model: () => model,
    memory: () => openMemory(),
    tools: { weather, clock },
    inputProcessors: [{ id: 'none', processInput: ({ messages }) => messages }],
    outputProcessors: [{ processOutputStream: ({ part }) => (part.type === 'reasoning-delta' ? null : part) }],
    defaultOptions: { maxSteps: 5, memory: { options: { lastMessages: 20, workingMemory: { template: '# Name' } } } },
  })
  const requestContext = new RequestContext<{ tier: 'pro' | 'free' }>({ tier: 'pro' })
  const thread = { id: 'main', title: 'Plans', metadata: { source: 'web' } }
  const result = await agent.stream('hi', {
    memory: { resource: 'alice', thread, options: { semanticRecall: { topK: 3, messageRange: 1 } } },
    requestContext,
  })
  expect(await result.text).toBe('hello')
  expect(model.calls[0]?.instructions).toContain('You sell to pro.')
  // @ts-expect-error An agent has a name.
  expect(() => new Agent({ model })).toThrow('"name" must be a text')
})
