/** Decides changes of turns: opening, closing, resuming and discarding. */

import { sameActor } from '../actor.ts'
import type { ChangeOf, ResultOf } from '../commit/commit.ts'
import { invalidInput, MemoryError, notFound, shown } from '../error.ts'
import { packTurn, parseTurnId, type ThreadId, type TurnId, turnIdOf } from '../id.ts'
import { refuseForeignId } from '../issued-id.ts'
import { turnLease } from '../records/lease.ts'
import { withMessages } from '../records/thread.ts'
import { isReplacing, stands, type TurnState, visibleMessages } from '../records/turn.ts'
import { isoTime, msOf } from '../time.ts'
import { bury } from './bury.ts'
import type { Draft } from './draft.ts'
import { dropStepsOfTurn } from './drop-steps.ts'
import { findMessage } from './find-message.ts'
import { holdLease } from './lease-changes.ts'
import { interruptRun } from './run-changes.ts'
import { changeTurn, refuseOvertaken } from './standing-changes.ts'

interface TurnReference {
  readonly turnId?: string
  readonly opened?: number
}

/** Whom a turn was replaced by that waited to replace others itself. */
function overtaken({ replaces, answered, replacedBy }: TurnState): { readonly overtakenBy?: TurnId } {
  const isOvertaken = replaces !== undefined && answered !== true && replacedBy !== undefined
  return isOvertaken ? { overtakenBy: replacedBy } : {}
}

function closedTurn(turn: TurnState, fix: string): MemoryError {
  const state = turn.replacedBy === undefined ? turn.status : 'replaced'
  return new MemoryError('conflict', {
    message: `The turn ${shown(turn.id)} is ${state}.`,
    fix,
    details: { turnId: turn.id, status: turn.status, replacedBy: turn.replacedBy ?? null, ...overtaken(turn) },
  })
}

function notOwn(turn: TurnState): MemoryError {
  return new MemoryError('conflict', {
    message: `The turn ${shown(turn.id)} belongs to ${turn.actor.kind} ${shown(turn.actor.id)}.`,
    fix: 'Open a turn of your own; only the actor that opened a turn continues it.',
    details: { turnId: turn.id, actor: turn.actor },
  })
}

/** The turn that a change names. It must be in this thread and exist. */
export function requireTurn(draft: Draft, reference: TurnReference): TurnState {
  let packed: number | undefined
  if (reference.opened !== undefined) packed = draft.openedTurns[reference.opened]
  else {
    const issued = reference.turnId === undefined ? null : parseTurnId(reference.turnId)
    if (issued !== null && issued.spaceKey === draft.space.key) packed = issued.turn
  }
  const turn = packed === undefined ? null : draft.turn(packed)
  if (turn === null) {
    throw notFound(
      'turn',
      String(reference.turnId ?? reference.opened),
      'Pass the turnId that opening the turn returned.',
    )
  }
  return turn
}

/** The turn that a step joins. It must be open, not replaced, and the actor's own. */
export function requireOpenTurn(draft: Draft, reference: TurnReference): TurnState {
  const turn = requireTurn(draft, reference)
  if (!sameActor(turn.actor, draft.actor)) throw notOwn(turn)
  if (turn.status !== 'open' || turn.replacedBy !== undefined) {
    throw closedTurn(turn, 'Resume an interrupted or suspended turn with turn-resume, or open a new one.')
  }
  refuseOvertaken(draft, turn)
  return turn
}

/**
 * Each step of its owner renews the lease of a turn, also to an earlier time: what a clock that was ahead has set would last
 * as long as that clock was wrong. Deadlines are not in the log.
 */
export function renewByStep(draft: Draft, turn: TurnState): void {
  const name = turnLease(turn.id)
  const lease = draft.view.lease(name)
  if (lease === null || draft.leases.has(name)) return
  const until = isoTime(msOf(draft.at) + (turn.leaseMs || draft.limits.turnLeaseMs))
  if (until !== lease.until) draft.leases.set(name, { ...lease, until })
}

/** The turns that a new turn is to replace. They must be in the thread now; they stay until it has an answer. */
function turnsToReplace(draft: Draft, replaces: readonly string[]): TurnId[] {
  return [...new Set(replaces)].map((turnId) => {
    refuseForeignId(turnId, 'turn', draft.space.key, 'replaces')
    const turn = requireTurn(draft, { turnId })
    if (stands(turn) || isReplacing(turn)) return turn.id
    throw closedTurn(turn, 'Read the thread again and replace the turns that are in it now.')
  })
}

/** Refuses to open a turn while somebody works on another turn of the thread. */
function refuseBesideOthers(draft: Draft, threadId: ThreadId): void {
  const open = draft.view.turnLeases(threadId).flatMap((name) => {
    const lease = draft.leases.has(name) ? draft.leases.get(name) : draft.view.lease(name)
    return lease !== null && lease !== undefined && lease.until > draft.at ? [lease] : []
  })
  if (open.length === 0) return
  throw new MemoryError('conflict', {
    message: `The thread ${shown(threadId)} has an open turn of ${open[0]?.holder.kind} ${shown(open[0]?.holder.id)}.`,
    fix: 'Try again once it is closed, or leave out alone: true.',
    details: { threadId, openTurns: open.map(({ name, until }) => ({ turnId: name.slice('turn/'.length), until })) },
    retryable: true,
  })
}

