// A tool that needs data suspends its call: the answer stops after the step, its siblings keep their results, and nobody
// sees a result of the call.
import { type StepResult, type ToolSet, tool } from 'ai'
import { Agent, type AgentOptions, type CallOptions, createTool, type Memory, type StoredMessage } from 'aquifer'
import { callTools, promptProblems, scriptedModel } from 'aquifer/testing'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { openMemory } from '../memory/opened.ts'

const at = { resourceId: 'u', threadId: 't' }
const inputSchema = z.object({ table: z.string() })
const question = { question: 'Delete them?' }
const resumeSchema = z.object({ confirmed: z.boolean() })

type Execute = NonNullable<Parameters<typeof createTool<{ table: string }, unknown, unknown, unknown>>[0]['execute']>

function asking(execute: Execute, options: object = {}) {
  const own = { id: 'delete-records', description: 'Deletes records.', inputSchema, resumeSchema, ...options }
  return createTool({ ...own, execute })
}

const suspends: Execute = async (_, { suspend }) => suspend(question)

const look = createTool({
  id: 'look',
  description: 'Looks into a table.',
  inputSchema,
  execute: ({ table }) => `rows of ${table}`,
})

interface Told {
  readonly how: 'generate' | 'stream'
  readonly tools: Readonly<Record<string, object>>
  readonly call?: CallOptions
  readonly agent?: Partial<AgentOptions>
  readonly memory?: Memory
}

/** Everything that anybody gets to know of a call in which the model calls each tool once. */
async function told({ how, tools, call, agent, memory = openMemory() }: Told) {
  const calls = Object.keys(tools).map((toolName) => ({ toolName, input: { table: 'old' } }))
  const model = scriptedModel({ script: [callTools(calls), 'Done.'] })
  const events: unknown[] = []
  const note = (event: unknown) => void events.push(event)
  const one = new Agent({ name: 'A', model, memory, tools, ...agent } as AgentOptions)
  const options = { ...at, onToolExecutionEnd: note, onStepEnd: note, onEnd: note, ...call } as CallOptions
  const seen: unknown[] = []
  const full: { readonly type: string }[] = []
  let status: string
  let pending: readonly unknown[]
  let steps: readonly StepResult<ToolSet>[]
  let runId: string | null
  const chunks: { readonly type: string; readonly toolCallId?: string }[] = []
  if (how === 'generate') {
    const result = await one.generate('Delete the old records', options)
    seen.push(result.content, result.toolResults, result.response.messages, result.responseMessages)
    steps = result.steps as never
    ;({ status, pendingCalls: pending, runId } = result)
  } else {
    const result = await one.stream('Delete the old records', options)
    runId = result.runId
    for await (const part of result.fullStream) full.push(part)
    for await (const part of result.stream) seen.push(part)
    for await (const chunk of result.toUIMessageStream()) chunks.push(chunk)
    seen.push(await result.toolResults, (await result.response).messages, await result.responseMessages)
    steps = (await result.steps) as never
    status = (await result.finished).status
    pending = await result.pendingCalls
  }
  const { messages } = await memory.listMessages(at)
  const [answer] = messages.filter(({ role }) => role === 'assistant') as [StoredMessage]
  const everything = JSON.stringify([seen, full, chunks, events, steps, messages])
  return { ...{ model, status, pending, steps, runId, full, chunks, events, answer, everything, memory, agent: one } }
}

/** Results of a call in the JSON of anything: of the AI SDK's parts, and of a client's chunks. */
function resultsIn(json: string, toolCallId: string): readonly object[] {
  const found: object[] = []
  JSON.parse(json, (_, value: unknown) => {
    const {
      type,
      toolCallId: id,
      toolOutput,
    } = (value ?? {}) as { type?: string; toolCallId?: string; toolOutput?: object }
    if (id === toolCallId && (type === 'tool-result' || type === 'tool-output-available' || toolOutput))
      found.push(value as object)
    return value
  })
  return found
}

const statesOf = (answer: StoredMessage) =>
  answer.parts.flatMap(({ type, state }) => (type.startsWith('tool-') ? [`${type.slice(5)} ${String(state)}`] : []))

