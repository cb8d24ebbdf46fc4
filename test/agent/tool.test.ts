// Tools of one's own, run by the AI SDK's loop.
import { generateText, isStepCount, jsonSchema, streamText, type ToolSet, tool } from 'ai'
import {
  Agent,
  type CreateToolOptions,
  createTool,
  Memory,
  RequestContext,
  type RequestedCall,
  type StandardSchema,
  type ToolCall,
  type ToolContext,
} from 'aquifer'
import { callTool, scriptedModel } from 'aquifer/testing'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { z } from 'zod'
import { toolIdOf } from '../../src/agent/tools/tool.ts'
import { openMemory, refused } from '../memory/opened.ts'

const inputSchema = z.object({ location: z.string() })
const outputSchema = z.object({ weather: z.string() })
const named = { id: 'weather-tool', description: 'Retrieves the weather.', inputSchema }

/** Lets a model call the tool once; answers what the call came to and what the model saw of it. */
async function call(one: object, input: unknown = { location: 'Rome' }, context?: ToolContext) {
  const model = scriptedModel({ script: [callTool('weather', input), 'done'] })
  const tools = { weather: one } as ToolSet
  const handed = context === undefined ? {} : { toolsContext: { weather: context } }
  const { steps } = await generateText({
    model,
    tools,
    prompt: 'weather?',
    stopWhen: isStepCount(2),
    ...handed,
  } as never)
  const parts = (steps as { content: { type: string; output?: unknown; error?: unknown }[] }[]).flatMap(
    ({ content }) => content,
  )
  return { parts, model, seen: model.calls[1]?.transcript ?? '' }
}

const outputOf = ({ parts }: Awaited<ReturnType<typeof call>>) =>
  parts.find(({ type }) => type === 'tool-result')?.output

