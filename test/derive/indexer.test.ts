// The indexer behind a memory: who gets vectors, when, and what happens if the embedder fails, hangs or is another one.

import { type Embedder, Memory, type MemoryOptions, SQLiteStore, type Storage } from 'aquifer'
import { type ScriptedEmbedderOptions, scriptedEmbedder } from 'aquifer/testing'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { Indexer } from '../../src/derive/indexer.ts'
import { paced } from '../../src/derive/pace.ts'
import type { ReindexProgress } from '../../src/derive/reindex.ts'
import type { Access } from '../../src/domain/actor.ts'
import type { SpaceId } from '../../src/domain/id.ts'
import { vectorRecordAt } from '../../src/domain/index/vector-segment.ts'
import { coreOf } from '../../src/facade/conversations.ts'
import { openStore } from '../../src/open.ts'
import { checkIndex } from '../../src/testing/contract/check-index.ts'
import { ManualClock, minute, openMemory, temporaryUrl } from '../memory/opened.ts'

const access: Access = { actor: { kind: 'system', id: 'test' }, grants: 'all' }
const alice = 'resource/alice' as SpaceId
const where = { resourceId: 'alice', threadId: 't' }
const about = { resourceId: 'alice', query: 'anything', mode: 'vector', topK: 1_000 } as const
const done = { pendingSpaces: 0, failed: 0, degraded: null, error: null }

/** How many vectors each record of a space has, by embedder. */
async function countVectors(storage: Storage, space: SpaceId = alice): Promise<Record<string, number[]>> {
  await checkIndex(storage, access, space)
  const counts: Record<string, number[]> = {}
  for (const { fingerprint } of await storage.vectors.embeddings(access)) {
    const { vectors } = await storage.index.scan(access, space, fingerprint)
    const rows = vectors.flatMap((segment) =>
      Array.from({ length: segment.count }, (_, i) => vectorRecordAt(segment, i)),
    )
    counts[fingerprint] = rows.map((record) => record.vectors.length)
  }
  return counts
}

const storageOf = async (memory: Memory) => coreOf(memory).storage.get()

/** A memory in the background of which vectors are made only when it is asked to settle. */
function openWith(options: ScriptedEmbedderOptions = {}, more: MemoryOptions = {}) {
  const embedder = scriptedEmbedder({ dimensions: 16, ...options })
  return { embedder, memory: openMemory({ embedder, ...more }) }
}

/** An embedder that stops at a text until it is let go on; `reached` resolves when it gets there. */
function stoppingAt(text: string, inner: Embedder) {
  const reached = Promise.withResolvers<void>()
  const released = Promise.withResolvers<void>()
  const embed: Embedder['embed'] = async (asked, options) => {
    if (asked.includes(text)) {
      reached.resolve()
      await released.promise
    }
    return inner.embed(asked, options)
  }
  return { embedder: { ...inner, embed }, reached: reached.promise, release: released.resolve }
}

const texts = (count: number, prefix = 'text') => Array.from({ length: count }, (_, i) => `${prefix} number ${i}`)
const embedded = (embedder: ReturnType<typeof scriptedEmbedder>) =>
  embedder.calls.filter(({ purpose }) => purpose === 'record').flatMap((call) => call.texts)

