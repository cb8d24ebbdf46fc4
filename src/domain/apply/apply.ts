/** The meaning of a commit: a pure, deterministic decision over a view of its space. Drivers store what it decides. */

import { type Actor, sameActor } from '../actor.ts'
import type {
  Change,
  ChangeKind,
  ChangeOf,
  ChangeResult,
  Commit,
  CommitResult,
  Expectation,
  RecordName,
} from '../commit/commit.ts'
import type { LogRow } from '../commit/effect.ts'
import { recordName } from '../commit/effect-names.ts'
import { recordNouns } from '../commit/record-nouns.ts'
import { invariant, notFound } from '../error.ts'
import type { Seq, SpaceKey } from '../id.ts'
import type { Json } from '../json.ts'
import { checkLimit, type Limits } from '../limits.ts'
import { liveFact } from '../records/fact.ts'
import { liveState } from '../records/keyed-state.ts'
import { liveRun } from '../records/run.ts'
import { answersOf } from '../replay/answer.ts'
import type { SpaceView } from '../replay/space-view.ts'
import { parseSpaceId, type SpaceSettings, type SpaceState } from '../space.ts'
import { isoTime } from '../time.ts'
import { applyRecord, type RecordChange, recordChange } from './apply-record.ts'
import { applyBlock } from './block-changes.ts'
import { type CommitContext, Draft } from './draft.ts'
import { applyEntryRemoval, applyEntryWrite } from './entry-changes.ts'
import { applyErase } from './erase-changes.ts'
import { applyFactAssert, applyFactExpire, applyFactRetire } from './fact-changes.ts'
import { applyLease } from './lease-changes.ts'
import { loseObservations } from './lose-observations.ts'
import { applyMessageAppend, applyMessageDelete, applyMessageEdit, applyMessageExtend } from './message-changes.ts'
import {
  applyObservationActivate,
  applyObservationBegin,
  applyObservationPut,
  applyObservationReflect,
  applyObservationRelease,
} from './observation-changes.ts'
import { applyProposal } from './proposal-changes.ts'
import { applyTurnRestore } from './restore-changes.ts'
import { applyRunExpire, applyRunPut } from './run-changes.ts'
import { applyRunInterrupt } from './run-lease.ts'
import { applyStep } from './step-changes.ts'
import { applyThreadClone, applyThreadDelete, applyThreadPut } from './thread-changes.ts'
import { applyTurnClose, applyTurnDiscard, applyTurnOpen, applyTurnResume } from './turn-changes.ts'
import { applyWork } from './work-changes.ts'

/** A commit at the door, with what the driver knows about it. */
export interface Submission {
  readonly commit: Commit
  readonly actor: Actor
  /** Hash of the commit as submitted; null for one without an id. */
  readonly hash: string | null
  readonly nowMs: number
  readonly limits: Limits
  /** Settings and key for the space, if this commit creates it. */
  readonly newSpace: () => { readonly key: SpaceKey; readonly floor: Seq; readonly settings: SpaceSettings }
}

/** The decision about a commit: store the draft, or only answer. */
export type Outcome =
  | { readonly kind: 'apply'; readonly draft: Draft; readonly rows: readonly LogRow[]; readonly result: Committed }
  | { readonly kind: 'answer'; readonly result: CommitResult }

type Committed = Extract<CommitResult, { status: 'committed' }>

const creating = new Set<Change['kind']>([
  'thread-put',
  'thread-clone',
  'block-write',
  'block-merge',
  'entry-write',
  'entry-merge',
  'entry-append',
  'entry-increment',
  'fact-assert',
  'lease-take',
  'configure',
])

function canCreateSpace(commit: Commit): boolean {
  if (commit.background === true) return false
  return commit.changes.some((change) => {
    const record = recordChange(change)
    if (record !== null) return canCreateForRecord(record)
    if (change.kind === 'message-append' || change.kind === 'turn-open') return change.createThread === true
    if (change.kind === 'proposal-put') return canCreateForProposal(change.change)
    // A run that refers to a thread must not create its space: that may have been erased on purpose.
    if (change.kind === 'run-put') return (change.runId ?? change.threadId ?? change.opened) === undefined
    return creating.has(change.kind)
  })
}

/** A record that refers to others must not create their space: that may have been erased on purpose. */
function canCreateForRecord({ noun, deed, fields }: RecordChange): boolean {
  const marks = recordNouns[noun]?.marks ?? {}
  const isRef = (field: string) => typeof marks[field] === 'object' && 'ref' in marks[field]
  return (deed === 'put' || deed === 'patch') && !Object.keys(fields).some(isRef)
}

