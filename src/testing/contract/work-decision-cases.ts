/** Cases of decisions about steps of workflows: each is heard, and wakes its run. */
import type { Actor } from '../../domain/actor.ts'
import { dayMs, defaultLimits } from '../../domain/limits.ts'
import { expectEqual, expectTrue } from './assert.ts'
import { beginWork, endWork, patchStep, waitWork } from './changes.ts'
import { alice, bob, carol, type StorageCase, worker } from './contract-case.ts'
import { type Scene, sceneCase } from './scene.ts'
import { begun, found, type Leased, park, statusOf, suspended, taken, workStands } from './work-scene.ts'

const yes = { decision: { data: true } } as const
const aDay = { pendingDays: 1 }

const decides = (run: Leased, path: string) => patchStep(run, path, 'decided', yes)

async function versionOf(scene: Scene, { runId }: Leased): Promise<number> {
  return (await scene.run(runId))?.version ?? 0
}

export const workDecisionCases: readonly StorageCase[] = [
  sceneCase('two people who answer two branches at once are both heard', async (scene) => {
    const run = await begun(scene)
    await suspended(scene, run, ['0/a', '0/b'])
    const dave: Actor = { kind: 'user', id: 'dave' }
    await Promise.all([
      scene.committed(decides(run, '0/a'), { actor: carol }),
      scene.committed(decides(run, '0/b'), { actor: dave }),
    ])
    const steps = [await found(scene, run, '0/a'), await found(scene, run, '0/b')]
    expectEqual(
      steps.map((step) => [step?.status, step?.decision?.by]),
      [
        ['decided', carol],
        ['decided', dave],
      ],
      'the steps',
    )
    expectEqual(await statusOf(scene, run), 'pending', 'the run')
    const error = await scene.refused('conflict', decides(run, '0/a'), { actor: dave })
    const { by, at } = steps[0]?.decision ?? {}
    expectEqual(
      error.details,
      { path: '0/a', status: 'decided', decided: { by, at, approved: null } },
      'a second answer',
    )
  }),
  sceneCase('of two who answer one step at once one wins, and the other is told who', async (scene) => {
    const run = await begun(scene)
    await suspended(scene, run, ['0'])
    const both = await Promise.allSettled([
      scene.committed(decides(run, '0'), { actor: carol }),
      scene.committed(decides(run, '0'), { actor: worker }),
    ])
    expectEqual(both.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected'], 'one of them')
  }),
  sceneCase(
    'a decision while the run is worked on moves its version, and the owner does not park it unseen',
    async (scene) => {
      const run = await begun(scene)
      await scene.committed([beginWork({ ...run, path: '0' }), beginWork({ ...run, path: '1' })])
      await scene.committed(waitWork({ ...run, path: '0' }))
      const seen = await versionOf(scene, run)
      await scene.committed(decides(run, '0'), { actor: carol })
      expectTrue((await versionOf(scene, run)) > seen, 'the version of the run')
      expectEqual(await statusOf(scene, run), 'running', 'its status')
      const expect = [{ version: seen, of: { run: run.runId } }]
      await scene.conflict([waitWork({ ...run, path: '1' }), park(run)], { expect })
      await scene.committed([waitWork({ ...run, path: '1' }), beginWork({ ...run, path: '0' }, 2)])
      expectEqual(await workStands(scene, run, '0'), 'started - 2', 'it goes on with the decision')
    },
  ),
  sceneCase('several decisions about one run are one commit, which wakes it once', async (scene) => {
    const run = await begun(scene)
    await suspended(scene, run, ['0', '1'])
    await scene.committed([decides(run, '0'), decides(run, '1')], { actor: carol, id: 'both' })
    expectEqual(
      [await workStands(scene, run, '0'), await workStands(scene, run, '1')],
      ['decided - 1', 'decided - 1'],
      'the steps',
    )
    expectEqual([await statusOf(scene, run), await versionOf(scene, run)], ['pending', await scene.seq()], 'the run')
    const again = await scene.committed([decides(run, '0'), decides(run, '1')], { actor: carol, id: 'both' })
    expectEqual([again.replayed, again.results.length], [true, 2], 'a retry')
  }),
  sceneCase('nobody decides after the time is over, and then nobody ends what was decided', async (scene) => {
    const run = await begun(scene)
    await suspended(scene, run, ['0', '1'], aDay)
    const held = await taken(scene, run)
    await scene.refused('conflict', endWork({ ...held, path: '0' }))
    await scene.committed(decides(run, '1'), { actor: carol })
    scene.clock.advance(dayMs)
    const error = await scene.refused('conflict', decides(run, '0'), { actor: carol })
    expectEqual(error.details.status, 'expired', 'what is told, though nobody swept it')
    await scene.refused('conflict', patchStep(run, '1', 'expired'), { actor: worker })
    await scene.refused('denied', patchStep(run, '0', 'expired'))
    const due = (await scene.storage.due(scene.access, 10)).steps
    expectEqual(
      due.map(({ runId, path }) => [runId, path]),
      [[run.runId, '0']],
      'what is due',
    )
    const over = { name: 'Expired', message: 'Nobody decided.' }
    await scene.committed(endWork({ ...held, path: '0' }, { outcome: 'failed', error: over }))
    expectEqual((await scene.storage.due(scene.access, 10)).steps, [], 'once its owner ended it')
    await scene.committed(beginWork({ ...held, path: '1' }, 2))
  }),
  sceneCase('people and the application decide, a workflow only if it is named, who asks never', async (scene) => {
    const run = await begun(scene)
    const at = (path: string) => ({ ...run, path })
    await scene.committed(['0', '1'].map((path) => beginWork(at(path))))
    await scene.committed([waitWork(at('0'), { approvers: [bob, alice] }), waitWork(at('1')), park(run)])
    const error = await scene.refused('denied', decides(run, '1'), { actor: bob })
    expectEqual(error.details, { path: '1' }, 'details')
    await scene.refused('denied', decides(run, '0'))
    await scene.committed(decides(run, '0'), { actor: bob })
    await scene.committed(patchStep(run, '1', 'decided', { decision: { by: carol, data: 0 } }), { actor: worker })
    expectEqual((await found(scene, run, '1'))?.decision, { by: carol, at: scene.now(), data: 0 }, 'by whom')
  }),
  sceneCase('a decision about a run that has ended is refused, and its time goes by', async (scene) => {
    const run = await begun(scene)
    await suspended(scene, run, ['0'], aDay)
    await scene.committed(park(await taken(scene, run), 'aborted'))
    const version = await versionOf(scene, run)
    const error = await scene.refused('conflict', decides(run, '0'), { actor: carol })
    expectEqual(error.details, { runId: run.runId, status: 'aborted' }, 'details')
    scene.clock.advance(dayMs)
    await scene.committed(patchStep(run, '0', 'expired'), { actor: worker })
    expectEqual([await statusOf(scene, run), await versionOf(scene, run)], ['aborted', version], 'the run')
  }),
  sceneCase('a step of a workflow is only decided about from outside', async (scene) => {
    const run = await begun(scene)
    await suspended(scene, run, ['0'])
    await scene.refused('invalid-input', patchStep(run, '0', 'settled'))
    await scene.refused('invalid-input', patchStep(run, '0', 'decided', { ...yes, input: 1 }), { actor: carol })
    await scene.refused('invalid-input', patchStep(run, '0', 'decided', { decision: {} }), { actor: carol })
    await scene.refused('not-found', decides(run, '1'), { actor: carol })
    scene.clock.advance(defaultLimits.pendingDays * dayMs - 1)
    await scene.committed(decides(run, '0'), { actor: carol })
  }),
]
