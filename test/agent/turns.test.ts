// Calls that meet in a thread: one after the other, side by side, or one inside the other.
import { tool } from 'ai'
import { Agent, type Memory, type MemoryBehaviour } from 'aquifer'
import {
  callTool,
  failWith,
  type ModelCall,
  promptProblems,
  scriptedModel,
  stall,
  threadProblems,
} from 'aquifer/testing'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { openMemory } from '../memory/opened.ts'
import { at, storedIn, ways } from './aftermath.ts'

const nothing = z.object({})

/** A model that answers once it is let go. */
function held(text: string) {
  const release = Promise.withResolvers<void>()
  const begun = Promise.withResolvers<void>()
  const model = scriptedModel({
    answer: async () => {
      begun.resolve()
      await release.promise
      return text
    },
  })
  return { model, begun: begun.promise, release: release.resolve }
}

const agentOf = (memory: Memory, name: string, model: ReturnType<typeof scriptedModel>) =>
  new Agent({ name, model, memory })

async function expectValid(memory: Memory, ...models: ReturnType<typeof scriptedModel>[]) {
  const { messages } = await memory.listMessages({ ...at, perPage: false, includeInternal: true })
  expect(threadProblems(messages)).toEqual([])
  for (const { calls } of models) for (const call of calls) expect(promptProblems(call.messages)).toEqual([])
}

test('calls of one thread are answered in the order in which they were made, and each sees the one before', async () => {
  const memory = openMemory()
  const first = held('one')
  const later = scriptedModel({ script: ['two', 'three'] })
  const calls = [agentOf(memory, 'A', first.model).generate('first', at)]
  await first.begun
  calls.push(agentOf(memory, 'B', later).generate('second', at), agentOf(memory, 'B', later).generate('third', at))
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(later.calls).toEqual([])
  first.release()
  expect((await Promise.all(calls)).map(({ text }) => text)).toEqual(['one', 'two', 'three'])
  expect(await storedIn(memory)).toEqual([
    'complete user "first"',
    'complete assistant "one"',
    'complete user "second"',
    'complete assistant "two"',
    'complete user "third"',
    'complete assistant "three"',
  ])
  expect(later.calls[0]?.transcript).toContain('one')
  expect(later.calls[1]?.transcript).toContain('two')
  await expectValid(memory, later)
})

test.each([
  ['another thread', { threadId: 'another' }],
  ['the same thread of another resource', { resourceId: 'another' }],
])('a call of %s waits for nobody', async (_, other) => {
  const memory = openMemory()
  const first = held('one')
  const call = agentOf(memory, 'A', first.model).generate('first', at)
  await first.begun
  const second = agentOf(memory, 'A', scriptedModel({ script: ['two'] })).generate('second', { ...at, ...other })
  expect((await second).text).toBe('two')
  first.release()
  await call
})

test.each<[string, MemoryBehaviour, MemoryBehaviour]>([
  ['memory', { turns: 'parallel' }, {}],
  ['call', {}, { turns: 'parallel' }],
])('in parallel, by the %s, a call waits for nobody and interleaves with nobody', async (_, options, ofCall) => {
  const memory = openMemory({ options })
  const first = held('one')
  const call = agentOf(memory, 'A', first.model).generate('first', at)
  await first.begun
  const model = scriptedModel({ script: ['two'] })
  const second = await agentOf(memory, 'B', model).generate('second', { ...at, memory: { options: ofCall } })
  expect([second.text, second.warnings]).toEqual(['two', []])
  expect(model.calls[0]?.transcript).not.toContain('first')
  first.release()
  await call
  expect(await storedIn(memory)).toEqual([
    'complete user "first"',
    'complete assistant "one"',
    'complete user "second"',
    'complete assistant "two"',
  ])
  await expectValid(memory, model)
})

