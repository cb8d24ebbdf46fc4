// Messages and entries longer than the token budget of a recall: found, shown by their best passage, and whole one read away.
import { Agent } from 'aquifer'
import { scriptedModel } from 'aquifer/testing'
import { describe, expect, it } from 'vitest'
import { openMemory } from './opened.ts'

const filler = 'Then check the next server and write down what it says. '
const guide = `${filler.repeat(90)}The rollback password is HERON-77. ${filler.repeat(90)}`
const old = { resourceId: 'u', threadId: 'old' }

async function withGuide() {
  const memory = openMemory()
  await memory.saveMessages({
    ...old,
    messages: ['Please write the deployment guide.', { role: 'assistant', content: guide }],
  })
  return memory
}

describe('a message longer than the budget', () => {
  it('is recalled by its best passage, within the budget', async () => {
    const memory = await withGuide()
    const { items, messages, tokens } = await memory.recall({ resourceId: 'u', query: 'HERON-77 rollback password' })
    const item = items.find(({ excerpt }) => excerpt !== undefined)
    expect(item?.text).toContain('The rollback password is HERON-77.')
    const { start = 0, end = 0, length } = item?.excerpt ?? {}
    expect(item?.text).toBe(`… ${guide.slice(start, end)} …`)
    expect(length).toBe(guide.length)
    expect(tokens).toBeLessThanOrEqual(1_000)
    expect(messages.find(({ id }) => id === item?.id)?.parts).toEqual([{ type: 'text', text: item?.text }])
  })

  it('is whole one read away', async () => {
    const memory = await withGuide()
    const { items } = await memory.recall({ resourceId: 'u', query: 'HERON-77' })
    const { messages } = await memory.listMessages({ ...old, include: [{ id: items[0]?.id ?? '' }], perPage: 1 })
    expect(messages.at(-1)?.parts).toEqual([{ type: 'text', text: guide }])
  })

  it('leaves room for what ranks behind it', async () => {
    const memory = await withGuide()
    await memory.saveMessages({ resourceId: 'u', threadId: 'more', messages: ['A heron is on the roof.'] })
    const { items } = await memory.recall({ resourceId: 'u', query: 'HERON-77 heron', tokenBudget: 200 })
    expect(items.map(({ text }) => text)).toContain('A heron is on the roof.')
    expect(items.some(({ text }) => text.includes('HERON-77'))).toBe(true)
  })

  it('is in however small the budget, if it is the best', async () => {
    const memory = await withGuide()
    const { items } = await memory.recall({
      resourceId: 'u',
      query: 'HERON-77 rollback password',
      tokenBudget: 20,
      topK: 1,
    })
    expect(items).toHaveLength(1)
    expect(items[0]?.tokens).toBeLessThanOrEqual(20)
    expect(items[0]?.text).toContain('HERON-77')
  })

  it('reaches the prompt of an agent', async () => {
    const memory = await withGuide()
    const model = scriptedModel({ script: ['It is HERON-77.'] })
    const agent = new Agent({ name: 'h', model, memory, instructions: 'Help.' })
    await agent.generate('What is the HERON rollback password?', { resourceId: 'u', threadId: 'new' })
    expect(JSON.stringify(model.calls)).toContain('The rollback password is HERON-77.')
    expect(JSON.stringify(model.calls).length).toBeLessThan(guide.length)
  })
})

it('an entry longer than the budget is shown by its best passage, without its value', async () => {
  const memory = openMemory()
  const team = memory.team('acme')
  await team.write('guide', { text: guide })
  const { items } = await team.space.recall('HERON-77 rollback password')
  expect(items[0]).toMatchObject({ kind: 'entry', id: 'guide' })
  expect(items[0]?.text).toContain('HERON-77')
  expect(items[0]).not.toHaveProperty('value')
  expect(await team.read('guide')).toEqual({ text: guide })
})
