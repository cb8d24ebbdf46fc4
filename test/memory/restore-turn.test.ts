// Branches of a thread that were replaced: how they are read, and how they return.
import type { Memory, StoredMessage } from 'aquifer'
import { describe, expect, it } from 'vitest'
import { openMemory, refused } from './opened.ts'

const where = { resourceId: 'alice', threadId: 't' }
const textOf = ({ parts }: StoredMessage) => String((parts[0] as { text?: unknown }).text)

async function texts(memory: Memory, more: object = {}): Promise<string[]> {
  return (await memory.listMessages({ ...where, ...more })).messages.map(textOf)
}

/** A thread of three questions with answers, whose last two were replaced; the branch that was, and the one that is. */
async function openScene() {
  const memory = openMemory({ embedder: false })
  const turns: string[] = []
  for (const n of [1, 2, 3]) {
    const messages = [
      { id: `q${n}`, role: 'user', content: `asked ${n}` },
      { id: `a${n}`, role: 'assistant', content: `answered ${n}` },
    ] as const
    turns.push((await memory.saveMessages({ ...where, messages })).turnId)
  }
  const said = (text: string) => [{ role: 'assistant' as const, parts: [{ type: 'text', text }] }]
  const result = await memory.space('resource/alice').commit([
    { kind: 'turn-open', threadId: 't', replaces: turns.slice(1) },
    { kind: 'message-append', threadId: 't', opened: 0, messages: said('edited') },
    { kind: 'turn-close', threadId: 't', opened: 0, status: 'complete' },
  ])
  const opened = result.status === 'committed' ? result.results[0] : undefined
  if (opened?.kind !== 'turn-open') throw new Error('No turn was opened.')
  return { memory, turns, other: opened.turnId as string }
}

const whole = [1, 2, 3].flatMap((n) => [`asked ${n}`, `answered ${n}`])
const now = [...whole.slice(0, 2), 'edited']

describe('a replaced branch', () => {
  it('is read with include: replaced, marked with the turn in its place', async () => {
    const { memory, other } = await openScene()
    expect(await texts(memory)).toEqual(now)
    const { messages } = await memory.listMessages({ ...where, include: 'replaced' })
    expect(messages.map(textOf)).toEqual([...whole, 'edited'])
    expect(messages.map(({ replacedBy }) => replacedBy)).toEqual([
      ...[undefined, undefined],
      ...Array(4).fill(other),
      undefined,
    ])
    expect(await texts(memory, { include: 'replaced', last: 2 })).toEqual(['answered 3', 'edited'])
    const query = { threadId: 't', direction: 'asc', after: null, asOf: null, limit: 100, offset: 0 } as const
    const read = memory.space('resource/alice').messages
    const { items } = await read.list({ ...query, from: null, to: null, turns: 'all' })
    expect(items).toHaveLength(messages.length)
  })

  it('returns whole, with its counters, its words and its ids', async () => {
    const { memory, turns, other } = await openScene()
    const answer = await memory.restoreTurn({ ...where, turnId: turns[2] ?? '' })
    expect(answer).toEqual({ turnId: turns[2], restored: turns.slice(1), replaced: [other], seq: 5 })
    expect(await texts(memory)).toEqual(whole)
    expect((await memory.getThreadById(where))?.messageCount).toBe(6)
    const found = async (query: string) => (await memory.recall({ ...where, query })).messages.map(textOf)
    expect(await found('answered 3')).toContain('answered 3')
    expect(await found('edited')).not.toContain('edited')
    await memory.updateMessages({ resourceId: 'alice', messages: [{ id: 'a3', content: 'changed' }] })
    expect((await texts(memory)).at(-1)).toBe('changed')
    await memory.restoreTurn({ ...where, turnId: other })
    expect(await texts(memory)).toEqual(now)
    expect(await found('asked 3')).not.toContain('asked 3')
    expect(await found('edited')).toContain('edited')
  })

  it('is restored once for a commit id, and is not there in another thread or resource', async () => {
    const { memory, turns } = await openScene()
    const restore = { ...where, turnId: turns[1] ?? '', commitId: 'back' }
    const first = await memory.restoreTurn(restore)
    await memory.saveMessages({ ...where, messages: 'later' })
    expect(await memory.restoreTurn(restore)).toEqual(first)
    expect((await texts(memory)).at(-1)).toBe('later')
    await memory.createThread({ ...where, threadId: 'u' })
    await refused('not-found', () => memory.restoreTurn({ ...where, threadId: 'u', turnId: turns[1] ?? '' }))
    await memory.createThread({ resourceId: 'bob', threadId: 't' })
    await refused('invalid-input', () => memory.restoreTurn({ ...where, resourceId: 'bob', turnId: turns[1] ?? '' }))
  })
})
