/** Decides changes of steps: asking, deciding and carrying out. */
import { sameActor } from '../actor.ts'
import type { ChangeOf, ChangeResult } from '../commit/commit.ts'
import { recordName } from '../commit/effect-names.ts'
import { invalidInput, MemoryError, notFound, shown } from '../error.ts'
import { checkId, parseMessageId, parseTurnId } from '../id.ts'
import type { Json } from '../json.ts'
import { checkBytes, dayMs } from '../limits.ts'
import { liveState } from '../records/keyed-state.ts'
import type { RecordState } from '../records/record.ts'
import { liveRun, type RunState } from '../records/run.ts'
import {
  checkDecider,
  checkDriver,
  checkFollows,
  expiringActor,
  isCall,
  type StepDecision,
  type StepFields,
  type StepStatus,
  stepInputText,
  stepKey,
  stepNoun,
} from '../records/step.ts'
import type { AnyStep, WorkStep } from '../records/work-step.ts'
import { isoTime, msOf } from '../time.ts'
import { putWhole, type WholeWrite } from './apply-record.ts'
import type { Draft } from './draft.ts'
import { runEnded, unendedRun, wakeRun } from './run-lease.ts'

type StepPut = ChangeOf<'step-put'>
type StepPatch = ChangeOf<'step-patch'>

function hmacOf(draft: Draft, input: Json): string {
  return draft.view.keyedHash(stepInputText(input))
}

/** The actor's own run, to which a new step belongs. */
function ownRun(draft: Draft, { runId, threadId, messageId }: StepPut): RunState {
  const run = liveRun(draft.run(checkId(runId, 'runId')), draft.at)
  if (run === null) throw notFound('run', runId, 'Begin the run in an earlier change, or check its id.')
  if (!sameActor(run.actor, draft.actor)) {
    throw new MemoryError('conflict', {
      message: `The run ${shown(runId)} belongs to ${run.actor.kind} ${shown(run.actor.id)}.`,
      fix: 'Put steps of runs of your own.',
      details: { runId, actor: run.actor },
    })
  }
  if (run.kind !== 'agent') {
    throw invalidInput('runId', 'must be the run of an agent', runId, 'Put the steps of workflows with work-begin.')
  }
  draft.liveThread(threadId)
  if (run.threadId !== threadId) {
    throw invalidInput(
      'threadId',
      'must be the thread of the run',
      threadId,
      'Pass the thread that the run was put with.',
    )
  }
  const place = parseMessageId(messageId)
  const turn = run.turnId === undefined ? null : parseTurnId(run.turnId)
  if (place === null || place.spaceKey !== turn?.spaceKey || place.turn !== turn.turn) {
    const fix = 'Pass the id that memory issues for a message of that turn.'
    throw invalidInput('messageId', 'must be the id of a message in the turn of the run', messageId, fix)
  }
  return run
}

/** What a step has while it waits for somebody. */
function asked(
  draft: Draft,
  { approvers, payload, resumeSchema, stepKind }: StepPut | StepPatch,
): Partial<StepFields> & { readonly expiresAt: string } {
  if (stepKind === 'plain') {
    const fix = 'Say what it waits for: approval, suspension or client.'
    throw invalidInput('stepKind', 'must not be plain for a step that is asked about', stepKind, fix)
  }
  const told = {
    ...(approvers === undefined ? {} : { approvers }),
    ...(payload === undefined ? {} : { payload }),
    ...(resumeSchema === undefined ? {} : { resumeSchema }),
  }
  checkBytes(draft.limits, 'stepBytes', told as unknown as Json, 'What the step tells those who decide')
  return { ...told, ...askedUntil(draft) }
}

/** When a step that is asked about now expires. */
export function askedUntil(draft: Draft): { readonly expiresAt: string } {
  return { expiresAt: isoTime(msOf(draft.at) + draft.limits.pendingDays * dayMs) }
}

/** Writes a step whole. */
export function writeStep(
  draft: Draft,
  before: RecordState | null,
  key: string,
  fields: AnyStep,
  how: WholeWrite = {},
): ChangeResult {
  return putWhole(draft, stepNoun, key, fields, before, how)
}

/** Decides the beginning of a step: asked about, or started at once. */
function applyStepPut(draft: Draft, change: StepPut): ChangeResult {
  const { runId, path, threadId, messageId, tool, stepKind, status, input } = change
  const run = ownRun(draft, change)
  const key = stepKey(run.id, path)
  const name = recordName(stepNoun, key)
  draft.claim({ record: name })
  const before = draft.view.record(name)
  if (liveState(before, draft.at) !== null) {
    throw new MemoryError('conflict', {
      message: `The run ${shown(runId)} has a step ${shown(path)} already.`,
      fix: 'Read the step and carry it on, or give the new one an id of its own.',
      details: { runId, toolCallId: path },
    })
  }
  return writeStep(draft, before, key, {
    runId,
    threadId,
    messageId,
    path,
    tool: checkId(tool, 'tool'),
    stepKind,
    status,
    attempt: status === 'started' ? 1 : 0,
    inputHmac: hmacOf(draft, input),
    askedBy: draft.actor,
    askedAt: draft.at,
    ...(status === 'asked' ? asked(draft, change) : {}),
  })
}

