// Unused bytes of a file are overwritten: after every kind of change, next to writers, through kills; and nothing else is touched.
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as delay } from 'node:timers/promises'
import fc from 'fast-check'
import { expect, it, onTestFinished } from 'vitest'
import { startWorker } from '../concurrency/process.ts'
import { temporaryUrl } from '../memory/opened.ts'
import { startAnswering } from '../processes.ts'
import { runRandom } from '../random-runs.ts'
import { times } from '../run-lengths.ts'
import { bytesOf, pathOf } from './planted.ts'
import { RawRows, secretsIn, touchAll } from './raw-rows.ts'

const program = new URL('../../src/storage/sqlite/scrub/scrub-process.ts', import.meta.url)
const startScrub = (path: string) => startAnswering(program, [path, '60000'])

async function scrubbed(path: string): Promise<unknown> {
  const [answer] = await once(startScrub(path), 'message')
  return answer
}

function openRaw(path: string, pragmas: string): DatabaseSync {
  const database = new DatabaseSync(path, { timeout: 60_000 })
  onTestFinished(() => {
    if (database.isOpen) database.close()
  })
  database.exec(`${pragmas}; PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 200`)
  return database
}

function contentOf(database: DatabaseSync): unknown {
  return ['SELECT k, name, text FROM plain ORDER BY k', 'SELECT k, name, text FROM bare ORDER BY name'].map((sql) =>
    database.prepare(sql).all(),
  )
}

const integrity = (database: DatabaseSync) => database.prepare('PRAGMA integrity_check').all()

/** Rows that were changed in every way, and the secrets that were in the file and are in no row. */
function filled(database: DatabaseSync, path: string, transactions: number) {
  const rows = [new RawRows(database, 'plain'), new RawRows(database, 'bare')]
  const seen = new Set<string>()
  for (let i = 0; i < transactions; i++) {
    for (const some of rows) {
      some.change(12, ['insert', 'insert', 'insert', 'update', 'update', 'move', 'delete'])
      for (const secret of some.secrets) seen.add(secret)
    }
  }
  for (const some of rows) some.deleteSome(randomInt(2, 5))
  const kept = new Set(rows.flatMap(({ secrets }) => secrets))
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  const isLeft = () => [...secretsIn(bytesOf(path))].filter((secret) => seen.has(secret) && !kept.has(secret))
  return { kept, isLeft }
}

it('leaves nothing of what was deleted, replaced or moved, and all else as it was', async () => {
  const pragmas = fc.record({
    size: fc.constantFrom(512, 1_024, 4_096, 65_536),
    secureDelete: fc.boolean(),
    transactions: fc.integer({ min: 1, max: 60 }),
  })
  let dirty = 0
  await runRandom(
    fc.asyncProperty(pragmas, async ({ size, secureDelete, transactions }) => {
      const path = pathOf(temporaryUrl())
      const database = openRaw(path, `PRAGMA page_size = ${size}; PRAGMA secure_delete = ${secureDelete}`)
      const { kept, isLeft } = filled(database, path, transactions)
      if (isLeft().length > 0) dirty += 1
      const before = contentOf(database)
      expect(await scrubbed(path)).toEqual({ isThrough: true })
      expect(isLeft()).toEqual([])
      expect(secretsIn(bytesOf(path)).size).toBe(kept.size)
      // It had read these pages before.
      touchAll(database)
      expect(isLeft()).toEqual([])
      expect(integrity(database)).toEqual([{ integrity_check: 'ok' }])
      expect(contentOf(database)).toEqual(before)
      database.close()
    }),
    6,
  )
  expect(dirty).toBeGreaterThan(0)
})

it('does so next to a process that writes into the same pages, and after kills at any moment', async () => {
  const path = pathOf(temporaryUrl())
  const database = openRaw(path, 'PRAGMA page_size = 1024')
  const { kept, isLeft } = filled(database, path, 150)
  expect(isLeft().length).toBeGreaterThan(0)
  const writer = startWorker<{ count: number }>(new URL('./raw-writer-worker.ts', import.meta.url), { path })
  await writer.first
  for (let kill = 0; kill < times(8); kill++) {
    const child = startScrub(path)
    await delay(randomInt(20, 250))
    child.kill('SIGKILL')
  }
  expect(await scrubbed(path)).toEqual({ isThrough: true })
  const left = isLeft()
  const seen = secretsIn(bytesOf(path))
  writer.child.kill('SIGTERM')
  expect([await writer.ended, writer.errors(), left]).toEqual([0, '', []])
  expect([...kept].filter((secret) => !seen.has(secret))).toEqual([])
  expect(integrity(database)).toEqual([{ integrity_check: 'ok' }])
  expect(isLeft()).toEqual([])
})

it('waits for those who read an earlier state, and gives up without an error', async () => {
  const path = pathOf(temporaryUrl())
  const database = openRaw(path, 'PRAGMA page_size = 1024')
  const { isLeft } = filled(database, path, 20)
  const reader = openRaw(path, '')
  reader.exec('BEGIN; SELECT count(*) FROM plain')
  database.exec('DELETE FROM plain WHERE k % 2 = 0')
  const child = startScrub(path)
  const answer = once(child, 'message')
  await delay(300)
  expect(isLeft().length).toBeGreaterThan(0)
  reader.exec('COMMIT')
  expect(await answer).toEqual([{ isThrough: true }, undefined])
  expect(isLeft()).toEqual([])
})

it('changes nothing in a file of a form that it does not read', async () => {
  const path = pathOf(temporaryUrl())
  const database = openRaw(path, 'PRAGMA auto_vacuum = FULL')
  filled(database, path, 5)
  const before = bytesOf(path)
  expect(await scrubbed(path)).toMatchObject({ message: expect.stringContaining('auto_vacuum is on') })
  expect(bytesOf(path).equals(before)).toBe(true)
})
