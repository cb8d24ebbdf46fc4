/** Cases of steps: asking, deciding and carrying out, and who may do which. */
import type { Actor } from '../../domain/actor.ts'
import type { Change } from '../../domain/commit/commit.ts'
import { dayMs, defaultLimits } from '../../domain/limits.ts'
import { stepKey, stepStatuses } from '../../domain/records/step.ts'
import { isoTime, msOf } from '../../domain/time.ts'
import { expectEqual, expectTrue } from './assert.ts'
import { deleteMessages, patchStep, putRun, putThread } from './changes.ts'
import { alice, bob, carol, probe, type StorageCase, worker } from './contract-case.ts'
import { home, type Scene, sceneCase } from './scene.ts'
import { as, asking, foundStep, standsAt, type Working, working } from './step-scene.ts'

const approve = { decision: { approved: true } } as const
const aDay = { limits: { pendingDays: 1 } } as const

/** Brings a step from asked to a status, as those who may. */
async function bring(scene: Scene, run: Working, path: string, to: string): Promise<void> {
  await scene.committed(asking(run, path), aDay)
  if (to === 'asked') return
  if (to === 'expired') {
    scene.clock.advance(dayMs)
    await scene.committed(patchStep(run, path, 'expired'), as(worker))
    return
  }
  await scene.committed(patchStep(run, path, 'decided', approve), as(carol))
  if (to === 'decided') return
  await scene.committed(patchStep(run, path, 'started', { attempt: 1 }))
  if (to === 'settled') await scene.committed(patchStep(run, path, 'settled'))
}

