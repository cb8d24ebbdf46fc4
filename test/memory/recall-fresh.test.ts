// Right the first time: a recall right after a write, a model that is still being loaded, and what a recall hands on.
import { describe, expect, it, onTestFinished } from 'vitest'
import { Memory, type MemoryOptions } from '../../src/index.ts'
import { scriptedEmbedder } from '../../src/testing/scripted-embedder.ts'

const userId = 'alice'
const query = 'Which automobile?'

function open(options: MemoryOptions): Memory {
  const memory = new Memory({ storage: ':memory:', background: false, ...options })
  onTestFinished(() => memory.close())
  return memory
}

/** It takes its time until `load` is called, as a model does that is being loaded. */
function loadingEmbedder() {
  const loaded = Promise.withResolvers<void>()
  const scripted = scriptedEmbedder({ meanings: { automobile: 'car' } })
  const { id, dimensions, maxWords, batchSize } = scripted
  const embedder = {
    ...{ id, dimensions, maxWords, batchSize },
    async embed(...call: Parameters<typeof scripted.embed>) {
      await loaded.promise
      return scripted.embed(...call)
    },
  }
  return { embedder, scripted, load: loaded.resolve }
}

describe('records that were written a moment ago', () => {
  it('are compared by their meaning, and their vectors are stored by the indexer', async () => {
    const embedder = scriptedEmbedder({ meanings: { automobile: 'car' } })
    const memory = open({ embedder })
    for (const text of ['The weather is fine', 'Bob has a car', 'Tea is ready'])
      await memory.facts.add(text, { userId, infer: false })
    const found = await memory.facts.search('automobile', { userId })
    expect(found).toMatchObject({ pending: 0, degraded: [] })
    expect(found.results[0]).toMatchObject({ memory: 'Bob has a car', matched: [] })
    expect(found.results[0]?.similarity).toBeGreaterThan(0.3)
    const made = embedder.calls.length
    expect(await memory.settled()).toMatchObject({ pendingSpaces: 0, failed: 0 })
    expect(embedder.calls).toHaveLength(made)
    const again = await memory.facts.search('automobile', { userId })
    expect(again.results.map(({ id }) => id)).toEqual(found.results.map(({ id }) => id))
    // Neither for the record, nor for the question, which was asked before.
    expect(embedder.calls).toHaveLength(made)
  })

  it('wait for the indexer where there are many, and where no time is given', async () => {
    const many = open({ embedder: scriptedEmbedder() })
    const messages = Array.from({ length: 65 }, (_, i) => `Number ${i}`)
    await many.saveMessages({ resourceId: userId, threadId: 't', messages })
    expect(await many.recall({ resourceId: userId, query })).toMatchObject({ pending: 65 })
    const none = open({ embedder: scriptedEmbedder(), recall: { freshMs: 0 } })
    await none.facts.add('Bob has a car', { userId, infer: false })
    expect(await none.facts.search(query, { userId })).toMatchObject({ pending: 1 })
  })

  it('are found by their words if their vectors fail, and nothing is degraded by it', async () => {
    const fail = ({ texts }: { readonly texts: readonly string[] }) =>
      texts.includes('Bob has a car') ? new Error('This text is refused.') : undefined
    const memory = open({ embedder: scriptedEmbedder({ fail }) })
    await memory.facts.add('Bob has a car', { userId, infer: false })
    const found = await memory.facts.search('a car', { userId })
    expect(found).toMatchObject({ pending: 1, degraded: [] })
    expect(found.results.map(({ memory: text }) => text)).toEqual(['Bob has a car'])
  })

  it('are never compared by what was edited meanwhile', async () => {
    const memory = open({ embedder: scriptedEmbedder({ meanings: { automobile: 'car' } }) })
    const where = { resourceId: userId, threadId: 't' }
    const { messages } = await memory.saveMessages({ ...where, messages: ['Bob has a car', 'Tea'] })
    await memory.recall({ resourceId: userId, query })
    await memory.updateMessages({ messages: [{ id: messages[0]?.id ?? '', content: 'Bob has a boat' }] })
    await memory.settled()
    const found = await memory.recall({ resourceId: userId, query: 'automobile', gate: 'off' })
    expect(found).toMatchObject({ pending: 0 })
    expect(found.items.every(({ similarity }) => (similarity ?? 1) < 0.3)).toBe(true)
  })
})

describe('a model that is being loaded', () => {
  it('is waited for, and no longer than loadMs; later recalls use it', async () => {
    const { embedder, load } = loadingEmbedder()
    const memory = open({ embedder, recall: { loadMs: 1 } })
    await memory.facts.add('Bob has a car', { userId, infer: false })
    const early = await memory.facts.search('the car', { userId })
    expect(early).toMatchObject({ degraded: ['embedder-loading'], pending: 1 })
    expect(early.results.map(({ memory: text }) => text)).toEqual(['Bob has a car'])
    load()
    await memory.warmUp()
    const late = await memory.facts.search('automobile', { userId })
    expect(late).toMatchObject({ degraded: [], pending: 0, results: [{ memory: 'Bob has a car' }] })
  })

  it('is loaded by warmUp, which does nothing without an embedder', async () => {
    const { embedder, scripted, load } = loadingEmbedder()
    load()
    await open({ embedder }).warmUp()
    expect(scripted.calls).toHaveLength(1)
    await expect(open({ embedder: false }).warmUp()).resolves.toBeUndefined()
  })
})

describe('the waits of a recall', () => {
  it.each([{ loadMs: -1 }, { loadMs: 1.5 }, { freshMs: 60_001 }, { freshMs: '5' }, { sometime: 1 }, 3])(
    'are whole milliseconds up to a minute, not %j',
    (recall) => {
      expect(() => open({ recall: recall as never })).toThrow(expect.objectContaining({ code: 'invalid-input' }))
    },
  )
})
