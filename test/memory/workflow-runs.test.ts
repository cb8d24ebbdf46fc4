// Runs of workflows as an engine works on them: through the port of a memory.
import type { Memory } from 'aquifer'
import { expect, it } from 'vitest'
import type { Change, CommitResult } from '../../src/domain/commit/commit.ts'
import { runLease } from '../../src/domain/records/lease.ts'
import { sweep } from '../../src/memory/storage/sweeper.ts'
import type { AgentSpace, RunProgress } from '../../src/ports/agent-memory.ts'
import { storageOf } from '../forget/everything.ts'
import { ada, portOf } from './begun-run.ts'
import { day, ManualClock, openMemory, refusal, take } from './opened.ts'

const plan = { kind: 'agent', id: 'plan' } as const
const where = 'resource/alice' as AgentSpace['id']
const leaseMs = 15_000

function tokenIn(result: CommitResult): { readonly runId: string; readonly token: number } {
  const [first] = result.status === 'committed' ? result.results : []
  if (first?.kind !== 'run-put' || first.token === undefined) throw new Error('the put takes a lease')
  return { runId: first.runId, token: first.token }
}

const named = { stepId: 'pay', definition: 'd1' } as const
const begin = (run: object, path: string, attempt = 1) =>
  ({ kind: 'work-begin', ...run, path, ...named, attempt }) as Change
const end = (run: object, path: string, output: string) =>
  ({ kind: 'work-end', ...run, path, ...named, outcome: 'complete', output }) as Change
const wait = (run: object, path: string, more: object = {}) =>
  ({ kind: 'work-wait', ...run, path, ...named, stepKind: 'suspension', ...more }) as Change
const park = (run: object, status = 'suspended') => ({ kind: 'run-put', ...run, status }) as Change
const decide = (runId: string, path: string): Change => {
  return { kind: 'step-patch', runId, path, status: 'decided', decision: { data: true } }
}

/** A run in a space that it makes, with its first step. */
async function started(memory: Memory, first: readonly Change[] = [begin({ begun: 0 }, '0')]) {
  const port = await portOf(memory.as(ada))
  const space = port.spaceAt(plan, where)
  const put: Change = { kind: 'run-put', unique: space.newRunId(), name: 'plan', runKind: 'workflow', leaseMs }
  const run = tokenIn(await space.submit([put, ...first]))
  return { port, space, run }
}

/** Short texts of what a watcher saw: the status of the run, and the steps. */
function told({ run, steps }: RunProgress): string {
  const parts = steps.map(({ path, status }) => `${path} ${status}`).toSorted()
  return [run?.status ?? 'gone', ...parts].join(', ')
}

it('begins, carries on and reads a run in a space that the first commit makes', async () => {
  const memory = openMemory()
  const { space, run } = await started(memory)
  expect([space.id, space.actor, space.limits.stepsPerRun]).toEqual([where, plan, 10_000])
  await space.submit([end(run, '0', 'done'), begin(run, '1')])
  expect(await space.run(run.runId)).toMatchObject({ status: 'running', kind: 'workflow', expiresAt: null })
  const steps = await space.workSteps(run.runId)
  expect(steps.map(({ path, status, output }) => [path, status, output])).toEqual([
    ['0', 'settled', 'done'],
    ['1', 'started', undefined],
  ])
  expect(await space.workStep(run.runId, '1')).toMatchObject({ path: '1', attempt: 1, version: 2 })
  expect([await space.workStep(run.runId, '2'), await space.run('run_000000000000_none')]).toEqual([null, null])
  // Its steps are no calls.
  expect([await space.steps(run.runId), await space.step(run.runId, '1')]).toEqual([[], null])
  expect(await space.submit([end(run, '1', 'x')], [{ seq: 1 }])).toMatchObject({ status: 'conflict' })
})

it('renews the lease of its holder, and of nobody else', async () => {
  const clock = new ManualClock()
  const memory = openMemory({ clock, background: false })
  const { space, run } = await started(memory)
  const lease = runLease(run.runId)
  clock.ms += leaseMs - 1
  expect(await space.renewLease(lease, run.token, leaseMs)).toBe(true)
  clock.ms += leaseMs - 1
  const taking = () => space.submit([{ kind: 'run-put', runId: run.runId, leaseMs }])
  expect(await refusal(taking)).toMatchObject({ code: 'conflict', retryable: true, details: { holder: plan } })
  clock.ms += 1
  const later = tokenIn(await taking())
  expect(await space.renewLease(lease, run.token, leaseMs)).toBe(false)
  expect(await refusal(() => space.submit([begin(run, '1')]))).toMatchObject({ details: { reason: 'lease-lost' } })
  await space.submit([end(later, '0', 'done'), park(later, 'complete')])
  expect(await space.renewLease(lease, later.token, leaseMs)).toBe(false)
})

it('never makes a space again in the background', async () => {
  const memory = openMemory()
  const { space, run } = await started(memory)
  await memory.forget({ resourceId: 'alice' })
  const put: Change = { kind: 'run-put', unique: 'other', name: 'plan', runKind: 'workflow', leaseMs }
  expect(await refusal(() => space.submitAlone([put]))).toMatchObject({ code: 'not-found' })
  expect(await refusal(() => space.submit([begin(run, '1')]))).toMatchObject({ code: 'not-found' })
})

