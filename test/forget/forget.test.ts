// What forgetting answers and what it leaves, through the facade. That the bytes are gone is shown in bytes.test.ts.

import { type Commit, childSpaceId, defaultLimits, type Memory, SQLiteStore, spaceId } from 'aquifer'
import { describe, expect, it } from 'vitest'
import { openStore } from '../../src/open.ts'
import { openMemory, refused, take, temporaryUrl, textsOf } from '../memory/opened.ts'
import { plantEntry, plantThread, Secrets } from './planted.ts'

const none = { spaces: 0, commits: 0, threads: 0, messages: 0, entries: 0, blocks: 0, facts: 0, runs: 0, records: 0 }

async function say(memory: Memory, resourceId: string, threadId: string, ...contents: string[]) {
  const messages = contents.map((content) => ({ role: 'user' as const, content }))
  return memory.saveMessages({ resourceId, threadId, messages })
}

const texts = async (memory: Memory, resourceId: string, threadId: string) =>
  textsOf((await memory.listMessages({ resourceId, threadId })).messages)

describe('a whole space', () => {
  it('goes with its children and nothing beside it, and may be written to again', async () => {
    const memory = openMemory()
    await say(memory, 'ada', 't', 'one', 'two')
    await memory.updateWorkingMemory({ resourceId: 'ada', workingMemory: 'likes tea' })
    const child = memory.space(childSpaceId(spaceId('resource', 'ada'), 'agent', 'bot'))
    await child.commit([{ kind: 'entry-write', key: 'k', value: 1 }])
    await say(memory, 'ada-lovelace', 't', 'stays')
    await memory.team('ada').write('k', 'stays')
    const receipt = await memory.forget({ resourceId: 'ada' })
    expect(receipt).toMatchObject({ target: 'resource', state: 'complete', copies: [] })
    expect(receipt.erased).toEqual({ ...none, spaces: 2, commits: 3, threads: 1, messages: 2, entries: 1, blocks: 1 })
    expect(JSON.stringify(receipt)).not.toContain('ada')
    expect(receipt.outOfReach.join()).toMatch(/backups.*exports/)
    expect([await memory.space('resource/ada').state(), await child.state()]).toEqual([null, null])
    expect(await memory.getThreadById({ threadId: 't' })).toMatchObject({ resourceId: 'ada-lovelace' })
    expect([await texts(memory, 'ada-lovelace', 't'), await memory.team('ada').read('k')]).toEqual([['stays'], 'stays'])
    expect((await memory.forget({ resourceId: 'ada' })).erased).toEqual(none)
    await say(memory, 'ada', 't', 'new')
    expect(await texts(memory, 'ada', 't')).toEqual(['new'])
    expect(await memory.getWorkingMemory({ resourceId: 'ada' })).toBeNull()
    expect(await child.state()).toBeNull()
  })

  it.each([
    ['teamId', 'team'] as const,
    ['agentId', 'agent'] as const,
    ['taskId', 'task'] as const,
    ['userId', 'resource'] as const,
  ])('is named by %s', async (name, target) => {
    const memory = openMemory()
    await memory.space(`${target}/x`).commit([{ kind: 'entry-write', key: 'k', value: 1 }])
    expect(await memory.forget({ [name]: 'x' })).toMatchObject({ target, erased: { spaces: 1, entries: 1 } })
    expect(await memory.space(`${target}/x`).state()).toBeNull()
  })

  it('says that what a retried commit stored was forgotten, and applies nothing', async () => {
    const memory = openMemory()
    const save = { resourceId: 'alice', threadId: 't', messages: ['secret'], commitId: 'once' }
    await memory.saveMessages({ ...save, messages: ['before'], commitId: 'first' })
    const { messages } = await memory.saveMessages(save)
    await memory.forget({ messageIds: messages.map(({ id }) => id) })
    const error = await refused('conflict', () => memory.saveMessages(save))
    expect(error.message).toContain('forgotten')
    const { messages: left } = await memory.listMessages({ resourceId: 'alice', threadId: 't' })
    expect(left).toHaveLength(1)
  })

  it('ends feeds that follow it', async () => {
    const memory = openMemory()
    await memory.team('acme').write('k', 1)
    const feed = memory.space('team/acme').changes({ after: 0 })
    await take(feed, 1)
    const ended = refused('cursor-expired', () => feed.next())
    await memory.forget({ teamId: 'acme' })
    await ended
  })
})

