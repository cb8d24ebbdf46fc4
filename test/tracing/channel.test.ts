// What memory publishes of itself: an event for each operation, numbers and ids only, and nothing while nobody listens.
// Own process: it looks for what nobody caught.
import { type Embedder, type MemoryEvent, memoryChannel, type SaveEvent } from 'aquifer'
import { scriptedEmbedder } from 'aquifer/testing'
import { estimateTokenCount } from 'tokenx'
import { describe, expect, it, onTestFinished } from 'vitest'
import { z } from 'zod'
import { traced } from '../../src/memory/tracing.ts'
import { openMemory, refused } from '../memory/opened.ts'
import { finished, listen, subscribe } from './listening.ts'

const resourceId = 'alice'
const where = { resourceId, threadId: 't' }
const space = 'resource/alice'
const app = { kind: 'system', id: 'app' }
const said = ['The refund is late', 'We met in Vienna', 'She paints landscapes']
const done = { status: 'done', durationMs: expect.any(Number) }

const tokensIn = (event: MemoryEvent) => ('tokens' in event ? event.tokens : undefined)

it('publishes under a name of its own', () => expect(memoryChannel).toBe('aquifer:memory'))

describe('memory.save', () => {
  it('says where the messages went, which they are and what they take', async () => {
    const memory = openMemory()
    const published = listen()
    const saved = await memory.saveMessages({ ...where, messages: said })
    const stated = { operation: 'memory.save', actor: app, space, threadId: 't', given: 3 }
    const ids = saved.messages.map(({ id }) => id)
    const answer = { ...stated, ...done, turnId: saved.turnId, seq: 1, messageIds: ids, tokens: expect.any(Number) }
    expect(published.map(({ moment }) => moment)).toEqual(['start', 'end', 'asyncStart', 'asyncEnd'])
    expect(published.map(({ event }) => event)).toEqual([stated, stated, answer, answer])
    expect(new Set(published.map(({ message }) => message)).size).toBe(1)
    const { items } = await memory.recall({ resourceId, query: 'refund Vienna landscapes' })
    const tokens = items.reduce((sum, item) => sum + item.tokens, 0)
    expect(items).toHaveLength(3)
    expect(published[3]?.event).toMatchObject({ tokens })
  })

  it('names the turn that was stated, and who acts', async () => {
    const memory = openMemory().as({ kind: 'agent', id: 'sales', name: 'Sales Specialist' })
    const opened = await memory
      .space(space)
      .commit([{ kind: 'turn-open', threadId: 't', createThread: true }])
      .then((result) => (result.status === 'committed' ? result.results[0] : undefined))
    const turnId = opened?.kind === 'turn-open' ? opened.turnId : ''
    const published = listen()
    await memory.saveMessages({ ...where, turnId, messages: 'Hello' })
    expect(published[0]?.event).toMatchObject({ actor: { kind: 'agent', id: 'sales' }, turnId, given: 1 })
  })

  it('says how it failed, and no more of it', async () => {
    const memory = openMemory({ limits: { messageBytes: 1_024 } })
    const published = listen()
    const error = await refused('limit-exceeded', () =>
      memory.saveMessages({ ...where, messages: `secret ${'x'.repeat(2_000)}` }),
    )
    expect(published.map(({ moment }) => moment)).toEqual(['start', 'end', 'error', 'asyncStart', 'asyncEnd'])
    expect(published.at(-1)?.event).toEqual({
      ...{ operation: 'memory.save', actor: app, space, threadId: 't', given: 1 },
      ...{ status: 'failed', errorCode: error.code, durationMs: expect.any(Number) },
    })
  })
})

