// Followers of one space read together: once for all of them after each commit.
import { Memory, type Storage } from 'aquifer'
import fc from 'fast-check'
import { expect, it, onTestFinished } from 'vitest'
import type { Access } from '../../src/domain/actor.ts'
import { spaceId } from '../../src/domain/space.ts'
import { doorOf } from '../../src/facade/space.ts'
import { Door } from '../../src/memory/door/door.ts'
import { readShared } from '../../src/memory/door/shared-reads.ts'
import { LogTails } from '../../src/memory/storage/log-tails.ts'
import { noting, RunNotes } from '../../src/memory/storage/run-notes.ts'
import { systemClock } from '../../src/ports/clock.ts'
import { runRandom } from '../random-runs.ts'
import { openSqliteMemory } from '../storage/drivers.ts'
import { refused } from './opened.ts'

const followers = 500
const acme = spaceId('team', 'acme')
const other = spaceId('team', 'other')

interface Reads {
  log: number
  state: number
  values: number
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

/** A driver whose reads by followers are counted, and wait for some turns of the event loop. */
async function openCounted(turns: () => number = () => 0): Promise<{ storage: Storage; reads: Reads }> {
  const inner = await openSqliteMemory(systemClock)
  onTestFinished(() => inner.close())
  const reads: Reads = { log: 0, state: 0, values: 0 }
  const counted = <Rest extends readonly unknown[], Result>(
    what: keyof Reads,
    read: (...rest: Rest) => Promise<Result>,
  ) => {
    return async (...rest: Rest) => {
      reads[what] += 1
      const waits = turns()
      for (let n = 0; n < waits; n++) await turn()
      const result = await read(...rest)
      for (let n = 0; n < waits; n++) await turn()
      return result
    }
  }
  const storage = new Proxy(inner, {
    get: (_, name) => {
      if (name === 'log') return { ...inner.log, read: counted('log', inner.log.read) }
      if (name === 'spaces') return { ...inner.spaces, get: counted('state', inner.spaces.get) }
      if (name === 'entries') return { ...inner.entries, at: counted('values', inner.entries.at) }
      const member = Reflect.get(inner, name) as unknown
      return typeof member === 'function' ? member.bind(inner) : member
    },
  })
  return { storage, reads }
}

function memoryOver(storage: Storage): Memory {
  const memory = new Memory({ storage, background: false, embedder: false })
  onTestFinished(() => memory.close())
  return memory
}

/** Starts feeds, and lets them get to where they wait. */
async function nexts<Item>(feeds: readonly AsyncIterator<Item>[]): Promise<Promise<IteratorResult<Item>>[]> {
  const waiting = feeds.map((feed) => feed.next())
  for (let n = 0; n < 5; n++) await turn()
  return waiting
}

it('reads the log, the space and a value once for 500 followers', async () => {
  const { storage, reads } = await openCounted()
  const memory = memoryOver(storage)
  const team = memory.team('acme')
  await team.write('k', 0)
  const events = Array.from({ length: followers / 2 }, (_, n) =>
    memory
      .as({ kind: 'user', id: `u${n}` })
      .team('acme')
      .watch(),
  )
  const commits = Array.from({ length: followers / 2 }, () => team.space.changes())
  let [nextEvents, nextCommits] = [await nexts(events), await nexts(commits)]
  for (let value = 1; value <= 3; value++) {
    Object.assign(reads, { log: 0, state: 0, values: 0 })
    await team.write('k', value)
    for (const { value: event } of await Promise.all(nextEvents)) {
      expect(event).toMatchObject({ seq: value + 1, changes: [{ key: 'k', value }] })
    }
    for (const { value: commit } of await Promise.all(nextCommits)) expect(commit).toMatchObject({ seq: value + 1 })
    ;[nextEvents, nextCommits] = [await nexts(events), await nexts(commits)]
    expect(reads).toEqual({ log: 1, state: 1, values: 1 })
  }
  for (const feed of [...events, ...commits]) await feed.return?.()
})

/** Changes a value in a way that its type forbids. */
function spoil(value: unknown): void {
  if (typeof value !== 'object' || value === null) return
  for (const [key, inner] of Object.entries(value)) {
    if (typeof inner === 'object') spoil(inner)
    else Reflect.set(value, key, 'spoilt')
  }
}

async function firstOfEach<Item>(feeds: readonly AsyncIterator<Item>[], write: () => Promise<unknown>) {
  const waiting = await nexts(feeds)
  await write()
  const items = (await Promise.all(waiting)).map(({ value }) => value as Item)
  for (const feed of feeds) await feed.return?.()
  return items
}

it('gives every follower objects of its own', async () => {
  const { storage } = await openCounted()
  const team = memoryOver(storage).team('acme')
  await team.write('k', {})
  const write = () => team.write('k', { list: [{ n: 1 }] })
  const events = await firstOfEach([team.watch(), team.watch()], write)
  const commits = await firstOfEach([team.space.changes(), team.space.changes()], write)
  for (const [first, second] of [events, commits]) {
    const before = structuredClone(second)
    spoil(first)
    expect(first).not.toEqual(before)
    expect(second).toEqual(before)
  }
})

it('notes what a tool follows for the run of that tool, though others follow it too', async () => {
  const { storage } = await openCounted()
  const team = memoryOver(storage).team('acme')
  await team.write('k', 0)
  const notes = new RunNotes()
  const [mine, theirs] = [team.watch(), team.watch()]
  const waiting = [theirs.next(), noting(notes, () => mine.next())]
  await turn()
  await team.write('k', 1)
  await Promise.all(waiting)
  expect(notes.details).toMatchObject({ read: expect.anything() })
  await Promise.all([mine.return?.(), theirs.return?.()])
})

it('refuses what others have read to an actor without the right', async () => {
  const { storage } = await openCounted()
  const memory = memoryOver(storage)
  const { core } = doorOf(memory.team('acme').space)
  const door = (grants: Access['grants']) => new Door(core, acme).with({ access: { actor: core.access.actor, grants } })
  const opened = await core.storage.get()
  const stop = core.storage.tails.follow(opened, acme, () => {})
  const read = (grants: Access['grants']) => readShared(door(grants), opened, 'secret', async () => 'secret')
  expect(await read('all')).toBe('secret')
  expect(await read([{ space: acme, rights: ['read'] }])).toBe('secret')
  await refused('denied', () => read([{ space: other, rights: ['read'] }]))
  stop()
})

it('keeps no read after the turn of the event loop in which it was answered', async () => {
  const { storage } = await openCounted()
  const tails = new LogTails()
  const stop = tails.follow(storage, acme, () => {})
  let reads = 0
  const read = async () => ++reads
  expect(await Promise.all([tails.readOnce(acme, 'n', read), tails.readOnce(acme, 'n', read)])).toEqual([1, 1])
  await turn()
  expect(await tails.readOnce(acme, 'n', read)).toBe(2)
  stop()
  expect(await Promise.all([tails.readOnce(acme, 'n', read), tails.readOnce(acme, 'n', read)])).toEqual([3, 4])
})

it('shares no read with followers that a later commit woke', async () => {
  const { storage } = await openCounted()
  const tails = new LogTails()
  const stop = tails.follow(storage, acme, () => {})
  const long = Promise.withResolvers<string>()
  const before = tails.readOnce(acme, 'log', () => long.promise)
  await memoryOver(storage).team('acme').write('k', 1)
  const after = tails.readOnce(acme, 'log', async () => 'with the commit')
  long.resolve('without it')
  expect(await Promise.all([before, after])).toEqual(['without it', 'with the commit'])
  stop()
})

it('shares no read with a follower that begins, which may know of more', async () => {
  let turns = 0
  const { storage, reads } = await openCounted(() => turns)
  const team = memoryOver(storage).team('acme')
  await team.write('k', 0)
  const woken = team.space.changes()
  const [waiting] = await nexts([woken])
  turns = 20
  await team.write('k', 1)
  while (reads.log < 2) await turn()
  // The read of the one that was woken goes on.
  const begun = team.space.changes({ after: 1 })
  const [first] = await Promise.all([begun.next(), waiting])
  expect(first.value).toMatchObject({ seq: 2 })
  expect(reads.log).toBe(3)
  await Promise.all([woken.return?.(), begun.return?.()])
})

const plan = fc.record({
  delays: fc.array(fc.nat({ max: 6 }), { minLength: 1, maxLength: 20 }),
  pauses: fc.array(fc.nat({ max: 4 }), { minLength: 1, maxLength: 20 }),
  starts: fc.array(fc.nat({ max: 12 }), { minLength: 2, maxLength: 6 }),
})

it('misses nothing and doubles nothing with a driver whose reads take long', async () => {
  await runRandom(
    fc.asyncProperty(plan, async ({ delays, pauses, starts }) => {
      let [nthDelay, nthPause] = [0, 0]
      const { storage } = await openCounted(() => delays[nthDelay++ % delays.length] ?? 0)
      const memory = memoryOver(storage)
      const { space } = memory.team('acme')
      const pause = async () => {
        for (let n = pauses[nthPause++ % pauses.length] ?? 0; n > 0; n--) await turn()
      }
      const follow = async (writtenBefore: number) => {
        while (nthWrite < writtenBefore) await turn()
        const seqs: number[] = []
        for await (const { seq } of space.changes({ after: 0 })) {
          seqs.push(seq)
          if (seq === 20) return seqs
          await pause()
        }
        return seqs
      }
      let nthWrite = 0
      const following = starts.map(follow)
      while (nthWrite < 20) {
        await memory.team('acme').increment('k')
        nthWrite += 1
        await pause()
      }
      for (const seqs of await Promise.all(following)) expect(seqs).toEqual(Array.from({ length: 20 }, (_, n) => n + 1))
      await memory.close()
      await storage.close()
    }),
    30,
  )
})
