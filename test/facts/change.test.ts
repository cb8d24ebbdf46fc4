// One fact by its id: reading, changing, removing, its past; pages of facts; contradictions.
import { describe, expect, it } from 'vitest'
import { day, ManualClock, openMemory, refused } from '../memory/opened.ts'

const alice = { userId: 'alice' }
const nobodys = 'fact_AAAAAAAAAAAAAAAA_nothing'

async function added(options: { clock?: ManualClock } = {}) {
  const memory = openMemory(options)
  const { results } = await memory.add('Alice likes tea', { ...alice, metadata: { topic: 'drinks' } })
  return { memory, id: results[0]?.id ?? '' }
}

describe('update', () => {
  it('changes words in place, and keeps what was there in history', async () => {
    const { memory, id } = await added()
    const before = await memory.facts.get(id)
    const updated = await memory.facts.update(id, 'Alice likes green tea')
    expect(updated).toMatchObject({ status: 'updated', fact: { id, memory: 'Alice likes green tea', version: 2 } })
    expect(await memory.facts.get(id)).toMatchObject({ metadata: before?.metadata, role: 'user', version: 2 })
    expect(await memory.facts.history(id)).toMatchObject([
      { event: 'update', memory: 'Alice likes green tea', version: 2 },
      { event: 'assert', memory: 'Alice likes tea', version: 1, metadata: { topic: 'drinks' } },
    ])
    expect((await memory.search('green', alice)).results.map((fact) => fact.id)).toEqual([id])
  })

  it('changes metadata and expiry, and leaves the rest', async () => {
    const clock = new ManualClock()
    const { memory, id } = await added({ clock })
    await memory.facts.update(id, { metadata: { rank: 1 }, expiresAt: clock.ms + day })
    const fact = await memory.facts.get(id)
    expect(fact).toMatchObject({ memory: 'Alice likes tea', role: 'user', expiresAt: new Date(clock.ms + day) })
    expect(fact?.metadata).toEqual({ rank: 1 })
    await memory.facts.update(id, { expiresAt: null })
    expect((await memory.facts.get(id))?.expiresAt).toBeNull()
  })

  it('says since when and until when a fact holds', async () => {
    const clock = new ManualClock()
    const { memory, id } = await added({ clock })
    const [since, until] = [clock.ms - 10 * day, clock.ms + day]
    const updated = await memory.facts.update(id, { validFrom: since, validTo: until })
    expect(updated).toMatchObject({ fact: { validFrom: new Date(since), validTo: new Date(until), version: 2 } })
    clock.ms = until
    expect((await memory.search('tea', alice)).results).toEqual([])
    expect((await memory.search('tea', { ...alice, asOf: until - 1 })).results.map((fact) => fact.id)).toEqual([id])
    await refused('conflict', () => memory.facts.update(id, { validTo: until + day }))
  })

  it('refuses an end that is not after the beginning, and an agent that ends what a user said', async () => {
    const clock = new ManualClock()
    const memory = openMemory({ clock })
    const { results } = await memory.as({ kind: 'user', id: 'alice' }).add('I like tea', alice)
    const id = results[0]?.id ?? ''
    await refused('invalid-input', () => memory.facts.update(id, { validTo: clock.ms - day }))
    const agent = memory.as({ kind: 'agent', id: 'writer' })
    await refused('conflict', () => agent.facts.update(id, { validTo: clock.ms + day }))
    expect((await memory.facts.get(id))?.validTo).toBeNull()
  })

  it('answers what stands there instead of the version that was expected', async () => {
    const { memory, id } = await added()
    await memory.facts.update(id, 'Alice likes coffee', { ifVersion: 1 })
    const late = await memory.facts.update(id, 'Alice likes milk', { ifVersion: 1 })
    expect(late).toMatchObject({ status: 'conflict', current: { memory: 'Alice likes coffee', version: 2 } })
    await memory.facts.delete(id)
    await refused('not-found', () => memory.facts.update(id, 'Alice likes milk', { ifVersion: 2 }))
  })

  it('lets one of ten writers win that all expect the same version', async () => {
    const { memory, id } = await added()
    const writes = Array.from({ length: 10 }, (_, n) => memory.facts.update(id, `Alice likes ${n}`, { ifVersion: 1 }))
    const outcomes = await Promise.all(writes)
    expect(outcomes.filter(({ status }) => status === 'updated')).toHaveLength(1)
    expect(await memory.facts.history(id)).toHaveLength(2)
  })

  it('refuses weaker words, superseded facts, and ids that name nothing', async () => {
    const memory = openMemory()
    const { results } = await memory.as({ kind: 'user', id: 'alice' }).add('I like tea', alice)
    const id = results[0]?.id ?? ''
    const agent = memory.as({ kind: 'agent', id: 'writer' })
    await refused('conflict', () => agent.facts.update(id, 'Alice likes coffee'))
    expect((await memory.facts.get(id))?.memory).toBe('I like tea')
    await memory.as({ kind: 'user', id: 'alice' }).add('I like coffee', { ...alice, supersedes: id })
    await refused('conflict', () => memory.facts.update(id, 'I like milk'))
    for (const unknown of [nobodys, 'anything', id.slice(0, -1)]) {
      await refused('not-found', () => memory.facts.update(unknown, 'I like milk'))
    }
  })
})

