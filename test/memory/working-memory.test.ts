import type { Memory, WorkingMemoryOptions } from 'aquifer'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { openMemory, refused } from './opened.ts'

const resourceId = 'alice'
const where = { resourceId, threadId: 't' }

function withWorkingMemory(workingMemory: WorkingMemoryOptions = {}): Memory {
  return openMemory({ options: { workingMemory } })
}

const valueIn = async (memory: Memory, options: object = { resourceId }) =>
  (await memory.getWorkingMemory({ resourceId, ...options }))?.value

describe('addresses', () => {
  it('is the resource’s by default, for all of its threads', async () => {
    const memory = openMemory()
    await memory.createThread(where)
    await memory.updateWorkingMemory({ ...where, workingMemory: 'shared' })
    expect(await valueIn(memory, { threadId: 'u' })).toBe('shared')
    expect(await valueIn(memory)).toBe('shared')
    expect(await memory.getWorkingMemory({ resourceId: 'bob' })).toBeNull()
  })

  it('is the thread’s if the call or the options say so', async () => {
    const memory = withWorkingMemory({ scope: 'thread' })
    for (const threadId of ['t', 'u']) {
      await memory.createThread({ resourceId, threadId })
      await memory.updateWorkingMemory({ resourceId, threadId, workingMemory: `of ${threadId}` })
    }
    await memory.updateWorkingMemory({ resourceId, scope: 'resource', workingMemory: 'of all' })
    expect(await valueIn(memory, { threadId: 't' })).toBe('of t')
    expect(await valueIn(memory, { threadId: 'u' })).toBe('of u')
    expect(await valueIn(memory, { threadId: 't', scope: 'resource' })).toBe('of all')
    const plain = openMemory()
    await plain.createThread(where)
    await plain.updateWorkingMemory({ ...where, scope: 'thread', workingMemory: 'own' })
    expect(await plain.getWorkingMemory(where)).toBeNull()
    expect(await valueIn(plain, { threadId: 't', scope: 'thread' })).toBe('own')
  })

  it('needs a thread in thread scope, one that is there to write', async () => {
    const memory = withWorkingMemory({ scope: 'thread' })
    const error = await refused('invalid-input', () => memory.updateWorkingMemory({ resourceId, workingMemory: 'x' }))
    expect(error.details.field).toBe('threadId')
    await refused('invalid-input', () => memory.getWorkingMemory({ resourceId }))
    await refused('not-found', () => memory.updateWorkingMemory({ ...where, workingMemory: 'x' }))
    expect(await memory.space('resource/alice').state()).toBeNull()
  })

  it('has blocks of other names', async () => {
    const memory = openMemory()
    await memory.updateWorkingMemory({ resourceId, workingMemory: 'main text' })
    await memory.updateWorkingMemory({ resourceId, name: 'persona', workingMemory: { tone: 'warm' } })
    expect(await valueIn(memory, { name: 'main' })).toBe('main text')
    expect(await valueIn(memory, { name: 'persona' })).toEqual({ tone: 'warm' })
  })
})

