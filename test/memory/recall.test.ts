// Recall as users have it: what was said is found by its words at once, and by its meaning once the vectors are there.
import type { Memory, MemoryOptions, Recollection } from 'aquifer'
import { scriptedEmbedder } from 'aquifer/testing'
import { describe, expect, it } from 'vitest'
import { hour, ManualClock, minute, openMemory } from './opened.ts'

const resourceId = 'alice'
const where = { resourceId, threadId: 't' }
const meanings = { automobile: 'car', physician: 'doctor', salary: 'wage' }

/** Texts that share nothing with any question here. */
const chatter = [
  'The weather was cold in the mountains',
  'She paints landscapes every Sunday',
  'Their garden has tomatoes and basil',
  'We missed the train to Vienna',
  'He plays chess after dinner',
]

const textsOf = ({ items }: Recollection) => items.map(({ text }) => text)

/** Those of the found texts that share a word with the question. */
async function foundBy(memory: Memory, query: string, among = /refund|invoice/): Promise<string[]> {
  const found = await memory.recall({ resourceId, query })
  expect(found.degraded).toEqual(['no-embedder'])
  return textsOf(found).filter((text) => among.test(text))
}

function openWithMeaning(options: MemoryOptions = {}) {
  const embedder = scriptedEmbedder({ meanings, dimensions: 256 })
  return openMemory({ embedder, ...options })
}

async function openTurn(memory: Memory): Promise<string> {
  const result = await memory
    .space('resource/alice')
    .commit([{ kind: 'turn-open', threadId: 't', leaseMs: hour, createThread: true }])
  if (result.status !== 'committed' || result.results[0]?.kind !== 'turn-open') throw new Error('no turn was opened')
  return result.results[0].turnId
}