const forms: [string, Execute][] = [
  ['returns what suspend answers', suspends],
  ['waits for it', async (_, { suspend }) => (await suspend(question)) ?? 'never'],
  [
    'does not wait for it',
    (_, { suspend }) => {
      suspend(question)
      return 'not an answer'
    },
  ],
  [
    'answers something else instead',
    async (_, { suspend }) => {
      try {
        await suspend(question)
      } catch {
        return 'not an answer'
      }
    },
  ],
  [
    'fails with another error',
    async (_, { suspend }) => {
      await suspend(question).catch(() => {})
      throw new Error('not an answer')
    },
  ],
  [
    'fails at once',
    (_, { suspend }) => {
      suspend(question)
      throw new Error('not an answer')
    },
  ],
  [
    'suspends twice, of which the first counts',
    async (_, { suspend }) => {
      await suspend(question).catch(() => {})
      return suspend({ question: 'not an answer' })
    },
  ],
  [
    'answers bit by bit',
    async function* (_, { suspend }) {
      yield 'a first bit'
      await suspend(question)
      yield 'not an answer'
    } as Execute,
  ],
  [
    'answers bit by bit and does not wait for it',
    async function* (_, { suspend }) {
      suspend(question)
      yield 'not an answer'
    } as Execute,
  ],
]