describe.each(ways)('%s', (way) => {
  const ask = async (agent: Agent, input: string, options = {}) => {
    const result =
      way === 'generate'
        ? await agent.generate(input, { ...at, ...options })
        : await agent.stream(input, { ...at, ...options })
    const answer = { text: await result.text, warnings: await result.warnings }
    if ('finished' in result) await result.finished
    return answer
  }

  test('goes on beside a turn that takes too long, and says so', async () => {
    const memory = openMemory({ limits: { turnWaitMs: 20 } })
    const first = held('one')
    const call = agentOf(memory, 'A', first.model).generate('first', at)
    await first.begun
    const second = await ask(agentOf(memory, 'B', scriptedModel({ script: ['two'] })), 'second')
    expect(second.text).toBe('two')
    expect(second.warnings).toEqual([{ type: 'other', message: expect.stringContaining('still open after 20 ms') }])
    first.release()
    await call
    await expectValid(memory)
  })

  test('is not waited for once it failed', async () => {
    const memory = openMemory()
    const script = [failWith(new Error('no')), 'two']
    const agent = agentOf(memory, 'A', scriptedModel({ script }))
    const failed = ask(agent, 'first', { maxRetries: 0, onError() {} }).catch(() => null)
    const second = ask(agent, 'second')
    await failed
    expect((await second).text).toBe('two')
  })

  test('may be given up while it waits, and leaves nothing behind', async () => {
    const memory = openMemory()
    const first = held('one')
    const call = agentOf(memory, 'A', first.model).generate('first', at)
    await first.begun
    const stop = new AbortController()
    const model = scriptedModel({ script: ['three'] })
    const agent = agentOf(memory, 'B', model)
    const waiting = ask(agent, 'second', { abortSignal: stop.signal })
    const third = ask(agent, 'third')
    stop.abort(new Error('enough'))
    await expect(waiting).rejects.toThrow('enough')
    first.release()
    await call
    expect((await third).text).toBe('three')
    const said = ['complete user "first"', 'complete assistant "one"', 'complete user "third"']
    expect(await storedIn(memory)).toEqual([...said, 'complete assistant "three"'])
  })

  test('inside a tool of the same thread does not wait', async () => {
    const memory = openMemory()
    const inner = agentOf(memory, 'Inner', scriptedModel({ script: ['from inside'] }))
    const consult = tool({
      description: 'Asks.',
      inputSchema: nothing,
      execute: async () => (await ask(inner, 'help me')).text,
    })
    const model = scriptedModel({ script: [callTool('consult'), 'done', 'next'] })
    const outer = new Agent({ name: 'Outer', model, memory, tools: { consult } })
    expect((await ask(outer, 'begin')).text).toBe('done')
    expect(await storedIn(memory)).toEqual([
      'complete user "begin"',
      'complete assistant [output-available "from inside"] "done"',
      'complete user "help me"',
      'complete assistant "from inside"',
    ])
    expect((await ask(outer, 'more')).text).toBe('next')
    await expectValid(memory, model)
  })

  test('two levels inside a tool does not wait either', async () => {
    const memory = openMemory()
    const asking = (agent: Agent) =>
      tool({ description: 'Asks.', inputSchema: nothing, execute: async () => (await ask(agent, 'go on')).text })
    const deep = agentOf(memory, 'Deep', scriptedModel({ script: ['deep'] }))
    const script = [callTool('consult'), 'middle']
    const middle = new Agent({
      name: 'Middle',
      model: scriptedModel({ script, toolCallPrefix: 'middle' }),
      memory,
      tools: { consult: asking(deep) },
    })
    const model = scriptedModel({ script: [callTool('consult'), 'done'] })
    const outer = new Agent({ name: 'Outer', model, memory, tools: { consult: asking(middle) } })
    expect((await ask(outer, 'begin')).text).toBe('done')
    expect(await storedIn(memory)).toHaveLength(6)
    await expectValid(memory, model)
  })

  test('inside a tool that begins a stream and does not read it comes to its end', async () => {
    const memory = openMemory()
    const ended: Promise<unknown>[] = []
    const inner = agentOf(memory, 'Inner', scriptedModel({ script: ['from inside'] }))
    const begin = tool({
      description: 'Begins.',
      inputSchema: nothing,
      execute: async () => {
        ended.push((await inner.stream('help me', at)).finished)
        return 'begun'
      },
    })
    const model = scriptedModel({ script: [callTool('begin'), 'done', 'next'] })
    const outer = new Agent({ name: 'Outer', model, memory, tools: { begin } })
    expect((await ask(outer, 'begin')).text).toBe('done')
    expect(await Promise.all(ended)).toEqual([{ status: 'complete' }])
    expect((await ask(outer, 'more')).text).toBe('next')
    expect(await storedIn(memory)).toHaveLength(6)
    await expectValid(memory, model)
  })

  test('after the turn it was called in has ended waits as any other', async () => {
    const memory = openMemory()
    const late = Promise.withResolvers<void>()
    const calls: Promise<{ text: string }>[] = []
    const inner = agentOf(memory, 'Inner', scriptedModel({ script: ['late'] }))
    const leave = tool({
      description: 'Leaves work behind.',
      inputSchema: nothing,
      execute: async () => {
        calls.push(late.promise.then(() => ask(inner, 'much later')))
        return 'left'
      },
    })
    const outer = new Agent({
      name: 'Outer',
      model: scriptedModel({ script: [callTool('leave'), 'done'] }),
      memory,
      tools: { leave },
    })
    await ask(outer, 'begin')
    const first = held('one')
    const call = agentOf(memory, 'A', first.model).generate('first', at)
    await first.begun
    late.resolve()
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect((await storedIn(memory)).join()).not.toContain('much later')
    first.release()
    await call
    expect((await calls[0])?.text).toBe('late')
  })
})

test('a suspended turn is waited for by nobody', async () => {
  const memory = openMemory()
  const pay = tool({ description: 'Pays.', inputSchema: nothing, needsApproval: true, execute: async () => 'paid' })
  const model = scriptedModel({ script: [callTool('pay'), 'next'] })
  const agent = new Agent({ name: 'A', model, memory, tools: { pay } })
  await agent.generate('pay', at)
  const next = await agent.generate('never mind', at)
  expect([next.text, next.warnings]).toEqual(['next', []])
  await expectValid(memory, model)
})

test('a memory that closes stops who waits in a queue, and who speaks', async () => {
  const memory = openMemory({ limits: { closeWaitMs: 10 } })
  const speaking = agentOf(memory, 'A', scriptedModel({ answer: (_: ModelCall) => stall({ after: 'So far' }) }))
  const first = await speaking.stream('first', { ...at, onError() {} })
  const waiting = agentOf(memory, 'B', scriptedModel({ script: ['two'] })).generate('second', at)
  const outcome = waiting.then(
    () => 'answered',
    (error: { code?: unknown }) => error.code,
  )
  await memory.close()
  expect((await first.finished).status).toBe('aborted')
  expect(await outcome).toBe('closed')
})
