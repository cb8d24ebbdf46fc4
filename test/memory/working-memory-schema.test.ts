// Working memory and its schema: what a write is judged by, what is reported, and what changes form.
import type { Memory, WorkingMemoryOptions } from 'aquifer'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { openMemory, refused, temporaryUrl } from './opened.ts'

const at = { resourceId: 'alice' }

function withWorkingMemory(workingMemory: WorkingMemoryOptions): Memory {
  return openMemory({ options: { workingMemory } })
}

/** A memory with that value stored, whatever its schema says of it. */
async function holding(value: object | string, options: WorkingMemoryOptions): Promise<Memory> {
  const memory = withWorkingMemory(options)
  const format = typeof value === 'string' ? 'text' : 'json'
  await memory.space('resource/alice').commit([{ kind: 'block-write', name: 'main', format, value: value as never }])
  return memory
}

const valueIn = async (memory: Memory) => (await memory.getWorkingMemory(at))?.value

describe('two patches that fit alone', () => {
  const schema = z
    .object({ seats: z.number().optional(), used: z.number().optional(), note: z.string().optional() })
    .refine(({ seats = 10, used = 0 }) => used <= seats, 'used must not be above seats')

  it('are checked one after the other: one is written, the other refused', async () => {
    const memory = withWorkingMemory({ schema })
    await memory.updateWorkingMemory({ ...at, workingMemory: { seats: 10, used: 1 } })
    const writes = await Promise.allSettled([
      memory.updateWorkingMemory({ ...at, workingMemory: { seats: 5 } }),
      memory.updateWorkingMemory({ ...at, workingMemory: { used: 8 } }),
    ])
    const told = writes.map((write) => (write.status === 'fulfilled' ? write.value.status : write.reason.code))
    expect(told.toSorted()).toEqual(['invalid-input', 'written'])
    expect(await memory.getWorkingMemory(at)).not.toHaveProperty('issues')
  })

  it('that fit together are both written, at once, under commit ids that answer again', async () => {
    const memory = withWorkingMemory({ schema })
    const patches = [{ seats: 20 }, { used: 3 }, { note: 'x' }]
    const write = () =>
      Promise.all(
        patches.map((workingMemory, index) =>
          memory.updateWorkingMemory({ ...at, workingMemory, commitId: `patch-${index}` }),
        ),
      )
    const first = await write()
    expect(first.map(({ status }) => status)).toEqual(['written', 'written', 'written'])
    expect(await write()).toEqual(first)
    expect(await valueIn(memory)).toEqual({ seats: 20, used: 3, note: 'x' })
    expect((await memory.space('resource/alice').state())?.seq).toBe(3)
    const other = { ...at, workingMemory: { used: 4 }, commitId: 'patch-1' }
    await refused('conflict', () => memory.updateWorkingMemory(other))
  })

  it('are checked so by two memories on one file as well', async () => {
    const url = temporaryUrl()
    const [left, right] = [0, 1].map(() => openMemory({ storage: url, options: { workingMemory: { schema } } }))
    const writes = Array.from({ length: 8 }, (_, index) => {
      const memory = (index % 2 === 0 ? left : right) as Memory
      const workingMemory = index % 2 === 0 ? { seats: 10 - index } : { used: index }
      return memory.updateWorkingMemory({ ...at, workingMemory }).then(
        ({ status }) => status,
        (error) => error.code,
      )
    })
    for (const told of await Promise.all(writes)) expect(['written', 'invalid-input']).toContain(told)
    for (const memory of [left, right]) expect(await memory?.getWorkingMemory(at)).not.toHaveProperty('issues')
    const past = await left?.getWorkingMemoryHistory(at)
    for (const { value } of past ?? []) expect(schema.safeParse(value).success).toBe(true)
  })

  it('may mend a rule about several fields step by step, but not break another', async () => {
    const memory = await holding({ seats: 5, used: 8, note: 7 }, { schema })
    expect(await memory.updateWorkingMemory({ ...at, workingMemory: { seats: 6 } })).toMatchObject({
      status: 'written',
      value: { seats: 6, used: 8 },
      issues: [{ path: 'note' }],
    })
    const noted = await memory.updateWorkingMemory({ ...at, workingMemory: { note: 'x' } })
    expect(noted).toMatchObject({ status: 'written', issues: [{ path: '', message: 'used must not be above seats' }] })
    expect(await memory.updateWorkingMemory({ ...at, workingMemory: { seats: 9 } })).not.toHaveProperty('issues')
    await refused('invalid-input', () => memory.updateWorkingMemory({ ...at, workingMemory: { seats: 7 } }))
  })

  it('are not let through by an old fault elsewhere', async () => {
    const memory = await holding({ seats: 5, note: 7 }, { schema })
    const error = await refused('invalid-input', () =>
      memory.updateWorkingMemory({ ...at, workingMemory: { used: 8 } }),
    )
    expect(error.message).toContain('used must not be above seats')
    expect(await valueIn(memory)).toEqual({ seats: 5, note: 7 })
  })
})