describe('memory.restore', () => {
  it('says which turn was restored, which came back and which left', async () => {
    const memory = openMemory()
    const { turnId } = await memory.saveMessages({ ...where, messages: 'first' })
    const changes = [
      { kind: 'turn-open' as const, threadId: 't', replaces: [turnId] },
      { kind: 'turn-close' as const, threadId: 't', opened: 0, status: 'complete' as const },
    ]
    const result = await memory.space(space).commit(changes)
    const opened = result.status === 'committed' ? result.results[0] : undefined
    const published = listen()
    await memory.restoreTurn({ ...where, turnId })
    await refused('not-found', () => memory.restoreTurn({ ...where, turnId: 'turn_none' }))
    const stated = { operation: 'memory.restore', actor: app, space, threadId: 't' }
    const replaced = opened?.kind === 'turn-open' ? [opened.turnId] : []
    expect(finished(published)).toEqual([
      { ...stated, ...done, turnId, restored: [turnId], replaced, seq: 3 },
      { ...stated, ...done, turnId: 'turn_none', status: 'failed', errorCode: 'not-found' },
    ])
  })
})

describe('memory.recall', () => {
  it('says what was searched for where, and what was found with which score', async () => {
    const memory = openMemory({ embedder: scriptedEmbedder() })
    await memory.saveMessages({ ...where, messages: said })
    await memory.settled()
    const published = listen()
    const found = await memory.recall({ resourceId, query: 'Which refund?', topK: 1, messageRange: { after: 2 } })
    const stated = {
      ...{ operation: 'memory.recall', actor: app, spaces: [space], mode: 'hybrid', kinds: ['message'] },
      ...{ topK: 1, threshold: 0 },
    }
    const [item] = found.items
    expect(found.items).toHaveLength(3)
    expect(published[0]?.event).toEqual(stated)
    expect(published.at(-1)?.event).toEqual({
      ...{ ...stated, ...done, recallId: found.recallId, neighbours: 2, tokens: found.tokens },
      items: [{ kind: 'message', id: item?.id, space, score: item?.score, tokens: item?.tokens }],
      ...{ inScope: 3, candidates: 3, legs: found.trace.legs, degraded: [], pending: 0, asOf: { [space]: 1 } },
    })
    expect(found.trace.legs).toContain('vector')
  })

  it('is the same event from all three entrances', async () => {
    const memory = openMemory()
    await memory.saveMessages({ ...where, messages: said })
    await memory.facts.add('Alice likes tea', { userId: 'alice', infer: false })
    await memory.team('acme').write('plan', 'tea at five')
    const published = listen()
    const messages = await memory.recall({ ...where, scope: 'thread', query: 'Vienna' })
    const spaces = ['team/acme', space]
    const all = await memory.space('team/acme').recall('tea', { spaces, mode: 'keyword' })
    const facts = await memory.search('tea', { userId: 'alice', limit: 3 })
    const idsOf = (items: readonly { id: string }[]) => items.map(({ id }) => ({ id }))
    expect(all.items.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['entry', 'fact']))
    expect(finished(published)).toMatchObject([
      { operation: 'memory.recall', spaces: [space], threadId: 't', kinds: ['message'], items: idsOf(messages.items) },
      { operation: 'memory.recall', spaces, mode: 'keyword', recallId: all.recallId, items: idsOf(all.items) },
      { spaces: [space], kinds: ['fact'], topK: 3, items: idsOf(facts.results), recallId: facts.recallId },
    ])
  })

  it('says what the answer lacks', async () => {
    const failing: Embedder = scriptedEmbedder({
      fail: ({ purpose }) => (purpose === 'query' ? new Error('down') : undefined),
    })
    for (const [embedder, degraded] of [
      [false, 'no-embedder'],
      [failing, 'embedder-failed'],
    ] as const) {
      const memory = openMemory({ embedder })
      await memory.saveMessages({ ...where, messages: said })
      await memory.settled()
      const published = listen()
      await memory.recall({ resourceId, query: 'Which refund?' })
      expect(published.at(-1)?.event).toMatchObject({ status: 'done', degraded: [degraded], legs: ['keyword'] })
    }
  })

  it('says how it failed', async () => {
    const memory = openMemory()
    await memory.saveMessages({ ...where, messages: said })
    await memory.close()
    const published = listen()
    await refused('closed', () => memory.recall({ resourceId, query: 'refund' }))
    expect(published.at(-1)?.event).toMatchObject({ status: 'failed', errorCode: 'closed', topK: 20 })
    expect(published.at(-1)?.event).not.toHaveProperty('items')
  })
})