describe('schema', () => {
  const schema = z.object({
    name: z.string().optional(),
    tags: z.array(z.string()).optional(),
    agents: z.record(z.string(), z.number()).optional(),
    home: z.object({ city: z.string().optional(), zip: z.string().optional() }).optional(),
  })

  it('keeps all of eight merges at once', async () => {
    const memory = withWorkingMemory({ schema })
    const agents = Array.from({ length: 8 }, (_, index) => `agent-${index}`)
    const writes = await Promise.all(
      agents.map((name, index) =>
        memory.updateWorkingMemory({ resourceId, workingMemory: { agents: { [name]: index } } }),
      ),
    )
    expect(writes.every(({ status }) => status === 'written')).toBe(true)
    expect(await valueIn(memory)).toEqual({ agents: Object.fromEntries(agents.map((name, index) => [name, index])) })
  })

  it('recurses into objects, replaces arrays, deletes with null and keeps with undefined', async () => {
    const memory = withWorkingMemory({ schema })
    const update = (workingMemory: Record<string, unknown>) => memory.updateWorkingMemory({ resourceId, workingMemory })
    await update({ name: 'Ada', tags: ['a', 'b'], home: { city: 'Rome', zip: '1' } })
    const write = await update({ name: undefined, tags: ['c'], home: { zip: null } })
    expect(write).toMatchObject({ status: 'written', value: { name: 'Ada', tags: ['c'], home: { city: 'Rome' } } })
    expect(await valueIn(memory)).toEqual({ name: 'Ada', tags: ['c'], home: { city: 'Rome' } })
    await memory.updateWorkingMemory({ resourceId, workingMemory: { tags: [] }, mode: 'replace' })
    expect(await valueIn(memory)).toEqual({ tags: [] })
  })

  it('refuses what the schema does not take, and text', async () => {
    const memory = withWorkingMemory({ schema })
    await memory.updateWorkingMemory({ resourceId, workingMemory: { home: { city: 'Rome' } } })
    const bad = (workingMemory: string | Record<string, unknown>, mode: 'merge' | 'replace' = 'merge') =>
      refused('invalid-input', () => memory.updateWorkingMemory({ resourceId, workingMemory, mode }))
    expect((await bad({ home: { city: 5 } })).details.field).toBe('workingMemory.home.city')
    expect((await bad({ tags: 'x' }, 'replace')).details.field).toBe('workingMemory.tags')
    expect((await bad('text')).details.field).toBe('workingMemory')
    expect((await memory.getWorkingMemory({ resourceId }))?.version).toBe(1)
  })

  it('returns a stored value that does not parse, with issues', async () => {
    const url = 'team schema'
    const memory = withWorkingMemory({ schema: z.object({ name: z.string(), age: z.number() }) })
    const space = memory.space('resource/alice')
    await space.commit([{ kind: 'block-write', name: 'main', format: 'json', value: { name: url } }])
    const read = await memory.getWorkingMemory({ resourceId })
    expect(read).toMatchObject({ value: { name: url }, issues: [{ path: 'age' }] })
    await memory.updateWorkingMemory({ resourceId, workingMemory: { age: 7 } })
    expect(await memory.getWorkingMemory({ resourceId })).not.toHaveProperty('issues')
  })

  it('answers a stated version that has passed', async () => {
    const memory = withWorkingMemory({ schema })
    await memory.updateWorkingMemory({ resourceId, workingMemory: { name: 'a' } })
    const write = { resourceId, workingMemory: { name: 'b' }, ifVersion: 1 }
    expect(await memory.updateWorkingMemory(write)).toMatchObject({ status: 'written', version: 2 })
    expect(await memory.updateWorkingMemory(write)).toMatchObject({ status: 'conflict', current: { version: 2 } })
    expect(await memory.updateWorkingMemory({ ...write, mode: 'replace' })).toMatchObject({ status: 'conflict' })
  })
})

