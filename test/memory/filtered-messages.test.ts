// Lists of messages with a filter over their metadata: whole in pages of every size, from either end, and never endless.
import type { Memory } from 'aquifer'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { runRandom } from '../random-runs.ts'
import { openMemory, refused, textsOf } from './opened.ts'

const where = { resourceId: 'alice', threadId: 't' }
const filter = { metadata: { topic: 'tea', n: { $gte: 0 } } }

/** A thread in which a letter is a message: `t` is about tea, and nothing else is. */
async function threadOf(memory: Memory, letters: string): Promise<string[]> {
  const messages = [...letters].map((letter, n) => {
    return {
      role: 'user' as const,
      content: `${letter}${n}`,
      ...(letter === '-' ? {} : { metadata: { topic: letter === 't' ? 'tea' : 'rain', n } }),
    }
  })
  if (messages.length > 0) await memory.saveMessages({ ...where, messages })
  return messages.flatMap(({ content }) => (content.startsWith('t') ? [content] : []))
}

async function allPages(memory: Memory, options: object): Promise<string[]> {
  const seen: string[] = []
  for (let cursor: string | undefined; ; ) {
    const { messages, hasMore, nextCursor } = await memory.listMessages({
      ...where,
      filter,
      ...(cursor === undefined ? {} : { cursor }),
      ...options,
    })
    seen.push(...textsOf(messages))
    expect(hasMore).toBe(nextCursor !== undefined)
    if (nextCursor === undefined) return seen
    cursor = nextCursor
  }
}

describe('listMessages with a filter', () => {
  it('lists what matches, in pages of every size, whatever one page looks through', async () => {
    const property = fc.asyncProperty(
      fc.string({ unit: fc.constantFrom('t', 'r', '-'), maxLength: 30 }),
      fc.integer({ min: 1, max: 6 }),
      fc.integer({ min: 1, max: 12 }),
      async (letters, perPage, filterScan) => {
        const memory = openMemory({ limits: { filterScan } })
        const matching = await threadOf(memory, letters)
        expect(await allPages(memory, { perPage })).toEqual(matching)
        expect(await allPages(memory, { perPage, order: 'desc' })).toEqual(matching.toReversed())
        await memory.close()
      },
    )
    await runRandom(property, 60)
  })

  it('lists the newest that match, and pages by number', async () => {
    const memory = openMemory()
    const matching = await threadOf(memory, 'tr-ttrrt-tr')
    const list = async (options: object) => memory.listMessages({ ...where, filter, ...options })
    expect(textsOf((await list({ last: 2 })).messages)).toEqual(matching.slice(-2))
    expect(textsOf((await list({ last: 2, order: 'desc' })).messages)).toEqual(matching.slice(-2).toReversed())
    const second = await list({ page: 1, perPage: 2 })
    expect(textsOf(second.messages)).toEqual(matching.slice(2, 4))
    expect(second.hasMore).toBe(true)
    expect(await list({ page: 3, perPage: 2 })).toMatchObject({ messages: [], hasMore: false })
    expect(await list({ filter: {} })).toMatchObject({ messages: { length: 11 } })
  })

  it('adds messages by id whether they match or not', async () => {
    const memory = openMemory()
    await threadOf(memory, 'trt')
    const { messages } = await memory.listMessages(where)
    const include = [{ id: messages[1]?.id ?? '' }]
    expect(textsOf((await memory.listMessages({ ...where, filter, last: 1, include })).messages)).toEqual(['r1', 't2'])
  })

  it('refuses a numbered page that it would have to look too far for, and a filter in another form', async () => {
    const memory = openMemory({ limits: { filterScan: 5 } })
    const matching = await threadOf(memory, `t${'r'.repeat(9)}tt`)
    const error = await refused('limit-exceeded', () => memory.listMessages({ ...where, filter, page: 1, perPage: 2 }))
    expect(error.fix).toContain('nextCursor')
    expect(await allPages(memory, { perPage: 2 })).toEqual(matching)
    const flat = { topic: 'tea' } as never
    await refused('invalid-input', () => memory.listMessages({ ...where, filter: flat }))
  })
})
