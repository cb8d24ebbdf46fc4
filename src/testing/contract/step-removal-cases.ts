/** Cases of what takes steps with it: their run, their turn, their thread and their message. */
import type { Change } from '../../domain/commit/commit.ts'
import { expectEqual, expectTrue } from './assert.ts'
import {
  closeTurn,
  deleteMessages,
  deleteThread,
  discardTurn,
  edit,
  erase,
  expireRun,
  patchStep,
  putRun,
  step,
} from './changes.ts'
import { alice, carol, type StorageCase, worker } from './contract-case.ts'
import { type Scene, sceneCase } from './scene.ts'
import { as, asking, callPart, standsAt, type Working, working } from './step-scene.ts'

/** Two calls of a run at work, one of them decided, both with things to say; and one of another thread. */
async function told(scene: Scene): Promise<{ readonly run: Working; readonly other: Working }> {
  const run = await working(scene)
  const other = await working(scene, 'other')
  await scene.committed([asking(run, 'a', { payload: 'secret one' }), asking(run, 'b', { payload: 'secret two' })])
  await scene.committed(asking(other, 'a', { payload: 'harmless' }))
  const decision = { approved: true, reason: 'secret three', data: 'secret four' }
  await scene.committed(patchStep(run, 'a', 'decided', { decision }), as(carol))
  return { run, other }
}

/** Commits, and checks which steps are left and that nothing of the others is in the log. */
async function takes(
  scene: Scene,
  change: (run: Working) => Change | readonly Change[],
  left: readonly string[],
  actor = alice,
): Promise<void> {
  const { run, other } = await told(scene)
  const options = { ...as(actor), id: 'taking' }
  const first = await scene.committed(change(run), options)
  const stands = [await standsAt(scene, run, 'a'), await standsAt(scene, run, 'b')]
  expectEqual(stands, left, 'the steps')
  expectEqual(await standsAt(scene, other, 'a'), 'asked 0', 'the step of the other thread')
  const log = await scene.logText()
  const secrets = [
    ['secret one', left[0]],
    ['secret three', left[0]],
    ['secret four', left[0]],
    ['secret two', left[1]],
  ] as const
  for (const [secret, of] of secrets) expectEqual(log.includes(secret), of !== 'none', `whether the log has ${secret}`)
  expectTrue(log.includes('harmless'), 'the other step is in the log')
  expectEqual(await scene.committed(change(run), options), { ...first, replayed: true }, 'the answer to a retry')
}

const none = ['none', 'none']

export const stepRemovalCases: readonly StorageCase[] = [
  sceneCase('steps go with the message that holds their calls', (scene) =>
    takes(scene, ({ threadId, messageId }) => deleteMessages(threadId, messageId), none),
  ),
  sceneCase('steps stay when another message of their turn is deleted', async (scene) => {
    const said = async (run: Working) => (await scene.messages(run.threadId))[0]?.id ?? ''
    const { run } = await told(scene)
    await scene.committed(deleteMessages(run.threadId, await said(run)))
    expectEqual(
      [await standsAt(scene, run, 'a'), await standsAt(scene, run, 'b')],
      ['decided 0', 'asked 0'],
      'the steps',
    )
  }),
  sceneCase('a step goes when its call is edited away, and others stay', async (scene) => {
    const parts = [callPart('b')]
    await takes(scene, ({ threadId, messageId }) => edit(threadId, messageId, { parts }), ['none', 'asked 0'])
  }),
  sceneCase('an edit of metadata leaves steps alone', (scene) =>
    takes(scene, ({ threadId, messageId }) => edit(threadId, messageId, { metadata: { k: 1 } }), [
      'decided 0',
      'asked 0',
    ]),
  ),
  sceneCase('steps go with a discarded turn', (scene) =>
    takes(scene, ({ threadId, turnId }) => discardTurn(threadId, turnId), none),
  ),
  sceneCase('steps go with a deleted thread', (scene) => takes(scene, ({ threadId }) => deleteThread(threadId), none)),
  sceneCase('steps go with the thread, the message or the run that is erased', async (scene) => {
    await takes(scene, ({ threadId }) => erase({ threadIds: [threadId] }), none, worker)
  }),
  sceneCase('steps go with an erased message', async (scene) => {
    await takes(scene, ({ messageId }) => erase({ messageIds: [messageId] }), none, worker)
    expectTrue(!(await scene.logText()).includes('run_t/'), 'not even their names stay')
  }),
  sceneCase('steps go with an erased run, which must not be at work', async (scene) => {
    const { run } = await told(scene)
    const { runId, turnId, threadId } = run
    await scene.refused('conflict', erase({ runIds: [runId] }), as(worker))
    await scene.committed([putRun(null, { runId, status: 'suspended' }), closeTurn(threadId, { turnId }, 'suspended')])
    const { records } = await scene.did('erase', erase({ runIds: [runId] }), as(worker))
    expectEqual(records, 2, 'the receipt counts them')
    expectEqual([await standsAt(scene, run, 'a'), await standsAt(scene, run, 'b')], none, 'the steps')
    expectTrue(!(await scene.logText()).includes('secret'), 'nothing of them is left')
  }),
  sceneCase('steps go with their expired run', async (scene) => {
    const { run } = await told(scene)
    const { runId, turnId, threadId } = run
    await scene.committed([putRun(null, { runId, status: 'complete' }), closeTurn(threadId, { turnId })])
    scene.clock.advance(scene.limits.runTtlMs)
    await scene.committed(expireRun(runId), as(worker))
    expectEqual([await standsAt(scene, run, 'a'), await standsAt(scene, run, 'b')], none, 'the steps')
    expectTrue(!(await scene.logText()).includes('secret'), 'nothing of them is left')
    await scene.refused('not-found', patchStep(run, 'b', 'decided', { decision: { approved: true } }), as(carol))
  }),
  sceneCase('a step is not changed by a commit that removes it', async (scene) => {
    const { run } = await told(scene)
    const settle = patchStep(run, 'b', 'settled')
    await scene.refused('invalid-input', [settle, discardTurn(run.threadId, run.turnId)])
    await scene.committed([settle, step(run.threadId, { turnId: run.turnId }, 'Done.')])
  }),
]
