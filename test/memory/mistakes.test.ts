// Mistakes that a first program makes: each is refused at once, and the answer says what to do instead.
import type { Embedder, MemoryOptions, RecallOptions } from 'aquifer'
import { Memory } from 'aquifer'
import { describe, expect, it } from 'vitest'
import { openMemory, refused } from './opened.ts'

const asked = (options: unknown) => options as RecallOptions & { readonly query: string }

describe('a recall without a question', () => {
  it.each<[string, unknown, string]>([
    ['no options', undefined, 'recall'],
    ['the question instead of the options', 'refund', 'recall'],
    ['only a resource', { resourceId: 'alice' }, 'query'],
    ['an option of a search', { resourceId: 'alice', threadId: 't', topK: 3 }, 'query'],
    ['a question that is undefined', { resourceId: 'alice', query: undefined }, 'query'],
  ])('is refused as a recall: %s', async (_, options, field) => {
    const memory = openMemory()
    const error = await refused('invalid-input', () => memory.recall(asked(options)))
    expect(error.details.field).toBe(field)
    expect(error.fix).toContain('query:')
  })
})

describe('a rule is said as one says it', () => {
  it.each<[string, object, string]>([
    [
      'of a list that is too long',
      { spaces: Array.from({ length: 17 }, (_, i) => `team/t${i}`) },
      'have at most 16 items',
    ],
    ['of an empty list', { spaces: [] }, 'have at least 1 items'],
    ['of a number', { topK: 0 }, 'be at least 1'],
    ['of a list that is none', { kinds: 'fact' }, 'be a list'],
    ['of a number that is none', { topK: '3' }, 'be a number'],
  ])('%s', async (_, options, rule) => {
    const memory = openMemory()
    const space = memory.space('team/acme')
    const error = await refused('invalid-input', () => space.recall('plan', options))
    expect(error.details.rule).toBe(`must ${rule}`)
  })

  it('of a text that is none, with what to pass', async () => {
    const query = { query: 'plan' } as unknown as string
    const error = await refused('invalid-input', () => openMemory().space('team/acme').recall(query))
    expect(error.message).toBe('"query" must be a text; got an object with keys "query". Pass a text.')
  })

  it('of options that name nothing', async () => {
    const error = await refused('invalid-input', () => openMemory().forget({}))
    expect(error.details.got).toBe('an object without keys')
  })
})

describe('an embedder that does not say what it is', () => {
  const whole: Embedder = { id: 'own/1', dimensions: 2, maxWords: 100, batchSize: 8, embed: async () => [[1, 0]] }
  it.each<[string, object]>([
    ['id', { id: undefined }],
    ['id', { id: ' ' }],
    ['dimensions', { dimensions: undefined }],
    ['dimensions', { dimensions: 0 }],
    ['dimensions', { dimensions: '2' }],
    ['maxWords', { maxWords: undefined }],
    ['batchSize', { batchSize: undefined }],
    ['batchSize', { batchSize: 0 }],
  ])('is refused by its %s: %o', async (name, changed) => {
    const embedder = { ...whole, ...changed } as MemoryOptions['embedder'] & object
    const error = await refused('invalid-input', () => new Memory({ storage: ':memory:', embedder }))
    expect(error.details.field).toBe(`embedder.${name}`)
    expect(error.fix).toContain('batchSize')
  })

  it('is taken with dimensions that are not known yet', async () => {
    const memory = openMemory({ embedder: { ...whole, dimensions: null } })
    await memory.add('Tea is hot', { userId: 'alice' })
    expect(await memory.settled()).toMatchObject({ pendingSpaces: 0, degraded: null })
  })
})
