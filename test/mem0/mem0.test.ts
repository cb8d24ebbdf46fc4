// Programs written for Mem0, with only their import changed.
import { Memory, type MemoryOptions } from 'aquifer/mem0'
import { describe, expect, it, onTestFinished } from 'vitest'
import { hour, ManualClock, openMemory, refused } from '../memory/opened.ts'

function openMem0(options: MemoryOptions = {}): Memory {
  return new Memory(openMemory(options))
}

const texts = ({ results }: { results: readonly { memory: string }[] }) => results.map(({ memory }) => memory).sort()

it('runs the shared pool of a researcher, a writer and an editor', async () => {
  const memory = new Memory({ storage: ':memory:', embedder: false, background: false })
  onTestFinished(() => memory.close())
  const TASK_ID = 'task_q3_proposal'

  const research_output = 'Client needs executive summary first, uses slide decks, needs ROI figures'
  await memory.add([{ role: 'assistant', content: research_output }], { agent_id: TASK_ID })

  const shared_context = await memory.search('client requirements and format', { agent_id: TASK_ID, limit: 5 })
  const review_context = await memory.search('output format constraints', { agent_id: TASK_ID, limit: 5 })

  expect(texts(shared_context)).toEqual([research_output])
  expect(texts(review_context)).toEqual([research_output])
  expect((await memory.shared.space(`agent/${TASK_ID}`).state())?.seq).toBe(1)
})

describe('call shapes', () => {
  const shapes: [string, object][] = [
    ['snake_case', { user_id: 'alice', agent_id: 'a', run_id: 'r', team_id: 't' }],
    ['camelCase', { userId: 'alice', agentId: 'a', runId: 'r', teamId: 't' }],
    ['inside filters', { filters: { user_id: 'alice', agent_id: 'a', run_id: 'r', team_id: 't' } }],
    ['inside a list of filters', { filters: { AND: [{ user_id: 'alice' }, { agent_id: 'a' }, { run_id: 'r' }] } }],
    ['in both places', { user_id: 'alice', filters: { userId: 'alice', agentId: 'a' } }],
    ['with options left empty', { user_id: 'alice', agent_id: null, run_id: undefined }],
    ['with options that change nothing', { user_id: 'alice', version: 'v2', output_format: 'v1.1', async_mode: true }],
  ]

  it.each(shapes)('takes ids %s', async (_, ids) => {
    const memory = openMem0()
    await memory.add('Alice likes tea', { user_id: 'alice', agent_id: 'a', run_id: 'r', team_id: 't' })
    await memory.add('Bob likes tea', { user_id: 'bob', agent_id: 'a', run_id: 'r', team_id: 't' })
    expect(texts(await memory.search('tea', ids))).toEqual(['Alice likes tea'])
    expect(texts(await memory.search({ query: 'tea', ...ids }))).toEqual(['Alice likes tea'])
    expect(texts(await memory.getAll(ids))).toEqual(['Alice likes tea'])
    expect(texts(await memory.get_all(ids))).toEqual(['Alice likes tea'])
    await memory.add('Alice likes milk', ids)
    await memory.add({ messages: [{ role: 'user', content: 'Alice likes rice' }], ...ids })
    expect(texts(await memory.getAll(ids))).toHaveLength(3)
    expect(await memory.deleteAll(ids)).toMatchObject({ deleted: 3 })
    expect(await memory.delete_all(ids)).toMatchObject({ deleted: 0 })
    expect(texts(await memory.getAll({ userId: 'bob' }))).toEqual(['Bob likes tea'])
  })

  it('takes one memory by position or by name', async () => {
    const memory = openMem0()
    const { results } = await memory.add('Alice likes tea', { user_id: 'alice' })
    const memory_id = results[0]?.id ?? ''
    expect(await memory.get(memory_id)).toMatchObject({ memory: 'Alice likes tea' })
    expect(await memory.get({ memory_id })).toEqual(await memory.get(memory_id))
    await memory.update(memory_id, 'one')
    await memory.update(memory_id, { data: 'two' })
    await memory.update(memory_id, { text: 'three', metadata: { a: 1 } })
    await memory.update({ memory_id, data: 'four' })
    expect(await memory.get({ memoryId: memory_id })).toMatchObject({ memory: 'four', metadata: { a: 1 } })
    const past = await memory.history(memory_id)
    expect(past.map(({ new_memory }) => new_memory)).toEqual(['four', 'three', 'two', 'one', 'Alice likes tea'])
    expect(await memory.delete({ memory_id })).toMatchObject({ deleted: true })
    expect(await memory.delete(memory_id)).toMatchObject({ deleted: false })
    expect((await memory.history({ memory_id }))[0]).toMatchObject({
      memory_id,
      event: 'DELETE',
      old_memory: 'four',
      new_memory: null,
      is_deleted: true,
    })
  })
})

