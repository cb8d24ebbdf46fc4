// Options of memory in calls: what the model sees of the thread, what is stored, and who is said to have spoken.
import { tool } from 'ai'
import { Agent, type AgentOptions, type Memory, type MemoryBehaviour, RequestContext } from 'aquifer'
import { callTool, type ScriptedModel, scriptedModel } from 'aquifer/testing'
import { describe, expect, it, test } from 'vitest'
import { z } from 'zod'
import { openMemory } from '../memory/opened.ts'
import { at, storedIn, ways } from './aftermath.ts'

const place = { resource: at.resourceId, thread: at.threadId }

/** An agent on a thread of three exchanges: q1, a1 … a3. */
async function afterThree(memory: Memory, more: Partial<AgentOptions> = {}) {
  const before = new Agent({ name: 'Support', model: scriptedModel({ script: ['a1', 'a2', 'a3'] }), memory })
  for (const question of ['q1', 'q2', 'q3']) await before.generate(question, at)
  const model = scriptedModel({ answer: () => 'yes' })
  return { model, agent: new Agent({ name: 'Support', model, memory, ...more }) }
}

const lastSaid = (model: ScriptedModel) => model.calls.at(-1)?.said.map((text) => text.replace(/\[from .*\]\s+/, ''))

describe('what the model sees of the thread', () => {
  const all = ['q1', 'a1', 'q2', 'a2', 'q3', 'a3']
  const cases: [string, MemoryBehaviour, string[]][] = [
    ['all of a short one', {}, all],
    ['nothing with false', { lastMessages: false }, []],
    ['nothing with 0', { lastMessages: 0 }, []],
    ['the end', { lastMessages: 2 }, ['q3', 'a3']],
    ['less than was asked for, so that a user begins', { lastMessages: 3 }, ['q3', 'a3']],
    ['what fits a number of tokens', { messageHistory: { maxTokens: 2 } }, ['q3', 'a3']],
  ]

  it.each(cases)('is %s', async (_, options, seen) => {
    const { agent, model } = await afterThree(openMemory({ options: { semanticRecall: false } }))
    await agent.generate('now', { memory: { ...place, options } })
    expect(lastSaid(model)).toEqual([...seen, 'now'])
  })

  it.each<[string, MemoryBehaviour, MemoryBehaviour, MemoryBehaviour, number]>([
    ['the memory', { lastMessages: 2 }, {}, {}, 2],
    ['the agent', { lastMessages: 6 }, { lastMessages: 2 }, {}, 2],
    ['the call', { lastMessages: 0 }, { lastMessages: 0 }, { lastMessages: 2 }, 2],
    ['the call, which wants none', { lastMessages: 2 }, { lastMessages: 4 }, { lastMessages: false }, 0],
  ])('is decided by %s', async (_, ofMemory, ofAgent, options, count) => {
    const defaultOptions = { memory: { options: ofAgent } }
    const { agent, model } = await afterThree(openMemory({ options: { semanticRecall: false, ...ofMemory } }), {
      defaultOptions,
    })
    await agent.generate('now', { memory: { ...place, options } })
    expect(lastSaid(model)).toHaveLength(count + 1)
    // The same, in the other shape of a call.
    await agent.generate('then', { ...at, memory: { options } })
    expect(lastSaid(model)).toHaveLength(count + 1)
  })
})

describe.each(ways)('read only, %s', (way) => {
  const note = tool({ description: 'Notes.', inputSchema: z.object({}), execute: async () => 'noted' })

  it.each(['memory', 'agent', 'call'])('by the %s, stores nothing and sees the thread', async (level) => {
    const readOnly = { readOnly: true }
    const memory = openMemory(level === 'memory' ? { options: readOnly } : {})
    await memory.saveMessages({ ...at, messages: ['q1', { role: 'assistant', content: 'a1' }] })
    const before = [await storedIn(memory), await memory.getThreadById(at), (await memory.listRuns(at)).runs]
    const model = scriptedModel({ script: [callTool('note'), 'yes'] })
    const defaultOptions = level === 'agent' ? { memory: { options: readOnly } } : {}
    const agent = new Agent({ name: 'Support', model, memory, tools: { note }, defaultOptions })
    const thread = { id: at.threadId, title: 'Other', metadata: { a: 1 } }
    const options = level === 'call' ? { ...readOnly, generateTitle: true } : { generateTitle: true }
    const call = { memory: { resource: at.resourceId, thread, options } }
    const result = way === 'generate' ? await agent.generate('now', call) : await agent.stream('now', call)
    expect(await result.text).toBe('yes')
    if ('finished' in result) await result.finished
    expect([result.runId, result.turnId, result.messageId]).toEqual([null, null, null])
    expect(model.calls[0]?.said.slice(-1)).toEqual(['now'])
    expect(model.calls[0]?.transcript).toContain('a1')
    expect([await storedIn(memory), await memory.getThreadById(at), (await memory.listRuns(at)).runs]).toEqual(before)
  })

  it('of a thread that nobody has begins none', async () => {
    const memory = openMemory({ options: { readOnly: true } })
    const agent = new Agent({ name: 'Support', model: scriptedModel({ script: ['yes'] }), memory })
    const result = way === 'generate' ? await agent.generate('now', at) : await agent.stream('now', at)
    expect(await result.text).toBe('yes')
    expect(await memory.getThreadById(at)).toBeNull()
    expect(await memory.getThreadsByResourceId({ resourceId: at.resourceId })).toEqual([])
  })
})