describe('every record', () => {
  it('gets one set of vectors, of its present content, and loses it with its content', async () => {
    const { memory, embedder } = openWith()
    const { messages } = await memory.saveMessages({ ...where, messages: texts(70) })
    await memory.settled()
    const storage = await storageOf(memory)
    expect(await countVectors(storage)).toEqual({ 'scripted/1/16': texts(70).map(() => 1) })
    expect(embedded(embedder)).toEqual(texts(70))
    const edits = messages.slice(0, 3).map(({ id }, i) => ({ id, content: `changed ${i}` }))
    await memory.updateMessages({ messages: edits })
    await memory.deleteMessages(messages.slice(3, 13))
    expect((await countVectors(storage))['scripted/1/16']).toHaveLength(57)
    expect(await memory.settled()).toEqual(done)
    expect((await countVectors(storage))['scripted/1/16']).toHaveLength(60)
    expect(embedded(embedder).slice(70)).toEqual(['changed 0', 'changed 1', 'changed 2'])
    await memory.settled()
    expect(embedded(embedder)).toHaveLength(73)
    await memory.deleteThread(where)
    expect(await countVectors(storage)).toEqual({ 'scripted/1/16': [] })
  })

  it('gets them whatever its kind and space', async () => {
    const { memory, embedder } = openWith()
    const { messages } = await memory.saveMessages({ ...where, messages: 'said' })
    await memory.team('acme').write('key', { a: 'value' })
    await memory.space('agent/a').commit([{ kind: 'fact-assert', unique: 'f', text: 'a fact' }])
    await memory.settled()
    expect(embedded(embedder).toSorted()).toEqual(['a fact', 'key a value', 'said'])
    await memory.team('acme').write('key', { a: 'other' })
    await memory.updateMessages({ messages: [{ id: messages[0]?.id ?? '', content: 'said otherwise' }] })
    await memory.settled()
    expect(embedded(embedder).slice(3).toSorted()).toEqual(['key a other', 'said otherwise'])
    for (const space of ['resource/alice', 'team/acme', 'agent/a'] as SpaceId[]) {
      expect(await countVectors(await storageOf(memory), space)).toEqual({ 'scripted/1/16': [1] })
    }
  })

  it('has several vectors if it is long, all of them at once', async () => {
    const { memory, embedder } = openWith({ maxWords: 20, batchSize: 4 })
    const long = Array.from({ length: 40 }, (_, i) => `Sentence ${i} is about the letter ${i}.`).join(' ')
    await memory.saveMessages({ ...where, messages: ['short', long, 'also short'] })
    await memory.settled()
    const [first, middle, last] = (await countVectors(await storageOf(memory)))['scripted/1/16'] ?? []
    expect([first, last]).toEqual([1, 1])
    expect(middle).toBe(embedded(embedder).length - 2)
    expect(middle).toBeGreaterThan(10)
    expect(embedder.calls.some((call) => call.texts.length > 4)).toBe(true)
  })

  it('that is changed or deleted while it is embedded has no vectors of what it was', async () => {
    const { embedder, reached, release } = stoppingAt('text number 1', scriptedEmbedder({ dimensions: 16 }))
    const memory = openMemory({ embedder })
    const { messages } = await memory.saveMessages({ ...where, messages: texts(4) })
    const settled = memory.settled()
    await reached
    await memory.updateMessages({ messages: [{ id: messages[1]?.id ?? '', content: 'changed' }] })
    await memory.deleteMessages(messages[2]?.id ?? '')
    release()
    expect(await settled).toEqual(done)
    expect(await countVectors(await storageOf(memory))).toEqual({ 'scripted/1/16': [1, 1, 1] })
    expect((await memory.recall(about)).pending).toBe(0)
  })

  it('that expired before it was embedded holds up nothing', async () => {
    const clock = new ManualClock()
    const { memory } = openWith({}, { clock })
    const expiresAt = new Date(clock.ms + minute).toISOString()
    await memory.space(alice).commit([{ kind: 'fact-assert', unique: 'f', text: 'a fact', expiresAt }])
    await memory.saveMessages({ ...where, messages: 'said' })
    clock.pass(2 * minute)
    expect(await memory.settled()).toEqual(done)
    expect((await memory.recall(about)).pending).toBe(0)
  })
})