describe.each(['generate', 'stream'] as const)('%s', (how) => {
  it.each(forms)('suspends a call whose tool %s', async (_, execute) => {
    const tools = { delete: asking(execute), look }
    const { model, status, pending, steps, runId, answer, everything } = await told({ how, tools })
    expect(status).toBe('suspended')
    expect(answer.turnStatus).toBe('suspended')
    expect(statesOf(answer)).toEqual(['delete input-available', 'look output-available'])
    expect(answer.parts.at(-1)).toEqual({
      type: 'data-tool-call-suspended',
      id: 'call_1_1',
      data: {
        toolCallId: 'call_1_1',
        toolName: 'delete',
        runId,
        suspendPayload: question,
        resumeSchema: expect.objectContaining({ required: ['confirmed'] }),
      },
    })
    expect(pending).toEqual([
      {
        toolCallId: 'call_1_1',
        toolName: 'delete',
        args: { table: 'old' },
        kind: 'suspension',
        suspendPayload: question,
        resumeSchema: expect.anything(),
      },
    ])
    expect(model.calls).toHaveLength(1)
    expect(steps.map(({ toolResults }) => toolResults.map(({ toolName }) => toolName))).toEqual([['look']])
    const results = resultsIn(everything, 'call_1_1')
    expect(results.filter((one) => !('preliminary' in one))).toEqual([])
    expect(resultsIn(everything, 'call_1_2').length).toBeGreaterThan(3)
    expect(everything).not.toContain('not an answer')
  })

  it('has no result where nobody listens either', async () => {
    const call = { onToolExecutionEnd: undefined, onStepEnd: undefined, onEnd: undefined } as never
    const { everything, status } = await told({ how, tools: { delete: asking(suspends) }, call })
    expect(status).toBe('suspended')
    expect(resultsIn(everything, 'call_1_1')).toEqual([])
  })

  it.each([[false], [0], [''], [null], [{ a: [1] }]])('keeps %j as a payload', async (payload) => {
    const tools = { delete: asking(async (_, { suspend }) => suspend(payload)) }
    const { pending, answer } = await told({ how, tools })
    expect(pending).toMatchObject([{ suspendPayload: payload }])
    expect(answer.parts.at(-1)?.data).toMatchObject({ suspendPayload: payload })
  })

  it('needs no payload and no schema', async () => {
    const tools = { delete: asking((_, { suspend }) => suspend(), { resumeSchema: undefined }) }
    const { pending, answer, runId } = await told({ how, tools })
    expect(pending).toEqual([
      { toolCallId: 'call_1_1', toolName: 'delete', args: { table: 'old' }, kind: 'suspension' },
    ])
    expect(answer.parts.at(-1)?.data).toEqual({ toolCallId: 'call_1_1', toolName: 'delete', runId })
  })

  it('runs finally, and nothing else after it', async () => {
    const ran: string[] = []
    const tools = {
      delete: asking(async (_, { suspend }) => {
        try {
          await suspend(question)
          ran.push('after')
        } finally {
          ran.push('finally')
        }
      }),
    }
    await told({ how, tools })
    expect(ran).toEqual(['finally'])
  })

  it.each<[string, Execute]>([
    ['waits', async (_, { suspend }) => suspend({ question: 3 })],
    [
      'does not wait',
      (_, { suspend }) => {
        suspend({ question: 3 })
        return 'not an answer'
      },
    ],
  ])('tells the model of a payload that the schema refuses, where the tool %s', async (_, execute) => {
    const tools = { delete: asking(execute, { suspendSchema: z.object({ question: z.string() }) }) }
    const { model, status, answer, everything } = await told({ how, tools })
    expect(status).toBe('complete')
    expect(statesOf(answer)).toEqual(['delete output-error'])
    expect(model.calls[1]?.transcript).toContain('payload.question')
    expect(everything).not.toContain('not an answer')
  })

  it('refuses a payload for which the answer has no room', async () => {
    const payload = 'x'.repeat(2_000)
    const tools = { delete: asking(async (_, { suspend }) => suspend(payload)) }
    const memory = openMemory({ limits: { messageBytes: 1_024 } })
    const { model, status } = await told({ how, tools, memory })
    expect(status).toBe('complete')
    expect(model.calls[1]?.transcript).toContain('1,024 bytes')
  })

  it.each([
    [1_986, 'suspended'],
    [1_987, 'complete'],
  ])('takes a payload for which the record of the call has room: %i characters', async (length, ends) => {
    const payload = 'x'.repeat(length)
    const tools = { delete: asking(async (_, { suspend }) => suspend(payload), { resumeSchema: undefined }) }
    // {"payload":"…"}
    const memory = openMemory({ limits: { stepBytes: 2_000 } })
    const { model, status } = await told({ how, tools, memory })
    expect(status).toBe(ends)
    if (status === 'complete') expect(model.calls[1]?.transcript).toContain('and may be 2,000')
  })

  it('suspends several calls of one tool, each with its payload', async () => {
    const calls = ['a', 'b'].map((table) => ({ toolName: 'delete', input: { table } }))
    const model = scriptedModel({ script: [callTools(calls), 'Done.'] })
    const memory = openMemory()
    const tools = { delete: asking(async ({ table }, { suspend }) => suspend({ table })) }
    const agent = new Agent({ name: 'A', model, memory, tools } as never)
    const result = how === 'generate' ? await agent.generate('x', at) : await agent.stream('x', at)
    expect(await result.pendingCalls).toMatchObject([
      { toolCallId: 'call_1_1', args: { table: 'a' }, suspendPayload: { table: 'a' } },
      { toolCallId: 'call_1_2', args: { table: 'b' }, suspendPayload: { table: 'b' } },
    ])
  })

  it('waits for nothing if the call is aborted', async () => {
    const controller = new AbortController()
    const slow = createTool({
      id: 'slow',
      description: 'Takes long.',
      inputSchema,
      execute: async (_, { abortSignal }) => {
        await new Promise(setImmediate)
        controller.abort(new Error('enough'))
        abortSignal?.throwIfAborted()
      },
    })
    const memory = openMemory()
    const tools = { delete: asking(suspends), slow }
    await told({ how, tools, memory, call: { abortSignal: controller.signal, onError() {} } }).catch(() => null)
    const [, answer] = (await memory.listMessages(at)).messages as [StoredMessage, StoredMessage]
    expect(answer.turnStatus).toBe('aborted')
    expect(statesOf(answer)).toEqual(['delete output-error', 'slow output-error'])
    expect(answer.parts.map(({ type }) => type)).not.toContain('data-tool-call-suspended')
  })

  it('asks the tool nothing for the model, and processors see no result', async () => {
    const shownResults: unknown[] = []
    const shown = tool({
      inputSchema,
      execute: async () => 'rows',
      toModelOutput: ({ output }) => {
        shownResults.push(output)
        return { type: 'text', value: String(output).toUpperCase() }
      },
    })
    const ask = { ...asking(suspends), toModelOutput: shown.toModelOutput }
    const seen: unknown[] = []
    const processor = {
      processOutputStream: ({ part }: { part: unknown }) => {
        seen.push(part)
        return part
      },
      processOutputResult: ({ messages }: { messages: unknown }) => {
        seen.push(messages)
        return messages
      },
    }
    const agent = { outputProcessors: [processor as never] }
    const { status } = await told({ how, tools: { delete: ask, shown }, agent })
    expect(status).toBe('suspended')
    expect(shownResults).toEqual(['rows'])
    expect(resultsIn(JSON.stringify(seen), 'call_1_1')).toEqual([])
  })

  it('ends its span in telemetry, without an output', async () => {
    const ended: unknown[] = []
    const integration = {
      onToolExecutionEnd: ({ toolOutput }: { toolOutput: { toolCallId: string; output?: unknown } }) => {
        ended.push([toolOutput.toolCallId, toolOutput.output])
      },
    }
    const call = { telemetry: { integrations: [integration] } } as never
    await told({ how, tools: { delete: asking(suspends), look }, call })
    expect(ended.toSorted()).toEqual([
      ['call_1_1', undefined],
      ['call_1_2', 'rows of old'],
    ])
  })

  it('cannot suspend where nothing is stored', async () => {
    const model = () =>
      scriptedModel({ script: [callTools([{ toolName: 'delete', input: { table: 'old' } }]), 'Done.'] })
    const tools = { delete: asking(suspends) } as ToolSet
    for (const options of [{}, { memory: { resource: 'u', thread: 't', options: { readOnly: true } } }]) {
      const own = model()
      const agent = new Agent({ name: 'A', model: own, memory: openMemory(), tools })
      if (how === 'generate') await agent.generate('x', options)
      else await (await agent.stream('x', options)).finished
      expect(own.calls[1]?.transcript).toContain('nothing would remember that its call waits')
    }
  })

  it('goes on with an ordinary turn, whose prompt is valid', async () => {
    const { agent, model, answer } = await told({ how, tools: { delete: asking(suspends), look } })
    expect((await agent.generate('Something else', at)).text).toBe('Done.')
    expect(promptProblems(model.calls[1]?.messages ?? [])).toEqual([])
    expect(answer.turnStatus).toBe('suspended')
  })
})

