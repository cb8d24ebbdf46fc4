// Recall over messages and facts together: what a message said before does not come before what holds now.
import { describe, expect, it } from 'vitest'
import { openMemory } from '../memory/opened.ts'

const alice = { userId: 'alice' }
const old = 'My favourite colour is blue, blue it is, my favourite colour'
const question = 'What is my favourite colour, is it blue?'

type Memory = ReturnType<typeof openMemory>

async function said(memory: Memory, text: string, id?: string) {
  const message = { role: 'user', content: text, ...(id === undefined ? {} : { id }) } as const
  const { messages } = await memory.saveMessages({ resourceId: 'alice', threadId: 't', messages: message })
  return messages
}

async function known(memory: Memory, from: Awaited<ReturnType<typeof said>>, options: object = {}) {
  const { results } = await memory.add(from, { ...alice, ...options })
  return results[0]?.id ?? ''
}

async function recalled(memory: Memory, options: object = {}) {
  const { items, trace } = await memory.space('resource/alice').recall(question, options)
  return { order: items.map(({ id }) => id), trace }
}

async function changed(id?: string) {
  const memory = openMemory()
  const message = await said(memory, old, id)
  const first = await known(memory, message)
  const second = await known(memory, await said(memory, 'Now red'), { supersedes: first })
  return { memory, message: message[0]?.id ?? '', first, second }
}

describe('a message that carried only the old value', () => {
  it.each([undefined, 'chosen-by-a-client'])('stays below the fact that holds now (id %s)', async (id) => {
    const { memory, message, first, second } = await changed(id)
    // By its words alone the message is far the better answer.
    expect((await recalled(memory, { kinds: ['message'] })).order[0]).toBe(message)
    const { order, trace } = await recalled(memory)
    expect(order).not.toContain(first)
    expect(order.indexOf(second)).toBeGreaterThanOrEqual(0)
    expect(order.indexOf(message)).toBeGreaterThan(order.indexOf(second))
    expect(trace.items.find((item) => item.id === message)?.limitedBy).toBe(second.split('_').slice(2).join('_'))
  })

  it('stays below the last of several that took each other’s place', async () => {
    const { memory, message, second } = await changed()
    const third = await known(memory, await said(memory, 'Rather green'), { supersedes: second })
    const { order } = await recalled(memory)
    expect(order.indexOf(third)).toBeGreaterThanOrEqual(0)
    expect(order.indexOf(message)).toBeGreaterThan(order.indexOf(third))
  })

  it('stays below a fact of another searched space', async () => {
    const memory = openMemory()
    const message = await said(memory, old)
    const { results } = await memory.add(message, { teamId: 'acme' })
    const supersedes = results[0]?.id ?? ''
    const { results: later } = await memory.add(await said(memory, 'Now red'), { teamId: 'acme', supersedes })
    const second = later[0]?.id ?? ''
    const { order } = await recalled(memory, { spaces: ['resource/alice', 'team/acme'] })
    expect(order.indexOf(message[0]?.id ?? '')).toBeGreaterThan(order.indexOf(second))
    expect(order).toContain(second)
  })
})

describe('a message keeps its place', () => {
  it('where another of its facts still holds', async () => {
    const { memory, message, second } = await changed()
    const messages = await memory.listMessages({ resourceId: 'alice', threadId: 't', perPage: 1 })
    const also = { ...(messages.messages[0] as object), parts: [{ type: 'text', text: 'Alice has a favourite' }] }
    await memory.add(also as never, alice)
    const { order } = await recalled(memory)
    expect(order.indexOf(message)).toBeLessThan(order.indexOf(second))
  })

  it('where the fact that took the place is gone', async () => {
    const { memory, message, second } = await changed()
    await memory.facts.delete(second)
    expect((await recalled(memory)).order[0]).toBe(message)
  })

  it('where nothing was derived from it', async () => {
    const { memory, second } = await changed()
    const [other] = await said(memory, `${old}!`)
    const { order } = await recalled(memory)
    expect(order.indexOf(other?.id ?? '')).toBeLessThan(order.indexOf(second))
  })
})
