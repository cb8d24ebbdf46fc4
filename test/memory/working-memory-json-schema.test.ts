// Working memory with a JSON Schema, or with jsonSchema() of the AI SDK, as its schema.
import { jsonSchema } from 'ai'
import { type Memory, Memory as MemoryClass, type SchemaLike } from 'aquifer'
import { describe, expect, it } from 'vitest'
import { callOnce, toolsOf, where } from '../agent/called-tools.ts'
import { openMemory, refused } from './opened.ts'

const person = {
  type: 'object',
  properties: {
    name: { type: 'string', minLength: 2 },
    pets: { type: 'array', items: { enum: ['dog', 'cat'] } },
    home: { $ref: '#/$defs/home' },
  },
  required: ['name'],
  additionalProperties: false,
  $defs: { home: { type: 'object', properties: { city: { type: 'string' } } } },
} as const

const withSchema = (schema: SchemaLike): Memory => openMemory({ options: { workingMemory: { schema } } })
const write = (memory: Memory, workingMemory: Record<string, unknown>) =>
  memory.updateWorkingMemory({ ...where, workingMemory })

describe.each<[string, () => SchemaLike]>([
  ['a JSON Schema', () => person],
  ['jsonSchema()', () => jsonSchema(person as never)],
  ['jsonSchema() that is made late', () => jsonSchema(async () => person as never)],
])('%s', (_, schema) => {
  it('checks what is written, by the path of the field', async () => {
    const memory = withSchema(schema())
    const refusedField = async (patch: Record<string, unknown>) =>
      (await refused('invalid-input', () => write(memory, patch))).details.field
    expect(await refusedField({ pets: ['dog'] })).toBe('workingMemory.name')
    expect(await write(memory, { name: 'Ann', home: { city: 'Rome' } })).toMatchObject({ status: 'written' })
    expect(await refusedField({ name: 'A' })).toBe('workingMemory.name')
    expect(await refusedField({ pets: ['cow'] })).toBe('workingMemory.pets.0')
    expect(await refusedField({ home: { city: 1 } })).toBe('workingMemory.home.city')
    expect(await refusedField({ age: 7 })).toBe('workingMemory.age')
    expect(await write(memory, { pets: ['cat'] })).not.toHaveProperty('issues')
  })

  it('is offered to agents as it was stated', async () => {
    const memory = withSchema(schema())
    const tools = await toolsOf(memory, { workingMemory: { schema: schema() } })
    const { inputSchema } = tools.updateWorkingMemory as { readonly inputSchema: { readonly jsonSchema: unknown } }
    const offered = (await inputSchema.jsonSchema) as { readonly properties: Record<string, unknown> }
    expect(offered).not.toHaveProperty('required')
    expect(offered.properties).toMatchObject({ name: { type: 'string', minLength: 2 }, remove: { type: 'array' } })
    expect(await callOnce(tools, 'updateWorkingMemory', { pets: ['cat'] })).toMatchObject({ status: 'written' })
    expect(await callOnce(tools, 'updateWorkingMemory', { pets: ['cow'] })).toMatchObject({ status: 'refused' })
    expect(await callOnce(tools, 'updateWorkingMemory', { age: 7 })).toMatchObject({
      reason: expect.stringContaining('There is no field age'),
    })
  })
})

it('is checked by the function of jsonSchema() if it has one', async () => {
  const validate = (value: unknown) => {
    const { name } = value as { readonly name?: unknown }
    if (name === 'Ann') return { success: true as const, value: { name } }
    return { success: false as const, error: new Error('must be Ann') }
  }
  const memory = withSchema(jsonSchema({ type: 'object' }, { validate }))
  expect((await refused('invalid-input', () => write(memory, { name: 'Ben' }))).message).toContain('must be Ann')
  expect(await write(memory, { name: 'Ann', age: 7 })).toMatchObject({ status: 'written', issues: [{ path: 'age' }] })
})

it('says which keyword cannot be checked, and refuses what is no schema', async () => {
  const memory = withSchema({ type: 'object', if: {}, properties: {} })
  const error = await refused('unsupported', () => write(memory, { a: 1 }))
  expect([error.message, error.fix]).toEqual([
    expect.stringContaining('if/then/else'),
    expect.stringContaining('validate'),
  ])
  for (const schema of [{ type: 'string' }, {}, 'object', 7, () => person, [person]]) {
    const workingMemory = { schema: schema as never }
    expect(() => new MemoryClass({ options: { workingMemory } })).toThrow('must be a schema')
  }
})
