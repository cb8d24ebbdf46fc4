/** Cases of copied threads whose calls wait: the copy has a run and steps of its own. */
import type { Change } from '../../domain/commit/commit.ts'
import { dayMs, defaultLimits } from '../../domain/limits.ts'
import { type StepFields, stepNoun } from '../../domain/records/step.ts'
import { isoTime, msOf } from '../../domain/time.ts'
import { expectEqual, expectTrue } from './assert.ts'
import { closeTurn, erase, patchStep, putRun, resumeTurn } from './changes.ts'
import { alice, bob, carol, type StorageCase, worker } from './contract-case.ts'
import { home, type Scene, sceneCase } from './scene.ts'
import { as, asking, foundStep, standsAt, type Working, working } from './step-scene.ts'

/** Suspends the turn of a run at work, with its run. */
async function suspend(scene: Scene, { runId, turnId, threadId }: Working, continuation = { left: 3 }): Promise<void> {
  const put = putRun(null, { runId, status: 'suspended', continuation, details: { seen: 'here' } })
  await scene.committed([put, closeTurn(threadId, { turnId }, 'suspended')])
}

/** The change that copies a thread with its waiting turns, each of which gets a run whose id ends so. */
async function copying(scene: Scene, from: string, to: string, unique: string): Promise<Change> {
  const { items, asOf } = await scene.page(from)
  const turns = [...Map.groupBy(items, ({ turn }) => turn).values()]
  const waiting = turns.flatMap(([first], index) => {
    if (first?.message.turnStatus !== 'suspended') return []
    return [{ index, turnId: first.message.turnId, unique: `${unique}${index}` }]
  })
  return {
    kind: 'thread-clone',
    threadId: to,
    source: { space: home, threadId: from, asOf },
    turns: turns.map((turn) => turn.map(({ message: { role, parts, author } }) => ({ role, parts, author }))),
    waiting,
    blocks: [],
  }
}

/** The copied turn, as a run at work. */
async function copyOf(scene: Scene, threadId: string): Promise<Working> {
  const last = (await scene.messages(threadId)).at(-1)
  const turn = await scene.storage.messages.turn(scene.access, home, last?.turnId ?? '')
  const { items } = await scene.runs({ threadId })
  const [run] = items
  expectTrue(last !== undefined && run !== undefined && items.length === 1, 'the copy has one run')
  expectEqual([run.turnId, run.id.endsWith(`_${turn?.runId}`)], [last.turnId, true], 'its run and its turn')
  return { runId: run.id, turnId: last.turnId, threadId, messageId: last.id }
}

const approve = { decision: { approved: true } } as const