it('lists runs that wait by kind and status', async () => {
  const memory = openMemory()
  const { port, space, run } = await started(memory)
  await space.submit([wait(run, '0'), park(run)])
  const asked = { kind: 'workflow', names: ['plan'], after: null, limit: 10 } as const
  const admin = await portOf(memory)
  const waiting = async (query: object = {}) => {
    const found = await admin.waitingRuns(plan, { ...asked, statuses: ['suspended', 'pending'], ...query })
    return found.map((one) => `${one.space.id} ${one.run.status}`)
  }
  expect([await waiting(), await waiting({ kind: 'agent' })]).toEqual([[`${where} suspended`], []])
  await port.spaceAt(plan, where).decide([decide(run.runId, '0')])
  expect([await waiting(), await waiting({ statuses: ['suspended'] })]).toEqual([[`${where} pending`], []])
})

it('lets a run go on elsewhere when its owner is gone, a sleep is over, or nobody decided in time', async () => {
  const clock = new ManualClock()
  const memory = openMemory({ clock, background: false })
  const storage = await storageOf(memory)
  const { space, run } = await started(memory, [])
  const statusOf = async () => (await space.run(run.runId))?.status
  expect(await sweep(storage)).toBe(0)
  clock.ms += leaseMs
  expect([await sweep(storage), await statusOf(), await sweep(storage)]).toEqual([1, 'pending', 0])
  const second = tokenIn(await space.submit([{ kind: 'run-put', runId: run.runId, leaseMs }]))
  const until = new Date(clock.ms + 60_000).toISOString()
  const sleeping = wait(second, '0', { stepKind: 'sleep', until })
  await space.submit([sleeping, begin(second, '1')])
  await space.submit([wait(second, '1', { payload: 'Sure?' }), park(second)])
  clock.ms += 60_000
  expect([await sweep(storage), await statusOf()]).toEqual([1, 'pending'])
  const third = tokenIn(await space.submit([{ kind: 'run-put', runId: run.runId, leaseMs }]))
  await space.submit([end(third, '0', 'slept'), park(third)])
  clock.ms += 31 * day
  expect([await sweep(storage), await statusOf()]).toEqual([1, 'pending'])
  expect(await space.workStep(run.runId, '1')).toMatchObject({ status: 'expired', decision: { expired: true } })
})

it('follows a run: its whole state, then what each commit changes, to its end', async () => {
  const memory = openMemory()
  const { space, run } = await started(memory)
  await space.submit([end(run, '0', 'done'), begin(run, '1')])
  const stop = new AbortController()
  const seen = space.watchRun(run.runId, stop.signal)[Symbol.asyncIterator]()
  expect((await take(seen, 1)).map(told)).toEqual(['running, 0 settled, 1 started'])
  await memory.team('acme').write('k', 1)
  await space.submit([{ kind: 'entry-write', key: 'k', value: 1 }])
  await space.submit([wait(run, '1', { payload: { sum: 7 } }), park(run)])
  await space.decide([decide(run.runId, '1')])
  const again = tokenIn(
    await space.submit([{ kind: 'run-put', runId: run.runId, leaseMs }, begin({ runId: run.runId }, '1', 2)]),
  )
  await space.submit([end(again, '1', 'paid'), park(again, 'complete')])
  const states = await take(seen, 4)
  expect(states.map(told)).toEqual([
    'suspended, 1 asked',
    'pending, 1 decided',
    'running, 1 started',
    'complete, 1 settled',
  ])
  expect(states.at(-1)?.run).toEqual(await space.run(run.runId))
  expect(states.at(-1)?.steps).toEqual([await space.workStep(run.runId, '1')])
  const next = seen.next()
  stop.abort()
  expect(await next).toEqual({ value: undefined, done: true })
})

it('follows a run over what the log does not tell', async () => {
  const memory = openMemory({ background: false })
  const storage = await storageOf(memory)
  const { space, run } = await started(memory)
  const seen = space.watchRun(run.runId, new AbortController().signal)[Symbol.asyncIterator]()
  expect((await take(seen, 1)).map(told)).toEqual(['running, 0 started'])
  await space.submit([end(run, '0', 'done'), begin(run, '1')])
  await space.submit([end(run, '1', 'done')])
  await storage.compact({ actor: ada, grants: 'all' }, where, 2)
  expect((await take(seen, 1)).map(told)).toEqual(['running, 0 settled, 1 settled'])
  await space.submit([park(run, 'complete')])
  expect((await take(seen, 1)).map(told)).toEqual(['complete'])
  await memory.forget({ run: run.runId })
  expect((await take(seen, 1)).map(told)).toEqual(['gone'])
  expect((await seen.next()).done).toBe(true)
  const unknown = space.watchRun(run.runId, new AbortController().signal)[Symbol.asyncIterator]()
  expect((await take(unknown, 1)).map(told)).toEqual(['gone'])
})

it('ends following when the space is forgotten, and when the memory closes', async () => {
  const memory = openMemory()
  const first = await started(memory)
  const seen = first.space.watchRun(first.run.runId, new AbortController().signal)[Symbol.asyncIterator]()
  await take(seen, 1)
  await memory.forget({ resourceId: 'alice' })
  expect((await take(seen, 1)).map(told)).toEqual(['gone'])
  const { space, run } = await started(memory)
  const other = space.watchRun(run.runId, new AbortController().signal)[Symbol.asyncIterator]()
  await take(other, 1)
  const next = other.next()
  await space.submit([park(run, 'aborted')])
  expect(told((await next).value as RunProgress)).toBe('aborted')
  const last = other.next()
  await memory.close()
  expect((await last).done).toBe(true)
})
