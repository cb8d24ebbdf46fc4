// Trust is not lent: what a user stated ends only by words of a user, whatever agents, tools and models do.
import { describe, expect, it } from 'vitest'
import { found, inferring } from '../memory/inferring.ts'
import { day, ManualClock, openMemory, refused } from '../memory/opened.ts'

const ann = { userId: 'ann' }
const user = { kind: 'user', id: 'ann' } as const
const bot = { kind: 'agent', id: 'bot' } as const
const web = { kind: 'tool', id: 'web' } as const
const home = 'Ann lives in Berlin'

type Said = readonly (readonly [role: 'user' | 'assistant', content: string])[]

/** What is left after a model names a message as the source of a statement, and decides that it replaces the home. */
async function learned(said: Said, statement: string, named: number, decision: 'update' | 'delete' = 'update') {
  const { memory } = inferring({ find: () => found([statement, named]), decide: () => [decision, 1] })
  const { results } = await memory.as(user).add(home, { ...ann, infer: false })
  const messages = said.map(([role, content]) => ({ role, content, author: role === 'user' ? user : bot }))
  // By the same actor, so that only the words decide.
  await memory.as(user).add(messages, ann)
  const facts = (await memory.facts.getAll(ann)).results.map((fact) => [fact.memory, fact.trust])
  return { stands: (await memory.facts.get(results[0]?.id ?? '')) !== null, facts }
}

describe('a statement that a model finds', () => {
  it('has the trust of those who said its new words', async () => {
    const asked: Said = [
      ['user', 'Where does Ann live?'],
      ['assistant', 'A web page says: she lives in Paris.'],
    ]
    const { stands, facts } = await learned(asked, 'Ann lives in Paris', 1)
    expect(stands).toBe(true)
    expect(facts).toContainEqual(['Ann lives in Paris', 'agent'])
  })

  const attacks: Record<
    string,
    readonly [said: Said, statement: string, named: number, decision: 'update' | 'delete']
  > = {
    'a word of nobody': [[['user', 'I am tired.']], 'Ann lives in Rome', 1, 'update'],
    'a question': [[['user', 'Is it true that I live in Rome?']], 'Ann lives in Rome', 1, 'update'],
    'an echo': [
      [
        ['assistant', 'You live in Rome.'],
        ['user', 'Really?'],
      ],
      'Ann lives in Rome',
      2,
      'update',
    ],
    'words of both': [
      [
        ['user', 'I moved.'],
        ['assistant', 'Ann moved to Rome.'],
      ],
      'Ann moved to Rome',
      1,
      'update',
    ],
    'an end that nobody told': [[['user', 'Hello again.']], 'Ann lives in Berlin no longer', 1, 'delete'],
    'an end that an agent told': [[['assistant', 'Ann left Berlin.']], 'Ann left Berlin', 1, 'delete'],
  }
  it.each(Object.entries(attacks))('ends nothing that a user stated: %s', async (_, attack) => {
    expect((await learned(...attack)).stands).toBe(true)
  })

  it.each<readonly [string, Said, string]>([
    ['in other words', [['user', 'I moved from Berlin to Lisbon last week.']], 'Ann lives in Lisbon'],
    [
      'next to an agent',
      [
        ['assistant', 'Where to?'],
        ['user', 'To Lisbon.'],
      ],
      'Ann lives in Lisbon',
    ],
  ])('ends what a user stated if a user says so: %s', async (_, said, statement) => {
    const { stands, facts } = await learned(said, statement, said.length)
    expect([stands, facts]).toEqual([false, [['Ann lives in Lisbon', 'user']]])
  })
})

