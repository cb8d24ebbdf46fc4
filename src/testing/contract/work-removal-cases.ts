/** Cases of the steps of workflows: their limits, and what takes them with it. */
import type { Change } from '../../domain/commit/commit.ts'
import { expectEqual, expectTrue } from './assert.ts'
import {
  beginWork,
  deleteThread,
  endWork,
  erase,
  expireRun,
  patchStep,
  putRun,
  putStep,
  putThread,
  say,
  waitWork,
  write,
} from './changes.ts'
import { carol, type StorageCase, worker } from './contract-case.ts'
import { home, type Scene, sceneCase } from './scene.ts'
import { working } from './step-scene.ts'
import { begun, found, type Leased, leaseMs, park, taken, workStands } from './work-scene.ts'

/** A run with steps that say things, and another one with a harmless step. */
async function told(scene: Scene, more: object = {}): Promise<{ readonly run: Leased; readonly other: Leased }> {
  if ('threadId' in more) await scene.committed(putThread('t'))
  const run = await begun(scene, 'told', more)
  const at = (path: string) => ({ ...run, path })
  const state = { at: 1, fields: { text: 'secret state' } }
  await scene.committed([endWork(at('input'), { output: 'secret input' }), beginWork(at('0'))])
  await scene.committed([endWork(at('0'), { output: 'secret output', state }), beginWork(at('1')), beginWork(at('2'))])
  const error = { name: 'Error', message: 'secret error', details: 'secret details' }
  await scene.committed([
    waitWork(at('1'), { payload: 'secret payload', label: 'secret label' }),
    endWork(at('2'), { outcome: 'failed', error }),
  ])
  await scene.committed(patchStep(run, '1', 'decided', { decision: { data: 'secret data' } }), { actor: carol })
  const other = await begun(scene, 'other')
  await scene.committed(endWork({ ...other, path: '0' }, { output: 'harmless' }))
  return { run, other }
}

const secrets = ['input', 'state', 'output', 'error', 'details', 'payload', 'label', 'data']

/** Checks that nothing is left of a run's steps, and all of the other run's. The log has no content below its horizon. */
async function checkGone(
  scene: Scene,
  { run, other }: { readonly run: Leased; readonly other: Leased },
): Promise<void> {
  for (const path of ['input', '0', '1', '2']) expectEqual(await found(scene, run, path), null, `the step ${path}`)
  const log = await scene.logText()
  for (const secret of secrets) expectTrue(!log.includes(`secret ${secret}`), `the log has nothing of the ${secret}`)
  const { horizon = 0 } = (await scene.state()) ?? {}
  expectEqual(log.includes('harmless'), horizon === 0, 'the other run in the log')
  expectEqual(await workStands(scene, other, '0'), 'settled complete 0', 'the step of the other run')
}

const bounds: readonly StorageCase[] = [
  sceneCase('what a step says is bounded, and the error says where else to put it', async (scene) => {
    const run = await begun(scene)
    const limits = { stepBytes: 40 }
    const long = 'x'.repeat(40)
    const at = { ...run, path: '0' }
    await scene.committed(beginWork(at))
    const error = { name: 'Error', message: long }
    const state = { at: 0, fields: { long } }
    const over: readonly Change[] = [
      endWork(at, { output: long }),
      endWork(at, { outcome: 'failed', error }),
      endWork(at, { output: 1, state }),
      waitWork(at, { payload: long }),
      waitWork(at, { payload: 1, resumeSchema: { const: long } }),
      waitWork(at, { payload: 1, state }),
    ]
    for (const change of over) {
      const refused = await scene.refused('limit-exceeded', change, { limits })
      expectTrue(refused.details.limit === 'stepBytes', 'which limit')
      expectTrue(refused.message.includes('step "0"'), 'which step')
      expectTrue(refused.fix.includes('give a reference to it, or raise limits.stepBytes'), 'what to do')
    }
    await scene.committed(waitWork(at, { payload: 'x'.repeat(10) }), { limits })
    const decision = { decision: { data: long } }
    await scene.refused('limit-exceeded', patchStep(run, '0', 'decided', decision), { limits, actor: carol })
  }),
  sceneCase('an outcome says what belongs to it, and nothing else', async (scene) => {
    const run = await begun(scene)
    const at = { ...run, path: '0' }
    const error = { name: 'Error', message: 'No.' }
    await scene.refused('invalid-input', endWork(at, { outcome: 'failed' }))
    await scene.refused('invalid-input', endWork(at, { outcome: 'failed', error, output: null }))
    await scene.refused('invalid-input', endWork(at, { output: 1, error }))
    await scene.committed(endWork(at, {}))
    expectEqual((await found(scene, run, '0'))?.output, undefined, 'an output is not needed')
  }),
  sceneCase('calls are of agents, and other steps of workflows', async (scene) => {
    const calling = await working(scene)
    const { runId, threadId, turnId, messageId } = calling
    const flow = await begun(scene, 'w', { threadId, turnId })
    const put = { threadId, messageId, path: 'a', tool: 'pay', stepKind: 'plain', status: 'started', input: 1 } as const
    await scene.refused('invalid-input', beginWork({ runId, token: flow.token, path: '0' }))
    await scene.committed(putStep({ ...put, runId }))
    await scene.refused('invalid-input', putStep({ ...put, runId: flow.runId }))
    expectEqual(await found(scene, flow, 'a'), null, 'the call of a workflow')
  }),
]

