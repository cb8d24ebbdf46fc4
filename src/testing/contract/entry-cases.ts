/** Cases of entries: merges inside the commit, types, limits, listing. */
import { spaceId } from '../../domain/space.ts'
import { expectEqual, expectTrue } from './assert.ts'
import { append, increment, merge, remove, write } from './changes.ts'
import type { StorageCase } from './contract-case.ts'
import { home, type Scene, sceneCase } from './scene.ts'

const merging: readonly StorageCase[] = [
  sceneCase('merge is deep: objects recurse, arrays and scalars replace, null deletes', async (scene) => {
    await scene.committed(write('k', { a: { b: 1, c: [1, 2] }, d: 'x', e: { f: 1 } }))
    const patch = { a: { c: [3], g: { h: null, i: 1 } }, d: null, e: 'flat', new: { x: 1 } }
    const expected = { a: { b: 1, c: [3], g: { i: 1 } }, e: 'flat', new: { x: 1 } }
    expectEqual((await scene.did('entry-merge', merge('k', patch))).value, expected, 'the answer')
    expectEqual(await scene.value('k'), expected, 'what is stored')
  }),
  sceneCase('merge, append and increment begin where nothing is', async (scene) => {
    await scene.committed([merge('m', { a: { b: null } }), append('a', 1), increment('i', -2)])
    expectEqual(
      [await scene.value('m'), await scene.value('a'), await scene.value('i')],
      [{ a: {} }, [1], -2],
      'the values',
    )
  }),
  sceneCase('a deleted entry is no base for a merge', async (scene) => {
    await scene.committed(write('m', { a: 1 }))
    await scene.committed(remove('m'))
    expectEqual((await scene.did('entry-merge', merge('m', { b: 2 }))).value, { b: 2 }, 'the value')
    const entry = await scene.entry('m')
    expectEqual(entry?.createdAt, entry?.updatedAt, 'it is a new entry')
  }),
  sceneCase(
    'parallel merges, appends and increments all survive',
    async (scene) => {
      const each = Array.from({ length: 30 }, (_, index) => index)
      await Promise.all(each.map((index) => scene.committed(merge('m', { [`k${index}`]: index }))))
      await Promise.all(each.map((index) => scene.committed(append('a', index))))
      await Promise.all(each.map((index) => scene.committed(increment('i', index))))
      expectEqual(Object.keys((await scene.value('m')) as object).length, 30, 'merged keys')
      expectEqual(
        ((await scene.value('a')) as number[]).toSorted((a, b) => a - b),
        each,
        'appended items',
      )
      expectEqual(await scene.value('i'), 435, 'the sum')
    },
    2,
  ),
  sceneCase(
    'what does not fit the value is refused by name',
    async (scene) => {
      await scene.committed([write('text', 'words'), write('list', [1]), write('object', {}), write('null', null)])
      await scene.committed(write('big', Number.MAX_VALUE))
      const bad = [merge('text', { a: 1 }), merge('list', { a: 1 }), merge('null', { a: 1 }), append('object', 1)]
      const worse = [append('null', 1), increment('text', 1), increment('null', 1), increment('big', Number.MAX_VALUE)]
      for (const change of [...bad, ...worse]) {
        const error = await scene.refused('invalid-input', change)
        expectTrue(
          'field' in error.details && 'rule' in error.details && 'got' in error.details,
          'what the error names',
        )
      }
    },
    11,
  ),
  sceneCase('null, false, 0 and empty values are values', async (scene) => {
    const values = [null, false, 0, '', [], {}] as const
    await scene.committed(values.map((value, index) => write(`k${index}`, value)))
    for (const [index, value] of values.entries()) expectEqual(await scene.value(`k${index}`), value, `value ${index}`)
    expectEqual((await scene.keys()).length, 6, 'keys')
  }),
  sceneCase('values come back as they went in, whatever their characters', async (scene) => {
    const value = { 'k"\\ ': 'ü 😀 \u2028 \u0007 \\ " \n', constructor: { prototype: 1 }, nested: [[[{ a: [null] }]]] }
    await scene.committed(write('a/b c:😀', value))
    expectEqual(await scene.value('a/b c:😀'), value, 'the value')
  }),
  sceneCase(
    'changing a value after the commit does not change what is stored',
    async (scene) => {
      const value = { list: [1] }
      const metadata = { tags: ['a'] }
      await scene.committed([write('k', value), { kind: 'thread-put', threadId: 't', metadata }])
      value.list.push(2)
      metadata.tags.push('b')
      expectEqual(await scene.value('k'), { list: [1] }, 'the value')
      expectEqual((await scene.thread('t'))?.metadata, { tags: ['a'] }, 'the metadata')
    },
    4,
  ),
]

