// Adding facts without a model: one statement for each message, in one home, once.
import { describe, expect, it } from 'vitest'
import { hour, ManualClock, openMemory, refused } from '../memory/opened.ts'

const alice = { userId: 'alice' }
const writer = { kind: 'agent', id: 'writer' } as const

describe('statements', () => {
  it('stores each message that is no system message, in order and in one commit', async () => {
    const memory = openMemory()
    const { results } = await memory.add(
      [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'I prefer a formal tone.' },
        { role: 'assistant', content: 'The limit is 500 words.' },
      ],
      { ...alice, metadata: { topic: 'style' } },
    )
    expect(results).toMatchObject([
      { memory: 'I prefer a formal tone.', event: 'ADD' },
      { memory: 'The limit is 500 words.', event: 'ADD' },
    ])
    const page = await memory.facts.getAll(alice)
    expect(page).toMatchObject({ asOf: 1, results: [{ role: 'assistant' }, { role: 'user', userId: 'alice' }] })
    expect(page.results.map(({ metadata }) => metadata)).toEqual([{ topic: 'style' }, { topic: 'style' }])
    expect(page.results.map(({ id }) => id)).toEqual(results.map(({ id }) => id).reverse())
  })

  it('takes a text for one message of a user', async () => {
    const memory = openMemory()
    const { results } = await memory.facts.add('Alice likes tea', alice)
    expect(await memory.facts.get(results[0]?.id ?? '')).toMatchObject({ memory: 'Alice likes tea', role: 'user' })
  })

  it('stores nothing where nothing is said', async () => {
    const memory = openMemory()
    const nothing = { results: [], degraded: ['no-model'] }
    expect(await memory.add([{ role: 'system', content: 'Be brief.' }], alice)).toEqual(nothing)
    const call = { type: 'tool-call', toolCallId: '1', toolName: 'clock', input: {} }
    expect(await memory.add([{ role: 'assistant', content: [call] }], alice)).toEqual(nothing)
    expect(await memory.space('resource/alice').state()).toBeNull()
  })

  it('stores all statements of a call or none', async () => {
    const memory = openMemory()
    const long = 'word '.repeat(5_000)
    await refused('limit-exceeded', () =>
      memory.add(
        [
          { role: 'user', content: 'short' },
          { role: 'user', content: long },
        ],
        alice,
      ),
    )
    expect((await memory.facts.getAll(alice)).results).toEqual([])
  })

  it('names the messages of a thread as sources', async () => {
    const memory = openMemory()
    const saved = await memory.saveMessages({ resourceId: 'alice', threadId: 't', messages: 'I moved to Lisbon' })
    const { results } = await memory.add(saved.messages, alice)
    const fact = await memory.facts.get(results[0]?.id ?? '')
    expect(fact?.sources).toEqual([saved.messages[0]?.id])
    await memory.add({ id: 'not-of-a-thread', role: 'user', content: 'I like tea' }, alice)
    expect((await memory.facts.getAll(alice)).results[0]?.sources).toEqual([])
  })
})

describe('once', () => {
  it('answers NONE for what is there, and keeps one fact of five added at once', async () => {
    const memory = openMemory()
    const all = await Promise.all(Array.from({ length: 5 }, () => memory.add('Alice likes tea', alice)))
    const added = all.flatMap(({ results }) => results)
    expect(added.map(({ event }) => event).sort()).toEqual(['ADD', 'NONE', 'NONE', 'NONE', 'NONE'])
    expect(new Set(added.map(({ id }) => id)).size).toBe(1)
    expect(await memory.add(['alice likes  tea.', 'Alice likes coffee'], alice)).toMatchObject({
      results: [{ event: 'NONE', id: added[0]?.id }, { event: 'ADD' }],
    })
    expect((await memory.facts.getAll(alice)).results).toHaveLength(2)
  })

  it('applies a named commit once', async () => {
    const memory = openMemory()
    const options = { ...alice, commitId: 'add-1' }
    const first = await memory.add(['Alice likes tea', 'Alice likes milk'], options)
    expect(await memory.add(['Alice likes tea', 'Alice likes milk'], options)).toEqual(first)
    expect(first.results.map(({ event }) => event)).toEqual(['ADD', 'ADD'])
    await refused('conflict', () => memory.add(['Alice likes coffee'], options))
    expect((await memory.facts.getAll(alice)).results).toHaveLength(2)
  })
})