/** The decision that a change states, with who made it. */
function decided(draft: Draft, step: AnyStep, { decision }: StepPatch): StepDecision {
  const isStated = decision !== undefined && (decision.approved !== undefined || decision.data !== undefined)
  if (!isStated || (step.stepKind === 'approval' && decision.approved === undefined)) {
    const fix = 'Pass approved: true or false for an approval, otherwise data, or approved: false.'
    throw invalidInput('decision', 'must say what was decided', decision, fix)
  }
  const { by = draft.actor, ...said } = decision
  if (draft.actor.kind !== 'system' && !sameActor(by, draft.actor)) {
    throw invalidInput(
      'decision.by',
      'must be who commits it',
      by.id,
      'Leave it out; only the application names somebody.',
    )
  }
  checkDecider(step, by)
  const what = `The decision about the ${isCall(step) ? 'call' : 'step'} ${shown(step.path)}`
  checkBytes(draft.limits, 'stepBytes', said, what, isCall(step) ? undefined : 'Give a reference to it')
  return { by, at: draft.at, ...said }
}

/** Which fields of a patch belong to a status. */
const patchFields: Readonly<Record<StepStatus, readonly (keyof StepPatch)[]>> = {
  asked: ['stepKind', 'approvers', 'payload', 'resumeSchema', 'input'],
  decided: ['decision', 'input'],
  started: ['attempt', 'input'],
  settled: ['input'],
  expired: [],
}

function checkPatch(step: AnyStep, change: StepPatch): void {
  const { status, attempt } = change
  const named = new Set(['kind', 'runId', 'path', 'status', ...patchFields[status]])
  const odd = Object.keys(change).find((field) => !named.has(field) && change[field as keyof StepPatch] !== undefined)
  if (odd !== undefined) {
    const fix = `Leave it out, or pass the status that it belongs to.`
    throw invalidInput(odd, `must not be given for a step that is ${status}`, change[odd as keyof StepPatch], fix)
  }
  if (status !== 'started' || attempt === step.attempt + 1) return
  // An attempt that somebody else made first: without the number, a second driver would start it again.
  throw new MemoryError('conflict', {
    message: `The next attempt of the call ${shown(step.path)} is number ${step.attempt + 1}; got ${shown(attempt)}.`,
    fix: 'Read the step again: somebody else may have started it.',
    details: { toolCallId: step.path, attempt: step.attempt },
  })
}

/** The step after a change of its status. */
function stepAfter(draft: Draft, step: StepFields, change: StepPatch): StepFields {
  const { status } = change
  const { expiresAt: _, ...rest } = step
  if (status === 'decided') return { ...rest, status, decision: decided(draft, step, change) }
  if (status === 'expired') return { ...rest, status, decision: expiredDecision(draft) }
  if (status === 'started') return { ...rest, status, attempt: step.attempt + 1 }
  if (status === 'settled') return { ...rest, status }
  const { decision: _decision, payload: _payload, resumeSchema: _schema, ...kept } = rest
  const stepKind = change.stepKind ?? 'suspension'
  return { ...kept, stepKind, status, askedAt: draft.at, ...asked(draft, { ...change, stepKind }) }
}

/** The step of a workflow after a decision, or without one in time. All else about it comes with its own changes. */
function workAfter(draft: Draft, step: WorkStep, change: StepPatch): WorkStep {
  const { status, input } = change
  if (status !== 'decided' && status !== 'expired') {
    const fix = 'Carry on the steps of workflows with work-begin, work-end and work-wait.'
    throw invalidInput('status', 'must be decided or expired for a step of a workflow', status, fix)
  }
  if (input !== undefined) {
    throw invalidInput('input', 'must not be given for a step of a workflow', typeof input, 'Leave it out.')
  }
  const run = unendedRun(draft, step.runId)
  if (run !== null) wakeRun(draft, run)
  else if (status === 'decided') throw runEnded(draft, step.runId)
  const { expiresAt: _, ...rest } = step
  const decision = status === 'decided' ? decided(draft, step, change) : expiredDecision(draft)
  return { ...rest, status, decision }
}

function expiredDecision(draft: Draft): StepDecision {
  return { by: expiringActor, at: draft.at, expired: true }
}

/** Decides a change of a step, for any actor: only what may follow, by who may do it, about the input that was asked about. */
function applyStepPatch(draft: Draft, change: StepPatch): ChangeResult {
  const { runId, path, status, input } = change
  const key = stepKey(checkId(runId, 'runId'), path)
  const name = recordName(stepNoun, key)
  draft.claim({ record: name })
  const before = liveState(draft.view.record(name), draft.at)
  const step = before === null ? null : (before.value as unknown as AnyStep)
  if (before === null || step === null || step.path !== path) {
    throw notFound('step', path, 'Check the ids of the run and the call; a step goes with its run and its message.')
  }
  if (status !== 'decided') checkDriver(step, status, draft.actor)
  checkFollows(step, status, draft.at)
  checkPatch(step, change)
  if (!isCall(step)) return writeStep(draft, before, key, workAfter(draft, step, change))
  if (input !== undefined && hmacOf(draft, input) !== step.inputHmac) {
    throw new MemoryError('conflict', {
      message: `The input of the call ${shown(path)} is no longer the one that was asked about.`,
      fix: 'Decline the call, and let the agent ask again.',
      details: { toolCallId: path },
    })
  }
  return writeStep(draft, before, key, stepAfter(draft, step, change))
}

/** Decides a change of a step. */
export function applyStep(draft: Draft, change: StepPut | StepPatch): ChangeResult {
  return change.kind === 'step-put' ? applyStepPut(draft, change) : applyStepPatch(draft, change)
}
