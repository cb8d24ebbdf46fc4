// A statement made again: what it adds to the fact that is known, by every way to state something.
import { Memory as Mem0Memory } from 'aquifer/mem0'
import { describe, expect, it } from 'vitest'
import { found, inferring } from '../memory/inferring.ts'
import { day, ManualClock, openMemory } from '../memory/opened.ts'

const ann = { userId: 'ann' }
const user = { kind: 'user', id: 'ann' } as const
const bot = { kind: 'agent', id: 'bot' } as const
const words = 'Ann is vegan'

async function textsOf(memory: ReturnType<typeof openMemory>, options: object = {}) {
  return (await memory.facts.getAll({ ...ann, ...options })).results.map((fact) => fact.memory)
}

describe('a statement made again', () => {
  it('prolongs a fact, and makes it hold since earlier', async () => {
    const clock = new ManualClock()
    const memory = openMemory({ clock })
    await memory.add(words, { ...ann, expiresAt: clock.ms + day })
    const longer = await memory.add(words, { ...ann, expiresAt: clock.ms + 3 * day })
    expect(longer.results).toMatchObject([{ event: 'UPDATE', added: ['expiresAt'] }])
    clock.pass(2 * day)
    expect(await textsOf(memory)).toEqual([words])
    const since = await memory.add(words, { ...ann, expiresAt: clock.ms + day, validFrom: '2020-01-01T00:00:00Z' })
    expect(since.results).toMatchObject([{ event: 'UPDATE', added: ['validFrom'] }])
    expect((await memory.search('vegan', { ...ann, asOf: '2021-01-01T00:00:00Z' })).results).toHaveLength(1)
    expect((await memory.add(words, ann)).results).toMatchObject([{ event: 'UPDATE', added: ['expiresAt'] }])
    expect((await memory.add(words, ann)).results).toMatchObject([{ event: 'NONE' }])
    clock.pass(90 * day)
    expect(await textsOf(memory)).toEqual([words])
  })

  it('confirms what an agent said: the agent may not replace it then', async () => {
    const memory = openMemory()
    const { results: first } = await memory.as(bot).add(words, ann)
    const { results } = await memory.as(user).add(words, ann)
    expect(results).toMatchObject([{ id: first[0]?.id, event: 'UPDATE', added: ['trust'] }])
    expect(await memory.facts.get(first[0]?.id ?? '')).toMatchObject({ trust: 'user', assertedBy: user })
    await memory.as(bot).add('Ann eats meat', { ...ann, supersedes: first[0]?.id ?? '' })
    expect((await textsOf(memory)).sort()).toEqual(['Ann eats meat', words])
    expect((await memory.facts.conflicts(ann)).results).toHaveLength(1)
  })

  it('stays while one message of two says it', async () => {
    const memory = openMemory()
    const { messages } = await memory.saveMessages({ resourceId: 'ann', threadId: 't', messages: [words, words] })
    for (const message of messages) await memory.add(message, ann)
    const [one, two] = messages.map(({ id }) => id) as [string, string]
    await memory.forget({ messageIds: [one] })
    expect(await memory.facts.getAll(ann)).toMatchObject({ results: [{ memory: words, sources: [two] }] })
    await memory.forget({ messageIds: [two] })
    expect(await textsOf(memory)).toEqual([])
  })

  it('makes two facts one where a fact gets the words of another', async () => {
    const memory = openMemory()
    const { results: tea } = await memory.add('likes tea', ann)
    const { results: rum } = await memory.add('likes rum', ann)
    const [kept, gone] = [tea[0]?.id ?? '', rum[0]?.id ?? '']
    expect(await memory.facts.update(gone, 'Likes tea.')).toMatchObject({ status: 'updated', fact: { id: kept } })
    expect(await textsOf(memory)).toEqual(['likes tea'])
    expect(await memory.facts.get(gone, { includeSuperseded: true })).toMatchObject({ supersededBy: kept })
  })

  it('is the same where a model learns it', async () => {
    const { memory } = inferring({ find: () => found([words, 1]) })
    const { messages } = await memory.saveMessages({ resourceId: 'ann', threadId: 't', messages: [words, words] })
    const events = []
    for (const { id } of messages) {
      const said = { id, threadId: 't', role: 'assistant', content: words, author: bot } as const
      events.push(...(await memory.add(said, ann)).results)
    }
    const { results: confirmed } = await memory.add({ role: 'user', content: words, author: user }, ann)
    const { results: again } = await memory.add({ role: 'user', content: words, author: user }, ann)
    expect([...events, ...confirmed, ...again].map(({ event, added }) => [event, added])).toEqual([
      ['ADD', undefined],
      ['UPDATE', ['sources']],
      ['UPDATE', ['trust', 'sources']],
      ['NONE', undefined],
    ])
    expect((await memory.facts.getAll(ann)).results).toMatchObject([{ memory: words, trust: 'user' }])
  })

  it('is no second source where an agent repeats what memory told it', async () => {
    const { memory } = inferring({ find: () => found([words, 1]) })
    const { messages } = await memory.saveMessages({ resourceId: 'ann', threadId: 't', messages: [words, words] })
    const said = messages.map(({ id }) => ({ id, threadId: 't', content: words }))
    await memory.add({ ...said[0], role: 'user', author: user } as never, ann)
    await memory.search(words, ann)
    const { results } = await memory.add({ ...said[1], role: 'assistant', author: bot } as never, ann)
    expect(results).toMatchObject([{ event: 'NONE' }])
    await memory.forget({ messageIds: [messages[0]?.id ?? ''] })
    expect(await textsOf(memory)).toEqual([])
  })

  it('is the same by the names of Mem0', async () => {
    const memory = new Mem0Memory(openMemory())
    const add = (text: string, more: object) => memory.add(text, { user_id: 'ann', ...more })
    await add(words, { expiration_date: '2099-01-01T00:00:00Z' })
    const { results } = await add(words, {})
    expect(results).toMatchObject([{ event: 'UPDATE' }])
    const other = (await add('Ann is a nurse', {})).results[0]?.id ?? ''
    await memory.update(other, words)
    expect((await memory.getAll({ user_id: 'ann' })).results.map((fact) => fact.memory)).toEqual([words])
  })
})
