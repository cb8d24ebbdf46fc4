// What calls say while they wait, and what was decided, goes with what is forgotten, byte for byte.
import { expect, it } from 'vitest'
import { sweep } from '../../src/memory/storage/sweeper.ts'
import { ada, begun, portOf } from '../memory/begun-run.ts'
import { ManualClock, openMemory, temporaryUrl } from '../memory/opened.ts'
import { expectGone, type Forgotten, storageOf } from './everything.ts'
import { pathOf, Secrets } from './planted.ts'

const targets: readonly (readonly [
  string,
  (at: { readonly runId: string; readonly messageId: string }) => Forgotten,
])[] = [
  ['its run', ({ runId }) => ({ run: runId })],
  ['the message of its call', ({ messageId }) => ({ resourceId: 'alice', messageIds: [messageId] })],
  ['its thread', () => ({ resourceId: 'alice', threadId: 't' })],
  ['its resource', () => ({ resourceId: 'alice' })],
]

it.each(targets)('a step goes with %s, and others stay', async (_, what) => {
  const url = temporaryUrl()
  const memory = openMemory({ storage: url })
  const port = await portOf(memory.as(ada))
  const [gone, kept] = [new Secrets(), new Secrets()]
  const other = await begun(port, 'bob', 'other')
  const { space, turn, runId, put } = await begun(port)
  for (const { of, secrets } of [
    { of: other, secrets: kept },
    { of: { space, turn, runId, put }, secrets: gone },
  ]) {
    const s = secrets.make
    const resumeSchema = { title: s() }
    await of.turn.commit([of.put('a', { payload: { text: s() }, resumeSchema, stepKind: 'suspension' })])
    await of.turn.commit([of.put('b', { payload: s() }), of.put('x'.repeat(300), { payload: s() })])
    const decision = { approved: true, reason: s(), data: { text: s() } }
    await of.space.decide([{ kind: 'step-patch', runId: of.runId, path: 'a', status: 'decided', decision }])
    await of.turn.commit([{ kind: 'step-patch', runId: of.runId, path: 'a', status: 'started', attempt: 1 }])
    await of.turn.commit([{ kind: 'step-patch', runId: of.runId, path: 'a', status: 'asked', payload: s() }])
    await of.turn.close('suspended', [
      { kind: 'run-put', runId: of.runId, threadId: of.turn.threadId, status: 'suspended' },
    ])
  }
  const inputHmac = (await space.step(runId, 'a'))?.inputHmac ?? ''
  const { erased } = await memory.forget(what({ runId, messageId: turn.messageId(0) }))
  expect(erased.records).toBe(3)
  await memory.settled()
  expect(await space.steps(runId)).toEqual([])
  expect((await other.space.steps(other.runId)).map(({ status }) => status)).toEqual(['asked', 'asked', 'asked'])
  await memory.close()
  expectGone(pathOf(url), [...gone.texts, inputHmac], kept.texts.slice(-1))
})

const flows: readonly (readonly [string, (runId: string) => Forgotten])[] = [
  ['its run', (runId) => ({ run: runId })],
  ['its thread', () => ({ resourceId: 'alice', threadId: 't' })],
  ['its resource', () => ({ resourceId: 'alice' })],
]

it.each(
  flows.flatMap(([name, what]) => [
    { name, what, isCompacted: false },
    { name: `${name}, compacted`, what, isCompacted: true },
  ]),
)('the steps of a workflow go with $name', async ({ what, isCompacted }) => {
  const url = temporaryUrl()
  const clock = new ManualClock()
  const memory = openMemory({ storage: url, clock, background: false })
  const port = await portOf(memory.as(ada))
  const [gone, kept] = [new Secrets(), new Secrets()]
  const plan = { kind: 'agent', id: 'plan' } as const
  const named = { stepId: 'step', definition: 'd1' } as const
  /** A run that waits for a decision, after a step that failed and one that ended. */
  const run = async (resourceId: string, s: () => string) => {
    const space = port.space(plan, resourceId)
    await memory.createThread({ resourceId, threadId: 't' })
    const put = { name: 'plan', runKind: 'workflow', leaseMs: 1_000, threadId: 't', continuation: s() } as const
    const begun = { begun: 0, ...named } as const
    const first = await space.submit([
      { kind: 'run-put', unique: space.newRunId(), ...put, details: { text: s() } },
      { kind: 'work-end', ...begun, path: 'input', outcome: 'complete', output: s() },
      { kind: 'work-begin', ...begun, path: '0', attempt: 1 },
      { kind: 'work-begin', ...begun, path: '1', attempt: 1 },
    ])
    const [result] = first.status === 'committed' ? first.results : []
    if (result?.kind !== 'run-put') throw new Error('the run begins')
    const { runId, token = 0 } = result
    const at = { runId, token, ...named }
    const state = { at: 1, fields: { text: s() } }
    await space.submit([
      {
        kind: 'work-end',
        ...at,
        path: '0',
        outcome: 'failed',
        error: { name: 'E', message: s(), details: s() },
        state,
      },
      { kind: 'work-wait', ...at, path: '1', stepKind: 'suspension', payload: s(), label: s(), resumeSchema: s() },
    ])
    await space.decide([
      { kind: 'step-patch', runId, path: '1', status: 'decided', decision: { data: s(), reason: s() } },
    ])
    await space.submit([{ kind: 'work-begin', ...at, path: '1', attempt: 2 }])
    await space.submit([
      { kind: 'work-end', ...at, path: '1', outcome: 'bailed', output: s() },
      { kind: 'work-wait', ...at, path: '2', stepKind: 'sleep', until: '2031-01-01T00:00:00.000Z' },
    ])
    return { space, runId }
  }
  const { space, runId } = await run('alice', gone.make)
  const other = await run('bob', kept.make)
  if (isCompacted) {
    const storage = await storageOf(memory)
    for (const id of ['resource/alice', 'resource/bob']) {
      const seq = (await memory.space(id).state())?.seq ?? 0
      await storage.compact({ actor: ada, grants: 'all' }, id as never, seq)
    }
  }
  // Its owner is gone, and its lease is left behind until the run is interrupted.
  clock.ms += 1_000
  if (!isCompacted) expect(await sweep(await storageOf(memory))).toBe(2)
  const { erased } = await memory.forget(what(runId))
  expect([erased.runs, erased.records]).toEqual([1, 4])
  await memory.settled()
  expect([await space.workSteps(runId), await space.run(runId)]).toEqual([[], null])
  expect((await other.space.workSteps(other.runId)).map(({ status }) => status).toSorted()).toEqual(
    ['settled', 'settled', 'asked', 'settled'].toSorted(),
  )
  await memory.close()
  const bare = runId.split('_').slice(2).join('_')
  expectGone(pathOf(url), [...gone.texts, bare], kept.texts.slice(-1))
})
