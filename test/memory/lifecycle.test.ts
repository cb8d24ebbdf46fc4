import { existsSync, readdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Memory, SQLiteStore } from 'aquifer'
import { describe, expect, it } from 'vitest'
import { openStore } from '../../src/open.ts'
import { runProgram } from '../processes.ts'
import { openMemory, refused, temporaryFolder, temporaryUrl } from './opened.ts'

describe('the folder of a file', () => {
  it('is made with those above it, and is named where it cannot be', async () => {
    const folder = temporaryFolder()
    const deep = new Memory({ storage: `file:${join(folder, 'a', 'b', 'c', 'memory.db')}` })
    expect(await deep.team('acme').write('key', 1)).toMatchObject({ status: 'written' })
    await deep.close()
    const below = new Memory({ storage: `file:${join(folder, 'a', 'b', 'c', 'memory.db', 'memory.db')}` })
    const error = await refused('unavailable', () => below.team('acme').read('key'))
    expect(error.message).toContain('memory.db')
    await below.close()
  })
})

describe('storages', () => {
  it('shares one driver among equal files, whatever their URL, until the last lets go', async () => {
    const folder = temporaryFolder()
    const path = join(folder, 'a', 'memory.db')
    const urls = [`file:${path}`, pathToFileURL(path).href, `file:${join(folder, 'a', '.', '..', 'a', 'memory.db')}`]
    const opened = await Promise.all(urls.map((url) => openStore(new SQLiteStore({ url }))))
    symlinkSync(join(folder, 'a'), join(folder, 'link'))
    opened.push(await openStore(new SQLiteStore({ url: `file:${join(folder, 'link', 'memory.db')}` })))
    expect(new Set(opened.map(({ storage }) => storage)).size).toBe(1)
    const [first, second, ...others] = opened
    await first?.release()
    await first?.release()
    await second?.release()
    const access = { actor: { kind: 'system', id: 'app' }, grants: 'all' } as const
    const { id } = new Memory().space('team/acme')
    expect(await others[0]?.storage.spaces.get(access, id)).toBeNull()
    for (const one of others) await one.release()
    await refused('closed', () => others[0]?.storage.spaces.get(access, id))
    const again = await openStore(new SQLiteStore({ url: urls[0] ?? '' }))
    expect(again.storage).not.toBe(first?.storage)
    await again.release()
  })

  it('lets one memory close while another goes on with the same file', async () => {
    const storage = temporaryUrl()
    const [one, two] = [openMemory({ storage }), openMemory({ storage })]
    await one.team('acme').write('a', 1)
    await one.close()
    expect(await two.team('acme').read('a')).toBe(1)
    await two.team('acme').write('b', 2)
    await two.close()
    expect(await openMemory({ storage }).team('acme').read('b')).toBe(2)
  })

  it('keeps each :memory: to itself', async () => {
    const store = new SQLiteStore({ url: ':memory:' })
    const memories = [openMemory(), openMemory(), openMemory({ storage: store }), openMemory({ storage: store })]
    await memories[0]?.team('acme').write('a', 1)
    await memories[2]?.team('acme').write('a', 2)
    const read = await Promise.all(memories.map((memory) => memory.team('acme').read('a')))
    expect(read).toEqual([1, null, 2, null])
  })

  it('takes a SQLiteStore, and leaves a driver that was passed open', async () => {
    const url = temporaryUrl()
    const store = new SQLiteStore({ id: 'main', url, durability: 'power' })
    expect([store.id, store.url, store.durability]).toEqual(['main', url, 'power'])
    await openMemory({ storage: store }).team('acme').write('a', 1)
    const opened = await openStore(store)
    const memory = openMemory({ storage: opened.storage })
    expect(await memory.team('acme').read('a')).toBe(1)
    await memory.close()
    expect(await openMemory({ storage: opened.storage }).team('acme').read('a')).toBe(1)
    await opened.release()
  })

  it.each(['process', 'power'] as const)('writes with durability %s', async (durability) => {
    const storage = temporaryUrl()
    const memory = openMemory({ storage, durability })
    await memory.team('acme').write('a', 1)
    expect(await memory.team('acme').read('a')).toBe(1)
  })

  it('opens ./aquifer.db at the first use, not before', async () => {
    const folder = temporaryFolder()
    const program = `
      import { existsSync } from 'node:fs'
      import { Memory } from 'aquifer'
      const memory = new Memory()
      memory.team('acme'); memory.space('team/acme'); memory.as({ kind: 'agent', id: 'a' })
      const before = existsSync('aquifer.db')
      await memory.team('acme').write('a', 1)
      const after = existsSync('aquifer.db')
      await memory.close()
      const closed = new Memory()
      await closed.close()
      console.log(JSON.stringify([before, after]))`
    expect(await runProgram(program, { cwd: folder })).toEqual([false, true])
    const memory = openMemory({ storage: `file:${join(folder, 'aquifer.db')}` })
    expect(await memory.team('acme').read('a')).toBe(1)
  })

  it('never keeps a process alive by being open', async () => {
    const program = `
      import { Memory } from 'aquifer'
      const memory = new Memory({ storage: 'file:./a.db' })
      await memory.team('acme').write('a', 1)
      console.log(JSON.stringify(await memory.team('acme').read('a')))`
    expect(await runProgram(program, { cwd: temporaryFolder() })).toBe(1)
  })

  it('makes the folder of its file', async () => {
    const folder = temporaryFolder()
    await openMemory({ storage: `file:${join(folder, 'deep', 'er', 'memory.db')}` })
      .team('acme')
      .write('a', 1)
    expect(existsSync(join(folder, 'deep', 'er', 'memory.db'))).toBe(true)
  })
})

