/** Cases of the words of entries: found after every change of a value, and no longer than the entry is there. */
import { recordAt } from '../../domain/index/word-segment.ts'
import { analyse } from '../../domain/index/words.ts'
import { expectEqual } from './assert.ts'
import { append, configure, erase, expire, increment, merge, remove, write } from './changes.ts'
import { checkIndex } from './check-index.ts'
import type { StorageCase } from './contract-case.ts'
import { home, type Scene, sceneCase } from './scene.ts'

/** The keys of the entries that have a word. */
async function having(scene: Scene, word: string): Promise<string[]> {
  const [term] = analyse(word, 'english').terms
  const words = await scene.storage.index.entryWords(scene.access, home)
  const records = words.flatMap((segment) => Array.from({ length: segment.count }, (_, row) => recordAt(segment, row)))
  return records.flatMap(({ terms, ref }) => (terms.includes(term ?? -1) ? [ref] : [])).toSorted()
}

const check = (scene: Scene) => checkIndex(scene.storage, scene.access, home)

export const entryWordsCases: readonly StorageCase[] = [
  sceneCase('an entry is found by its key and the words of its present value, however it came to it', async (scene) => {
    expectEqual(await scene.storage.index.entryWords(scene.access, home), [], 'no space, no words')
    await scene.committed([write('plan', { title: 'walrus' }), write('other', 'penguin')])
    expectEqual([await having(scene, 'plan'), await having(scene, 'walrus')], [['plan'], ['plan']], 'written')
    await scene.committed(merge('plan', { title: 'ostrich' }))
    expectEqual([await having(scene, 'walrus'), await having(scene, 'ostrich')], [[], ['plan']], 'merged')
    await scene.committed([append('list', 'badger'), increment('n', 7_431)])
    await check(scene)
    await scene.committed([append('list', 'beaver'), increment('n', 1)])
    expectEqual(await having(scene, 'badger'), ['list'], 'appended to')
    expectEqual([await having(scene, '7431'), await having(scene, '7432')], [[], ['n']], 'incremented')
    await scene.committed(remove('other'))
    expectEqual(await having(scene, 'penguin'), [], 'deleted')
    await scene.committed(write('other', 'penguin again'))
    expectEqual(await having(scene, 'penguin'), ['other'], 'written again')
    await check(scene)
  }),
  sceneCase(
    'the words of many entries are right after each of many changes',
    async (scene) => {
      const all = Array.from({ length: 150 }, (_, i) => write(`key${i}`, `first${i}`))
      await scene.committed(all)
      await check(scene)
      for (let i = 0; i < 150; i += 13) {
        await scene.committed([write(`key${i}`, `second${i}`), remove(`key${i + 1}`), write(`more${i}`, i)])
        await check(scene)
      }
      for (let i = 0; i < 150; i++) await scene.committed(remove(`key${i}`))
      await check(scene)
    },
    4,
  ),
  sceneCase(
    'an expired entry has no words at once, and a pruned one has none',
    async (scene) => {
      await scene.committed([write('short', 'walrus', { ttlMs: 1_000 }), write('long', 'walrus', { ttlMs: 60_000 })])
      await scene.committed(write('ever', 'walrus'))
      expectEqual(await having(scene, 'walrus'), ['ever', 'long', 'short'], 'before')
      scene.clock.advance(1_000)
      expectEqual(await having(scene, 'walrus'), ['ever', 'long'], 'expired')
      scene.clock.advance(-1)
      expectEqual(await having(scene, 'walrus'), ['ever', 'long', 'short'], 'there again by a clock that went back')
      scene.clock.advance(1)
      await scene.committed(expire('short'))
      await scene.committed(write('long', 'walrus', { ttlMs: 500 }))
      scene.clock.advance(500)
      expectEqual(await having(scene, 'walrus'), ['ever'], 'expired earlier than it once should')
      await scene.committed(configure({ entriesPerSpace: 1 }))
      await scene.committed(write('new', 'ostrich'))
      expectEqual([await having(scene, 'walrus'), await having(scene, 'ostrich')], [[], ['new']], 'pruned')
      await check(scene)
    },
    2,
  ),
  sceneCase('an erased entry, a moved horizon and another language leave the words of entries right', async (scene) => {
    await scene.committed([write('a', 'walrus'), write('b', 'walrus')])
    expectEqual(await having(scene, 'walrus'), ['a', 'b'], 'before')
    await scene.committed(erase({ keys: ['a'] }))
    expectEqual(await having(scene, 'walrus'), ['b'], 'erased')
    await scene.committed(write('b', 'the ostriches'))
    await scene.committed(write('c', 1))
    await scene.storage.compact(scene.access, home, await scene.seq())
    await check(scene)
    await scene.committed(configure({ language: 'none' }))
    await check(scene)
    await scene.committed(erase())
    expectEqual(await scene.storage.index.entryWords(scene.access, home), [], 'the space is erased')
    await scene.committed(write('b', 'new'))
    await check(scene)
  }),
]
