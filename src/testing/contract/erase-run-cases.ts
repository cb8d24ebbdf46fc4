/** Cases of erasing runs by id: their records are erased in every version, and their messages stay in their threads. */

import type { ChangeOf, ResultOf } from '../../domain/commit/commit.ts'
import { nothingErased } from '../../domain/commit/erased-counts.ts'
import type { Json } from '../../domain/json.ts'
import { spaceId } from '../../domain/space.ts'
import { expectEqual, expectTrue } from './assert.ts'
import { assertFact, closeTurn, erase, expireRun, openTurn, putRun, step, write } from './changes.ts'
import type { StorageCase } from './contract-case.ts'
import { type Scene, sceneCase } from './scene.ts'

const other = spaceId('team', 'other')

function erased(scene: Scene, what: Omit<ChangeOf<'erase'>, 'kind'>): Promise<ResultOf<'erase'>> {
  return scene.did('erase', erase(what))
}

async function began(scene: Scene, unique: string, more: Parameters<typeof putRun>[1] = {}): Promise<string> {
  return (await scene.did('run-put', putRun(unique, more))).runId
}

/** Everything that readers and the log hold, as one text. */
async function everything(scene: Scene): Promise<string> {
  return JSON.stringify([await scene.log(), await scene.runs(), await scene.facts()] as unknown as Json)
}

export const eraseRunCases: readonly StorageCase[] = [
  sceneCase(
    'an erased run leaves nothing in any version, and others and its thread stay as they are',
    async (scene) => {
      const opened = [openTurn('t'), step('t', { opened: 0 }, 'said in it'), putRun('a', { opened: 0 })]
      const { results } = await scene.committed([...opened, write('k', 1)], { id: 'first' })
      const runId = results.flatMap((one) => (one.kind === 'run-put' ? [one.runId] : []))[0] ?? ''
      const turnId = results.flatMap((one) => (one.kind === 'turn-open' ? [one.turnId] : []))[0] ?? ''
      await scene.committed(putRun(null, { runId, details: { seen: 'secret one' }, continuation: { call: 'secret' } }))
      await scene.committed([putRun(null, { runId, status: 'suspended', details: { seen: 'secret two' } })])
      await scene.committed(closeTurn('t', { turnId }, 'suspended'))
      const stays = await began(scene, 'b', { threadId: 't', details: { seen: 'harmless' } })
      const answer = await erased(scene, { runIds: [runId, runId] })
      expectEqual([answer.runs, answer.messages, answer.threads, answer.facts], [1, 0, 0, 0], 'the answer')
      expectEqual([await scene.run(runId), (await scene.run(stays))?.id], [null, stays], 'the runs')
      const left = await everything(scene)
      for (const text of ['secret', runId]) expectTrue(!left.includes(text), `${text} is gone`)
      expectTrue(left.includes('harmless'), 'the other run is there')
      expectEqual([await scene.texts('t'), await scene.value('k')], [['said in it'], 1], 'what was in the same commits')
      const retried = await scene.committed([...opened, write('k', 1)], { id: 'first' })
      expectEqual([retried.replayed, retried.results], [true, []], 'a retry applies nothing')
      expectEqual(await erased(scene, { runIds: [runId] }), nothingErased, 'erased again')
      await scene.refused('not-found', putRun(null, { runId, details: {} }))
    },
    10,
  ),
  sceneCase(
    'a run goes whether it has ended, has expired or was swept, and with it what was derived from it alone',
    async (scene) => {
      const ended = await began(scene, 'ended', { status: 'complete', details: { seen: 'secret' } })
      const swept = await began(scene, 'swept', { status: 'failed' })
      scene.clock.advance(scene.limits.runTtlMs)
      await scene.committed(expireRun(swept))
      const alone = await scene.asserted(assertFact('Known from it', { sources: [ended] }))
      const both = await scene.asserted(assertFact('Known from both', { sources: [ended, 'm'] }))
      const answer = await erased(scene, { runIds: [ended, swept] })
      expectEqual([answer.runs, answer.facts], [2, 1], 'the answer')
      expectEqual([await scene.fact(alone), (await scene.fact(both))?.sources], [null, ['m']], 'the facts')
      const left = await everything(scene)
      for (const text of ['secret', ended, swept]) expectTrue(!left.includes(text), `${text} is gone`)
    },
    10,
  ),
  sceneCase('a run that is at work is erased once its turn has ended', async (scene) => {
    const { results } = await scene.committed([openTurn('t', { leaseMs: 1_000 }), putRun('a', { opened: 0 })])
    const runId = results.flatMap((one) => (one.kind === 'run-put' ? [one.runId] : []))[0] ?? ''
    const error = await scene.refused('conflict', erase({ runIds: [runId] }))
    expectEqual(error.retryable, true, 'it can be tried again')
    expectEqual((await scene.run(runId))?.status, 'running', 'the run')
    scene.clock.advance(1_000)
    expectEqual((await erased(scene, { runIds: [runId] })).runs, 1, 'once the lease is over')
  }),
  sceneCase('ids that name no run of the space erase nothing', async (scene) => {
    const theirs = (await scene.did('run-put', putRun('a'), { space: other })).runId
    await scene.committed(write('k', 1))
    const key = (await scene.state())?.key
    const stays = await began(scene, 'stays')
    expectEqual(await erased(scene, { runIds: [`run_${key}_none`, 'chosen'] }), nothingErased, 'the answer')
    for (const id of [theirs, 'run_nobodyskey00_a', `fact_${key}_a`]) {
      await scene.refused('invalid-input', erase({ runIds: [id] }))
    }
    await scene.refused('invalid-input', { kind: 'erase', inThread: 't' })
    expectEqual([(await scene.run(stays))?.id, await scene.value('k')], [stays, 1], 'the space')
    const { record } = await scene.storage.runs.get(scene.access, other, theirs)
    expectEqual(record?.id as string, theirs, 'the other space')
  }),
]
