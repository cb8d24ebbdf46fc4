// What a recall lacks it says: whatever the embedder does, the words are searched and nothing is lost.
import type { Embedder, Memory } from 'aquifer'
import { type ScriptedEmbedderOptions, scriptedEmbedder } from 'aquifer/testing'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { openMemory, temporaryUrl } from './opened.ts'

const where = { resourceId: 'alice', threadId: 't' }
const about = { resourceId: 'alice', query: 'Which refund?' }
const said = ['The refund is late', 'We met in Vienna', 'She paints landscapes']

afterEach(() => vi.restoreAllMocks())

/** A memory whose messages have their vectors. */
async function openSettled(embedder: Embedder, storage = ':memory:', limits = {}): Promise<Memory> {
  const memory = openMemory({ embedder, storage, limits })
  await memory.saveMessages({ ...where, messages: said })
  await memory.settled()
  return memory
}

async function expectWordsOnly(memory: Memory, reason: string, pending = 0): Promise<void> {
  const found = await memory.recall(about)
  expect(found).toMatchObject({ degraded: [reason], pending, trace: { legs: ['keyword'], inScope: said.length } })
  expect(found.items[0]?.text).toBe(said[0])
  expect(found.items.every(({ scores }) => scores.vector === 0)).toBe(true)
}

it('says that there is no embedder', async () => {
  const memory = openMemory()
  await memory.saveMessages({ ...where, messages: said })
  await expectWordsOnly(memory, 'no-embedder')
  expect(await memory.settled()).toEqual({ pendingSpaces: 0, failed: 0, degraded: 'no-embedder', error: null })
  await expect(memory.reindex()).rejects.toMatchObject({ code: 'unsupported', details: { field: 'embedder' } })
})

describe('says that the embedder failed at the question', () => {
  const forQueries = (damage: NonNullable<ScriptedEmbedderOptions['answer']>): ScriptedEmbedderOptions => ({
    answer: (vectors, call) => (call.purpose === 'query' ? damage(vectors, call) : vectors),
  })
  it.each<[string, ScriptedEmbedderOptions]>([
    ['which it refuses', { fail: ({ purpose }) => (purpose === 'query' ? new Error('down') : undefined) }],
    ['with a vector too short', forQueries(() => [[1, 2, 3]])],
    ['with NaN', forQueries(([first]) => [[...(first ?? [])].fill(Number.NaN, 0, 1)])],
    ['with infinity', forQueries(([first]) => [[...(first ?? [])].fill(Number.POSITIVE_INFINITY, 5, 6)])],
    ['with zeros', forQueries(([first]) => [new Float32Array(first?.length ?? 0)])],
    ['with too few vectors', forQueries(() => [])],
    ['with no list', forQueries(() => 'vectors' as never)],
  ])('%s', async (_, options) => {
    const memory = await openSettled(scriptedEmbedder(options))
    await expectWordsOnly(memory, 'embedder-failed')
    await memory.saveMessages({ ...where, messages: 'And a second refund' })
    expect((await memory.recall(about)).pending).toBe(1)
    expect(await memory.settled()).toMatchObject({ degraded: null })
  })

  it('which it never answers, whether it listens to its signal or not', async () => {
    let isHanging = false
    const inner = scriptedEmbedder()
    const never = new Promise<never>(() => {})
    const embedder: Embedder = { ...inner, embed: (...call) => (isHanging ? never : inner.embed(...call)) }
    const memory = await openSettled(embedder, undefined, { embedTimeoutMs: 20 })
    isHanging = true
    await expectWordsOnly(memory, 'embedder-failed')
  })
})

describe('says that the vectors are of another embedder', () => {
  it('by its id, by its dimensions, and by dimensions that show only when it is asked', async () => {
    const storage = temporaryUrl()
    await (await openSettled(scriptedEmbedder({ id: 'a' }), storage)).close()
    const unknown: Embedder = { ...scriptedEmbedder({ id: 'a', dimensions: 32 }), dimensions: null }
    const others = [scriptedEmbedder({ id: 'b' }), scriptedEmbedder({ id: 'a', dimensions: 32 }), unknown]
    for (const embedder of others) {
      const memory = openMemory({ embedder, storage })
      await expectWordsOnly(memory, 'embedder-mismatch')
      await expectWordsOnly(memory, 'embedder-mismatch')
      expect(await memory.settled()).toMatchObject({ degraded: 'embedder-mismatch', pendingSpaces: 0 })
      expect((await memory.recall({ ...about, mode: 'keyword' })).degraded).toEqual([])
      await memory.close()
    }
    const same: Embedder = { ...scriptedEmbedder({ id: 'a' }), dimensions: null }
    const found = await openMemory({ embedder: same, storage }).recall(about)
    expect(found).toMatchObject({ degraded: [], pending: 0 })
    expect(found.trace.legs).toContain('vector')
  })
})

describe('a question that is long', () => {
  it('is cut, and says so', async () => {
    const embedder = scriptedEmbedder({ maxWords: 20 })
    const memory = await openSettled(embedder)
    const query = `refund ${'and so on '.repeat(10_000)}`
    const found = await memory.recall({ ...about, query })
    expect(found).toMatchObject({ degraded: ['query-cut'], pending: 0 })
    expect(found.items[0]?.text).toBe(said[0])
    expect(found.trace.question).toBe(query.slice(0, 10_000))
    expect(await memory.recall({ ...about, query: query.slice(0, 10_000) })).toMatchObject({ degraded: [] })
    const pieces = embedder.calls.filter(({ purpose }) => purpose === 'query').flatMap(({ texts }) => texts)
    expect(Math.max(...pieces.map((piece) => piece.split(' ').length))).toBeLessThanOrEqual(30)
  })

  it('is embedded in all its pieces', async () => {
    const memory = await openSettled(scriptedEmbedder({ maxWords: 8, dimensions: 256 }))
    const query = `Some spoke for a very long time about nothing at all. ${said[1]}. And nothing came of it at the end, as ever.`
    const found = await memory.recall({ ...about, query, mode: 'vector' })
    expect(found.items[0]?.text).toBe(said[1])
  })

  it('is never cut through a character', async () => {
    const embedder = scriptedEmbedder()
    const memory = await openSettled(embedder)
    const query = `${'a'.repeat(9_999)}😀 refund`
    const found = await memory.recall({ ...about, query })
    expect(found.trace.question.isWellFormed()).toBe(true)
    expect(embedder.calls.every(({ texts }) => texts.every((text) => text.isWellFormed()))).toBe(true)
    expect((await memory.recall({ ...about, query: 'refund \ud83d' })).items[0]?.text).toBe(said[0])
  })
})

it('says all that it lacks', async () => {
  const memory = await openSettled(
    scriptedEmbedder({ fail: ({ purpose }) => (purpose === 'query' ? new Error('down') : undefined) }),
  )
  const found = await memory.recall({ ...about, query: `refund ${'x '.repeat(10_000)}` })
  expect(found.degraded.toSorted()).toEqual(['embedder-failed', 'query-cut'])
})