/** As a record that refers to others: only what needs nothing that was there. */
function canCreateForProposal(change: ChangeOf<'proposal-put'>['change']): boolean {
  return creating.has(change.kind) && !('factId' in change) && !('threadId' in change)
}

function newSpace(submission: Submission): SpaceState {
  const { commit, newSpace: fresh, nowMs } = submission
  if (!canCreateSpace(commit)) {
    throw notFound('space', commit.space, 'It is made by the first write that can create one, such as createThread.')
  }
  const { key, floor, settings } = fresh()
  const at = isoTime(nowMs)
  const counters = { threads: 0, archivedThreads: 0, entries: 0 }
  return {
    id: commit.space,
    key,
    createdAt: at,
    seq: floor,
    at,
    floor,
    horizon: floor,
    settingsVersion: 0,
    settings,
    ...counters,
  }
}

function versionOf(view: SpaceView, at: string, record: RecordName): Seq | null {
  if ('entry' in record) {
    return liveState(view.entry(record.entry), at)?.version ?? null
  }
  if ('fact' in record) return liveFact(view.fact(record.fact), at)?.version ?? null
  if ('noun' in record) return liveState(view.record(recordName(record.noun, record.key)), at)?.version ?? null
  if ('run' in record) return liveRun(view.run(record.run), at)?.version ?? null
  if ('thread' in record) {
    const thread = view.thread(record.thread)
    return thread === null || thread.deleted ? null : thread.version
  }
  if ('settings' in record) return view.space?.settingsVersion ?? null
  const threadId = record.threadId ?? null
  const thread = threadId === null ? null : view.thread(threadId)
  if (threadId !== null && (thread === null || thread.deleted)) return null
  const block = view.block(thread?.id ?? null, record.block)
  return block === null || block.deleted ? null : block.version
}

/** The last seq that wrote a fact. Below the horizon retired facts leave no trace and are not counted. */
function lastFactWrite(view: SpaceView, after: Seq): Seq {
  const horizon = view.space?.horizon ?? 0
  return after < horizon ? Math.max(horizon, view.lastFactSeq()) : view.lastFactSeq()
}

/** The actual value where an expectation fails; undefined if it holds. */
function obstacle(view: SpaceView, seq: Seq, at: string, expectation: Expectation): Json | undefined {
  if ('seq' in expectation) return expectation.seq === seq ? undefined : seq
  if ('lease' in expectation) {
    const token = view.lease(expectation.lease)?.token ?? null
    return token === expectation.token ? undefined : token
  }
  if ('facts' in expectation) {
    const last = lastFactWrite(view, expectation.facts)
    return last <= expectation.facts ? undefined : last
  }
  if ('absent' in expectation) return versionOf(view, at, expectation.absent) ?? undefined
  const version = versionOf(view, at, expectation.of)
  return version === expectation.version ? undefined : version
}

function replay(view: SpaceView, submission: Submission, rows: readonly LogRow[]): CommitResult {
  const [first] = rows
  invariant(first !== undefined && view.space !== null, 'a known commit has a row and a space')
  const isSame = (first.hash === null || first.hash === submission.hash) && sameActor(first.actor, submission.actor)
  if (!isSame) {
    return { status: 'conflict', reason: 'commit-id-reused', failed: [], seq: view.space.seq, first: first.seq }
  }
  const results = answersOf(rows, view)
  return { status: 'committed', seq: first.seq, at: first.at, replayed: true, results }
}

function applyConfigure(draft: Draft, change: Extract<Change, { kind: 'configure' }>): ChangeResult {
  draft.claim({ settings: 'space' })
  draft.settings = { ...draft.settings, ...change.settings }
  draft.add({ kind: 'configure', prev: draft.space.settingsVersion, settings: draft.settings })
  return { kind: 'configure', settings: draft.settings, version: draft.seq }
}

type ApplyChange<Kind extends ChangeKind> = (draft: Draft, change: ChangeOf<Kind>) => ChangeResult