describe('by words, at once', () => {
  it('finds what was saved, first of all others, as it is listed', async () => {
    const memory = openMemory()
    await memory.saveMessages({ ...where, messages: chatter })
    const text = 'The refund of invoice 7711 is late'
    const { messages } = await memory.saveMessages({ ...where, messages: { role: 'user', content: text } })
    const found = await memory.recall({ resourceId, query: 'where is my refund?' })
    expect(textsOf(found)[0]).toBe(text)
    const { score, scores, relevance, similarity, matched, ...message } =
      found.messages[0] ?? expect.fail('nothing was found')
    expect(message).toEqual(messages[0])
    expect(score).toBeGreaterThan(0.3)
    expect(relevance).toBeGreaterThan(0.3)
    expect([similarity, matched]).toEqual([null, ['refund']])
    expect(found.items[0]).toMatchObject({ kind: 'message', id: message.id, space: 'resource/alice', score, scores })
    expect(Object.values(scores).reduce((sum, part) => sum + part, 0)).toBeCloseTo(score, 10)
    expect(found.items.map((item) => item.score)).toEqual(found.items.map((item) => item.score).sort((a, b) => b - a))
    expect(found).toMatchObject({ asOf: { 'resource/alice': 2 }, pending: 0 })
    expect(found.tokens).toBe(found.items.reduce((sum, { tokens }) => sum + tokens, 0))
  })

  it('finds the words of an open turn, of what is added to it, and of none that was discarded', async () => {
    const memory = openMemory()
    const turnId = await openTurn(memory)
    await memory.saveMessages({ ...where, turnId, messages: [{ id: 'm', role: 'assistant', content: 'A refund' }] })
    expect(await foundBy(memory, 'refund')).toEqual(['A refund'])
    const space = memory.space('resource/alice')
    const parts = [{ type: 'text', text: 'for the invoice' }]
    await space.commit([{ kind: 'message-extend', threadId: 't', messageId: 'm', parts }])
    expect(await foundBy(memory, 'invoice')).toEqual(['A refund\nfor the invoice'])
    await space.commit([{ kind: 'turn-discard', threadId: 't', turnId }])
    expect(await foundBy(memory, 'refund')).toEqual([])
    expect((await memory.recall({ resourceId, query: 'refund' })).trace.inScope).toBe(0)
  })

  it('finds what a message says now, and nothing that it said before', async () => {
    const memory = openMemory()
    const { messages } = await memory.saveMessages({ ...where, messages: [...chatter, 'The refund is late'] })
    const id = messages.at(-1)?.id ?? ''
    await memory.updateMessages({ messages: [{ id, content: 'The invoice is paid' }] })
    expect(await foundBy(memory, 'invoice')).toEqual(['The invoice is paid'])
    expect(await foundBy(memory, 'refund', /refund/)).toEqual([])
    await memory.deleteMessages(id)
    expect(await foundBy(memory, 'invoice')).toEqual([])
    expect((await memory.recall({ resourceId, query: 'invoice' })).trace.inScope).toBe(chatter.length)
  })

  it('finds nothing of a deleted thread or of an erased space', async () => {
    const memory = openMemory()
    await memory.saveMessages({ ...where, messages: 'The refund is late' })
    await memory.saveMessages({ ...where, threadId: 'u', messages: 'The invoice is paid' })
    await memory.deleteThread(where)
    expect(await foundBy(memory, 'refund invoice')).toEqual(['The invoice is paid'])
    await memory.space('resource/alice').commit([{ kind: 'erase' }])
    const gone = await memory.recall({ resourceId, query: 'refund invoice' })
    expect(gone).toMatchObject({ items: [], messages: [], pending: 0, tokens: 0, asOf: { 'resource/alice': 0 } })
    await memory.saveMessages({ ...where, messages: 'A refund again' })
    expect(await foundBy(memory, 'refund invoice')).toEqual(['A refund again'])
  })

  it('finds tool calls with their results, and file names', async () => {
    const memory = openMemory()
    const call = { type: 'tool-lookUp', toolCallId: 'c', state: 'output-available' }
    const parts = [{ ...call, input: { order: 'INV-7711' }, output: { carrier: 'Zephyr' } }]
    const file = { type: 'file', mediaType: 'application/pdf', url: 'https://example.com/x', filename: 'tenancy.pdf' }
    await memory.saveMessages({ ...where, messages: [...chatter, { role: 'assistant', parts }] })
    await memory.saveMessages({ ...where, messages: { role: 'user', parts: [file] } })
    for (const query of ['INV-7711', 'which carrier, zephyr?', 'lookUp']) {
      expect((await memory.recall({ resourceId, query })).messages[0]?.parts[0]?.type, query).toBe('tool-lookUp')
    }
    expect((await memory.recall({ resourceId, query: 'tenancy.pdf' })).messages[0]?.parts[0]?.type).toBe('file')
  })

  it('gives the only record there is the full score of its words', async () => {
    const memory = openMemory()
    await memory.saveMessages({ ...where, messages: 'The refund is late' })
    const [item] = (await memory.recall({ resourceId, query: 'refund' })).items
    expect(item?.scores.coverage).toBeGreaterThan(0.1)
    expect((await memory.recall({ resourceId, query: 'refund', threshold: 0.2 })).items).toHaveLength(1)
  })
})

