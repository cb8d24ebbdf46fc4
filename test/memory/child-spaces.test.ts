// Spaces that no resourceId names: whose words, records and facts are in them, and where each says that it lies.
import type { Change, Memory } from 'aquifer'
import { describe, expect, it } from 'vitest'
import type { ChangeKind, ResultOf } from '../../src/domain/commit/commit.ts'
import type { MessageInput } from '../../src/domain/records/message.ts'
import { openMemory, refused } from './opened.ts'

const unknown = { kind: 'user', id: 'unknown', claimed: true }
const assistant = { kind: 'agent', id: 'assistant' }
const dave = { kind: 'user', id: 'dave' } as const

interface Place {
  readonly space: string
  readonly author: object
  /** What its records say of where they lie. */
  readonly place: { readonly space: string; readonly resourceId?: string }
  /** The ids of a fact in it. */
  readonly ids: Readonly<Record<string, string>>
}

const child = 'resource/alice/agent/researcher'
const alice = { kind: 'user', id: 'alice' }

const places: readonly Place[] = [
  {
    space: child,
    author: alice,
    place: { space: child, resourceId: 'alice' },
    ids: { userId: 'alice', agentId: 'researcher' },
  },
  {
    space: 'resource/alice/task/x/resource/bob',
    author: alice,
    place: { space: 'resource/alice/task/x/resource/bob', resourceId: 'alice' },
    ids: { userId: 'alice', taskId: 'x' },
  },
  { space: 'team/acme', author: unknown, place: { space: 'team/acme' }, ids: { teamId: 'acme' } },
  { space: 'task/x', author: unknown, place: { space: 'task/x' }, ids: { taskId: 'x' } },
]

const text = (words: string) => [{ type: 'text', text: words }]

function said(threadId: string): Change {
  const messages: MessageInput[] = [
    { role: 'user', parts: text('Is the harbour frozen?') },
    { role: 'assistant', parts: text('The harbour froze.') },
    { role: 'user', parts: text('Thanks, harbour.'), author: dave },
  ]
  return { kind: 'message-append', threadId, createThread: true, messages }
}

async function commit<Kind extends ChangeKind>(
  memory: Memory,
  space: string,
  change: Change & { kind: Kind },
): Promise<ResultOf<Kind>> {
  const result = await memory.space(space).commit([change])
  if (result.status === 'conflict') throw new Error(`refused: ${result.reason}`)
  return result.results[0] as ResultOf<Kind>
}

async function authorsOf(memory: Memory, space: string, threadId: string) {
  const page = { direction: 'asc', after: null, asOf: null, limit: 10, offset: 0, from: null, to: null } as const
  const { items } = await memory.space(space).messages.list({ threadId, ...page })
  return items.map(({ message }) => message.author)
}

