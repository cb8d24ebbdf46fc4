import { describe, expect, it } from 'vitest'
import { hour, ManualClock, openMemory, refused, textsOf } from './opened.ts'

const resourceId = 'alice'
const where = { resourceId, threadId: 't' }

async function withThread(options: Parameters<typeof openMemory>[0] = {}) {
  const clock = new ManualClock()
  const memory = openMemory({ clock, options: { workingMemory: { scope: 'thread' } }, ...options })
  await memory.createThread({ ...where, title: 'Trip', metadata: { tone: 'warm', workingMemory: 'likes trains' } })
  for (const [index, text] of ['one', 'two', 'three', 'four'].entries()) {
    clock.pass(hour)
    const id = index % 2 === 0 ? { id: `own-${index}` } : {}
    await memory.saveMessages({ ...where, messages: [{ ...id, role: 'user', content: text, metadata: { index } }] })
  }
  return { memory, clock }
}

describe('cloneThread', () => {
  it('copies messages, blocks, title and metadata under new ids, with a map and the source', async () => {
    const { memory } = await withThread()
    const before = await memory.listMessages(where)
    const seq = (await memory.space('resource/alice').state())?.seq ?? 0
    const { thread, messageIds } = await memory.cloneThread({ ...where, newThreadId: 'copy', metadata: { tone: null } })
    expect(thread).toMatchObject({ id: 'copy', resourceId, title: 'Trip', metadata: {}, messageCount: 4 })
    expect(thread.source).toEqual({ space: 'resource/alice', threadId: 't', asOf: before.asOf })
    const copied = await memory.listMessages({ resourceId, threadId: 'copy' })
    expect(textsOf(copied.messages)).toEqual(['one', 'two', 'three', 'four'])
    expect(copied.messages.map(({ createdAt }) => createdAt)).toEqual(before.messages.map(({ createdAt }) => createdAt))
    expect(copied.messages.map(({ metadata }) => metadata)).toEqual(before.messages.map(({ metadata }) => metadata))
    expect(copied.messages.map(({ id }) => id)).toEqual(before.messages.map(({ id }) => messageIds.get(id)))
    expect(new Set([...copied.messages, ...before.messages].map(({ id }) => id)).size).toBe(8)
    expect(await memory.getWorkingMemory({ resourceId, threadId: 'copy' })).toMatchObject({ value: 'likes trains' })
    expect((await memory.space('resource/alice').state())?.seq).toBe(seq + 1)
  })

  it('leaves the source and the copy independent of each other', async () => {
    const { memory } = await withThread()
    const { thread } = await memory.cloneThread(where)
    const copy = { resourceId, threadId: thread.id }
    await memory.saveMessages({ ...copy, messages: 'five' })
    await memory.updateWorkingMemory({ ...copy, workingMemory: 'likes boats', mode: 'replace' })
    await memory.deleteMessages('own-0', where)
    expect((await memory.listMessages(where)).messages).toHaveLength(3)
    expect((await memory.listMessages(copy)).messages).toHaveLength(5)
    expect(await memory.getWorkingMemory(where)).toMatchObject({ value: 'likes trains' })
    await memory.deleteThread(where)
    expect((await memory.listMessages(copy)).messages).toHaveLength(5)
  })

  it('copies the newest messages, or those of a range of dates', async () => {
    const { memory, clock } = await withThread()
    const texts = async (options: { last?: number; dateRange?: { start?: Date; end?: Date } }) => {
      const { thread, messageIds } = await memory.cloneThread({ ...where, ...options })
      const { messages } = await memory.listMessages({ resourceId, threadId: thread.id })
      expect(messageIds.size).toBe(messages.length)
      return textsOf(messages)
    }
    expect(await texts({ last: 2 })).toEqual(['three', 'four'])
    const start = new Date(clock.ms - 2 * hour)
    expect(await texts({ dateRange: { start } })).toEqual(['two', 'three', 'four'])
    expect(await texts({ dateRange: { start, end: start } })).toEqual(['two'])
    expect(await texts({ dateRange: { start }, last: 1 })).toEqual(['four'])
  })

  it('copies to another resource, in one commit there', async () => {
    const { memory } = await withThread()
    const { thread } = await memory.cloneThread({ ...where, newThreadId: 't', to: { resourceId: 'bob' } })
    expect(thread).toMatchObject({ id: 't', resourceId: 'bob', source: { space: 'resource/alice' } })
    expect((await memory.space('resource/bob').state())?.seq).toBe(1)
    const { messages } = await memory.listMessages({ resourceId: 'bob', threadId: 't' })
    expect(messages.every((message) => message.resourceId === 'bob')).toBe(true)
    expect((await memory.getThreadById(where))?.messageCount).toBe(4)
  })

  it('keeps turns together', async () => {
    const memory = openMemory()
    await memory.saveMessages({ ...where, messages: ['a', 'b'] })
    await memory.saveMessages({ ...where, messages: 'c' })
    const { thread } = await memory.cloneThread(where)
    const { messages } = await memory.listMessages({ resourceId, threadId: thread.id })
    const [first, second, third] = messages.map(({ turnId }) => turnId)
    expect(first).toBe(second)
    expect(third).not.toBe(first)
  })

  describe('in whole turns', () => {
    const turns = [['q1', 'a1'], ['q2', 'call', 'a2'], ['q3'], ['q4', 'a4']]

    async function withTurns() {
      const memory = openMemory()
      for (const turn of turns) {
        const messages = turn.map((id) => ({ id, role: 'user' as const, content: id }))
        await memory.saveMessages({ ...where, messages })
      }
      const copied = async (options: { last?: number; upTo?: string }) => {
        const { thread } = await memory.cloneThread({ ...where, ...options })
        const { messages } = await memory.listMessages({ resourceId, threadId: thread.id })
        return textsOf(messages)
      }
      return { memory, copied }
    }

    it('copies up to the turn of a message, whichever message of it is named', async () => {
      const { copied } = await withTurns()
      for (const [index, turn] of turns.entries()) {
        for (const upTo of turn) expect(await copied({ upTo })).toEqual(turns.slice(0, index + 1).flat())
      }
    })

    it('copies the turns of the newest messages, of the whole or up to a message', async () => {
      const { copied } = await withTurns()
      expect(await copied({ last: 1 })).toEqual(['q4', 'a4'])
      expect(await copied({ last: 3 })).toEqual(['q3', 'q4', 'a4'])
      expect(await copied({ last: 4 })).toEqual(turns.slice(1).flat())
      expect(await copied({ last: 7 })).toEqual(turns.flat())
      expect(await copied({ last: 1, upTo: 'call' })).toEqual(['q2', 'call', 'a2'])
      expect(await copied({ last: 2, upTo: 'q3' })).toEqual(turns.slice(1, 3).flat())
    })

    it('copies a long turn whole, within the limit', async () => {
      const memory = openMemory({ limits: { cloneMessages: 60 } })
      await memory.saveMessages({ ...where, messages: 'before' })
      const long = Array.from({ length: 50 }, (_, index) => `part ${index}`)
      await memory.saveMessages({ ...where, messages: long })
      expect((await memory.cloneThread({ ...where, last: 1 })).messageIds.size).toBe(50)
      await memory.saveMessages({ ...where, messages: long })
      expect((await memory.cloneThread({ ...where, last: 50 })).messageIds.size).toBe(50)
      await refused('limit-exceeded', () => memory.cloneThread({ ...where, last: 51 }))
    })

    it('refuses a message that the thread does not have', async () => {
      const { memory, copied } = await withTurns()
      await memory.saveMessages({ resourceId, threadId: 'u', messages: [{ id: 'other', role: 'user', content: 'x' }] })
      const [{ id: foreign = '' } = {}] = (
        await memory.saveMessages({ resourceId: 'bob', threadId: 't', messages: 'x' })
      ).messages
      await memory.deleteMessages('a4', where)
      for (const upTo of ['none', 'other', 'a4']) await refused('not-found', () => copied({ upTo }))
      await refused('invalid-input', () => copied({ upTo: foreign }))
    })
  })

  it('refuses a thread that is not there, a target that is, and more than may be copied', async () => {
    const { memory } = await withThread({ limits: { cloneMessages: 3 } })
    await refused('not-found', () => memory.cloneThread({ resourceId, threadId: 'none' }))
    await memory.createThread({ resourceId, threadId: 'taken' })
    await refused('conflict', () => memory.cloneThread({ ...where, newThreadId: 'taken', last: 1 }))
    const error = await refused('limit-exceeded', () => memory.cloneThread(where))
    expect(error.details).toMatchObject({ limit: 'cloneMessages', allowed: 3 })
    await refused('limit-exceeded', () => memory.cloneThread({ ...where, last: 4 }))
    expect((await memory.cloneThread({ ...where, last: 3 })).messageIds.size).toBe(3)
  })

  it('holds title and metadata to the limits of other threads', async () => {
    const { memory } = await withThread()
    await refused('limit-exceeded', () => memory.cloneThread({ ...where, title: 'x'.repeat(1_001) }))
    await refused('limit-exceeded', () => memory.cloneThread({ ...where, metadata: { big: 'x'.repeat(70_000) } }))
  })
})
