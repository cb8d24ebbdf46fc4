// Types: working memory has the type of the schema that its Memory was made with. Read by the type checker; each runs once.
import { jsonSchema } from 'ai'
import { Agent, type Json, Memory, type MemoryOptions, type WorkingMemory } from 'aquifer'
import { scriptedModel } from 'aquifer/testing'
import { expect, expectTypeOf, onTestFinished, test } from 'vitest'
import { z } from 'zod'

const at = { resourceId: 'alice' }
const stored = { storage: ':memory:', embedder: false } as const
const schema = z.object({
  name: z.string(),
  plan: z.enum(['free', 'gold']).optional(),
  tags: z.array(z.string()).default([]),
  home: z.object({ city: z.string().optional() }).optional(),
  since: z.coerce.date().optional(),
})

interface Person {
  readonly name: string
  readonly plan?: 'free' | 'gold'
  readonly tags?: readonly string[]
  readonly home?: { readonly city?: string }
  readonly since?: Json
}

function opened<Open extends { close(): Promise<void> }>(memory: Open): Open {
  onTestFinished(() => memory.close())
  return memory
}

test('a schema of zod types what is read and written: its input, as JSON', async () => {
  const memory = opened(new Memory({ ...stored, options: { workingMemory: { schema } } }))
  expectTypeOf(memory).toEqualTypeOf<Memory<typeof schema>>()
  const write = await memory.updateWorkingMemory({ ...at, workingMemory: { name: 'Ann', home: { city: 'Rome' } } })
  if (write.status === 'written') expectTypeOf(write.value).toEqualTypeOf<Person>()
  const block = await memory.as({ kind: 'agent', id: 'a' }).getWorkingMemory(at)
  expectTypeOf(block).toEqualTypeOf<WorkingMemory<Person> | null>()
  expect(block?.value.home?.city).toBe('Rome')
  await memory.updateWorkingMemory({ ...at, workingMemory: { plan: null, home: { city: null } } })
  await memory.updateWorkingMemory({ ...at, workingMemory: '{"plan":"gold"}' })
  // @ts-expect-error A field of another type.
  await expect(memory.updateWorkingMemory({ ...at, workingMemory: { name: 7 } })).rejects.toThrow('name')
  // @ts-expect-error A field that the schema does not have.
  await memory.updateWorkingMemory({ ...at, workingMemory: { nick: 'A' } })
  expect((await memory.getWorkingMemory(at))?.issues).toEqual([
    { path: 'nick', message: 'The schema has no such field' },
  ])
})

test('jsonSchema() of the AI SDK types it as it was told, and a JSON Schema as JSON', async () => {
  const told = jsonSchema<{ name: string }>({ type: 'object', properties: { name: { type: 'string' } } })
  const memory = opened(new Memory({ ...stored, options: { workingMemory: { schema: told } } }))
  await memory.updateWorkingMemory({ ...at, workingMemory: { name: 'Ann' } })
  const block = await memory.getWorkingMemory(at)
  expectTypeOf(block).toEqualTypeOf<WorkingMemory<{ readonly name: string }> | null>()
  const plain = opened(new Memory({ ...stored, options: { workingMemory: { schema: { type: 'object' } } } }))
  expectTypeOf((await plain.getWorkingMemory(at))?.value).toEqualTypeOf<Json | undefined>()
})

test('a memory without a schema has JSON, and one with a schema goes wherever a memory goes', async () => {
  const plain = opened(new Memory(stored))
  expectTypeOf(plain).toEqualTypeOf<Memory>()
  expectTypeOf((await plain.getWorkingMemory(at))?.value).toEqualTypeOf<Json | undefined>()
  await plain.updateWorkingMemory({ ...at, workingMemory: { any: { thing: 1 } } })
  const options: MemoryOptions = stored
  expectTypeOf(opened(new Memory(options))).toEqualTypeOf<Memory>()
  const typed = opened(new Memory({ ...stored, options: { workingMemory: { schema } } }))
  const anywhere = (memory: Memory) => memory.getWorkingMemory(at)
  expect(await anywhere(typed)).toBeNull()
  const agent = new Agent({ name: 'A', model: scriptedModel({ answer: () => 'ok' }), memory: typed })
  expect((await agent.generate('Hello', { ...at, threadId: 't' })).text).toBe('ok')
})
