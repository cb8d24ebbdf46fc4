import type { Memory } from 'aquifer'
import { describe, expect, it } from 'vitest'
import { ManualClock, minute, openMemory, refused, textsOf } from './opened.ts'

const resourceId = 'alice'
const where = { resourceId, threadId: 't' }
const agent = { kind: 'agent', id: 'writer' } as const

async function textsIn(memory: Memory, options = {}) {
  return textsOf((await memory.listMessages({ ...where, ...options })).messages)
}

async function openTurn(memory: Memory, threadId = 't', leaseMs = minute): Promise<string> {
  const result = await memory
    .space('resource/alice')
    .commit([{ kind: 'turn-open', threadId, leaseMs, createThread: true }])
  if (result.status !== 'committed' || result.results[0]?.kind !== 'turn-open') throw new Error('no turn was opened')
  return result.results[0].turnId
}

describe('saving', () => {
  it('answers and stores the same messages', async () => {
    const memory = openMemory()
    const messages = ['hi', { role: 'assistant', content: 'hello', metadata: { model: 'm' } }] as const
    const saved = await memory.saveMessages({ ...where, messages })
    const listed = await memory.listMessages(where)
    expect(saved.messages).toEqual(listed.messages)
    expect(saved).toMatchObject({ seq: 1, turnId: listed.messages[0]?.turnId })
    expect(listed.messages[1]).toMatchObject({ ...where, role: 'assistant', metadata: { model: 'm' }, seq: 1 })
    expect(listed.messages[1]).toMatchObject({ turnStatus: 'complete', parts: [{ type: 'text', text: 'hello' }] })
  })

  it('creates a missing thread in the same commit', async () => {
    const memory = openMemory()
    await memory.saveMessages({ ...where, messages: 'hi' })
    expect((await memory.space('resource/alice').state())?.seq).toBe(1)
    expect(await memory.getThreadById(where)).toMatchObject({ messageCount: 1, version: 1 })
  })

  it('takes thread and resource from the messages, which must agree', async () => {
    const memory = openMemory()
    const message = (threadId: string, text: string) => ({ role: 'user', content: text, threadId, resourceId }) as const
    await memory.saveMessages({ messages: [message('t', 'one'), message('t', 'two')] })
    expect(await textsIn(memory)).toEqual(['one', 'two'])
    const mixed = await refused('invalid-input', () =>
      memory.saveMessages({ messages: [message('t', 'three'), message('u', 'four')] }),
    )
    expect(mixed.details.field).toBe('threadId')
    await refused('invalid-input', () => memory.saveMessages({ threadId: 'u', messages: [message('t', 'three')] }))
    await refused('invalid-input', () => memory.saveMessages({ resourceId: 'bob', messages: [message('t', 'three')] }))
    expect(await textsIn(memory)).toEqual(['one', 'two'])
    expect(await memory.getThreadById({ resourceId, threadId: 'u' })).toBeNull()
  })

  it('stores a batch whole or not at all', async () => {
    const memory = openMemory({ limits: { messageBytes: 100 } })
    const save = (bad: unknown) => memory.saveMessages({ ...where, messages: ['one', bad as string, 'three'] })
    for (const bad of [{ role: 'user' }, { role: 'judge', content: 'x' }, null, 7, { role: 'user', content: [1] }]) {
      await refused('invalid-input', () => save(bad))
    }
    await refused('limit-exceeded', () => save('x'.repeat(101)))
    await refused('invalid-input', () => save({ role: 'user', parts: [{ type: 'text', text: 'x', at: new Date() }] }))
    expect(await memory.getThreadById(where)).toBeNull()
    expect(await memory.space('resource/alice').state()).toBeNull()
  })

  it('stores an id of a thread once, whatever is sent with it', async () => {
    const memory = openMemory()
    const first = await memory.saveMessages({ ...where, messages: [{ id: 'm1', role: 'user', content: 'one' }] })
    const again = await memory.saveMessages({
      ...where,
      messages: [
        { id: 'm1', role: 'user', content: 'changed' },
        { id: 'm2', role: 'user', content: 'two' },
        { id: 'm2', role: 'user', content: 'two again' },
      ],
    })
    expect(again.messages[0]).toEqual(first.messages[0])
    expect(textsOf(again.messages)).toEqual(['one', 'two', 'two'])
    expect(await textsIn(memory)).toEqual(['one', 'two'])
    expect(await memory.getThreadById(where)).toMatchObject({ messageCount: 2 })
  })

  it('stores an issued id once when what was read is saved back', async () => {
    const memory = openMemory()
    await memory.saveMessages({ ...where, messages: ['one', 'two'] })
    const { messages } = await memory.listMessages(where)
    await memory.saveMessages({ messages: [...messages, { role: 'user', content: 'three' }], ...where })
    expect(await textsIn(memory)).toEqual(['one', 'two', 'three'])
  })

  it('takes a deleted id for a new message', async () => {
    const memory = openMemory()
    await memory.saveMessages({ ...where, messages: [{ id: 'm', role: 'user', content: 'one' }] })
    await memory.deleteMessages('m', where)
    await memory.saveMessages({ ...where, messages: [{ id: 'm', role: 'user', content: 'two' }] })
    expect(await textsIn(memory)).toEqual(['two'])
  })

  it('touches nobody else under the same id', async () => {
    const memory = openMemory()
    const save = (resource: string, threadId: string, content: string) =>
      memory.saveMessages({ resourceId: resource, threadId, messages: [{ id: 'm', role: 'user', content }] })
    await save('alice', 't', 'hers')
    await save('bob', 't', 'his')
    await save('alice', 'u', 'hers elsewhere')
    await memory.updateMessages({ resourceId: 'bob', messages: [{ id: 'm', content: 'his, edited' }] })
    await memory.deleteMessages('m', { resourceId: 'bob' })
    expect(await textsIn(memory)).toEqual(['hers'])
    expect(await textsIn(memory, { threadId: 'u' })).toEqual(['hers elsewhere'])
  })
})