const life: readonly StorageCase[] = [
  sceneCase('a step is asked about, decided, started and settled, each by whom it takes', async (scene) => {
    const run = await working(scene)
    const about = { payload: { sum: 7, none: null }, resumeSchema: { type: 'object' }, approvers: [bob] }
    await scene.committed(asking(run, 'a', { input: { to: 'x', sum: 7 }, ...about }))
    const asked = await foundStep(scene, run, 'a')
    const { runId, threadId, messageId } = run
    const own = { runId, threadId, messageId, path: 'a', tool: 'pay', askedBy: alice, ...about }
    const due = isoTime(msOf(scene.now()) + defaultLimits.pendingDays * dayMs)
    expectTrue(/^[\w-]{22}$/.test(asked?.inputHmac ?? ''), 'the input is a keyed hash')
    const { inputHmac, version, ...told } = asked ?? {}
    const since = { stepKind: 'approval', status: 'asked', attempt: 0, askedAt: scene.now(), expiresAt: due }
    expectEqual(told, { ...own, ...since }, 'the step that is asked about')
    scene.clock.advance(1_000)
    const given = { approved: true, reason: 'Fine.', data: { code: 0, none: null } }
    await scene.committed(patchStep(run, 'a', 'decided', { decision: given }), as(carol))
    const decided = await foundStep(scene, run, 'a')
    expectEqual(decided?.decision, { by: carol, at: scene.now(), ...given }, 'the decision')
    expectEqual([decided?.payload, decided?.expiresAt], [about.payload, undefined], 'what it says')
    await scene.committed(patchStep(run, 'a', 'started', { attempt: 1, input: { sum: 7, to: 'x' } }))
    await scene.committed(patchStep(run, 'a', 'started', { attempt: 2 }))
    await scene.committed(patchStep(run, 'a', 'settled'))
    const settled = await foundStep(scene, run, 'a')
    expectEqual([settled?.status, settled?.attempt, settled?.inputHmac], ['settled', 2, inputHmac], 'at its end')
    expectTrue((version ?? 0) < (settled?.version ?? 0), 'each change is a version')
  }),
  sceneCase('a started step may ask: what was decided before goes, and the data is any JSON', async (scene) => {
    const run = await working(scene)
    await scene.committed(asking(run, 'a', { stepKind: 'plain', status: 'started' }))
    expectEqual(await standsAt(scene, run, 'a'), 'started 1', 'a call that waits for nothing')
    for (const [index, data] of [false, 0, '', null, { none: null }].entries()) {
      await scene.committed(patchStep(run, 'a', 'asked', { payload: { round: index, none: null } }))
      const asked = await foundStep(scene, run, 'a')
      expectEqual(
        [asked?.stepKind, asked?.decision, asked?.resumeSchema],
        ['suspension', undefined, undefined],
        'asked',
      )
      expectEqual(asked?.payload, { round: index, none: null }, 'what it says')
      await scene.committed(patchStep(run, 'a', 'decided', { decision: { data } }), as(carol))
      expectEqual((await foundStep(scene, run, 'a'))?.decision?.data, data, 'the data')
      await scene.committed(patchStep(run, 'a', 'started', { attempt: index + 2 }))
    }
  }),
  sceneCase('a step goes from each status only where it may', async (scene) => {
    const run = await working(scene)
    const allowed = {
      asked: 'decided settled expired',
      decided: 'started settled',
      started: 'asked started settled',
      settled: '',
      expired: 'settled',
    }
    const how: Record<string, readonly [object, Actor]> = {
      asked: [{}, alice],
      decided: [approve, carol],
      started: [{}, alice],
      settled: [{}, alice],
      expired: [{}, worker],
    }
    for (const from of stepStatuses) {
      for (const to of stepStatuses) {
        const path = `${from}-${to}`
        await bring(scene, run, path, from)
        if (to === 'expired') scene.clock.advance(dayMs)
        const [fields, actor] = how[to] as (typeof how)[string]
        const attempt = to === 'started' ? { attempt: ((await foundStep(scene, run, path))?.attempt ?? 0) + 1 } : {}
        const change = patchStep(run, path, to, { ...fields, ...attempt })
        if (allowed[from].includes(to)) await scene.committed(change, as(actor))
        else await scene.refused('conflict', change, as(actor))
        const status = (await foundStep(scene, run, path))?.status
        expectEqual(status, allowed[from].includes(to) ? to : from, `from ${from} to ${to}`)
      }
    }
  }),
  sceneCase('of two who decide at once one wins, and the other is told who', async (scene) => {
    const run = await working(scene)
    await scene.committed([asking(run, 'a'), asking(run, 'b')])
    const dave: Actor = { kind: 'user', id: 'dave' }
    const decide = (path: string, approved: boolean, actor: Actor) =>
      scene.commit(patchStep(run, path, 'decided', { decision: { approved } }), as(actor)).then(
        () => null,
        (error: { readonly code: string; readonly details: Record<string, unknown> }) => error,
      )
    const [first, second] = await Promise.all([decide('a', true, carol), decide('a', false, dave)])
    const loser = first ?? second
    const winner = (await foundStep(scene, run, 'a'))?.decision
    const decided = { by: winner?.by, at: winner?.at, approved: winner?.approved }
    expectEqual([first === null, second === null], [second !== null, first !== null], 'one of them wins')
    expectEqual(loser?.code, 'conflict', 'the other')
    expectEqual(loser?.details, { toolCallId: 'a', status: 'decided', decided }, 'what it is told')
    expectEqual(await decide('b', false, dave), null, 'another call is decided alone')
  }),
  sceneCase('a second driver does not start what another one started', async (scene) => {
    const run = await working(scene)
    await bring(scene, run, 'a', 'decided')
    await scene.committed(patchStep(run, 'a', 'started', { attempt: 1 }))
    const error = await scene.refused('conflict', patchStep(run, 'a', 'started', { attempt: 1 }))
    expectEqual(error.details, { toolCallId: 'a', attempt: 1 }, 'what it is told')
    await scene.refused('conflict', patchStep(run, 'a', 'started'))
    expectEqual(await standsAt(scene, run, 'a'), 'started 1', 'the step')
  }),
]

