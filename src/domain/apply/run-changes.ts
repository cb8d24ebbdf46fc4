/** Decides changes of runs: beginning, continuing, ending and expiring. */

import { sameActor } from '../actor.ts'
import type { ChangeOf, ResultOf } from '../commit/commit.ts'
import { invalidInput, MemoryError, notFound, shown } from '../error.ts'
import { checkId, checkUnique, parseTurnId, type RunId, runIdOf, type ThreadId, type TurnId, turnIdOf } from '../id.ts'
import { checkBytes } from '../limits.ts'
import { runLease, turnLease } from '../records/lease.ts'
import {
  hasEnded,
  keepsContinuation,
  liveRun,
  type RunKind,
  type RunState,
  type RunStatus,
  runTombstone,
  type StatedRun,
} from '../records/run.ts'
import type { TurnState } from '../records/turn.ts'
import { foldRun } from '../replay/run-fold.ts'
import { isoTime, msOf } from '../time.ts'
import type { Draft } from './draft.ts'
import { dropSteps } from './drop-steps.ts'
import { leasedBy, refuseForAgents } from './run-lease.ts'

type RunPut = ChangeOf<'run-put'>

/** The id of a new run, which was never used before. */
export function newRunId(draft: Draft, unique: string | undefined): RunId {
  const runId = runIdOf(draft.space.key, checkUnique(unique, 'unique'))
  if (draft.run(runId) === null) return runId
  throw new MemoryError('conflict', {
    message: `There is, or was, a run ${shown(runId)}.`,
    fix: 'Make createId return another text each time.',
    details: { runId },
  })
}

/** The run that the change continues. It must exist and be the actor's own. */
function runToContinue(draft: Draft, change: RunPut, runId: string): RunState {
  if (change.unique !== undefined) {
    throw invalidInput('unique', 'must not be passed with "runId"', change.unique, 'Leave it out; it is for new runs.')
  }
  const run = liveRun(draft.run(checkId(runId, 'runId')), draft.at)
  if (run === null) throw notFound('run', runId, 'It may have expired or been forgotten; begin a new one.')
  if (sameActor(run.actor, draft.actor)) return run
  throw new MemoryError('conflict', {
    message: `The run ${shown(run.id)} belongs to ${run.actor.kind} ${shown(run.actor.id)}.`,
    fix: 'Begin a run of your own; only the actor that began a run continues it.',
    details: { runId: run.id, actor: run.actor },
  })
}

/** A field that never changes once stated; undefined if there is nothing new. */
function onceStated<Value extends string>(field: string, stated: Value | undefined, given: Value | undefined) {
  if (stated === undefined) return given
  if (given === undefined || given === stated) return undefined
  throw invalidInput(field, 'must be as it was when the run began', given, 'Leave it out, or begin a new run.')
}

/** The turn that the change names, by its id or by its number among those that the commit opens. */
function turnOf(draft: Draft, { turnId, opened }: RunPut): TurnId | undefined {
  if (opened !== undefined) {
    const packed = draft.openedTurns[opened]
    if (packed !== undefined) return turnIdOf(draft.space.key, packed)
    throw notFound('turn', String(opened), 'Open the turn in an earlier change of the same commit.')
  }
  if (turnId === undefined) return undefined
  if (parseTurnId(turnId)?.spaceKey === draft.space.key) return turnId as TurnId
  const fix = 'Pass the turnId that opening the turn returned.'
  throw invalidInput('turnId', 'must be the id of a turn of this space', turnId, fix)
}

/** The thread and turn that the change names, if they are new. The thread is the one that the commit touches. */
function placeOf(draft: Draft, change: RunPut, before: RunState | null): Pick<StatedRun, 'threadId' | 'turnId'> {
  const turnId = turnOf(draft, change)
  const given = change.threadId === undefined ? undefined : (checkId(change.threadId, 'threadId') as ThreadId)
  const isOpened = change.opened !== undefined && before?.threadId === undefined
  const threadId = onceStated('threadId', before?.threadId, given ?? (isOpened ? draft.thread.id : undefined))
  const own = before?.threadId ?? threadId
  if (own !== undefined) draft.refer(own)
  else if (turnId !== undefined) {
    throw invalidInput('threadId', 'must be given with "turnId"', undefined, 'Pass the thread of the turn.')
  }
  return {
    ...(threadId === undefined ? {} : { threadId }),
    ...(turnId === undefined || turnId === before?.turnId ? {} : { turnId }),
  }
}

