import type { LoggedCommit, Memory, Space } from 'aquifer'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { runRandom } from '../random-runs.ts'
import { day, ManualClock, openMemory, refused, take, temporaryUrl } from './opened.ts'

const seqsOf = (commits: readonly { seq: number }[]) => commits.map(({ seq }) => seq)
const from = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, index) => first + index)

function write(space: Space, key = 'key') {
  return space.commit([{ kind: 'entry-write', key, value: key }])
}

/** Lets everything that is ready run. */
async function pause(rounds = 5): Promise<void> {
  for (let round = 0; round < rounds; round++) await new Promise((resolve) => setImmediate(resolve))
}

describe('where a feed begins', () => {
  it('is the current seq, read at the first next, where none is given', async () => {
    const space = openMemory().space('team/acme')
    await write(space)
    const feed = space.changes()
    await write(space)
    const next = feed.next()
    await pause()
    await write(space)
    expect((await next).value).toMatchObject({ seq: 3 })
    await feed.return?.()
  })

  it('is the beginning at 0, and behind any other seq that is given', async () => {
    const space = openMemory().space('team/acme')
    for (let count = 0; count < 5; count++) await write(space)
    expect(seqsOf(await take(space.changes({ after: 0 }), 5))).toEqual(from(1, 5))
    expect(seqsOf(await take(space.changes({ after: 3 }), 2))).toEqual([4, 5])
  })

  it.each([[{}], [{ after: 0 }]])('is the first commit of a space made later, with %j', async (options) => {
    const space = openMemory().space('team/acme')
    const feed = space.changes(options)
    const next = feed.next()
    await pause()
    await write(space)
    expect((await next).value).toMatchObject({ seq: 1 })
  })

  it('misses nothing behind the asOf of a read', async () => {
    const memory = openMemory()
    const team = memory.team('acme')
    await team.write('a', 1)
    const { asOf } = await team.list()
    await team.write('b', 1)
    const [event] = await take(team.watch({ after: asOf }), 1)
    expect(event?.changes).toEqual([{ key: 'b', event: 'write', value: 1 }])
  })
})

describe('what a feed says', () => {
  it('tells who did what, in order, for whole commits', async () => {
    const memory = openMemory()
    const space = memory.as({ kind: 'agent', id: 'sales' }).space('team/acme')
    await space.commit([
      { kind: 'entry-write', key: 'a', value: 1 },
      { kind: 'entry-append', key: 'b', item: 2 },
    ])
    const [commit] = await take(space.changes({ after: 0 }), 1)
    expect(commit).toMatchObject({ seq: 1, actor: { kind: 'agent', id: 'sales' } })
    expect(commit?.rows.flatMap(({ effects }) => effects.map(({ kind }) => kind))).toEqual([
      'entry-write',
      'entry-append',
    ])
  })

  it('shows entries with their values, and passes over other prefixes and other records', async () => {
    const clock = new ManualClock()
    const memory = openMemory({ clock })
    const team = memory.team('acme')
    await team.write('lead/a', { n: 1 }, { ttl: 1_000 })
    await team.write('other', 1)
    await team.space.commit([{ kind: 'thread-put', threadId: 't' }])
    await team.merge('lead/a', { m: 2 }, { ttl: 1_000 })
    await team.append('lead/b', 'x')
    await team.delete('lead/b')
    clock.pass(1_000)
    await team.space.commit([{ kind: 'entry-expire', key: 'lead/a' }])
    const events = await take(team.watch({ after: 0, prefix: 'lead/' }), 5)
    expect(events.map(({ seq, changes }) => [seq, ...changes.map(({ key, event }) => `${event} ${key}`)])).toEqual([
      [1, 'erased lead/a'],
      [4, 'erased lead/a'],
      [5, 'append lead/b'],
      [6, 'delete lead/b'],
      [7, 'expire lead/a'],
    ])
    expect(events[2]).toMatchObject({ by: { kind: 'system', id: 'app' }, at: expect.any(Date) })
    expect(events[2]?.changes).toMatchObject([{ value: ['x'] }])
  })
})

describe('how a feed ends', () => {
  it('is by its signal, also while it waits', async () => {
    const space = openMemory().space('team/acme')
    await write(space)
    const ending = new AbortController()
    const seen: LoggedCommit[] = []
    const reading = (async () => {
      for await (const commit of space.changes({ after: 0, signal: ending.signal })) seen.push(commit)
    })()
    await pause()
    ending.abort()
    await reading
    expect(seqsOf(seen)).toEqual([1])
    const over = space.changes({ after: 0, signal: AbortSignal.abort() })
    expect(await over.next()).toMatchObject({ done: true })
  })

  it.each([{}, { after: 0 }])('is by closing the memory while it waits, with %j', async (options) => {
    const memory = openMemory()
    await memory.team('acme').write('key', 1)
    const feed = memory.space('team/acme').changes(options)
    if (options.after === 0) await take(feed, 1)
    const next = feed.next()
    await pause()
    await memory.close()
    expect(await next).toMatchObject({ done: true })
  })

  it('is by closing the memory, at any moment, without an error', async () => {
    for (let moment = 0; moment < 40; moment++) {
      const memory = openMemory()
      const team = memory.team('acme')
      for (let count = 0; count < 3; count++) await team.write(`k${count}`, count)
      const feed = team.watch({ after: 0 })
      expect(seqsOf(await take(feed, 1))).toEqual([1])
      const next = feed.next()
      for (let tick = 0; tick < moment; tick++) await Promise.resolve()
      await memory.close()
      await next
    }
  })

  it('is by return, also while it waits', async () => {
    const feed = openMemory().space('team/acme').changes()
    const next = feed.next()
    await pause()
    expect(await feed.return?.()).toMatchObject({ done: true })
    expect(await next).toMatchObject({ done: true })
  })

  it('is by breaking off, after which nothing is followed any more', async () => {
    const space = openMemory().space('team/acme')
    await write(space)
    for await (const commit of space.changes({ after: 0 })) {
      expect(commit.seq).toBe(1)
      break
    }
    await write(space)
    expect(seqsOf(await take(space.changes({ after: 1 }), 1))).toEqual([2])
  })
})