describe('a thread', () => {
  it('goes with all that is in it, whoever has it, live or deleted', async () => {
    const memory = openMemory()
    const secrets = new Secrets()
    await plantThread(memory, 'ada', 'tea', secrets)
    await say(memory, 'ada', 'other', 'stays')
    await say(memory, 'bob', 'tea', 'stays')
    await refused('conflict', () => memory.forget({ threadId: 'tea' }))
    const receipt = await memory.forget({ threadId: 'tea', resourceId: 'ada' })
    expect(receipt).toMatchObject({ target: 'thread', erased: { spaces: 0, threads: 1, blocks: 1 } })
    expect(await memory.getThreadById({ resourceId: 'ada', threadId: 'tea' })).toBeNull()
    expect(await texts(memory, 'ada', 'tea')).toEqual([])
    const log = JSON.stringify(await memory.space('resource/ada').log.read({ after: 0, limit: 100 }))
    expect(secrets.texts.filter((text) => log.includes(text))).toEqual([])
    expect([await texts(memory, 'ada', 'other'), await texts(memory, 'bob', 'tea')]).toEqual([['stays'], ['stays']])
    await memory.deleteThread({ resourceId: 'bob', threadId: 'tea' })
    expect((await memory.forget({ threadId: 'tea' })).erased).toMatchObject({ threads: 1, messages: 1 })
    expect((await memory.forget({ threadId: 'tea' })).erased).toEqual(none)
  })

  it('is not brought back by the next step of whoever was writing to it', async () => {
    const memory = openMemory()
    const { turnId } = await plantThread(memory, 'ada', 'tea', new Secrets())
    await memory.forget({ threadId: 'tea', resourceId: 'ada' })
    const late = { role: 'assistant' as const, content: 'late' }
    const step = { resourceId: 'ada', threadId: 'tea', turnId, messages: [late] }
    await refused('not-found', () => memory.saveMessages(step))
    await refused('not-found', () => memory.updateThread({ resourceId: 'ada', threadId: 'tea', title: 'late' }))
    await memory.forget({ resourceId: 'ada' })
    await refused('not-found', () => memory.saveMessages(step))
    expect(await memory.space('resource/ada').state()).toBeNull()
  })

  it('names copies of it, which stay', async () => {
    const memory = openMemory()
    await say(memory, 'ada', 'tea', 'one')
    const { thread } = await memory.cloneThread({ resourceId: 'ada', threadId: 'tea', newThreadId: 'copy' })
    await memory.cloneThread({ resourceId: 'ada', threadId: 'tea', newThreadId: 'far', to: { resourceId: 'bob' } })
    const receipt = await memory.forget({ threadId: 'tea', resourceId: 'ada' })
    const copies = receipt.copies.map((copy) => `${copy.space} ${'threadId' in copy ? copy.threadId : ''}`).toSorted()
    expect(copies).toEqual(['resource/ada copy', 'resource/bob far'])
    expect(receipt.outOfReach).toContain('2 copied threads, which are threads of their own')
    expect(await texts(memory, 'ada', thread.id)).toEqual(['one'])
    expect((await memory.forget({ resourceId: 'ada' })).copies).toEqual([
      { kind: 'thread', space: 'resource/bob', threadId: 'far' },
    ])
  })
})

describe('messages', () => {
  it('go by ids of ours from any space, and by ids of callers with their resource', async () => {
    const memory = openMemory()
    const ada = await say(memory, 'ada', 't', 'one', 'two')
    const bob = await say(memory, 'bob', 't', 'three', 'four')
    const ids = [ada.messages[0]?.id ?? '', bob.messages[1]?.id ?? '']
    const receipt = await memory.forget({ messageIds: ids })
    expect(receipt).toMatchObject({ target: 'messages', state: 'complete', erased: { commits: 2, messages: 2 } })
    expect([await texts(memory, 'ada', 't'), await texts(memory, 'bob', 't')]).toEqual([['two'], ['three']])
    expect((await memory.forget({ messageIds: ids })).erased).toEqual(none)
    const mine = (content: string) => ({ id: 'mine', role: 'user' as const, content })
    await memory.saveMessages({ resourceId: 'ada', threadId: 't', messages: [mine('a')] })
    await memory.saveMessages({ resourceId: 'ada', threadId: 'u', messages: [mine('b')] })
    await refused('invalid-input', () => memory.forget({ messageIds: ['mine'] }))
    await refused('conflict', () => memory.forget({ messageIds: ['mine'], resourceId: 'ada' }))
    await memory.forget({ messageIds: ['mine'], resourceId: 'ada', threadId: 't' })
    expect([await texts(memory, 'ada', 't'), await texts(memory, 'ada', 'u')]).toEqual([['two'], ['b']])
    await memory.forget({ messageIds: ['mine'], resourceId: 'ada' })
    expect(await texts(memory, 'ada', 'u')).toEqual([])
  })
})

describe('a key', () => {
  it('goes with its past and its name', async () => {
    const memory = openMemory()
    const secrets = new Secrets()
    const key = secrets.make()
    await plantEntry(memory, 'acme', key, secrets)
    await memory.team('acme').write('other', 1)
    const receipt = await memory.forget({ key, teamId: 'acme' })
    expect(receipt).toMatchObject({ target: 'key', state: 'complete', erased: { entries: 1, commits: 5 } })
    expect([await memory.team('acme').read(key), await memory.team('acme').history(key)]).toEqual([null, []])
    const log = JSON.stringify(await memory.space('team/acme').log.read({ after: 0, limit: 100 }))
    expect(secrets.texts.filter((text) => log.includes(text))).toEqual([])
    expect(await memory.team('acme').read('other')).toBe(1)
    expect(await memory.forget({ key: 'k', resourceId: 'ada' })).toMatchObject({ erased: none })
  })

  it('is watched as a commit that names nothing', async () => {
    const memory = openMemory()
    await memory.team('acme').write('k', 1)
    const feed = memory.space('team/acme').changes({ after: 1 })
    await memory.as({ kind: 'user', id: 'ada' }).forget({ key: 'k', teamId: 'acme' })
    const [commit] = await take(feed, 1)
    const effect = {
      kind: 'erase',
      commits: 1,
      threads: 0,
      messages: 0,
      entries: 1,
      blocks: 0,
      facts: 0,
      runs: 0,
      records: 0,
    }
    expect(commit).toMatchObject({ seq: 2, actor: { id: 'ada' }, commitId: null, rows: [{ effects: [effect] }] })
  })
})

