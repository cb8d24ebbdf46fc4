/** Decides changes of the steps of workflows: beginning, waiting and ending, by the process that holds the run's lease. */
import { sameActor } from '../actor.ts'
import type { ChangeOf, ChangeResult } from '../commit/commit.ts'
import { recordName } from '../commit/effect-names.ts'
import { invalidInput, MemoryError, notFound, shown } from '../error.ts'
import { checkId } from '../id.ts'
import type { Json } from '../json.ts'
import { checkBytes } from '../limits.ts'
import { liveState } from '../records/keyed-state.ts'
import type { RecordState } from '../records/record.ts'
import { liveRun, type RunState } from '../records/run.ts'
import { overtaken, stepDueAt, stepKey, stepNoun } from '../records/step.ts'
import type { WorkStep } from '../records/work-step.ts'
import { isoTime, msOf } from '../time.ts'
import type { Draft } from './draft.ts'
import { proveLease } from './run-lease.ts'
import { askedUntil, writeStep } from './step-changes.ts'

type WorkBegin = ChangeOf<'work-begin'>
type WorkEnd = ChangeOf<'work-end'>
type WorkWait = ChangeOf<'work-wait'>
type WorkChange = WorkBegin | WorkEnd | WorkWait

const elsewhere = 'Store it elsewhere and give a reference to it'

/** The id of the run that a change names, or that the commit begins. */
function runNamed(draft: Draft, { runId, begun }: WorkChange): string {
  if (begun === undefined) return checkId(runId, 'runId')
  if (runId !== undefined) {
    throw invalidInput('runId', 'must not be passed with "begun"', runId, 'Name the run by one of them.')
  }
  const id = draft.work.begun[begun]
  if (id !== undefined) return id
  throw notFound('run', String(begun), 'Put the new run in an earlier change of the same commit.')
}

/** The actor's own run, whose lease the commit holds. Looked at once in a commit. */
function leasedRunOf(draft: Draft, change: WorkChange): RunState {
  const runId = runNamed(draft, change)
  const proved = draft.work.proved.get(runId)
  if (proved !== undefined) return proved
  const run = liveRun(draft.run(runId), draft.at)
  if (run === null) throw notFound('run', runId, 'It may have been forgotten; begin a new one.')
  if (run.kind !== 'workflow') {
    throw invalidInput('runId', 'must be the run of a workflow', runId, 'Put the calls of an agent with step-put.')
  }
  if (!sameActor(run.actor, draft.actor)) {
    throw new MemoryError('conflict', {
      message: `The run ${shown(runId)} belongs to ${run.actor.kind} ${shown(run.actor.id)}.`,
      fix: 'Work on runs of your own.',
      details: { runId, actor: run.actor },
    })
  }
  proveLease(draft, runId, change.token)
  // A thread takes the steps of its runs with it: nothing is stored of them any more.
  if (run.threadId !== undefined) draft.liveThread(run.threadId)
  draft.work.proved.set(runId, run)
  return run
}

/** Where a change is about: the run, and the record of the step. */
interface Place {
  readonly run: RunState
  readonly key: string
  readonly record: RecordState | null
  /** null where there is none. */
  readonly step: WorkStep | null
}

function placeOf(draft: Draft, change: WorkChange): Place {
  const run = leasedRunOf(draft, change)
  const { path } = change
  const key = stepKey(run.id, path)
  const name = recordName(stepNoun, key)
  draft.claim({ record: name })
  // A run that this commit begins has no steps yet.
  const record = draft.work.begun.includes(run.id) ? null : draft.view.record(name)
  const step = (liveState(record, draft.at)?.value ?? null) as WorkStep | null
  if (step === null || step.path === path) return { run, key, record, step }
  throw new MemoryError('conflict', {
    message: `The path ${shown(path)} has the key of the path ${shown(step.path)}.`,
    fix: 'Give the step another id.',
    details: { runId: run.id, path },
  })
}

/** What a step keeps from one status to the next. What it asked is kept as what it was suspended with. */
function kept(step: WorkStep): Pick<WorkStep, 'suspendData' | 'decision' | 'label' | 'state' | 'startedAt'> {
  const { payload, suspendData, decision, label, state, startedAt } = step
  const asked = payload === undefined ? suspendData : payload
  return {
    ...(asked === undefined ? {} : { suspendData: asked }),
    ...(decision === undefined ? {} : { decision }),
    ...(label === undefined ? {} : { label }),
    ...(state === undefined ? {} : { state }),
    ...(startedAt === undefined ? {} : { startedAt }),
  }
}

/** What every version of a step says of it. */
function named(draft: Draft, run: RunState, { path, stepId, definition }: WorkChange, step: WorkStep | null) {
  return {
    runId: run.id,
    path,
    stepId: checkId(stepId, 'stepId'),
    definition: checkId(definition, 'definition'),
    askedBy: draft.actor,
    askedAt: step?.askedAt ?? draft.at,
  }
}

function checkState(draft: Draft, { path, state }: WorkEnd | WorkWait): Pick<WorkStep, 'state'> {
  if (state === undefined) return {}
  checkBytes(draft.limits, 'stepBytes', state.fields, `What the step ${shown(path)} writes to the state`, elsewhere)
  return { state }
}

/** Whether a step may begin again: it was begun, decided about, or failed. */
function mayBegin({ status, outcome }: WorkStep): boolean {
  return status === 'started' || status === 'decided' || (status === 'settled' && outcome === 'failed')
}

