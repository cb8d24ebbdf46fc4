/** Cases of time-to-live: when an entry expires, what readers see then, and what sweeping leaves. */
import type { Seq } from '../../domain/id.ts'
import { defaultLimits } from '../../domain/limits.ts'
import { msOf } from '../../domain/time.ts'
import { expectEqual, expectTrue } from './assert.ts'
import { append, configure, expire, increment, merge, remove, take, write } from './changes.ts'
import { bob, type StorageCase } from './contract-case.ts'
import { home, type Scene, sceneCase } from './scene.ts'

/** Milliseconds that an entry has left after its last write; null for ever. */
async function livesMs(scene: Scene, key: string): Promise<number | null> {
  const entry = await scene.entry(key)
  expectTrue(entry !== null, `entry ${key} is there`)
  return entry.expiresAt === null ? null : msOf(entry.expiresAt) - msOf(entry.updatedAt)
}

const deadlines: readonly StorageCase[] = [
  sceneCase(
    'a write without ttl gets the default of its space, one with ttl its own, null lives for ever',
    async (scene) => {
      await scene.committed([write('default', 1), write('own', 1, { ttlMs: 1_500 }), write('ever', 1, { ttlMs: null })])
      const lives = async () => [
        await livesMs(scene, 'default'),
        await livesMs(scene, 'own'),
        await livesMs(scene, 'ever'),
      ]
      expectEqual(await lives(), [defaultLimits.entryTtlMs, 1_500, null], 'how long they live')
      await scene.committed(configure({ entryTtlMs: 7_000 }))
      expectEqual(await livesMs(scene, 'default'), defaultLimits.entryTtlMs, 'a new default changes no stored entry')
      await scene.committed([write('default', 2), write('own', 2), write('ever', 2)])
      expectEqual(await lives(), [7_000, 7_000, 7_000], 'a write takes the default again')
      await scene.committed(configure({ entryTtlMs: null }))
      await scene.committed(write('default', 3))
      expectEqual(await livesMs(scene, 'default'), null, 'the default may be for ever')
    },
  ),
  sceneCase('merge, append and increment renew the entry’s own ttl', async (scene) => {
    await scene.committed([merge('m', { a: 1 }, { ttlMs: 1_500 }), append('a', 1, { ttlMs: 1_500 })])
    await scene.committed([increment('i', 1, { ttlMs: 1_500 }), merge('ever', { a: 1 }, { ttlMs: null })])
    scene.clock.advance(1_000)
    await scene.committed([merge('m', { b: 1 }), append('a', 2), increment('i', 1), merge('ever', { b: 1 })])
    for (const key of ['m', 'a', 'i']) expectEqual(await livesMs(scene, key), 1_500, `${key} lives as long again`)
    expectEqual(await livesMs(scene, 'ever'), null, 'for ever stays for ever')
    scene.clock.advance(1_000)
    expectEqual(await scene.keys(), ['a', 'ever', 'i', 'm'], 'none expired at the first deadline')
    await scene.committed([merge('m', {}, { ttlMs: 90_000 }), append('a', 3, { ttlMs: null })])
    expectEqual([await livesMs(scene, 'm'), await livesMs(scene, 'a')], [90_000, null], 'a stated ttl wins')
  }),
]