describe('cursors that have expired', () => {
  it('says so when the space is erased meanwhile, and when an old seq is resumed in a new life', async () => {
    const space = openMemory().space('team/acme')
    await write(space)
    await write(space)
    const feed = space.changes({ after: 0 })
    await take(feed, 2)
    const next = refused('cursor-expired', () => feed.next())
    await pause()
    await space.commit([{ kind: 'erase' }])
    await next
    await write(space)
    await refused('cursor-expired', () => space.changes({ after: 2 }).next())
    const [first] = await take(space.changes({ after: 0 }), 1)
    expect(first?.seq).toBeGreaterThan(2)
  })

  it('says so at once while nothing was written to an erased space', async () => {
    const space = openMemory().space('team/acme')
    await write(space)
    await space.commit([{ kind: 'erase' }])
    await refused('cursor-expired', () => space.changes({ after: 1 }).next())
  })

  it('says so below the horizon, with where to go on', async () => {
    const clock = new ManualClock()
    const memory = openMemory({ clock, limits: { logDays: 1 }, background: true })
    const space = memory.space('team/acme')
    for (const key of ['a', 'a', 'b']) await write(space, key)
    clock.pass(2 * day)
    await write(space, 'c')
    const horizon = 3
    await expect.poll(async () => (await space.state())?.horizon).toBe(horizon)
    for (const after of [0, 1]) {
      const error = await refused('cursor-expired', () => space.changes({ after }).next())
      expect(error.details).toMatchObject({ horizon })
      expect(error.fix).toMatch(/current state/)
    }
    expect(seqsOf(await take(space.changes({ after: horizon }), 1))).toEqual([4])
    await refused('cursor-expired', () => memory.team('acme').readAt('a', { seq: 1 }))
    expect(await memory.team('acme').read('a')).toBe('a')
  })
})

describe('nothing missed, nothing doubled', () => {
  /** Reads in pieces of the given sizes, each resumed behind the last seq of the one before. */
  async function readInPieces(space: Space, pieces: readonly number[], total: number): Promise<number[]> {
    const seen: number[] = []
    for (let piece = 0; seen.length < total; piece++) {
      const size = Math.min(pieces[piece % pieces.length] ?? 1, total - seen.length)
      const feed = space.changes({ after: seen.at(-1) ?? 0 })
      seen.push(...seqsOf(await take(feed, size)))
      await feed.return?.()
    }
    return seen
  }

  const plan = fc.record({
    writers: fc.array(fc.integer({ min: 1, max: 25 }), { minLength: 1, maxLength: 4 }),
    pieces: fc.array(fc.integer({ min: 1, max: 15 }), { minLength: 1, maxLength: 6 }),
    yields: fc.integer({ min: 0, max: 3 }),
  })

  async function writeAll(memory: Memory, writers: readonly number[], yields: number): Promise<void> {
    const writing = writers.map(async (count, writer) => {
      for (let index = 0; index < count; index++) {
        await memory.team('acme').write(`${writer} ${index}`, index)
        await pause((index + writer) % (yields + 1))
      }
    })
    await Promise.all(writing)
  }

  it('holds for readers that stop and go on while others write', async () => {
    await runRandom(
      fc.asyncProperty(plan, async ({ writers, pieces, yields }) => {
        const memory = openMemory()
        const total = writers.reduce((sum, count) => sum + count, 0)
        const reading = readInPieces(memory.space('team/acme'), pieces, total)
        await writeAll(memory, writers, yields)
        expect(await reading).toEqual(from(1, total))
        await memory.close()
      }),
      40,
    )
  })

  it('holds over more commits than a feed reads at once', async () => {
    const memory = openMemory()
    const reading = take(memory.space('team/acme').changes({ after: 0 }), 450)
    await Promise.all(from(1, 450).map((index) => memory.team('acme').increment(`k${index % 7}`)))
    expect(seqsOf(await reading)).toEqual(from(1, 450))
  })

  it('holds between two connections to one file', async () => {
    const storage = temporaryUrl()
    const writer = openMemory({ storage })
    // A clock of its own gives a memory a connection of its own.
    const reader = openMemory({ storage, clock: { now: () => Date.now() } })
    const reading = readInPieces(reader.space('team/acme'), [1, 3, 2], 60)
    await writeAll(writer, [20, 20], 2)
    await writeAll(reader, [20], 1)
    expect(await reading).toEqual(from(1, 60))
    const woken = reader.team('acme').watch()
    const next = woken.next()
    await reader.team('acme').read('x')
    await pause()
    await writer.team('acme').write('news', 1)
    expect((await next).value).toMatchObject({ seq: 61, changes: [{ key: 'news' }] })
  })
})
