// Nothing brings back what was forgotten: a late embedder, a late extraction, a running turn, a retried commit.

import { spaceId } from 'aquifer'
import { scriptedEmbedder } from 'aquifer/testing'
import { describe, expect, it } from 'vitest'
import { quantise } from '../../src/domain/index/vector-segment.ts'
import { coreOf } from '../../src/facade/conversations.ts'
import { drainQueued } from '../../src/memory/facts/infer.ts'
import { checkIndex } from '../../src/testing/contract/check-index.ts'
import { factsOf, infer, inferring, textsIn } from '../memory/inferring.ts'
import { openMemory, refused, temporaryUrl } from '../memory/opened.ts'
import { foundIn, pathOf, Secrets } from './planted.ts'
import { embeddedIn, orphansIn } from './scans.ts'

const access = { actor: { kind: 'system', id: 'app' }, grants: 'all' } as const
const alice = spaceId('resource', 'alice')
const where = { resourceId: 'alice', threadId: 't' }

describe('a late embedder', () => {
  it('stores no vectors of what was erased while it worked, nor of a space that was made anew', async () => {
    const url = temporaryUrl()
    const embedder = scriptedEmbedder({ dimensions: 16, delayMs: 150 })
    const memory = openMemory({ storage: url, embedder, background: true })
    const { messages } = await memory.saveMessages({ ...where, messages: ['one', 'two', 'three'] })
    await expect.poll(() => embedder.calls.some(({ texts }) => texts.includes('two'))).toBe(true)
    await memory.forget({ messageIds: [messages[1]?.id ?? ''] })
    await memory.settled()
    expect(embeddedIn(pathOf(url)).length).toBe(2)
    await memory.saveMessages({ ...where, messages: ['four'] })
    await expect.poll(() => embedder.calls.some(({ texts }) => texts.includes('four'))).toBe(true)
    await memory.forget({ resourceId: 'alice' })
    await memory.saveMessages({ ...where, messages: ['five'] })
    await memory.settled()
    expect(embeddedIn(pathOf(url)).length).toBe(1)
    expect(orphansIn(pathOf(url))).toEqual([])
  })

  it('is answered that nothing was stored', async () => {
    const memory = openMemory({ embedder: scriptedEmbedder({ dimensions: 16 }) })
    await memory.saveMessages({ ...where, messages: ['one', 'two'] })
    const home = { userId: 'alice', infer: false } as const
    const { results } = await memory.add('three', home)
    await memory.space(alice).commit([{ kind: 'entry-write', key: 'k', value: 'four' }])
    await memory.settled()
    const storage = await coreOf(memory).storage.get()
    const [{ fingerprint } = { fingerprint: '' }] = await storage.vectors.embeddings(access)
    const vectors = [quantise(new Float32Array(16).fill(1))]
    const records = [
      { kind: 'message', ref: '1.0.0', seq: 1, vectors },
      { kind: 'fact', ref: (results[0]?.id ?? '').split('_').slice(2).join('_'), seq: 2, vectors },
      { kind: 'entry', ref: 'k', seq: 3, vectors },
    ] as const
    const [message] = (await memory.listMessages(where)).messages
    await memory.forget({ messageIds: [message?.id ?? ''] })
    await memory.forget({ factIds: [results[0]?.id ?? ''] })
    await memory.forget({ key: 'k', resourceId: 'alice' })
    for (const record of records) expect(await storage.vectors.put(access, alice, fingerprint, [record])).toBe(0)
    await checkIndex(storage, access, alice)
  })
})

