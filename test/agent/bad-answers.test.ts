// Tools, models, callbacks and processors that do what they should not: an answer or an error, and a thread to go on with.
import { tool } from 'ai'
import { Agent, type AgentStream } from 'aquifer'
import { callTool, callTools, failWith, malformedCall, say, scriptedModel, stall } from 'aquifer/testing'
import { describe, expect, it, test } from 'vitest'
import { z } from 'zod'
import { openMemory } from '../memory/opened.ts'
import { at, attempt, storedIn, ways } from './aftermath.ts'

class Price {
  readonly euros = 5
  readonly format = () => `${this.euros} €`
  get cents() {
    return this.euros * 100
  }
}

function looped(): object {
  const loop: { self?: object } = {}
  loop.self = loop
  return loop
}

function nested(levels: number): object {
  let inner: object = {}
  for (let level = 0; level < levels; level++) inner = { inner }
  return inner
}

async function* unreadable(): AsyncGenerator<unknown> {
  yield 1
  yield 10n
}

const look = (answer: () => unknown) => ({
  // Not async: an answer may be a stream of several.
  tools: { look: tool({ description: 'Looks.', inputSchema: z.object({}), execute: () => answer() }) },
})

const kept: [string, () => unknown, string][] = [
  ['nothing', () => undefined, 'null'],
  ['null', () => null, 'null'],
  ['no number', () => Number.NaN, 'null'],
  ['a function', () => () => 1, '"() => 1"'],
  ['a symbol', () => Symbol('x'), '"Symbol(x)"'],
  ['an instance of a class', () => new Price(), '{"euros":5,"format":'],
  ['an instance without a prototype', () => Object.assign(Object.create(null), { a: 1 }), '{"a":1}'],
  ['a date', () => new Date(0), '"1970-01-01T00:00:00.000Z"'],
  ['a map', () => new Map([[1, 2]]), '{}'],
  ['bytes', () => Buffer.from('a'), '{"type":"Buffer","data":[97]}'],
  ['half a character', () => 'a\ud800', '"a\ufffd"'],
  [
    'a key of the prototype',
    () => JSON.parse('{"__proto__":{"a":1},"b":2}'),
    String.raw`"{\"__proto__\":{\"a\":1},\"b\":2}"`,
  ],
  ['brackets in its texts', () => ({ a: `\\"\\${'['.repeat(200)}` }), '{"a":"'],
  ['50 levels', () => nested(50), '{"inner":{"inner":'],
]

const failing: [string, () => unknown, string][] = [
  [
    'an error',
    () => {
      throw new Error('no price')
    },
    'no price',
  ],
  [
    'nothing thrown',
    () => {
      throw undefined
    },
    'unknown error',
  ],
  ['a big integer', () => 10n, 'The result of the tool \\"look\\" is lost'],
  ['a big integer inside', () => ({ rows: [{ id: 10n }] }), 'BigInt'],
  ['a loop', looped, 'circular'],
  [
    'what throws when it is written',
    () => ({
      toJSON() {
        throw new Error('no text of it')
      },
    }),
    'no text of it',
  ],
  [
    'a field that throws when it is read',
    () => ({
      get price() {
        throw new Error('no price of it')
      },
    }),
    'no price of it',
  ],
  ['51 levels', () => nested(51), 'more than 50 levels'],
  ['more levels than a stack has', () => nested(20_000), 'is lost'],
  ['an answer after others that is none', unreadable, 'BigInt'],
]

describe.each(ways)('%s with a tool that answers', (way) => {
  it.each(kept)('%s', async (_, answer, output) => {
    const { error, text, stored } = await attempt({ way, script: [callTool('look'), 'Done.'], agent: look(answer) })
    expect([error, text]).toEqual([null, 'Done.'])
    expect(stored[1]).toContain(`complete assistant [output-available ${output}`)
    expect(stored[1]).toContain('"Done."')
  })

  it.each(failing)('%s', async (_, answer, errorText) => {
    const memory = openMemory()
    const script = [callTool('look'), 'Sorry.']
    const { text, stored } = await attempt({ way, script, agent: look(answer), memory })
    expect([text, stored[1]]).toEqual(['Sorry.', 'complete assistant [output-error] "Sorry."'])
    const { messages } = await memory.listMessages(at)
    expect(JSON.stringify(messages[1]?.parts)).toContain(errorText)
  })
})

