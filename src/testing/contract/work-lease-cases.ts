/** Cases of the leases of workflows' runs: who may put the run and its steps, and how the run ends. */
import type { Change } from '../../domain/commit/commit.ts'
import { runLease } from '../../domain/records/lease.ts'
import { endedRunStatuses, keepsContinuation } from '../../domain/records/run.ts'
import { expectEqual, expectTrue } from './assert.ts'
import { beginWork, endWork, putRun, release, take, waitWork, write } from './changes.ts'
import { bob, type StorageCase, worker } from './contract-case.ts'
import { home, type Scene, sceneCase } from './scene.ts'
import { begun, type Leased, leaseMs, park, statusOf, taken, workflow, workStands } from './work-scene.ts'

/** Every change that needs the lease. */
const writes = (run: Leased): readonly Change[] => [
  putRun(null, { ...run, details: { late: true } }),
  putRun(null, { ...run, status: 'complete' }),
  beginWork({ ...run, path: '1' }),
  endWork({ ...run, path: '0' }),
  waitWork({ ...run, path: '0' }),
]

async function refusedAll(scene: Scene, run: Leased): Promise<void> {
  for (const change of writes(run)) {
    const { details } = await scene.refused('conflict', change)
    expectEqual(details, { runId: run.runId, reason: 'lease-lost' }, `what a stopped owner is told: ${change.kind}`)
  }
}

const taking: readonly StorageCase[] = [
  sceneCase('a stopped owner writes nothing after another one took its run over', async (scene) => {
    const first = await begun(scene)
    await scene.committed(beginWork({ ...first, path: '0' }))
    const { runId } = first
    const again = putRun(null, { runId, leaseMs })
    const { details, retryable } = await scene.refused('conflict', again)
    expectEqual([details.name, retryable], [runLease(runId), true], 'while it is held')
    scene.clock.advance(leaseMs)
    // Until somebody takes it, who held it may go on.
    await scene.committed(endWork({ ...first, path: '2' }))
    const second = await taken(scene, first)
    expectTrue(second.token > first.token, 'a later take has a higher token')
    await refusedAll(scene, first)
    await scene.committed(endWork({ ...second, path: '0' }))
    expectEqual(
      await scene.storage.renewLease(scene.access, home, { ...first, name: runLease(runId), leaseMs }),
      false,
      'a renewal',
    )
  }),
  sceneCase(
    'a lease is stolen, taken again by its holder, and released with every status but running',
    async (scene) => {
      const first = await begun(scene)
      const own = await taken(scene, first, { token: first.token })
      await scene.committed(beginWork({ ...own, path: '0' }))
      await refusedAll(scene, first)
      const stolen = await taken(scene, own, { steal: true })
      await refusedAll(scene, own)
      await scene.committed(putRun(null, { ...stolen, details: { a: 1 } }))
      await scene.committed(endWork({ ...stolen, path: '0' }))
      let held = stolen
      for (const status of ['suspended', 'pending', 'failed', 'complete', 'aborted'] as const) {
        await scene.committed(park(held, status))
        expectEqual(await statusOf(scene, first), status, 'let go')
        await refusedAll(scene, held)
        held = await taken(scene, first)
        expectEqual(await statusOf(scene, first), 'running', 'a take without a status')
      }
      const cancelled = await scene.did(
        'run-put',
        putRun(null, { runId: first.runId, leaseMs, steal: true, status: 'aborted' }),
      )
      expectEqual(
        [cancelled.token, await statusOf(scene, first)],
        [undefined, 'aborted'],
        'cancelled by another process',
      )
      await taken(scene, first)
    },
  ),
  sceneCase('a workflow that runs has a lease, and no other run has one', async (scene) => {
    await scene.refused('invalid-input', putRun('a', { runKind: 'workflow' }))
    const pending = await scene.did('run-put', putRun('a', { runKind: 'workflow', status: 'pending' }))
    expectEqual(pending.token, undefined, 'one that waits')
    const { runId } = await scene.did('run-put', putRun('bot'))
    for (const wrong of [{ leaseMs }, { token: 1 }, { leaseMs, steal: true }, { status: 'pending' }] as const) {
      await scene.refused('invalid-input', putRun(null, { runId, ...wrong }))
      await scene.refused('invalid-input', putRun('other', wrong))
    }
    await scene.refused('conflict', putRun(null, { runId: pending.runId, status: 'aborted' }))
    await scene.refused('invalid-input', putRun(null, { runId: pending.runId, steal: true, token: 1 }))
    await scene.refused('conflict', putRun(null, { runId: pending.runId, leaseMs }), { actor: bob })
    const name = runLease(runId)
    await scene.refused('invalid-input', take(name, 1_000))
    await scene.refused('invalid-input', release(name, 1))
    await scene.committed(take('runs/a', 1_000))
  }),
  sceneCase('a put takes and proves a lease in the commit of its steps', async (scene) => {
    const first = await begun(scene)
    const { runId } = first
    const path = { runId, path: '0' }
    await scene.refused('conflict', beginWork(path))
    await scene.committed([putRun(null, { ...first, leaseMs }), beginWork(path), endWork({ runId, path: '1' })])
    const second = await taken(scene, first, { steal: true })
    const ending = putRun(null, { ...second, status: 'complete' })
    await scene.refused('conflict', [beginWork({ ...second, path: '2' }), ending, endWork({ ...second, path: '0' })])
    await scene.refused('conflict', [
      putRun(null, { ...second, status: 'complete' }),
      endWork({ ...second, path: '0' }),
    ])
    await scene.committed([endWork({ ...second, path: '0' }), putRun(null, { ...second, status: 'complete' })])
    expectEqual(
      [await statusOf(scene, first), await workStands(scene, first, '0')],
      ['complete', 'settled complete 1'],
      'its end',
    )
  }),
  sceneCase('a lease holds over a compaction, and leaves nothing of itself in the log', async (scene) => {
    const run = await begun(scene)
    await scene.committed(beginWork({ ...run, path: '0' }))
    await scene.committed(write('k', 1))
    await scene.storage.compact(scene.access, home, 2)
    expectTrue(!(await scene.logText()).includes(runLease(run.runId)), 'the log')
    await scene.committed(endWork({ ...run, path: '0' }))
    scene.clock.advance(leaseMs)
    expectEqual((await scene.storage.due(scene.access, 10)).leases, [{ space: home, ...run }], 'what is due')
    await scene.committed({ kind: 'run-interrupt', runId: run.runId }, { actor: worker })
    await refusedAll(scene, run)
  }),
]