const invisible: readonly StorageCase[] = [
  sceneCase(
    'an expired entry is absent at once: for reads, lists and history’s present',
    async (scene) => {
      await scene.committed([write('short', 1, { ttlMs: 1_000 }), write('long', 1, { ttlMs: 1_001 })])
      scene.clock.advance(999)
      expectEqual(await scene.keys(), ['long', 'short'], 'a moment before')
      scene.clock.advance(1)
      expectEqual(await scene.entry('short'), null, 'a read')
      expectEqual(await scene.keys(), ['long'], 'a list')
      expectEqual(await scene.keys(home, 'sh'), [], 'a list under its prefix')
    },
    7,
  ),
  sceneCase(
    'an expired entry is absent at once: for expectations, merges, appends and increments',
    async (scene) => {
      const short = { ttlMs: 1_000 }
      await scene.committed([write('m', { old: 1 }, short), write('a', ['old'], short), write('i', 10, short)])
      await scene.committed(write('text', 'old', short))
      scene.clock.advance(1_000)
      const expect = [{ absent: { entry: 'm' } }]
      await scene.committed([merge('m', { new: 1 }), append('a', 'new'), increment('i', 1)], { expect })
      await scene.committed(increment('text', 1))
      expectEqual(
        [await scene.value('m'), await scene.value('a'), await scene.value('i'), await scene.value('text')],
        [{ new: 1 }, ['new'], 1, 1],
        'values begin again',
      )
      expectEqual((await scene.entry('m'))?.createdAt, (await scene.entry('m'))?.updatedAt, 'and so do the entries')
      expectTrue(((await livesMs(scene, 'm')) ?? 0) > 1_000, 'and they take the default ttl')
    },
    7,
  ),
  sceneCase(
    'an expired entry is absent at once: it takes no room',
    async (scene) => {
      await scene.committed(configure({ entriesPerSpace: 2 }))
      await scene.committed(write('kept', 1))
      await scene.committed(write('short', 1, { ttlMs: 1_000 }))
      scene.clock.advance(1_000)
      expectEqual((await scene.did('entry-write', write('new', 1))).pruned, [], 'nothing living was pruned')
      expectEqual(await scene.keys(), ['kept', 'new'], 'keys')
    },
    7,
  ),
  sceneCase(
    'an expired entry cannot be deleted, it is gone',
    async (scene) => {
      await scene.committed(write('k', 'secret', { ttlMs: 1_000 }))
      scene.clock.advance(1_000)
      expectEqual((await scene.did('entry-delete', remove('k'))).deleted, false, 'the answer')
      expectTrue(!(await scene.logText()).includes('secret'), 'its value leaves the log')
    },
    7,
  ),
]

async function past(scene: Scene, key: string): Promise<readonly (readonly [string, unknown])[]> {
  const versions = await scene.storage.entries.history(scene.access, home, key, 10)
  return versions.map((version) => [version.event, version.value])
}

async function feed(scene: Scene, after: Seq): Promise<readonly (readonly [Seq, readonly string[]])[]> {
  const commits = await scene.log(after)
  return commits.map((one) => [one.seq, one.rows.flatMap((row) => row.effects.map((effect) => effect.kind))])
}

