// A key `__proto__` in what a caller hands over is refused by name, at every way in: never dropped, never merged, and never
// a filter that lets everything in.
import { globSync, readFileSync } from 'node:fs'
import { tool } from 'ai'
import { Agent, type Memory, RequestContext } from 'aquifer'
import { Memory as Mem0Memory } from 'aquifer/mem0'
import { callTool, scriptedModel } from 'aquifer/testing'
import { beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { openMemory, refused } from './opened.ts'

const where = { resourceId: 'ann', threadId: 't' }
const user = { userId: 'ann' }

/** Where the key may stand in a JSON object. */
const shapes: readonly (readonly [string, string])[] = [
  ['at the top', '{"__proto__":{"admin":true},"y":2}'],
  ['with null, which deletes', '{"__proto__":null,"y":2}'],
  ['in an object', '{"a":{"b":{"__proto__":{"admin":true}}}}'],
  ['in a list', '{"a":[{"__proto__":"x"}]}'],
]

type Way = (memory: Memory, value: never) => unknown

const message = { role: 'user' as const, content: 'Hello' }
const toolPart = { type: 'tool-look', toolCallId: 'c', state: 'output-available' }
const save = (memory: Memory, one: unknown) => memory.saveMessages({ ...where, messages: [one as never] })
const assistant = (part: object) => ({ role: 'assistant', content: [part] })

async function savedId(memory: Memory): Promise<string> {
  return (await memory.saveMessages({ ...where, messages: 'Hello' })).messages[0]?.id ?? ''
}

async function factId(memory: Memory): Promise<string> {
  return (await memory.facts.add('Ann lives in Rome', user)).results[0]?.id ?? ''
}

/** Every public call that takes JSON of the caller's own. */
const values: Readonly<Record<string, Way>> = {
  'createThread, metadata': (memory, metadata) => memory.createThread({ ...where, threadId: 'new', metadata }),
  'createThread, working memory': (memory, workingMemory) => {
    return memory.createThread({ ...where, threadId: 'new', metadata: { workingMemory } })
  },
  'updateThread, metadata': (memory, metadata) => memory.updateThread({ ...where, metadata }),
  'cloneThread, metadata': (memory, metadata) => memory.cloneThread({ ...where, metadata }),
  'saveMessages, metadata': (memory, metadata) => save(memory, { ...message, metadata }),
  'saveMessages, options of a provider': (memory, providerOptions) => save(memory, { ...message, providerOptions }),
  'saveMessages, a part': (memory, data) => save(memory, { role: 'user', parts: [{ type: 'data-x', data }] }),
  'saveMessages, a picture': (memory, providerOptions) => {
    return save(memory, { role: 'user', content: [{ type: 'image', image: 'https://a.b/c', providerOptions }] })
  },
  'saveMessages, input of a tool': (memory, input) =>
    save(memory, { role: 'assistant', parts: [{ ...toolPart, input }] }),
  'saveMessages, output of a tool': (memory, output) => {
    return save(memory, { role: 'assistant', parts: [{ ...toolPart, input: {}, output }] })
  },
  'saveMessages, a call of a model message': (memory, input) => {
    return save(memory, assistant({ type: 'tool-call', toolCallId: 'c', toolName: 'look', input }))
  },
  'saveMessages, a result of a model message': (memory, value) => {
    const output = { type: 'json', value }
    return save(memory, assistant({ type: 'tool-result', toolCallId: 'c', toolName: 'look', output }))
  },
  'updateMessages, metadata': async (memory, metadata) => {
    return memory.updateMessages({ messages: [{ id: await savedId(memory), metadata }] })
  },
  'updateMessages, parts': async (memory, data) => {
    return memory.updateMessages({ messages: [{ id: await savedId(memory), parts: [{ type: 'data-x', data }] }] })
  },
  'recall, filter': (memory, filter) => memory.recall({ resourceId: 'ann', query: 'Hello', filter }),
  'a recall of a space, filter': (memory, filter) => memory.space('resource/ann').recall('Hello', { filter }),
  'listThreads, filter': (memory, metadata) => memory.listThreads({ resourceId: 'ann', filter: { metadata } }),
  'the options of an agent, filter': (_, filter) => {
    openMemory({ options: { semanticRecall: { filter } } })
  },
  'facts.add, metadata': (memory, metadata) => memory.facts.add('Hello', { ...user, metadata }),
  'facts.add, metadata of a message': (memory, metadata) => memory.facts.add({ ...message, metadata }, user),
  'facts.update, metadata': async (memory, metadata) => memory.facts.update(await factId(memory), { metadata }),
  'facts.search, filters': (memory, filters) => memory.facts.search('Rome', { ...user, filters }),
  'facts.getAll, filters': (memory, filters) => memory.facts.getAll({ ...user, filters }),
  'updateWorkingMemory, merged': (memory, workingMemory) => memory.updateWorkingMemory({ ...where, workingMemory }),
  'updateWorkingMemory, replaced': (memory, workingMemory) => {
    return memory.updateWorkingMemory({ ...where, workingMemory, mode: 'replace' })
  },
  'updateWorkingMemory, with a schema that drops it': (_, workingMemory) => {
    const memory = openMemory({ options: { workingMemory: { schema: z.record(z.string(), z.unknown()) } } })
    return memory.updateWorkingMemory({ ...where, workingMemory })
  },
  'team.write': (memory, value) => memory.team('acme').write('key', value),
  'team.merge': (memory, patch) => memory.team('acme').merge('key', patch),
  'team.append': (memory, item) => memory.team('acme').append('list', item),
  'team.update': (memory, value) => memory.team('acme').update('key', () => value),
  'a commit, an entry': (memory, value) => memory.space('team/acme').commit([{ kind: 'entry-write', key: 'k', value }]),
  'a commit, a thread': (memory, metadata) => {
    return memory.space('resource/ann').commit([{ kind: 'thread-put', threadId: 'new', metadata }])
  },
  'a commit, a fact': (memory, metadata) => {
    return memory.space('resource/ann').commit([{ kind: 'fact-assert', unique: 'x', text: 'x', metadata }])
  },
  'a commit, a run': (memory, details) => {
    return memory.space('resource/ann').commit([{ kind: 'run-put', unique: 'x', name: 'x', details }])
  },
  'a commit, a block': (memory, patch) => {
    return memory.space('resource/ann').commit([{ kind: 'block-merge', name: 'b', patch }])
  },
  'a commit, a message': (memory, metadata) => {
    const messages = [{ role: 'user' as const, parts: [{ type: 'text', text: 'x' }], metadata }]
    return memory.space('resource/ann').commit([{ kind: 'message-append', threadId: 't', messages }])
  },
  'a call of an agent, metadata of its thread': (memory, metadata) => {
    const agent = new Agent({ name: 'Sales', model: scriptedModel({ script: ['Yes.'] }), memory })
    return agent.generate('Hello', { memory: { resource: 'ann', thread: { id: 'new', metadata } } })
  },
  'a call of an agent, a message': (memory, metadata) => {
    const agent = new Agent({ name: 'Sales', model: scriptedModel({ script: ['Yes.'] }), memory })
    return agent.generate([{ ...message, metadata }], where)
  },
  'mem0 add, metadata': (memory, metadata) => new Mem0Memory(memory).add('Hello', { ...user, metadata }),
  'mem0 add, metadata of a message': (memory, metadata) => {
    return new Mem0Memory(memory).add([{ ...message, name: 'Ann', metadata } as never], user)
  },
  'mem0 search, filters': (memory, filters) => new Mem0Memory(memory).search('Rome', { ...user, filters }),
  'mem0 getAll, filters': (memory, filters) => new Mem0Memory(memory).getAll({ ...user, filters }),
}

/** Calls with options that the key may stand among. */
const options: Readonly<Record<string, Way>> = {
  createThread: (memory, extra) => memory.createThread({ ...where, ...(extra as object) }),
  listThreads: (memory, extra) => memory.listThreads({ ...where, ...(extra as object) } as never),
  'listThreads, order': (memory, orderBy) => memory.listThreads({ resourceId: 'ann', orderBy }),
  'listThreads, filter': (memory, filter) => memory.listThreads({ resourceId: 'ann', filter }),
  'saveMessages, a message': (memory, extra) => save(memory, { ...message, ...(extra as object) }),
  'saveMessages, an author': (memory, extra) => {
    return save(memory, { ...message, author: { kind: 'user', id: 'x', ...(extra as object) } })
  },
  'listMessages, dates': (memory, dateRange) => memory.listMessages({ ...where, dateRange }),
  recall: (memory, extra) => memory.recall({ resourceId: 'ann', query: 'x', ...(extra as object) }),
  'facts.search': (memory, extra) => memory.facts.search('x', { ...user, ...(extra as object) }),
  'facts.update': async (memory, extra) =>
    memory.facts.update(await factId(memory), { text: 'x', ...(extra as object) }),
  updateWorkingMemory: (memory, extra) => {
    return memory.updateWorkingMemory({ ...where, workingMemory: { a: 1 }, ...(extra as object) })
  },
  'team.write': (memory, extra) => memory.team('acme').write('k', 1, extra),
  'a commit': (memory, extra) => {
    return memory.space('team/acme').commit([{ kind: 'entry-delete', key: 'k', ...(extra as object) }])
  },
  forget: (memory, extra) => memory.forget({ resourceId: 'bob', ...(extra as object) }),
  'new Memory': (_, extra) => openMemory(extra),
  'new Memory, limits': (_, limits) => openMemory({ limits }),
  'new Memory, options': (_, behaviour) => openMemory({ options: behaviour }),
  'mem0 search': (memory, extra) => new Mem0Memory(memory).search('x', { ...user, ...(extra as object) }),
}

const parsed = (text: string) => JSON.parse(text) as never

it('no schema of ours passes on an object of free keys without it', () => {
  // A model's JSON is read by the AI SDK, which refuses the key before a tool's schema could drop it.
  const readByTheSdk = 'src/agent/tools/team-tools.ts'
  const dropping = /\bz\.(record|looseObject|partialRecord|looseRecord)\(|\.(catchall|passthrough|loose)\(/
  const files = globSync('src/**/*.ts').filter((path) => dropping.test(readFileSync(path, 'utf8')))
  expect(files).toEqual([readByTheSdk])
})

describe('a key __proto__', () => {
  let memory: Memory
  beforeEach(async () => {
    memory = openMemory()
    await memory.saveMessages({ ...where, messages: 'Hello' })
  })

  describe.each(Object.entries(values))('in %s', (_, way) => {
    it.each(shapes)('is refused %s', async (_shape, text) => {
      const error = await refused('invalid-input', () => way(memory, parsed(text)))
      expect(error.details.field).toContain('__proto__')
      expect(({} as { admin?: unknown }).admin).toBeUndefined()
    })
  })

  it.each(Object.entries(options))('among the options of %s is refused', async (_, way) => {
    const error = await refused('invalid-input', () => way(memory, parsed('{"__proto__":{"admin":true}}')))
    expect(error.message).toContain('__proto__')
  })

  it('in a request context is a key as any other', async () => {
    const given = parsed('{"__proto__":{"admin":true},"constructor":1}') as Record<string, unknown>
    const requestContext = new RequestContext(given)
    const seen: unknown[] = []
    const agent = new Agent({
      name: 'Sales',
      model: scriptedModel({ script: ['Yes.'] }),
      memory,
      instructions: (call) => {
        seen.push(call.requestContext.get('__proto__'), call.requestContext.get('admin'), call.requestContext.toJSON())
        return ''
      },
    })
    await agent.generate('Hello', { ...where, requestContext })
    expect(seen).toEqual([{ admin: true }, undefined, given])
  })

  it('in what a model asks a tool is refused before the tool runs', async () => {
    const ran: unknown[] = []
    const look = tool({
      inputSchema: z.record(z.string(), z.unknown()),
      execute: (input) => {
        ran.push(input)
        return 'x'
      },
    })
    const input = parsed('{"__proto__":{"admin":true},"y":2}')
    const script = [callTool('look', input), callTool('memory_merge', { key: 'k', patch: input }), 'Done.']
    const agent = new Agent({ name: 'Sales', model: scriptedModel({ script }), memory, tools: { look } })
    const { text } = await agent.generate('Hello', { ...where, memory: { options: { team: 'acme' } } })
    expect([text, ran, await memory.team('acme').read('k')]).toEqual(['Done.', [], null])
    const stored = JSON.stringify(
      (await memory.listMessages({ ...where, includeInternal: true })).messages.at(-1)?.parts,
    )
    expect(stored).toContain('__proto__')
    expect(stored.match(/output-error/g)).toHaveLength(2)
  })

  it('in what a tool answers is kept, as text', async () => {
    const answer = parsed('{"a":[{"__proto__":{"admin":true},"y":2}],"z":1}')
    const look = tool({ inputSchema: z.object({}), execute: async () => answer as object })
    const model = scriptedModel({ script: [callTool('look', {}), 'Done.'] })
    await new Agent({ name: 'Sales', model, memory, tools: { look } }).generate('Hello', where)
    const parts = (await memory.listMessages(where)).messages.at(-1)?.parts
    expect(parts).toContainEqual(
      expect.objectContaining({ output: { a: ['{"__proto__":{"admin":true},"y":2}'], z: 1 } }),
    )
  })

  it('as the name of a tool is refused', async () => {
    const look = tool({ inputSchema: z.object({}), execute: () => 'x' })
    const tools = Object.fromEntries([['__proto__', look]])
    const agent = new Agent({ name: 'Sales', model: scriptedModel({ script: ['Yes.'] }), tools })
    const error = await refused('invalid-input', () => agent.generate('Hello'))
    expect(error.details.field).toBe('tools.__proto__')
  })
})