describe('order', () => {
  it('is that of turns, not of clocks', async () => {
    const clock = new ManualClock()
    const memory = openMemory({ clock })
    const said = []
    for (let index = 0; index < 10; index++) {
      clock.pass(index % 3 === 0 ? -minute : minute)
      const createdAt = new Date(clock.ms - index * 10 * minute)
      await memory.saveMessages({ ...where, messages: [{ role: 'user', content: `m${index}`, createdAt }] })
      said.push(`m${index}`)
    }
    expect(await textsIn(memory)).toEqual(said)
    const { messages } = await memory.listMessages(where)
    expect(messages.map(({ createdAt }) => createdAt.getTime())).not.toEqual(messages.map((_, index) => index))
  })

  it('is stable for 100 messages of one moment, in every page size and direction', async () => {
    const memory = openMemory({ clock: new ManualClock() })
    const said = Array.from({ length: 100 }, (_, index) => `m${index}`)
    for (let index = 0; index < 100; index += 4)
      await memory.saveMessages({ ...where, messages: said.slice(index, index + 4) })
    for (const perPage of [1, 7, 33, 100]) {
      for (const order of ['asc', 'desc'] as const) {
        const seen: string[] = []
        for (let page = 0; page * perPage < 100; page++) seen.push(...(await textsIn(memory, { page, perPage, order })))
        expect(seen).toEqual(order === 'asc' ? said : said.toReversed())
      }
    }
  })

  it('keeps two agents who talk at once apart', async () => {
    const memory = openMemory()
    const other = { kind: 'agent', id: 'critic' } as const
    const [one, two] = [memory.as(agent), memory.as(other)]
    const [first, second] = [await openTurn(one), await openTurn(two)]
    for (let index = 0; index < 3; index++) {
      await two.saveMessages({ ...where, turnId: second, messages: `two ${index}` })
      await one.saveMessages({ ...where, turnId: first, messages: `one ${index}` })
    }
    expect(await textsIn(memory)).toEqual(['one 0', 'one 1', 'one 2', 'two 0', 'two 1', 'two 2'])
  })
})