describe('a late extraction', () => {
  it.each(['messageIds', 'threadId', 'resourceId'] as const)(
    'stores nothing of what was erased meanwhile by %s',
    async (name) => {
      const gone = new Secrets()
      const secret = gone.make()
      const url = temporaryUrl()
      const asked = Promise.withResolvers<void>()
      const answered = Promise.withResolvers<void>()
      const find = async () => {
        asked.resolve()
        await answered.promise
        return undefined
      }
      const { memory } = inferring({ find }, { storage: url })
      const saved = await memory.saveMessages({ ...where, messages: [`Alice likes ${secret}`] })
      const id = saved.messages[0]?.id ?? ''
      const learning = infer(memory, [{ id, role: 'user', content: `Alice likes ${secret}` }])
      await asked.promise
      const targets = { messageIds: { messageIds: [id] }, threadId: where, resourceId: { resourceId: 'alice' } }
      await memory.forget(targets[name])
      answered.resolve()
      expect((await learning).results).toEqual([])
      expect([await textsIn(memory), await textsIn(memory, 'queued')]).toEqual([[], []])
      await memory.settled()
      expect(foundIn(pathOf(url), gone.texts)).toEqual([])
    },
  )

  it('stores nothing of words that waited', async () => {
    let isUp = false
    const find = () => (isUp ? undefined : 'no')
    const { memory } = inferring({ find })
    const saved = await memory.saveMessages({ ...where, messages: ['Alice likes tea'] })
    const id = saved.messages[0]?.id ?? ''
    await infer(memory, [{ id, role: 'user', content: 'Alice likes tea' }])
    expect((await textsIn(memory, 'queued')).length).toBe(1)
    await memory.forget({ messageIds: [id] })
    isUp = true
    const drained = await drainQueued(coreOf(memory), alice)
    expect([drained.learned, await textsIn(memory), await textsIn(memory, 'queued')]).toEqual([0, [], []])
  })

  it('that came before leaves neither its facts nor the words it read', async () => {
    const gone = new Secrets()
    const url = temporaryUrl()
    const { memory } = inferring({}, { storage: url })
    const saved = await memory.saveMessages({ ...where, messages: [`Alice likes ${gone.make()}`] })
    const id = saved.messages[0]?.id ?? ''
    await infer(memory, [{ id, role: 'user', content: `Alice likes ${gone.texts[0]}` }])
    expect((await factsOf(memory)).length).toBe(1)
    expect((await memory.forget({ messageIds: [id] })).erased).toMatchObject({ messages: 1, facts: 2 })
    expect(await factsOf(memory)).toEqual([])
    await memory.settled()
    expect(foundIn(pathOf(url), gone.texts)).toEqual([])
  })
})

it('facts in other spaces stay, and the receipt names them', async () => {
  const memory = openMemory()
  const saved = await memory.saveMessages({ ...where, messages: ['tea'] })
  const fact = {
    kind: 'fact-assert',
    unique: 'f',
    text: 'Alice likes tea',
    sources: saved.messages.map(({ id }) => id),
  } as const
  await memory.space('team/acme').commit([{ ...fact, sources: [...fact.sources] }])
  const { outOfReach } = await memory.forget({ resourceId: 'alice' })
  expect((await memory.facts.getAll({ teamId: 'acme' })).results.map(({ memory: text }) => text)).toEqual([
    'Alice likes tea',
  ])
  expect(outOfReach).toContain('facts in other spaces that were learned from the content')
})

describe('a retried commit', () => {
  it('of a message, a fact or an entry that was erased applies nothing', async () => {
    const gone = new Secrets()
    const url = temporaryUrl()
    const memory = openMemory({ storage: url })
    const save = () => memory.saveMessages({ ...where, messages: [text], commitId: 'a' })
    const add = () => memory.add(text, { userId: 'alice', commitId: 'b', infer: false })
    const write = () => memory.space(alice).commit([{ kind: 'entry-write', key: 'k', value: text }], { id: 'c' })
    const text = gone.make()
    const saved = await save()
    const { results } = await add()
    await write()
    await memory.forget({ messageIds: saved.messages.map(({ id }) => id) })
    await memory.forget({ factIds: [results[0]?.id ?? ''] })
    await memory.forget({ key: 'k', resourceId: 'alice' })
    expect(await write()).toMatchObject({ status: 'committed', replayed: true })
    await Promise.allSettled([save(), add()])
    expect((await memory.listMessages(where)).messages).toEqual([])
    expect((await memory.facts.getAll({ userId: 'alice' })).results).toEqual([])
    expect((await memory.space(alice).entries.get('k')).record).toBeNull()
    await memory.settled()
    expect(foundIn(pathOf(url), gone.texts)).toEqual([])
  })

  it('of a step of a turn whose thread was erased is refused, and makes no thread', async () => {
    const memory = openMemory()
    const result = await memory.space(alice).commit([{ kind: 'turn-open', threadId: 't', createThread: true }])
    const [opened] = result.status === 'committed' ? result.results : []
    const turnId = opened?.kind === 'turn-open' ? opened.turnId : ''
    const step = () => memory.saveMessages({ ...where, turnId, messages: [{ role: 'assistant', content: 'late' }] })
    await step()
    await memory.forget(where)
    await refused('not-found', step)
    expect(await memory.getThreadById(where)).toBeNull()
  })
})
