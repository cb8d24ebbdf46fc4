/** Cases of history: versions of entries and blocks, newest first, and the one that was current at a seq. */

import type { Seq } from '../../domain/id.ts'
import type { Json, JsonObject } from '../../domain/json.ts'
import type { PastVersion } from '../../domain/replay/history.ts'
import { expectEqual, expectTrue } from './assert.ts'
import { append, deleteThread, increment, json, merge, mergeBlock, putThread, remove, text, write } from './changes.ts'
import { alice, bob, type StorageCase } from './contract-case.ts'
import { home, type Scene, sceneCase } from './scene.ts'

const short = (versions: readonly PastVersion[]) => versions.map((one) => [one.version, one.event, one.value] as const)

function entryPast(scene: Scene, key: string, limit = 100): Promise<readonly PastVersion[]> {
  return scene.storage.entries.history(scene.access, home, key, limit)
}

function blockPast(scene: Scene, name: string, threadId: string | null = null): Promise<readonly PastVersion[]> {
  return scene.storage.blocks.history(scene.access, home, threadId, name, 100)
}

/** The versions that were current at each seq from 1 to the last, by entries.at or blocks.at. */
async function standing(scene: Scene, at: (seq: Seq) => Promise<PastVersion | null>): Promise<(Seq | null)[]> {
  const found: (Seq | null)[] = []
  for (let seq = 1; seq <= (await scene.seq()); seq++) found.push((await at(seq))?.version ?? null)
  return found
}

const entries: readonly StorageCase[] = [
  sceneCase('the history of an entry has every version, its value, and who made it', async (scene) => {
    await scene.committed(write('k', { a: 1 }))
    await scene.committed(merge('k', { b: [1] }), { actor: bob })
    await scene.committed(write('other', 1))
    await scene.committed(remove('k'))
    await scene.committed(append('k', 'x'))
    await scene.committed(append('k', 'y'))
    await scene.committed(write('k', 5))
    await scene.committed(increment('k', 2))
    const expected = [
      [8, 'increment', 7],
      [7, 'write', 5],
      [6, 'append', ['x', 'y']],
      [5, 'append', ['x']],
      [4, 'delete', null],
      [2, 'merge', { a: 1, b: [1] }],
      [1, 'write', { a: 1 }],
    ] as const
    const history = await entryPast(scene, 'k')
    expectEqual(short(history), expected, 'all versions')
    expectEqual([history[5]?.by, history[6]?.by], [bob, alice], 'who made them')
    for (let limit = 1; limit <= 7; limit++) {
      expectEqual(short(await entryPast(scene, 'k', limit)), expected.slice(0, limit), `the newest ${limit}`)
    }
    const at = (seq: Seq) => scene.storage.entries.at(scene.access, home, 'k', seq)
    expectEqual(await standing(scene, at), [1, 2, 2, 4, 5, 6, 7, 8], 'the version that stood at each seq')
    expectEqual([await at(0), (await at(99))?.version], [null, 8], 'before the beginning, and after the end')
  }),
  sceneCase('a long chain of patches gives every value, also past the whole values kept between', async (scene) => {
    const values: JsonObject[] = []
    let value: JsonObject = {}
    for (let index = 0; index < 60; index++) {
      const patch = { [`k${index % 7}`]: 'x'.repeat(index % 5), n: index }
      value = { ...value, ...patch }
      values.unshift(value)
      await scene.committed(merge('k', patch))
    }
    expectTrue((await scene.logText()).includes('"full"'), 'the log holds whole values between the patches')
    const history = await entryPast(scene, 'k')
    expectEqual(
      history.map((one) => one.value),
      values,
      'every value',
    )
    for (const seq of [1, 2, 17, 40, 59, 60]) {
      const past = await scene.storage.entries.at(scene.access, home, 'k', seq)
      expectEqual(past?.value, values[60 - seq], `the value at ${seq}`)
    }
  }),
  sceneCase('long chains of appends and increments give every value', async (scene) => {
    const list: Json[] = []
    for (let index = 0; index < 40; index++) {
      list.push(index)
      await scene.committed([append('list', index), increment('count', 1)])
    }
    const lists = (await entryPast(scene, 'list')).map((one) => one.value)
    expectEqual([lists.length, lists[0], lists[30]], [40, list, list.slice(0, 10)], 'lists')
    const counts = (await entryPast(scene, 'count', 3)).map((one) => one.value)
    expectEqual(counts, [40, 39, 38], 'counts')
  }),
  sceneCase('the log says what was merged, not only what came out', async (scene) => {
    await scene.committed(write('k', { a: 1, rest: 'x'.repeat(50) }))
    await scene.committed(merge('k', { b: 2 }))
    const [effect] = (await scene.log(1))[0]?.rows[0]?.effects ?? []
    expectTrue(effect?.kind === 'entry-merge', 'the effect')
    expectEqual([effect.patch, effect.prev, effect.full], [{ b: 2 }, 1, undefined], 'patch and replaced version')
  }),
]

