/** Cases of tombstones: what deleted, discarded and forgotten messages leave, how long, and what they do not. */
import type { Change } from '../../domain/commit/commit.ts'
import type { SpaceId } from '../../domain/id.ts'
import { defaultLimits } from '../../domain/limits.ts'
import { spaceId } from '../../domain/space.ts'
import { expectEqual, expectTrue } from './assert.ts'
import { closeTurn, deleteMessages, deleteThread, discardTurn, message, openTurn, say, step, write } from './changes.ts'
import type { StorageCase } from './contract-case.ts'
import { home, type Scene, sceneCase } from './scene.ts'

const dayMs = 86_400_000
const other = spaceId('resource', 'other')
const named = (id: string) => message(`words of ${id}`, { id })

/** Those of some ids that have a tombstone. */
function deleted(scene: Scene, ids: readonly string[], threadId = 't', space: SpaceId = home) {
  return scene.storage.messages.deletedIds(scene.access, space, threadId, ids)
}

export const tombstoneCases: readonly StorageCase[] = [
  sceneCase(
    'a deleted, discarded or forgotten message leaves a tombstone of its id, and of nothing else',
    async (scene) => {
      const all = ['deleted', 'forgotten', 'kept', 'discarded', 'near', 'words of deleted']
      await scene.committed(say('t', named('deleted'), named('forgotten'), named('kept')))
      await scene.committed(say('other', named('deleted'), named('near')))
      expectEqual(await deleted(scene, all), [], 'before')
      await scene.committed(deleteMessages('t', 'deleted'))
      const { turnId } = await scene.did('turn-open', openTurn('t'))
      await scene.committed(step('t', { turnId }, named('discarded')))
      await scene.committed(discardTurn('t', turnId))
      await scene.committed({ kind: 'erase', messageIds: ['forgotten'] })
      expectEqual(await deleted(scene, all), ['deleted', 'forgotten', 'discarded'], 'in the thread')
      expectEqual(await deleted(scene, all, 'other'), [], 'in another thread')
      await scene.committed(say('t', named('deleted')), { space: other })
      expectEqual(await deleted(scene, all, 't', other), [], 'in another space')
      const log = await scene.logText()
      expectTrue(!log.includes('words of forgotten') && !log.includes('words of discarded'), 'no content is left')
      expectTrue(!log.includes('"forgotten"'), 'nor the id')
    },
  ),
  sceneCase('a deleted and a forgotten thread leave tombstones of all their messages', async (scene) => {
    for (const threadId of ['deleted', 'forgotten'])
      await scene.committed(say(threadId, named('a'), 'unnamed', named('b')))
    await scene.committed(deleteMessages('forgotten', 'a'))
    await scene.committed(deleteThread('deleted'))
    await scene.committed({ kind: 'erase', threadIds: ['forgotten'] })
    for (const threadId of ['deleted', 'forgotten']) {
      expectEqual(await deleted(scene, ['a', 'b', 'c'], threadId), ['a', 'b'], threadId)
    }
    await scene.committed(say('forgotten', named('a')))
    expectEqual(await deleted(scene, ['a', 'b'], 'forgotten'), ['a', 'b'], 'a thread of the same id')
  }),
  sceneCase('a message that the commit which creates its space also deletes leaves none', async (scene) => {
    await scene.committed([say('t', named('a')), deleteMessages('t', 'a'), write('key', 1)])
    expectEqual([await scene.texts('t'), await deleted(scene, ['a'])], [[], []], 'nothing was ever shown')
    await scene.committed([say('t', named('b')), deleteMessages('t', 'b')])
    expectEqual(await deleted(scene, ['a', 'b']), ['b'], 'in a space that was there')
  }),
  sceneCase('that messages behind a place are gone is known, however they went', async (scene) => {
    const behind = async (threadId: string, place: 'end' | null = 'end') => {
      const { items } = await scene.page(threadId, {})
      const { turn = 0, index = 0 } = items.at(-1) ?? {}
      const after = place === null || items.length === 0 ? null : { turn, index }
      return scene.storage.messages.deletedBehind(scene.access, home, threadId, after)
    }
    await scene.committed(say('t', 'a', 'b'))
    await scene.committed(say('t', named('c')))
    expectEqual([await behind('t'), await behind('t', null), await behind('no thread')], [null, null, null], 'before')
    await scene.committed(deleteMessages('t', (await scene.messages('t'))[0]?.id ?? ''))
    expectEqual([await behind('t'), await behind('t', null)], [null, 'messages'], 'in front of the place')
    await scene.committed(deleteMessages('t', 'c'))
    expectEqual(await behind('t'), 'messages', 'deleted')
    await scene.committed(say('t', 'd'))
    const { turnId } = await scene.did('turn-open', openTurn('t'))
    await scene.committed(step('t', { turnId }, 'e'))
    await scene.committed(discardTurn('t', turnId))
    expectEqual(await behind('t'), 'messages', 'discarded')
    await scene.committed(say('erased', 'a'))
    await scene.committed(say('erased', named('b')))
    await scene.committed({ kind: 'erase', messageIds: ['b'] })
    expectEqual(await behind('erased'), 'messages', 'forgotten')
    await scene.committed({ kind: 'erase', threadIds: ['erased'] })
    await scene.committed(deleteThread('t'))
    expectEqual([await behind('erased'), await behind('t')], ['thread', 'thread'], 'whole threads')
    await scene.committed(say('t', 'again'))
    expectEqual(await behind('t'), null, 'a thread of the same id')
  }),
  sceneCase('a replaced message leaves no tombstone, and the id of a deleted one may be used again', async (scene) => {
    const { turnId } = await scene.did('turn-open', openTurn('t'))
    await scene.committed([step('t', { turnId }, named('replaced')), closeTurn('t', { turnId })])
    await scene.committed({ kind: 'turn-open', threadId: 't', replaces: [turnId] })
    expectEqual(await deleted(scene, ['replaced']), [], 'replaced')
    await scene.committed(say('t', named('again')))
    await scene.committed(deleteMessages('t', 'again'))
    const { messages } = await scene.did('message-append', say('t', named('again')))
    expectEqual(messages, [{ id: 'again', stored: true }] as never, 'stored again')
    await scene.committed(deleteMessages('t', 'again'))
    expectEqual(await deleted(scene, ['again']), ['again'], 'deleted again')
  }),
  sceneCase('a tombstone stays as long as its limit says, through compaction, and is swept then', async (scene) => {
    const limits = { ...defaultLimits, tombstoneDays: 2 }
    await scene.committed(say('t', named('a'), named('b')))
    await scene.committed(deleteMessages('t', 'a'), { limits })
    await scene.committed(write('k', 1))
    await scene.committed(write('k', 2))
    await scene.storage.compact(scene.access, home, (await scene.seq()) - 1)
    scene.clock.advance(2 * dayMs - 1)
    expectEqual(await deleted(scene, ['a', 'b']), ['a'], 'on the last day')
    scene.clock.advance(1)
    expectEqual(await deleted(scene, ['a', 'b']), [], 'after it')
    const { records } = await scene.storage.due(scene.access, 10)
    expectEqual(records.length, 1, 'due')
    const [due] = records
    await scene.committed({ kind: 'tombstone-expire', key: due?.key } as unknown as Change)
    expectEqual((await scene.storage.due(scene.access, 10)).records, [], 'swept')
    await scene.committed(say('t', named('a')))
    await scene.committed(deleteMessages('t', 'a'), { limits })
    expectEqual(await deleted(scene, ['a']), ['a'], 'deleted again')
  }),
  sceneCase('an erased space leaves no tombstone, and a space of the same id has another secret', async (scene) => {
    const keyOf = async () =>
      (await scene.storage.records.list(scene.access, home, 'tombstone', { prefix: '', after: null, limit: 9 }))
        .items[0]?.key
    await scene.committed(say('t', named('a')))
    await scene.committed(deleteMessages('t', 'a'))
    const before = await keyOf()
    const { records } = await scene.did('erase', { kind: 'erase' })
    expectEqual(records, 0, 'tombstones are not counted')
    expectEqual(await deleted(scene, ['a']), [], 'erased')
    await scene.committed(say('t', named('a')))
    expectEqual(await deleted(scene, ['a']), [], 'made again')
    await scene.committed(deleteMessages('t', 'a'))
    const after = await keyOf()
    expectTrue(before !== undefined && after !== undefined && before !== after, 'the same id has another hash')
  }),
]