describe('a record that fails', () => {
  const poisoned: ScriptedEmbedderOptions = {
    batchSize: 8,
    fail: (call) => (call.texts.some((text) => text.includes('poison')) ? new Error('unreadable') : undefined),
  }

  it('is tried alone, passed over after five attempts, and holds up no other', async () => {
    const { memory, embedder } = openWith(poisoned)
    const messages = texts(20)
    messages[5] = 'poison'
    await memory.saveMessages({ ...where, messages })
    await memory.saveMessages({ ...where, resourceId: 'bob', messages: texts(3) })
    expect(await memory.settled()).toEqual({ ...done, failed: 1 })
    const alone = embedder.calls.filter((call) => call.texts.length === 1 && call.texts[0] === 'poison')
    expect(alone.length).toBeGreaterThanOrEqual(5)
    expect(alone.length).toBeLessThanOrEqual(10)
    expect((await countVectors(await storageOf(memory)))['scripted/1/16']).toHaveLength(19)
    expect(await memory.recall(about)).toMatchObject({ pending: 1, degraded: [] })
    const asked = embedder.calls.length
    await memory.saveMessages({ ...where, messages: 'one more' })
    expect(await memory.settled()).toEqual({ ...done, failed: 1 })
    expect(embedder.calls.slice(asked).flatMap((call) => call.texts)).toEqual(['one more'])
  })

  it('is tried again after pauses, each longer than the one before', async () => {
    const readable = { fromMs: Number.POSITIVE_INFINITY }
    const fail: ScriptedEmbedderOptions['fail'] = (call) => {
      if (!call.texts.includes('late')) return
      readable.fromMs = Math.min(readable.fromMs, performance.now() + 400)
      return performance.now() < readable.fromMs ? new Error('not yet') : undefined
    }
    const { memory } = openWith({ fail })
    await memory.saveMessages({ ...where, messages: ['one', 'late', 'three'] })
    expect(await memory.settled()).toEqual(done)
    expect((await memory.recall(about)).pending).toBe(0)
  })

  it('gets its vectors once its content is another, and by a memory that can read it', async () => {
    const storage = temporaryUrl()
    const { memory } = openWith(poisoned, { storage })
    const { messages } = await memory.saveMessages({ ...where, messages: ['poison one', 'poison two'] })
    expect(await memory.settled()).toEqual({ ...done, failed: 2 })
    await memory.updateMessages({ messages: [{ id: messages[0]?.id ?? '', content: 'cured' }] })
    await memory.settled()
    expect((await memory.recall(about)).pending).toBe(1)
    await memory.close()
    const other = openWith({}, { storage }).memory
    await other.saveMessages({ ...where, messages: 'one more' })
    expect(await other.settled()).toEqual(done)
    expect((await other.recall(about)).pending).toBe(0)
  })

  it('by an answer that is no vector, is passed over as one that fails', async () => {
    const answer: ScriptedEmbedderOptions['answer'] = (vectors, call) =>
      vectors.map((vector, i) => (call.texts[i] === 'odd' ? [...vector].fill(Number.NaN) : vector))
    const { memory } = openWith({ answer })
    await memory.saveMessages({ ...where, messages: ['fine', 'odd', 'fine too'] })
    expect(await memory.settled()).toEqual({ ...done, failed: 1 })
    expect((await countVectors(await storageOf(memory)))['scripted/1/16']).toEqual([1, 1])
  })
})

it('lets others have their turn between spaces, however quick the embedder is', async () => {
  const { memory } = openWith()
  const spaces = 20
  for (let n = 0; n < spaces; n++) await memory.saveMessages({ ...where, resourceId: `r${n}`, messages: texts(2) })
  let turns = 0
  let isOver = false
  const count = () => {
    turns += 1
    if (!isOver) setImmediate(count)
  }
  setImmediate(count)
  expect(await memory.settled()).toEqual(done)
  isOver = true
  expect(turns).toBeGreaterThan(spaces)
})