export const stepCloneCases: readonly StorageCase[] = [
  sceneCase('the copy of a waiting turn has a run and steps of its own, which are decided apart', async (scene) => {
    const run = await working(scene)
    await scene.committed(asking(run, 'a', { payload: { sum: 1, none: null }, approvers: [bob], input: { cents: 7 } }))
    await suspend(scene, run)
    scene.clock.advance(dayMs)
    await scene.committed(await copying(scene, 't', 'copy', 'copy'), as(carol))
    const copy = await copyOf(scene, 'copy')
    expectTrue(copy.runId !== run.runId, 'a run of its own')
    const { actor, status, name, details, continuation, expiresAt } = (await scene.run(copy.runId)) ?? {}
    expectEqual(
      { actor, status, name, details, continuation, expiresAt },
      { actor: alice, status: 'suspended', name: 'bot', details: {}, continuation: { left: 3 }, expiresAt: null },
      'the run, which is the agent’s',
    )
    const [from, step] = [await foundStep(scene, run, 'a'), await foundStep(scene, copy, 'a')]
    const { runId, threadId, messageId } = copy
    const at = scene.now()
    const due = isoTime(msOf(at) + defaultLimits.pendingDays * dayMs)
    expectEqual(
      step,
      { ...from, runId, threadId, messageId, askedAt: at, expiresAt: due, version: step?.version },
      'the step, asked about from now on',
    )
    await scene.committed(patchStep(copy, 'a', 'decided', approve), as(carol))
    expectEqual(await standsAt(scene, run, 'a'), 'asked 0', 'a decision in the copy is of the copy only')
    await scene.committed(patchStep(run, 'a', 'decided', { decision: { approved: false } }), as(carol))
    expectEqual((await foundStep(scene, copy, 'a'))?.decision?.approved, true, 'and one in the source of the source')
    await scene.refused('conflict', patchStep(copy, 'a', 'started', { attempt: 1, input: { cents: 8 } }))
    const resumed = putRun(null, { runId, threadId, turnId: copy.turnId, status: 'running' })
    await scene.committed([resumeTurn('copy', copy.turnId), resumed])
    await scene.committed(patchStep(copy, 'a', 'started', { attempt: 1, input: { cents: 7 } }))
  }),
  sceneCase('what was decided and not carried out is asked about again in the copy', async (scene) => {
    const run = await working(scene, 't', ['a', 'b', 'c', 'd'])
    const more = { payload: 'why' }
    await scene.committed([asking(run, 'a', more), asking(run, 'b', more), asking(run, 'c', more)])
    await scene.committed(asking(run, 'd', more), { limits: { pendingDays: 1 } })
    await scene.committed(patchStep(run, 'a', 'decided', approve), as(carol))
    await scene.committed(patchStep(run, 'b', 'settled'))
    scene.clock.advance(dayMs)
    await scene.committed(patchStep(run, 'd', 'expired'), as(worker))
    await suspend(scene, run)
    await scene.committed(await copying(scene, 't', 'copy', 'copy'), as(carol))
    const copy = await copyOf(scene, 'copy')
    const stands: string[] = []
    for (const path of ['a', 'b', 'c', 'd']) stands.push(await standsAt(scene, copy, path))
    expectEqual(stands, ['asked 0', 'settled 0', 'asked 0', 'expired 0'], 'the steps of the copy')
    const asked = await foundStep(scene, copy, 'a')
    expectEqual([asked?.decision, asked?.payload], [undefined, 'why'], 'one consent carries out one call')
    expectEqual((await foundStep(scene, run, 'a'))?.status, 'decided', 'the source')
  }),
  sceneCase(
    'several waiting turns get a run each, in their order, and a retry gets the first answer',
    async (scene) => {
      for (const [index, path] of ['a', 'b'].entries()) {
        const run = await working(scene, 't', [path], `run-${index}`)
        await scene.committed(asking(run, path))
        await suspend(scene, run)
      }
      const change = await copying(scene, 't', 'copy', 'copy')
      const first = await scene.committed(change, { ...as(carol), id: 'clone' })
      expectEqual(await scene.committed(change, { ...as(carol), id: 'clone' }), { ...first, replayed: true }, 'a retry')
      const { items } = await scene.runs({ threadId: 'copy' })
      expectEqual(items.length, 2, 'the runs')
      for (let limit = 1; limit <= 4; limit++) {
        const found: string[] = []
        for (let after: number | null = null; ; ) {
          const page = await scene.runs({ limit, after })
          found.push(...page.items.map(({ id }) => id))
          after = page.items.at(-1)?.order ?? null
          if (!page.more) break
        }
        expectEqual([found.length, new Set(found).size], [4, 4], 'each run is listed once')
      }
      const query = { prefix: '', after: null, limit: 10 }
      const steps = await scene.storage.records.list(scene.access, home, stepNoun, query)
      const places = steps.items.map(({ value }) => {
        const { runId, threadId, path } = value as unknown as StepFields
        return [threadId, path, items.some(({ id }) => id === runId)]
      })
      const wanted = [
        ['copy', 'a', true],
        ['copy', 'b', true],
        ['t', 'a', false],
        ['t', 'b', false],
      ]
      expectEqual(places.map(String).sort(), wanted.map(String).sort(), 'the steps')
    },
  ),
  sceneCase('a copy without a run, or under the id of a run that is there, makes none', async (scene) => {
    const run = await working(scene)
    await scene.committed(asking(run, 'a'))
    await suspend(scene, run)
    await scene.refused('conflict', {
      ...(await copying(scene, 't', 'copy', '')),
      waiting: await taken(scene),
    } as Change)
    await scene.committed(await copying(scene, 't', 'copy', 'copy'), as(carol))
    await scene.committed(erase({ runIds: [run.runId] }), as(worker))
    expectEqual((await copyOf(scene, 'copy')).threadId, 'copy', 'the copy keeps its run')
    await scene.committed(await copying(scene, 't', 'late', 'late'), as(carol))
    expectEqual((await scene.runs({ threadId: 'late' })).items, [], 'the source has no run any more')
  }),
]

/** A waiting turn whose copy would get the id of the run that waits. */
async function taken(scene: Scene) {
  const [message] = await scene.messages('t')
  return [{ index: 0, turnId: message?.turnId ?? '', unique: 'run-t' }]
}
