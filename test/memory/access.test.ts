// Grants, below the facade: an embedded memory may do everything, and the guard is what later credentials go through.

import { type Access, type Change, type Grant, type Right, SQLiteStore, type Storage, spaceId } from 'aquifer'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { guardStorage } from '../../src/access/guard.ts'
import type { CommitId, SpaceId } from '../../src/domain/id.ts'
import { defaultLimits } from '../../src/domain/limits.ts'
import { openStore } from '../../src/open.ts'
import { firstThread } from '../../src/testing/contract/queries.ts'
import { refused } from './opened.ts'

const mine = spaceId('resource', 'mine')
const other = spaceId('resource', 'mine-too')
const child = 'resource/mine/agent/a' as SpaceId
const everything: Access = { actor: { kind: 'system', id: 'app' }, grants: 'all' }
let storage: Storage
let commits = 0

function granted(...grants: Grant[]): Access {
  return { actor: { kind: 'user', id: 'ada' }, grants }
}

const to = (space: SpaceId, ...rights: Right[]) => granted({ space, rights })

function put(access: Access, space: SpaceId) {
  const id = `c${commits++}` as CommitId
  return storage.commit(access, { id, space, changes: [{ kind: 'thread-put', threadId: 't' }] }, defaultLimits)
}

beforeEach(async () => {
  const opened = await openStore(new SQLiteStore({ url: ':memory:' }))
  onTestFinished(() => opened.release())
  storage = guardStorage(opened.storage)
  for (const space of [mine, other, child]) await put(everything, space)
})