describe('an embedder that is down', () => {
  it('counts no attempts, is named, and is caught up with', async () => {
    let isDown = true
    const error = new Error('no connection')
    const { memory } = openWith({ fail: () => (isDown ? error : undefined) })
    await memory.saveMessages({ ...where, messages: texts(5) })
    for (let i = 0; i < 7; i++) {
      expect(await memory.settled()).toEqual({ pendingSpaces: 1, failed: 0, degraded: 'embedder-failed', error })
    }
    expect((await memory.recall(about)).degraded).toEqual(['embedder-failed'])
    expect((await memory.recall({ ...about, query: 'number 3', mode: 'hybrid' })).items[0]?.text).toBe(texts(5)[3])
    isDown = false
    expect(await memory.settled()).toEqual(done)
    expect((await memory.recall(about)).pending).toBe(0)
  })

  it('answers wrong dimensions, or too few vectors: nothing of it is stored', async () => {
    for (const answer of [() => [[1, 2, 3]], (vectors: readonly unknown[]) => vectors.slice(1)] as NonNullable<
      ScriptedEmbedderOptions['answer']
    >[]) {
      const { memory } = openWith({ answer })
      await memory.saveMessages({ ...where, messages: texts(3) })
      expect(await memory.settled()).toMatchObject({ pendingSpaces: 1, failed: 0, degraded: 'embedder-failed' })
      expect(await countVectors(await storageOf(memory))).toEqual({ 'scripted/1/16': [] })
    }
  })

  it('leaves the work to a memory whose embedder works', async () => {
    const storage = temporaryUrl()
    const down = openWith({ fail: () => new Error('no key') }, { storage }).memory
    await down.saveMessages({ ...where, messages: texts(5) })
    expect(await down.settled()).toMatchObject({ degraded: 'embedder-failed' })
    const works = openWith({}, { storage }).memory
    expect(await works.settled()).toEqual(done)
    expect((await works.recall(about)).pending).toBe(0)
  })
})

describe('an embedder that never answers', () => {
  const silent = (): Embedder => ({ ...scriptedEmbedder({ dimensions: 16 }), embed: () => new Promise(() => {}) })

  it('holds up neither writes nor closing, whether it listens to its signal or not', async () => {
    for (const embedder of [silent(), scriptedEmbedder({ dimensions: 16, delayMs: 3_600_000 })]) {
      const asked = vi.spyOn(embedder, 'embed')
      const memory = new Memory({ storage: ':memory:', embedder })
      const saved = await memory.saveMessages({ ...where, messages: texts(5) })
      await expect.poll(() => asked.mock.calls.length).toBeGreaterThan(0)
      await memory.saveMessages({ ...where, messages: texts(5) })
      expect((await memory.recall({ ...about, mode: 'keyword', query: 'text number 3' })).messages).toHaveLength(10)
      expect(saved.messages).toHaveLength(5)
      const settled = memory.settled()
      await memory.close()
      await settled.catch(() => {})
    }
  })
})

describe('in the background', () => {
  it('vectors follow by themselves, also of what another memory wrote', async () => {
    const storage = temporaryUrl()
    const { memory } = openWith({}, { storage, background: true })
    await memory.saveMessages({ ...where, messages: texts(5) })
    await expect.poll(async () => (await memory.recall(about)).pending).toBe(0)
    const writer = openMemory({ storage })
    await writer.saveMessages({ ...where, messages: texts(5, 'written elsewhere') })
    await expect.poll(() => memory.recall(about)).toMatchObject({ pending: 0, trace: { inScope: 10 } })
  })

  it('nothing happens with background: false until it is asked to settle', async () => {
    const { memory, embedder } = openWith()
    await memory.saveMessages({ ...where, messages: texts(5) })
    await new Promise((resolve) => setTimeout(resolve, 1_300))
    expect(embedder.calls).toEqual([])
    await memory.settled()
    expect(embedded(embedder)).toHaveLength(5)
  })

  it('nothing is left for later without an embedder, and one that comes later does it all', async () => {
    const storage = temporaryUrl()
    const without = openMemory({ storage })
    await without.saveMessages({ ...where, messages: texts(40) })
    await without.close()
    const { memory } = openWith({}, { storage })
    expect((await memory.recall(about)).pending).toBe(40)
    expect(await memory.settled()).toEqual(done)
    expect((await memory.recall(about)).pending).toBe(0)
  })
})