describe('closing', () => {
  it('ends with its scope by await using', async () => {
    const storage = temporaryUrl()
    let kept: Memory
    {
      await using memory = new Memory({ storage })
      kept = memory
      await memory.team('acme').write('a', 1)
    }
    await refused('closed', () => kept.team('acme').read('a'))
  })

  it('refuses every use after it, of whatever was taken from the memory too', async () => {
    const memory = openMemory()
    const where = { resourceId: 'alice', threadId: 't' }
    const acting = memory.as({ kind: 'agent', id: 'a' })
    const [team, space] = [memory.team('acme'), memory.space('team/acme')]
    await team.write('a', 1)
    await acting.close()
    await memory.close()
    const uses = [
      () => team.write('a', 1),
      () => team.read('a'),
      () => team.update('a', () => 1),
      () => team.watch().next(),
      () => space.state(),
      () => space.changes().next(),
      () => space.commit([{ kind: 'entry-write', key: 'a', value: 1 }]),
      () => memory.createThread(where),
      () => memory.getThreadById({ threadId: 't' }),
      () => acting.listThreads(where),
      () => memory.saveMessages({ ...where, messages: 'x' }),
      () => memory.listMessages(where),
      () => memory.getWorkingMemory(where),
      () => memory.updateWorkingMemory({ ...where, workingMemory: 'x' }),
      () => memory.listSpaces({ kind: 'team' }),
    ]
    for (const use of uses) {
      const given = use === uses[9] ? () => acting.listThreads({ resourceId: 'alice' }) : use
      expect((await refused('closed', given)).retryable).toBe(false)
    }
  })

  it('finishes what was begun', async () => {
    const storage = temporaryUrl()
    const memory = openMemory({ storage })
    await memory.team('acme').write('a', 0)
    const writes = Array.from({ length: 50 }, (_, index) => memory.team('acme').write(`k${index}`, index))
    const closing = memory.close()
    const outcomes = await Promise.allSettled(writes)
    await closing
    const written = outcomes.filter(({ status }) => status === 'fulfilled').length
    const { entries } = await openMemory({ storage }).team('acme').list()
    expect(entries).toHaveLength(written + 1)
  })

  it('leaves a file without a log beside it', async () => {
    const folder = temporaryFolder()
    const memory = openMemory({ storage: `file:${join(folder, 'memory.db')}` })
    await memory.team('acme').write('a', 1)
    await memory.close()
    expect(readdirSync(folder)).toEqual(['memory.db'])
  })

  it('may come before the first use, and twice', async () => {
    const memory = openMemory()
    await Promise.all([memory.close(), memory.close()])
    await refused('closed', () => memory.team('acme').read('a'))
  })
})
