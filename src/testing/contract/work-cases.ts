/** Cases of the steps of workflows: beginning, waiting and ending, under the lease of their run. */
import { dayMs, defaultLimits } from '../../domain/limits.ts'
import type { WorkStep } from '../../domain/records/work-step.ts'
import { isoTime, msOf } from '../../domain/time.ts'
import { expectEqual, expectTrue } from './assert.ts'
import { beginWork, endWork, patchStep, putRun, waitWork } from './changes.ts'
import { alice, bob, carol, type StorageCase, worker } from './contract-case.ts'
import { home, sceneCase } from './scene.ts'
import { begun, found, leaseMs, park, statusOf, taken, workflow, workStands } from './work-scene.ts'

const life: readonly StorageCase[] = [
  sceneCase('a step is begun, ends, and begins again only where it failed', async (scene) => {
    const run = await begun(scene)
    const at = (path: string) => ({ ...run, path })
    await scene.committed(beginWork(at('0')))
    const { runId } = run
    const own = { runId, path: '0', stepId: 'step', definition: 'f00d', askedBy: alice, stepKind: 'plain' }
    const times = { askedAt: scene.now(), startedAt: scene.now() }
    expectEqual(await found(scene, run, '0'), { ...own, ...times, status: 'started', attempt: 1 } as WorkStep, 'begun')
    scene.clock.advance(10)
    const error = { name: 'Error', message: 'No.', code: 'E', details: { a: null } }
    await scene.committed(endWork(at('0'), { outcome: 'failed', error }))
    const failed = { status: 'settled', outcome: 'failed', attempt: 1, endedAt: scene.now(), error }
    expectEqual(await found(scene, run, '0'), { ...own, ...times, ...failed } as WorkStep, 'failed')
    await scene.refused('conflict', beginWork(at('0'), 1))
    await scene.committed(beginWork(at('0'), 2))
    expectEqual((await found(scene, run, '0'))?.error, undefined, 'what it failed with')
    const told = await scene.refused('conflict', beginWork(at('0'), 2))
    expectEqual(told.details, { runId, path: '0', attempt: 2 }, 'what a second driver is told')
    const state = { at: 3, fields: { n: 1, none: null } }
    await scene.committed([endWork(at('0'), { output: { a: null }, state }), beginWork(at('1'))])
    const ended = await found(scene, run, '0')
    expectEqual([ended?.output, ended?.state, ended?.attempt], [{ a: null }, state, 2], 'its output')
    await scene.refused('conflict', beginWork(at('0'), 3))
    await scene.refused('conflict', endWork(at('0')))
    await scene.committed(endWork(at('2'), { outcome: 'bailed', output: false }))
    expectEqual(
      [(await found(scene, run, '2'))?.output, await workStands(scene, run, '2')],
      [false, 'settled bailed 0'],
      'a map',
    )
  }),
  sceneCase('a new run, its input and its first steps are one commit', async (scene) => {
    const first = [putRun('a', workflow), putRun('b', workflow), endWork({ begun: 1, path: 'input' }, { output: 7 })]
    const { results } = await scene.committed([
      ...first,
      beginWork({ begun: 0, path: '0' }),
      beginWork({ begun: 1, path: '0' }),
    ])
    const [a, b] = results.map((result) =>
      result.kind === 'run-put' ? { runId: result.runId, token: result.token ?? 0 } : null,
    )
    expectTrue(a != null && b != null, 'two runs begin')
    expectEqual(await workStands(scene, a, '0'), 'started - 1', 'the step of the first')
    expectEqual(
      [(await found(scene, b, 'input'))?.output, await found(scene, a, 'input')],
      [7, null],
      'the input of the other',
    )
    await scene.refused('not-found', [putRun('c', workflow), beginWork({ begun: 1, path: '0' })])
    await scene.refused('invalid-input', [putRun('c', workflow), beginWork({ ...a, begun: 0, path: '1' })])
    await scene.refused('invalid-input', beginWork({ path: '1' }))
    await scene.committed([putRun(null, { ...a, leaseMs }), beginWork({ runId: a.runId, path: '1' })])
  }),
  sceneCase('a suspended step keeps what it was told over a crash after its next beginning', async (scene) => {
    const run = await begun(scene)
    const at = { ...run, path: '0' }
    await scene.refused('not-found', waitWork(at))
    await scene.committed(beginWork(at))
    const about = { payload: { sum: 7, none: null }, resumeSchema: { type: 'object' }, approvers: [bob], label: 'sum' }
    await scene.committed([waitWork(at, about), park(run)])
    const due = isoTime(msOf(scene.now()) + defaultLimits.pendingDays * dayMs)
    const { stepKind, status, expiresAt, payload, label, approvers } = (await found(scene, run, '0')) as WorkStep
    expectEqual([stepKind, status, expiresAt], ['suspension', 'asked', due], 'until when it waits')
    expectEqual(
      { payload, label, approvers },
      { payload: about.payload, label: 'sum', approvers: [bob] },
      'what it says',
    )
    await scene.committed(patchStep(run, '0', 'decided', { decision: { data: false } }), { actor: carol })
    expectEqual((await found(scene, run, '0'))?.decision, { by: carol, at: scene.now(), data: false }, 'the decision')
    const again = await taken(scene, run)
    for (const attempt of [2, 3]) {
      await scene.committed(beginWork({ ...again, path: '0' }, attempt))
      const begunAgain = await found(scene, run, '0')
      expectEqual([begunAgain?.decision?.data, begunAgain?.suspendData], [false, about.payload], 'what it goes on with')
      expectEqual([begunAgain?.payload, begunAgain?.expiresAt], [undefined, undefined], 'what it does not ask any more')
    }
    await scene.committed(waitWork({ ...again, path: '0' }, { payload: 'more' }))
    const next = await found(scene, run, '0')
    expectEqual([next?.decision, next?.suspendData, next?.payload], [undefined, undefined, 'more'], 'the next question')
  }),
  sceneCase('a sleep waits from its beginning until its time, or until somebody wakes it', async (scene) => {
    const run = await begun(scene)
    const at = (path: string) => ({ ...run, path })
    const until = isoTime(scene.clock.now() + 60_000)
    await scene.committed(waitWork(at('early'), { stepKind: 'sleep', until }))
    // Its owner has a clock of its own.
    await scene.committed(endWork(at('early')))
    const sleep = { stepKind: 'sleep', until } as const
    await scene.committed([waitWork(at('0'), sleep), waitWork(at('1'), sleep), waitWork(at('2'), sleep), park(run)])
    expectEqual(
      [(await found(scene, run, '0'))?.expiresAt, await workStands(scene, run, '0')],
      [until, 'asked - 0'],
      'the sleep',
    )
    for (const wrong of [{ ...sleep, payload: 1 }, { stepKind: 'sleep' }, { until }] as const) {
      await scene.refused('conflict', waitWork(at('3'), wrong))
    }
    await scene.committed(patchStep(run, '1', 'decided', { decision: { approved: true } }), { actor: carol })
    expectEqual(await statusOf(scene, run), 'pending', 'the run of a sleep that somebody ended')
    const again = await taken(scene, run)
    const with2 = { ...again, path: '3' }
    await scene.refused('invalid-input', waitWork(with2, { ...sleep, payload: 1 }))
    await scene.refused('invalid-input', waitWork(with2, { stepKind: 'sleep' }))
    await scene.committed([endWork({ ...again, path: '1' }), park(again)])
    scene.clock.advance(60_000)
    await scene.committed(patchStep(run, '2', 'expired'), { actor: worker })
    expectEqual(await statusOf(scene, run), 'pending', 'the run of a sleep that is over')
    const last = await taken(scene, run)
    await scene.committed([endWork({ ...last, path: '0' }), endWork({ ...last, path: '2' })])
    expectEqual(await workStands(scene, run, '0'), 'settled complete 0', 'a sleep that nobody swept')
  }),
]

const leases: readonly StorageCase[] = [
  sceneCase(
    'a workflow whose lease is over is due, and may be interrupted, by the application alone',
    async (scene) => {
      const { storage, access } = scene
      const run = await begun(scene)
      const interrupt = { kind: 'run-interrupt', runId: run.runId } as const
      await scene.refused('conflict', interrupt, { actor: worker })
      scene.clock.advance(leaseMs)
      expectEqual((await storage.due(access, 10)).leases, [{ space: home, ...run }], 'what is due')
      await scene.refused('denied', interrupt)
      const { version } = await scene.did('run-interrupt', interrupt, { actor: worker })
      const { status, version: stored, expiresAt } = (await scene.run(run.runId)) ?? {}
      expectEqual([status, stored, expiresAt], ['pending', version, null], 'the run')
      expectEqual((await storage.due(access, 10)).leases, [], 'once it was interrupted')
      await scene.refused('conflict', interrupt, { actor: worker })
      await scene.refused('not-found', { ...interrupt, runId: `${run.runId}x` }, { actor: worker })
      await scene.refused('conflict', beginWork({ ...run, path: '0' }))
    },
  ),
]

export const workCases: readonly StorageCase[] = [...life, ...leases]