it('two memories on one file share the work', async () => {
  const storage = temporaryUrl()
  const [one, two] = [openWith({ delayMs: 3 }, { storage }), openWith({ delayMs: 3 }, { storage })]
  for (let i = 0; i < 30; i++) {
    await one.memory.saveMessages({ ...where, resourceId: `user-${i}`, messages: texts(4, `of ${i}`) })
  }
  const settled = await Promise.all([one.memory.settled(), two.memory.settled()])
  expect(settled).toEqual([done, done])
  const all = [...embedded(one.embedder), ...embedded(two.embedder)].toSorted()
  expect(all).toEqual(
    Array.from({ length: 30 }, (_, i) => texts(4, `of ${i}`))
      .flat()
      .toSorted(),
  )
  expect(Math.min(embedded(one.embedder).length, embedded(two.embedder).length)).toBeGreaterThan(0)
  const counts = await countVectors(await storageOf(two.memory), 'resource/user-7' as SpaceId)
  expect(counts).toEqual({ 'scripted/1/16': [1, 1, 1, 1] })
})

describe('another embedder', () => {
  /** A file whose vectors the embedder `old` made. */
  async function openOld() {
    const storage = temporaryUrl()
    const old = openWith({ id: 'old' }, { storage })
    await old.memory.saveMessages({ ...where, messages: texts(40) })
    await old.memory.saveMessages({ ...where, resourceId: 'bob', messages: texts(3) })
    await old.memory.settled()
    return { storage, old }
  }

  it('makes no vectors unasked, and leaves those of the first in use', async () => {
    const { storage, old } = await openOld()
    const { memory, embedder } = openWith({ id: 'new' }, { storage })
    await memory.saveMessages({ ...where, messages: 'one more' })
    expect(await memory.settled()).toMatchObject({ degraded: 'embedder-mismatch', pendingSpaces: 1 })
    expect(await memory.recall(about)).toMatchObject({ degraded: ['embedder-mismatch'] })
    expect(embedder.calls).toEqual([])
    expect(await old.memory.settled()).toEqual(done)
    expect(await old.memory.recall(about)).toMatchObject({ degraded: [], pending: 0, trace: { inScope: 41 } })
  })

  it('re-indexes with progress while the old vectors serve, then takes their place', async () => {
    const { storage, old } = await openOld()
    const { memory } = openWith({ id: 'new', dimensions: 8 }, { storage })
    const steps: ReindexProgress[] = []
    const during: Promise<unknown>[] = []
    const onProgress = (progress: ReindexProgress) => {
      steps.push(progress)
      if (steps.length === 1) during.push(old.memory.recall(about), memory.recall(about))
      if (steps.length === 2)
        during.push(old.memory.saveMessages({ ...where, resourceId: 'cleo', messages: 'meanwhile' }))
    }
    const reindexed = memory.reindex({ onProgress })
    expect(await memory.settled()).toEqual(done)
    await reindexed
    const [first, second] = await Promise.all(during)
    expect(await memory.settled()).toEqual(done)
    expect(first).toMatchObject({ degraded: [], pending: 0 })
    expect(second).toMatchObject({ degraded: ['embedder-mismatch'] })
    expect(steps[0]).toEqual({ spacesDone: 0, spaces: 2, records: 0 })
    expect(steps.filter(({ spacesDone }) => spacesDone === 0).map(({ records }) => records)).toEqual([0, 32, 40])
    expect(steps.at(-1)).toMatchObject({ spacesDone: 2, spaces: 2, records: 43 })
    expect(steps.map(({ records }) => records)).toEqual(steps.map(({ records }) => records).sort((a, b) => a - b))
    for (const resourceId of ['alice', 'bob', 'cleo']) {
      expect(await memory.recall({ ...about, resourceId })).toMatchObject({ degraded: [], pending: 0 })
      expect(await old.memory.recall({ ...about, resourceId })).toMatchObject({ degraded: ['embedder-mismatch'] })
    }
    expect(Object.keys(await countVectors(await storageOf(memory)))).toEqual(['new/8'])
    await memory.saveMessages({ ...where, messages: 'after' })
    await memory.settled()
    expect((await memory.recall(about)).pending).toBe(0)
  })

  it('re-indexes what is written, and embedded by the old one, to a space that it was through with', async () => {
    const { storage, old } = await openOld()
    const ofBob = 'bob is asked last'
    await old.memory.saveMessages({ ...where, resourceId: 'bob', messages: ofBob })
    await old.memory.settled()
    const { embedder, reached, release } = stoppingAt(ofBob, scriptedEmbedder({ id: 'new', dimensions: 16 }))
    const memory = openMemory({ embedder, storage })
    const reindexed = memory.reindex()
    await reached
    await old.memory.saveMessages({ ...where, messages: 'meanwhile' })
    expect(await old.memory.settled()).toEqual(done)
    release()
    await reindexed
    expect(await memory.recall(about)).toMatchObject({ degraded: [], pending: 0, trace: { inScope: 41 } })
  })

  it('goes on with a re-index that was left, though nothing else is to be done, and reports it to whoever asks', async () => {
    const { storage } = await openOld()
    const first = openWith({ id: 'new', delayMs: 20, batchSize: 4 }, { storage, background: true })
    const begun = Promise.withResolvers<void>()
    const reindexed = first.memory.reindex({ onProgress: ({ records }) => records > 0 && begun.resolve() })
    const failure = expect(reindexed).rejects.toMatchObject({ code: 'closed' })
    await begun.promise
    await first.memory.close()
    await failure
    const inner = scriptedEmbedder({ id: 'new', dimensions: 16 })
    const { embedder, reached, release } = stoppingAt('text number 39', inner)
    const memory = openMemory({ embedder, storage })
    const steps: ReindexProgress[] = []
    const settled = memory.settled()
    await reached
    const asked = memory.reindex({ onProgress: (progress) => steps.push(progress) })
    release()
    await asked
    expect(await settled).toEqual(done)
    expect(steps.length).toBeGreaterThan(0)
    expect(embedded(inner).length).toBeLessThan(43)
    expect(await memory.recall(about)).toMatchObject({ degraded: [], pending: 0 })
  })

  it('goes on by itself with a re-index that was left', async () => {
    const { storage, old } = await openOld()
    const vectors = (await storageOf(old.memory)).vectors
    await vectors.addEmbedding(access, { fingerprint: 'new/16', dimensions: 16 })
    expect(await old.memory.settled()).toEqual(done)
    const { memory } = openWith({ id: 'new' }, { storage })
    expect(await memory.settled()).toEqual(done)
    expect(await memory.recall(about)).toMatchObject({ degraded: [], pending: 0 })
  })

  it('that fails ends its re-index with its own error, and the old vectors stay', async () => {
    const { storage, old } = await openOld()
    const error = new Error('no key')
    const { memory } = openWith({ id: 'new', fail: ({ number }) => (number > 1 ? error : undefined) }, { storage })
    await expect(memory.reindex()).rejects.toBe(error)
    expect(await memory.settled()).toMatchObject({ degraded: 'embedder-mismatch', error })
    expect(await old.memory.recall(about)).toMatchObject({ degraded: [], pending: 0 })
  })

  it('passes over what it cannot take, and is used all the same', async () => {
    const { storage } = await openOld()
    const { memory } = openWith(
      { id: 'new', fail: (call) => (call.texts.some((text) => text.endsWith(' 7')) ? new Error('odd') : undefined) },
      { storage },
    )
    await memory.reindex()
    expect(await memory.settled()).toEqual({ ...done, failed: 1 })
    expect(await memory.recall(about)).toMatchObject({ degraded: [], pending: 1 })
  })
})

it('closes the embedder that only it uses', async () => {
  for (const ownsEmbedder of [true, false]) {
    const { storage, release } = await openStore(new SQLiteStore({ url: ':memory:' }))
    onTestFinished(() => release())
    const embedder = scriptedEmbedder()
    const indexer = new Indexer({
      storage,
      embedder: paced(embedder, 100_000),
      owner: 'o',
      background: true,
      ownsEmbedder,
    })
    await indexer.stop()
    const isClosed = await embedder.embed(['a']).then(
      () => false,
      () => true,
    )
    expect(isClosed).toBe(ownsEmbedder)
  }
})
