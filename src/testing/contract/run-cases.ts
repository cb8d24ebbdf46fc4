/** Cases of putting runs: their fields, their actor, their turn, and their continuation. */

import type { ChangeOf } from '../../domain/commit/commit.ts'
import { endedRunStatuses, keepsContinuation, type RunState } from '../../domain/records/run.ts'
import { spaceId } from '../../domain/space.ts'
import { expectEqual, expectTrue } from './assert.ts'
import { closeTurn, openTurn, putRun, putThread, say, step, write } from './changes.ts'
import { alice, bob, type StorageCase } from './contract-case.ts'
import { type Scene, sceneCase } from './scene.ts'

type Put = Omit<ChangeOf<'run-put'>, 'kind' | 'unique'>

async function began(scene: Scene, unique: string, more: Put = {}): Promise<string> {
  return (await scene.did('run-put', putRun(unique, more))).runId
}

/** The fields of a run without its times and versions. */
function told(run: RunState | null) {
  const { name, kind, status, details, continuation } = run ?? {}
  return { name, kind, status, details, continuation }
}

const putting: readonly StorageCase[] = [
  sceneCase('a run begins, goes on and ends: what is stated is merged, the rest stays', async (scene) => {
    const more = {
      parentRunId: 'run-0',
      details: { model: 'm', tokens: { input: 1 }, none: null },
    } as const
    const first = await scene.did('run-put', putRun('a', more))
    const key = (await scene.state())?.key
    expectEqual(first, { kind: 'run-put', runId: `run_${key}_a` as typeof first.runId, version: 1 }, 'the answer')
    const { runId } = first
    const run = await scene.run(runId)
    const about = { name: 'bot', kind: 'agent', continuation: null } as const
    expectEqual(told(run), { ...about, status: 'running', details: { model: 'm', tokens: { input: 1 } } }, 'begun')
    expectEqual([run?.actor, run?.parentRunId, run?.endedAt], [alice, 'run-0', null], 'by whom, called by what')
    expectEqual([run?.startedAt, run?.updatedAt], [scene.now(), scene.now()], 'when')
    const startedAt = scene.now()
    scene.clock.advance(1_000)
    await scene.committed(putRun(null, { runId, details: { tokens: { output: 2 }, items: [1, 2] } }))
    scene.clock.advance(1_000)
    const last = { runId, status: 'complete', details: { model: null, items: [3] } } as const
    expectEqual((await scene.did('run-put', putRun(null, last))).version, 3, 'its version')
    const ended = await scene.run(runId)
    const details = { tokens: { input: 1, output: 2 }, items: [3] }
    expectEqual(told(ended), { ...about, status: 'complete', details }, 'ended')
    expectEqual([ended?.startedAt, ended?.endedAt, ended?.version], [startedAt, scene.now(), 3], 'its times')
    scene.clock.advance(1_000)
    await scene.committed(putRun(null, { runId, details: { title: 'late' } }))
    expectEqual((await scene.run(runId))?.endedAt, ended?.endedAt, 'what is put later does not move its end')
    await scene.committed(putRun(null, { runId, status: 'running' }))
    expectEqual((await scene.run(runId))?.endedAt, null, 'it may go on again')
  }),
  sceneCase('a run is put in the commits that open, fill and close its turn', async (scene) => {
    const changes = [openTurn('t'), putRun('a', { opened: 0 }), step('t', { opened: 0 }, 'question')]
    const { results } = await scene.committed(changes)
    const [opened, put] = results
    expectTrue(opened?.kind === 'turn-open' && put?.kind === 'run-put', 'an answer for each')
    const { turnId } = opened
    const { runId } = put
    const run = await scene.run(runId)
    expectEqual([run?.threadId, run?.turnId, run?.status], ['t', turnId, 'running'], 'begun in the turn')
    await scene.committed([
      step('t', { turnId }, 'answer'),
      closeTurn('t', { turnId }),
      putRun(null, { runId, status: 'complete', details: { tokens: 3 } }),
    ])
    const ended = await scene.run(runId)
    expectEqual([ended?.status, ended?.turnId, ended?.details], ['complete', turnId, { tokens: 3 }], 'ended with it')
    expectEqual(await scene.texts('t'), ['question', 'answer'], 'the thread')
    const rows = (await scene.log()).map((commit) => commit.rows.length)
    expectEqual(rows, [1, 1], 'each commit is one row')
    const next = await scene.committed([openTurn('t'), putRun(null, { runId, opened: 0, status: 'running' })])
    const again = next.results[0]
    expectEqual((await scene.run(runId))?.turnId, again?.kind === 'turn-open' ? again.turnId : '', 'in another turn')
  }),
  sceneCase('a run that ends in the commit it begins in has both times', async (scene) => {
    const runId = await began(scene, 'a', { status: 'failed', details: { error: 'timeout' } })
    const run = await scene.run(runId)
    expectEqual([run?.status, run?.startedAt, run?.endedAt], ['failed', scene.now(), scene.now()], 'its times')
  }),
  sceneCase('only the actor that began a run goes on with it', async (scene) => {
    const runId = await began(scene, 'a')
    const before = await scene.run(runId)
    for (const more of [{}, { status: 'aborted' as const }, { continuation: 'mine' }]) {
      await scene.refused('conflict', putRun(null, { runId, ...more }), { actor: bob })
    }
    expectEqual(await scene.run(runId), before, 'the run is as it was')
    await scene.committed(putRun(null, { runId }), { actor: { ...alice, name: 'Alice' } })
  }),
  sceneCase('an id is given to one run, and a commit changes a run at most once', async (scene) => {
    const runId = await began(scene, 'a')
    await scene.refused('conflict', putRun('a'))
    await scene.refused('conflict', putRun('a'), { actor: bob })
    await scene.refused('invalid-input', [putRun(null, { runId }), putRun(null, { runId })])
    await scene.refused('conflict', [putRun('b'), putRun('b')])
    await scene.refused('invalid-input', putRun('c', { runId }))
    for (const wrong of ['', 'a b', 'a/b', 'x'.repeat(129)]) await scene.refused('invalid-input', putRun(wrong))
    await scene.refused('invalid-input', { kind: 'run-put', name: 'bot' })
    await scene.refused('invalid-input', { kind: 'run-put', unique: 'b' })
    await scene.refused('not-found', putRun(null, { runId: 'run_nobodyskey00_a' }))
    await scene.refused('not-found', putRun(null, { runId: `${runId}b` }))
    const { results } = await scene.committed([putRun('b'), putRun('c'), putRun(null, { runId })])
    expectEqual(results.length, 3, 'several runs in one commit')
  }),
  sceneCase('what a run is stays as it was stated first', async (scene) => {
    await scene.committed(putThread('t'))
    const runId = await began(scene, 'a', { threadId: 't', parentRunId: 'p' })
    const others = [{ name: 'eve' }, { runKind: 'workflow' as const }, { threadId: 'u' }, { parentRunId: 'q' }]
    for (const other of others) await scene.refused('invalid-input', putRun(null, { runId, ...other }))
    const same = { name: 'bot', runKind: 'agent', threadId: 't', parentRunId: 'p' } as const
    await scene.committed(putRun(null, { runId, ...same }))
    const loose = await began(scene, 'b')
    await scene.committed(putRun(null, { runId: loose, threadId: 't', parentRunId: runId }))
    const run = await scene.run(loose)
    expectEqual([run?.threadId, run?.parentRunId], ['t', runId], 'what was open may be stated later')
  }),
  sceneCase(
    'details and continuation have one limit together',
    async (scene) => {
      const limits = { runBytes: 70 }
      const details = { text: 'x'.repeat(20) }
      const { runId } = await scene.did('run-put', putRun('a', { details }), { limits })
      const continuation = 'y'.repeat(20)
      await scene.refused('limit-exceeded', putRun(null, { runId, status: 'suspended', continuation }), { limits })
      await scene.refused('limit-exceeded', putRun(null, { runId, details: { more: continuation } }), { limits })
      await scene.committed(putRun(null, { runId, details: { text: null }, continuation }), { limits })
    },
    11,
  ),
]