const blocks: readonly StorageCase[] = [
  sceneCase('the history of a block has every version and value', async (scene) => {
    await scene.committed(json('plan', { a: 1 }))
    await scene.committed(mergeBlock('plan', { b: { c: 1 } }), { actor: bob })
    await scene.committed(mergeBlock('plan', { b: { c: null, d: 2 } }))
    await scene.committed(json('plan', { z: 1 }))
    const expected = [
      [4, 'write', { z: 1 }],
      [3, 'merge', { a: 1, b: { d: 2 } }],
      [2, 'merge', { a: 1, b: { c: 1 } }],
      [1, 'write', { a: 1 }],
    ] as const
    expectEqual(short(await blockPast(scene, 'plan')), expected, 'all versions')
    const at = (seq: Seq) => scene.storage.blocks.at(scene.access, home, null, 'plan', seq)
    expectEqual(await standing(scene, at), [1, 2, 3, 4], 'the version that stood at each seq')
    expectEqual((await at(2))?.by, bob, 'who made it')
    expectEqual(await blockPast(scene, 'none'), [], 'the history of no block')
    expectEqual(await scene.storage.blocks.at(scene.access, home, null, 'none', 1), null, 'no block then')
  }),
  sceneCase('blocks of one name in the space and in threads have histories of their own', async (scene) => {
    await scene.committed([putThread('t'), text('main', 'space')])
    await scene.committed(text('main', 'thread', 't'))
    await scene.committed([text('main', 'both in space'), text('main', 'both in thread', 't')])
    expectEqual(
      short(await blockPast(scene, 'main')),
      [
        [3, 'write', 'both in space'],
        [1, 'write', 'space'],
      ],
      'the space’s',
    )
    expectEqual(
      short(await blockPast(scene, 'main', 't')),
      [
        [3, 'write', 'both in thread'],
        [2, 'write', 'thread'],
      ],
      'the thread’s',
    )
    await scene.committed(deleteThread('t'))
    expectEqual(await blockPast(scene, 'main', 't'), [], 'of a deleted thread')
  }),
  sceneCase('a long chain of block patches gives every value', async (scene) => {
    const values: JsonObject[] = []
    let value: JsonObject = {}
    for (let index = 0; index < 40; index++) {
      value = { ...value, [`k${index % 5}`]: index }
      values.unshift(value)
      await scene.committed(mergeBlock('plan', { [`k${index % 5}`]: index }))
    }
    expectEqual(
      (await blockPast(scene, 'plan')).map((one) => one.value),
      values,
      'every value',
    )
    const past = await scene.storage.blocks.at(scene.access, home, null, 'plan', 13)
    expectEqual(past?.value, values[40 - 13], 'the value at 13')
  }),
]

export const historyCases: readonly StorageCase[] = [...entries, ...blocks]