describe('a tool', () => {
  it('is a tool of the AI SDK', async () => {
    const weather = createTool({
      ...named,
      outputSchema,
      execute: async ({ location }) => ({ weather: `${location}: sun` }),
    })
    const called = await call(weather)
    expect(outputOf(called)).toEqual({ weather: 'Rome: sun' })
    expect(called.model.calls[0]?.tools).toMatchObject([
      {
        name: 'weather',
        description: 'Retrieves the weather.',
        inputSchema: { type: 'object', properties: { location: { type: 'string' } }, required: ['location'] },
      },
    ])
    expect(toolIdOf(weather)).toBe('weather-tool')
    expect(toolIdOf({ ...weather })).toBe('weather-tool')
    expect(toolIdOf(tool({ inputSchema }))).toBeNull()
  })

  it('knows the types of input and output', async () => {
    const weather = createTool({
      ...named,
      execute: async (input, context) => {
        expectTypeOf(input).toEqualTypeOf<{ location: string }>()
        expectTypeOf(context).toEqualTypeOf<ToolCall>()
        return { weather: 'sun' as const }
      },
    })
    const model = scriptedModel({ script: [callTool('weather', { location: 'Rome' }), 'done'] })
    const { steps } = await generateText({ model, tools: { weather }, prompt: 'weather?' })
    const [result] = steps[0]?.staticToolResults ?? []
    if (result !== undefined) expectTypeOf(result.output).toEqualTypeOf<{ weather: 'sun' }>()
    expect(result?.output).toEqual({ weather: 'sun' })
  })

  it('gets who calls it, and what was said', async () => {
    const seen: ToolCall[] = []
    const weather = createTool({ ...named, execute: (_, context) => void seen.push(context) })
    await using memory = new Memory({ storage: ':memory:', background: false, embedder: false })
    const requestContext = new RequestContext({ tier: 'pro' })
    await call(weather, undefined, { requestContext, memory, runId: 'run_1', threadId: 't', resourceId: 'alice' })
    expect(seen).toEqual([
      {
        requestContext,
        memory,
        runId: 'run_1',
        threadId: 't',
        resourceId: 'alice',
        toolCallId: 'call_1_1',
        callId: 'run_1/call_1_1',
        suspend: expect.any(Function),
        messages: [{ role: 'user', content: 'weather?' }],
      },
    ])
    await call(weather)
    expect(seen[1]?.requestContext.size).toBe(0)
  })

  it('gets the signal of an abort', async () => {
    const controller = new AbortController()
    const reasons: unknown[] = []
    const execute = async (_: unknown, { abortSignal }: ToolCall) => {
      controller.abort('enough')
      reasons.push(abortSignal?.reason)
    }
    const model = scriptedModel({ script: [callTool('weather', { location: 'Rome' }), 'done'] })
    const tools = { weather: createTool({ ...named, execute }) }
    await generateText({ model, tools, prompt: 'x', abortSignal: controller.signal }).catch(() => null)
    expect(reasons).toEqual(['enough'])
  })

  it('without execute is the client’s to run', async () => {
    const called = await call(createTool({ ...named, outputSchema }))
    expect(called.parts.map(({ type }) => type)).toEqual(['tool-call'])
    expect(called.model.calls).toHaveLength(1)
  })

  it('waits for a person where it needs approval', async () => {
    const calls: RequestedCall[] = []
    const run: string[] = []
    const weather = createTool({
      ...named,
      needsApproval: ({ location }, context) => calls.push(context) > 0 && location === 'Rome',
      execute: ({ location }) => void run.push(location),
    })
    const requestContext = new RequestContext({ tier: 'pro' })
    const called = await call(weather, { location: 'Rome' }, { requestContext })
    expect(called.parts.map(({ type }) => type)).toContain('tool-approval-request')
    await call(weather, { location: 'Oslo' }, { requestContext })
    expect(run).toEqual(['Oslo'])
    expect(calls[0]).toMatchObject({ requestContext, toolCallId: 'call_1_1' })
    const asked = await call(createTool({ ...named, needsApproval: true, execute: () => 1 }))
    expect(asked.parts.map(({ type }) => type)).toContain('tool-approval-request')
  })

  it('may answer bit by bit, of which the last counts', async () => {
    const weather = createTool({
      ...named,
      outputSchema,
      async *execute() {
        yield { weather: 'clouds' }
        yield { weather: 'sun' }
      },
    })
    const model = scriptedModel({ script: [callTool('weather', { location: 'Rome' }), 'done'] })
    const { stream } = streamText({ model, tools: { weather }, prompt: 'x' })
    const outputs: unknown[] = []
    for await (const part of stream) {
      if (part.type === 'tool-result') outputs.push([part.preliminary ?? false, part.output])
    }
    expect(outputs).toEqual([
      [true, { weather: 'clouds' }],
      [true, { weather: 'sun' }],
      [false, { weather: 'sun' }],
    ])
  })

  it('hands its metadata to the parts of its calls, and its strictness to the provider', async () => {
    const { parts, model } = await call(
      createTool({ ...named, metadata: { source: 'wttr' }, strict: true, execute: () => 1 }),
    )
    expect(model.calls[0]?.tools[0]).toMatchObject({ strict: true })
    expect(parts[0]).toMatchObject({ type: 'tool-call', toolMetadata: { source: 'wttr' } })
  })
})