describe('what is asked', () => {
  it.each([
    ['nothing', {}],
    ['several spaces', { resourceId: 'a', teamId: 'b' }],
    ['a key and a thread', { key: 'k', threadId: 't', resourceId: 'a' }],
    ['a key and messages', { key: 'k', messageIds: ['m'], resourceId: 'a' }],
    ['a key of nobody', { key: 'k' }],
    ['no messages', { messageIds: [], resourceId: 'a' }],
    ['messages of a thread of nobody', { messageIds: ['msg_0123456789ab_1.0.0'], threadId: 't' }],
    ['a wildcard', { resourceId: '*' }],
    ['a wildcard key', { key: 'a*', teamId: 'acme' }],
    ['an empty id', { threadId: '', resourceId: 'a' }],
    ['an unknown option', { spaceId: 'a' }],
    ['an option that is undefined', { resourceId: 'a', threadId: undefined }],
    ['no object', 'a'],
  ])('is refused: %s', async (_, options) => {
    const memory = openMemory()
    await say(memory, 'a', 't', 'stays')
    const error = await refused('invalid-input', () => memory.forget(options as never))
    expect(error.details).toHaveProperty('field')
    expect(await texts(memory, 'a', 't')).toEqual(['stays'])
    expect(await memory.receipts()).toEqual([])
  })
})

describe('receipts', () => {
  it('stay pending on a file until the bytes are gone, and a repeated forget completes them', async () => {
    const memory = openMemory({ storage: temporaryUrl() })
    await say(memory, 'ada', 't', 'one')
    const first = await memory.forget({ resourceId: 'ada' })
    expect(first).toMatchObject({ state: 'pending', completedAt: null })
    expect(await memory.getReceipt(first.id)).toMatchObject({ state: 'pending', erased: { spaces: 1 } })
    expect(await memory.space('resource/ada').state()).toBeNull()
    const other = await memory.forget({ resourceId: 'bob' })
    expect(other).toMatchObject({ state: 'pending', erased: none })
    const again = await memory.forget({ resourceId: 'ada' })
    expect(again).toMatchObject({ id: first.id, state: 'complete', erased: { spaces: 1 } })
    expect(again.completedAt).toBeInstanceOf(Date)
    expect((await memory.receipts({ state: 'pending' })).length).toBe(0)
    const third = await memory.forget({ resourceId: 'ada' })
    expect(third).toMatchObject({ state: 'complete', erased: none })
    expect(third.id).not.toBe(first.id)
    expect((await memory.receipts()).map(({ id }) => id).toSorted()).toEqual([first.id, other.id, third.id].toSorted())
    expect((await memory.receipts({ limit: 1 })).length).toBe(1)
    expect(await memory.getReceipt('receipt_nobody')).toBeNull()
  })

  it('are completed in the background', async () => {
    const memory = openMemory({ storage: temporaryUrl(), background: true })
    await say(memory, 'ada', 't', 'one')
    const { id, state } = await memory.forget({ threadId: 't', resourceId: 'ada' })
    expect(state).toBe('pending')
    await expect.poll(async () => (await memory.getReceipt(id))?.state).toBe('complete')
  })

  it('are taken up by the next to open, with what an interrupted forget had left', async () => {
    const storage = temporaryUrl()
    const memory = openMemory({ storage })
    const { messages } = await say(memory, 'ada', 't', 'one', 'two')
    const [gone, left] = messages.map(({ id }) => id) as [string, string]
    await memory.close()
    // As a process leaves it that was killed between two commits of one forget.
    const opened = await openStore(new SQLiteStore({ url: storage }))
    const access = { actor: { kind: 'system', id: 'app' }, grants: 'all' } as const
    const changes = [{ kind: 'erase' as const, messageIds: [gone] }]
    const commit: Commit = { id: null, space: spaceId('resource', 'ada'), changes }
    const note = { id: 'receipt_1', target: 'messages', asked: 'x', outOfReach: [], left: [left] } as const
    await opened.storage.erase(access, commit, defaultLimits, note)
    await opened.release()
    const next = openMemory({ storage, background: true })
    expect(await next.getThreadById({ threadId: 't' })).not.toBeNull()
    await expect.poll(async () => (await next.getReceipt('receipt_1'))?.state).toBe('complete')
    expect(await texts(next, 'ada', 't')).toEqual([])
    expect((await next.getReceipt('receipt_1'))?.erased).toMatchObject({ messages: 2 })
  })
})
