/** Cases of a clock that is ahead for a while, or behind: deadlines follow the clock, and only the log has an order. */
import { isoTime } from '../../domain/time.ts'
import { expectEqual, expectTrue } from './assert.ts'
import { assertFact, say, text, write } from './changes.ts'
import type { StorageCase } from './contract-case.ts'
import { home, type Scene, sceneCase } from './scene.ts'

const year = 365 * 86_400_000

/** One commit by a clock that is ahead; the clock is right again afterwards. */
async function ahead(scene: Scene): Promise<void> {
  scene.clock.advance(year)
  await scene.committed([write('far', 1), say('t', { role: 'user', parts: [{ type: 'text', text: 'far' }] })])
  scene.clock.advance(-year)
}

export const clockCases: readonly StorageCase[] = [
  sceneCase('a clock that was once ahead lets nothing live longer, and dates nothing', async (scene) => {
    await scene.committed(write('before', 1, { ttlMs: 1_000 }))
    await ahead(scene)
    const now = isoTime(scene.clock.now())
    const committed = await scene.committed([
      write('k', 1, { ttlMs: 1_000 }),
      text('b', 'words'),
      assertFact('Fact', { expiresAt: isoTime(scene.clock.now() + 1_000) }),
      say('t', { role: 'user', parts: [{ type: 'text', text: 'now' }] }),
    ])
    expectEqual(committed.at, now, 'the time of the commit')
    const [entry, fact] = [await scene.entry('k'), (await scene.facts()).items[0]]
    expectEqual([entry?.createdAt, entry?.expiresAt], [now, isoTime(scene.clock.now() + 1_000)], 'the entry')
    expectEqual([fact?.createdAt, fact?.validFrom, fact?.updatedAt], [now, now, now], 'the fact')
    const thread = await scene.thread('t')
    expectEqual([thread?.lastMessageAt, (await scene.messages('t')).at(-1)?.createdAt], [now, now], 'the message')
    scene.clock.advance(1_001)
    expectEqual([await scene.entry('k'), (await scene.facts()).items], [null, []], 'once they are due')
    const taken = await scene.did('lease-take', { kind: 'lease-take', name: 'l', leaseMs: 500 })
    scene.clock.advance(501)
    await scene.committed({ kind: 'lease-take', name: 'l', leaseMs: 500 })
    expectTrue(taken.expiresAt < isoTime(scene.clock.now()), 'the lease is over')
  }),
  sceneCase('the log stays in order, and says by which clock each commit was made', async (scene) => {
    const start = scene.clock.now()
    await scene.committed(write('k', 1))
    await ahead(scene)
    scene.clock.advance(1_000)
    await scene.committed(write('k', 2))
    scene.clock.advance(-year)
    await scene.committed(write('k', 3))
    scene.clock.advance(year)
    const log = await scene.log()
    const times = log.flatMap(({ rows }) => rows[0] ?? []).map(({ at, logAt = at }) => [at, logAt])
    const far = isoTime(start + year)
    expectEqual(
      times,
      [
        [isoTime(start), isoTime(start)],
        [far, far],
        [isoTime(start + 1_000), far],
        [isoTime(start + 1_000 - year), far],
      ],
      'clock and order',
    )
    expectEqual((await scene.storage.spaces.get(scene.access, home))?.at, far, 'the space')
    await scene.storage.compact(scene.access, home, 3)
    const [kept] = (await scene.log(3)).flatMap(({ rows }) => rows)
    expectEqual([kept?.at, kept?.logAt], times[3], 'above the horizon')
  }),
  sceneCase('a time finds its place in the log whatever clock was ahead', async (scene) => {
    const start = scene.clock.now()
    await scene.committed(write('k', 1))
    scene.clock.advance(1_000)
    await ahead(scene)
    for (const value of [2, 3, 4]) {
      await scene.committed(write('k', value))
      scene.clock.advance(1_000)
    }
    const seqAt = (ms: number) => scene.storage.log.seqAt(scene.access, home, isoTime(start + ms))
    const found = await Promise.all([0, 999, 1_000, 1_999, 2_000, 3_000, 4_000, year * 2].map(seqAt))
    // What was ahead counts as made when the next commit was.
    expectEqual(found, [1, 1, 3, 3, 4, 5, 5, 5], 'after each time')
  }),
  sceneCase('a clock that is behind does not find at a time what was committed later', async (scene) => {
    const start = scene.clock.now()
    await scene.committed(write('k', 1))
    scene.clock.advance(100_000)
    await scene.committed(write('k', 2))
    scene.clock.advance(-50_000)
    const seqAt = (ms: number) => scene.storage.log.seqAt(scene.access, home, isoTime(start + ms))
    const found = await Promise.all([0, 20_000, 49_999, 50_000].map(seqAt))
    expectEqual(found, [1, 1, 1, 2], 'after each time, of which the last is now')
  }),
  sceneCase(
    'work that a clock which was ahead has claimed is not held as long as that clock was wrong',
    async (scene) => {
      await scene.committed(write('k', 1))
      const claim = (owner: string) =>
        scene.storage.vectors.claimWork(scene.access, { owner, leaseMs: 1_000, limit: 10 })
      scene.clock.advance(year)
      expectEqual(await claim('one'), [home], 'claimed by a clock that is ahead')
      scene.clock.advance(-year)
      expectEqual(await claim('two'), [home], 'claimed by another, once the clock is right')
      expectEqual(await claim('one'), [], 'it is the second one’s')
    },
  ),
  sceneCase('a step of a turn renews its lease by its clock, also to an earlier time', async (scene) => {
    scene.clock.advance(year)
    const open = { kind: 'turn-open', threadId: 't', createThread: true, leaseMs: 1_000 } as const
    const { turnId } = await scene.did('turn-open', open)
    scene.clock.advance(-year)
    const messages = [{ role: 'assistant' as const, parts: [{ type: 'text', text: 'word' }] }]
    await scene.committed({ kind: 'message-append', threadId: 't', turnId, messages })
    const [turn] = await scene.storage.messages.openTurns(scene.access, home, 't')
    expectEqual(turn?.lease.until, isoTime(scene.clock.now() + 1_000), 'the end of the lease')
  }),
]