it('shows calls that wait in fullStream, with its run, before the end', async () => {
  const pay = createTool({
    id: 'pay',
    description: 'Pays.',
    inputSchema,
    requireApproval: true,
    execute: () => 'paid',
  })
  const { full, runId, answer } = await told({ how: 'stream', tools: { delete: asking(suspends), pay } })
  expect(runId).toMatch(/\S/)
  expect(full.slice(-3)).toEqual([
    {
      type: 'tool-call-suspended',
      runId,
      payload: {
        toolCallId: 'call_1_1',
        toolName: 'delete',
        args: { table: 'old' },
        suspendPayload: question,
        resumeSchema: expect.objectContaining({ type: 'object' }),
      },
    },
    {
      type: 'tool-call-approval',
      runId,
      payload: { toolCallId: 'call_1_2', toolName: 'pay', args: { table: 'old' } },
    },
    expect.objectContaining({ type: 'finish' }),
  ])
  expect(statesOf(answer)).toEqual(['delete input-available', 'pay approval-requested'])
})

it('shows a client that a call waits, after what it showed before', async () => {
  const tools = { delete: asking(forms[7]?.[1] as Execute) }
  const { chunks, answer } = await told({ how: 'stream', tools })
  const about = chunks.filter(({ toolCallId, type }) => toolCallId !== undefined || type.startsWith('data-'))
  expect(about.map(({ type }) => type)).toEqual([
    'tool-input-start',
    'tool-input-delta',
    'tool-input-available',
    'tool-output-available',
    'tool-input-available',
    'data-tool-call-suspended',
  ])
  expect(chunks.slice(-2).map(({ type }) => type)).toEqual(['data-tool-call-suspended', 'finish'])
  expect(answer.parts.find(({ type }) => type === 'tool-delete')).toMatchObject({ state: 'input-available' })
  expect(answer.parts.find(({ type }) => type === 'tool-delete')).not.toHaveProperty('output')
})

it('has a key that is the same for every attempt', async () => {
  const keys: string[] = []
  const tools = {
    delete: asking(async (_, { callId, suspend }) => {
      keys.push(callId)
      return suspend()
    }),
  }
  const { runId } = await told({ how: 'generate', tools })
  expect(keys).toEqual([`${runId}/call_1_1`])
})

it('does not let an application tell that a call waits', async () => {
  const { agent } = await told({ how: 'generate', tools: { look } })
  const result = await agent.stream('x', at)
  const part = { type: 'data-tool-call-suspended', id: 'call_1_1', data: {} } as const
  expect(() => result.write(part)).toThrow('tells of suspended calls')
  await result.finished
})