describe('a patch', () => {
  const home = z.strictObject({ city: z.string(), zip: z.string().optional() })
  const schema = z.strictObject({
    name: z.string(),
    home: home.optional(),
    tags: z.array(z.enum(['a', 'b'])).optional(),
  })
  const old = { name: 7, gone: 1, tags: ['a', 'x'], home: { city: 'Rome', street: 'y' } }
  const patched = async (workingMemory: Record<string, unknown>) => {
    const memory = await holding(old, { schema })
    return memory.updateWorkingMemory({ ...at, workingMemory })
  }

  it.each<[string, Record<string, unknown>]>([
    ['mends one of several faults', { name: 'Ann' }],
    ['writes elsewhere in an object with a strange field', { home: { zip: '1' } }],
    ['removes one of the strange fields', { gone: null }],
    ['replaces a list that no longer fits', { tags: ['b'] }],
    ['removes what need not be there', { home: null }],
  ])('is written if it %s', async (_, patch) => {
    expect(await patched(patch)).toMatchObject({ status: 'written', version: 2 })
  })

  it.each<[string, Record<string, unknown>, string]>([
    ['writes a wrong value', { name: 8 }, 'workingMemory.name'],
    ['keeps a wrong item', { tags: ['x'] }, 'workingMemory.tags.0'],
    ['adds a strange field', { other: 1 }, 'workingMemory.other'],
    ['adds a strange field inside', { home: { floor: 1 } }, 'workingMemory.home.floor'],
    ['removes what has to be there', { home: { city: null } }, 'workingMemory.home.city'],
    ['writes a wrong value next to old faults', { home: { zip: 1 } }, 'workingMemory.home.zip'],
  ])('is refused if it %s', async (_, patch, field) => {
    const error = await refused('invalid-input', () => patched(patch))
    expect(error.details.field).toBe(field)
  })

  it('has to be a whole value where nothing stands, and so has a replacement', async () => {
    const memory = withWorkingMemory({ schema })
    const write = { ...at, workingMemory: { tags: ['a'] } }
    expect((await refused('invalid-input', () => memory.updateWorkingMemory(write))).details.field).toBe(
      'workingMemory.name',
    )
    await refused('invalid-input', () => memory.updateWorkingMemory({ ...write, mode: 'replace' }))
  })
})

describe('fields that the schema does not have', () => {
  const schema = z.object({ name: z.string(), homes: z.array(z.object({ city: z.string() })).optional() })

  it('are stored, and reported where they are written and read', async () => {
    const memory = withWorkingMemory({ schema })
    const workingMemory = { name: 'Ann', nick: 'A', homes: [{ city: 'Rome', street: 'x' }] }
    const issues = ['nick', 'homes.0.street'].map((path) => ({ path, message: 'The schema has no such field' }))
    expect(await memory.updateWorkingMemory({ ...at, workingMemory })).toMatchObject({ status: 'written', issues })
    expect(await memory.getWorkingMemory(at)).toMatchObject({ value: workingMemory, issues })
    const removed = await memory.updateWorkingMemory({ ...at, workingMemory: { nick: null, homes: null } })
    expect(removed).not.toHaveProperty('issues')
  })
})

