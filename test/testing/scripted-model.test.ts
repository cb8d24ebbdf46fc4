// A scripted model is used here as any other: through the AI SDK.
import { setImmediate as turnOfTheLoop } from 'node:timers/promises'
import { generateText, isStepCount, type LanguageModel, Output, streamText, tool } from 'ai'
import {
  callTool,
  callTools,
  failWith,
  malformedCall,
  type ScriptedModel,
  type Step,
  say,
  scriptedModel,
  stall,
} from 'aquifer/testing'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { refused } from '../memory/opened.ts'

const modelOf = (...script: Step[]) => scriptedModel({ script })
const stopWhen = isStepCount(5)
const weather = tool({
  description: 'Looks up the weather',
  inputSchema: z.object({ city: z.string() }),
  execute: async ({ city }) => ({ city, degrees: 20 }),
})

async function collect<Item>(stream: AsyncIterable<Item>): Promise<Item[]> {
  const items: Item[] = []
  for await (const item of stream) items.push(item)
  return items
}

/** The error that a promise ends in, and nothing else. */
function failure(promise: PromiseLike<unknown>): Promise<unknown> {
  return Promise.resolve(promise).then(
    (value) => expect.unreachable(`It answered ${JSON.stringify(value)}`),
    (error) => error,
  )
}

/** What is left of a stream, and the error it ends in, if it does. */
function streaming(model: ScriptedModel, options: { readonly abortSignal?: AbortSignal } = {}) {
  const errors: unknown[] = []
  const result = streamText({ model, prompt: 'Hello', ...options, onError: ({ error }) => void errors.push(error) })
  return { result, errors }
}

describe('a scripted model', () => {
  it('is a model of the AI SDK', () => {
    const model = modelOf() satisfies Exclude<LanguageModel, string> & { readonly specificationVersion: 'v4' }
    expect([model.specificationVersion, model.provider, model.modelId]).toEqual(['v4', 'scripted', 'language/1'])
    expect(scriptedModel({ script: [], provider: 'acme', modelId: 'm-1' })).toMatchObject({
      provider: 'acme',
      modelId: 'm-1',
    })
  })

  it('answers call n by step n: a text, JSON, or what a function makes of the call', async () => {
    const model = modelOf('One', { two: 2 }, ({ number, prompt }) => say(`${prompt} ${number}`))
    const texts = []
    for (const prompt of ['a', 'b', 'c']) texts.push((await generateText({ model, prompt })).text)
    expect(texts).toEqual(['One', '{"two":2}', 'c 3'])
    expect(model.calls.map(({ number, kind, prompt }) => [number, kind, prompt])).toEqual([
      [1, 'generate', 'a'],
      [2, 'generate', 'b'],
      [3, 'generate', 'c'],
    ])
  })

  it('refuses a call past the end of its script, saying what was asked', async () => {
    const model = modelOf('One')
    await generateText({ model, prompt: 'First' })
    const error = await refused('invalid-input', () => generateText({ model, prompt: 'Second', instructions: 'Be' }))
    expect(error.message).toContain('The script has 1 step; call 2 runs past its end with "user\\n  Second"')
    expect(error.details).toEqual({ steps: 1, call: 2, transcript: 'system\n  Be\n\nuser\n  Second' })
    const { result, errors } = streaming(model)
    await result.consumeStream()
    expect(errors).toEqual([expect.objectContaining({ details: expect.objectContaining({ call: 3 }) })])
  })

  it('takes either an answer or a script', async () => {
    await refused('invalid-input', () => scriptedModel({}))
    await refused('invalid-input', () => scriptedModel({ answer: () => 'a', script: ['a'] }))
  })

  it('refuses steps that say nothing', async () => {
    for (const step of [() => undefined, () => () => 'late']) {
      const error = await refused('invalid-input', () => generateText({ model: modelOf(step), prompt: 'a' }))
      expect(error.fix).toContain('say, callTool')
    }
    await refused('invalid-input', () => say('a b', { chunks: ['a', 'b'] }))
    await refused('invalid-input', () => malformedCall('weather', '{"city":"Rome"}'))
    await refused('invalid-input', () => callTool('weather', () => 'Rome'))
  })

  it('ends for the reason that was scripted', async () => {
    const model = modelOf(say('Cut', { finishReason: 'length' }), say('', { finishReason: 'content-filter' }), 'Done')
    const reasons = []
    for (let call = 0; call < 3; call++) reasons.push((await generateText({ model, prompt: 'a' })).finishReason)
    expect(reasons).toEqual(['length', 'content-filter', 'stop'])
  })

  it('counts a word as a token', async () => {
    const model = modelOf(say('It is warm', { reasoning: 'Let me think' }), callTool('weather', { city: 'San Marino' }))
    const { usage } = await generateText({ model, instructions: 'Be brief', prompt: 'How is it\nthere?' })
    expect(usage).toMatchObject({ inputTokens: 6, outputTokens: 6, totalTokens: 12 })
    expect(usage.outputTokenDetails).toEqual({ textTokens: 3, reasoningTokens: 3 })
    const called = streamText({ model, prompt: 'Hello', tools: { weather } })
    expect(await called.usage).toMatchObject({ inputTokens: 1, outputTokens: 2 })
  })

  it('answers in the form that was asked for', async () => {
    const output = Output.object({ schema: z.object({ city: z.string(), degrees: z.number() }) })
    const model = modelOf({ city: 'Rome', degrees: 20 }, { city: 'Rome', degrees: 20 }, { city: 'Rome' })
    expect((await generateText({ model, prompt: 'a', output })).output).toEqual({ city: 'Rome', degrees: 20 })
    expect(model.calls[0]?.responseFormat).toMatchObject({ type: 'json', schema: { required: ['city', 'degrees'] } })
    const partial = await collect(streamText({ model, prompt: 'a', output }).partialOutputStream)
    expect(partial.length).toBeGreaterThan(1)
    expect(partial.at(-1)).toEqual({ city: 'Rome', degrees: 20 })
    expect(await failure(generateText({ model, prompt: 'a', output }))).toMatchObject({
      name: 'AI_NoObjectGeneratedError',
    })
  })
})

