/** Cases of pruning: which entries are pruned when a space is full. */
import type { PastEvent } from '../../domain/replay/history.ts'
import { expectEqual, expectTrue } from './assert.ts'
import { append, configure, increment, merge, release, remove, take, write } from './changes.ts'
import type { StorageCase } from './contract-case.ts'
import { home, type Scene, sceneCase } from './scene.ts'

async function fill(scene: Scene, limit: number, keys: readonly string[]): Promise<void> {
  await scene.committed(configure({ entriesPerSpace: limit }))
  for (const key of keys) await scene.committed(write(key, key))
}

async function pruned(scene: Scene, key: string): Promise<readonly string[]> {
  return (await scene.did('entry-write', write(key, key))).pruned
}

export const pruningCases: readonly StorageCase[] = [
  sceneCase('a new key prunes the least recently written, whatever was read or created first', async (scene) => {
    await fill(scene, 3, ['a', 'b', 'c'])
    await scene.committed(write('a', 'again'))
    await scene.entry('b')
    expectEqual(await pruned(scene, 'd'), ['b'], 'the answer names what gave way')
    expectEqual(await scene.keys(), ['a', 'c', 'd'], 'keys')
    expectEqual(await scene.entry('b'), null, 'the pruned entry')
    expectEqual((await scene.state())?.entries, 3, 'the counter')
    await scene.committed([merge('m', {}), append('l', 1)])
    expectEqual(await scene.keys(), ['d', 'l', 'm'], 'merges and appends make room as well')
    expectEqual((await scene.did('entry-increment', increment('i', 1))).pruned, ['d'], 'and increments')
  }),
  sceneCase('writing a key that is there prunes nothing', async (scene) => {
    await fill(scene, 2, ['a', 'b'])
    for (const change of [write('a', 1), increment('a', 1)]) {
      const { results } = await scene.committed(change)
      expectEqual('pruned' in (results[0] ?? {}) && results[0], { ...results[0], pruned: [] }, 'the answer')
    }
    expectEqual(await scene.keys(), ['a', 'b'], 'keys')
  }),
  sceneCase('a key pruned is in the log and in its own history', async (scene) => {
    await fill(scene, 1, ['a'])
    await scene.committed(write('b', 1))
    expectTrue((await scene.logText()).includes('"pruned":[{"key":"a","version":2}]'), 'the log names key and version')
    const history = await scene.storage.entries.history(scene.access, home, 'a', 10)
    const events = history.map((one): readonly [number, PastEvent, unknown] => [one.version, one.event, one.value])
    expectEqual(
      events,
      [
        [3, 'prune', null],
        [2, 'write', 'a'],
      ],
      'the history of the pruned key',
    )
    await scene.conflict(write('c', 1), { expect: [{ version: 2, of: { entry: 'a' } }] })
  }),
  sceneCase('pruning never takes a key of the same commit', async (scene) => {
    await fill(scene, 3, ['a', 'b', 'c'])
    const { results } = await scene.committed([write('d', 1), write('a', 1), write('e', 1)])
    const gone = results.flatMap((result) => ('pruned' in result ? result.pruned : []))
    expectEqual(
      [gone, await scene.keys()],
      [
        ['b', 'c'],
        ['a', 'd', 'e'],
      ],
      'what gave way, and what is there',
    )
    await scene.refused('limit-exceeded', [write('w', 1), write('x', 1), write('y', 1), write('z', 1)])
    expectEqual(await scene.keys(), ['a', 'd', 'e'], 'a commit larger than the space stores nothing')
  }),
  sceneCase('pruning never takes a key under a lease', async (scene) => {
    await fill(scene, 2, ['a', 'b'])
    const { token } = await scene.did('lease-take', take('entry/a', 10_000))
    expectEqual(await pruned(scene, 'c'), ['b'], 'the leased key stays')
    expectEqual(await pruned(scene, 'd'), ['c'], 'and stays')
    await scene.committed(take('entry/d', 10_000))
    await scene.refused('limit-exceeded', write('e', 1))
    await scene.committed(release('entry/a', token))
    expectEqual(await pruned(scene, 'e'), ['a'], 'released, it gives way')
    scene.clock.advance(10_000)
    expectEqual(await pruned(scene, 'f'), ['d'], 'and so it does when the lease is over')
  }),
  sceneCase('pruning takes expired keys first, without naming them, and sweeps them', async (scene) => {
    await scene.committed(configure({ entriesPerSpace: 3 }))
    await scene.committed(write('old', 1))
    await scene.committed([write('s1', 'secret-1', { ttlMs: 1_000 }), write('s2', 'secret-2', { ttlMs: 1_000 })])
    scene.clock.advance(1_000)
    expectEqual(await pruned(scene, 'new'), [], 'no living key gave way')
    expectEqual(await scene.keys(), ['new', 'old'], 'keys')
    expectTrue(!(await scene.logText()).includes('secret'), 'expired values left the log')
    expectEqual((await scene.state())?.entries, 2, 'the counter')
    const [last] = await scene.storage.entries.history(scene.access, home, 's1', 1)
    expectEqual([last?.event, last?.version], ['expire', 4], 'the history of an expired key')
  }),
  sceneCase('a deletion in the same commit makes room', async (scene) => {
    await fill(scene, 2, ['a', 'b'])
    const { results } = await scene.committed([remove('b'), write('c', 1)])
    expectEqual(results[1] && 'pruned' in results[1] && results[1].pruned, [], 'nothing was pruned')
    expectEqual(await scene.keys(), ['a', 'c'], 'keys')
  }),
  sceneCase('a lowered limit holds from the next new key on', async (scene) => {
    await fill(scene, 5, ['a', 'b', 'c', 'd', 'e'])
    await scene.committed(configure({ entriesPerSpace: 2 }))
    expectEqual((await scene.keys()).length, 5, 'configuring deletes nothing')
    expectEqual(await pruned(scene, 'f'), ['a', 'b', 'c', 'd'], 'oldest first')
    expectEqual(await scene.keys(), ['e', 'f'], 'keys')
  }),
  sceneCase('keys that were pruned, deleted or expired count no more', async (scene) => {
    await fill(scene, 100, [])
    for (let index = 0; index < 130; index++) await scene.committed(write(`k${String(index).padStart(3, '0')}`, index))
    const keys = await scene.keys()
    expectEqual([keys.length, keys[0], keys.at(-1)], [100, 'k030', 'k129'], 'a hundred keys, the last ones')
    expectEqual((await scene.state())?.entries, 100, 'the counter')
  }),
]
