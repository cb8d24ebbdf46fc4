// updateWorkingMemory for working memory kept as JSON: deep merges, and paths to remove.
import type { Memory, MemoryBehaviour, StandardSchema } from 'aquifer'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { openMemory } from '../memory/opened.ts'
import { callAll, callOnce, toolsOf, where } from './called-tools.ts'

const schema = z.object({
  name: z.string().describe('What to call them'),
  tags: z.array(z.object({ label: z.string(), weight: z.number().optional() })),
  home: z.object({ city: z.string(), zip: z.string().optional() }).optional(),
  agents: z.record(z.string(), z.number()).optional(),
})
const options: MemoryBehaviour = { workingMemory: { schema } }
const opened = () => openMemory({ options })
const standing = async (memory: Memory) => (await memory.getWorkingMemory(where))?.value
const update = async (memory: Memory, input: object, behaviour = options) =>
  callOnce(await toolsOf(memory, behaviour), 'updateWorkingMemory', input)

async function filled(value: Record<string, unknown>): Promise<Memory> {
  const memory = openMemory()
  await memory.updateWorkingMemory({ ...where, workingMemory: value })
  return memory
}

describe('a tool for JSON', () => {
  it('offers the schema with every field optional, and paths to remove', async () => {
    const { model, parts } = await callAll(await toolsOf(opened(), options), ['updateWorkingMemory', { name: 'Ann' }])
    expect(parts[0]).toMatchObject({ toolMetadata: { aquifer: { internal: true } } })
    const { inputSchema } = model.calls[0]?.tools[0] ?? {}
    expect(inputSchema).toMatchObject({
      type: 'object',
      properties: {
        name: { type: 'string', description: 'What to call them' },
        tags: { type: 'array', items: { type: 'object', required: ['label'] } },
        home: { type: 'object', properties: { city: { type: 'string' } } },
        agents: { type: 'object', additionalProperties: { type: 'number' } },
        remove: { type: 'array', items: { type: 'string' } },
      },
    })
    const { home } = (inputSchema as { properties: Record<string, object> }).properties
    expect([inputSchema, home].map((one) => 'required' in (one ?? {}))).toEqual([false, false])
  })

  it('merges, and keeps all of eight calls at once', async () => {
    const memory = opened()
    const tools = await toolsOf(memory, options)
    const calls = Array.from({ length: 8 }, (_, index): [string, object] => {
      return ['updateWorkingMemory', { agents: { [`a${index}`]: index }, ...(index === 3 ? { name: 'Ann' } : {}) }]
    })
    const { outputs } = await callAll(tools, calls)
    expect(outputs).toEqual(calls.map(() => ({ status: 'written', version: expect.any(Number) })))
    const agents = Object.fromEntries(calls.map((_, index) => [`a${index}`, index]))
    expect(await standing(memory)).toEqual({ name: 'Ann', agents })
  })

  it('fills in bit by bit, and refuses only what is wrong, by its path', async () => {
    const memory = opened()
    expect(await update(memory, { home: { zip: '00100' } })).toEqual({ status: 'written', version: 1 })
    const answer = await update(memory, { home: { city: 7 } })
    expect(answer).toEqual({
      status: 'refused',
      reason: expect.stringMatching(/^Not written: home\.city: .*string.*fit\.$/),
    })
    expect(await update(memory, { tags: [{ weight: 1 }] })).toMatchObject({
      status: 'written',
    })
    expect(await standing(memory)).toMatchObject({ home: { zip: '00100' } })
  })

  it.each([
    [{ set: { name: 'Ann' } }, 'set'],
    [{ name: 'Ann', home: { town: 'Rome' } }, 'home.town'],
  ])('refuses a field that the schema does not have: %j', async (input, path) => {
    const memory = opened()
    const answer = await update(memory, input)
    expect(answer).toEqual({
      status: 'refused',
      reason: expect.stringContaining(`There is no field ${path}. The fields are `),
    })
    expect(await standing(memory)).toBe(undefined)
  })

  it('forgets what null stands for, and takes null in lists as it is', async () => {
    const memory = await filled({ name: 'Ann', home: { city: 'Rome' } })
    const free: MemoryBehaviour = { workingMemory: { schema: z.looseObject({}) } }
    await update(memory, { name: null, home: { city: null, zip: '00100' }, list: [null, 1], remove: null }, free)
    expect(await standing(memory)).toEqual({ home: { zip: '00100' }, list: [null, 1] })
    const nothing = { status: 'refused', reason: 'There is nothing to write in that.' }
    for (const input of [{}, { name: null }, { home: { city: null } }, { remove: [] }]) {
      expect(await update(memory, input, free)).toEqual(nothing)
    }
  })

  it('does not let empty texts and lists wipe what is there, unless the whole object is replaced', async () => {
    const memory = await filled({ name: 'Ann', tags: [{ label: 'vip' }], home: { city: 'Rome', zip: '1' } })
    const padded = { name: '', tags: [], home: { city: '', zip: '2' }, agents: {} }
    expect(await update(memory, padded)).toEqual({
      status: 'written',
      version: 2,
      note: 'Empty values keep what is there: name, tags, home.city. To forget a field, name it in remove.',
    })
    expect(await standing(memory)).toEqual({
      name: 'Ann',
      tags: [{ label: 'vip' }],
      home: { city: 'Rome', zip: '2' },
      agents: {},
    })
    expect(await update(memory, { tags: [] })).toMatchObject({
      status: 'refused',
      reason: expect.stringContaining('keep what is there: tags'),
    })
    expect(await update(memory, { name: '', tags: [], replace: true })).toEqual({ status: 'written', version: 3 })
    expect(await standing(memory)).toEqual({ name: '', tags: [] })
    expect(await update(memory, { name: 'Ben', tags: [], agents: {} })).toEqual({ status: 'written', version: 4 })
    expect(await standing(memory)).toEqual({ name: 'Ben', tags: [], agents: {} })
  })

  it('replaces the whole object if the model says so, and does not remove paths with it', async () => {
    const memory = await filled({ name: 'Ann', home: { city: 'Rome' } })
    expect(await update(memory, { name: 'Ben', remove: ['home'], replace: true })).toMatchObject({ status: 'refused' })
    expect(await update(memory, { home: { city: 7 }, replace: true })).toMatchObject({
      status: 'refused',
      reason: expect.stringContaining('home.city'),
    })
    expect(await update(memory, { name: 'Ben', home: null, replace: true })).toEqual({ status: 'written', version: 2 })
    expect(await standing(memory)).toEqual({ name: 'Ben' })
    const own: MemoryBehaviour = { workingMemory: { schema: z.object({ replace: z.string(), name: z.string() }) } }
    await update(memory, { replace: 'the lamp', replaceAll: true }, own)
    expect(await standing(memory)).toEqual({ replace: 'the lamp' })
  })

  const free: MemoryBehaviour = { workingMemory: { schema: z.looseObject({}) } }
  const value = { name: 'Ann', 'a.b': 1, a: { b: 2, 'c.d': 3 }, tags: ['x', 'y'], home: { city: 'Rome', zip: '1' } }

  it.each<[string, object, object]>([
    ['a field', { remove: ['name'] }, { name: undefined }],
    ['a field of a field', { remove: ['home.city'] }, { home: { zip: '1' } }],
    ['several', { remove: ['home.city', 'home.zip', 'tags'] }, { home: {}, tags: undefined }],
    ['a field and all around it', { remove: ['home.city', 'home'] }, { home: undefined }],
    ['all around a field and the field', { remove: ['home', 'home.city'] }, { home: undefined }],
    ['the same twice', { remove: ['name', 'name'] }, { name: undefined }],
    ['a name with a dot before a path', { remove: ['a.b'] }, { 'a.b': undefined }],
    ['a name with a dot at the end of a path', { remove: ['a.c.d'] }, { a: { b: 2 } }],
    ['what is not there', { remove: ['age', 'home.street', 'name.first', 'constructor', '__proto__.x', ''] }, {}],
    [
      'beside a write',
      { home: { city: 'Oslo' }, remove: ['home.zip', 'name'] },
      { home: { city: 'Oslo' }, name: undefined },
    ],
  ])('removes %s', async (_, input, change) => {
    const memory = await filled(value)
    expect(await update(memory, input, free)).toMatchObject({ status: 'written' })
    expect(await standing(memory)).toEqual(JSON.parse(JSON.stringify({ ...value, ...change })))
  })

  it.each<[string, object, string]>([
    ['an item of a list', { remove: ['tags.0'] }, 'is inside a list'],
    ['what it writes', { name: 'Ben', remove: ['name'] }, 'both written and removed'],
    ['what it writes into', { home: { city: 'Oslo' }, remove: ['home'] }, 'both written and removed'],
    ['inside of what it writes', { home: 'Rome', remove: ['home.city'] }, 'both written and removed'],
  ])('does not remove %s, and says why', async (_, input, reason) => {
    const memory = await filled(value)
    expect(await update(memory, input, free)).toEqual({ status: 'refused', reason: expect.stringContaining(reason) })
    expect(await standing(memory)).toEqual(value)
  })

  it('loses no write to a removal beside it', async () => {
    const keys = Array.from({ length: 6 }, (_, index) => `k${index}`)
    const memory = await filled(Object.fromEntries(keys.map((key) => [key, { old: 1, kept: 1 }])))
    const tools = await toolsOf(memory, free)
    const inputs = keys.flatMap((key) => [{ remove: [`${key}.old`] }, { [key]: { new: 1 } }])
    const { outputs } = await callAll(
      tools,
      inputs.map((input): [string, object] => ['updateWorkingMemory', input]),
    )
    expect(outputs).toEqual(inputs.map(() => ({ status: 'written', version: expect.any(Number) })))
    expect(await standing(memory)).toEqual(Object.fromEntries(keys.map((key) => [key, { kept: 1, new: 1 }])))
  })

  it('does not let a removal make an object of what became something else', async () => {
    const memory = await filled({ home: { city: 'Rome' } })
    const acting = await toolsOf(memory, free)
    const replace = memory.updateWorkingMemory({ ...where, workingMemory: { home: 'Oslo' } })
    await Promise.all([replace, callOnce(acting, 'updateWorkingMemory', { remove: ['home.city'] })])
    expect(await standing(memory)).toEqual({ home: 'Oslo' })
  })

  it('names the paths otherwise if the schema has a field of that name', async () => {
    const own: MemoryBehaviour = { workingMemory: { schema: z.object({ remove: z.string(), name: z.string() }) } }
    const memory = await filled({ name: 'Ann' })
    const tools = await toolsOf(memory, own)
    await callOnce(tools, 'updateWorkingMemory', { remove: 'the old sofa', removePaths: ['name'] })
    expect(await standing(memory)).toEqual({ remove: 'the old sofa' })
  })

  it('takes any object for a schema that cannot say itself, and checks it all the same', async () => {
    const plain: StandardSchema = {
      '~standard': {
        version: 1,
        vendor: 'plain',
        validate: (given) => {
          const { age } = given as { age?: unknown }
          const isWrong = age !== undefined && typeof age !== 'number'
          return isWrong ? { issues: [{ message: 'must be a number', path: [{ key: 'age' }] }] } : { value: given }
        },
      },
    }
    const own: MemoryBehaviour = { workingMemory: { schema: plain } }
    const memory = openMemory()
    const { model, outputs } = await callAll(
      await toolsOf(memory, own),
      ['updateWorkingMemory', { age: 'old' }],
      ['updateWorkingMemory', { age: 7 }],
    )
    expect(model.calls[0]?.tools[0]?.inputSchema).toMatchObject({ type: 'object', additionalProperties: {} })
    expect(outputs).toEqual([
      { status: 'refused', reason: 'Not written: age: must be a number. Send values that fit.' },
      { status: 'written', version: 1 },
    ])
  })

  it.each<[string, object, string]>([
    ['paths that are no list', { remove: 'name' }, 'remove is a list of paths.'],
    ['a list', [], 'Send an object.'],
  ])('tells the model of input that is wrong: %s', async (_, input, message) => {
    const { parts } = await callAll(await toolsOf(opened(), options), ['updateWorkingMemory', input])
    const error = parts.find(({ type }) => type === 'tool-error')?.error
    expect(String(error)).toContain(message)
  })

  it('refuses what is too large', async () => {
    const memory = openMemory({ options, limits: { blockBytes: 100 } })
    const answer = await update(memory, { name: 'x'.repeat(200) })
    expect(answer).toEqual({ status: 'refused', reason: expect.stringContaining('Store less') })
  })
})