describe('a change of form', () => {
  const schema = z.object({ name: z.string().optional(), plan: z.string().optional() })
  const template = '# User\n- Name:'

  it('converts a text by a whole write, and says so to who would merge into it', async () => {
    const memory = await holding('# User\n- Name: Ann', { schema })
    expect((await memory.getWorkingMemory(at))?.issues).toHaveLength(1)
    const write = { ...at, workingMemory: { plan: 'gold' } }
    const error = await refused('invalid-input', () => memory.updateWorkingMemory(write))
    expect(error.fix).toContain(`mode: 'replace'`)
    const whole = { ...at, workingMemory: { name: 'Ann', plan: 'gold' }, mode: 'replace' as const }
    expect(await memory.updateWorkingMemory(whole)).toMatchObject({ status: 'written', replaced: { version: 1 } })
    expect(await memory.updateWorkingMemory(write)).toMatchObject({ status: 'written', value: { name: 'Ann' } })
  })

  it('merges into a text that is empty or the JSON of an object, under a commit id too', async () => {
    for (const [text, before] of [
      ['', {}],
      ['{"name":"Ann"}', { name: 'Ann' }],
    ] as const) {
      const memory = await holding(text, { schema })
      const write = { ...at, workingMemory: { plan: 'gold' }, commitId: 'c' }
      const first = await memory.updateWorkingMemory(write)
      expect(first).toMatchObject({ status: 'written', version: 2, value: { ...before, plan: 'gold' } })
      expect(await memory.updateWorkingMemory(write)).toEqual(first)
    }
  })

  it('converts JSON into lines by any write of a text, and back by restoring', async () => {
    const memory = await holding({ name: 'Ann', note: 'one\ntwo', none: null, list: [[1], {}] }, { template })
    const lines = '- name: Ann\n- note:\n  one\n  two\n- none: null\n- list:\n  -\n    - 1\n  -'
    const write = { ...at, workingMemory: lines.replace('Ann', 'Anna'), commitId: 'c' }
    const first = await memory.updateWorkingMemory(write)
    expect(first).toMatchObject({ status: 'written', version: 2, replaced: { version: 1 } })
    expect(await memory.updateWorkingMemory(write)).toEqual(first)
    const other = await memory.updateWorkingMemory({ ...at, workingMemory: `${lines}\n- x`, ifVersion: 1 })
    expect(other).toMatchObject({ status: 'written', value: `${lines.replace('Ann', 'Anna')}\n- x` })
    expect(await memory.restoreWorkingMemory({ ...at, version: 1 })).toMatchObject({ value: { name: 'Ann' } })
    expect(await memory.getWorkingMemory(at)).toMatchObject({ format: 'json' })
  })

  it('takes the JSON text of an object where there is a schema, and no other text', async () => {
    const memory = withWorkingMemory({ schema })
    const write = (workingMemory: string) => memory.updateWorkingMemory({ ...at, workingMemory })
    expect(await write(' {"name":"Ann"}')).toMatchObject({ value: { name: 'Ann' } })
    expect(await write('{"plan":"gold","name":null}')).toMatchObject({ value: { plan: 'gold' } })
    for (const text of ['Ann', '["Ann"]', '{"name":', '"Ann"']) await refused('invalid-input', () => write(text))
    const seeded = { resourceId: 'bob', metadata: { workingMemory: '{"name":"Bob"}' } }
    await memory.createThread(seeded)
    expect((await memory.getWorkingMemory({ resourceId: 'bob' }))?.value).toEqual({ name: 'Bob' })
  })
})