describe('by meaning', () => {
  const query = 'Which automobile?'
  const about = { resourceId, query, mode: 'vector' } as const

  it('finds other words for the same once the vectors are there, and counts those that are not', async () => {
    const memory = openWithMeaning()
    await memory.saveMessages({ ...where, messages: [...chatter, 'Which car'] })
    const before = await memory.recall(about)
    expect(before).toMatchObject({ degraded: [], pending: 6 })
    expect(before.trace.legs).toEqual(['recent'])
    expect(await memory.settled()).toEqual({ pendingSpaces: 0, failed: 0, degraded: null, error: null })
    const after = await memory.recall(about)
    expect(after).toMatchObject({ degraded: [], pending: 0 })
    expect(after.trace.legs).toEqual(['vector'])
    expect(textsOf(after)[0]).toBe('Which car')
    expect(after.items[0]?.scores.vector).toBeGreaterThan(0.15)
    await memory.saveMessages({ ...where, messages: Array.from({ length: 70 }, (_, i) => `Number ${i}`) })
    expect((await memory.recall(about)).pending).toBe(70)
    await memory.settled()
    expect(await memory.recall(about)).toMatchObject({ pending: 0 })
  })

  it('finds what an edited message means now', async () => {
    const memory = openWithMeaning()
    const { messages } = await memory.saveMessages({ ...where, messages: [...chatter, 'Which car'] })
    await memory.settled()
    const id = messages.at(-1)?.id ?? ''
    await memory.updateMessages({ messages: [{ id, content: 'A doctor' }] })
    const between = await memory.recall({ ...about, query: 'physician' })
    expect(between.pending).toBe(0)
    expect(between.items.find((item) => item.id === id)?.text).toBe('A doctor')
    await memory.settled()
    expect(textsOf(await memory.recall({ ...about, query: 'physician' }))[0]).toBe('A doctor')
    await memory.deleteMessages(id)
    const after = await memory.recall({ ...about, query: 'physician' })
    expect(after).toMatchObject({ pending: 0, trace: { inScope: chatter.length } })
  })

  it('is not asked for by words, and words are not by meaning', async () => {
    const embedder = scriptedEmbedder({ meanings, dimensions: 256 })
    const memory = openMemory({ embedder })
    await memory.saveMessages({ ...where, messages: [...chatter, 'Which car', 'automobile club'] })
    await memory.settled()
    const asked = embedder.calls.length
    const byWords = await memory.recall({ ...about, mode: 'keyword' })
    expect(byWords).toMatchObject({ degraded: [], pending: 0, trace: { legs: ['keyword'], mode: 'keyword' } })
    expect(textsOf(byWords)[0]).toBe('automobile club')
    expect(byWords.items.every(({ scores }) => scores.vector === 0)).toBe(true)
    expect(embedder.calls).toHaveLength(asked)
    const byMeaning = await memory.recall(about)
    expect(byMeaning.items.every(({ scores }) => scores.keyword === 0)).toBe(true)
    const both = await memory.recall({ ...about, mode: 'hybrid' })
    expect(new Set(textsOf(both).slice(0, 2))).toEqual(new Set(['Which car', 'automobile club']))
    expect(both.trace.legs).toContain('vector')
    expect(both.trace.legs).toContain('keyword')
  })

  it('reaches entries too', async () => {
    const memory = openWithMeaning()
    const team = memory.team('acme')
    await team.write('pay', { wage: 'monthly' })
    await team.write('place', { city: 'Bern' })
    await memory.settled()
    const found = await team.space.recall('salary', { mode: 'vector' })
    expect(found).toMatchObject({ pending: 0, degraded: [], items: [{ id: 'pay' }, { id: 'place' }] })
    await team.write('pay', { city: 'Basel' })
    expect((await team.space.recall('salary', { mode: 'vector' })).pending).toBe(0)
  })
})

