// One filter language: recall, the search and the list of facts, and the lists of threads and of messages let in the same
// metadata.
import { type Json, type JsonObject, Memory, MemoryError } from 'aquifer'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { runRandom } from '../random-runs.ts'

const names = ['a', 'b', 'c', 'a.b', 'constructor', 'toString']
const scalar = fc.oneof(fc.integer({ min: -1, max: 2 }), fc.constantFrom('', 'a', 'ab'), fc.boolean())
const kept: fc.Arbitrary<Json> = fc.oneof(
  { weight: 4, arbitrary: scalar },
  fc.array(scalar, { maxLength: 2 }),
  fc.dictionary(fc.constantFrom('a', 'b', 'constructor'), scalar, { maxKeys: 2, noNullPrototype: true }),
)
const value = fc.oneof({ weight: 6, arbitrary: kept }, fc.constant(null))
/** Without null, which deletes a field where a thread's metadata is merged. */
const metadata = fc.dictionary(fc.constantFrom(...names), kept, { maxKeys: 3, noNullPrototype: true })
const comparison = fc.oneof(
  fc.record({ $eq: value }),
  fc.record({ $ne: value }),
  fc.record({ $gte: fc.oneof(fc.integer({ min: -1, max: 2 }), fc.constantFrom('a', 'b')) }),
  fc.record({ $lt: fc.integer({ min: -1, max: 2 }), $ne: value }),
  fc.record({ $in: fc.array(value, { maxLength: 3 }) }),
  fc.record({ $nin: fc.array(value, { maxLength: 3 }) }),
  fc.record({ $exists: fc.boolean() }),
  fc.record({ $contains: scalar }),
  fc.record({ $not: fc.record({ $eq: value }) }),
)
const field = fc.constantFrom(...names, 'a.constructor', 'b.a.b')
const leaf = fc.dictionary(field, fc.oneof(value, comparison), { maxKeys: 2, noNullPrototype: true })
const filter: fc.Arbitrary<JsonObject> = fc.oneof(
  { weight: 3, arbitrary: leaf },
  fc.record({ $or: fc.array(leaf, { minLength: 1, maxLength: 3 }) }),
  fc.record({ $and: fc.array(leaf, { minLength: 1, maxLength: 2 }), $not: leaf }),
) as fc.Arbitrary<JsonObject>

/** What cannot be a filter. */
const refusedFilters: readonly unknown[] = [
  { a: { $bogus: 1 } },
  { a: { $gt: null } },
  { a: { $in: 'a' } },
  { $nor: [{ a: 1 }] },
  { $or: [] },
  { a: undefined },
  { a: Number.NaN },
  { a: new Map() },
  { a: { $gt: new Date(Number.NaN) } },
  JSON.parse('{"__proto__":{"x":1}}'),
  JSON.parse('{"a":{"__proto__":1}}'),
  JSON.parse('{"$or":[{"a":[{"__proto__":1}]}]}'),
  { a: { $in: Array.from({ length: 30_000 }, (_, i) => `value ${i}`) } },
  Object.fromEntries(Array.from({ length: 1_001 }, (_, i) => [`f${i}`, 1])),
  'a',
  [],
  null,
  5,
  Object.create({ a: 1 }),
]

/** A resource whose n-th thread, message and fact have the n-th metadata. */
async function fill(memory: Memory, resourceId: string, all: readonly JsonObject[]): Promise<void> {
  for (const [i, one] of all.entries()) {
    await memory.createThread({ resourceId, threadId: `${i}`, metadata: one })
    const message = { role: 'user' as const, content: `weather ${i}`, metadata: one }
    await memory.saveMessages({ resourceId, threadId: `${i}`, messages: [message] })
    await memory.facts.add(`weather number ${i}`, { userId: resourceId, metadata: one })
  }
}

type Ask = (memory: Memory, resourceId: string, filter: never) => Promise<readonly (string | undefined)[]>

const numberIn = ({ memory }: { readonly memory: string }) => memory.split(' ').at(-1)

const asks: Readonly<Record<string, Ask>> = {
  async recall(memory, resourceId, asked) {
    const { messages } = await memory.recall({ resourceId, query: 'weather', filter: asked, topK: 50 })
    return messages.map(({ threadId }) => threadId)
  },
  async 'facts.search'(memory, userId, filters) {
    return (await memory.facts.search('weather', { userId, filters, topK: 50 })).results.map(numberIn)
  },
  async 'facts.getAll'(memory, userId, filters) {
    return (await memory.facts.getAll({ userId, filters })).results.map(numberIn)
  },
  async listThreads(memory, resourceId, asked) {
    const { threads, total } = await memory.listThreads({ resourceId, filter: { metadata: asked } })
    expect(total).toBe(threads.length)
    return threads.map(({ id }) => id)
  },
  async listMessages(memory, resourceId, asked) {
    const threads = Array.from({ length: 5 }, (_, i) => `${i}`)
    const pages = threads.map((threadId) => memory.listMessages({ resourceId, threadId, filter: { metadata: asked } }))
    return (await Promise.all(pages)).flatMap(({ messages }) => messages.map(({ threadId }) => threadId))
  },
}

async function answers(memory: Memory, resourceId: string, asked: unknown): Promise<Record<string, unknown>> {
  const all: Record<string, unknown> = {}
  for (const [name, ask] of Object.entries(asks)) {
    const answer = ask(memory, resourceId, asked as never).then((ids) => ids.toSorted())
    all[name] = await answer.catch((error: unknown) => {
      if (!(error instanceof MemoryError)) throw error
      // The field is named as each call has it.
      return `${error.code}: ${String(error.details.rule)}, got ${String(error.details.got)}`
    })
  }
  return all
}

function expectAlike(all: Record<string, unknown>, what: unknown): void {
  for (const [name, answer] of Object.entries(all))
    expect(answer, `${name} ${JSON.stringify(what)}`).toEqual(all.recall)
}

describe('the same answer from every call that takes a filter', () => {
  const memory = new Memory({ storage: ':memory:', background: false, embedder: false })
  afterAll(() => memory.close())

  it('whatever the metadata and the filter', async () => {
    let runs = 0
    const property = fc.asyncProperty(
      fc.array(metadata, { minLength: 1, maxLength: 5 }),
      fc.array(filter, { minLength: 1, maxLength: 6 }),
      async (all, filters) => {
        const resourceId = `ann ${++runs}`
        await fill(memory, resourceId, all)
        const everything = await answers(memory, resourceId, {})
        expect(everything.recall).toEqual(all.map((_, i) => `${i}`))
        for (const one of filters) expectAlike(await answers(memory, resourceId, one), one)
      },
    )
    await runRandom(property, 40)
  })

  it.each(refusedFilters.map((one, i) => [i, one] as const))(
    'a refusal of what is no filter (%i)',
    async (_, asked) => {
      await fill(memory, 'refused', [])
      const all = await answers(memory, 'refused', asked)
      expect(all.recall).toMatch(/^invalid-input: /)
      expectAlike(all, asked)
    },
  )
})