const sweeping: readonly StorageCase[] = [
  sceneCase(
    'entry-expire applies only to what is past its time',
    async (scene) => {
      await scene.committed([write('k', 1, { ttlMs: 1_000 }), write('ever', 1, { ttlMs: null })])
      const { results } = await scene.committed([expire('k'), expire('ever'), expire('none')])
      expectEqual(
        results.map((result) => 'deleted' in result && result.deleted),
        [false, false, false],
        'nothing was due',
      )
      expectEqual([await scene.value('k'), await scene.value('ever')], [1, 1], 'both are there')
      scene.clock.advance(1_000)
      expectEqual((await scene.did('entry-expire', expire('k'))).deleted, true, 'now it is due')
      expectEqual((await scene.did('entry-expire', expire('k'))).deleted, false, 'and once only')
    },
    7,
  ),
  sceneCase(
    'sweeping removes every value of an expired life from the log, and leaves that it happened',
    async (scene) => {
      await scene.committed([write('k', { a: 'secret-1' }, { ttlMs: 1_000 }), write('other', 'kept')], { actor: bob })
      await scene.committed(merge('k', { b: 'secret-2' }))
      await scene.committed(append('list', 'secret-3', { ttlMs: 1_000 }))
      scene.clock.advance(1_000)
      expectTrue((await scene.logText()).includes('secret-1'), 'until swept the log has it')
      await scene.committed([expire('k'), expire('list')])
      const log = await scene.logText()
      for (const secret of ['secret-1', 'secret-2', 'secret-3']) expectTrue(!log.includes(secret), `${secret} is gone`)
      expectTrue(log.includes('kept'), 'another entry of the same commit keeps its value')
      const kinds = [
        [1, ['erased', 'entry-write']],
        [2, ['erased']],
        [3, ['erased']],
        [4, ['entry-expire', 'entry-expire']],
      ] as const
      expectEqual(await feed(scene, 0), kinds, 'a follower sees that it happened')
      const [first] = await scene.log()
      expectEqual(
        [first?.actor, first?.rows[0]?.hash],
        [bob, null],
        'who committed stays, the hash of the content goes',
      )
    },
    7,
  ),
  sceneCase(
    'a write over an unswept expired value sweeps it in the same commit',
    async (scene) => {
      for (const over of [write('k', 'new'), merge('k', { a: 1 }), append('k', 1), increment('k', 1)]) {
        await scene.committed(write('k', 'secret', { ttlMs: 1_000 }))
        scene.clock.advance(1_000)
        await scene.committed({ ...over, ttlMs: 1_000 } as typeof over)
        expectTrue(!(await scene.logText()).includes('secret'), `after ${over.kind} the log has only the new value`)
        scene.clock.advance(1_000)
        await scene.committed(expire('k'))
      }
    },
    7,
  ),
  sceneCase('history shows an expired value until it is swept', async (scene) => {
    await scene.committed(write('k', 'one', { ttlMs: 1_000 }))
    scene.clock.advance(1_000)
    const before = [['write', 'one']] as const
    expectEqual(await past(scene, 'k'), before, 'unswept')
    await scene.committed(expire('k'))
    const swept = [
      ['expire', null],
      ['erased', null],
    ] as const
    expectEqual(await past(scene, 'k'), swept, 'swept')
    await scene.committed(write('k', 'two'))
    expectEqual(await past(scene, 'k'), [['write', 'two'], ...swept], 'and written again')
    const at = (seq: Seq) => scene.storage.entries.at(scene.access, home, 'k', seq)
    expectEqual([(await at(1))?.event, (await at(2))?.event, (await at(3))?.value], ['erased', 'expire', 'two'], 'then')
  }),
  sceneCase('due names what has expired, entries and turns, and forgets what was dealt with', async (scene) => {
    const { storage, access } = scene
    await scene.committed([write('k', 1, { ttlMs: 1_000 }), write('later', 1, { ttlMs: 90_000 }), take('job', 10)])
    const open = { kind: 'turn-open', threadId: 't', createThread: true, leaseMs: 1_000 } as const
    const { turnId, leaseToken } = await scene.did('turn-open', open)
    expectEqual(
      await storage.due(access, 10),
      { entries: [], facts: [], runs: [], records: [], steps: [], proposals: [], leases: [], turns: [], logs: [] },
      'nothing is due yet',
    )
    scene.clock.advance(1_000)
    const due = await storage.due(access, 10)
    expectEqual(due.entries, [{ space: home, key: 'k', version: 1 }], 'entries')
    expectEqual(
      due.turns.map(({ space, turn }) => [space, turn.turnId, turn.threadId, turn.lease.token]),
      [[home, turnId, 't', leaseToken]],
      'turns',
    )
    await scene.committed([expire('k'), { kind: 'turn-close', threadId: 't', turnId, status: 'interrupted' }])
    expectEqual(
      await storage.due(access, 10),
      { entries: [], facts: [], runs: [], records: [], steps: [], proposals: [], leases: [], turns: [], logs: [] },
      'all is done',
    )
  }),
  sceneCase('due names spaces whose log has rows older than they keep', async (scene) => {
    const { storage, access } = scene
    await scene.committed([write('k', 1), configure({ logDays: 2 })])
    await scene.committed(write('k', 2))
    scene.clock.advance(3 * 86_400_000)
    await scene.committed(write('k', 3))
    const { logs } = await storage.due(access, 10)
    expectEqual(logs, [{ space: home, below: 2 }], 'logs')
    await storage.compact(access, home, 2)
    expectEqual((await storage.due(access, 10)).logs, [], 'after compaction')
  }),
]

export const expiryCases: readonly StorageCase[] = [...deadlines, ...invisible, ...sweeping]