describe.each(ways)('%s with a model that', (way) => {
  const tools = look(() => 1)

  it('calls a tool that nobody has, and one with arguments that are none', async () => {
    const script = [callTool('nobody', { a: 1 }), malformedCall('look', '{"a":'), callTool('look', 7), 'Done.']
    const { error, text, stored } = await attempt({ way, script, agent: tools })
    expect([error, text]).toEqual([null, 'Done.'])
    expect(stored[1]).toBe('complete assistant [output-error] [output-error] [output-error] "Done."')
  })

  it('calls tools until its steps are used up', async () => {
    const script = Array.from({ length: 21 }, () => callTool('look'))
    const { stored } = await attempt({ way, script, agent: tools })
    expect(stored[1]?.match(/output-available/g)).toHaveLength(20)
    const three = await attempt({ way, script, agent: tools, call: { maxSteps: 3 } })
    expect(three.stored[1]?.match(/output-available/g)).toHaveLength(3)
  })

  it('says half characters', async () => {
    const { error, stored } = await attempt({ way, script: [say('a\ud800b', { chunks: ['a', '\ud800', 'b'] })] })
    expect(error).toBeNull()
    expect(stored[1]).toBe('complete assistant "a\ufffdb"')
  })

  it('says nothing', async () => {
    const { error, text, stored } = await attempt({ way, script: [''] })
    expect([error, text]).toEqual([null, ''])
    expect(stored).toEqual(['complete user "hello"'])
  })

  it('says more than a message may hold', async () => {
    const memory = openMemory({ limits: { messageBytes: 2_000 } })
    const { error, stored } = await attempt({
      way,
      memory,
      script: [say('x'.repeat(3_000), { chunks: ['x'.repeat(3_000)] })],
    })
    expect(error).toMatchObject({ code: 'limit-exceeded', details: { limit: 'messageBytes' } })
    expect(stored).toEqual(['failed user "hello"'])
  })

  it.each([
    ['an error', new Error('overloaded')],
    ['a text', 'overloaded'],
    ['nothing at all', undefined],
  ])('fails with %s', async (_, thrown) => {
    const { error, text, stored } = await attempt({ way, script: [failWith(thrown)] })
    expect([error === null, text]).toEqual([false, null])
    expect(stored).toEqual(['failed user "hello"'])
  })

  it('breaks off', async () => {
    const script = [callTool('look'), failWith(new Error('cut'), { after: 'So far', isBreak: true })]
    const { error, stored } = await attempt({ way, script, agent: tools })
    expect(error).toMatchObject({ message: 'cut' })
    const said = way === 'stream' ? ' "So far"' : ''
    expect(stored).toEqual(['failed user "hello"', `failed assistant [output-available 1]${said}`])
  })

  it('is no model', async () => {
    const answers = { doGenerate: async () => undefined, doStream: async () => undefined }
    const model = { specificationVersion: 'v4', provider: 'p', modelId: 'm', supportedUrls: {}, ...answers }
    const { error, stored } = await attempt({ way, agent: { model } })
    expect(error).toBeInstanceOf(Error)
    expect(stored).toEqual(['failed user "hello"'])
  })
})

const callbacks = ['onStart', 'onStepStart', 'onStepEnd', 'onStepFinish', 'onToolExecutionStart', 'onToolExecutionEnd']

describe.each(ways)('%s with a caller whose', (way) => {
  const fail = () => {
    throw new Error('mine')
  }
  const tools = look(() => 1)
  const script = [callTool('look'), 'Done.']

  it.each([...callbacks, 'onEnd', 'onFinish', 'onChunk', 'onAbort'])('%s throws gets the answer', async (name) => {
    const { error, text, stored } = await attempt({ way, script, agent: tools, call: { [name]: fail } })
    expect([error, text]).toEqual([null, 'Done.'])
    expect(stored[1]).toBe('complete assistant [output-available 1] "Done."')
  })

  it.each(['prepareStep', 'stopWhen'])('%s throws gets its error', async (name) => {
    const { error, stored } = await attempt({ way, script, agent: tools, call: { [name]: fail } })
    expect(error).toMatchObject({ message: 'mine' })
    expect(stored[0]).toBe('failed user "hello"')
  })

  it('time is up keeps what was done', async () => {
    let isReached = false
    const slow = [
      callTool('look'),
      () => {
        isReached = true
        return stall({ after: 'It is' })
      },
    ]
    // On a busy machine the time may be up before the tool was called: then it gets more.
    for (let timeout = 200; !isReached; timeout *= 2) {
      const { error, stored } = await attempt({ way, script: slow, agent: tools, call: { timeout } })
      if (!isReached) continue
      if (way === 'generate') expect(error).toMatchObject({ name: 'TimeoutError' })
      expect(stored[1]).toMatch(/^(failed|aborted) assistant \[output-available 1\]/)
    }
  })
})