describe('text', () => {
  const template = '# Person\n- Name:\n- Likes:\n- City:'
  const filled = '# Person\n- Name: Ada\n- Likes:\n- City:'

  async function begun() {
    const memory = withWorkingMemory({ template })
    const write = await memory.updateWorkingMemory({ resourceId, workingMemory: filled })
    if (write.status !== 'written') throw new Error('expected a write')
    const change = (line: string, text: string, options = {}) =>
      memory.updateWorkingMemory({ resourceId, workingMemory: filled.replace(line, text), ...options })
    return { memory, change, ifVersion: write.version }
  }

  it('answers what a write replaced, and by whom', async () => {
    const { memory, change } = await begun()
    expect(await memory.getWorkingMemory({ resourceId })).toMatchObject({ value: filled, format: 'text', version: 1 })
    const write = await change('- City:', '- City: Rome')
    expect(write).toMatchObject({ version: 2, replaced: { version: 1, by: { kind: 'system', id: 'app' } } })
    const fresh = await memory.updateWorkingMemory({ resourceId, name: 'other', workingMemory: 'x' })
    expect(fresh).toMatchObject({ status: 'written', replaced: null })
  })

  it('merges changes of different lines that were made from one version', async () => {
    const { memory, change, ifVersion } = await begun()
    await change('- City:', '- City: Rome', { ifVersion })
    const write = await change('- Name: Ada', '- Name: Ada L.', { ifVersion })
    const merged = '# Person\n- Name: Ada L.\n- Likes:\n- City: Rome'
    expect(write).toMatchObject({ status: 'written', version: 3, value: merged, replaced: { version: 2 } })
    expect(await valueIn(memory)).toBe(merged)
  })

  it('merges changes of lines that stand next to each other', async () => {
    const { memory, change, ifVersion } = await begun()
    await change('- Likes:', '- Likes: trains', { ifVersion })
    expect(await change('- City:', '- City: Rome', { ifVersion })).toMatchObject({ status: 'written' })
    expect(await valueIn(memory)).toBe('# Person\n- Name: Ada\n- Likes: trains\n- City: Rome')
  })

  it('keeps all of many writes of different lines at once', async () => {
    const memory = openMemory()
    const lines = Array.from({ length: 15 }, (_, index) => (index % 2 === 0 ? `slot ${index}:` : '---'))
    await memory.updateWorkingMemory({ resourceId, workingMemory: lines.join('\n') })
    const writes = await Promise.all(
      [0, 2, 4, 6, 8, 10, 12, 14].map((at) => {
        const workingMemory = lines.with(at, `slot ${at}: taken`).join('\n')
        return memory.updateWorkingMemory({ resourceId, workingMemory, ifVersion: 1 })
      }),
    )
    expect(writes.map(({ status }) => status)).toEqual(Array(8).fill('written'))
    expect(await valueIn(memory)).toBe(lines.map((line) => (line === '---' ? line : `${line} taken`)).join('\n'))
  })

  it('answers a conflict where both changed the same line, and writes nothing', async () => {
    const { memory, change, ifVersion } = await begun()
    await change('- City:', '- City: Rome', { ifVersion })
    const write = await change('- City:', '- City: Oslo', { ifVersion })
    expect(write).toMatchObject({ status: 'conflict', current: { version: 2 } })
    expect(await valueIn(memory)).toContain('Rome')
    expect((await memory.space('resource/alice').state())?.seq).toBe(2)
    const unknown = await change('- City:', '- City: Oslo', { ifVersion: 99 })
    expect(unknown).toMatchObject({ status: 'conflict', current: { version: 2 } })
  })

  it('gives one of two first writes at once to nobody', async () => {
    const memory = openMemory()
    const writes = await Promise.all(
      ['one', 'two'].map((workingMemory) => memory.updateWorkingMemory({ resourceId, workingMemory })),
    )
    expect(writes.map(({ status }) => status).sort()).toEqual(['conflict', 'written'])
  })

  it('writes over everything in mode replace', async () => {
    const { memory, change, ifVersion } = await begun()
    await change('- City:', '- City: Rome')
    expect(await change('- City:', '- City: Oslo', { mode: 'replace', ifVersion })).toMatchObject({
      status: 'conflict',
    })
    expect(await change('- City:', '- City: Oslo', { mode: 'replace' })).toMatchObject({ replaced: { version: 2 } })
    expect(await valueIn(memory)).toContain('Oslo')
  })

  it.each(['merge', 'replace'] as const)('refuses the bare template over real content in mode %s', async (mode) => {
    const { memory } = await begun()
    const bare = { resourceId, workingMemory: ` ${template}\n`, mode }
    const error = await refused('invalid-input', () => memory.updateWorkingMemory(bare))
    expect(error.details.field).toBe('workingMemory')
    expect(await valueIn(memory)).toBe(filled)
    const empty = withWorkingMemory({ template })
    expect(await empty.updateWorkingMemory(bare)).toMatchObject({ status: 'written' })
    expect(await empty.updateWorkingMemory(bare)).toMatchObject({ status: 'written' })
  })

  it('refuses the other format, and proposes another block', async () => {
    const memory = openMemory()
    await memory.updateWorkingMemory({ resourceId, workingMemory: 'text' })
    const write = { resourceId, workingMemory: { a: 1 } }
    for (const mode of ['merge', 'replace'] as const) {
      const error = await refused('invalid-input', () => memory.updateWorkingMemory({ ...write, mode }))
      expect(error.fix).toContain('"main-json"')
    }
    await memory.updateWorkingMemory({ ...write, name: 'main-json' })
    const back = { resourceId, name: 'main-json', workingMemory: 'text' }
    await refused('invalid-input', () => memory.updateWorkingMemory(back))
    expect([await valueIn(memory), await valueIn(memory, { name: 'main-json' })]).toEqual(['text', { a: 1 }])
  })
})