describe('memory.working', () => {
  it('says which block, which version, and what it replaced', async () => {
    const memory = openMemory()
    const published = listen()
    await memory.getWorkingMemory({ resourceId })
    await memory.updateWorkingMemory({ resourceId, workingMemory: 'Name: Alice' })
    await memory.updateWorkingMemory({ resourceId, workingMemory: 'Name: Alice\nPlan: enterprise' })
    await memory.restoreWorkingMemory({ resourceId, version: 1 })
    await memory.getWorkingMemory({ resourceId })
    const common = { operation: 'memory.working', actor: app, space, name: 'main', ...done }
    const tokens = expect.any(Number)
    expect(finished(published)).toEqual([
      { ...common, action: 'get', version: null, tokens: 0 },
      { ...common, action: 'update', version: 1, replaced: null, tokens },
      { ...common, action: 'update', version: 2, replaced: 1, tokens },
      { ...common, action: 'restore', version: 3, replaced: 2, tokens },
      { ...common, action: 'get', version: 3, format: 'text', tokens },
    ])
    const counts = finished(published).map((event) => tokensIn(event) ?? 0)
    expect(counts[2]).toBeGreaterThan(counts[1] ?? 0)
    expect([counts[3], counts[4]]).toEqual([counts[1], counts[1]])
  })

  it('counts the tokens of JSON as it would be shown', async () => {
    const memory = openMemory({ options: { workingMemory: { schema: z.object({ name: z.string().optional() }) } } })
    const published = listen()
    await memory.createThread(where)
    await memory.updateWorkingMemory({
      ...where,
      scope: 'thread',
      workingMemory: { name: 'Alice of the long and winding road' },
    })
    await memory.getWorkingMemory({ ...where, scope: 'thread' })
    expect(finished(published)).toMatchObject([
      { action: 'update', threadId: 't', version: 2 },
      { action: 'get', threadId: 't', version: 2, format: 'json' },
    ])
    const tokens = estimateTokenCount('{"name":"Alice of the long and winding road"}')
    expect(finished(published).map(tokensIn)).toEqual([tokens, tokens])
  })

  it('tells a conflict, which is an answer, from an error', async () => {
    const memory = openMemory()
    await memory.updateWorkingMemory({ resourceId, workingMemory: 'a' })
    await memory.updateWorkingMemory({ resourceId, workingMemory: 'b' })
    const published = listen()
    const write = await memory.updateWorkingMemory({ resourceId, workingMemory: 'c', ifVersion: 1 })
    expect(write.status).toBe('conflict')
    await refused('not-found', () => memory.restoreWorkingMemory({ resourceId, version: 9 }))
    expect(finished(published)).toMatchObject([
      { action: 'update', status: 'conflict', version: 2 },
      { action: 'restore', status: 'failed', errorCode: 'not-found' },
    ])
    expect(published.filter(({ moment }) => moment === 'error')).toHaveLength(1)
  })
})

it('publishes nothing of calls that are refused before they begin', async () => {
  const memory = openMemory()
  const published = listen()
  await refused('invalid-input', () => memory.saveMessages({ ...where, resourceId: '*', messages: 'x' }))
  await refused('invalid-input', () => memory.recall({ resourceId, query: 'x', topK: -1 }))
  await refused('invalid-input', () => memory.getWorkingMemory({ resourceId: '' }))
  expect(published).toEqual([])
})

describe('traced', () => {
  const event: SaveEvent = {
    operation: 'memory.save',
    actor: { kind: 'system', id: 'app' },
    space,
    threadId: 't',
    given: 1,
  }

  it('makes no event and gives the promise itself while nobody listens', async () => {
    let made = 0
    const begin = () => {
      made += 1
      return { ...event }
    }
    const running = Promise.resolve('saved')
    expect(
      traced(
        begin,
        () => running,
        () => ({}),
      ),
    ).toBe(running)
    expect(made).toBe(0)
    const published = listen()
    expect(
      await traced(
        begin,
        () => running,
        () => ({ seq: 7 }),
      ),
    ).toBe('saved')
    expect(made).toBe(1)
    expect(published.at(-1)?.event).toMatchObject({ seq: 7 })
  })

  it('gives the error itself, and says so of errors of others without quoting them', async () => {
    const published = listen()
    const failure = new TypeError('secret')
    const failing = traced(
      () => ({ ...event }),
      () => Promise.reject(failure),
      () => ({}),
    )
    await expect(failing).rejects.toBe(failure)
    expect(published.at(-1)?.event).toEqual({
      ...event,
      status: 'failed',
      errorCode: 'other',
      durationMs: expect.any(Number),
    })
  })
})