const rights: readonly StorageCase[] = [
  sceneCase('people and the application decide, an agent only if it is named, who asks never', async (scene) => {
    const run = await working(scene)
    const other: Actor = { kind: 'agent', id: 'other' }
    await scene.committed([asking(run, 'a', { approvers: [bob, alice, probe] }), asking(run, 'b'), asking(run, 'c')])
    const decide = (path: string) => patchStep(run, path, 'decided', approve)
    const error = await scene.refused('denied', decide('b'), as(bob))
    expectEqual(error.details, { toolCallId: 'b' }, 'details')
    for (const actor of [alice, other]) await scene.refused('denied', decide('a'), as(actor))
    await scene.committed(decide('a'), as(bob))
    await scene.committed(decide('b'), as(carol))
    await scene.committed(decide('c'), as(worker))
  }),
  sceneCase('only the application says who decided, and not somebody who may not', async (scene) => {
    const run = await working(scene)
    await scene.committed([asking(run, 'a'), asking(run, 'b')])
    const by = (actor: Actor) => patchStep(run, 'a', 'decided', { decision: { approved: true, by: actor } })
    await scene.refused('invalid-input', by(worker), as(carol))
    for (const actor of [alice, bob]) await scene.refused('denied', by(actor), as(worker))
    await scene.committed(by(carol), as(worker))
    expectEqual((await foundStep(scene, run, 'a'))?.decision?.by, carol, 'who decided')
    const own = patchStep(run, 'b', 'decided', { decision: { approved: false, by: carol } })
    await scene.committed(own, as(carol))
  }),
  sceneCase('only who began the run puts its steps and carries them on', async (scene) => {
    const run = await working(scene)
    for (const actor of [bob, carol, worker]) await scene.refused('conflict', asking(run, 'a'), as(actor))
    await bring(scene, run, 'a', 'decided')
    for (const actor of [bob, carol, worker]) {
      await scene.refused('denied', patchStep(run, 'a', 'started', { attempt: 1 }), as(actor))
    }
    await scene.committed(patchStep(run, 'a', 'started', { attempt: 1 }))
    for (const actor of [bob, carol]) {
      await scene.refused('denied', patchStep(run, 'a', 'settled'), as(actor))
      await scene.refused('denied', patchStep(run, 'a', 'asked', { payload: 1 }), as(actor))
    }
    await scene.committed(patchStep(run, 'a', 'settled'), as(worker))
    await scene.committed(asking(run, 'b'))
    await scene.refused('denied', patchStep(run, 'b', 'expired'))
  }),
]

const input: readonly StorageCase[] = [
  sceneCase('a step is bound to its input, whatever the order of its keys, and does not store it', async (scene) => {
    const run = await working(scene)
    await scene.committed(asking(run, 'a', { input: { to: 'secret-account', sum: { cents: 1, unit: 'EUR' } } }))
    const decide = (given: object) => patchStep(run, 'a', 'decided', { ...approve, input: given as never })
    const wrong = { to: 'secret-account', sum: { cents: 2, unit: 'EUR' } }
    const error = await scene.refused('conflict', decide(wrong), as(carol))
    expectTrue(error.message.includes('no longer the one that was asked about'), error.message)
    await scene.committed(decide({ sum: { unit: 'EUR', cents: 1 }, to: 'secret-account' }), as(carol))
    await scene.refused('conflict', patchStep(run, 'a', 'started', { attempt: 1, input: null }))
    expectTrue(!(await scene.logText()).includes('secret-account'), 'the log does not hold the input')
    await scene.committed([asking(run, 'b', { input: 1 }), asking(run, 'c', { input: '1' })])
    const [b, c] = [await foundStep(scene, run, 'b'), await foundStep(scene, run, 'c')]
    expectTrue(b?.inputHmac !== c?.inputHmac, 'other inputs have other hashes')
  }),
  sceneCase('the hash of an input differs from space to space', async (scene) => {
    const hashes: string[] = []
    for (const storage of ['one', 'two']) {
      const run = await working(scene, storage)
      await scene.committed(asking(run, 'a'))
      hashes.push((await foundStep(scene, run, 'a'))?.inputHmac ?? '')
      await scene.committed({ kind: 'erase' }, as(worker))
    }
    expectTrue(hashes[0] !== '' && hashes[0] !== hashes[1], 'a space that is made again has another secret')
  }),
]