export function applyTurnOpen(draft: Draft, change: ChangeOf<'turn-open'>): ResultOf<'turn-open'> {
  draft.mayCreate('turn', change.threadId)
  const createdThread = draft.ensureThread(change.threadId, change.createThread === true)
  const place = packTurn({ turnSeq: draft.seq, turnIndex: draft.turnsOpened++ })
  const turnId = turnIdOf(draft.space.key, place)
  draft.openedTurns.push(place)
  const lease = holdLease(draft, turnLease(turnId), change.leaseMs ?? draft.limits.turnLeaseMs, draft.thread.id)
  const replaces = turnsToReplace(draft, change.replaces ?? [])
  if (change.alone === true) refuseBesideOthers(draft, draft.thread.id)
  draft.addToTurn(place, 'open', {
    kind: 'turn-open',
    until: lease.until,
    ...(change.runId === undefined ? {} : { runId: change.runId }),
    ...(replaces.length === 0 ? {} : { replaces, waits: true as const }),
    ...(createdThread === null ? {} : { createdThread }),
  })
  return { kind: 'turn-open', turnId, leaseToken: lease.token, createdThread: createdThread !== null }
}

/** The owner may close a turn in any way. Anybody may close it as interrupted once its lease has expired. */
export function applyTurnClose(draft: Draft, change: ChangeOf<'turn-close'>): ResultOf<'turn-close'> {
  draft.liveThread(change.threadId)
  const turn = requireTurn(draft, change)
  draft.claim({ turn: turn.id })
  const isOwn = sameActor(turn.actor, draft.actor)
  if (turn.status !== 'open' || turn.replacedBy !== undefined) {
    throw closedTurn(turn, 'A turn is closed once; resume it first if it was interrupted or suspended.')
  }
  const lease = draft.view.lease(turnLease(turn.id))
  const isOver = lease === null || lease.until <= draft.at
  if (!isOwn && !(change.status === 'interrupted' && isOver)) throw notOwn(turn)
  if (change.status === 'complete' || change.status === 'suspended') refuseOvertaken(draft, turn)
  draft.leases.set(turnLease(turn.id), null)
  changeTurn(draft, turn, change.status, { kind: 'turn-close', status: change.status })
  if (!isOwn) interruptRun(draft, turn)
  return { kind: 'turn-close', turnId: turn.id }
}

/** Reopens a suspended turn, or an interrupted one for the same actor and run. */
export function applyTurnResume(draft: Draft, change: ChangeOf<'turn-resume'>): ResultOf<'turn-resume'> {
  draft.liveThread(change.threadId)
  const turn = requireTurn(draft, change)
  draft.claim({ turn: turn.id })
  if (!sameActor(turn.actor, draft.actor)) throw notOwn(turn)
  const canResume = turn.status === 'suspended' || turn.status === 'interrupted'
  if (!canResume || turn.replacedBy !== undefined) {
    throw closedTurn(turn, 'Only a suspended or interrupted turn that was not replaced can be resumed.')
  }
  if (turn.status === 'interrupted' && turn.runId !== change.runId) {
    const rule = 'must be the run that opened the interrupted turn'
    throw invalidInput('runId', rule, change.runId, 'Pass the same runId, or open a new turn.')
  }
  refuseOvertaken(draft, turn)
  if (change.alone === true) refuseBesideOthers(draft, turn.threadId)
  const lease = holdLease(draft, turnLease(turn.id), change.leaseMs ?? draft.limits.turnLeaseMs, turn.threadId)
  const runId = change.runId === undefined ? {} : { runId: change.runId }
  draft.addToTurn(turn.turn, 'open', { kind: 'turn-resume', until: lease.until, ...runId })
  return { kind: 'turn-resume', turnId: turn.id, leaseToken: lease.token }
}

const isThere = (draft: Draft, { threadId }: TurnState, id: string) => findMessage(draft, threadId, id) !== null

/** Discards the actor's own turn: its content becomes unreadable, and the log keeps only the event. */
export function applyTurnDiscard(draft: Draft, change: ChangeOf<'turn-discard'>): ResultOf<'turn-discard'> {
  draft.liveThread(change.threadId)
  const turn = requireTurn(draft, change)
  draft.claim({ turn: turn.id })
  if (!sameActor(turn.actor, draft.actor)) throw notOwn(turn)
  if (turn.status === 'discarded') throw closedTurn(turn, 'It is gone already; nothing is left to discard.')
  for (const [index, message] of turn.messages.entries()) {
    if (message !== null) draft.releaseId({ id: message.id, threadId: turn.threadId, turn: turn.turn, index })
  }
  const visible = visibleMessages(turn).length
  if (visible > 0) draft.setThread(withMessages(draft.thread, -visible, draft))
  draft.leases.set(turnLease(turn.id), null)
  draft.discarded.push(turn.turn)
  changeTurn(draft, turn, 'discarded', { kind: 'turn-discard' })
  dropStepsOfTurn(draft, { ...turn, status: 'discarded' })
  const ids = turn.messages.flatMap((message) => message?.id ?? [])
  // A turn that it replaced, or that replaced it, may have a message with the same id.
  const gone = stands(turn) && turn.replaces === undefined ? ids : ids.filter((id) => !isThere(draft, turn, id))
  bury(draft, turn.threadId, gone, { ...turn, status: 'discarded' })
  return { kind: 'turn-discard', turnId: turn.id }
}
