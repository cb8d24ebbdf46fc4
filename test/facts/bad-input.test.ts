// What is refused, with the field that is named; nothing is stored, nothing is lost.
import { describe, expect, it } from 'vitest'
import { openMemory, refused } from '../memory/opened.ts'

const alice = { userId: 'alice' }
type Call = (memory: ReturnType<typeof openMemory>, options: never) => Promise<unknown>
const calls: [string, Call][] = [
  ['add', (memory, options) => memory.add('Tea is hot', options)],
  ['search', (memory, options) => memory.search('tea', options)],
  ['getAll', (memory, options) => memory.facts.getAll(options)],
  ['deleteAll', (memory, options) => memory.facts.deleteAll(options)],
  ['conflicts', (memory, options) => memory.facts.conflicts(options)],
]

describe.each(calls)('%s', (_, call) => {
  it.each([
    ['no id', {}, 'userId, resourceId, teamId, agentId, taskId'],
    ['ids that differ', { userId: 'a', resourceId: 'b' }, 'resourceId'],
    ['a wildcard user', { userId: '*' }, 'userId'],
    ['a wildcard agent beside a user', { userId: 'a', agentId: '%' }, 'agentId'],
    ['an empty id', { teamId: '' }, 'teamId'],
    ['an id that is a number', { taskId: 7 }, 'taskId'],
    ['an option it does not have', { ...alice, user_id: 'a' }, undefined],
  ])('refuses %s', async (_, options, field) => {
    const memory = openMemory()
    await memory.add('Tea is hot', alice)
    const error = await refused('invalid-input', () => call(memory, options as never))
    if (field !== undefined) expect(error.details.field).toBe(field)
    expect((await memory.facts.getAll(alice)).results).toHaveLength(1)
    for (const name of ['userId', 'teamId', 'agentId', 'taskId']) {
      if (field?.includes(',')) expect(error.fix).toContain(name)
    }
  })
})

describe('search', () => {
  it.each([
    ['topK 0', { topK: 0 }, 'topK'],
    ['limit 0', { limit: 0 }, 'limit'],
    ['topK 10,000', { topK: 10_000 }, 'topK'],
    ['limit and topK that differ', { topK: 1, limit: 2 }, 'limit'],
    ['a threshold above 1', { threshold: 2 }, 'threshold'],
    ['a time that is none', { asOf: 'yesterday' }, 'asOf'],
    ['an unknown operator', { filters: { year: { $near: 1 } } }, 'filters.year.$near'],
    ['an unknown operator at the top', { filters: { $where: '1' } }, 'filters.$where'],
    ['a filter that is no object', { filters: 'year = 1' }, 'filters'],
    ['a space that is none', { spaces: ['everything'] }, 'space'],
    ['a wildcard space', { spaces: ['resource/*'] }, 'space'],
  ])('refuses %s', async (_, options, field) => {
    const memory = openMemory()
    const error = await refused('invalid-input', () => memory.search('tea', { ...alice, ...options } as never))
    expect(error.details.field).toBe(field)
  })

  it.each(['', '   ', 7, null, undefined])('refuses the question %o', async (query) => {
    const memory = openMemory()
    await refused('invalid-input', () => memory.search(query as never, alice))
  })

  it('takes SQL in a filter for the name of a field that nothing has', async () => {
    const memory = openMemory()
    await memory.add('Tea is hot', { ...alice, metadata: { year: 1 } })
    const filters = { "year') OR 1=1; DROP TABLE fact; --": 1 }
    expect((await memory.search('tea', { ...alice, filters })).results).toEqual([])
    expect((await memory.facts.getAll({ ...alice, filters })).results).toEqual([])
    expect((await memory.facts.getAll(alice)).results).toHaveLength(1)
  })
})

describe('add', () => {
  it.each([
    ['an empty text', '', 'messages[0]'],
    ['no messages', [], 'messages'],
    ['a message of no role', [{ content: 'x' }], 'messages[0].role'],
    [
      'a message without words',
      [
        { role: 'user', content: 'x' },
        { role: 'user', content: ' ' },
      ],
      'messages[1]',
    ],
    ['no message at all', undefined, 'messages'],
  ])('refuses %s', async (_, messages, field) => {
    const memory = openMemory()
    const error = await refused('invalid-input', () => memory.add(messages as never, alice))
    expect(error.details.field).toBe(field)
    expect(await memory.space('resource/alice').state()).toBeNull()
  })

  it.each([
    ['metadata that is no JSON', { metadata: { at: 1n } }, 'metadata.at'],
    ['a time that is none', { validFrom: 'soon' }, 'validFrom'],
    ['an expiry that is none', { expiresAt: 'never' }, 'expiresAt'],
    ['a wildcard for a commit', { commitId: '*' }, 'commitId'],
  ])('refuses %s', async (_, options, field) => {
    const memory = openMemory()
    const error = await refused('invalid-input', () => memory.add('Tea is hot', { ...alice, ...options }))
    expect(error.details.field).toBe(field)
  })

  it('refuses 100,000 characters, and keeps what is there', async () => {
    const memory = openMemory()
    await memory.add('Tea is hot', alice)
    await refused('limit-exceeded', () => memory.add('x'.repeat(100_000), alice))
    expect((await memory.facts.getAll(alice)).results).toHaveLength(1)
  })

  it('says how to give a model where it is to infer', async () => {
    const memory = openMemory()
    const error = await refused('unsupported', () => memory.add('Tea is hot', { ...alice, infer: true }))
    expect(error.fix).toContain('model')
    expect(await memory.space('resource/alice').state()).toBeNull()
  })
})

describe('one fact', () => {
  it('refuses what changes nothing, and ids that can be none', async () => {
    const memory = openMemory()
    const { results } = await memory.add('Tea is hot', alice)
    const id = results[0]?.id ?? ''
    await refused('invalid-input', () => memory.facts.update(id, {}))
    await refused('invalid-input', () => memory.facts.update(id, ''))
    await refused('invalid-input', () => memory.facts.update(id, { memory: 'x' } as never))
    await refused('invalid-input', () => memory.facts.update(id, 'x', { ifVersion: 0 }))
    await refused('invalid-input', () => memory.facts.get(''))
    await refused('invalid-input', () => memory.facts.delete('*'))
    await refused('invalid-input', () => memory.facts.history(7 as never))
    expect((await memory.facts.get(id))?.version).toBe(1)
  })

  it.each([0, 1_001])('refuses pages of %d', async (limit) => {
    const memory = openMemory()
    await refused('invalid-input', () => memory.facts.getAll({ ...alice, limit }))
    await refused('invalid-input', () => memory.facts.conflicts({ ...alice, limit }))
    await refused('invalid-input', () => memory.facts.history('fact_AAAAAAAAAAAAAAAA_x', { limit }))
  })

  it('refuses cursors of other listings', async () => {
    const memory = openMemory()
    await memory.add(['Tea is hot', 'Ice is cold'], alice)
    await memory.add(['Tea is hot', 'Ice is cold'], { userId: 'bob' })
    const { nextCursor = '' } = await memory.facts.getAll({ ...alice, limit: 1 })
    await refused('invalid-input', () => memory.facts.conflicts({ ...alice, cursor: nextCursor }))
    await refused('cursor-expired', () => memory.facts.getAll({ userId: 'bob', cursor: nextCursor }))
    await refused('invalid-input', () => memory.facts.getAll({ ...alice, cursor: 'x' }))
  })
})