describe('turns', () => {
  it('are joined by their id, marked open until they end', async () => {
    const memory = openMemory().as(agent)
    const turnId = await openTurn(memory)
    const saved = await memory.saveMessages({ ...where, turnId, messages: 'step 1' })
    expect(saved).toMatchObject({ turnId, messages: [{ turnStatus: 'open', turnId }] })
    await memory.saveMessages({ ...where, messages: 'another turn' })
    await memory.saveMessages({ ...where, turnId, messages: 'step 2' })
    const { messages } = await memory.listMessages(where)
    expect(textsOf(messages)).toEqual(['step 1', 'step 2', 'another turn'])
    expect(messages.map(({ turnStatus }) => turnStatus)).toEqual(['open', 'open', 'complete'])
    const close = [{ kind: 'turn-close', threadId: 't', turnId, status: 'complete' }] as const
    await memory.space('resource/alice').commit(close)
    expect((await memory.listMessages(where)).messages[0]).toMatchObject({ turnStatus: 'complete' })
    await refused('conflict', () => memory.saveMessages({ ...where, turnId, messages: 'late' }))
    expect(await textsIn(memory)).toEqual(['step 1', 'step 2', 'another turn'])
  })

  it('are continued by the actor that opened them only', async () => {
    const memory = openMemory()
    const turnId = await openTurn(memory.as(agent))
    await refused('conflict', () => memory.saveMessages({ ...where, turnId, messages: 'not mine' }))
    await refused('not-found', () => memory.saveMessages({ ...where, turnId: 'turn_none', messages: 'x' }))
    expect(await textsIn(memory)).toEqual([])
  })

  it('never create a thread: to a missing or deleted one nothing is saved', async () => {
    const memory = openMemory()
    await refused('not-found', () => memory.saveMessages({ ...where, turnId: 'turn_x', messages: 'x' }))
    const turnId = await openTurn(memory)
    await memory.deleteThread(where)
    await refused('not-found', () => memory.saveMessages({ ...where, turnId, messages: 'x' }))
    expect(await memory.getThreadById(where)).toBeNull()
  })

  it('become interrupted when a listing meets one whose lease is over', async () => {
    const clock = new ManualClock()
    const memory = openMemory({ clock })
    const turnId = await openTurn(memory.as(agent), 't', 1_000)
    await memory.as(agent).saveMessages({ ...where, turnId, messages: 'step 1' })
    clock.pass(999)
    expect((await memory.listMessages(where)).messages[0]?.turnStatus).toBe('open')
    clock.pass(1)
    expect((await memory.listMessages(where)).messages[0]?.turnStatus).toBe('interrupted')
    expect((await memory.space('resource/alice').messages.openTurns('t')).length).toBe(0)
    await refused('conflict', () => memory.as(agent).saveMessages({ ...where, turnId, messages: 'step 2' }))
  })
})

describe('updateMessages', () => {
  it('changes messages of one id in several threads, each once', async () => {
    const memory = openMemory()
    for (const threadId of ['x', 'y']) {
      await memory.saveMessages({ resourceId, threadId, messages: [{ id: 'same', role: 'user', content: threadId }] })
    }
    const edit = (threadId: string) => ({ id: 'same', threadId, content: `${threadId}, edited` })
    const updated = await memory.updateMessages({ resourceId, messages: [edit('y'), edit('x')] })
    expect(updated.map(({ threadId, parts }) => [threadId, parts])).toEqual([
      ['y', [{ type: 'text', text: 'y, edited' }]],
      ['x', [{ type: 'text', text: 'x, edited' }]],
    ])
    await refused('invalid-input', () => memory.updateMessages({ resourceId, messages: [edit('x'), edit('x')] }))
  })

  it('deep-merges metadata and replaces content, in place', async () => {
    const memory = openMemory()
    const { messages } = await memory.saveMessages({
      ...where,
      messages: [{ role: 'user', content: 'one', metadata: { a: { b: 1, c: 2 }, d: 1 } }, 'two'],
    })
    const [first, second] = messages.map(({ id }) => id) as [string, string]
    const updated = await memory.updateMessages({
      messages: [
        { id: second, content: 'two, edited' },
        { id: first, metadata: { a: { c: 3 }, d: null } },
      ],
    })
    expect(textsOf(updated)).toEqual(['two, edited', 'one'])
    expect(updated[1]?.metadata).toEqual({ a: { b: 1, c: 3 } })
    expect(await textsIn(memory)).toEqual(['one', 'two, edited'])
    expect((await memory.listMessages(where)).messages[0]).toMatchObject({
      id: first,
      createdAt: messages[0]?.createdAt,
    })
    expect(updated[0]?.editedAt).toBeInstanceOf(Date)
  })

  it('keeps all of many edits at once', async () => {
    const memory = openMemory()
    await memory.saveMessages({ ...where, messages: [{ id: 'm', role: 'user', content: 'one' }] })
    await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        memory.updateMessages({ resourceId, messages: [{ id: 'm', metadata: { [`k${index}`]: index } }] }),
      ),
    )
    const { messages } = await memory.listMessages(where)
    expect(Object.keys(messages[0]?.metadata ?? {})).toHaveLength(10)
  })

  it('makes one commit for each thread', async () => {
    const memory = openMemory()
    const ids = []
    for (const threadId of ['t', 'u']) {
      const { messages } = await memory.saveMessages({ resourceId, threadId, messages: ['one', 'two'] })
      ids.push(...messages.map(({ id }) => id))
    }
    await memory.updateMessages({ messages: ids.map((id) => ({ id, metadata: { seen: true } })) })
    expect((await memory.space('resource/alice').state())?.seq).toBe(4)
    await memory.deleteMessages(ids)
    expect((await memory.space('resource/alice').state())?.seq).toBe(6)
  })

  it('refuses what is not there, twice the same, and callers’ ids without a resource', async () => {
    const memory = openMemory()
    const { messages } = await memory.saveMessages({
      ...where,
      messages: [{ id: 'm', role: 'user', content: 'one' }, 'two'],
    })
    const issued = messages[1]?.id ?? ''
    const edits = (...ids: string[]) => ({ messages: ids.map((id) => ({ id, content: 'edited' })) })
    await refused('not-found', () => memory.updateMessages({ ...edits('m', 'none'), resourceId }))
    await refused('invalid-input', () => memory.updateMessages({ ...edits('m', 'm'), resourceId }))
    await refused('invalid-input', () => memory.updateMessages(edits(issued, 'm')))
    await refused('invalid-input', () => memory.updateMessages({ ...edits(issued), resourceId: 'bob' }))
    await refused('not-found', () =>
      memory.updateMessages({ messages: [{ id: 'm', threadId: 'u', content: 'x' }], resourceId }),
    )
    expect(await textsIn(memory)).toEqual(['one', 'two'])
  })
})