describe('trust', () => {
  it('is that of the actor, lowered by who speaks', async () => {
    const memory = openMemory()
    const user = memory.as({ kind: 'user', id: 'alice' })
    await user.add('I like tea', alice)
    await user.add({ role: 'assistant', content: 'She likes milk' }, alice)
    await memory.as(writer).add({ role: 'user', content: 'I like coffee' }, alice)
    await memory.as({ kind: 'tool', id: 'crawler' }).add('She likes water', alice)
    await memory.add({ role: 'user', content: 'I like juice' }, alice)
    const { results } = await memory.facts.getAll(alice)
    expect(results.map(({ trust, assertedBy }) => [assertedBy.id, trust])).toEqual([
      ['app', 'tool'],
      ['crawler', 'tool'],
      ['writer', 'agent'],
      ['alice', 'agent'],
      ['alice', 'user'],
    ])
  })

  it('is that of the author of a message that is there, for the application', async () => {
    const memory = openMemory()
    const where = { resourceId: 'alice', threadId: 't' }
    const { messages } = await memory.saveMessages({
      ...where,
      messages: [
        { role: 'user', content: 'I moved to Lisbon' },
        { role: 'assistant', content: 'Lisbon is sunny' },
      ],
    })
    await memory.add(messages, alice)
    expect((await memory.facts.getAll(alice)).results.map(({ trust }) => trust)).toEqual(['agent', 'user'])
  })
})

describe('taking the place of others', () => {
  it('supersedes facts of the same home, and says what they said', async () => {
    const memory = openMemory()
    const { results: old } = await memory.add('Alice lives in Berlin', alice)
    const id = old[0]?.id ?? ''
    const { results } = await memory.add('Alice lives in Lisbon', { ...alice, supersedes: id })
    expect(results).toMatchObject([{ event: 'UPDATE', previousMemory: 'Alice lives in Berlin', supersedes: [id] }])
    expect(await memory.facts.get(id)).toBeNull()
    expect(await memory.facts.get(id, { includeSuperseded: true })).toMatchObject({
      status: 'superseded',
      supersededBy: results[0]?.id,
    })
  })

  it('marks both where the other has more trust', async () => {
    const memory = openMemory()
    const { results: old } = await memory.as({ kind: 'user', id: 'alice' }).add('I live in Berlin', alice)
    const id = old[0]?.id ?? ''
    const { results } = await memory.as(writer).add('Alice lives in Lisbon', { ...alice, supersedes: [id] })
    expect(results).toMatchObject([{ event: 'ADD', conflictsWith: [id] }])
    expect(await memory.facts.get(id)).toMatchObject({ status: 'current', conflictsWith: [results[0]?.id] })
  })

  it('refuses ids that name nothing, and ids for several statements', async () => {
    const memory = openMemory()
    const { results } = await memory.add('Bob likes tea', { userId: 'bob' })
    const bobs = results[0]?.id ?? ''
    for (const field of ['supersedes', 'contradicts']) {
      const error = await refused('invalid-input', () => memory.add('Alice likes tea', { ...alice, [field]: bobs }))
      expect(error.message).toContain('another space')
    }
    const none = bobs.replace(/.$/, (last) => (last === 'a' ? 'b' : 'a'))
    await refused('not-found', () => memory.add('Bob likes milk', { userId: 'bob', supersedes: none }))
    await refused('invalid-input', () => memory.add(['one', 'two'], { userId: 'bob', supersedes: bobs }))
    await refused('invalid-input', () => memory.add(['one', 'two'], { userId: 'bob', contradicts: [bobs] }))
    expect((await memory.facts.getAll({ userId: 'bob' })).results).toHaveLength(1)
  })
})

describe('time', () => {
  it('hides what has expired at once, and refuses an expiry in the past', async () => {
    const clock = new ManualClock()
    const memory = openMemory({ clock })
    const { results } = await memory.add('Alice is at the dentist', { ...alice, expiresAt: clock.ms + hour })
    const id = results[0]?.id ?? ''
    clock.pass(hour - 1)
    expect(await memory.facts.get(id)).not.toBeNull()
    clock.pass(1)
    expect(await memory.facts.get(id, { includeSuperseded: true })).toBeNull()
    expect((await memory.facts.getAll({ ...alice, includeSuperseded: true })).results).toEqual([])
    expect((await memory.search('dentist', alice)).results).toEqual([])
    expect((await memory.space('resource/alice').recall('dentist')).items).toEqual([])
    await refused('invalid-input', () => memory.add('Alice is there', { ...alice, expiresAt: clock.ms }))
  })
})