describe('tools of a scripted model', () => {
  it('are called and answered, with ids that follow from the call', async () => {
    const model = modelOf(
      callTools([
        { toolName: 'weather', input: { city: 'Rome' } },
        { toolName: 'weather', input: { city: 'Oslo' }, toolCallId: 'mine' },
      ]),
      callTool('weather', { city: 'Bern' }, { text: 'One more.' }),
      'Warm everywhere',
    )
    const { steps, text } = await generateText({ model, prompt: 'a', tools: { weather }, stopWhen })
    expect(steps.map(({ toolCalls }) => toolCalls.map(({ toolCallId }) => toolCallId))).toEqual([
      ['call_1_1', 'mine'],
      ['call_2_1'],
      [],
    ])
    expect(steps.map(({ finishReason }) => finishReason)).toEqual(['tool-calls', 'tool-calls', 'stop'])
    expect(steps[0]?.toolResults.map(({ output }) => output)).toMatchObject([{ city: 'Rome' }, { city: 'Oslo' }])
    expect([steps[1]?.text, text]).toEqual(['One more.', 'Warm everywhere'])
  })

  it('stream as they do whole', async () => {
    const script = [callTool('weather', { city: 'Reggio nell’Emilia' }, { text: 'I look.', reasoning: 'Hm' }), 'Warm']
    const model = scriptedModel({ script, toolCallPrefix: 'second' })
    const result = streamText({ model, prompt: 'a', tools: { weather }, stopWhen })
    const parts = await collect(result.fullStream)
    const called = parts.filter(({ type }) => type === 'tool-call' || type === 'tool-result')
    expect(called).toMatchObject([
      { type: 'tool-call', toolCallId: 'second_1_1', input: { city: 'Reggio nell’Emilia' } },
      { type: 'tool-result', toolCallId: 'second_1_1', output: { degrees: 20 } },
    ])
    const deltas = parts.flatMap((part) => (part.type === 'tool-input-delta' ? [part.delta] : []))
    expect(deltas.join('')).toBe('{"city":"Reggio nell’Emilia"}')
    expect(deltas.length).toBeGreaterThan(1)
    const [first, second] = await result.steps
    expect([first?.reasoningText, first?.text, second?.text]).toEqual(['Hm', 'I look.', 'Warm'])
    expect(model.calls.map(({ kind }) => kind)).toEqual(['stream', 'stream'])
  })

  it('may be called with arguments that are no JSON, or without being there', async () => {
    for (const [step, name] of [
      [malformedCall('weather', '{"city": "Ro'), 'AI_InvalidToolInputError'],
      [callTool('weather', { town: 'Rome' }), 'AI_InvalidToolInputError'],
      [callTool('whether'), 'AI_NoSuchToolError'],
    ] as const) {
      const model = modelOf(step, 'Sorry')
      const { steps, text } = await generateText({ model, prompt: 'a', tools: { weather }, stopWhen })
      expect(steps[0]?.toolCalls[0]).toMatchObject({ toolCallId: 'call_1_1', invalid: true, error: { name } })
      expect(text).toBe('Sorry')
      const result = streamText({ model: modelOf(step, 'Sorry'), prompt: 'a', tools: { weather }, stopWhen })
      expect((await result.steps)[0]?.toolCalls[0]).toMatchObject({ invalid: true, error: { name } })
      expect(await result.text).toBe('Sorry')
    }
  })
})

