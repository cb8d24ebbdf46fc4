// Where a fact lives, and which other ids it carries.
import { describe, expect, it } from 'vitest'
import { openMemory, refused } from '../memory/opened.ts'

const ids = { userId: 'u', teamId: 't', agentId: 'a', taskId: 'r' }

describe('home', () => {
  it.each([
    ['resource/u', ids],
    ['resource/u', { ...ids, userId: undefined, resourceId: 'u' }],
    ['team/t', { teamId: 't', agentId: 'a', taskId: 'r' }],
    ['agent/a', { agentId: 'a', taskId: 'r' }],
    ['task/r', { taskId: 'r' }],
    ['resource/u%2F1', { userId: 'u/1' }],
  ])('is %s for %o', async (space, given) => {
    const memory = openMemory()
    const present = Object.fromEntries(Object.entries(given).filter(([, id]) => id !== undefined))
    await memory.add('Tea is hot', present)
    expect((await memory.space(space).state())?.seq).toBe(1)
    const { resourceId, ...own } = present as { resourceId?: string }
    const expected = resourceId === undefined ? own : { ...own, userId: resourceId }
    expect((await memory.search('tea', present)).results).toMatchObject([{ space, ...expected }])
  })

  it('requires the other ids to match', async () => {
    const memory = openMemory()
    await memory.add('Tea for the researcher', { userId: 'u', agentId: 'researcher' })
    await memory.add('Tea for the writer', { userId: 'u', agentId: 'writer', taskId: 'r' })
    await memory.add('Tea for all', { userId: 'u' })
    const found = async (given: object) =>
      (await memory.search('tea', given)).results.map(({ memory }) => memory).sort()
    const listed = async (given: object) =>
      (await memory.facts.getAll(given)).results.map(({ memory }) => memory).sort()
    for (const read of [found, listed]) {
      expect(await read({ userId: 'u' })).toHaveLength(3)
      expect(await read({ userId: 'u', agentId: 'writer' })).toEqual(['Tea for the writer'])
      expect(await read({ userId: 'u', agentId: 'writer', taskId: 'other' })).toEqual([])
      expect(await read({ agentId: 'writer' })).toEqual([])
      expect(await read({ userId: 'other' })).toEqual([])
    }
    expect(await memory.facts.deleteAll({ userId: 'u', agentId: 'researcher' })).toEqual({ deleted: 1 })
    expect(await listed({ userId: 'u' })).toEqual(['Tea for all', 'Tea for the writer'])
  })
})

describe('several homes', () => {
  it('are searched where they are named', async () => {
    const memory = openMemory()
    await memory.add('Tea for a user', { userId: 'u', agentId: 'a' })
    await memory.add('Tea for an agent', { agentId: 'a', taskId: 'r' })
    await memory.add('Tea for another agent', { agentId: 'b' })
    const spaces = ['resource/u', 'agent/a', 'agent/b', 'task/none']
    const found = async (given: object) => {
      const { results, asOf } = await memory.search('tea', { spaces, ...given })
      expect(Object.keys(asOf)).toEqual(spaces)
      return results.map(({ memory }) => memory).sort()
    }
    expect(await found({})).toHaveLength(3)
    // An id counts as matched where it is that of the home.
    expect(await found({ agentId: 'a' })).toEqual(['Tea for a user', 'Tea for an agent'])
    expect(await found({ userId: 'u' })).toEqual(['Tea for a user'])
    expect(await found({ agentId: 'a', taskId: 'r' })).toEqual(['Tea for an agent'])
  })

  it('are at most 16, each named once', async () => {
    const memory = openMemory()
    const spaces = Array.from({ length: 17 }, (_, index) => `agent/${index}`)
    await refused('invalid-input', () => memory.search('tea', { spaces }))
    await refused('invalid-input', () => memory.search('tea', { spaces: ['agent/a', 'agent/a'] }))
    await refused('invalid-input', () => memory.search('tea', { spaces: [] }))
    expect((await memory.search('tea', { spaces: spaces.slice(1) })).results).toEqual([])
  })
})

describe('trace', () => {
  it('says which home was searched, and that others were not', async () => {
    const memory = openMemory()
    await memory.add('Tea for a user', { userId: 'u', agentId: 'a' })
    await memory.add('Tea for an agent', { agentId: 'a' })
    const { results, trace, recallId } = await memory.search('tea', { agentId: 'a', explain: true })
    expect(results.map(({ memory }) => memory)).toEqual(['Tea for an agent'])
    expect(trace?.spaces).toEqual(['agent/a'])
    expect(trace?.note).toMatch(/agent\/a.*other homes were not searched/)
    expect(trace?.items).toMatchObject([{ id: results[0]?.id, dropped: null }])
    expect(await memory.explain(recallId)).toMatchObject({ note: trace?.note, spaces: trace?.spaces, question: 'tea' })
    expect(await memory.search('tea', { agentId: 'a' })).not.toHaveProperty('trace')
  })
})
