// Figures of a process: what its caches take of their budget.
import { expect, it, onTestFinished } from 'vitest'
import { type Embedder, Memory } from '../../src/index.ts'
import { scriptedEmbedder } from '../../src/testing/scripted-embedder.ts'

const limitBytes = 1_048_576

function open(): Memory {
  const options = { storage: ':memory:', background: false, embedder: scriptedEmbedder() } as const
  const memory = new Memory({ ...options, limits: { cacheBytes: limitBytes } })
  onTestFinished(() => memory.close())
  return memory
}

it('says what the caches hold, by kind', async () => {
  const memory = open()
  expect(await memory.stats()).toEqual({
    cache: { bytes: 0, limitBytes, parts: { spaces: 0, words: 0, vectors: 0, entries: 0 } },
    questions: { bytes: 0, limitBytes: limitBytes / 256 },
  })
  // So many that the index has segments of them, and not only what is new.
  const content = (n: number) => `The car number ${n} is red`
  const messages = Array.from({ length: 600 }, (_, n) => ({ role: 'user' as const, content: content(n) }))
  await memory.saveMessages({
    messages: messages.map((message) => ({ ...message, threadId: 't', resourceId: 'alice' })),
  })
  await memory.team('acme').write('colour', 'red')
  expect((await memory.stats()).cache.parts).toEqual({ spaces: expect.any(Number), words: 0, vectors: 0, entries: 0 })
  await memory.settled()
  await memory.space('resource/alice').recall('red car')
  await memory.space('team/acme').recall('red')
  const { bytes, parts } = (await memory.stats()).cache
  for (const [kind, used] of Object.entries(parts)) expect(used, kind).toBeGreaterThan(0)
  expect(bytes).toBe(Object.values(parts).reduce((sum, used) => sum + used, 0))
})

it('counts the words that no segment has yet with their space', async () => {
  const memory = open()
  const spaces = async () => (await memory.stats()).cache.parts.spaces
  const save = (text: string) => memory.saveMessages({ messages: text, threadId: 't', resourceId: 'ann' })
  await save('hello')
  const before = await spaces()
  for (let n = 0; n < 40; n++) await save(`message number ${n} of many that are in no segment`)
  const saved = await spaces()
  // An object, and a number for each term.
  expect(saved - before).toBeGreaterThan(40 * 200)
  await memory.space('resource/ann').recall('message')
  expect((await spaces()) - saved).toBeGreaterThan(40 * 100)
  await memory.forget({ resourceId: 'ann', threadId: 't' })
  await memory.settled()
  expect(await spaces()).toBeLessThan(saved)
})

it('shows that they keep to their budget', async () => {
  const memory = open()
  const team = memory.team('acme')
  for (let n = 0; n < 150; n++) {
    await team.write(`key-${n}`, 'x'.repeat(20_000))
    await memory.team(`team-${n}`).write('key', 1)
    // What a transaction reads or writes is kept until the next one makes room.
    expect((await memory.stats()).cache.bytes).toBeLessThan(limitBytes + 50_000)
  }
  expect((await memory.stats()).cache.bytes).toBeGreaterThan(limitBytes / 4)
})

it('is refused once the memory is closed', async () => {
  const memory = open()
  await memory.close()
  await expect(memory.stats()).rejects.toMatchObject({ code: 'closed' })
})

it('keeps the vectors of questions, the newest within a bound, and asks the embedder for each only once', async () => {
  const asked: string[] = []
  const scripted = scriptedEmbedder()
  const embedder: Embedder = {
    ...scripted,
    embed(texts, options) {
      if (options?.purpose === 'query') asked.push(...texts)
      return scripted.embed(texts, options)
    },
  }
  await using memory = new Memory({ storage: ':memory:', embedder, limits: { cacheBytes: limitBytes } })
  await memory.saveMessages({ messages: ['The car is red'], resourceId: 'alice', threadId: 't' })
  await memory.settled()
  const ask = (query: string) => memory.recall({ resourceId: 'alice', query })
  const first = await ask('red car')
  expect((await ask('red car')).items).toEqual(first.items)
  expect(asked).toEqual(['red car'])
  for (let n = 0; n < 60; n++) await ask(`red car ${n}`)
  const { bytes, limitBytes: most } = (await memory.stats()).questions
  expect(bytes).toBeGreaterThan(most / 2)
  expect(bytes).toBeLessThanOrEqual(most)
  await ask('red car 59')
  expect(asked).toHaveLength(61)
  // The oldest one went to make room.
  await ask('red car')
  expect(asked).toHaveLength(62)
})