describe('streams of a scripted model', () => {
  it('cut a text into words, or as they were told', async () => {
    const model = modelOf(' Warm and  dry.\n', say('Warm and dry', { chunks: ['Wa', 'rm a', '', 'nd dry'] }), '')
    const texts = []
    for (let call = 0; call < 3; call++) texts.push(await collect(streaming(model).result.textStream))
    expect(texts).toEqual([[' Warm ', 'and  ', 'dry.\n'], ['Wa', 'rm a', 'nd dry'], []])
  })

  it('are made of the parts of specification v4, in order', async () => {
    const { stream } = await modelOf(callTool('weather', {}, { text: 'So it is', reasoning: 'Well' })).doStream({
      prompt: [{ role: 'user', content: [{ type: 'text', text: 'How?' }] }],
    })
    const parts = await collect(stream)
    expect(parts.map((part) => ('delta' in part ? part.delta : part.type))).toEqual([
      'stream-start',
      'response-metadata',
      ...['reasoning-start', 'Well', 'reasoning-end'],
      ...['text-start', 'So ', 'it ', 'is', 'text-end'],
      ...['tool-input-start', '{}', 'tool-input-end', 'tool-call'],
      'finish',
    ])
    expect(parts[1]).toEqual({ type: 'response-metadata', id: 'response_1', modelId: 'language/1' })
  })

  it('give one part at a time, when it is asked for', async () => {
    const asking = new AbortController()
    const { stream } = await modelOf('One two three').doStream({ prompt: [], abortSignal: asking.signal })
    const reader = stream.getReader()
    for (const type of ['stream-start', 'response-metadata', 'text-start', 'text-delta']) {
      expect((await reader.read()).value).toMatchObject({ type })
    }
    asking.abort(new Error('Enough'))
    expect(await failure(reader.read())).toMatchObject({ message: 'Enough' })
  })
})

describe('a scripted model that fails', () => {
  it('fails with the error of its script, before it says anything', async () => {
    const cause = new Error('No credit')
    const model = modelOf(failWith(cause), failWith(cause), failWith(cause, { after: 'Well' }))
    expect(await failure(generateText({ model, prompt: 'a' }))).toBe(cause)
    expect(await failure(model.doStream({ prompt: [] }))).toBe(cause)
    expect(await failure(generateText({ model, prompt: 'a' }))).toBe(cause)
    expect(model.calls).toHaveLength(3)
  })

  it('fails in mid-stream, with an error among the parts', async () => {
    const cause = new Error('Overloaded')
    const { result, errors } = streaming(modelOf(failWith(cause, { after: 'It is wa' })))
    const parts = await collect(result.fullStream)
    expect(parts.flatMap((part) => (part.type === 'text-delta' ? [part.text] : []))).toEqual(['It ', 'is ', 'wa'])
    expect(parts.filter(({ type }) => type === 'error')).toMatchObject([{ error: cause }])
    expect(errors).toEqual([cause])
    expect(await result.finishReason).toBe('error')
  })

  it('fails in mid-stream as a lost connection does', async () => {
    const cause = new Error('Reset')
    const said: string[] = []
    const { stream } = await modelOf(failWith(cause, { after: 'It is', isBreak: true })).doStream({ prompt: [] })
    const reading = (async () => {
      for await (const part of stream) if ('delta' in part) said.push(part.delta)
    })()
    expect(await failure(reading)).toBe(cause)
    expect(said).toEqual(['It ', 'is'])
    const { result } = streaming(modelOf(failWith(cause, { after: 'It is', isBreak: true })))
    expect(await failure(collect(result.fullStream))).toBe(cause)
  })
})

