/** The lease of a workflow's run: taken, proved and released with its puts; and what happens to the run without an owner. */
import type { ChangeOf, ResultOf } from '../commit/commit.ts'
import type { EffectOf } from '../commit/effect.ts'
import { invalidInput, MemoryError, notFound, shown } from '../error.ts'
import { checkId, type RunId } from '../id.ts'
import { runLease } from '../records/lease.ts'
import { hasEnded, liveRun, type RunKind, type RunState, type RunStatus, type StatedRun } from '../records/run.ts'
import { foldRun } from '../replay/run-fold.ts'
import type { Draft } from './draft.ts'
import { holdLease, leaseHeld } from './lease-changes.ts'

type RunPut = ChangeOf<'run-put'>

/** The error for a writer that does not hold the lease of its run any more. */
function leaseLost(runId: string): MemoryError {
  return new MemoryError('conflict', {
    message: `The lease of the run ${shown(runId)} was lost, or was never taken.`,
    fix: 'Stop: another process may go on with the run. To take it over, put the run with leaseMs.',
    details: { runId, reason: 'lease-lost' },
  })
}

/**
 * Checks that the commit holds the lease of a run: that it took it itself, or has the token of the last take.
 *
 * @throws MemoryError `conflict`, with the reason `lease-lost` in its details.
 */
export function proveLease(draft: Draft, runId: string, token: number | undefined): void {
  const lease = draft.lease(runLease(runId))
  if (lease === null || (lease.token !== draft.seq && lease.token !== token)) throw leaseLost(runId)
}

/** Refuses the options of leases, and the status `pending`, for the run of an agent: its turn has the lease. */
export function refuseForAgents(kind: RunKind, change: RunPut): void {
  if (kind === 'workflow') return
  for (const field of ['leaseMs', 'steal', 'token'] as const) {
    if (change[field] === undefined) continue
    throw invalidInput(
      field,
      'is for runs of workflows',
      change[field],
      'Leave it out: the turn of a run has its lease.',
    )
  }
  if (change.status !== 'pending') return
  throw invalidInput('status', 'must not be pending for the run of an agent', change.status, 'Pass another status.')
}

/**
 * Decides what a put does to the lease of a workflow's run. A put takes it or proves it; one with another status than
 * `running` releases it.
 *
 * @param before The run to continue; null for a new one, which has no lease yet.
 */
export function leasedBy(
  draft: Draft,
  change: RunPut,
  before: RunState | null,
  runId: RunId,
  status: RunStatus,
): Pick<EffectOf<'run-put'>, 'until' | 'released'> {
  const { leaseMs, steal, token } = change
  const name = runLease(runId)
  if (steal === true && leaseMs === undefined) {
    throw invalidInput('steal', 'must go with leaseMs', steal, 'Pass leaseMs too, or leave it out.')
  }
  const held = before === null ? null : draft.lease(name)
  if (leaseMs !== undefined) {
    const isOthers = held !== null && held.until > draft.at && held.token !== token && steal !== true
    if (isOthers) throw leaseHeld(held)
  } else if (before !== null) {
    if (token === undefined) throw leaseLost(runId)
    proveLease(draft, runId, token)
  } else if (status === 'running') {
    throw invalidInput('leaseMs', 'is required for a workflow that runs', undefined, 'Pass how long you may take.')
  }
  if (status === 'running') return leaseMs === undefined ? {} : { until: holdLease(draft, name, leaseMs, null).until }
  if (held === null) return {}
  draft.leases.set(name, null)
  return { released: true }
}

function putRun(draft: Draft, run: RunState, stated: StatedRun, how: Partial<EffectOf<'run-put'>>): void {
  const effect = draft.add({ kind: 'run-put' as const, runId: run.id, prev: run.version, stated, ...how })
  draft.setRun(run, foldRun(run, effect, draft))
}

/**
 * Lets a workflow's run go on after a decision about one of its steps. One that is worked on gets another version, so that
 * who parks it under the version that it has read meets a conflict, and looks again.
 */
export function wakeRun(draft: Draft, run: RunState): void {
  if (draft.work.woken.has(run.id)) return
  draft.work.woken.add(run.id)
  draft.claim({ run: run.id })
  const status = run.status === 'suspended' ? { status: 'pending' as const } : {}
  putRun(draft, run, { ...status, expiresAt: null }, { implied: true })
}

/** Decides the sweeper's interruption of a workflow's run whose owner is gone: it goes on elsewhere. */
export function applyRunInterrupt(draft: Draft, change: ChangeOf<'run-interrupt'>): ResultOf<'run-interrupt'> {
  if (draft.actor.kind !== 'system') {
    const message = 'Only the application interrupts runs.'
    throw new MemoryError('denied', { message, fix: 'Take the run over with leaseMs: a put refuses while it is held.' })
  }
  const runId = checkId(change.runId, 'runId') as RunId
  draft.claim({ run: runId })
  const run = liveRun(draft.run(runId), draft.at)
  if (run === null) throw notFound('run', runId, 'It may have expired or been forgotten.')
  const name = runLease(runId)
  const lease = draft.lease(name)
  if (lease !== null && lease.until > draft.at) throw leaseHeld(lease)
  if (run.kind !== 'workflow' || run.status !== 'running') {
    throw new MemoryError('conflict', {
      message: `The run ${shown(runId)} is ${run.status}, and of ${run.kind === 'agent' ? 'an agent' : 'a workflow'}.`,
      fix: 'Only a workflow that runs can be interrupted.',
      details: { runId, status: run.status },
    })
  }
  if (lease !== null) draft.leases.set(name, null)
  const released = lease === null ? {} : ({ released: true } as const)
  putRun(draft, run, { status: 'pending', expiresAt: null }, { interrupts: true, ...released })
  return { kind: 'run-interrupt', runId, version: draft.seq }
}

/** The error for a decision about a step whose run has ended. */
export function runEnded(draft: Draft, runId: string): MemoryError {
  const status = liveRun(draft.run(runId), draft.at)?.status ?? null
  return new MemoryError('conflict', {
    message: `The run ${shown(runId)} has ended${status === null ? '' : `: it is ${status}`}.`,
    fix: 'Nothing waits for the decision any more.',
    details: { runId, status },
  })
}

/** The run that a step of a workflow belongs to; null if it has ended. */
export function unendedRun(draft: Draft, runId: string): RunState | null {
  const run = liveRun(draft.run(runId), draft.at)
  return run === null || hasEnded(run.status) ? null : run
}
