/** Cases of expectations: compare-and-set for every kind of record, and answers with the actual values. */
import { expectEqual, expectTrue } from './assert.ts'
import {
  closeTurn,
  configure,
  deleteThread,
  json,
  mergeBlock,
  openTurn,
  putThread,
  release,
  remove,
  take,
  text,
  write,
} from './changes.ts'
import { bob, type StorageCase } from './contract-case.ts'
import { type Scene, sceneCase } from './scene.ts'

async function actualOf(scene: Scene, expectation: Parameters<Scene['conflict']>[1]['expect']): Promise<unknown> {
  const conflict = await scene.conflict(write('other', 1), {
    ...(expectation === undefined ? {} : { expect: expectation }),
  })
  expectEqual(conflict.reason, 'expectation', 'the reason')
  expectEqual(
    conflict.failed.map((failed) => failed.expectation),
    expectation,
    'the expectations that failed',
  )
  return conflict.failed[0]?.actual
}

export const expectationCases: readonly StorageCase[] = [
  sceneCase(
    'version of an entry: holds, then is refused with the actual version',
    async (scene) => {
      await scene.committed(write('k', 1))
      await scene.committed(write('k', 2), { expect: [{ version: 1, of: { entry: 'k' } }] })
      expectEqual(await actualOf(scene, [{ version: 1, of: { entry: 'k' } }]), 2, 'what stood there')
      expectEqual(await actualOf(scene, [{ version: 1, of: { entry: 'none' } }]), null, 'where nothing stands')
      await scene.committed(remove('k'))
      expectEqual(await actualOf(scene, [{ version: 2, of: { entry: 'k' } }]), null, 'what a deletion leaves')
    },
    2,
  ),
  sceneCase('version of blocks: a thread’s and the space’s are told apart', async (scene) => {
    await scene.committed([putThread('t'), text('main', 'space')])
    await scene.committed(text('main', 'thread', 't'))
    const inSpace = { version: 1, of: { block: 'main' } } as const
    const inThread = { version: 2, of: { block: 'main', threadId: 't' } } as const
    await scene.committed(write('k', 1), { expect: [inSpace, inThread] })
    expectEqual(await actualOf(scene, [{ version: 2, of: { block: 'main' } }]), 1, 'the space’s block')
    expectEqual(await actualOf(scene, [{ version: 1, of: { block: 'main', threadId: 't' } }]), 2, 'the thread’s block')
    await scene.committed(deleteThread('t'))
    expectEqual(await actualOf(scene, [inThread]), null, 'the block of a deleted thread')
  }),
  sceneCase('version of a thread and of the settings', async (scene) => {
    await scene.committed(putThread('t'))
    await scene.committed(configure({ logDays: 3 }))
    await scene.committed(write('k', 1), {
      expect: [
        { version: 1, of: { thread: 't' } },
        { version: 2, of: { settings: true } },
      ],
    })
    expectEqual(await actualOf(scene, [{ version: 9, of: { thread: 't' } }]), 1, 'the thread')
    expectEqual(await actualOf(scene, [{ version: 1, of: { settings: true } }]), 2, 'the settings')
    await scene.committed(deleteThread('t'))
    expectEqual(await actualOf(scene, [{ version: 1, of: { thread: 't' } }]), null, 'a deleted thread')
  }),
  sceneCase(
    'absent: holds for what never was, was deleted or has expired',
    async (scene) => {
      const expect = [{ absent: { entry: 'k' } }]
      await scene.committed(write('k', 1, { ttlMs: 1_000 }), { expect })
      expectEqual(await actualOf(scene, expect), 1, 'the version that stands there')
      scene.clock.advance(1_000)
      await scene.committed(write('k', 2), { expect })
      await scene.committed(remove('k'))
      await scene.committed(write('k', 3), { expect })
      const records = [{ thread: 't' }, { block: 'b' }, { block: 'b', threadId: 't' }] as const
      const noRecord = records.map((absent) => ({ absent }))
      await scene.committed([putThread('t'), json('b', 1), json('b', 1, 't')], { expect: noRecord })
      const { failed } = await scene.conflict(write('other', 1), { expect: noRecord })
      expectEqual(
        failed.map((one) => one.actual),
        [5, 5, 5],
        'every failed expectation is named',
      )
    },
    2,
  ),
  sceneCase('seq: holds only while nothing was committed since', async (scene) => {
    await scene.committed(write('k', 1), { expect: [{ seq: 0 }] })
    await scene.committed(write('k', 2), { expect: [{ seq: 1 }] })
    expectEqual(await actualOf(scene, [{ seq: 1 }]), 2, 'the present seq')
  }),
  sceneCase(
    'lease: holds while the token is the latest take and not released, expired or not',
    async (scene) => {
      const { token } = await scene.did('lease-take', take('job', 1_000))
      const expect = [{ lease: 'job', token }]
      scene.clock.advance(5_000)
      await scene.committed(write('k', 1), { expect })
      const stolen = await scene.did('lease-take', take('job', 1_000), { actor: bob })
      expectEqual(await actualOf(scene, expect), stolen.token, 'the token of who holds it now')
      await scene.committed(release('job', stolen.token), { actor: bob })
      expectEqual(await actualOf(scene, [{ lease: 'job', token: stolen.token }]), null, 'a released lease')
      expectEqual(await actualOf(scene, [{ lease: 'none', token: 1 }]), null, 'a lease nobody took')
    },
    2,
  ),
  sceneCase('lease: a turn’s lease fences the steps of its owner', async (scene) => {
    const { turnId, leaseToken: token } = await scene.did('turn-open', openTurn('t'))
    const expect = [{ lease: `turn/${turnId}`, token }]
    await scene.committed(write('k', 1), { expect })
    await scene.committed(closeTurn('t', { turnId }))
    expectEqual(await actualOf(scene, expect), null, 'the lease of a closed turn')
  }),
  sceneCase('one failed expectation refuses all, and only the failed are named', async (scene) => {
    await scene.committed(write('k', 1))
    const holds = { version: 1, of: { entry: 'k' } } as const
    const fails = { absent: { entry: 'k' } } as const
    const { failed } = await scene.conflict([write('k', 2), mergeBlock('b', { a: 1 })], { expect: [holds, fails] })
    expectEqual(failed, [{ expectation: fails, actual: 1 }], 'what failed')
    expectEqual([await scene.value('k'), await scene.block('b')], [1, undefined], 'nothing was applied')
  }),
  sceneCase(
    'parallel compare-and-sets: exactly one wins',
    async (scene) => {
      await scene.committed(write('k', 0))
      const attempts = Array.from({ length: 10 }, (_, index) =>
        scene.commit(write('k', index + 1), { expect: [{ version: 1, of: { entry: 'k' } }] }),
      )
      const answers = await Promise.all(attempts)
      expectEqual(answers.filter((answer) => answer.status === 'committed').length, 1, 'winners')
      expectTrue(
        answers.every((one) => one.status === 'committed' || one.failed[0]?.actual === 2),
        'losers learn what stands there',
      )
    },
    2,
  ),
]
