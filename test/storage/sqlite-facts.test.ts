// What the SQLite driver leaves of facts in its file, past the port.
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Access } from '../../src/domain/actor.ts'
import type { Change } from '../../src/domain/commit/commit.ts'
import type { SpaceId } from '../../src/domain/id.ts'
import { defaultLimits } from '../../src/domain/limits.ts'
import type { Storage } from '../../src/ports/storage.ts'
import { assertFact, retire, write } from '../../src/testing/contract/changes.ts'
import { newFolder, openSqlite } from './drivers.ts'

const access: Access = { actor: { kind: 'agent', id: 'bot' }, grants: 'all' }
const clock = { now: () => Date.parse('2026-03-01T00:00:00.000Z') }
const [acme, corp] = ['team/acme', 'team/acme-corp'] as SpaceId[] as [SpaceId, SpaceId]

let folder: Awaited<ReturnType<typeof newFolder>>
beforeAll(async () => {
  folder = await newFolder()
})
afterAll(() => folder.remove())

async function commit(storage: Storage, space: SpaceId, ...changes: Change[]): Promise<void> {
  await storage.commit(access, { id: null, space, changes }, defaultLimits)
}

function rowsIn(path: string, table: string): number {
  const database = new DatabaseSync(path, { readOnly: true })
  const { rows } = database.prepare(`SELECT count(*) AS rows FROM ${table}`).get() as { rows: number }
  database.close()
  return rows
}

it('leaves no row of an erased space, and those of others', async () => {
  const path = folder.nextFile()
  const storage = await openSqlite(clock, path)
  for (const space of [acme, corp])
    await commit(storage, space, assertFact('A', { sources: ['m1', 'm2'] }), assertFact('B'))
  expect([rowsIn(path, 'fact'), rowsIn(path, 'fact_source')]).toEqual([4, 4])
  await commit(storage, acme, { kind: 'erase' })
  expect([rowsIn(path, 'fact'), rowsIn(path, 'fact_source')]).toEqual([2, 2])
  await storage.close()
})

it('leaves a tombstone of a retired fact until the horizon has passed it, and of its sources nothing', async () => {
  const path = folder.nextFile()
  const storage = await openSqlite(clock, path)
  await commit(storage, acme, assertFact('A', { sources: ['m1'] }), assertFact('B', { sources: ['m2'] }))
  const [fact] = (await storage.facts.byText(access, acme, 'a')).items
  await commit(storage, acme, retire(fact?.id ?? ''))
  expect([rowsIn(path, 'fact'), rowsIn(path, 'fact_source')]).toEqual([2, 1])
  for (const value of [1, 2]) await commit(storage, acme, write('k', value))
  await storage.compact(access, acme, 1)
  expect(rowsIn(path, 'fact')).toBe(2)
  await storage.compact(access, acme, 2)
  expect(rowsIn(path, 'fact')).toBe(1)
  await storage.close()
})