describe('schemas', () => {
  /** A schema of a library that checks and cannot say itself as JSON Schema. */
  const plain = (key: string) => ({
    '~standard': {
      version: 1 as const,
      vendor: 'plain',
      validate: (value: unknown) => {
        const fits = typeof value === 'object' && value !== null && key in value
        return fits
          ? { value: value as { location: string } }
          : { issues: [{ message: `${key} is missing`, path: [key] }] }
      },
    },
  })

  it('of any library check what the model sends, also where they have no JSON Schema', async () => {
    const weather = createTool({ ...named, inputSchema: plain('location'), execute: ({ location }) => location })
    const called = await call(weather)
    expect(outputOf(called)).toBe('Rome')
    expect(called.model.calls[0]?.tools[0]?.inputSchema).toMatchObject({ type: 'object', additionalProperties: {} })
    const refusedCall = await call(weather, { place: 'Rome' })
    expect(refusedCall.seen).toContain('location is missing')
  })

  it('are converted to JSON Schema once, for all steps and calls', async () => {
    let conversions = 0
    const input = () => {
      conversions += 1
      return { type: 'object', properties: { location: { type: 'string' } } }
    }
    const { version, validate } = plain('location')['~standard']
    const schema = { '~standard': { version, vendor: 'counting', validate, jsonSchema: { input, output: input } } }
    const weather = createTool({ ...named, inputSchema: schema, execute: ({ location }) => location })
    const calling = callTool('weather', { location: 'Rome' })
    const model = scriptedModel({ script: [calling, 'done', calling, 'done', calling, 'done'] })
    const agent = new Agent({ name: 'Clerk', model, memory: openMemory(), tools: { weather } })
    for (const threadId of ['a', 'b']) await agent.generate('hello', { resourceId: 'ann', threadId })
    await agent.generate('hello')
    expect(model.calls.map(({ tools }) => tools[0]?.inputSchema?.properties)).toEqual(
      Array.from({ length: 6 }, () => ({ location: { type: 'string' } })),
    )
    expect(conversions).toBe(1)
  })

  const validate = (value: unknown) => {
    const { success, data, error } = outputSchema.safeParse(value)
    return success ? { success, value: data } : { success, error }
  }

  it.each<[string, unknown]>([
    ['zod', outputSchema],
    ['another library', plain('weather') as StandardSchema],
    ['the AI SDK', jsonSchema({ type: 'object' }, { validate })],
    ['the AI SDK, when it is needed', () => jsonSchema({}, { validate })],
  ])('of %s check what the tool answers, and the model is told', async (_, schema) => {
    const answers: unknown[] = [{ weather: 'sun' }, { sun: 1 }]
    const options = { ...named, outputSchema: schema, execute: () => answers.shift() } as CreateToolOptions<
      object,
      unknown
    >
    const weather = createTool(options)
    expect(outputOf(await call(weather))).toEqual({ weather: 'sun' })
    const failed = await call(weather)
    expect(failed.parts.map(({ type }) => type)).toContain('tool-error')
    expect(failed.seen).toContain('The tool "weather-tool" returned a value that its outputSchema refuses: ')
    expect(failed.seen).toContain('weather')
    expect(failed.seen).not.toContain('    at ')
  })

  it('check each of several answers', async () => {
    const weather = createTool({
      ...named,
      outputSchema,
      async *execute() {
        yield { weather: 'sun' }
        yield { sun: 1 } as never
      },
    })
    expect((await call(weather)).seen).toContain('weather: Invalid input')
  })

  it('make of the answer what they parse it to', async () => {
    const trimmed = z.object({ weather: z.string().trim() })
    const weather = createTool({ ...named, outputSchema: trimmed, execute: () => ({ weather: ' sun ', more: 1 }) })
    expect(outputOf(await call(weather))).toEqual({ weather: 'sun' })
  })

  it('need no validation of the AI SDK', async () => {
    const weather = createTool({ ...named, outputSchema: jsonSchema({ type: 'object' }), execute: () => ({ sun: 1 }) })
    expect(outputOf(await call(weather))).toEqual({ sun: 1 })
  })
})

describe('bad input', () => {
  it.each<[string, unknown, string]>([
    ['nothing', undefined, 'createTool'],
    ['an unknown option', { ...named, parameters: inputSchema }, 'createTool'],
    ['no id', { ...named, id: undefined }, 'id'],
    ['a blank id', { ...named, id: ' ' }, 'id'],
    ['no description', { ...named, description: undefined }, 'description'],
    ['a blank description', { ...named, description: ' \n' }, 'description'],
    ['no schema', { ...named, inputSchema: undefined }, 'inputSchema'],
    ['a schema that is a plain object', { ...named, inputSchema: { location: 'string' } }, 'inputSchema'],
    ['an output schema that is none', { ...named, outputSchema: {} }, 'outputSchema'],
    ['execute that is none', { ...named, execute: 'run' }, 'execute'],
    ['an approval that is none', { ...named, needsApproval: 'always' }, 'needsApproval'],
    ['metadata that is a list', { ...named, metadata: [] }, 'metadata'],
    ['strict that is a text', { ...named, strict: 'yes' }, 'strict'],
  ])('is refused: %s', async (_, options, field) => {
    const error = await refused('invalid-input', () => createTool(options as CreateToolOptions<object, unknown>))
    expect(error.details).toEqual({ field, rule: expect.stringMatching(/\S/), got: expect.stringMatching(/\S/) })
  })
})
