// Once a receipt is complete no byte of what was erased is in any file of the database, and everything else is as before.

import { DatabaseSync } from 'node:sqlite'
import { type Memory, SQLiteStore, spaceId } from 'aquifer'
import { describe, expect, it, onTestFinished } from 'vitest'
import { openStore } from '../../src/open.ts'
import { checkHistory } from '../../src/testing/history-checker.ts'
import { openMemory, temporaryUrl } from '../memory/opened.ts'
import { filesOf, foundIn, pathOf, plantEntry, plantThread, Secrets } from './planted.ts'

const access = { actor: { kind: 'system', id: 'app' }, grants: 'all' } as const

/** A memory on a file of its own, and the storage beneath it. */
async function openFile() {
  const url = temporaryUrl()
  const opened = await openStore(new SQLiteStore({ url }))
  onTestFinished(() => opened.release())
  const memory = openMemory({ storage: opened.storage })
  return { memory, storage: opened.storage, url, path: pathOf(url) }
}

/** What others have, which must stay: their secrets, and all that their readers answer. */
async function plantNeighbours(memory: Memory) {
  const kept = new Secrets()
  await plantThread(memory, 'ada', 'beside', kept)
  await plantThread(memory, 'bob', 'tea', kept)
  await plantEntry(memory, 'acme', 'beside', kept)
  await memory.updateWorkingMemory({ resourceId: 'bob', workingMemory: kept.make() })
  return kept
}

async function answersOf(memory: Memory, resourceId: string, threadId: string): Promise<unknown> {
  const key = { resourceId, threadId }
  return {
    thread: await memory.getThreadById(key),
    messages: await memory.listMessages(key),
    block: await memory.getWorkingMemory({ ...key, scope: 'thread' }),
    shared: await memory.getWorkingMemory({ resourceId }),
  }
}

/** Without the seq of the space, which an erasure beside it moves. */
function unnumbered(answers: unknown): unknown {
  return JSON.parse(JSON.stringify(answers, (name, value) => (name === 'asOf' ? undefined : value)))
}

async function complete(memory: Memory, options: Parameters<Memory['forget']>[0]) {
  const first = await memory.forget(options)
  expect(first.state).toBe('pending')
  const again = await memory.forget(options)
  expect(again).toMatchObject({ id: first.id, state: 'complete' })
  return again
}