describe('deleteMessages', () => {
  it('finds ids that were issued by themselves, in any resource', async () => {
    const memory = openMemory()
    const { messages: hers } = await memory.saveMessages({ ...where, messages: ['one', 'two'] })
    const { messages: his } = await memory.saveMessages({ resourceId: 'bob', threadId: 't', messages: 'three' })
    const [one, , three] = [...hers, ...his].map(({ id }) => id) as [string, string, string]
    expect(await memory.deleteMessages([one, { id: three }, one])).toEqual({ deleted: [one, three] })
    expect(await textsIn(memory)).toEqual(['two'])
    expect((await memory.listMessages({ resourceId: 'bob', threadId: 't' })).messages).toEqual([])
    expect((await memory.getThreadById(where))?.messageCount).toBe(1)
  })

  it('needs the resource, and where two threads have it the thread, for an id of the caller’s', async () => {
    const memory = openMemory()
    for (const threadId of ['t', 'u']) {
      await memory.saveMessages({ resourceId, threadId, messages: [{ id: 'm', role: 'user', content: threadId }] })
    }
    const error = await refused('invalid-input', () => memory.deleteMessages('m'))
    expect(error.details.field).toBe('resourceId')
    await refused('conflict', () => memory.deleteMessages('m', { resourceId }))
    expect(await memory.deleteMessages('m', where)).toEqual({ deleted: ['m'] })
    expect(await textsIn(memory, { threadId: 'u' })).toEqual(['u'])
  })

  it('leaves out what is gone, as every deletion does', async () => {
    const memory = openMemory()
    const { messages } = await memory.saveMessages({ ...where, messages: ['one', 'two'] })
    const [one, two] = messages.map(({ id }) => id) as [string, string]
    await refused('invalid-input', () => memory.deleteMessages([]))
    expect(await memory.deleteMessages([one, 'none'], { resourceId })).toEqual({ deleted: [one] })
    expect(await memory.deleteMessages([one])).toEqual({ deleted: [] })
    expect(await memory.deleteMessages([one, 'none'], { resourceId, commitId: 'again' })).toEqual({ deleted: [] })
    expect(await textsIn(memory)).toEqual(['two'])
    await memory.deleteThread(where)
    for (const more of [{}, { commitId: 'late' }]) {
      expect(await memory.deleteMessages([two], { resourceId, ...more })).toEqual({ deleted: [] })
      expect(await memory.deleteMessages(['none'], { ...where, ...more })).toEqual({ deleted: [] })
    }
    expect(await memory.deleteMessages(['none'], { resourceId: 'nobody' })).toEqual({ deleted: [] })
  })
})