const ends: readonly StorageCase[] = [
  sceneCase('a workflow is kept until it has ended, however long that takes, and then as other runs', async (scene) => {
    const run = await begun(scene, 'a')
    const expiry = async () => (await scene.run(run.runId))?.expiresAt
    expectEqual(await expiry(), null, 'while it runs')
    scene.clock.advance(2 * scene.limits.runTtlMs)
    for (const status of ['suspended', 'pending'] as const) {
      await scene.committed(park(await taken(scene, run), status))
      expectEqual(await expiry(), null, `while it is ${status}`)
      scene.clock.advance(2 * scene.limits.runTtlMs)
    }
    await scene.committed(park(await taken(scene, run), 'failed'))
    scene.clock.advance(scene.limits.runTtlMs - 1)
    const again = await taken(scene, run)
    expectEqual([await expiry(), (await scene.run(run.runId))?.endedAt], [null, null], 'once it was started again')
    await scene.committed(park(again, 'complete'))
    scene.clock.advance(scene.limits.runTtlMs)
    expectEqual(await scene.run(run.runId), null, 'past its time')
  }),
  ...endedRunStatuses.map((status) =>
    sceneCase(`what a workflow needs to go on is kept as its end says: ${status}`, async (scene) => {
      const run = await begun(scene, 'a', { continuation: { at: 'secret-1' } })
      await scene.committed(park(run, status))
      const keeps = keepsContinuation('workflow', status)
      expectEqual(keeps, status === 'failed' || status === 'interrupted', 'which keep it')
      expectEqual((await scene.run(run.runId))?.continuation, keeps ? { at: 'secret-1' } : null, 'the run')
      expectEqual((await scene.logText()).includes('secret-1'), keeps, 'the log')
      const again = await taken(scene, run)
      expectEqual((await scene.run(run.runId))?.continuation, keeps ? { at: 'secret-1' } : null, 'started again')
      await scene.committed(park(again, 'complete'))
      expectTrue(!(await scene.logText()).includes('secret-1'), 'the log, once it is complete')
    }),
  ),
  sceneCase('runs of agents and of workflows that wait are found apart, by status', async (scene) => {
    const suspended = { status: 'suspended' } as const
    await scene.committed([putRun('agent', suspended), putRun('flow', { ...suspended, runKind: 'workflow' })])
    scene.clock.advance(1)
    const later = await begun(scene, 'later')
    await scene.committed(park(later, 'pending'))
    await begun(scene, 'running')
    const waiting = async (
      kind: 'agent' | 'workflow',
      statuses: readonly ('suspended' | 'pending' | 'interrupted')[],
    ) => {
      const query = { kind, statuses, names: ['bot'], after: null, limit: 10 }
      return (await scene.storage.runs.waiting(scene.access, query)).map(({ run }) => run.id.split('_')[2])
    }
    const all = ['suspended', 'interrupted', 'pending'] as const
    expectEqual(
      [await waiting('agent', all), await waiting('workflow', all)],
      [['agent'], ['flow', 'later']],
      'by kind',
    )
    expectEqual([await waiting('workflow', ['pending']), await waiting('workflow', [])], [['later'], []], 'by status')
    expectEqual(await waiting('workflow', ['suspended', 'suspended']), ['flow'], 'a status given twice')
  }),
  sceneCase('a workflow is of the actor that began it', async (scene) => {
    const run = await begun(scene)
    for (const change of writes(run)) await scene.refused('conflict', change, { actor: bob })
    await scene.refused('conflict', putRun(null, { runId: run.runId, leaseMs, steal: true }), { actor: bob })
    await scene.refused('not-found', beginWork({ runId: `${run.runId}x`, token: 1, path: '0' }))
    await scene.committed(putRun('other', workflow), { actor: bob })
  }),
]

export const workLeaseCases: readonly StorageCase[] = [...taking, ...ends]