describe('a subscriber that throws', () => {
  /** What the process is told of, in the place of those who listened before: they would print it. */
  function toldOf<Told>(event: 'uncaughtException' | 'warning'): Told[] {
    const told: Told[] = []
    const before = process.listeners(event as 'warning')
    process.removeAllListeners(event)
    process.on(event as 'warning', (one) => told.push(one as Told))
    onTestFinished(() => {
      process.removeAllListeners(event)
      for (const listener of before) process.on(event as 'warning', listener)
    })
    return told
  }

  /** Errors that end up with the process, where Node leaves those of subscribers. */
  const uncaught = () => toldOf<unknown>('uncaughtException')

  const nextTurn = () => new Promise((resolve) => setImmediate(resolve))

  it.each(['start', 'end', 'asyncStart', 'asyncEnd', 'error'] as const)('at %s changes no outcome', async (moment) => {
    const memory = openMemory()
    const errors = uncaught()
    const thrown = new Error('of the subscriber')
    subscribe(moment, () => {
      throw thrown
    })
    const saved = await memory.saveMessages({ ...where, messages: said })
    expect(saved.messages).toHaveLength(3)
    await refused('not-found', () => memory.restoreWorkingMemory({ resourceId, version: 9 }))
    expect((await memory.listMessages(where)).messages).toHaveLength(3)
    await nextTurn()
    expect(new Set(errors)).toEqual(new Set([thrown]))
  })

  it('nor does one that freezes the event', async () => {
    const memory = openMemory()
    const errors = uncaught()
    const warnings = toldOf<{ readonly code?: string }>('warning')
    subscribe('start', (message) => Object.freeze(message))
    expect((await memory.saveMessages({ ...where, messages: said })).seq).toBe(1)
    await refused('not-found', () => memory.restoreWorkingMemory({ resourceId, version: 9 }))
    await nextTurn()
    expect(errors).toEqual([])
    // What fails of the event alone is a warning of the process.
    expect(warnings.map(({ code }) => code)).toEqual(['AQUIFER_BACKGROUND', 'AQUIFER_BACKGROUND'])
  })
})

it('holds nothing of what is said, asked or stored', async () => {
  const secret = 'XYZZY'
  const memory = openMemory({ embedder: scriptedEmbedder(), options: {} }).as({ kind: 'agent', id: 'a', name: secret })
  const published = listen()
  const planted = `${secret} refund`
  const metadata = { [secret]: secret }
  await memory.saveMessages({ ...where, messages: { role: 'user', content: planted, metadata } })
  await memory.facts.add(planted, { userId: 'alice', infer: false, metadata })
  await memory.updateWorkingMemory({ resourceId, workingMemory: planted })
  await memory.updateWorkingMemory({ resourceId, name: 'json', workingMemory: { [secret]: secret } })
  await memory.updateWorkingMemory({ resourceId, workingMemory: `${secret} 2`, ifVersion: 1 })
  await memory.getWorkingMemory({ resourceId })
  await memory.settled()
  const filter = { [secret]: secret }
  await memory.recall({ resourceId, query: planted, filter })
  await memory.space(space).recall(planted)
  await memory.search(planted, { userId: 'alice' })
  await refused('invalid-input', () => memory.updateWorkingMemory({ resourceId, workingMemory: { [secret]: secret } }))
  await memory.close()
  await refused('closed', () => memory.recall({ resourceId, query: planted }))
  await refused('closed', () => memory.saveMessages({ ...where, messages: planted }))
  const operations = finished(published).map((event: MemoryEvent) => event.operation)
  expect(new Set(operations)).toEqual(new Set(['memory.save', 'memory.working', 'memory.recall']))
  expect(JSON.stringify(published)).not.toContain(secret)
})
