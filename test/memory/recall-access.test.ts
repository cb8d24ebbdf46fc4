// Who may recall what: spaces that are granted, and no trace of any other. Grants come from below the facade.

import { type Access, type Grant, type Memory, type RecallTrace, spaceId } from 'aquifer'
import { describe, expect, it } from 'vitest'
import { coreOf } from '../../src/facade/conversations.ts'
import { spaceOf } from '../../src/facade/space.ts'
import type { Core } from '../../src/memory/door/core.ts'
import { explain } from '../../src/memory/indexing.ts'
import { recallMessages } from '../../src/memory/recall/recall-options.ts'
import { openMemory, refused } from './opened.ts'

const alice = spaceId('resource', 'alice')
const bob = spaceId('resource', 'bob')
const acme = spaceId('team', 'acme')
const everybody = [alice, bob, acme]

async function openWithSpaces(): Promise<Memory> {
  const memory = openMemory()
  for (const resourceId of ['alice', 'bob']) {
    await memory.saveMessages({ resourceId, threadId: 't', messages: [`refund of ${resourceId}`, 'something else'] })
  }
  await memory.team('acme').write('refund', 'within a week')
  return memory
}

/** The core of a memory as somebody with grants has it. */
function granted(memory: Memory, ...grants: Grant[]): Core {
  const access: Access = { actor: { kind: 'user', id: 'ada' }, grants }
  return { ...coreOf(memory), access }
}

const reading = (...spaces: (typeof alice)[]): Grant[] => spaces.map((space) => ({ space, rights: ['read'] }))

/** A trace as `explain` tells it: each item and the whole in words, too. */
function inWords(trace: RecallTrace) {
  const items = trace.items.map((item) => ({ ...item, text: expect.any(String) as string }))
  return { ...trace, items, summary: expect.any(String) as string }
}

describe('with grants', () => {
  it('recalls what is granted, alone and together', async () => {
    const memory = await openWithSpaces()
    const core = granted(memory, ...reading(alice, acme))
    const own = await recallMessages(core, { resourceId: 'alice', query: 'refund' })
    expect(own.items[0]?.text).toBe('refund of alice')
    const both = await spaceOf(core, acme).recall('refund', { spaces: [alice, acme] })
    expect(new Set(both.items.map(({ space }) => space))).toEqual(new Set([alice, acme]))
  })

  it('refuses a space that is not granted, there or not, also among others that are', async () => {
    const memory = await openWithSpaces()
    const core = granted(memory, ...reading(alice), { space: bob, rights: ['write', 'erase', 'administer'] })
    const nobody = spaceId('resource', 'nobody')
    for (const [space, id] of [
      [bob, 'bob'],
      [nobody, 'nobody'],
    ] as const) {
      const errors = [
        await refused('denied', () => recallMessages(core, { resourceId: id, query: 'refund' })),
        await refused('denied', () => spaceOf(core, space).recall('refund')),
        await refused('denied', () => spaceOf(core, alice).recall('refund', { spaces: [alice, space] })),
        await refused('denied', () => spaceOf(core, alice).recall('refund', { spaces: [space, alice] })),
        await refused('denied', () =>
          recallMessages(core, { resourceId: id, query: 'x', threadId: 't', scope: 'thread' }),
        ),
      ]
      for (const { message } of errors) {
        expect(message).toBe(
          `user "ada" may not read "${space}". Ask for a grant on that space, or use one that was granted.`,
        )
      }
    }
  })
})

describe('a trace', () => {
  it('says why each item was in, and why others were not', async () => {
    const memory = await openWithSpaces()
    const topK = 1
    const found = await memory.as({ kind: 'agent', id: 'a' }).recall({ resourceId: 'alice', query: 'refund', topK })
    const trace = await memory.explain(found.recallId)
    expect(trace).toEqual({ ...inWords(found.trace), items: [...inWords(found.trace).items, expect.anything()] })
    expect(trace).toMatchObject({ question: 'refund', bare: 'refund', terms: ['refund'], mode: 'hybrid' })
    expect(trace).toMatchObject({ legs: ['keyword'], spaces: [alice], inScope: 2, candidates: 2, names: [] })
    const [first, second] = trace.items
    expect(first).toMatchObject({ rank: 1, dropped: null, id: found.items[0]?.id, space: alice, threadId: 't' })
    expect(first?.scores).toEqual(found.items[0]?.scores)
    expect(second).toMatchObject({ rank: 2, dropped: 'beyond-top-k', space: alice, threadId: 't', kind: 'message' })
    expect(second?.score).toBeLessThan(first?.score ?? 0)
    const two = await memory.recall({ resourceId: 'alice', query: 'refund', filter: { topic: 1 } })
    expect((await memory.explain(two.recallId)).items.map(({ rank, dropped }) => [rank, dropped])).toEqual([
      [1, 'filter'],
      [2, 'filter'],
    ])
    expect(JSON.stringify(trace)).not.toContain('something else')
    await memory.deleteMessages(second?.id ?? '', { resourceId: 'alice' })
    expect((await memory.explain(found.recallId)).items[1]).toMatchObject({ rank: 2, dropped: 'gone' })
  })

  it('is not found under another id, by whoever may not read all of its spaces, or after it was erased', async () => {
    const memory = await openWithSpaces()
    const found = await memory.space(alice).recall('refund', { spaces: everybody })
    const missing = await refused('not-found', () => memory.explain('rcl_none_unknown'))
    for (const spaces of [[alice, bob], [acme], []]) {
      const error = await refused('not-found', () => explain(granted(memory, ...reading(...spaces)), found))
      expect(error.message).toBe(missing.message.replace('rcl_none_unknown', found.recallId))
    }
    expect(await explain(granted(memory, ...reading(...everybody)), found)).toEqual(inWords(found.trace))
    await memory.space(bob).commit([{ kind: 'erase' }])
    await refused('not-found', () => memory.explain(found.recallId))
    await memory.saveMessages({ resourceId: 'bob', threadId: 't', messages: 'anew' })
    await refused('not-found', () => memory.explain(found.recallId))
  })

  it('is kept of the latest 200 answers, also of spaces that were not there', async () => {
    const memory = await openWithSpaces()
    const nowhere = await memory.recall({ resourceId: 'nobody', query: 'refund' })
    expect(await memory.explain(nowhere.recallId)).toMatchObject({ inScope: 0, items: [] })
    for (let i = 0; i < 199; i++) await memory.recall({ resourceId: 'alice', query: 'refund' })
    expect(await memory.explain(nowhere.recallId)).toEqual(inWords(nowhere.trace))
    await memory.recall({ resourceId: 'alice', query: 'refund' })
    await refused('not-found', () => memory.explain(nowhere.recallId))
  })

  it('fails as what keeps it from being read, not as if it were not there', async () => {
    const memory = await openWithSpaces()
    const { recallId } = await memory.recall({ resourceId: 'alice', query: 'refund' })
    await memory.close()
    await refused('closed', () => memory.explain(recallId))
  })
})