describe('get and delete', () => {
  it('answer null and false for ids that name nothing', async () => {
    const { memory, id } = await added()
    for (const unknown of [nobodys, 'anything', id.slice(0, -1)]) {
      expect(await memory.facts.get(unknown)).toBeNull()
      expect(await memory.facts.delete(unknown)).toEqual({ deleted: false })
      expect(await memory.facts.history(unknown)).toEqual([])
    }
    expect(await memory.facts.get(id)).not.toBeNull()
  })

  it('remove a fact from every path, and keep its past', async () => {
    const { memory, id } = await added()
    expect(await memory.facts.delete(id)).toEqual({ deleted: true })
    expect(await memory.facts.delete(id)).toEqual({ deleted: false })
    expect(await memory.facts.get(id, { includeSuperseded: true })).toBeNull()
    expect((await memory.facts.getAll({ ...alice, includeSuperseded: true })).results).toEqual([])
    expect((await memory.search('tea', alice)).results).toEqual([])
    const [last, first] = await memory.facts.history(id)
    expect([last?.event, last?.memory, first?.memory]).toEqual(['retire', null, 'Alice likes tea'])
    expect(await memory.facts.history(id, { limit: 1 })).toHaveLength(1)
  })

  it('never show words that wait for extraction', async () => {
    const memory = openMemory()
    const change = { kind: 'fact-assert', unique: 'raw', text: 'raw tea', queued: true } as const
    const committed = await memory.space('resource/alice').commit([change])
    const [result] = committed.status === 'committed' ? committed.results : []
    const id = result?.kind === 'fact-assert' ? result.factId : ''
    expect(await memory.facts.get(id, { includeSuperseded: true })).toBeNull()
    expect((await memory.facts.getAll({ ...alice, includeSuperseded: true })).results).toEqual([])
    expect((await memory.search('raw tea', { ...alice, includeSuperseded: true })).results).toEqual([])
    await refused('not-found', () => memory.facts.update(id, 'Alice likes tea'))
    expect(await memory.facts.history(id)).toHaveLength(1)
    expect(await memory.facts.deleteAll(alice)).toEqual({ deleted: 0 })
    expect((await memory.facts.history(id))[0]?.event).toBe('retire')
  })
})