const time: readonly StorageCase[] = [
  sceneCase('nobody decides after the time is over, swept or not', async (scene) => {
    const run = await working(scene)
    const limits = { limits: { pendingDays: 2 } }
    await scene.committed(asking(run, 'a'), limits)
    const due = (await foundStep(scene, run, 'a'))?.expiresAt
    expectEqual(due, isoTime(msOf(scene.now()) + 2 * dayMs), 'the limit that it was asked under')
    await scene.refused('conflict', patchStep(run, 'a', 'expired'), as(worker))
    scene.clock.advance(2 * dayMs)
    const decide = () => scene.refused('conflict', patchStep(run, 'a', 'decided', approve), as(carol))
    const { details } = await decide()
    const by = { kind: 'system', id: 'sweeper' }
    const decided = { by, at: due, approved: null, expired: true }
    expectEqual(details, { toolCallId: 'a', status: 'expired', decided }, 'before it was swept')
    scene.clock.advance(1_000)
    await scene.committed(patchStep(run, 'a', 'expired'), as(worker))
    const swept = await foundStep(scene, run, 'a')
    expectEqual([swept?.status, swept?.decision?.expired], ['expired', true], 'the step')
    expectEqual((await decide()).details, { ...details, decided: { ...decided, at: scene.now() } }, 'and after')
    await scene.committed(patchStep(run, 'a', 'settled'))
  }),
]

const due: readonly StorageCase[] = [
  sceneCase('a step that says as much as it may is still decided, and expires', async (scene) => {
    const run = await working(scene)
    const payload = 'x'.repeat(defaultLimits.stepBytes - 40)
    await scene.committed(asking(run, 'a', { payload }))
    await scene.committed(asking(run, 'b', { payload }), { limits: { pendingDays: 1 } })
    const decision = { approved: true, data: payload }
    await scene.committed(patchStep(run, 'a', 'decided', { decision }), as(carol))
    scene.clock.advance(dayMs)
    await scene.committed(patchStep(run, 'b', 'expired'), as(worker))
    expectEqual(
      [await standsAt(scene, run, 'a'), await standsAt(scene, run, 'b')],
      ['decided 0', 'expired 0'],
      'the steps',
    )
  }),
  sceneCase('due names the steps whose time to decide is over, and forgets what was dealt with', async (scene) => {
    const { storage, access } = scene
    const run = await working(scene)
    const dueSteps = async (limit = 10) => (await storage.due(access, limit)).steps
    const limits = (pendingDays: number) => ({ limits: { pendingDays } })
    const long = 'p'.repeat(300)
    for (const path of ['a', 'b', long, 'd']) await scene.committed(asking(run, path), limits(1))
    await scene.committed(asking(run, 'later'), limits(2))
    await scene.committed(asking(run, 'at once', { status: 'started', stepKind: 'plain' }), limits(1))
    await scene.committed(patchStep(run, 'b', 'decided', approve), as(carol))
    scene.clock.advance(dayMs - 1)
    expectEqual(await dueSteps(), [], 'nothing is due yet')
    scene.clock.advance(1)
    const named = async (path: string) => {
      const { runId, version } = (await foundStep(scene, run, path)) ?? {}
      return { space: home, runId, path, version }
    }
    const found = [...(await dueSteps())].sort((left, right) => (left.path < right.path ? -1 : 1))
    expectEqual(found, [await named('a'), await named('d'), await named(long)], 'what is due')
    expectEqual((await dueSteps(2)).length, 2, 'at most as many as asked for')
    await scene.committed(patchStep(run, 'a', 'expired'), as(worker))
    await scene.committed(patchStep(run, long, 'settled'))
    await scene.committed(deleteMessages(run.threadId, run.messageId))
    expectEqual(await dueSteps(), [], 'after they were dealt with')
    scene.clock.advance(2 * dayMs)
    expectEqual(await dueSteps(), [], 'nor later')
  }),
]

async function refusedPuts(scene: Scene, run: Working): Promise<void> {
  const other = await working(scene, 'other')
  const wrong: readonly (readonly ['invalid-input' | 'not-found' | 'conflict' | 'limit-exceeded', Change])[] = [
    ['not-found', asking({ ...run, runId: `${run.runId}x` }, 'x')],
    ['not-found', asking({ ...run, threadId: 'none' }, 'x')],
    ['invalid-input', asking({ ...run, threadId: 'other' }, 'x')],
    ['invalid-input', asking({ ...run, messageId: other.messageId }, 'x')],
    ['invalid-input', asking({ ...run, messageId: 'mine' }, 'x')],
    ['invalid-input', asking(run, 'x', { stepKind: 'plain' })],
    ['conflict', asking(run, 'a')],
    ['limit-exceeded', asking(run, 'x', { payload: 'x'.repeat(defaultLimits.stepBytes) })],
  ]
  for (const [code, change] of wrong) await scene.refused(code, change)
}