describe('no byte is left', () => {
  it('of a thread', async () => {
    const { memory, storage, path } = await openFile()
    const kept = await plantNeighbours(memory)
    const gone = new Secrets()
    const threadId = gone.make()
    await plantThread(memory, 'ada', threadId, gone)
    expect(new Set(foundIn(path, gone.texts).map((found) => found.split(' ')[0])).size).toBe(gone.texts.length)
    const before = await answersOf(memory, 'ada', 'beside')
    const others = await answersOf(memory, 'bob', 'tea')
    await memory.forget({ threadId, resourceId: 'ada' })
    expect(foundIn(path, gone.texts)).not.toEqual([])
    await complete(memory, { threadId: 'nobody', resourceId: 'ada' })
    expect(foundIn(path, gone.texts)).toEqual([])
    expect(unnumbered(await answersOf(memory, 'ada', 'beside'))).toEqual(unnumbered(before))
    expect(await answersOf(memory, 'bob', 'tea')).toEqual(others)
    const texts = new Set(foundIn(path, kept.texts).map((found) => found.split(' ')[0]))
    for (const space of ['resource/ada', 'resource/bob', 'team/acme']) {
      expect(await checkHistory(storage, access, memory.space(space).id)).toEqual([])
    }
    // A discarded turn's text left its row before, as did what runs no longer needed, and the reclaim took those bytes too.
    expect(texts.size).toBe(kept.texts.length - 2 - 2 * 2)
  })

  it('of a resource, its children and its name', async () => {
    const { memory, path } = await openFile()
    const kept = await plantNeighbours(memory)
    const gone = new Secrets()
    const resourceId = gone.make()
    await plantThread(memory, resourceId, 'tea', gone)
    await plantThread(memory, resourceId, gone.make(), gone)
    await memory.updateWorkingMemory({ resourceId, workingMemory: gone.make() })
    const child = memory.space(`resource/${resourceId}/agent/bot`)
    await child.commit([{ kind: 'entry-write', key: gone.make(), value: gone.make() }])
    await memory.deleteThread({ resourceId, threadId: 'tea' })
    // More rows than are deleted at once, of one space and of its child.
    for (let count = 0; count < 300; count++) {
      await child.commit([{ kind: 'entry-append', key: 'list', item: gone.make() }])
      const messages = [{ role: 'user' as const, content: gone.make() }]
      await memory.saveMessages({ resourceId, threadId: `many-${count % 90}`, messages })
    }
    const others = await answersOf(memory, 'bob', 'tea')
    await complete(memory, { resourceId })
    expect(foundIn(path, gone.texts)).toEqual([])
    expect(await answersOf(memory, 'bob', 'tea')).toEqual(others)
    expect(foundIn(path, kept.texts).length).toBeGreaterThan(20)
  })

  it('of messages in any state', async () => {
    const { memory, path } = await openFile()
    const titles = new Secrets()
    const { messageIds, continuations } = await plantThread(memory, 'ada', 'tea', titles)
    expect(foundIn(path, continuations).length).toBeGreaterThan(2)
    const gone = new Secrets()
    const content = () => ({ role: 'user' as const, content: gone.make() })
    const own = { ...content(), id: gone.make(), metadata: { m: gone.make() } }
    const saved = await memory.saveMessages({
      resourceId: 'ada',
      threadId: 'tea',
      messages: [own, content(), content()],
    })
    const ids = saved.messages.map(({ id }) => id)
    await memory.updateMessages({ resourceId: 'ada', messages: [{ id: ids[1] as string, content: gone.make() }] })
    await memory.deleteMessages([ids[2] as string], { resourceId: 'ada' })
    await complete(memory, { messageIds: ids, resourceId: 'ada' })
    expect(foundIn(path, gone.texts)).toEqual([])
    await complete(memory, { messageIds: [...messageIds], resourceId: 'ada' })
    expect(await memory.listMessages({ resourceId: 'ada', threadId: 'tea' })).toMatchObject({ messages: [] })
    // What is left of the thread: title, metadata, working memory and what runs refer to, present and past.
    expect(foundIn(path, titles.texts).length).toBeLessThanOrEqual(6 + 8)
    expect(foundIn(path, continuations)).toEqual([])
  })

  it('of a key, in every version', async () => {
    const { memory, path } = await openFile()
    const kept = await plantNeighbours(memory)
    const gone = new Secrets()
    const key = gone.make()
    await plantEntry(memory, 'acme', key, gone)
    await memory.team('acme').delete(key)
    await complete(memory, { key, teamId: 'acme' })
    expect(foundIn(path, gone.texts)).toEqual([])
    expect(foundIn(path, kept.texts).length).toBeGreaterThan(20)
  })

  it('of what compaction kept, or had removed before it was forgotten', async () => {
    const { memory, storage, path } = await openFile()
    const gone = new Secrets()
    const compact = async () => {
      const space = memory.space('resource/ada')
      await space.commit([{ kind: 'entry-write', key: 'k', value: 1 }])
      const removed = await storage.compact(access, space.id, (await space.state())?.seq ?? 0)
      expect(removed.rowsRemoved).toBeGreaterThan(0)
    }
    const { messageIds } = await plantThread(memory, 'ada', 'tea', gone)
    await compact()
    await complete(memory, { messageIds: [...messageIds], resourceId: 'ada' })
    await plantThread(memory, 'ada', 'late', gone)
    await memory.deleteThread({ resourceId: 'ada', threadId: 'late' })
    await compact()
    expect((await complete(memory, { threadId: 'late', resourceId: 'ada' })).erased.threads).toBe(0)
    await complete(memory, { threadId: 'tea', resourceId: 'ada' })
    expect(foundIn(path, gone.texts)).toEqual([])
  })
})

