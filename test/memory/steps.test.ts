// Steps as agents read and decide about them: through the port of a memory.
import { expect, it } from 'vitest'
import { sweep } from '../../src/memory/storage/sweeper.ts'
import { storageOf } from '../forget/everything.ts'
import { ada, begun, bot, decide, portOf } from './begun-run.ts'
import { day, ManualClock, openMemory, refusal } from './opened.ts'

it('reads the steps of a run, and decides as the actor of the memory', async () => {
  const memory = openMemory()
  const port = await portOf(memory.as(ada))
  const { space, turn, runId, put } = await begun(port)
  const other = await begun(port, 'alice', 'other')
  await other.turn.commit([other.put('a')])
  await turn.commit([put('b'), put('a', { status: 'started', stepKind: 'plain' })])
  expect(space.decider).toEqual(ada)
  expect((await space.steps(runId)).map(({ path, status }) => [path, status])).toEqual([
    ['a', 'started'],
    ['b', 'asked'],
  ])
  await space.decide([decide(runId, 'b')])
  const decided = await space.step(runId, 'b')
  expect(decided).toMatchObject({ status: 'decided', askedBy: bot, decision: { by: ada, approved: true } })
  expect(decided?.version).toBe((await memory.space('resource/alice').state())?.seq)
  const late = await refusal(() => space.decide([decide(runId, 'b', false)]))
  expect(late).toMatchObject({ code: 'conflict', details: { decided: { by: ada, approved: true } } })
  expect(await space.step(runId, 'c')).toBeNull()
  expect(await space.steps('run_000000000000_none')).toEqual([])
  // Inside the turn, a decision is still the memory's.
  expect((await space.within(turn).step(runId, 'a'))?.path).toBe('a')
  expect(space.within(turn).decider).toEqual(ada)
  await Promise.all([turn.close('complete'), other.turn.close('complete')])
})

it('does not let the agent decide through its own memory', async () => {
  const memory = openMemory()
  const { space, turn, runId, put } = await begun(await portOf(memory.as(bot)))
  await turn.commit([put('a', { approvers: [bot] })])
  expect(await refusal(() => space.decide([decide(runId, 'a')]))).toMatchObject({ code: 'denied' })
  await turn.close('complete')
})

it('finds the space of a run by its id alone', async () => {
  const memory = openMemory()
  const port = await portOf(memory)
  const { turn, runId, put } = await begun(port)
  await turn.commit([put('a')])
  const found = await port.spaceOfRun(bot, runId)
  expect([found?.id, found?.actor, found?.decider]).toEqual(['resource/alice', bot, { kind: 'system', id: 'app' }])
  expect((await found?.step(runId, 'a'))?.status).toBe('asked')
  for (const id of ['run_000000000000_none', 'none', turn.id]) expect(await port.spaceOfRun(bot, id)).toBeNull()
  await turn.close('complete')
})

it('finds runs that wait in every space, the oldest first', async () => {
  const memory = openMemory()
  const port = await portOf(memory)
  for (const [resourceId, status] of [
    ['alice', 'suspended'],
    ['bob', 'suspended'],
    ['carol', 'complete'],
  ] as const) {
    const { turn, runId } = await begun(port, resourceId)
    await turn.close(status, [{ kind: 'run-put', runId, threadId: 't', status }])
  }
  const query = { kind: 'agent', statuses: ['suspended'], names: ['bot'], after: null, limit: 10 } as const
  const waiting = await port.waitingRuns(bot, query)
  expect(waiting.map(({ space, run }) => [space.id, space.actor, run.status])).toEqual([
    ['resource/alice', bot, 'suspended'],
    ['resource/bob', bot, 'suspended'],
  ])
  expect(await port.waitingRuns(bot, { ...query, names: ['other'] })).toEqual([])
})

it('takes changes of steps from outside only as their schema says', async () => {
  const memory = openMemory()
  const { turn, runId, put } = await begun(await portOf(memory))
  await turn.commit([put('a')])
  const space = memory.space('resource/alice')
  const bad = [
    { kind: 'step-remove', key: `${runId}/a` },
    { kind: 'step-expire', key: `${runId}/a` },
    { kind: 'record-put', noun: 'step', key: `${runId}/a`, value: {} },
    { ...put('b'), askedBy: ada },
    { ...put('b'), inputHmac: 'x' },
    { ...put('b'), ttlMs: 1 },
    { ...put('b'), status: 'decided' },
    { ...decide(runId, 'a'), ttlMs: 1 },
    { ...decide(runId, 'a'), decision: { approved: true, at: '2020-01-01T00:00:00.000Z' } },
  ]
  for (const change of bad) {
    expect(await refusal(() => space.commit([change as never])), JSON.stringify(change)).toMatchObject({
      code: 'invalid-input',
    })
  }
  await turn.close('complete')
})

it('shows on the feed who asks and who decides, and that the time was over', async () => {
  const clock = new ManualClock()
  const memory = openMemory({ clock, limits: { pendingDays: 2 } })
  const { space, turn, runId, put } = await begun(await portOf(memory.as(ada)))
  await turn.commit([put('a')])
  await turn.commit([put('b')])
  await space.decide([decide(runId, 'a', false)])
  await turn.close('suspended', [{ kind: 'run-put', runId, threadId: 't', status: 'suspended' }])
  const storage = await storageOf(memory)
  clock.pass(2 * day - 1)
  expect(await sweep(storage)).toBe(0)
  clock.pass(1)
  expect(await Promise.all([sweep(storage), sweep(storage)])).toEqual([1, 1])
  expect(await sweep(storage)).toBe(0)
  const told: unknown[] = []
  for await (const { actor, rows } of memory.space('resource/alice').changes({ after: 0 })) {
    for (const effect of rows.flatMap(({ effects }) => effects)) {
      if (effect.kind !== 'record-put' || effect.noun !== 'step') continue
      const { path, status, decision } = effect.value as { path: string; status: string; decision?: object }
      told.push([actor, path, status, decision])
    }
    if (told.length === 4) break
  }
  const sweeper = { kind: 'system', id: 'sweeper' }
  expect(told).toEqual([
    [bot, 'a', 'asked', undefined],
    [bot, 'b', 'asked', undefined],
    [ada, 'a', 'decided', { by: ada, at: '2026-03-01T00:00:00.000Z', approved: false }],
    [sweeper, 'b', 'expired', { by: sweeper, at: '2026-03-03T00:00:00.000Z', expired: true }],
  ])
  // The run that waits keeps its steps: what nobody decided about is declined when it goes on.
  expect((await space.steps(runId)).map(({ status }) => status)).toEqual(['decided', 'expired'])
})
