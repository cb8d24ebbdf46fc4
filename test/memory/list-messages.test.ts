import type { Memory } from 'aquifer'
import { beforeEach, describe, expect, it } from 'vitest'
import { hour, ManualClock, openMemory, refused, textsOf } from './opened.ts'

const where = { resourceId: 'alice', threadId: 't' }
const said = Array.from({ length: 25 }, (_, index) => `m${index}`)
let memory: Memory
let clock: ManualClock

beforeEach(async () => {
  clock = new ManualClock()
  memory = openMemory({ clock })
  for (const text of said) {
    await memory.saveMessages({ ...where, messages: [{ id: `id-${text}`, role: 'user', content: text }] })
    clock.pass(hour)
  }
})

const page = (options = {}) => memory.listMessages({ ...where, ...options })
const texts = async (options = {}) => textsOf((await page(options)).messages)

describe('listMessages', () => {
  it('answers the thread in order, with where it stood', async () => {
    const all = await page()
    expect(textsOf(all.messages)).toEqual(said)
    expect(all).toMatchObject({ asOf: 25, hasMore: false, page: 0, perPage: 100 })
    expect(all).not.toHaveProperty('nextCursor')
    expect(await page({ threadId: 'none' })).toMatchObject({ messages: [], hasMore: false })
    expect((await memory.listMessages({ resourceId: 'bob', threadId: 't' })).messages).toEqual([])
  })

  it('answers the newest, in thread order or from the newest backwards', async () => {
    expect(await texts({ last: 3 })).toEqual(['m22', 'm23', 'm24'])
    expect(await texts({ last: 3, order: 'desc' })).toEqual(['m24', 'm23', 'm22'])
    expect(await texts({ last: 100 })).toEqual(said)
  })

  it('answers a page by number', async () => {
    expect(await page({ page: 1, perPage: 10 })).toMatchObject({ page: 1, perPage: 10, hasMore: true })
    expect(await texts({ page: 1, perPage: 10 })).toEqual(said.slice(10, 20))
    expect(await texts({ page: 2, perPage: 10 })).toEqual(said.slice(20))
    expect(await texts({ page: 3, perPage: 10 })).toEqual([])
    expect(await texts({ page: 0, perPage: 2, order: 'desc' })).toEqual(['m24', 'm23'])
  })

  it('stops at the maximum of a page with perPage false', async () => {
    const small = openMemory({ limits: { pageSize: 3 } })
    await small.saveMessages({ ...where, messages: said })
    const first = await small.listMessages({ ...where, perPage: false })
    expect(first).toMatchObject({ perPage: false, hasMore: true })
    expect(textsOf(first.messages)).toEqual(['m0', 'm1', 'm2'])
  })

  it.each([
    ['pages', { perPage: 4 }, said],
    ['pages backwards', { perPage: 4, order: 'desc' }, said.toReversed()],
  ])('follows the cursor of %s without a shift while others write', async (_, options, wanted) => {
    const seen: string[] = []
    let cursor: string | undefined
    do {
      const next = await page({ ...options, ...(cursor === undefined ? {} : { cursor }) })
      seen.push(...textsOf(next.messages))
      cursor = next.nextCursor
      await memory.saveMessages({ ...where, messages: 'meanwhile' })
    } while (cursor !== undefined)
    expect(seen).toEqual(wanted)
  })

  it('walks back from the newest with the cursor of last', async () => {
    const pages: string[][] = []
    let cursor: string | undefined
    do {
      const next = await page({ last: 10, ...(cursor === undefined ? {} : { cursor }) })
      pages.push(textsOf(next.messages))
      cursor = next.nextCursor
      await memory.saveMessages({ ...where, messages: 'meanwhile' })
    } while (cursor !== undefined)
    expect(pages).toEqual([said.slice(15), said.slice(5, 15), said.slice(0, 5)])
  })

  it('shows an edited message in its place with its present content, below a cursor too', async () => {
    const { nextCursor: cursor = '' } = await page({ perPage: 10 })
    await memory.updateMessages({ resourceId: 'alice', messages: [{ id: 'id-m12', content: 'edited' }] })
    expect(await texts({ perPage: 10, cursor })).toEqual(['m10', 'm11', 'edited', ...said.slice(13, 20)])
  })

  it('keeps to a range of dates, both ends included', async () => {
    const start = new Date('2026-03-01T03:00:00Z')
    const dateRange = { start, end: '2026-03-01T05:00:00Z' }
    expect(await texts({ dateRange })).toEqual(['m3', 'm4', 'm5'])
    expect(await texts({ dateRange, perPage: 2, page: 1 })).toEqual(['m5'])
    expect(await texts({ dateRange, last: 1 })).toEqual(['m5'])
    expect(await texts({ dateRange: { start: clock.ms - 2 * hour } })).toEqual(['m23', 'm24'])
    expect(await texts({ dateRange: { end: '2026-03-01' } })).toEqual(['m0'])
  })

  it('includes messages by id with their neighbours, each once, in order', async () => {
    const include = [{ id: 'id-m5', withPreviousMessages: 1, withNextMessages: 2 }, { id: 'id-m6' }, { id: 'id-m0' }]
    expect(await texts({ last: 2, include })).toEqual(['m0', 'm4', 'm5', 'm6', 'm7', 'm23', 'm24'])
    expect(await texts({ perPage: 1, order: 'desc', include: [{ id: 'id-m0', withPreviousMessages: 3 }] })).toEqual([
      'm24',
      'm0',
    ])
    expect(await texts({ last: 2, include: [{ id: 'id-m24', withPreviousMessages: 1 }] })).toEqual(['m23', 'm24'])
  })

  it('refuses what does not go together, and cursors of other listings', async () => {
    const { nextCursor: cursor = '' } = await page({ perPage: 4 })
    for (const options of [
      { last: 2, page: 1 },
      { last: 2, perPage: 1 },
      { cursor, page: 1 },
      { cursor, order: 'desc' },
      { cursor, last: 2 },
      { cursor: 'nonsense' },
      { cursor: Buffer.from('["messages-asc","x"]').toString('base64') },
    ]) {
      const error = await refused(
        options.cursor?.startsWith('WyJtZ') && options.cursor !== cursor ? 'cursor-expired' : 'invalid-input',
        () => page(options),
      )
      expect(error.fix).not.toBe('')
    }
    await refused('cursor-expired', () => memory.listMessages({ ...where, resourceId: 'bob', cursor }))
    await memory.space('resource/alice').commit([{ kind: 'erase' }])
    await refused('cursor-expired', () => page({ cursor, perPage: 4 }))
    await memory.saveMessages({ ...where, messages: 'new life' })
    await refused('cursor-expired', () => page({ cursor, perPage: 4 }))
  })
})

describe('recall', () => {
  it('lists messages where it has no query', async () => {
    expect(await memory.recall({ ...where, last: 2 })).toEqual(await page({ last: 2 }))
  })

  it('finds messages where it has one, the best first', async () => {
    const found = await memory.recall({ ...where, query: 'm1' })
    expect(found.messages[0]?.id).toBe('id-m1')
    expect(found).toMatchObject({ asOf: { 'resource/alice': 25 }, degraded: ['no-embedder'] })
  })

  it('refuses a call without options in its own words', async () => {
    await refused('invalid-input', () => memory.recall(undefined as never))
  })
})