describe('answers', () => {
  it('have both spellings, and times as texts', async () => {
    const clock = new ManualClock()
    const memory = openMem0({ clock })
    const { results: added } = await memory.add('Alice likes tea', {
      user_id: 'alice',
      run_id: 'r',
      metadata: { topic: 'drinks' },
    })
    expect(added).toEqual([{ id: added[0]?.id, memory: 'Alice likes tea', event: 'ADD', metadata: { event: 'ADD' } }])
    const time = new Date(clock.ms).toISOString()
    const { results } = await memory.search('tea', { user_id: 'alice' })
    expect(results).toEqual([
      {
        id: added[0]?.id,
        memory: 'Alice likes tea',
        metadata: { topic: 'drinks' },
        role: 'user',
        score: results[0]?.score,
        ...{ userId: 'alice', user_id: 'alice', runId: 'r', run_id: 'r' },
        ...{ createdAt: time, created_at: time, updatedAt: time, updated_at: time },
      },
    ])
    expect(results[0]?.score).toBeGreaterThan(0)
  })

  it('keep the name of a speaker', async () => {
    const memory = openMem0()
    await memory.add([{ role: 'user', name: 'Alice', content: 'I like tea' }], { run_id: 'r' })
    expect((await memory.getAll({ run_id: 'r' })).results[0]?.metadata).toEqual({ actor_id: 'Alice' })
    expect(texts(await memory.search('tea', { run_id: 'r', filters: { actor_id: 'Alice' } }))).toHaveLength(1)
    expect(texts(await memory.search('tea', { run_id: 'r', filters: { actor_id: 'Bob' } }))).toEqual([])
  })

  it('come in pages', async () => {
    const memory = openMem0()
    await memory.add(['one', 'two', 'three'], { user_id: 'alice' })
    const first = await memory.getAll({ user_id: 'alice', limit: 2 })
    const second = await memory.getAll({ user_id: 'alice', limit: 2, cursor: first.next_cursor ?? '' })
    expect([texts(first), texts(second), second.next_cursor]).toEqual([['three', 'two'], ['one'], undefined])
  })

  it('leave out what has expired', async () => {
    const clock = new ManualClock()
    const memory = openMem0({ clock })
    const expiration_date = new Date(clock.ms + hour).toISOString()
    await memory.add('Alice is out', { user_id: 'alice', expiration_date })
    expect(texts(await memory.getAll({ user_id: 'alice' }))).toHaveLength(1)
    clock.pass(hour)
    expect(texts(await memory.getAll({ user_id: 'alice' }))).toEqual([])
  })
})

describe('filters', () => {
  const cases: [object, string[]][] = [
    [{ year: 2024 }, ['tea 2024']],
    [{ year: { gte: 2024 } }, ['tea 2024', 'tea 2025']],
    [{ year: { $gte: 2024, $lt: 2025 } }, ['tea 2024']],
    [{ AND: [{ user_id: 'alice' }, { year: { ne: 2024 } }] }, ['tea 2023', 'tea 2025']],
    [{ OR: [{ year: 2023 }, { year: { in: [2025] } }] }, ['tea 2023', 'tea 2025']],
    [{ NOT: [{ year: 2023 }, { year: 2024 }] }, ['tea 2025']],
    [{ year: '*' }, ['tea 2023', 'tea 2024', 'tea 2025']],
    [{ place: '*' }, []],
  ]

  it.each(cases)('%j', async (filters, expected) => {
    const memory = openMem0()
    for (const year of [2023, 2024, 2025]) await memory.add(`tea ${year}`, { user_id: 'alice', metadata: { year } })
    expect(texts(await memory.search('tea', { user_id: 'alice', filters: { ...filters } }))).toEqual(expected)
    expect(texts(await memory.getAll({ user_id: 'alice', filters: { ...filters } }))).toEqual(expected)
  })
})

describe('refusals', () => {
  it.each([
    ['no id', {}],
    ['a wildcard', { user_id: '*' }],
    ['a wildcard inside filters', { filters: { user_id: '*' } }],
    ['ids that differ', { user_id: 'a', userId: 'b' }],
    ['ids that differ from those inside filters', { user_id: 'a', filters: { user_id: 'b' } }],
    ['an id that is a choice', { filters: { user_id: { in: ['a', 'b'] } } }],
    ['ids in a choice', { filters: { OR: [{ user_id: 'a' }, { agent_id: 'b' }] } }],
    ['ids ruled out', { filters: { AND: [{ user_id: 'a' }, { NOT: [{ agent_id: 'b' }] }] } }],
    ['an option that is not known', { user_id: 'a', app_id: 'x' }],
    ['filters that are no object', { user_id: 'a', filters: 'all' }],
    ['options that are none', 'alice'],
  ])('%s', async (_, options) => {
    const memory = openMem0()
    await memory.add('Tea is hot', { user_id: 'a' })
    await refused('invalid-input', () => memory.search('tea', options as never))
    await refused('invalid-input', () => memory.getAll(options as never))
    await refused('invalid-input', () => memory.add('Tea is cold', options as never))
    await refused('invalid-input', () => memory.deleteAll(options as never))
    expect(texts(await memory.getAll({ user_id: 'a' }))).toEqual(['Tea is hot'])
  })

  it('a filter by what is no metadata', async () => {
    const memory = openMem0()
    const filters = { AND: [{ user_id: 'a' }, { created_at: { gte: '2026-01-01' } }] }
    await refused('unsupported', () => memory.search('tea', { filters }))
  })

  it('an operator that would compare with other rules than here', async () => {
    const memory = openMem0()
    await memory.add('Tea is hot', { user_id: 'a', metadata: { kind: 'Drink' } })
    const filters = { user_id: 'a', kind: { icontains: 'drink' } }
    const error = await refused('unsupported', () => memory.search('tea', { filters }))
    expect(error.details.field).toBe('filters.kind.icontains')
  })

  it('reset, whoever asks', async () => {
    const memory = openMem0()
    await memory.add('Tea is hot', { user_id: 'a' })
    await refused('unsupported', () => memory.reset())
    expect(texts(await memory.getAll({ user_id: 'a' }))).toEqual(['Tea is hot'])
  })

  it('infer without a model, and ids of memories that are none', async () => {
    const memory = openMem0()
    await refused('unsupported', () => memory.add('Tea is hot', { user_id: 'a', infer: true }))
    await refused('invalid-input', () => memory.get(undefined as never))
    await refused('not-found', () => memory.update('nothing', 'Tea is hot'))
    expect(await memory.get('nothing')).toBeNull()
  })
})
