// The sweeper commits what time has made due, on a clock that the test moves.
import { expect, it } from 'vitest'
import type { Access } from '../../src/domain/actor.ts'
import type { CommitId, SpaceId } from '../../src/domain/id.ts'
import { defaultLimits } from '../../src/domain/limits.ts'
import { isoTime } from '../../src/domain/time.ts'
import { sweep } from '../../src/memory/storage/sweeper.ts'
import { SqliteStorage } from '../../src/storage/sqlite/sqlite-storage.ts'

const access: Access = { actor: { kind: 'agent', id: 'bot' }, grants: 'all' }
const space = 'team/acme' as SpaceId

it('ends expired facts, entries and runs, once, and their words leave the log', async () => {
  let ms = Date.parse('2026-03-01T00:00:00.000Z')
  const options = { id: 'swept', path: ':memory:', durability: 'process', busyTimeoutMs: 5_000 } as const
  const storage = await SqliteStorage.open({ ...options, clock: { now: () => ms } })
  const expiresAt = isoTime(ms + 1_000)
  const changes = [
    { kind: 'fact-assert', unique: 'short', text: 'short lived words', expiresAt },
    { kind: 'fact-assert', unique: 'long', text: 'words that stay' },
    { kind: 'entry-write', key: 'k', value: 'short lived value', ttlMs: 1_000 },
    { kind: 'run-put', unique: 'short', name: 'bot', details: { about: 'a short lived run' } },
    { kind: 'run-put', unique: 'long', name: 'bot', status: 'suspended', continuation: 'steps that stay' },
  ] as const
  await storage.commit(access, { id: 'c1' as CommitId, space, changes }, { ...defaultLimits, runTtlMs: 1_000 })
  expect(await sweep(storage)).toBe(0)
  ms += 1_000
  expect(await Promise.all([sweep(storage), sweep(storage)])).toEqual([3, 3])
  expect(await sweep(storage)).toBe(0)
  const log = (await storage.log.read(access, space, { after: 0, limit: 100 })).items
  const kinds = log.flatMap((commit) => commit.rows.flatMap((row) => row.effects.map((effect) => effect.kind)))
  expect(kinds.toSorted()).toEqual([
    'entry-expire',
    'erased',
    'erased',
    'erased',
    'fact-assert',
    'fact-expire',
    'run-expire',
    'run-put',
  ])
  expect(JSON.stringify(log)).not.toContain('short lived')
  expect(JSON.stringify(log)).toContain('words that stay')
  expect(JSON.stringify(log)).toContain('steps that stay')
  await storage.close()
})