describe('history', () => {
  it('lists, reads and restores versions', async () => {
    const memory = openMemory()
    const writer = memory.as({ kind: 'agent', id: 'writer' })
    await memory.updateWorkingMemory({ resourceId, workingMemory: 'one' })
    await writer.updateWorkingMemory({ resourceId, workingMemory: 'two', mode: 'replace' })
    await memory.updateWorkingMemory({ resourceId, workingMemory: 'three', mode: 'replace' })
    const history = await memory.getWorkingMemoryHistory({ resourceId })
    expect(history.map(({ version, value }) => [version, value])).toEqual([
      [3, 'three'],
      [2, 'two'],
      [1, 'one'],
    ])
    expect(history[1]).toMatchObject({ by: { kind: 'agent', id: 'writer' }, event: 'write', at: expect.any(Date) })
    expect(await memory.getWorkingMemoryHistory({ resourceId, limit: 1 })).toHaveLength(1)
    expect(await memory.getWorkingMemory({ resourceId, version: 2 })).toMatchObject({ value: 'two', version: 2 })
    const restored = await memory.restoreWorkingMemory({ resourceId, version: 2 })
    expect(restored).toMatchObject({ status: 'written', value: 'two', version: 4, replaced: { version: 3 } })
    expect(await valueIn(memory)).toBe('two')
    await refused('not-found', () => memory.restoreWorkingMemory({ resourceId, version: 9 }))
    await refused('not-found', () => memory.restoreWorkingMemory({ resourceId: 'bob', version: 1 }))
  })

  it('has whole values of merged JSON', async () => {
    const memory = openMemory()
    for (let index = 0; index < 5; index++) {
      await memory.updateWorkingMemory({ resourceId, workingMemory: { [`k${index}`]: index } })
    }
    const history = await memory.getWorkingMemoryHistory({ resourceId })
    expect(history.map(({ value }) => Object.keys(value ?? {}).length)).toEqual([5, 4, 3, 2, 1])
    expect(await valueIn(memory, { version: 2 })).toEqual({ k0: 0, k1: 1 })
    expect(await memory.restoreWorkingMemory({ resourceId, version: 1 })).toMatchObject({ value: { k0: 0 } })
  })

  it('is empty for a block that never was', async () => {
    expect(await openMemory().getWorkingMemoryHistory({ resourceId })).toEqual([])
    expect(await openMemory().getWorkingMemory({ resourceId, version: 1 })).toBeNull()
  })
})

describe('seeding by a thread’s metadata', () => {
  const seeded = (threadId: string, workingMemory: unknown) => ({
    resourceId,
    threadId,
    metadata: { workingMemory, a: 1 },
  })

  it('seeds the thread’s own block in thread scope', async () => {
    const memory = withWorkingMemory({ scope: 'thread' })
    const thread = await memory.createThread(seeded('t', 'likes trains'))
    expect(thread.metadata).toEqual({ a: 1 })
    await memory.createThread(seeded('u', 'likes boats'))
    expect(await valueIn(memory, { threadId: 't' })).toBe('likes trains')
    expect(await valueIn(memory, { threadId: 'u' })).toBe('likes boats')
    expect((await memory.space('resource/alice').state())?.seq).toBe(2)
  })

  it('seeds the resource’s block only if there is none', async () => {
    const memory = openMemory()
    await Promise.all([memory.createThread(seeded('t', 'first')), memory.createThread(seeded('u', 'second'))])
    const value = await valueIn(memory)
    expect(['first', 'second']).toContain(value)
    await memory.createThread(seeded('v', 'third'))
    expect(await valueIn(memory)).toBe(value)
    expect(await memory.getThreadsByResourceId({ resourceId })).toHaveLength(3)
  })

  it('refuses a seed that the memory’s form does not take, and creates no thread', async () => {
    const text = withWorkingMemory({ template: '- Name:' })
    await refused('invalid-input', () => text.createThread(seeded('t', { name: 'Ada' })))
    const json = withWorkingMemory({ schema: z.object({ name: z.string() }) })
    await refused('invalid-input', () => json.createThread(seeded('t', { name: 7 })))
    await refused('invalid-input', () => json.createThread(seeded('t', { name: () => 'Ada' })))
    expect(await text.getThreadById(where)).toBeNull()
    expect(await json.getThreadById(where)).toBeNull()
  })
})