const refusals: readonly StorageCase[] = [
  sceneCase(
    'a step that does not fit its run is refused, and so is a change that does not fit its step',
    async (scene) => {
      const run = await working(scene)
      await scene.committed(asking(run, 'a'))
      await refusedPuts(scene, run)
      const decide = (decision: object, more: object = {}) =>
        patchStep(run, 'a', 'decided', { decision: decision as never, ...more })
      for (const change of [
        decide({}),
        decide({ data: 1 }),
        decide({ reason: 'no' }),
        patchStep(run, 'a', 'decided'),
        decide({ approved: true }, { payload: 1 }),
        decide({ approved: true }, { attempt: 1 }),
      ]) {
        await scene.refused('invalid-input', change, as(carol))
      }
      const long = { reason: 'x'.repeat(defaultLimits.stepBytes) }
      await scene.refused('limit-exceeded', decide({ approved: false, ...long }), as(carol))
      await scene.refused('not-found', patchStep(run, 'none', 'decided', approve), as(carol))
      await scene.refused('not-found', patchStep({ runId: 'run' }, 'a', 'decided', approve), as(carol))
      await scene.refused('invalid-input', [asking(run, 'x'), patchStep(run, 'x', 'settled')])
      await bring(scene, run, 'b', 'decided')
      await scene.committed(patchStep(run, 'b', 'started', { attempt: 1 }))
      await scene.refused('invalid-input', patchStep(run, 'b', 'asked', { stepKind: 'plain' }))
    },
  ),
  sceneCase('an expectation of its version holds for a step, and a retry gets the first answer', async (scene) => {
    const run = await working(scene)
    const first = await scene.committed(asking(run, 'a'), { id: 'ask' })
    const again = await scene.committed(asking(run, 'a'), { id: 'ask' })
    expectEqual(again, { ...first, replayed: true }, 'asked again')
    const of = { noun: 'step', key: stepKey(run.runId, 'a') }
    const decide = patchStep(run, 'a', 'decided', approve)
    await scene.conflict(decide, { ...as(carol), expect: [{ version: first.seq - 1, of }] })
    await scene.committed(decide, { ...as(carol), expect: [{ version: first.seq, of }], id: 'decide' })
    const { replayed } = await scene.committed(decide, {
      ...as(carol),
      expect: [{ version: first.seq, of }],
      id: 'decide',
    })
    expectEqual(replayed, true, 'decided again under the same id')
  }),
  sceneCase('the steps of a run are listed by path, in pages of every size, and no others', async (scene) => {
    const run = await working(scene)
    const other = await working(scene, 'other')
    const long = [`${'p'.repeat(300)}1`, `${'p'.repeat(300)}2`, 'with\nlines', 'ünusual *']
    const paths = ['2/b', '3[17]', 'call_1|fc_2', 'a', 'b', ...long]
    for (const path of paths) await scene.committed(asking(run, path))
    await scene.committed([asking(other, 'a')])
    await scene.committed(putRun('run-', { threadId: 'third' }))
    for (const path of paths) expectEqual((await foundStep(scene, run, path))?.path, path, 'a step by its path')
    for (let limit = 1; limit <= paths.length; limit++) {
      const found: unknown[] = []
      for (let after: string | null = null; ; ) {
        const query = { prefix: `${run.runId}/`, after, limit }
        const { items, more } = await scene.storage.records.list(scene.access, home, 'step', query)
        found.push(...items.map(({ value }) => value.path))
        after = items.at(-1)?.key ?? null
        expectEqual(more, found.length < paths.length, 'whether more follows')
        if (!more) break
      }
      expectEqual([...found].sort(), [...paths].sort(), `${limit} at a time`)
    }
  }),
  sceneCase('a step makes no space, and no thread', async (scene) => {
    await scene.committed(putThread('t'))
    const none = { runId: 'run_000000000000_a', turnId: 'turn' as never, threadId: 'u', messageId: 'm' }
    await scene.refused('not-found', asking(none, 'a'))
    await scene.refused('not-found', asking(none, 'a'), { space: 'team/none' as never })
  }),
]

export const stepCases: readonly StorageCase[] = [...life, ...rights, ...input, ...time, ...due, ...refusals]