describe.each(places)('$space', ({ space, author, place, ids }) => {
  const authors = [author, assistant, { ...dave, claimed: true }]

  it('has the resource for the author of a user’s words', async () => {
    const memory = openMemory()
    await commit(memory, space, said('t'))
    expect(await authorsOf(memory, space, 't')).toEqual(authors)
    const user = memory.as(dave)
    await commit(user, space, said('own'))
    expect(await authorsOf(memory, space, 'own')).toEqual([dave, assistant, dave])
  })

  it('keeps the author where a thread of it is copied', async () => {
    const memory = openMemory()
    const { messages: copied } = said('t') as Extract<Change, { kind: 'message-append' }>
    const source = { space: 'resource/bob', threadId: 't', asOf: 1 }
    const clone: Change = {
      kind: 'thread-clone',
      threadId: 'copy',
      title: null,
      metadata: {},
      source,
      turns: [copied],
      blocks: [],
    }
    await commit(memory, space, clone)
    expect(await authorsOf(memory, space, 'copy')).toEqual([author, assistant, dave])
  })

  it('says where what is recalled lies, and which author was only claimed', async () => {
    const memory = openMemory()
    await commit(memory, space, said('t'))
    const { items, messages } = await memory.space(space).recall('harbour')
    const byText = new Map(items.map((item) => [item.text, item]))
    expect(byText.get('Is the harbour frozen?')).toMatchObject({ ...place, author, message: { ...place, author } })
    expect(byText.get('Thanks, harbour.')?.author).toEqual({ ...dave, claimed: true })
    for (const record of [...items, ...messages]) expect(record).toMatchObject(place)
    const named = [...items, ...messages].map((record) => 'resourceId' in record)
    expect(new Set(named)).toEqual(new Set(['resourceId' in place]))
  })

  it('says where a message lies that is found by its id', async () => {
    const memory = openMemory()
    const { messages } = await commit(memory, space, said('t') as Change & { kind: 'message-append' })
    const id = messages[0]?.id ?? ''
    const [edited] = await memory.updateMessages({ messages: [{ id, metadata: { seen: true } }] })
    expect(edited).toMatchObject({ ...place, author, metadata: { seen: true } })
    expect('resourceId' in (edited ?? {})).toBe('resourceId' in place)
  })

  it('says whose its facts are', async () => {
    const memory = openMemory()
    const change = {
      kind: 'fact-assert',
      unique: 'f',
      text: 'The harbour froze',
      metadata: {},
      attributes: {},
    } as const
    const { factId } = await commit(memory, space, change)
    const { results } = await memory.facts.search('harbour', { spaces: [space] })
    expect(results.map(({ id }) => id)).toEqual([factId])
    for (const fact of [results[0], await memory.facts.get(factId)]) {
      const { userId, teamId, agentId, taskId, space: home } = fact ?? {}
      const own = Object.entries({ userId, teamId, agentId, taskId }).filter(([, id]) => id !== undefined)
      expect([Object.fromEntries(own), home]).toEqual([ids, space])
    }
  })

  it('keeps working memory and runs of its own', async () => {
    const memory = openMemory()
    const block = { kind: 'block-write', name: 'main', format: 'text', value: 'of the child' } as const
    await commit(memory, space, block)
    const run = await commit(memory, space, { kind: 'run-put', unique: 'r', name: 'bot' })
    expect((await memory.space(space).blocks.get(null, 'main')).record?.value).toBe('of the child')
    expect(await memory.getWorkingMemory({ resourceId: 'alice' })).toBeNull()
    const found = await memory.getRun(run.runId)
    expect(found).toMatchObject(place)
    expect('resourceId' in (found ?? {})).toBe('resourceId' in place)
    expect((await memory.listRuns({ resourceId: 'alice' })).runs).toEqual([])
  })

  it('gives none of its messages to a save under a resourceId', async () => {
    const memory = openMemory()
    await commit(memory, space, said('t'))
    const [message] = (await memory.space(space).recall('frozen')).messages
    const {
      id: _,
      score,
      scores,
      relevance,
      similarity,
      matched,
      ...rest
    } = message ?? expect.fail('nothing was recalled')
    const where = { resourceId: 'alice', threadId: 't' }
    const error = await refused('invalid-input', () => memory.saveMessages({ ...where, messages: [rest] }))
    expect(error.details.field).toBe('messages[0].space')
    expect(await memory.getThreadById({ ...where })).toBeNull()
  })
})

it('names the space of what a resource itself holds', async () => {
  const memory = openMemory()
  const where = { resourceId: 'alice', threadId: 't' }
  const place = { space: 'resource/alice', resourceId: 'alice' }
  const { messages } = await memory.saveMessages({ ...where, messages: 'The harbour froze.' })
  await memory.updateWorkingMemory({ ...where, workingMemory: 'Lives at the harbour' })
  const listed = (await memory.listMessages(where)).messages
  expect(listed).toEqual(messages)
  const { items } = await memory.recall({ ...where, query: 'harbour' })
  const { threads } = await memory.listThreads({ resourceId: 'alice' })
  const working = await memory.getWorkingMemory(where)
  const records = [...messages, ...items, ...threads, await memory.getThreadById({ threadId: 't' }), working]
  expect(records).toHaveLength(5)
  for (const record of records) expect(record).toMatchObject(place)
})