/** When a run with that status expires. A workflow is kept until it has ended: it may sleep longer than runs are kept. */
function expiryOf(draft: Draft, kind: RunKind, status: RunStatus): string | null {
  const isKept = kind === 'workflow' ? !hasEnded(status) : status === 'suspended'
  return isKept ? null : isoTime(msOf(draft.at) + draft.limits.runTtlMs)
}

/** The status of a run after a put. Who takes the lease of a run without saying so, runs it. */
function statusAfter({ status, leaseMs }: RunPut, before: RunState | null): RunStatus {
  return status ?? (leaseMs === undefined ? before?.status : undefined) ?? 'running'
}

/** The fields that the change states of a run with that status. */
function statedBy(draft: Draft, change: RunPut, before: RunState | null, status: RunStatus): StatedRun {
  const { runKind, parentRunId, details, continuation } = change
  if (before === null && change.name === undefined) {
    throw invalidInput('name', 'is required', undefined, 'Pass the id of the agent or the workflow that runs.')
  }
  const name = onceStated('name', before?.name, change.name === undefined ? undefined : checkId(change.name, 'name'))
  const kind = onceStated('runKind', before?.kind, runKind)
  const parent = parentRunId === undefined ? undefined : checkId(parentRunId, 'parentRunId')
  const parentId = onceStated('parentRunId', before?.parentRunId, parent)
  const holds = continuation !== undefined && continuation !== null
  const fullKind = before?.kind ?? runKind ?? 'agent'
  if (holds && !keepsContinuation(fullKind, status)) {
    const fix = 'Leave it out: the continuation of a run is erased when the run ends.'
    throw invalidInput('continuation', `must not be given for a run that is ${status}`, continuation, fix)
  }
  return {
    ...(name === undefined ? {} : { name }),
    ...(kind === undefined || kind === 'agent' ? {} : { runKind: kind }),
    ...(status === (before?.status ?? 'running') ? {} : { status }),
    ...placeOf(draft, change, before),
    ...(parentId === undefined ? {} : { parentRunId: parentId }),
    ...(details === undefined ? {} : { details }),
    ...(holds || (continuation === null && before !== null && before.continuation !== null) ? { continuation } : {}),
    expiresAt: expiryOf(draft, fullKind, status),
  }
}

/** Decides a put of a run: a new one, or more of the actor's own. A replaced continuation leaves the log. */
export function applyRunPut(draft: Draft, change: RunPut): ResultOf<'run-put'> {
  const before = change.runId === undefined ? null : runToContinue(draft, change, change.runId)
  const runId = before?.id ?? newRunId(draft, change.unique)
  draft.claim({ run: runId })
  const kind = before?.kind ?? change.runKind ?? 'agent'
  refuseForAgents(kind, change)
  const status = statusAfter(change, before)
  const stated = statedBy(draft, change, before, status)
  const leased = kind === 'workflow' ? leasedBy(draft, change, before, runId, status) : {}
  const effect = draft.add({ kind: 'run-put' as const, runId, prev: before?.version ?? 0, stated, ...leased })
  const after = foldRun(before, effect, draft)
  const { details, continuation } = after
  checkBytes(draft.limits, 'runBytes', { details, continuation }, `The run ${shown(runId)}`)
  const isReplaced = stated.continuation !== undefined || !keepsContinuation(kind, status)
  if (before !== null && before.continuation !== null && isReplaced) draft.loseOfRun(before, 'continuation')
  draft.setRun(before, after)
  draft.work.proved.delete(runId)
  if (before === null) draft.work.begun.push(runId)
  return { kind: 'run-put', runId, version: draft.seq, ...(leased.until === undefined ? {} : { token: draft.seq }) }
}