describe('getAll', () => {
  it('pages from the newest on', async () => {
    const memory = openMemory()
    await memory.add(
      Array.from({ length: 7 }, (_, n) => `Tea ${n}`),
      alice,
    )
    const seen: string[] = []
    let pages = 0
    for (let cursor: string | undefined; pages < 10; pages++) {
      const page = await memory.facts.getAll({ ...alice, limit: 3, ...(cursor === undefined ? {} : { cursor }) })
      seen.push(...page.results.map(({ memory }) => memory))
      cursor = page.nextCursor
      if (cursor === undefined) break
      await memory.add(`Coffee ${pages}`, alice)
    }
    expect(seen).toEqual(['Tea 6', 'Tea 5', 'Tea 4', 'Tea 3', 'Tea 2', 'Tea 1', 'Tea 0'])
    expect(pages).toBe(2)
  })

  it('pages through what a filter lets in', async () => {
    const memory = openMemory()
    for (let n = 0; n < 9; n++) await memory.add(`Tea ${n}`, { ...alice, metadata: { third: n % 3 } })
    const filters = { third: { $in: [0, 1] } }
    const first = await memory.facts.getAll({ ...alice, filters, limit: 4 })
    expect(first.results.map(({ memory }) => memory)).toEqual(['Tea 7', 'Tea 6', 'Tea 4', 'Tea 3'])
    const second = await memory.facts.getAll({ ...alice, filters, limit: 4, cursor: first.nextCursor ?? '' })
    expect(second.results.map(({ memory }) => memory)).toEqual(['Tea 1', 'Tea 0'])
    expect(second.nextCursor).toBeUndefined()
  })

  it('looks on where a filter leaves pages of the storage empty', async () => {
    const memory = openMemory({ limits: { pageSize: 3 } })
    for (let n = 0; n < 12; n++) await memory.add(`Tea ${n}`, { ...alice, metadata: { rare: n % 6 === 0 } })
    const { results, nextCursor } = await memory.facts.getAll({ ...alice, filters: { rare: true } })
    expect(results.map(({ memory }) => memory)).toEqual(['Tea 6', 'Tea 0'])
    expect(nextCursor).toBeUndefined()
  })

  it('removes more than one commit holds', async () => {
    const memory = openMemory({ limits: { factLinks: 3 } })
    await memory.add(
      Array.from({ length: 10 }, (_, n) => `Tea ${n}`),
      alice,
    )
    await memory.add('Tea for Bob', { userId: 'bob' })
    expect(await memory.facts.deleteAll(alice)).toEqual({ deleted: 10 })
    expect(await memory.facts.deleteAll(alice)).toEqual({ deleted: 0 })
    expect((await memory.facts.getAll({ userId: 'bob' })).results).toHaveLength(1)
  })
})

describe('conflicts', () => {
  it('come in groups until they are resolved', async () => {
    const memory = openMemory()
    const by = (id: string) => memory.as({ kind: 'agent', id })
    const state = async (id: string, text: string, contradicts: string[]) =>
      (await by(id).add(text, { ...alice, agentId: id, contradicts })).results[0]?.id ?? ''
    const high = await state('a', 'The roof is high', [])
    const red = await state('a', 'The door is red', [])
    const blue = await state('b', 'The door is blue', [red])
    const green = await state('c', 'The door is green', [blue])
    await state('a', 'The wall is white', [])
    const low = await state('b', 'The roof is low', [high])
    const groups = async (options: object = {}) => {
      const page = await memory.facts.conflicts({ ...alice, ...options })
      return { ids: page.results.map(({ facts }) => facts.map(({ id }) => id)), next: page.nextCursor }
    }
    const door = [red, blue, green]
    const roof = [high, low]
    expect((await groups()).ids).toEqual([roof, door])
    // Another agent's side of a contradiction comes along.
    expect((await groups({ agentId: 'c' })).ids).toEqual([door])
    expect((await groups({ agentId: 'none' })).ids).toEqual([])
    const first = await groups({ limit: 1 })
    const second = await groups({ limit: 2, cursor: first.next })
    const third = await groups({ limit: 2, cursor: second.next })
    expect([first.ids, second.ids, third.ids, third.next]).toEqual([[roof], [door], [], undefined])
    const early = await groups({ agentId: 'b', limit: 1 })
    const late = await groups({ agentId: 'b', limit: 1, cursor: early.next })
    expect([early.ids, late.ids]).toEqual([[door], [roof]])
    await memory.facts.delete(low)
    expect((await groups()).ids).toEqual([door])
  })
})