describe('how much comes back', () => {
  const many = Array.from({ length: 40 }, (_, i) => `Refund number ${i} of the year`)

  it('is topK at most, 20 by default', async () => {
    const memory = openMemory()
    await memory.saveMessages({ ...where, messages: many })
    const recall = async (options = {}) => textsOf(await memory.recall({ resourceId, query: 'refund', ...options }))
    expect(await recall()).toHaveLength(20)
    expect(await recall({ topK: 1 })).toHaveLength(1)
    expect(await recall({ topK: 1_000 })).toHaveLength(40)
    expect(await recall({ topK: 7 })).toEqual((await recall()).slice(0, 7))
  })

  it('fits the budget of tokens, and passes over what does not', async () => {
    const memory = openMemory()
    const long = `Refund ${'of this and that '.repeat(60)}`
    await memory.saveMessages({ ...where, messages: [long, ...many] })
    const found = await memory.recall({ resourceId, query: 'refund', topK: 41, tokenBudget: 100 })
    expect(found.tokens).toBeLessThanOrEqual(100)
    expect(found.items.length).toBeGreaterThan(5)
    expect(textsOf(found)).not.toContain(long)
    const dropped = found.trace.items.filter(({ dropped }) => dropped === 'over-budget')
    expect(dropped.length).toBe(41 - found.items.length)
  })

  it('is what reaches the threshold', async () => {
    const memory = openMemory()
    await memory.saveMessages({ ...where, messages: [...chatter, 'The refund of invoice 7711'] })
    const all = await memory.recall({ resourceId, query: 'refund of invoice 7711' })
    const threshold = (all.items[0]?.relevance ?? 0) - 0.01
    const best = await memory.recall({ resourceId, query: 'refund of invoice 7711', threshold })
    expect(textsOf(best)).toEqual(['The refund of invoice 7711'])
    expect(best.trace.items.map(({ dropped }) => dropped)).toEqual([null, ...chatter.map(() => 'below-threshold')])
    const none = await memory.recall({ resourceId, query: 'refund', threshold: 1 })
    expect(none.items).toEqual([])
  })
})

describe('messages around a found one', () => {
  const said = ['one', 'two', 'three', 'the refund', 'five', 'six', 'seven']

  async function around(messageRange: number | { before?: number; after?: number }, options = {}) {
    const memory = openMemory()
    await memory.saveMessages({ ...where, messages: said })
    await memory.saveMessages({ ...where, threadId: 'u', messages: ['of another thread'] })
    const found = await memory.recall({ resourceId, query: 'refund', topK: 1, messageRange, ...options })
    return found.items.map(({ text, isNeighbour }) => (isNeighbour === true ? text : `[${text}]`))
  }

  it('come along in the order of the thread', async () => {
    expect(await around(0)).toEqual(['[the refund]'])
    expect(await around(2)).toEqual(['two', 'three', '[the refund]', 'five', 'six'])
    expect(await around({ before: 1 })).toEqual(['three', '[the refund]'])
    expect(await around({ after: 2 })).toEqual(['[the refund]', 'five', 'six'])
    expect(await around({ before: 1, after: 0 })).toEqual(['three', '[the refund]'])
    expect(await around(100)).toEqual(said.map((text) => (text === 'the refund' ? `[${text}]` : text)))
  })

  it('stay away where the budget has no room for them', async () => {
    expect(await around(2, { tokenBudget: 3 })).toEqual(['[the refund]'])
  })

  it('come once, and only of the same session', async () => {
    const clock = new ManualClock()
    const memory = openMemory({ clock })
    await memory.saveMessages({ ...where, messages: ['long before'] })
    clock.pass(7 * hour)
    await memory.saveMessages({ ...where, messages: ['the refund', 'between', 'the refund again'] })
    const found = await memory.recall({ resourceId, query: 'refund', topK: 2, messageRange: 3 })
    expect(textsOf(found).toSorted()).toEqual(['between', 'the refund', 'the refund again'])
    expect(found.messages.filter(({ isNeighbour }) => isNeighbour === true)).toHaveLength(1)
  })
})