const hooks = ['processInput', 'processContext', 'processOutputResult'] as const
const wrongs: [string, () => unknown][] = [
  ['null', () => null],
  ['a number', () => 5],
  ['messages that are none', () => [{ text: 'hi' }]],
  [
    'an error',
    () => {
      throw new Error('broken')
    },
  ],
]

describe.each(ways)('%s with a processor that answers', (way) => {
  const cases = hooks.flatMap((hook) => wrongs.map(([name, answer]) => [hook, name, answer] as const))

  it.each(cases)('%s: %s', async (hook, _, answer) => {
    const where = hook === 'processOutputResult' ? 'outputProcessors' : 'inputProcessors'
    const { error, stored } = await attempt({ way, agent: { [where]: [{ id: 'odd', [hook]: answer }] } })
    // A stream tells it at its end: what it has said is said.
    expect(error).not.toBeNull()
    expect(stored).toEqual(hook === 'processInput' ? [] : ['failed user "hello"'])
  })
})

test.each(wrongs.slice(1))('a stream with a processor that answers %s fails', async (_, processOutputStream) => {
  const outputProcessors = [{ id: 'odd', processOutputStream }]
  const { error, stored } = await attempt({ way: 'stream', agent: { outputProcessors } })
  expect(error).toMatchObject({ code: 'unavailable', details: { processor: 'odd', hook: 'processOutputStream' } })
  expect(stored).toEqual(['failed user "hello"'])
})

test('a stream of which a processor leaves everything out ends', async () => {
  const outputProcessors = [{ processOutputStream: () => null }]
  const { error, text, stored } = await attempt({ way: 'stream', agent: { outputProcessors } })
  expect([error, text, stored]).toEqual([null, '', ['complete user "hello"']])
})

test('processors see the answer as it is, and say what is stored and shown', async () => {
  const memory = openMemory()
  const upper = {
    processInput: ({ messages }: { messages: readonly { parts: readonly { text?: unknown }[] }[] }) =>
      messages.map((message) => ({
        ...message,
        parts: message.parts.map((part) => ({ ...part, text: String(part.text).toUpperCase() })),
      })),
  }
  const model = scriptedModel({ script: ['a secret', 'b secret'] })
  const hide = {
    processOutputStream: ({ part }: { part: { type: string; text?: string } }) =>
      part.type === 'text-delta' ? { ...part, text: part.text?.replace('secret', '***') } : undefined,
    processOutputResult: ({ messages }: { messages: readonly { parts: readonly { text?: unknown }[] }[] }) =>
      messages.map((message) => ({
        ...message,
        parts: message.parts.map((part) => ({ ...part, text: String(part.text).replace('secret', '***') })),
      })),
  }
  const options = { inputProcessors: [upper], outputProcessors: [hide] } as never as object
  const agent = new Agent({ name: 'Support', model, memory, ...options })
  expect((await agent.generate('hello', at)).text).toBe('a secret')
  const result: AgentStream = await agent.stream('there', at)
  expect(await result.text).toBe('b ***')
  await result.finished
  const stored = ['complete user "HELLO"', 'complete assistant "a ***"', 'complete user "THERE"']
  expect(await storedIn(memory)).toEqual([...stored, 'complete assistant "b ***"'])
  expect(model.calls[0]?.said).toEqual(['HELLO'])
})

test.each(ways)('a call of several tools, one of which is stopped, has an end for each: %s', async (way) => {
  const stop = new AbortController()
  const both = {
    look: look(() => 1).tools.look,
    wait: tool({
      description: 'Waits.',
      inputSchema: z.object({}),
      execute: (_, { abortSignal }) =>
        new Promise((_resolve, reject) => {
          abortSignal?.addEventListener('abort', () => reject(new Error('stopped')))
          setTimeout(() => stop.abort(), 5)
        }),
    }),
  }
  const script = [
    callTools([
      { toolName: 'look', input: {} },
      { toolName: 'wait', input: {} },
    ]),
    'Done.',
  ]
  const { stored } = await attempt({ way, script, agent: { tools: both }, call: { abortSignal: stop.signal } })
  expect(stored[0]).toBe('aborted user "hello"')
})
