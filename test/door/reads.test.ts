// Reads of a space: whatever they are asked is checked, and nothing else than they can be called.

import { expect, it } from 'vitest'
import { methodsOf } from '../../src/facade/space-reads.ts'
import { firstThread } from '../../src/testing/contract/queries.ts'
import { openMemory, refused } from '../memory/opened.ts'

type Method = (...given: unknown[]) => Promise<unknown>
const readers = Object.entries(methodsOf).flatMap(([reader, methods]) =>
  methods.map((method) => [reader, method] as const),
)

/** Sound arguments of each method, in order. */
const sound: Readonly<Record<string, readonly unknown[]>> = {
  'threads.get': ['t'],
  'threads.list': [firstThread],
  'messages.list': [
    { threadId: 't', direction: 'asc', after: null, asOf: null, limit: 1, offset: 0, from: null, to: null },
  ],
  'messages.find': ['m'],
  'messages.openTurns': ['t'],
  'messages.turn': ['turn_000000000000_1.0'],
  'blocks.get': [null, 'main'],
  'blocks.list': ['t'],
  'blocks.history': [null, 'main', 1],
  'blocks.at': ['t', 'main', 0],
  'entries.get': ['k'],
  'entries.list': [{ prefix: '', after: null, limit: 1 }],
  'entries.history': ['k', 1],
  'entries.at': ['k', 0],
  'facts.get': ['f'],
  'facts.list': [{ attributes: {}, statuses: ['current'], order: 'newest', after: null, limit: 1 }],
  'facts.history': ['f', 1],
  'facts.derivedFrom': [{ sources: ['m'], after: null, limit: 1 }],
  'facts.conflicts': [{ attributes: {}, after: null, limit: 1 }],
  'facts.byText': ['tea'],
  'runs.get': ['r'],
  'runs.list': [{ threadId: null, name: null, statuses: ['running'], order: 'newest', after: null, limit: 1 }],
  'log.read': [{ after: 0, limit: 1 }],
  'log.seqAt': ['2026-03-01T00:00:00Z'],
}

const prototypeKey: unknown = JSON.parse('{"__proto__":{"a":1}}')

/** What no argument of any of them may be. */
const never: readonly unknown[] = [prototypeKey, undefined, -1, 0.5, Number.NaN, '', {}, [], () => 1, true, 1n]

/** The arguments with one of them, or one field of a query, replaced. */
function broken(given: readonly unknown[]): unknown[][] {
  return given.flatMap((argument, index) => {
    const replaced = (value: unknown) => given.map((one, at) => (at === index ? value : one))
    const isQuery = typeof argument === 'object' && argument !== null
    const fields = isQuery ? Object.keys(argument) : []
    const prototypes = fields.map((name) => replaced({ ...(argument as object), [name]: prototypeKey }))
    // Some field takes an empty text, an empty object or `true`: only what none takes is put into fields.
    const inFields = fields.flatMap((name) =>
      [-1, 0.5, Number.NaN, () => 1, 1n].map((value) => replaced({ ...(argument as object), [name]: value })),
    )
    const unknown = isQuery ? [replaced({ ...argument, colour: 'red' })] : []
    const alone = never.filter((value) => !(argument === 'tea' && value === ''))
    return [...alone.map(replaced), ...inFields, ...prototypes, ...unknown]
  })
}

it.each(readers)('%s.%s refuses what breaks a rule', async (reader, method) => {
  const memory = openMemory()
  const space = memory.space('resource/alice')
  await memory.saveMessages({ resourceId: 'alice', threadId: 't', messages: ['hello'] })
  const read = (space as unknown as Record<string, Record<string, Method>>)[reader]?.[method] as Method
  const given = sound[`${reader}.${method}`] ?? []
  await read(...given)
  const attempts = [[], ...broken(given)]
  expect(attempts.length).toBeGreaterThan(9)
  for (const attempt of attempts) await refused('invalid-input', () => read(...attempt))
})

it('a range of times that ends before it begins is refused, and says so', async () => {
  const { messages } = openMemory().space('resource/alice')
  const query = { ...(sound['messages.list']?.[0] as Parameters<typeof messages.list>[0]), to: '2026-03-01T00:00:00Z' }
  const error = await refused('invalid-input', () => messages.list({ ...query, from: '2026-03-02T00:00:00Z' }))
  expect(error.message).toContain('"to" must not be before from')
  // A moment is a range, in whichever zone its ends are written.
  expect((await messages.list({ ...query, from: '2026-03-01T01:00:00+01:00' })).items).toEqual([])
})

it('a page longer than any is refused', async () => {
  const space = openMemory().space('team/acme')
  for (const limit of [0, 10_001]) await refused('invalid-input', () => space.log.read({ after: 0, limit }))
  await refused('invalid-input', () => space.entries.history('k', 10_001))
})

it('a reader has its own methods and no others, and can be waited for', async () => {
  const space = openMemory().space('team/acme')
  expect(readers.length).toBe(Object.keys(sound).length)
  for (const [name, methods] of Object.entries(methodsOf)) {
    const reader = space[name as keyof typeof methodsOf]
    expect(Reflect.ownKeys(reader)).toEqual(methods)
    expect(await reader).toBe(reader)
  }
})

it('times of any zone are read as the same moment', async () => {
  const memory = openMemory()
  await memory.saveMessages({ resourceId: 'alice', threadId: 't', messages: ['hello'] })
  const { log } = memory.space('resource/alice')
  expect([await log.seqAt('2026-03-01T00:00:00Z'), await log.seqAt('9999-03-01T01:00:00+01:00')]).toEqual([0, 1])
})