it('leaves no byte of what compaction took out of rows, although as many rows as before are left', async () => {
  const { memory, storage, path } = await openFile()
  const gone = new Secrets()
  const space = memory.space('resource/ada')
  await space.commit([{ kind: 'entry-write', key: 'k', value: gone.make() }])
  await memory.saveMessages({ resourceId: 'ada', threadId: 'tea', messages: ['hello'] })
  await space.commit([{ kind: 'entry-write', key: 'k', value: 'new' }])
  await space.commit([{ kind: 'entry-write', key: 'k', value: 'newest' }])
  await storage.compact(access, space.id, 3)
  expect(foundIn(path, gone.texts)).not.toEqual([])
  await complete(memory, { resourceId: 'nobody' })
  expect(foundIn(path, gone.texts)).toEqual([])
})

describe('others at the files', () => {
  it('may hold a snapshot: the receipt waits for them, and nothing is read meanwhile', async () => {
    const { memory, path } = await openFile()
    const gone = new Secrets()
    await plantThread(memory, 'ada', 'tea', gone)
    const reader = new DatabaseSync(path)
    reader.exec('BEGIN')
    reader.prepare('SELECT count(*) FROM log').get()
    const { id } = await memory.forget({ resourceId: 'ada' })
    expect(await memory.forget({ resourceId: 'ada' })).toMatchObject({ id, state: 'pending' })
    expect(await memory.getThreadById({ threadId: 'tea' })).toBeNull()
    expect(foundIn(path, gone.texts)).not.toEqual([])
    reader.exec('COMMIT')
    reader.close()
    expect(await memory.forget({ resourceId: 'ada' })).toMatchObject({ id, state: 'complete' })
    expect(foundIn(path, gone.texts)).toEqual([])
  })

  it('go on with what they had prepared and cached, and see the erasure at once', async () => {
    const { memory, url, path } = await openFile()
    const gone = new Secrets()
    await plantThread(memory, 'ada', 'tea', gone)
    await plantEntry(memory, 'acme', 'k', gone)
    await memory.team('acme').write('other', 1)
    // Another clock is another connection to the same file.
    const other = openMemory({ storage: url, clock: { now: () => Date.now() } })
    expect(await other.getThreadById({ threadId: 'tea' })).not.toBeNull()
    expect(await other.team('acme').read('k')).toHaveLength(2)
    await memory.forget({ resourceId: 'ada' })
    await memory.forget({ key: 'k', teamId: 'acme' })
    expect(await other.getThreadById({ threadId: 'tea' })).toBeNull()
    expect([await other.team('acme').read('k'), await other.team('acme').history('k')]).toEqual([null, []])
    await other.team('acme').increment('other', 1)
    await complete(memory, { resourceId: 'nobody' })
    expect(await other.team('acme').increment('other', 1)).toMatchObject({ value: 3 })
    expect(await memory.team('acme').read('other')).toBe(3)
    await other.saveMessages({ resourceId: 'ada', threadId: 'tea', messages: [{ role: 'user', content: 'new' }] })
    expect(await memory.getThreadById({ threadId: 'tea' })).toMatchObject({ messageCount: 1 })
    expect(foundIn(path, gone.texts)).toEqual([])
    expect(filesOf(path).length).toBeGreaterThan(1)
  })

  it('numbers never come twice after the rewrite', async () => {
    const { memory, storage } = await openFile()
    for (const resourceId of ['ada', 'bob']) await plantThread(memory, resourceId, 'tea', new Secrets())
    await complete(memory, { resourceId: 'bob' })
    await complete(memory, { threadId: 'tea', resourceId: 'ada' })
    for (const resourceId of ['bob', 'cy']) await plantThread(memory, resourceId, 'tea', new Secrets())
    await plantThread(memory, 'ada', 'tea', new Secrets())
    for (const resourceId of ['ada', 'bob', 'cy']) {
      const space = spaceId('resource', resourceId)
      expect((await memory.listMessages({ resourceId, threadId: 'tea' })).messages).toHaveLength(1)
      expect(await checkHistory(storage, access, space, { isWhole: true })).toEqual([])
    }
  })
})
