import { Memory, spaceId } from 'aquifer'
import { describe, expect, it } from 'vitest'
import { ManualClock, openMemory, refused, textsOf } from './opened.ts'

const resourceId = 'alice'

function say(memory: Memory, threadId: string, text: string, resource = resourceId) {
  return memory.saveMessages({ resourceId: resource, threadId, messages: text })
}

const idsOf = (threads: readonly { id: string }[]) => threads.map(({ id }) => id)

describe('creating and getting', () => {
  it('creates a thread with what it was given', async () => {
    const clock = new ManualClock()
    const memory = openMemory({ clock, createId: () => 'one' })
    const thread = await memory.createThread({ resourceId, title: 'Billing', metadata: { topic: { name: 'bill' } } })
    expect(thread).toEqual({
      id: 'thread_one',
      space: spaceId('resource', resourceId),
      resourceId,
      title: 'Billing',
      metadata: { topic: { name: 'bill' } },
      createdAt: new Date(clock.ms),
      updatedAt: new Date(clock.ms),
      lastMessageAt: null,
      messageCount: 0,
      archivedAt: null,
      version: 1,
    })
    expect(await memory.getThreadById({ threadId: 'thread_one', resourceId })).toEqual(thread)
  })

  it('gives each thread an id of its own', async () => {
    const memory = openMemory()
    const [one, two] = await Promise.all([memory.createThread({ resourceId }), memory.createThread({ resourceId })])
    expect(one?.id).not.toBe(two?.id)
  })

  it('refuses a thread that exists, and leaves it as it is', async () => {
    const memory = openMemory()
    await memory.createThread({ resourceId, threadId: 't', title: 'first' })
    const error = await refused('conflict', () => memory.createThread({ resourceId, threadId: 't', title: 'second' }))
    expect(error.details).toEqual({ threadId: 't' })
    expect((await memory.getThreadById({ resourceId, threadId: 't' }))?.title).toBe('first')
  })

  it('lets exactly one of several at once create a thread', async () => {
    const memory = openMemory()
    const made = await Promise.allSettled(
      Array.from({ length: 8 }, () => memory.createThread({ resourceId, threadId: 't' })),
    )
    expect(made.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })

  it('answers null for a thread that is not there', async () => {
    const memory = openMemory()
    expect(await memory.getThreadById({ threadId: 't' })).toBeNull()
    expect(await memory.getThreadById({ threadId: 't', resourceId })).toBeNull()
  })

  it('finds the only thread of an id without its resource, and refuses to guess among several', async () => {
    const memory = openMemory()
    await memory.createThread({ resourceId, threadId: 't', title: 'hers' })
    expect(await memory.getThreadById({ threadId: 't' })).toMatchObject({ resourceId, title: 'hers' })
    await memory.createThread({ resourceId: 'bob', threadId: 't', title: 'his' })
    const error = await refused('conflict', () => memory.getThreadById({ threadId: 't' }))
    expect(error.details).toEqual({ threadId: 't', resources: 2 })
    expect((await memory.getThreadById({ threadId: 't', resourceId: 'bob' }))?.title).toBe('his')
    await memory.deleteThread({ threadId: 't', resourceId })
    expect((await memory.getThreadById({ threadId: 't' }))?.title).toBe('his')
  })

  it('looks for threads among resources only', async () => {
    const memory = openMemory()
    await memory.space('team/acme').commit([{ kind: 'thread-put', threadId: 't' }])
    expect(await memory.getThreadById({ threadId: 't' })).toBeNull()
  })

  it('keeps threads of equal ids in two resources apart', async () => {
    const memory = openMemory()
    await say(memory, 't', 'from alice')
    await say(memory, 't', 'from bob', 'bob')
    await memory.updateThread({ resourceId: 'bob', threadId: 't', title: 'his' })
    await memory.deleteThread({ resourceId: 'bob', threadId: 't' })
    expect(await memory.getThreadById({ resourceId, threadId: 't' })).toMatchObject({ title: null, messageCount: 1 })
    expect(textsOf((await memory.listMessages({ resourceId, threadId: 't' })).messages)).toEqual(['from alice'])
  })
})

describe('newest first', () => {
  it('is moved by saving messages, which leaves version and updatedAt', async () => {
    const clock = new ManualClock()
    const memory = openMemory({ clock })
    for (const threadId of ['a', 'b', 'c']) await memory.createThread({ resourceId, threadId })
    const before = await memory.getThreadById({ resourceId, threadId: 'a' })
    expect(idsOf(await memory.getThreadsByResourceId({ resourceId }))).toEqual(['c', 'b', 'a'])
    clock.pass(1_000)
    await say(memory, 'a', 'hello')
    const after = await memory.getThreadById({ resourceId, threadId: 'a' })
    expect(after).toEqual({ ...before, lastMessageAt: new Date(clock.ms), messageCount: 1 })
    expect(idsOf(await memory.getThreadsByResourceId({ resourceId }))).toEqual(['a', 'c', 'b'])
  })

  it('holds when the clock stands still or goes back', async () => {
    const clock = new ManualClock()
    const memory = openMemory({ clock })
    for (const threadId of ['a', 'b', 'c']) await say(memory, threadId, 'hello')
    clock.pass(-3_600_000)
    await say(memory, 'b', 'again')
    expect(idsOf(await memory.getThreadsByResourceId({ resourceId }))).toEqual(['b', 'c', 'a'])
  })

  it('includes archived threads in the plain array', async () => {
    const memory = openMemory()
    await memory.createThread({ resourceId, threadId: 'a' })
    await memory.archiveThread({ resourceId, threadId: 'a' })
    expect(idsOf(await memory.getThreadsByResourceId({ resourceId }))).toEqual(['a'])
    expect(await memory.getThreadsByResourceId({ resourceId: 'nobody' })).toEqual([])
  })
})

describe('listThreads', () => {
  async function withThreads(count: number): Promise<Memory> {
    const memory = openMemory()
    for (let index = 0; index < count; index++) {
      const metadata = { odd: index % 2 === 1, at: { floor: index } }
      await memory.createThread({ resourceId, threadId: `t${index}`, metadata })
    }
    return memory
  }

  it('answers a page with its totals', async () => {
    const memory = await withThreads(5)
    const first = await memory.listThreads({ resourceId, perPage: 2 })
    expect(first).toMatchObject({ total: 5, page: 0, perPage: 2, hasMore: true, asOf: 5 })
    expect(idsOf(first.threads)).toEqual(['t4', 't3'])
    const last = await memory.listThreads({ resourceId, perPage: 2, page: 2 })
    expect(last).toMatchObject({ total: 5, page: 2, perPage: 2, hasMore: false })
    expect(idsOf(last.threads)).toEqual(['t0'])
    expect(last).not.toHaveProperty('nextCursor')
    expect(await memory.listThreads({ resourceId: 'nobody' })).toMatchObject({ threads: [], total: 0, hasMore: false })
  })

  it('has 100 a page by default and all of them with perPage false, up to the maximum', async () => {
    const memory = await withThreads(101)
    expect((await memory.listThreads({ resourceId })).threads).toHaveLength(100)
    const all = await memory.listThreads({ resourceId, perPage: false })
    expect(all.threads).toHaveLength(101)
    expect(all).toMatchObject({ perPage: false, hasMore: false })
    const small = openMemory({ limits: { pageSize: 3 } })
    for (let index = 0; index < 5; index++) await small.createThread({ resourceId })
    const page = await small.listThreads({ resourceId, perPage: false })
    expect(page).toMatchObject({ total: 5, hasMore: true })
    expect(page.threads).toHaveLength(3)
    const rest = await small.listThreads({ resourceId, perPage: false, cursor: page.nextCursor ?? '' })
    expect(new Set([...idsOf(page.threads), ...idsOf(rest.threads)]).size).toBe(5)
  })

  it.each(['asc', 'desc'] as const)('orders by creation, %s', async (direction) => {
    const memory = await withThreads(3)
    await say(memory, 't0', 'hello')
    const { threads } = await memory.listThreads({ resourceId, orderBy: { field: 'createdAt', direction } })
    const wanted = ['t0', 't1', 't2']
    expect(idsOf(threads)).toEqual(direction === 'asc' ? wanted : wanted.toReversed())
  })

  it('orders by the last message, oldest first, when asked', async () => {
    const memory = await withThreads(3)
    await say(memory, 't0', 'hello')
    const orderBy = { field: 'lastMessageAt', direction: 'ASC' } as const
    expect(idsOf((await memory.listThreads({ resourceId, orderBy })).threads)).toEqual(['t1', 't2', 't0'])
  })

  it('filters by metadata, as recall does, and counts what matches', async () => {
    const memory = await withThreads(5)
    const odd = await memory.listThreads({ resourceId, filter: { metadata: { odd: true } }, perPage: 1 })
    expect(odd).toMatchObject({ total: 2, hasMore: true })
    expect(idsOf(odd.threads)).toEqual(['t3'])
    const deep = await memory.listThreads({ resourceId, filter: { metadata: { odd: false, at: { floor: 2 } } } })
    expect(idsOf(deep.threads)).toEqual(['t2'])
    expect((await memory.listThreads({ resourceId, filter: { metadata: { odd: 'true' } } })).total).toBe(0)
  })

  it('looks through so many threads with a filter, and goes on behind them', async () => {
    const memory = openMemory({ limits: { filterScan: 4 } })
    for (let i = 0; i < 10; i++) {
      await memory.createThread({ resourceId, threadId: `t${i}`, metadata: { third: i % 3 === 0 } })
    }
    const filter = { metadata: { third: { $eq: true } } }
    const listed: string[][] = []
    let cursor: string | undefined
    do {
      const next = cursor === undefined ? {} : { cursor }
      const page = await memory.listThreads({ resourceId, filter, perPage: 2, ...next })
      expect([page.total, page.hasMore]).toEqual([null, page.nextCursor !== undefined])
      listed.push(idsOf(page.threads))
      cursor = page.nextCursor
    } while (cursor !== undefined)
    expect(listed.flat()).toEqual(['t9', 't6', 't3', 't0'])
    expect(listed.length).toBeGreaterThan(2)
    const error = await refused('limit-exceeded', () => memory.listThreads({ resourceId, filter, perPage: 2, page: 1 }))
    expect(error.details).toMatchObject({ limit: 'filterScan' })
    expect(error.fix).toContain('nextCursor')
    const unfiltered = await memory.listThreads({ resourceId, perPage: 2, page: 4 })
    expect([unfiltered.total, ...idsOf(unfiltered.threads)]).toEqual([10, 't1', 't0'])
  })

  it('lists archived threads only on request', async () => {
    const memory = await withThreads(3)
    const archived = await memory.archiveThread({ resourceId, threadId: 't1' })
    expect(archived.archivedAt).toBeInstanceOf(Date)
    const page = async (which?: boolean | 'any') => {
      const { threads, total } = await memory.listThreads({
        resourceId,
        ...(which === undefined ? {} : { archived: which }),
      })
      return [total, ...idsOf(threads)]
    }
    expect(await page()).toEqual([2, 't2', 't0'])
    expect(await page(true)).toEqual([1, 't1'])
    expect(await page('any')).toEqual([3, 't2', 't1', 't0'])
    expect((await memory.unarchiveThread({ resourceId, threadId: 't1' })).archivedAt).toBeNull()
    expect(await page()).toEqual([3, 't2', 't1', 't0'])
    await memory.archiveThread({ resourceId, threadId: 't2' })
    await memory.deleteThread({ resourceId, threadId: 't2' })
    expect(await page('any')).toEqual([2, 't1', 't0'])
  })

  it('follows a cursor without a shift or a double while others write', async () => {
    const memory = await withThreads(10)
    const seen: string[] = []
    let cursor: string | undefined
    let round = 0
    do {
      const page = await memory.listThreads({ resourceId, perPage: 3, ...(cursor === undefined ? {} : { cursor }) })
      seen.push(...idsOf(page.threads))
      cursor = page.nextCursor
      await memory.createThread({ resourceId, threadId: `new${round++}` })
      await say(memory, seen[0] ?? '', 'moves a thread that was listed')
    } while (cursor !== undefined)
    expect(seen).toEqual(['t9', 't8', 't7', 't6', 't5', 't4', 't3', 't2', 't1', 't0'])
  })

  it('refuses a cursor with a page, a cursor of another listing and a cursor of an erased space', async () => {
    const memory = await withThreads(3)
    const { nextCursor: cursor = '' } = await memory.listThreads({ resourceId, perPage: 1 })
    await refused('invalid-input', () => memory.listThreads({ resourceId, cursor, page: 1 }))
    const orderBy = { field: 'createdAt' } as const
    await refused('invalid-input', () => memory.listThreads({ resourceId, cursor, orderBy }))
    await refused('invalid-input', () => memory.listThreads({ resourceId, cursor: 'nonsense' }))
    await refused('cursor-expired', () => memory.listThreads({ resourceId: 'bob', cursor }))
    await memory.space('resource/alice').commit([{ kind: 'erase' }])
    await refused('cursor-expired', () => memory.listThreads({ resourceId, cursor }))
    await memory.createThread({ resourceId })
    await refused('cursor-expired', () => memory.listThreads({ resourceId, cursor }))
  })
})

describe('updateThread', () => {
  it('deep-merges metadata; null deletes, arrays replace, undefined keeps', async () => {
    const memory = openMemory()
    await memory.createThread({
      resourceId,
      threadId: 't',
      title: 'a',
      metadata: { a: { b: 1, c: [1, 2] }, d: 1, e: 1 },
    })
    const patch = { a: { c: [3] }, d: null, e: undefined, f: 2 }
    const updated = await memory.updateThread({ resourceId, threadId: 't', metadata: patch })
    expect(updated).toMatchObject({ title: 'a', version: 2 })
    expect(updated.metadata).toEqual({ a: { b: 1, c: [3] }, e: 1, f: 2 })
    expect((await memory.updateThread({ resourceId, threadId: 't', title: null })).title).toBeNull()
  })

  it('keeps all of many updates at once', async () => {
    const memory = openMemory()
    await memory.createThread({ resourceId, threadId: 't' })
    const keys = Array.from({ length: 20 }, (_, index) => `k${index}`)
    await Promise.all(
      keys.map((key) => memory.updateThread({ resourceId, threadId: 't', metadata: { shared: { [key]: 1 } } })),
    )
    const thread = await memory.getThreadById({ resourceId, threadId: 't' })
    expect(Object.keys(thread?.metadata.shared ?? {}).sort()).toEqual(keys.toSorted())
  })

  it('answers a stated version that has passed with what stands there', async () => {
    const memory = openMemory()
    const { version } = await memory.createThread({ resourceId, threadId: 't', title: 'a' })
    const first = await memory.updateThread({ resourceId, threadId: 't', title: 'b', ifVersion: version })
    expect(first).toMatchObject({ status: 'updated', title: 'b' })
    const late = await memory.updateThread({ resourceId, threadId: 't', title: 'c', ifVersion: version })
    expect(late).toMatchObject({ status: 'conflict', current: { title: 'b', version: 2 } })
    await memory.deleteThread({ resourceId, threadId: 't' })
    const gone = await memory.updateThread({ resourceId, threadId: 't', title: 'c', ifVersion: version })
    expect(gone).toEqual({ status: 'conflict', current: null })
    await memory.createThread({ resourceId, threadId: 't' })
    const again = await memory.updateThread({ resourceId, threadId: 't', title: 'c', ifVersion: version })
    expect(again).toMatchObject({ status: 'conflict', current: { title: null } })
  })

  it('answers a stated version of a resource that has nothing with null, and makes no space', async () => {
    const memory = openMemory()
    const update = await memory.updateThread({ resourceId: 'nobody', threadId: 't', title: 'c', ifVersion: 1 })
    expect(update).toEqual({ status: 'conflict', current: null })
    expect(await memory.space('resource/nobody').state()).toBeNull()
  })

  it('never creates a thread', async () => {
    const memory = openMemory()
    await refused('not-found', () => memory.updateThread({ resourceId, threadId: 't', title: 'a' }))
    await refused('not-found', () => memory.archiveThread({ resourceId, threadId: 't' }))
    await refused('not-found', () => memory.unarchiveThread({ resourceId, threadId: 't' }))
    expect(await memory.getThreadsByResourceId({ resourceId })).toEqual([])
  })
})

describe('deleteThread', () => {
  it('deletes its messages and blocks; created again it is empty', async () => {
    const memory = openMemory({ options: { workingMemory: { scope: 'thread' } } })
    const where = { resourceId, threadId: 't' }
    await memory.createThread({ ...where, title: 'old', metadata: { workingMemory: 'old block', a: 1 } })
    await say(memory, 't', 'old message')
    expect(await memory.deleteThread(where)).toEqual({ deleted: true })
    expect(await memory.getThreadById(where)).toBeNull()
    expect(await memory.getWorkingMemory(where)).toBeNull()
    expect((await memory.listMessages(where)).messages).toEqual([])
    expect(await memory.deleteThread(where)).toEqual({ deleted: false })
    expect(await memory.createThread(where)).toMatchObject({ title: null, metadata: {}, messageCount: 0 })
    expect(await memory.getWorkingMemory(where)).toBeNull()
    expect((await memory.listMessages(where)).messages).toEqual([])
    expect((await memory.listThreads({ resourceId })).total).toBe(1)
  })
})

it('takes options that are undefined as absent', async () => {
  const memory = openMemory()
  const options = { resourceId, threadId: undefined, title: undefined, metadata: undefined }
  const thread = await memory.createThread(options as unknown as { resourceId: string })
  expect(thread.title).toBeNull()
  expect(thread).toBeTypeOf('object')
  expect(memory).toBeInstanceOf(Memory)
})