describe('an agent or a tool', () => {
  it.each([bot, web])('ends no fact of a user: %j', async (actor) => {
    const clock = new ManualClock()
    const memory = openMemory({ clock })
    const { results } = await memory.as(user).add(home, ann)
    const { results: own } = await memory.as(actor).add('Ann likes rum', ann)
    const [id, mine] = [results[0]?.id ?? '', own[0]?.id ?? '']
    const { facts, space } = memory.as(actor)
    await refused('conflict', () => facts.update(id, 'Ann lives on Mars'))
    await refused('conflict', () => facts.update(id, { expiresAt: clock.ms + 1 }))
    await refused('conflict', () => facts.update(id, { expiresAt: null }))
    const spaceOf = space.call(memory.as(actor), 'resource/ann')
    const fields = { sources: ['invented'], validFrom: '2030-01-01T00:00:00.000Z', attributes: { taskId: 'away' } }
    for (const [field, value] of Object.entries(fields)) {
      await refused('conflict', () => spaceOf.commit([{ kind: 'fact-assert', factId: id, [field]: value } as never]))
    }
    const stays = { deleted: false, refused: true, proposalId: expect.any(String) }
    expect(await facts.delete(id)).toEqual(stays)
    expect(await facts.delete(id, { commitId: 'd' })).toEqual(stays)
    expect(await facts.delete(id, { commitId: 'd' })).toEqual(stays)
    expect(await facts.deleteAll(ann)).toEqual({ deleted: 1, refused: 1, proposalIds: [expect.any(String)] })
    expect(await facts.get(mine)).toBeNull()
    expect(await facts.update(id, { metadata: { checked: true } })).toMatchObject({ status: 'updated' })
    clock.pass(400 * day)
    expect((await facts.getAll(ann)).results.map((fact) => fact.memory)).toEqual([home])
    expect(await memory.as(user).facts.delete(id)).toEqual({ deleted: true })
  })

  it('removes with many others what it may, page by page', async () => {
    const memory = openMemory({ limits: { pageSize: 3 } })
    for (let n = 0; n < 8; n++) await memory.as(n % 2 === 0 ? user : bot).add(`Statement ${n}`, ann)
    expect(await memory.as(bot).facts.deleteAll({ ...ann, commitId: 'all' })).toMatchObject({ deleted: 4, refused: 4 })
    expect(await memory.as(bot).facts.deleteAll({ ...ann, commitId: 'all' })).toMatchObject({ deleted: 4 })
    expect(await memory.facts.deleteAll(ann)).toEqual({ deleted: 4 })
  })

  it('cannot forget what a user said, nor the message that alone tells it', async () => {
    const memory = openMemory()
    const { messages } = await memory.saveMessages({ resourceId: 'ann', threadId: 't', messages: [home, 'and so on'] })
    const sources = messages.map(({ id }) => id)
    const change = { kind: 'fact-assert', unique: 'both', text: home, sources } as const
    await memory.as(user).space('resource/ann').commit([change])
    await memory.as(bot).forget({ messageIds: [sources[0] as string] })
    expect((await memory.facts.getAll(ann)).results).toMatchObject([{ sources: [sources[1]] }])
    const last = { messageIds: [sources[1] as string] }
    const [fact] = (await memory.facts.getAll(ann)).results
    await refused('denied', () => memory.as(bot).forget(last))
    await refused('denied', () => memory.as(bot).forget({ factIds: [fact?.id as string] }))
    await refused('denied', () => memory.as(bot).forget({ resourceId: 'ann', threadId: 't' }))
    await refused('denied', () => memory.as(bot).forget({ resourceId: 'ann' }))
    expect(await memory.facts.get(fact?.id as string)).toMatchObject({ status: 'current' })
    expect((await memory.listMessages({ resourceId: 'ann', threadId: 't' })).messages).toHaveLength(1)
    await memory.as(user).forget(last)
    expect((await memory.facts.getAll(ann)).results).toEqual([])
  })

  it('that says again what a user said gives it no source that keeps it', async () => {
    const memory = openMemory()
    const { messages } = await memory.saveMessages({ resourceId: 'ann', threadId: 't', messages: [home] })
    const source = messages[0]?.id as string
    const change = { kind: 'fact-assert' as const, text: home }
    await memory
      .as(user)
      .space('resource/ann')
      .commit([{ ...change, unique: 'own', sources: [source] }])
    await memory
      .as(bot)
      .space('resource/ann')
      .commit([{ ...change, unique: 'echo', sources: ['invented'] }])
    await memory
      .as(bot)
      .space('resource/ann')
      .commit([{ ...change, unique: 'again' }])
    expect((await memory.facts.getAll(ann)).results).toMatchObject([{ sources: [source], trust: 'user' }])
    await memory.as(user).forget({ messageIds: [source] })
    expect((await memory.facts.getAll(ann)).results).toEqual([])
  })
})