describe('a scripted model under a signal', () => {
  it('stalls until it is aborted', async () => {
    const model = modelOf(stall(), stall({ after: 'It is' }), stall())
    const asking = new AbortController()
    const whole = generateText({ model, prompt: 'a', abortSignal: asking.signal })
    await expect.poll(() => model.calls.length).toBe(1)
    asking.abort(new Error('Enough'))
    expect(await failure(whole)).toMatchObject({ message: 'Enough' })

    const listening = new AbortController()
    const { result, errors } = streaming(model, { abortSignal: listening.signal })
    const parts: string[] = []
    for await (const part of result.fullStream) {
      parts.push(part.type === 'text-delta' ? part.text : part.type)
      if (part.type === 'text-delta' && part.text === 'is') listening.abort(new Error('Enough'))
    }
    expect(parts).toEqual(['start', 'start-step', 'text-start', 'It ', 'is', 'abort'])
    expect(errors).toEqual([])

    const { stream } = await model
      .doStream({ prompt: [], abortSignal: AbortSignal.abort(new Error('Before')) })
      .catch((error) => ({ stream: error }))
    expect(stream).toMatchObject({ message: 'Before' })
    expect(model.calls.map(({ signal }) => signal?.aborted)).toEqual([true, true, true])
  })

  it.each<[string, ScriptedModel, number]>([
    ['ends a stalled stream with the reason of the signal', modelOf(stall()), 2],
    ['waits between the pieces of a stream no longer', scriptedModel({ script: ['Warm'], chunkDelayMs: 3_600_000 }), 3],
  ])('%s', async (_, model, before) => {
    const asking = new AbortController()
    const { stream } = await model.doStream({ prompt: [], abortSignal: asking.signal })
    const reader = stream.getReader()
    for (let part = 0; part < before; part++) await reader.read()
    const waiting = failure(reader.read())
    await turnOfTheLoop()
    asking.abort('Enough')
    expect(await waiting).toBe('Enough')
  })

  it('leaves a stalled stream that nobody reads on', async () => {
    const { stream } = await modelOf(stall({ after: 'It' })).doStream({ prompt: [] })
    const reader = stream.getReader()
    for (const type of ['stream-start', 'response-metadata', 'text-start', 'text-delta']) {
      expect((await reader.read()).value).toMatchObject({ type })
    }
    const waiting = reader.read()
    await reader.cancel()
    expect(await waiting).toEqual({ done: true, value: undefined })
  })

  it('waits for an answer no longer than the signal says', async () => {
    const asking = new AbortController()
    const model = scriptedModel({ answer: () => new Promise(() => {}) })
    const whole = failure(model.doGenerate({ prompt: [], abortSignal: asking.signal }))
    const streamed = failure(model.doStream({ prompt: [], abortSignal: asking.signal }))
    asking.abort('Enough')
    expect(await Promise.all([whole, streamed])).toEqual(['Enough', 'Enough'])
  })

  it('is not asked at all under a signal that is aborted', async () => {
    const asked: number[] = []
    const model = scriptedModel({ answer: ({ number }) => asked.push(number) })
    expect(await failure(model.doGenerate({ prompt: [], abortSignal: AbortSignal.abort('Enough') }))).toBe('Enough')
    expect([asked, model.calls.length]).toEqual([[], 1])
  })

  it('does not listen while it has a delay, a stall apart', async () => {
    const model = scriptedModel({ script: ['One', 'Two', stall()], delayMs: 1 })
    const abortSignal = AbortSignal.abort('Enough')
    expect((await model.doGenerate({ prompt: [], abortSignal })).content).toEqual([{ type: 'text', text: 'One' }])
    const { stream } = await model.doStream({ prompt: [], abortSignal })
    expect((await collect(stream)).at(-1)).toMatchObject({ type: 'finish' })
    expect(await failure(model.doGenerate({ prompt: [], abortSignal }))).toBe('Enough')
  })
})
