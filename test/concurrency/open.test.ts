// Opening files: many processes at once, and files that are not ours to open.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, expect, it } from 'vitest'
import { checkHistory } from '../../src/testing/history-checker.ts'
import { startWorker } from './process.ts'
import { nowMs, open, space, system } from './shared.ts'

const folder = mkdtempSync(join(tmpdir(), 'aquifer-open-'))
afterAll(() => rmSync(folder, { recursive: true }))

function schemaOf(path: string): unknown {
  const database = new DatabaseSync(path, { readOnly: true })
  const schema = database.prepare('SELECT type, name, sql FROM sqlite_schema ORDER BY name').all()
  const version = database.prepare('PRAGMA user_version').get()
  database.close()
  return { schema, version }
}

it('twenty processes open a new file at once: one makes the schema, all go on', async () => {
  const [path, alone] = [join(folder, 'new.db'), join(folder, 'alone.db')]
  await (await open(alone)).close()
  const atMs = nowMs() + 4_000
  const workers = Array.from({ length: 20 }, (_, index) =>
    startWorker<unknown>(new URL('./open-worker.ts', import.meta.url), { path, name: `agent-${index}`, atMs }),
  )
  for (const [index, worker] of workers.entries()) {
    expect([await worker.ended, worker.errors()]).toEqual([0, ''])
    expect(worker.lines).toEqual([{ status: 'committed', value: `agent-${index}` }])
  }
  expect(schemaOf(path)).toEqual(schemaOf(alone))
  const storage = await open(path)
  expect(await checkHistory(storage, system, space)).toEqual([])
  expect((await storage.spaces.get(system, space))?.seq).toBe(20)
  await storage.close()
})

it('refuses a newer schema', async () => {
  const path = join(folder, 'newer.db')
  await (await open(path)).close()
  const database = new DatabaseSync(path)
  database.exec('PRAGMA user_version = 999')
  database.close()
  await expect(open(path)).rejects.toMatchObject({ code: 'schema-newer', details: { version: 999 } })
})

it('refuses a file that is not a database, and leaves it as it is', async () => {
  const path = join(folder, 'notes.txt')
  const text = 'These are notes and no database.\n'.repeat(200)
  writeFileSync(path, text)
  await expect(open(path)).rejects.toMatchObject({ code: 'corrupt' })
  expect(readFileSync(path, 'utf8')).toBe(text)
})

it.each(['DELETE', 'WAL'])(
  "refuses another application's database in mode %s, and leaves it as it is",
  async (mode) => {
    const path = join(folder, `other-${mode}.db`)
    const database = new DatabaseSync(path)
    database.exec(`PRAGMA journal_mode = ${mode}; CREATE TABLE note (text); INSERT INTO note VALUES ('theirs')`)
    database.close()
    const before = readFileSync(path)
    await expect(open(path)).rejects.toMatchObject({ code: 'unsupported' })
    expect(readFileSync(path).equals(before)).toBe(true)
    expect(readdirSync(folder).filter((name) => name.startsWith(`other-${mode}.db-`))).toEqual([])
  },
)
