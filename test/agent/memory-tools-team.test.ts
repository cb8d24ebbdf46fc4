// The tools of a team: what one agent writes the others read.
import type { MemoryBehaviour } from 'aquifer'
import { describe, expect, it } from 'vitest'
import { hour, ManualClock, openMemory } from '../memory/opened.ts'
import { callAll, callOnce, toolsOf } from './called-tools.ts'

const options: MemoryBehaviour = { team: 'acme' }
const lead = { name: 'Acme Corp', contact: 'john@acme.com', status: 'qualified' }

describe('the tools of a team', () => {
  it('are there for an agent with a team; none that writes, if it is to write nothing', async () => {
    const memory = openMemory()
    const has = async (behaviour: MemoryBehaviour) => Object.keys(await toolsOf(memory, behaviour)).sort()
    expect(await has({})).toEqual([])
    expect(await has(options)).toEqual(['memory_list', 'memory_merge', 'memory_read', 'memory_write'])
    expect(await has({ ...options, readOnly: true })).toEqual(['memory_list', 'memory_read'])
  })

  it('hand a lead from one agent to the other', async () => {
    const memory = openMemory()
    const [sales, ceo] = await Promise.all([toolsOf(memory, options, 'sales'), toolsOf(memory, options, 'ceo')])
    const { parts, outputs } = await callAll(sales, ['memory_write', { key: 'qualified_lead_acme', value: lead }])
    expect(parts[0]).toMatchObject({ type: 'tool-call', toolMetadata: { aquifer: { internal: true } } })
    expect(outputs[0]).toMatchObject({ status: 'written', key: 'qualified_lead_acme', version: 1 })
    expect(await callOnce(ceo, 'memory_read', { key: 'qualified_lead_acme' })).toEqual(lead)
    expect(await callOnce(ceo, 'memory_read', { key: 'other' })).toBeNull()
    expect((await memory.team('acme').get('qualified_lead_acme'))?.writtenBy).toEqual({ kind: 'agent', id: 'sales' })
    const other = await toolsOf(memory, { team: 'beta' })
    expect(await callOnce(other, 'memory_read', { key: 'qualified_lead_acme' })).toBeNull()
  })

  it.each<[string, unknown]>([
    ['true', true],
    ['a number', 7],
    ['a text', 'ready'],
    ['null', null],
    ['a list', [1, { a: null }]],
  ])('store %s', async (_, value) => {
    const tools = await toolsOf(openMemory(), options)
    expect(await callOnce(tools, 'memory_write', { key: 'k', value })).toMatchObject({ status: 'written' })
    expect(await callOnce(tools, 'memory_read', { key: 'k' })).toEqual(value)
  })

  it('store for as long as it is said, else for as long as the team does', async () => {
    const clock = new ManualClock()
    const memory = openMemory({ clock })
    const tools = await toolsOf(memory, options)
    const value = { key: 'urgent_review_needed', value: true, ttl: '1h' }
    expect(await callOnce(tools, 'memory_write', value)).toMatchObject({ expiresAt: '2026-03-01T01:00:00.000Z' })
    await callOnce(tools, 'memory_write', { key: 'usual', value: true, ttl: null })
    await callOnce(tools, 'memory_merge', { key: 'merged', patch: { a: 1 }, ttl: '2h' })
    const expiry = async (key: string) => (await memory.team('acme').get(key))?.expiresAt?.toISOString()
    expect([await expiry('usual'), await expiry('merged')]).toEqual([
      '2026-03-31T00:00:00.000Z',
      '2026-03-01T02:00:00.000Z',
    ])
    clock.pass(hour)
    expect(await callOnce(tools, 'memory_read', { key: 'urgent_review_needed' })).toBeNull()
  })

  it('merge deeply, null deletes, and nothing of parallel merges is lost', async () => {
    const tools = await toolsOf(openMemory(), options)
    const key = 'campaign_status'
    await callOnce(tools, 'memory_write', {
      key,
      value: { phase: 'draft', pending: ['design'], owner: { name: 'Ann' } },
    })
    const patch = { phase: null, pending: ['launch'], owner: { team: 'sales' } }
    expect(await callOnce(tools, 'memory_merge', { key, patch })).toMatchObject({
      status: 'written',
      version: 2,
      value: { pending: ['launch'], owner: { name: 'Ann', team: 'sales' } },
    })
    const calls = Array.from({ length: 8 }, (_, index): [string, object] => {
      return ['memory_merge', { key: 'intel', patch: { [`c${index}`]: index } }]
    })
    await callAll(tools, calls)
    expect(Object.keys((await callOnce(tools, 'memory_read', { key: 'intel' })) as object)).toHaveLength(8)
  })

  it('list keys by prefix, with who wrote them, page by page', async () => {
    const memory = openMemory({ clock: new ManualClock() })
    const tools = await toolsOf(memory, options)
    await callOnce(tools, 'memory_write', { key: 'lead:acme', value: lead })
    await memory.as({ kind: 'user', id: 'ann', name: 'Ann' }).team('acme').write('lead:beta', 1)
    await callOnce(tools, 'memory_write', { key: 'plan', value: 1 })
    const updatedAt = '2026-03-01T00:00:00.000Z'
    expect(await callOnce(tools, 'memory_list', { prefix: 'lead:' })).toEqual({
      keys: [
        { key: 'lead:acme', writtenBy: 'agent sales', updatedAt },
        { key: 'lead:beta', writtenBy: 'user ann (Ann)', updatedAt },
      ],
    })
    expect(await callOnce(tools, 'memory_list', { prefix: 'none', cursor: null })).toEqual({ keys: [] })
    const many = memory.team('acme')
    await Promise.all(Array.from({ length: 110 }, (_, index) => many.write(`many:${index}`, index)))
    type Page = { keys: { key: string }[]; cursor: string }
    const { outputs } = await callAll(tools, ['memory_list', {}], [['memory_list', ({ cursor }: Page) => ({ cursor })]])
    const keys = (outputs as Page[]).map((page) => page.keys.map(({ key }) => key))
    expect(keys.map(({ length }) => length)).toEqual([100, 13])
    expect(new Set(keys.flat()).size).toBe(113)
  })

  it.each<[string, string, object, RegExp]>([
    ['a value that is too large', 'memory_write', { key: 'k', value: 'x'.repeat(70_000) }, /limit.*Store less/],
    ['a key that means several', 'memory_write', { key: 'lead*', value: 1 }, /"key" must not be a wildcard/],
    ['an empty key', 'memory_read', { key: '' }, /"key" must not be empty/],
    ['a time to live that is none', 'memory_write', { key: 'k', value: 1, ttl: 'soon' }, /"ttl".*30m/],
    ['merging into a text', 'memory_merge', { key: 'text', patch: { a: 1 } }, /text/],
    ['a cursor that is none', 'memory_list', { cursor: 'next' }, /cursor/],
  ])('refuse %s in words', async (_, tool, input, reason) => {
    const memory = openMemory()
    await memory.team('acme').write('text', 'plain')
    const answer = await callOnce(await toolsOf(memory, options), tool, input)
    expect(answer).toEqual({ status: 'refused', reason: expect.stringMatching(reason) })
    expect((await memory.team('acme').list()).entries.map(({ key }) => key)).toEqual(['text'])
    expect(JSON.stringify(answer)).not.toMatch(/limits\.|\bat \/|\.ts/)
  })

  it('tell the model of input without a value', async () => {
    const { parts } = await callAll(await toolsOf(openMemory(), options), ['memory_write', { key: 'k' }])
    expect(parts.map(({ type }) => type)).toContain('tool-error')
  })
})
