// An index of words that another version of the analyser made is made anew.
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { applicationActor } from '../../src/domain/actor.ts'
import { defaultLimits } from '../../src/domain/limits.ts'
import { spaceId } from '../../src/domain/space.ts'
import type { Storage } from '../../src/ports/storage.ts'
import { checkIndex } from '../../src/testing/contract/check-index.ts'
import { newFolder, openSqlite } from './drivers.ts'

let folder: Awaited<ReturnType<typeof newFolder>>
beforeAll(async () => {
  folder = await newFolder()
})
afterAll(() => folder.remove())

const access = { actor: applicationActor, grants: 'all' } as const
const space = spaceId('resource', 'alice')
const clock = { now: () => Date.parse('2026-03-01T00:00:00.000Z') }

async function save(storage: Storage, count: number): Promise<void> {
  for (let index = 0; index < count; index++) {
    const text = Array.from({ length: 60 }, (_, word) => `word${index}x${word}`).join(' ')
    const messages = [{ role: 'user' as const, parts: [{ type: 'text', text }] }]
    const changes = [{ kind: 'message-append' as const, threadId: 't', messages, createThread: true }]
    await storage.commit(access, { id: null, space, changes }, defaultLimits)
  }
}

function segments(path: string): number {
  const database = new DatabaseSync(path)
  const { count } = database.prepare('SELECT count(*) AS count FROM words').get() as { count: number }
  database.close()
  return count
}

it('drops old segments when the database is opened, and finds everything nevertheless', async () => {
  const path = folder.nextFile()
  const before = await openSqlite(clock, path)
  await save(before, 40)
  await before.close()
  expect(segments(path)).toBeGreaterThan(1)
  const database = new DatabaseSync(path)
  database.exec(`UPDATE meta SET value = 0 WHERE key = 'analyser'; UPDATE words SET data = x'00'`)
  database.close()

  const after = await openSqlite(clock, path)
  expect(segments(path)).toBe(0)
  await checkIndex(after, access, space)
  await save(after, 1)
  expect(segments(path)).toBeGreaterThan(1)
  await checkIndex(after, access, space)
  await after.close()
})