describe('where is searched', () => {
  it('is all threads of the resource, or one', async () => {
    const memory = openMemory()
    for (const threadId of ['a', 'b'])
      await memory.saveMessages({ resourceId, threadId, messages: `refund in ${threadId}` })
    await memory.saveMessages({ resourceId: 'bob', threadId: 'a', messages: `refund of bob's` })
    const recall = async (options: { threadId?: string; scope?: 'thread' | 'resource' }) =>
      textsOf(await memory.recall({ resourceId, query: 'refund', ...options })).toSorted()
    expect(await recall({})).toEqual(['refund in a', 'refund in b'])
    expect(await recall({ threadId: 'a' })).toEqual(['refund in a', 'refund in b'])
    expect(await recall({ threadId: 'a', scope: 'resource' })).toEqual(['refund in a', 'refund in b'])
    expect(await recall({ threadId: 'a', scope: 'thread' })).toEqual(['refund in a'])
    expect(await recall({ threadId: 'none', scope: 'thread' })).toEqual([])
    const inThread = await memory.space('resource/alice').recall('refund', { threadId: 'b' })
    expect(textsOf(inThread)).toEqual(['refund in b'])
    await memory.deleteThread({ resourceId, threadId: 'a' })
    await memory.saveMessages({ resourceId, threadId: 'a', messages: 'a new refund' })
    expect(await recall({ threadId: 'a', scope: 'thread' })).toEqual(['a new refund'])
  })

  it('is several spaces together, each item with its own', async () => {
    const memory = openMemory()
    await memory.saveMessages({ ...where, messages: 'a refund for alice' })
    await memory.saveMessages({ ...where, resourceId: 'bob', messages: 'a refund for bob' })
    await memory.team('acme').write('refund', 'within a week')
    await memory.team('other').write('refund', 'never')
    const spaces = ['team/acme', 'resource/alice', 'resource/bob', 'task/none']
    const found = await memory.space('team/other').recall('refund', { spaces })
    expect(found.items.map(({ space, id }) => (space === 'team/acme' ? `${space} ${id}` : space)).toSorted()).toEqual([
      'resource/alice',
      'resource/bob',
      'team/acme refund',
    ])
    expect(found.asOf).toEqual({ 'team/acme': 1, 'resource/alice': 1, 'resource/bob': 1, 'task/none': 0 })
    expect(found.messages.map((message) => message.resourceId).toSorted()).toEqual(['alice', 'bob'])
    expect(found.trace.spaces).toEqual(spaces)
  })

  it('is every kind of a space, or those named', async () => {
    const memory = openMemory()
    const space = memory.space('team/acme')
    await space.commit([
      { kind: 'entry-write', key: 'refund', value: 1 },
      { kind: 'fact-assert', unique: 'f', text: 'Ann waits for a refund' },
      {
        kind: 'message-append',
        threadId: 't',
        createThread: true,
        messages: [{ role: 'user', parts: [{ type: 'text', text: 'a refund' }] }],
      },
    ])
    const kinds = async (...wanted: ('message' | 'fact' | 'entry' | 'observation')[]) =>
      (await space.recall('refund', wanted.length === 0 ? {} : { kinds: wanted })).items
        .map(({ kind }) => kind)
        .toSorted()
    expect(await kinds()).toEqual(['entry', 'fact', 'message'])
    expect(await kinds('entry', 'message')).toEqual(['entry', 'message'])
    expect(await kinds('fact')).toEqual(['fact'])
    expect(await kinds('observation')).toEqual([])
    const fact = (await space.recall('refund', { kinds: ['fact'] })).items[0]
    expect(fact).toMatchObject({ text: 'Ann waits for a refund', id: fact?.fact?.id, author: fact?.fact?.assertedBy })
  })

  it('is messages only for memory.recall, unless more is named', async () => {
    const memory = openMemory()
    await memory.saveMessages({ ...where, messages: 'a refund' })
    await memory.space('resource/alice').commit([{ kind: 'entry-write', key: 'refund', value: 1 }])
    expect((await memory.recall({ resourceId, query: 'refund' })).items.map(({ kind }) => kind)).toEqual(['message'])
    const entries = await memory.recall({ resourceId, query: 'refund', kinds: ['entry'] })
    expect(entries).toMatchObject({ items: [{ kind: 'entry', id: 'refund', value: 1 }], messages: [] })
  })
})