/** Removes the continuation of a run, because something in its turn is erased. */
export function loseContinuation(draft: Draft, run: RunState): void {
  const { id: runId, version: prev, expiresAt } = run
  const effect = draft.add({ kind: 'run-put' as const, runId, prev, stated: { continuation: null, expiresAt } })
  draft.loseOfRun(run, 'continuation')
  draft.setRun(run, foldRun(run, effect, draft))
}

/**
 * Ends the run of a turn that others close, because its process is gone: recovery finds it then. It keeps what it is
 * continued with.
 */
export function interruptRun(draft: Draft, turn: TurnState): void {
  const runId = turn.runId === undefined ? null : runIdOf(draft.space.key, turn.runId)
  const run = runId === null ? null : liveRun(draft.run(runId), draft.at)
  if (run === null || run.kind !== 'agent' || run.status !== 'running' || run.turnId !== turn.id) return
  draft.claim({ run: run.id })
  const stated: StatedRun = { status: 'interrupted', expiresAt: isoTime(msOf(draft.at) + draft.limits.runTtlMs) }
  const effect = draft.add({ kind: 'run-put' as const, runId: run.id, prev: run.version, stated, implied: true })
  draft.setRun(run, foldRun(run, effect, draft))
}

/**
 * Ends the runs of a thread that is deleted, as `discarded`: those that wait have nothing left to go on with, and a workflow
 * has lost its steps. A running turn of an agent ends its run itself.
 */
export function discardRunsOfThread(draft: Draft, threadId: ThreadId): void {
  for (const { id } of draft.view.threadRuns(threadId)) {
    const run = liveRun(draft.run(id), draft.at)
    if (run === null || hasEnded(run.status) || (run.kind === 'agent' && run.status === 'running')) continue
    draft.claim({ run: id })
    const stated: StatedRun = { status: 'discarded', expiresAt: expiryOf(draft, run.kind, 'discarded') }
    const lease = run.kind === 'workflow' ? draft.lease(runLease(id)) : null
    const released = lease === null ? {} : ({ released: true } as const)
    const effect = draft.add({
      kind: 'run-put' as const,
      runId: id,
      prev: run.version,
      stated,
      implied: true,
      ...released,
    })
    if (lease !== null) draft.leases.set(runLease(id), null)
    if (run.continuation !== null) draft.loseOfRun(run, 'continuation')
    draft.setRun(run, foldRun(run, effect, draft))
  }
}

/** Decides the sweeper's expiry, which applies only to expired runs. */
export function applyRunExpire(draft: Draft, change: ChangeOf<'run-expire'>): ResultOf<'run-expire'> {
  const runId = checkId(change.runId, 'runId') as RunId
  draft.claim({ run: runId })
  const run = draft.run(runId)
  const isDue = run !== null && !run.deleted && liveRun(run, draft.at) === null
  draft.add({ kind: 'run-expire', runId, prev: isDue ? run.version : 0 })
  if (isDue) {
    draft.loseOfRun(run, 'content')
    dropSteps(draft, runId, () => true)
    draft.setRun(run, runTombstone(run, draft))
  }
  return { kind: 'run-expire', runId, deleted: isDue }
}

/** Refuses to erase a running run: its last commit, which ends its turn, could not put it any more. */
export function refuseRunning(draft: Draft, run: RunState): void {
  if (run.status !== 'running') return
  const ofTurn = run.turnId === undefined ? null : turnLease(run.turnId)
  const lease = run.kind === 'workflow' ? runLease(run.id) : ofTurn
  if (lease === null || !draft.isLeased(lease)) return
  throw new MemoryError('conflict', {
    message: `The run ${shown(run.id)} is running.`,
    fix: 'Abort it or wait until it ends, then try again.',
    details: { runId: run.id, ...(run.turnId === undefined ? {} : { turnId: run.turnId }) },
    retryable: true,
  })
}