async function listed(scene: Scene, prefix: string, after: string | null, limit: number) {
  const page = await scene.storage.entries.list(scene.access, home, { prefix, after, limit })
  return { keys: page.items.map((entry) => entry.key), more: page.more, asOf: page.asOf }
}

const listing: readonly StorageCase[] = [
  sceneCase('entries are listed by key, in pages of every size', async (scene) => {
    const keys = ['a', 'a/1', 'a/2', 'ab', 'b', 'é', '漢']
    await scene.committed(keys.toReversed().map((key) => write(key, key)))
    expectEqual(await listed(scene, '', null, 7), { keys, more: false, asOf: 1 }, 'all in one page')
    for (let size = 1; size < 7; size++) {
      const all: string[] = []
      for (let after: string | null = null; ; ) {
        const page = await listed(scene, '', after, size)
        all.push(...page.keys)
        expectEqual(page.more, all.length < 7, 'whether more follows')
        if (!page.more) break
        after = page.keys.at(-1) ?? null
      }
      expectEqual(all, keys, `pages of ${size}`)
    }
  }),
  sceneCase('a prefix is taken literally', async (scene) => {
    const keys = ['a', 'a/1', 'a%', 'a_', 'ab', 'b', 'A']
    await scene.committed(keys.map((key) => write(key, 1)))
    expectEqual(await scene.keys(home, 'a'), ['a', 'a%', 'a/1', 'a_', 'ab'], 'under a')
    expectEqual(await scene.keys(home, 'a%'), ['a%'], 'under a%')
    expectEqual(await scene.keys(home, 'a_'), ['a_'], 'under a_')
    expectEqual(await scene.keys(home, 'c'), [], 'under c')
  }),
  sceneCase('keys beyond the first plane are listed, by code point', async (scene) => {
    const keys = ['a', 'a\uff5e', 'a😀', 'a\u{10ffff}b']
    await scene.committed(keys.map((key) => write(key, 1)))
    expectEqual(await scene.keys(home, 'a'), keys, 'under a')
  }),
  sceneCase(
    'a list shows neither deleted keys nor those of another space',
    async (scene) => {
      await scene.committed([write('a', 1), write('b', 1)])
      await scene.committed(remove('a'))
      await scene.committed([write('c', 1)], { space: spaceId('team', 'acme-corp') })
      await scene.committed([write('d', 1)], { space: `${home}/agent/x` as typeof home })
      expectEqual(await scene.keys(), ['b'], 'keys')
      expectEqual((await scene.state())?.entries, 1, 'the counter')
    },
    3,
  ),
  sceneCase('a space that is not there reads as empty', async (scene) => {
    const { storage, access } = scene
    expectEqual(await storage.entries.get(access, home, 'k'), { record: null, asOf: 0 }, 'get')
    expectEqual(await listed(scene, '', null, 5), { keys: [], more: false, asOf: 0 }, 'list')
    expectEqual(await storage.entries.history(access, home, 'k', 5), [], 'history')
    expectEqual(await storage.entries.at(access, home, 'k', 0), null, 'at')
    expectEqual(
      await storage.log.read(access, home, { after: 0, limit: 5 }),
      { items: [], asOf: 0, key: null, more: false },
      'log',
    )
    expectEqual((await scene.threads()).items, [], 'threads')
    expectEqual((await scene.page('t')).items, [], 'messages')
    expectEqual((await storage.blocks.list(access, home, null)).items, [], 'blocks')
    expectEqual(await storage.messages.openTurns(access, home, 't'), [], 'open turns')
    expectEqual(await storage.compact(access, home, 5), { rowsRemoved: 0 }, 'compaction')
    expectEqual(await storage.renewLease(access, home, { name: 'l', token: 1, leaseMs: 1 }), false, 'renewal')
  }),
]

const limits: readonly StorageCase[] = [
  sceneCase(
    'a value over its limit is refused, whichever change makes it so',
    async (scene) => {
      const tight = { limits: { entryBytes: 10 } }
      await scene.committed([write('m', { a: 1 }), write('a', [1])])
      for (const change of [write('k', 'x'.repeat(9)), merge('m', { b: 'xxxx' }), append('a', 'xxxxx')]) {
        const error = await scene.refused('limit-exceeded', change, tight)
        expectTrue('limit' in error.details && 'size' in error.details, 'the error names limit and size')
      }
      await scene.committed(write('k', 'x'.repeat(8)), tight)
      await scene.refused('limit-exceeded', write('k', 'üüüüü'), tight)
    },
    11,
  ),
  sceneCase(
    'more changes than a commit may hold are refused',
    async (scene) => {
      const changes = [write('a', 1), write('b', 1), write('c', 1)]
      await scene.refused('limit-exceeded', changes, { limits: { changesPerCommit: 2 } })
      await scene.committed(changes, { limits: { changesPerCommit: 3 } })
    },
    11,
  ),
]

export const entryCases: readonly StorageCase[] = [...merging, ...listing, ...limits]
