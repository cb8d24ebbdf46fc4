// Recall asked wrongly: a typed error that names the field, the rule, what it got and the fix.
import type { Memory, RecallOptions, SpaceRecallOptions } from 'aquifer'
import { describe, expect, it } from 'vitest'
import { openMemory, refused } from './opened.ts'

const about: RecallOptions = { resourceId: 'alice', query: 'refund' }

/** Options as they come from outside. */
const wrong = (options: object) => options as SpaceRecallOptions

async function openWithMessages(): Promise<Memory> {
  const memory = openMemory()
  await memory.saveMessages({ resourceId: 'alice', threadId: 't', messages: ['the refund', 'and more'] })
  return memory
}

const limits: [string, object, string][] = [
  ['topK 0', { topK: 0 }, 'topK'],
  ['topK 10,000', { topK: 10_000 }, 'topK'],
  ['topK 1.5', { topK: 1.5 }, 'topK'],
  ['topK as a text', { topK: '5' }, 'topK'],
  ['a negative topK', { topK: -1 }, 'topK'],
  ['no budget', { tokenBudget: 0 }, 'tokenBudget'],
  ['an endless budget', { tokenBudget: Number.POSITIVE_INFINITY }, 'tokenBudget'],
  ['a negative range', { messageRange: -1 }, 'messageRange'],
  ['a range of 101', { messageRange: { before: 101 } }, 'messageRange.before'],
  ['an unknown side of a range', { messageRange: { around: 1 } }, 'messageRange'],
  ['a threshold above 1', { threshold: 1.1 }, 'threshold'],
  ['a threshold of NaN', { threshold: Number.NaN }, 'threshold'],
  ['an unknown mode', { mode: 'semantic' }, 'mode'],
  ['an unknown kind', { kinds: ['memory'] }, 'kinds.0'],
  ['no kinds', { kinds: [] }, 'kinds'],
  ['a filter that is a text', { filter: 'topic = 1' }, 'filter'],
  ['a filter that is a list', { filter: [] }, 'filter'],
  ['a filter that is null', { filter: null }, 'filter'],
  ['an unknown operator', { filter: { topic: { $like: 'b%' } } }, 'filter.topic.$like'],
]

describe('both ways of asking refuse', () => {
  it.each(limits)('%s', async (_, options, field) => {
    const memory = await openWithMessages()
    const errors = [
      await refused('invalid-input', () =>
        memory.recall({ ...about, ...wrong(options) } as RecallOptions & { query: string }),
      ),
      await refused('invalid-input', () => memory.space('resource/alice').recall('refund', wrong(options))),
    ]
    for (const { details } of errors) {
      expect(details).toEqual({ field, rule: expect.stringMatching(/\S/), got: expect.stringMatching(/\S/) })
    }
  })

  it.each<[string, unknown]>([
    ['an empty question', ''],
    ['a blank question', ' \n\t '],
    ['a number', 7],
    ['null', null],
    ['a list', ['refund']],
  ])('%s', async (_, query) => {
    const memory = await openWithMessages()
    const text = query as string
    const named = [
      await refused('invalid-input', () => memory.recall({ resourceId: 'alice', query: text })),
      await refused('invalid-input', () => memory.space('resource/alice').recall(text)),
    ]
    for (const { details } of named) expect(details.field).toBe('query')
    const other = await refused('invalid-input', () => memory.recall({ resourceId: 'alice', vectorSearchString: text }))
    expect(other.details.field).toBe('vectorSearchString')
  })
})

describe('recall of conversations', () => {
  const rows: [string, object, string][] = [
    ['an unknown option', { colour: 'red' }, 'recall'],
    ['an option of a space', { spaces: ['team/acme'] }, 'recall'],
    ['an unknown scope', { scope: 'team' }, 'scope'],
    [`scope: 'thread' without a thread`, { scope: 'thread' }, 'threadId'],
    ['a wildcard resource', { resourceId: '*' }, 'resourceId'],
    ['no resource', { resourceId: undefined }, 'resourceId'],
    ['an empty thread', { threadId: '' }, 'threadId'],
    ['two different questions', { vectorSearchString: 'invoice' }, 'vectorSearchString'],
  ]
  it.each(rows)('refuses %s', async (_, options, field) => {
    const memory = await openWithMessages()
    const asked = { ...about, ...options } as RecallOptions & { query: string }
    const error = await refused('invalid-input', () => memory.recall(asked))
    expect(error.details.field).toBe(field)
  })

  it('takes the same question under both names, and a page of messages without one', async () => {
    const memory = await openWithMessages()
    const asked = { resourceId: 'alice', query: 'refund', vectorSearchString: 'refund' }
    const both = await memory.recall(asked)
    const other = await memory.recall({ resourceId: 'alice', vectorSearchString: 'refund' })
    expect(both.items).toEqual(other.items)
    expect(both.items).toHaveLength(2)
    const page = await memory.recall({ resourceId: 'alice', threadId: 't' })
    expect(page).toEqual(await memory.listMessages({ resourceId: 'alice', threadId: 't' }))
  })
})

describe('recall of spaces', () => {
  const many = Array.from({ length: 17 }, (_, i) => `team/t${i}`)
  const rows: [string, object, string][] = [
    ['an unknown option', { colour: 'red' }, 'recall'],
    ['a scope', { scope: 'thread' }, 'recall'],
    ['no spaces', { spaces: [] }, 'spaces'],
    ['17 spaces', { spaces: many }, 'spaces'],
    ['a space twice', { spaces: ['team/a', 'team/b', 'team/a'] }, 'spaces'],
    ['a space twice, written in two ways', { spaces: ['team/a', 'team/%61'] }, 'spaces'],
    ['a wildcard space', { spaces: ['team/*'] }, 'space'],
    ['a space of no kind', { spaces: ['acme'] }, 'space'],
    ['a thread in several spaces', { spaces: ['team/a', 'team/b'], threadId: 't' }, 'threadId'],
    ['a wildcard thread', { threadId: '*' }, 'threadId'],
  ]
  it.each(rows)('refuses %s', async (_, options, field) => {
    const memory = await openWithMessages()
    const error = await refused('invalid-input', () => memory.space('team/acme').recall('refund', wrong(options)))
    expect(error.details.field).toBe(field)
  })

  it('takes 16 spaces that are not there', async () => {
    const memory = await openWithMessages()
    const found = await memory.space('team/acme').recall('refund', { spaces: many.slice(1) })
    expect(found).toMatchObject({ items: [], pending: 0 })
    expect(Object.keys(found.asOf)).toHaveLength(16)
  })
})

it('takes any text that holds something as a question', async () => {
  const memory = await openWithMessages()
  const odd = [
    '?!',
    '*',
    '%',
    `'; DROP TABLE log; --`,
    '\u0000',
    '😀',
    '__proto__',
    'the',
    'a'.repeat(5_000),
    '(('.repeat(500),
  ]
  for (const query of odd) expect((await memory.recall({ resourceId: 'alice', query })).trace.inScope).toBe(2)
  expect((await memory.recall({ resourceId: 'alice', query: 'the' })).items).toHaveLength(2)
})

it('is refused by a closed memory', async () => {
  const memory = await openWithMessages()
  await memory.close()
  await refused('closed', () => memory.recall({ resourceId: 'alice', query: 'refund' }))
  await refused('closed', () => memory.settled())
})
