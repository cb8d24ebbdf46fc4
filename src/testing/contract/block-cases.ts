/** Cases of blocks: working memory of a space or a thread. */
import { expectEqual, expectTrue } from './assert.ts'
import { converting, deleteThread, json, mergeBlock, putThread, say, text } from './changes.ts'
import { alice, bob, type StorageCase } from './contract-case.ts'
import { home, sceneCase } from './scene.ts'

export const blockCases: readonly StorageCase[] = [
  sceneCase('a write answers the value and what it replaced', async (scene) => {
    const first = await scene.did('block-write', text('main', 'one'))
    expectEqual(first, { kind: 'block-write', name: 'main', version: 1, value: 'one', replaced: null }, 'the first')
    const second = await scene.did('block-write', text('main', 'two'), { actor: bob })
    expectEqual([second.version, second.replaced], [2, { version: 1, by: alice }], 'the second')
    const { record, asOf } = await scene.storage.blocks.get(scene.access, home, null, 'main')
    expectEqual([record?.value, record?.updatedBy, record?.format, asOf], ['two', bob, 'text', 2], 'the block')
  }),
  sceneCase(
    'merges are deep and parallel ones all survive',
    async (scene) => {
      await scene.committed(json('plan', { a: { b: 1, list: [1, 2] }, gone: 1 }))
      const patch = { a: { c: 2, list: [3] }, gone: null }
      const merged = await scene.did('block-merge', mergeBlock('plan', patch))
      expectEqual(merged.value, { a: { b: 1, c: 2, list: [3] } }, 'the value')
      const each = Array.from({ length: 20 }, (_, index) => index)
      await Promise.all(each.map((index) => scene.committed(mergeBlock('plan', { [`k${index}`]: index }))))
      expectEqual(Object.keys((await scene.block('plan')) as object).length, 21, 'fields')
    },
    2,
  ),
  sceneCase('a merge makes a block where there is none', async (scene) => {
    const { value, replaced } = await scene.did('block-merge', mergeBlock('plan', { a: 1, b: null }))
    expectEqual([value, replaced], [{ a: 1 }, null], 'the answer')
  }),
  sceneCase('a thread’s blocks and the space’s are different blocks', async (scene) => {
    await scene.committed([putThread('t'), text('main', 'space'), text('main', 'thread', 't')])
    await scene.committed(putThread('u'))
    expectEqual([await scene.block('main'), await scene.block('main', 't')], ['space', 'thread'], 'both')
    expectEqual(await scene.block('main', 'u'), undefined, 'another thread’s')
    await scene.committed(json('main', { a: 1 }, 'u'))
    expectEqual(await scene.block('main', 'u'), { a: 1 }, 'a format of its own')
  }),
  sceneCase('blocks are listed by name, the space’s or one thread’s', async (scene) => {
    await scene.committed([putThread('t'), text('b', '1'), text('a', '1'), text('c', '1', 't'), text('a', '2', 't')])
    const list = async (threadId: string | null) => {
      const page = await scene.storage.blocks.list(scene.access, home, threadId)
      return page.items.map((block) => [block.name, block.value])
    }
    expectEqual(
      await list(null),
      [
        ['a', '1'],
        ['b', '1'],
      ],
      'the space’s',
    )
    expectEqual(
      await list('t'),
      [
        ['a', '2'],
        ['c', '1'],
      ],
      'the thread’s',
    )
    expectEqual(await list('none'), [], 'those of no thread')
  }),
  sceneCase(
    'another format is refused, and the error proposes another name',
    async (scene) => {
      await scene.committed([text('words', 'x'), json('plan', {})])
      for (const change of [json('words', { a: 1 }), mergeBlock('words', { a: 1 }), text('plan', 'x')]) {
        const error = await scene.refused('invalid-input', change)
        expectTrue(/words-json|plan-text/.test(error.fix), 'the fix names a free block')
      }
      await scene.refused('invalid-input', { kind: 'block-write', name: 'new', format: 'text', value: { a: 1 } })
      expectEqual([await scene.block('words'), await scene.block('plan')], ['x', {}], 'nothing changed')
    },
    11,
  ),
  sceneCase('a write that says so converts a block to the other format, and the past keeps both', async (scene) => {
    await scene.did('block-write', text('main', 'one'))
    const converted = await scene.did('block-write', converting(json('main', { a: 1 })))
    expectEqual([converted.value, converted.replaced?.version], [{ a: 1 }, 1], 'the value')
    await scene.did('block-merge', mergeBlock('main', { b: 2 }))
    await scene.refused('invalid-input', text('main', 'two'))
    await scene.did('block-write', converting(text('main', 'two')))
    const { record } = await scene.storage.blocks.get(scene.access, home, null, 'main')
    expectEqual([record?.format, record?.value], ['text', 'two'], 'the block')
    const past = await scene.storage.blocks.history(scene.access, home, null, 'main', 9)
    expectEqual(
      past.map(({ value }) => value),
      ['two', { a: 1, b: 2 }, { a: 1 }, 'one'],
      'the history',
    )
  }),
  sceneCase(
    'a block over its limit is refused',
    async (scene) => {
      await scene.committed(json('plan', { a: 'xxxx' }))
      const tight = { limits: { blockBytes: 14 } }
      await scene.refused('limit-exceeded', mergeBlock('plan', { b: 'x' }), tight)
      await scene.refused('limit-exceeded', text('main', 'x'.repeat(13)), tight)
      await scene.committed(text('main', 'x'.repeat(12)), tight)
    },
    11,
  ),
  sceneCase('blocks need their thread, and go with it', async (scene) => {
    await scene.refused('not-found', text('main', 'x', 't'))
    await scene.committed(say('t', 'hello'))
    await scene.committed([text('main', 'old', 't'), json('plan', { a: 1 }, 't')])
    await scene.committed(deleteThread('t'))
    expectEqual(await scene.block('main', 't'), undefined, 'after the deletion')
    await scene.refused('not-found', text('main', 'x', 't'))
    await scene.committed(putThread('t'))
    expectEqual(await scene.block('main', 't'), undefined, 'in a new thread of that id')
    expectEqual((await scene.storage.blocks.list(scene.access, home, 't')).items, [], 'its list')
    const merged = await scene.did('block-merge', mergeBlock('plan', { b: 2 }, 't'))
    expectEqual([merged.value, merged.replaced], [{ b: 2 }, null], 'a merge begins again')
    expectEqual((await scene.did('block-write', json('main', 1, 't'))).value, 1, 'and so may the format')
  }),
]