describe('who has spoken', () => {
  const bob = { kind: 'user', id: 'bob', name: 'Bob' } as const

  async function authors(memory: Memory, options: object) {
    const agent = new Agent({ name: 'Support', model: scriptedModel({ script: ['yes'] }), memory })
    await agent.generate('hi', { ...at, ...options })
    const { messages } = await openedAs(memory).listMessages(at)
    return messages.map(({ author }) => author)
  }
  const openedAs = (memory: Memory) => memory.as({ kind: 'system', id: 'test' })
  const support = { kind: 'agent', id: 'support', name: 'Support' }

  it('is the user that the resource is, and the agent', async () => {
    expect(await authors(openMemory(), {})).toEqual([{ kind: 'user', id: at.resourceId }, support])
  })

  it('is whom the call names, as a claim', async () => {
    expect(await authors(openMemory(), { author: bob })).toEqual([{ ...bob, claimed: true }, support])
  })

  it('is the user that the memory acts as', async () => {
    expect(await authors(openMemory().as(bob), {})).toEqual([{ ...bob, claimed: true }, support])
  })

  it('is no agent that the memory acts as', async () => {
    const memory = openMemory().as({ kind: 'agent', id: 'other' })
    expect(await authors(memory, {})).toEqual([{ kind: 'user', id: at.resourceId }, support])
  })
})

describe('both shapes of a call', () => {
  it('name the same thread', async () => {
    const memory = openMemory()
    const agent = new Agent({ name: 'Support', model: scriptedModel({ answer: () => 'yes' }), memory })
    await agent.generate('one', at)
    await agent.generate('two', { memory: place })
    await agent.generate('three', { memory: { ...place, thread: { id: at.threadId } } })
    await agent.generate('four', { ...at, memory: place })
    expect(await storedIn(memory)).toHaveLength(8)
  })

  it('may be a default of the agent, which a call replaces in whichever shape', async () => {
    const memory = openMemory({ options: { semanticRecall: false } })
    const model = scriptedModel({ answer: () => 'yes' })
    const defaultOptions = { ...at, maxSteps: 3, memory: { options: { lastMessages: 0 } } }
    const agent = new Agent({ name: 'Support', model, memory, defaultOptions })
    await agent.generate('one')
    await agent.generate('two', { memory: { resource: 'other', thread: 'else' } })
    await agent.generate('three', { resourceId: 'other', threadId: 'else' })
    expect(await storedIn(memory)).toHaveLength(2)
    expect((await memory.listMessages({ resourceId: 'other', threadId: 'else' })).messages).toHaveLength(4)
    expect(lastSaid(model)).toEqual(['three'])
  })

  it('keep threads of one name apart by their resource', async () => {
    const memory = openMemory()
    const model = scriptedModel({ answer: () => 'yes' })
    const agent = new Agent({ name: 'Support', model, memory })
    await agent.generate('my secret', { resourceId: 'alice', threadId: 'main' })
    await agent.generate('hi', { resourceId: 'bob', threadId: 'main' })
    expect(lastSaid(model)).toEqual(['hi'])
    const { messages } = await memory.listMessages({ resourceId: 'bob', threadId: 'main' })
    expect(messages).toHaveLength(2)
  })
})

test('functions of the options get the context of the request', async () => {
  const memory = openMemory()
  const model = scriptedModel({ script: ['yes'] })
  const seen: unknown[] = []
  const from = <Value>(value: Value) => ({
    at: ({ requestContext }: { requestContext: RequestContext }) => {
      seen.push(requestContext.get('tier'))
      return Promise.resolve(value)
    },
  })
  const agent = new Agent({
    name: 'Support',
    model: from(model).at,
    memory: from(memory).at,
    instructions: from('You help.').at,
    tools: from({}).at,
  })
  await agent.generate('hi', { ...at, requestContext: new RequestContext({ tier: 'pro' }) })
  expect(seen).toEqual(['pro', 'pro', 'pro', 'pro'])
  expect(model.calls[0]?.instructions).toBe('You help.')
  expect(await storedIn(memory)).toHaveLength(2)
})