describe('the guard', () => {
  const facts = { attributes: {}, after: null, limit: 1 } as const
  const runs = { threadId: null, name: null, after: null, limit: 1 } as const
  const reads = (access: Access, space: SpaceId): (() => Promise<unknown>)[] => [
    () => storage.spaces.get(access, space),
    () => storage.threads.get(access, space, 't'),
    () => storage.threads.list(access, space, firstThread),
    () =>
      storage.messages.list(access, space, {
        ...{ threadId: 't', direction: 'asc', after: null, asOf: null, limit: 1, offset: 0, from: null, to: null },
      }),
    () => storage.messages.find(access, space, 'm'),
    () => storage.messages.openTurns(access, space, 't'),
    () => storage.messages.turn(access, space, 'turn_000000000000_1.0'),
    () => storage.blocks.get(access, space, null, 'main'),
    () => storage.blocks.list(access, space, null),
    () => storage.blocks.history(access, space, null, 'main', 1),
    () => storage.blocks.at(access, space, null, 'main', 1),
    () => storage.entries.get(access, space, 'k'),
    () => storage.entries.list(access, space, { prefix: '', after: null, limit: 1 }),
    () => storage.entries.history(access, space, 'k', 1),
    () => storage.entries.at(access, space, 'k', 1),
    () => storage.facts.get(access, space, 'f'),
    () => storage.facts.list(access, space, { ...facts, statuses: ['current'], order: 'newest' }),
    () => storage.facts.history(access, space, 'f', 1),
    () => storage.facts.derivedFrom(access, space, { sources: ['m'], after: null, limit: 1 }),
    () => storage.facts.conflicts(access, space, facts),
    () => storage.facts.byText(access, space, 'words'),
    () => storage.runs.get(access, space, 'r'),
    () => storage.runs.list(access, space, { ...runs, statuses: ['running'], order: 'newest' }),
    () => storage.log.read(access, space, { after: 0, limit: 1 }),
    () => storage.log.seqAt(access, space, '2026-01-01T00:00:00.000Z'),
  ]

  it('refuses every reader of a space that was not granted, whether it exists or not', async () => {
    const missing = spaceId('resource', 'nobody')
    for (const space of [other, child, missing]) {
      for (const read of reads(to(mine, 'read', 'write', 'erase', 'administer'), space)) {
        const error = await refused('denied', read)
        expect(error.message).toBe(
          `user "ada" may not read "${space}". Ask for a grant on that space, or use one that was granted.`,
        )
      }
    }
    for (const read of reads(to(mine, 'read'), mine)) await read()
    for (const read of reads(to(mine, 'write', 'erase', 'administer'), mine)) await refused('denied', read)
  })

  it('reaches children only if the grant says so', async () => {
    const inclusive = granted({ space: mine, rights: ['read'], children: true })
    expect(await storage.spaces.get(inclusive, child)).not.toBeNull()
    await refused('denied', () => storage.spaces.get(inclusive, other))
    await refused('denied', () => storage.spaces.get(to(child, 'read'), mine))
  })

  it('takes the right of each change', async () => {
    const commit = (access: Access, kind: 'erase' | 'configure' | 'entry-write') => {
      const change = {
        erase: { kind: 'erase' },
        configure: { kind: 'configure', settings: { logDays: 1 } },
        'entry-write': { kind: 'entry-write', key: 'k', value: 1 },
      } as const
      const id = `c${commits++}` as CommitId
      return storage.commit(access, { id, space: mine, changes: [change[kind]] }, defaultLimits)
    }
    const wanted = { 'entry-write': 'write', configure: 'administer', erase: 'erase' } as const
    for (const kind of ['entry-write', 'configure', 'erase'] as const) {
      const others = (['read', 'write', 'administer', 'erase'] as const).filter((right) => right !== wanted[kind])
      await refused('denied', () => commit(to(mine, ...others), kind))
      expect(await commit(to(mine, wanted[kind]), kind)).toMatchObject({ status: 'committed' })
    }
  })

  it('finds nothing across spaces that may not be read, and lists only for who administers all', async () => {
    const found = await storage.threads.find(to(other, 'read'), 't', 10)
    expect(found.map(({ space }) => space)).toEqual([other])
    const key = (await storage.spaces.get(everything, mine))?.key
    if (key === undefined) throw new Error('the space has no key')
    expect(await storage.spaces.byKey(to(mine, 'read'), key)).toBe(mine)
    expect(await storage.spaces.byKey(to(other, 'read'), key)).toBeNull()
    const query = { kind: 'resource', prefix: '', after: null, limit: 9 } as const
    await refused('denied', () => storage.spaces.list(to(mine, 'read', 'administer'), query))
    await refused('denied', () => storage.due(to(mine, 'administer'), 1))
    await refused('denied', () => storage.compact(to(mine, 'write'), mine, 1))
    await refused('denied', () => storage.renewLease(to(mine, 'read'), mine, { name: 'l', token: 1, leaseMs: 1 }))
    expect(await storage.spaces.list(everything, query)).toHaveLength(3)
  })

  it('erases, and shows homes, copies and receipts, only to who may', async () => {
    const note = { id: 'receipt_1', target: 'key', asked: 'k', outOfReach: [], left: [] } as const
    const erase = (access: Access, change: Change) =>
      storage.erase(access, { id: null, space: mine, changes: [change] }, defaultLimits, note)
    await refused('denied', () => erase(to(mine, 'read', 'write', 'administer'), { kind: 'erase', keys: ['k'] }))
    await refused('denied', () => erase(to(mine, 'erase'), { kind: 'entry-write', key: 'k', value: 1 }))
    expect(await erase(to(mine, 'erase'), { kind: 'erase', keys: ['k'] })).toMatchObject({ id: 'receipt_1' })
    expect(await storage.receipts.get(to(other, 'read'), 'receipt_1')).not.toBeNull()
    await refused('denied', () => storage.receipts.list(to(mine, 'read', 'administer'), { state: null, limit: 1 }))
    await refused('denied', () => storage.reclaim(to(mine, 'erase', 'administer')))
    expect(await storage.threads.homes(to(mine, 'erase'), 't', 9)).toEqual([mine])
    const source = { space: mine, threadId: 't', asOf: 1 }
    const copy = { kind: 'thread-clone' as const, threadId: 'copy', source, turns: [], blocks: [] }
    await storage.commit(everything, { id: null, space: other, changes: [copy] }, defaultLimits)
    expect(await storage.threads.copies(to(mine, 'read'), { space: mine }, 9)).toEqual([])
    expect(await storage.threads.copies(to(other, 'read'), { space: mine }, 9)).toHaveLength(1)
  })
})