const references: readonly StorageCase[] = [
  sceneCase('a run refers to its thread, which may be gone or never have been', async (scene) => {
    await scene.committed(write('k', 1))
    const runId = await began(scene, 'a', { threadId: 'none' })
    expectEqual((await scene.run(runId))?.threadId, 'none', 'the thread')
    expectEqual(await scene.threadIds(), [], 'no thread was made')
    const { turnId } = await scene.did('turn-open', [openTurn('t'), putRun('b', { opened: 0 })])
    await scene.committed({ kind: 'thread-delete', threadId: 't' })
    const id = runId.replace(/a$/, 'b')
    await scene.committed(putRun(null, { runId: id, turnId, status: 'failed' }))
    const run = await scene.run(id)
    expectEqual([run?.status, run?.threadId, run?.turnId], ['failed', 't', turnId], 'of a deleted thread')
  }),
  sceneCase('runs that wait or could go on end with their thread, and lose what they go on with', async (scene) => {
    await scene.committed([putThread('t')])
    await scene.committed([putThread('u')])
    const continuation = { words: 'secret' }
    const workflow = { threadId: 't', runKind: 'workflow', continuation } as const
    const ids = {
      waiting: await began(scene, 'a', { threadId: 't', status: 'suspended', continuation }),
      running: await began(scene, 'b', { threadId: 't' }),
      complete: await began(scene, 'c', { threadId: 't', status: 'complete' }),
      pending: await began(scene, 'd', { ...workflow, status: 'pending' }),
      owned: await began(scene, 'e', { ...workflow, leaseMs: 60_000 }),
      other: await began(scene, 'f', { threadId: 'u', status: 'suspended' }),
    }
    const first = await scene.committed({ kind: 'thread-delete', threadId: 't' }, { id: 'deleting' })
    const statuses = async () => Promise.all(Object.values(ids).map(async (id) => (await scene.run(id))?.status))
    const gone = ['discarded', 'running', 'complete', 'discarded', 'discarded', 'suspended']
    expectEqual(await statuses(), gone, 'how the runs stand')
    for (const id of [ids.waiting, ids.pending, ids.owned]) {
      const { continuation: left = 'none', endedAt = null, expiresAt = null } = (await scene.run(id)) ?? {}
      expectEqual([left, endedAt !== null, expiresAt !== null], [null, true, true], 'what is left of one')
    }
    expectTrue(!(await scene.logText()).includes('secret'), 'the log has lost it')
    const token = (await scene.run(ids.owned))?.version as number
    await scene.refused('conflict', putRun(null, { runId: ids.owned, status: 'complete', token }))
    const again = await scene.committed({ kind: 'thread-delete', threadId: 't' }, { id: 'deleting' })
    expectEqual(again, { ...first, replayed: true }, 'the answer to a retry')
  }),
  sceneCase('the thread of a run is the one that its commit touches', async (scene) => {
    await scene.committed([putThread('t')])
    await scene.committed([putThread('u')])
    const runId = await began(scene, 'a', { threadId: 't' })
    const others = [
      [say('u', 'words'), putRun('b', { threadId: 't' })],
      [putRun('b', { threadId: 't' }), say('u', 'words')],
      [putRun('b', { threadId: 'none' }), say('u', 'words')],
      [putRun(null, { runId }), say('u', 'words')],
      [say('u', 'words'), putRun(null, { runId })],
      [putRun(null, { runId }), putRun('b', { threadId: 'u' })],
      [putRun(null, { runId, opened: 0 }), openTurn('u')],
    ]
    for (const changes of others.slice(0, -1)) await scene.refused('invalid-input', changes)
    await scene.refused('invalid-input', [openTurn('u'), putRun(null, { runId, opened: 0 })])
    expectEqual(await scene.texts('u'), [], 'nothing was stored')
    await scene.committed([say('t', 'words'), putRun(null, { runId }), putRun('b', { threadId: 't' })])
    await scene.committed([say('u', 'words'), putRun('c')])
  }),
  sceneCase('a run refers to a turn of its space, by its id or as the commit opens it', async (scene) => {
    const { turnId } = await scene.did('turn-open', openTurn('t'))
    await scene.refused('invalid-input', putRun('a', { turnId }))
    await scene.refused('invalid-input', putRun('a', { threadId: 't', turnId: 'turn_nobodyskey00_1.0' }))
    await scene.refused('invalid-input', putRun('a', { threadId: 't', turnId: 'mine' }))
    await scene.refused('not-found', putRun('a', { threadId: 't', opened: 0 }))
    await scene.refused('not-found', [putRun('a', { threadId: 't', opened: 0 }), openTurn('t')])
    const runId = await began(scene, 'a', { threadId: 't', turnId })
    expectEqual((await scene.run(runId))?.turnId, turnId, 'the turn')
  }),
  sceneCase('a run of its own makes its space; one of a thread, and an old one, make none', async (scene) => {
    const other = spaceId('agent', 'bot')
    const none = { space: other }
    await scene.refused('not-found', putRun('a', { threadId: 't' }), none)
    await scene.refused('not-found', putRun(null, { runId: 'run_nobodyskey00_a' }), none)
    await scene.refused('not-found', putRun('a'), { ...none, background: true })
    const { runId } = await scene.did('run-put', putRun('a'), none)
    expectEqual((await scene.run(runId, other))?.name, 'bot', 'the run')
    await scene.committed({ kind: 'erase' }, none)
    await scene.refused('not-found', putRun(null, { runId, status: 'complete' }), none)
    expectEqual(await scene.state(other), null, 'what was erased stays so')
  }),
  sceneCase(
    'a space reads and changes none of another’s runs',
    async (scene) => {
      const runId = await began(scene, 'a')
      const other = spaceId('team', 'other')
      await scene.committed(putRun('a'), { space: other })
      expectEqual(await scene.run(runId, other), null, 'a read')
      await scene.refused('not-found', putRun(null, { runId }), { space: other })
      expectEqual((await scene.runs({}, other)).items.length, 1, 'a list')
    },
    3,
  ),
  sceneCase(
    'version of a run: holds, then is refused with the actual version',
    async (scene) => {
      const runId = await began(scene, 'a', { status: 'suspended' })
      const expect = [{ version: 1, of: { run: runId } }]
      await scene.committed(putRun(null, { runId, status: 'running' }), { expect })
      const { failed } = await scene.conflict(putRun(null, { runId, status: 'running' }), { expect })
      expectEqual(failed[0]?.actual, 2, 'of two that go on with it one is told')
      await scene.committed(write('k', 1), { expect: [{ absent: { run: `${runId}b` } }] })
    },
    2,
  ),
]

