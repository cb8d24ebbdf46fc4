/** The database file is removed or replaced while a process has it open, and its log grows under a long reader. */
import { copyFile, mkdtemp, rename, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Memory } from 'aquifer'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

let folder: string
let path: string
const open: Memory[] = []

function opened(): Memory {
  const memory = new Memory({ storage: `file:${path}`, embedder: false })
  open.push(memory)
  return memory
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'aquifer-replaced-'))
  path = join(folder, 'memory.db')
})
afterEach(async () => {
  await Promise.all(open.splice(0).map((memory) => memory.close()))
  await rm(folder, { recursive: true, force: true })
})

/** Files are looked at once in a millisecond. */
const nextLook = () => new Promise((resolve) => setTimeout(resolve, 5))

const replaced = { code: 'corrupt', details: { reason: 'file-replaced' } }

const ways: readonly (readonly [string, () => Promise<unknown>])[] = [
  ['all its files are removed', () => Promise.all(['', '-wal', '-shm'].map((end) => rm(path + end)))],
  ['only the database is removed', () => rm(path)],
  ['only its log is removed', () => rm(`${path}-wal`)],
  ['it is moved away', () => rename(path, `${path}.old`)],
  [
    'a backup takes its place',
    async () => {
      await copyFile(path, `${path}.backup`)
      await rename(`${path}.backup`, path)
    },
  ],
]

describe('a file that is gone under a process', () => {
  it.each(ways)('takes no write when %s', async (_, replace) => {
    const memory = opened()
    await memory.team('t').write('before', 1)
    await replace()
    await nextLook()
    await expect(memory.team('t').write('after', 1)).rejects.toMatchObject(replaced)
    await expect(memory.team('t').read('before')).rejects.toMatchObject(replaced)
    await expect(memory.team('t').write('after', 2)).rejects.toMatchObject(replaced)
  })

  it('is noticed by a process that only reads', async () => {
    const memory = opened()
    await memory.team('t').write('before', 1)
    await rm(path)
    await nextLook()
    const refused = async () => {
      for (;;) {
        await memory.team('t').read('before')
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
    }
    await expect(refused()).rejects.toMatchObject(replaced)
  })

  it('is opened as it is now by those who come later', async () => {
    const old = opened()
    await old.team('t').write('key', 'old')
    for (const end of ['', '-wal', '-shm']) await rm(path + end)
    await nextLook()
    await expect(old.team('t').write('key', 'lost')).rejects.toMatchObject(replaced)
    const later = opened()
    await later.team('t').write('key', 'new')
    const another = opened()
    expect(await another.team('t').read('key')).toBe('new')
    await old.close()
    expect(await later.team('t').read('key')).toBe('new')
  })
})

describe('the log of a file', () => {
  it('is cut once a long reader is gone, also if nobody writes then', async () => {
    const memory = opened()
    await memory.team('t').write('key', 1)
    const reader = new DatabaseSync(path)
    reader.exec('BEGIN')
    reader.prepare('SELECT count(*) FROM sqlite_schema').get()
    const text = 'x'.repeat(60_000)
    const length = async () => (await stat(`${path}-wal`)).size
    for (let count = 0; (await length()) < 40_000_000; count++) await memory.team('t').write(`key-${count % 50}`, text)
    reader.exec('COMMIT')
    reader.close()
    while ((await length()) > 20_000_000) await new Promise((resolve) => setTimeout(resolve, 20))
    expect((await memory.team('t').read('key-1')) === text).toBe(true)
  })
})