const removal: readonly StorageCase[] = [
  sceneCase('steps of a workflow go with their run, and with nothing else of its space', async (scene) => {
    const both = await told(scene)
    await scene.committed(park(both.run, 'complete'))
    expectTrue((await scene.logText()).includes('secret output'), 'while the run is there')
    scene.clock.advance(scene.limits.runTtlMs)
    await scene.committed(expireRun(both.run.runId), { actor: worker })
    await checkGone(scene, both)
  }),
  sceneCase('a workflow is forgotten with its steps, once nobody works on it', async (scene) => {
    const both = await told(scene)
    const erased = () => scene.did('erase', erase({ runIds: [both.run.runId] }))
    const { details } = await scene.refused('conflict', erase({ runIds: [both.run.runId] }))
    expectEqual(details, { runId: both.run.runId }, 'while it is worked on')
    scene.clock.advance(leaseMs)
    const { runs, records } = await erased()
    expectEqual([runs, records], [1, 4], 'the answer')
    await checkGone(scene, both)
    for (const text of [both.run.runId, 'told']) expectTrue(!(await scene.logText()).includes(text), `${text} is gone`)
    expectEqual(
      (await scene.storage.due(scene.access, 10)).leases.map(({ runId }) => runId),
      [both.other.runId],
      'its lease',
    )
    await scene.refused('not-found', endWork({ ...both.run, path: '3' }))
    await scene.refused('not-found', putRun(null, { runId: both.run.runId, leaseMs }))
    expectEqual(
      await scene.storage.renewLease(scene.access, home, {
        name: `run/${both.run.runId}`,
        token: both.run.token,
        leaseMs,
      }),
      false,
      'a renewal',
    )
  }),
  sceneCase('a compacted workflow is forgotten whole', async (scene) => {
    const both = await told(scene)
    await scene.committed(write('k', 1))
    await scene.storage.compact(scene.access, home, await scene.seq())
    await scene.committed(park(await taken(scene, both.run, { steal: true }), 'failed'))
    await scene.committed(erase({ runIds: [both.run.runId] }))
    await checkGone(scene, both)
    expectTrue(!(await scene.logText()).includes(both.run.runId), 'its id')
  }),
  sceneCase('steps of a workflow go with its thread, and none are stored after it', async (scene) => {
    const both = await told(scene, { threadId: 't' })
    await scene.committed(deleteThread('t'))
    await checkGone(scene, both)
    const at = { ...both.run, path: '3' }
    for (const change of [beginWork(at), endWork(at), waitWork(at)]) await scene.refused('conflict', change)
    await scene.refused('conflict', park(both.run, 'failed'))
    expectEqual((await scene.run(both.run.runId))?.status, 'discarded', 'the run has ended with it')
  }),
  sceneCase('a workflow is forgotten with its thread while it is worked on', async (scene) => {
    const both = await told(scene, { threadId: 't' })
    await scene.committed(say('t', 'said'))
    await scene.committed(erase({ threadIds: ['t'] }))
    await checkGone(scene, both)
    expectTrue(!(await scene.logText()).includes(both.run.runId), 'its id')
    await scene.refused('not-found', putRun(null, { ...both.run, status: 'failed' }))
  }),
  sceneCase('a copy of a thread has no part of the workflows of the thread', async (scene) => {
    const { run } = await told(scene, { threadId: 't' })
    await scene.committed(say('t', 'said'))
    const source = { space: home, threadId: 't', asOf: await scene.seq() }
    await scene.committed({ kind: 'thread-clone', threadId: 'copy', source, turns: [], blocks: [] })
    const { items } = await scene.runs()
    expectEqual(items.map(({ id }) => id).filter((id) => id === run.runId).length, 1, 'the run')
    expectEqual(items.length, 2, 'all runs')
  }),
]

export const workRemovalCases: readonly StorageCase[] = [...bounds, ...removal]
