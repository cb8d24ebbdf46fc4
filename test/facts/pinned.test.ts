// Pinned facts: in every prompt of their home, and only users and the application decide which.
import { Agent, type Memory } from 'aquifer'
import { scriptedModel } from 'aquifer/testing'
import { describe, expect, it } from 'vitest'
import { openMemory, refused } from '../memory/opened.ts'

const at = { resourceId: 'alice', threadId: 't' }
const user = { kind: 'user', id: 'alice' } as const
const bot = { kind: 'agent', id: 'bot' } as const
const tool = { kind: 'tool', id: 'search' } as const

async function pin(memory: Memory, text: string, more: object = {}): Promise<string> {
  const { results } = await memory.add(text, { userId: 'alice', infer: false, pinned: true, ...more })
  return results[0]?.id as string
}

async function promptOf(memory: Memory, options: object = {}) {
  const model = scriptedModel({ script: ['Yes.'] })
  const agent = new Agent({ name: 'Helper', model, memory })
  const { runId, warnings } = await agent.generate('Hello', { ...at, memory: { options } })
  const run = await memory.getRun(runId as string)
  return { instructions: model.calls[0]?.instructions ?? '', seen: run?.details.seen as never, warnings }
}

describe('a pinned fact', () => {
  it('is in every prompt of its home, the most important first, then the newest, and once', async () => {
    const memory = openMemory()
    const ids = [
      await pin(memory, 'Alice is allergic to nuts'),
      await pin(memory, 'Alice lives in Lisbon', { importance: 0.9 }),
      await pin(memory, 'Alice has two cats', { importance: 0.1 }),
      await pin(memory, 'Alice speaks Hindi'),
    ] as const
    await memory.add('Bob is here', { userId: 'bob', infer: false, pinned: true })
    const { instructions, seen } = await promptOf(memory, { facts: true })
    const order = ['Lisbon', 'Hindi', 'nuts', 'cats'].map((word) => instructions.indexOf(word))
    expect(order).toEqual(order.toSorted((left, right) => left - right))
    expect(order[0]).toBeGreaterThan(-1)
    expect(instructions.split('Lisbon')).toHaveLength(2)
    expect(instructions).not.toContain('Bob')
    expect(seen).toMatchObject({ pinned: [{ id: ids[1] }, { id: ids[3] }, { id: ids[0] }, { id: ids[2] }], facts: [] })
    expect((await promptOf(memory, { pinnedFacts: false })).instructions).not.toContain('Lisbon')
  })

  it('that does not fit the budget of pinned facts is named in the run, and others are shown', async () => {
    const memory = openMemory()
    const long = await pin(memory, `Alice said ${'a long story '.repeat(300)}`, { importance: 1 })
    const short = await pin(memory, 'Alice lives in Lisbon')
    const { instructions, seen } = await promptOf(memory, { pinnedFacts: { tokenBudget: 100 } })
    expect(instructions).toContain('Lisbon')
    expect(seen).toMatchObject({
      pinned: [{ id: short }],
      dropped: [{ section: 'pinned', id: long, reason: 'budget' }],
    })
  })

  it('is released by an update, and ends with a deletion', async () => {
    const memory = openMemory()
    const id = await pin(memory, 'Alice lives in Lisbon')
    expect((await memory.facts.get(id))?.pinned).toBe(true)
    const update = await memory.facts.update(id, { pinned: false })
    expect(update).toMatchObject({ status: 'updated' })
    expect((await memory.facts.get(id))?.pinned).toBeUndefined()
    expect((await promptOf(memory)).instructions).not.toContain('Lisbon')
    await memory.facts.update(id, { pinned: true, importance: 0.3 })
    expect(await memory.facts.get(id)).toMatchObject({ pinned: true, importance: 0.3 })
    await memory.as(user).facts.delete(id)
    expect((await promptOf(memory)).instructions).not.toContain('Lisbon')
  })

  it('is what is said again with a pin, and stays what is said again without', async () => {
    const memory = openMemory()
    const id = await pin(memory, 'Alice lives in Lisbon', { pinned: false })
    const again = await memory.as(user).add('Alice lives in Lisbon', { userId: 'alice', infer: false, pinned: true })
    expect(again.results).toMatchObject([{ id, event: 'UPDATE', added: expect.arrayContaining(['pinned']) }])
    await memory.as(user).add('Alice lives in Lisbon', { userId: 'alice', infer: false })
    expect((await memory.facts.get(id))?.pinned).toBe(true)
  })
})

describe('an agent and a tool', () => {
  it.each([bot, tool])('can neither pin nor release: $kind', async (actor) => {
    const memory = openMemory()
    const given = memory.as(actor)
    await refused('denied', () => given.add('Me first', { userId: 'alice', infer: false, pinned: true }))
    await refused('denied', () => given.add('Me first', { userId: 'alice', infer: false, pinned: false }))
    const own = (await given.add('Mine', { userId: 'alice', infer: false })).results[0]?.id as string
    await refused('denied', () => given.facts.update(own, { pinned: true }))
    const { results } = await memory.facts.getAll({ userId: 'alice' })
    expect(results.map(({ pinned }) => pinned)).toEqual([undefined])
  })

  it.each([bot, tool])('cannot change what a user pinned, also if the words were theirs: $kind', async (actor) => {
    const memory = openMemory()
    const given = memory.as(actor)
    const id = (await given.add('Alice likes tea', { userId: 'alice', infer: false })).results[0]?.id as string
    await memory.as(user).facts.update(id, { pinned: true })
    for (const edit of [{ text: 'Buy now' }, { importance: 1 }, { expiresAt: Date.now() + 60_000 }]) {
      await given.facts.update(id, edit).catch((error) => expect(error).toMatchObject({ code: 'conflict' }))
    }
    expect(await given.facts.delete(id)).toMatchObject({ deleted: false, refused: true })
    await given.add('Buy now', { userId: 'alice', infer: false, supersedes: id })
    const { instructions } = await promptOf(memory)
    expect(instructions).toContain('Alice likes tea')
    expect(instructions).not.toContain('Buy now')
    expect(await memory.facts.get(id)).toMatchObject({
      memory: 'Alice likes tea',
      pinned: true,
      status: 'current',
      expiresAt: null,
    })
  })
})