describe('entries', () => {
  it('are found by key and value, and gone once overwritten, deleted or expired', async () => {
    const clock = new ManualClock()
    const memory = openMemory({ clock })
    const team = memory.team('acme')
    await team.write('deploy-plan', { region: 'Zurich', steps: ['freeze', 'copy'] }, { ttl: 10 * minute })
    await team.write('lunch', 'soup')
    const recall = async (query: string) => {
      const { items } = await team.space.recall(query)
      return items.filter(({ scores }) => scores.keyword > 0.1).map(({ id, value }) => [id, value])
    }
    const plan = ['deploy-plan', { region: 'Zurich', steps: ['freeze', 'copy'] }]
    for (const query of ['deploy-plan', 'deploy', 'zurich', 'freeze', 'region'])
      expect(await recall(query)).toEqual([plan])
    await team.write('deploy-plan', { region: 'Geneva' }, { ttl: 10 * minute })
    expect(await recall('zurich')).toEqual([])
    expect(await recall('geneva')).toEqual([['deploy-plan', { region: 'Geneva' }]])
    clock.pass(10 * minute)
    expect(await recall('geneva')).toEqual([])
    expect((await team.space.recall('geneva')).trace.inScope).toBe(1)
    await team.delete('lunch')
    expect((await team.space.recall('soup')).items).toEqual([])
  })
})

describe('a filter', () => {
  it('lets in messages by their metadata, as it is now', async () => {
    const memory = openMemory()
    const message = (content: string, metadata: Record<string, unknown>) =>
      ({ role: 'user', content, metadata }) as const
    const { messages } = await memory.saveMessages({
      ...where,
      messages: [
        message('refund one', { topic: 'billing', priority: 1 }),
        message('refund two', { topic: 'billing', priority: 3 }),
        message('refund three', { topic: 'shipping', priority: 5, place: { city: 'Bern' } }),
        'refund four',
      ],
    })
    const recall = async (filter: Record<string, unknown>) =>
      textsOf(await memory.recall({ resourceId, query: 'refund', filter })).toSorted()
    const sql = `topic' OR '1'='1`
    expect(await recall({ topic: 'billing' })).toEqual(['refund one', 'refund two'])
    expect(await recall({ priority: { $gte: 2, $lt: 5 } })).toEqual(['refund two'])
    expect(await recall({ 'place.city': 'Bern' })).toEqual(['refund three'])
    expect(await recall({ topic: { $exists: false } })).toEqual(['refund four'])
    expect(await recall({ [sql]: 'billing' })).toEqual([])
    await memory.updateMessages({ messages: [{ id: messages[0]?.id ?? '', metadata: { topic: 'shipping' } }] })
    expect(await recall({ topic: 'shipping' })).toEqual(['refund one', 'refund three'])
    expect(await recall({ topic: 'billing' })).toEqual(['refund two'])
  })

  it('lets in entries by their values, and finds what stands far down', async () => {
    const memory = openMemory()
    const team = memory.team('acme')
    const space = team.space
    for (let i = 0; i < 300; i++) {
      await team.write(`refund-${i}`, { status: i === 200 ? 'open' : 'done', note: 'refund '.repeat(1 + (i % 3)) })
    }
    await team.write('refund-list', ['open'])
    const found = await space.recall('refund', { filter: { status: { $ne: 'done', $exists: true } } })
    expect(found.items.map(({ id }) => id)).toEqual(['refund-200'])
    for (const { id, dropped } of found.trace.items) expect(dropped).toBe(id === 'refund-200' ? null : 'filter')
  })
})

it('fills the answer although much of what ranks first has expired', async () => {
  const clock = new ManualClock()
  const memory = openMemory({ clock })
  const space = memory.space('team/acme')
  const expiresAt = new Date(clock.ms + minute).toISOString()
  await space.commit([
    { kind: 'fact-assert', unique: 'f', text: 'Some words on a refund that stand in a long sentence of the team' },
  ])
  for (let i = 0; i < 60; i++)
    await space.commit([{ kind: 'fact-assert', unique: `f${i}`, text: `Refund refund refund ${i}`, expiresAt }])
  clock.pass(2 * minute)
  const found = await space.recall('refund', { topK: 5 })
  expect(textsOf(found)).toEqual(['Some words on a refund that stand in a long sentence of the team'])
  expect(found.trace.items.filter(({ dropped }) => dropped === 'gone')).toHaveLength(60)
})