/** Decides the beginning of a step, for the first time or again. */
function begin(draft: Draft, change: WorkBegin, { run, key, record, step }: Place): ChangeResult {
  if (step !== null && !mayBegin(step)) throw overtaken(step, draft.at)
  const next = (step?.attempt ?? 0) + 1
  if (change.attempt !== next) {
    throw new MemoryError('conflict', {
      message: `The next attempt of the step ${shown(change.path)} is number ${next}; got ${change.attempt}.`,
      fix: 'Read the step again: somebody else may have begun it.',
      details: { runId: run.id, path: change.path, attempt: step?.attempt ?? 0 },
    })
  }
  return writeStep(draft, record, key, {
    ...named(draft, run, change, step),
    ...(step === null ? {} : kept(step)),
    stepKind: 'plain',
    status: 'started',
    attempt: next,
    startedAt: draft.at,
  })
}

/** What an outcome says, and nothing else. */
function outcomeOf(draft: Draft, { path, outcome, output, error }: WorkEnd): Partial<WorkStep> {
  const isFailed = outcome === 'failed'
  if (isFailed !== (error !== undefined)) {
    const rule = isFailed ? 'is required for a step that failed' : `must not be given for a step that is ${outcome}`
    throw invalidInput('error', rule, error?.name, 'Pass it with the outcome failed, and only then.')
  }
  if (isFailed && output !== undefined) {
    throw invalidInput('output', 'must not be given for a step that failed', typeof output, 'Leave it out.')
  }
  checkBytes(draft.limits, 'stepBytes', output ?? null, `The output of the step ${shown(path)}`, elsewhere)
  checkBytes(draft.limits, 'stepBytes', (error ?? null) as Json, `The error of the step ${shown(path)}`, elsewhere)
  return { outcome, ...(output === undefined ? {} : { output }), ...(error === undefined ? {} : { error }) }
}

/** Whether a step may end: not while somebody may still decide about it. */
function mayEnd(step: WorkStep, at: string): boolean {
  if (step.status === 'asked') return step.stepKind === 'sleep' || (stepDueAt(step) ?? at) <= at
  return step.status !== 'settled'
}

/** Decides the end of a step. One that never waits and has no effects may end without a beginning. */
function end(draft: Draft, change: WorkEnd, { run, key, record, step }: Place): ChangeResult {
  if (step !== null && !mayEnd(step, draft.at)) throw overtaken(step, draft.at)
  return writeStep(draft, record, key, {
    ...named(draft, run, change, step),
    ...(step === null ? { startedAt: draft.at } : kept(step)),
    stepKind: step?.stepKind ?? 'plain',
    status: 'settled',
    attempt: step?.attempt ?? 0,
    endedAt: draft.at,
    ...outcomeOf(draft, change),
    ...checkState(draft, change),
  })
}

/** What a step that waits says: a sleep its time, a suspension what it tells those who decide. */
function waitOf(draft: Draft, change: WorkWait): Partial<WorkStep> {
  const { path, stepKind, payload, resumeSchema, approvers, label, until } = change
  if (stepKind === 'sleep') {
    const odd = (['payload', 'resumeSchema', 'approvers'] as const).find((field) => change[field] !== undefined)
    if (odd !== undefined) throw invalidInput(odd, 'must not be given for a sleep', typeof change[odd], 'Leave it out.')
    if (until === undefined) throw invalidInput('until', 'is required for a sleep', until, 'Pass the time of its end.')
    return { expiresAt: isoTime(msOf(until)), ...(label === undefined ? {} : { label }) }
  }
  if (until !== undefined) {
    throw invalidInput(
      'until',
      'must not be given for a suspension',
      until,
      'Leave it out: limits.pendingDays says it.',
    )
  }
  const told = {
    ...(payload === undefined ? {} : { payload }),
    ...(resumeSchema === undefined ? {} : { resumeSchema }),
    ...(approvers === undefined ? {} : { approvers }),
    ...(label === undefined ? {} : { label }),
  }
  const what = `What the step ${shown(path)} tells those who decide`
  checkBytes(draft.limits, 'stepBytes', told as unknown as Json, what, elsewhere)
  return { ...told, ...askedUntil(draft) }
}

/** Decides the waiting of a step: of a sleep from its beginning, of a suspension while it is carried out. */
function wait(draft: Draft, change: WorkWait, { run, key, record, step }: Place): ChangeResult {
  if (step === null && change.stepKind !== 'sleep') {
    throw notFound('step', change.path, 'Begin the step first: only one that was begun can be suspended.')
  }
  if (step !== null && step.status !== 'started') throw overtaken(step, draft.at)
  const { startedAt, state } = step ?? {}
  return writeStep(draft, record, key, {
    ...named(draft, run, change, step),
    ...(startedAt === undefined ? {} : { startedAt }),
    ...(state === undefined ? {} : { state }),
    ...checkState(draft, change),
    stepKind: change.stepKind,
    status: 'asked',
    attempt: step?.attempt ?? 0,
    askedAt: draft.at,
    ...waitOf(draft, change),
  })
}

/** Decides a change of a step of the actor's own workflow, whose lease the commit holds. */
export function applyWork(draft: Draft, change: WorkChange): ChangeResult {
  const place = placeOf(draft, change)
  if (change.kind === 'work-begin') return begin(draft, change, place)
  return change.kind === 'work-end' ? end(draft, change, place) : wait(draft, change, place)
}