/** How each kind of change is decided. */
const appliers: { readonly [Kind in ChangeKind]: ApplyChange<Kind> } = {
  'message-append': applyMessageAppend,
  'message-extend': applyMessageExtend,
  'message-edit': applyMessageEdit,
  'message-delete': applyMessageDelete,
  'thread-put': applyThreadPut,
  'thread-delete': applyThreadDelete,
  'thread-clone': applyThreadClone,
  'turn-open': applyTurnOpen,
  'turn-close': applyTurnClose,
  'turn-resume': applyTurnResume,
  'turn-discard': applyTurnDiscard,
  'turn-restore': applyTurnRestore,
  'block-write': applyBlock,
  'block-merge': applyBlock,
  'entry-write': applyEntryWrite,
  'entry-merge': applyEntryWrite,
  'entry-append': applyEntryWrite,
  'entry-increment': applyEntryWrite,
  'entry-delete': applyEntryRemoval,
  'entry-expire': applyEntryRemoval,
  'fact-assert': applyFactAssert,
  'fact-retire': applyFactRetire,
  'fact-expire': applyFactExpire,
  'run-put': applyRunPut,
  'run-expire': applyRunExpire,
  'run-interrupt': applyRunInterrupt,
  'work-begin': applyWork,
  'work-end': applyWork,
  'work-wait': applyWork,
  'step-put': applyStep,
  'step-patch': applyStep,
  'proposal-put': applyProposal,
  'proposal-decide': applyProposal,
  'observation-begin': applyObservationBegin,
  'observation-put': applyObservationPut,
  'observation-activate': applyObservationActivate,
  'observation-reflect': applyObservationReflect,
  'observation-release': applyObservationRelease,
  'lease-take': applyLease,
  'lease-release': applyLease,
  configure: applyConfigure,
  erase: applyErase,
}

function applyChange(draft: Draft, change: Change): ChangeResult {
  const record = recordChange(change)
  if (record !== null) return applyRecord(draft, record)
  return (appliers[change.kind] as ApplyChange<ChangeKind>)(draft, change)
}

/**
 * Whether the commit erases its whole space, which drivers do themselves. Erasing in a space that does not exist counts
 * too.
 */
export function isSpaceErase(commit: Commit, space: SpaceState | null): boolean {
  const [change] = commit.changes
  if (commit.changes.length !== 1 || change?.kind !== 'erase') return false
  return space === null || !namesParts(change)
}

/** Whether the commit erases only a part of its space. */
export function isErasePart(commit: Commit): boolean {
  const [change] = commit.changes
  return change?.kind === 'erase' && namesParts(change)
}

/** Any field other than the kind: a new field, or one passed alone by mistake, must never mean the whole space. */
function namesParts({ kind: _, ...parts }: ChangeOf<'erase'>): boolean {
  return Object.values(parts).some((part) => part !== undefined)
}

/** The conflict of failed expectations; null if all hold. */
export function checkExpectations(view: SpaceView, commit: Commit, at: string): CommitResult | null {
  if (commit.expect === undefined) return null
  const seq = view.space?.seq ?? 0
  const failed = commit.expect.flatMap((expectation) => {
    const actual = obstacle(view, seq, at, expectation)
    return actual === undefined ? [] : [{ expectation, actual }]
  })
  return failed.length === 0 ? null : { status: 'conflict', reason: 'expectation', failed, seq }
}

/**
 * Decides one commit: looks for an earlier one with the same id, checks the expectations, then decides each change in
 * order. A change that cannot apply throws, and nothing of the commit is kept.
 *
 * @throws MemoryError `invalid-input`, `not-found`, `conflict` or `limit-exceeded`, from the change that cannot apply.
 */
export function applyCommit(view: SpaceView, submission: Submission): Outcome {
  const { commit, limits } = submission
  const known = view.space === null || commit.id === null ? null : view.committed(commit.id)
  if (known !== null) return { kind: 'answer', result: replay(view, submission, known) }
  const at = isoTime(submission.nowMs)
  const logAt = view.space !== null && view.space.at > at ? view.space.at : at
  const conflict = checkExpectations(view, commit, at)
  if (conflict !== null) return { kind: 'answer', result: conflict }
  checkLimit(limits, 'changesPerCommit', commit.changes.length, 'The commit')
  const space = view.space ?? newSpace(submission)
  const { address } = parseSpaceId(commit.space)
  const context: CommitContext = { space, address, seq: space.seq + 1, at, logAt, actor: submission.actor, limits }
  const draft = new Draft(view, commit, context)
  const results = commit.changes.map((change, index) => {
    draft.begin(index)
    return applyChange(draft, change)
  })
  loseObservations(draft)
  // The hash of an erasure would cover the names of what it erased.
  const rows = draft.rows(draft.erasure === null ? submission.hash : null)
  return {
    kind: 'apply',
    draft,
    rows,
    result: { status: 'committed', seq: draft.seq, at, replayed: false, results },
  }
}