const continuations: readonly StorageCase[] = [
  ...endedRunStatuses
    .filter((status) => !keepsContinuation('agent', status))
    .map((status) =>
      sceneCase(`what a run needs to go on leaves the log once it is ${status}`, async (scene) => {
        const runId = await began(scene, 'a', { details: { kept: 'details' }, continuation: { at: 'secret-1' } })
        await scene.committed([
          putRun(null, { runId, status: 'suspended', continuation: { at: 'secret-2' } }),
          write('k', 'kept'),
        ])
        expectEqual((await scene.run(runId))?.continuation, { at: 'secret-2' }, 'while it is suspended')
        const log = await scene.logText()
        expectEqual([log.includes('secret-1'), log.includes('secret-2')], [false, true], 'the log holds only the last')
        await scene.committed(putRun(null, { runId, details: { resumed: true } }))
        await scene.committed(putRun(null, { runId, status }))
        expectEqual((await scene.run(runId))?.continuation, null, 'once it has ended')
        const left = await scene.logText()
        expectTrue(!left.includes('secret'), 'nothing of it is in the log')
        expectTrue(left.includes('details') && left.includes('kept'), 'all else is')
        const [first, second] = await scene.log()
        expectEqual([first?.rows[0]?.hash, second?.rows[0]?.hash], [null, null], 'the hashes of what is gone')
        const late = putRun(null, { runId, continuation: 'late' })
        for (const change of [late, putRun('b', { status, continuation: 'late' })]) {
          await scene.refused('invalid-input', change)
        }
        await scene.committed(putRun(null, { runId, continuation: null }))
      }),
    ),
  sceneCase('a run is interrupted with its turn when others close that, and may go on', async (scene) => {
    const open = openTurn('t', { leaseMs: 1_000, runId: 'a' })
    const begin = [open, putRun('a', { opened: 0, continuation: { at: 'secret-1' } })]
    const { turnId } = await scene.did('turn-open', begin)
    const runId = `run_${(await scene.state())?.key}_a`
    scene.clock.advance(1_000)
    const ended = await scene.committed(closeTurn('t', { turnId }, 'interrupted'), { id: 'ends', actor: bob })
    const run = await scene.run(runId)
    expectEqual(
      [run?.status, run?.version, run?.continuation],
      ['interrupted', ended.seq, { at: 'secret-1' }],
      'the run',
    )
    const again = await scene.committed(closeTurn('t', { turnId }, 'interrupted'), { id: 'ends', actor: bob })
    expectEqual([again.replayed, again.results], [true, ended.results], 'the answer to a retry')
    await scene.committed([
      { kind: 'turn-resume', threadId: 't', turnId, runId: 'a' },
      putRun(null, { runId, status: 'running' }),
    ])
    expectEqual((await scene.run(runId))?.status, 'running', 'it goes on')
  }),
  sceneCase('what a run needs to go on stays when it is interrupted, until it has ended', async (scene) => {
    const runId = await began(scene, 'a', { status: 'suspended', continuation: { at: 'secret-1' } })
    await scene.committed(putRun(null, { runId, status: 'interrupted' }))
    expectEqual((await scene.run(runId))?.continuation, { at: 'secret-1' }, 'for the process that continues it')
    await scene.committed(putRun(null, { runId, status: 'complete' }))
    expectEqual((await scene.run(runId))?.continuation, null, 'once it has ended')
    expectTrue(!(await scene.logText()).includes('secret'), 'nothing of it is in the log')
  }),
  sceneCase('the continuation of a run may be removed, and set again', async (scene) => {
    const runId = await began(scene, 'a', { status: 'suspended', continuation: ['secret-1'] })
    await scene.committed(putRun(null, { runId, status: 'running', continuation: null }))
    expectEqual((await scene.run(runId))?.continuation, null, 'taken')
    expectTrue(!(await scene.logText()).includes('secret'), 'nothing of it is in the log')
    await scene.committed(putRun(null, { runId, status: 'suspended', continuation: 0 }))
    expectEqual((await scene.run(runId))?.continuation, 0, 'given')
    await scene.committed(putRun(null, { runId, details: { a: 1 } }))
    expectEqual((await scene.run(runId))?.continuation, 0, 'kept by a put that does not name it')
  }),
  sceneCase(
    'a retry of a put whose continuation is gone gets the first answer',
    async (scene) => {
      const change = putRun('a', { status: 'suspended', continuation: 'secret' })
      const first = await scene.committed(change, { id: 'again' })
      const { runId } = await scene.did(
        'run-put',
        putRun(null, { runId: `run_${(await scene.state())?.key}_a`, status: 'aborted' }),
      )
      const second = await scene.committed(change, { id: 'again' })
      expectEqual(second, { ...first, replayed: true }, 'the answer')
      expectEqual((await scene.run(runId))?.continuation, null, 'nothing was applied again')
    },
    5,
  ),
]

export const runCases: readonly StorageCase[] = [...putting, ...references, ...continuations]
