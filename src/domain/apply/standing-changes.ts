/**
 * Keeps the places of turns: each change of a turn that replaces others records which turns no longer stand because of
 * it, and which stand again.
 */

import type { Effect } from '../commit/effect.ts'
import { MemoryError, shown } from '../error.ts'
import { messageIdOf, parseTurnId, type TurnId, unpackTurn } from '../id.ts'
import { turnLease } from '../records/lease.ts'
import { isInternal, type MessagePart } from '../records/message.ts'
import { type PlacedTurn, standing } from '../records/standing.ts'
import { withMessages } from '../records/thread.ts'
import { completedCalls, stands, type TurnState, type TurnStatus, visibleMessages } from '../records/turn.ts'
import type { Draft } from './draft.ts'
import { findMessage } from './find-message.ts'

/** Whether a part of an answer is something that a person sees. */
function isSeen(part: MessagePart): boolean {
  return part.type !== 'step-start' && !isInternal(part)
}

/** Whether an effect keeps a part of an answer in a turn. */
function keepsAnswer(draft: Draft, turn: TurnState, effect: Effect): boolean {
  if (effect.kind === 'message-extend') {
    const { parts = [], index } = effect
    const added = [...parts, ...completedCalls(effect).map(({ part }) => part)]
    return turn.messages[index]?.role === 'assistant' && added.some(isSeen)
  }
  if (effect.kind === 'turn-close') {
    if (effect.status === 'complete') return true
    // What the opening commit stores is the input of the turn, unless the same commit ends the turn.
    return isOpening(draft, turn) && turn.messages.some((message) => isAnswer(message))
  }
  return effect.kind === 'message-append' && !isOpening(draft, turn) && effect.messages.some((one) => isAnswer(one))
}

function isAnswer(message: { readonly role: string; readonly parts: readonly MessagePart[] } | null): boolean {
  return message?.role === 'assistant' && message.parts.some(isSeen)
}

function isOpening(draft: Draft, { turn }: TurnState): boolean {
  return unpackTurn(turn).turnSeq === draft.seq
}

/** Records an effect in the row of a turn that was there before, and what stands in the thread because of it. */
export function changeTurn(draft: Draft, turn: TurnState, status: TurnStatus, effect: Effect): void {
  draft.addToTurn(turn.turn, status, effect)
  if (turn.replaces === undefined) return
  if (turn.answered !== true && keepsAnswer(draft, turn, effect)) {
    draft.addToTurn(turn.turn, status, { kind: 'turn-answered' })
    const after = draft.turn(turn.turn)
    if (after !== null) takePlace(draft, after)
  } else if (effect.kind === 'turn-discard' && turn.answered === true) giveBack(draft, turn)
}

/** The turns whose place it takes, and those whose place a discarded one of them took. */
function turnsBelow(draft: Draft, turn: TurnState): readonly TurnState[] {
  return targetsOf(draft, turn).flatMap((target) => {
    const isGone = target.status === 'discarded' && target.replaces !== undefined
    return isGone ? [target, ...turnsBelow(draft, target)] : [target]
  })
}

function targetsOf(draft: Draft, { replaces = [] }: TurnState): readonly TurnState[] {
  return replaces.flatMap((id) => turnOf(draft, id) ?? [])
}

function turnOf(draft: Draft, id: TurnId): TurnState | null {
  const issued = parseTurnId(id)
  return issued === null ? null : draft.turn(issued.turn)
}

function takePlace(draft: Draft, turn: TurnState): void {
  const shownNow = visibleMessages(turn).length
  move(draft, shownNow)
  settle(draft, [turn, ...turnsBelow(draft, turn)])
  const used = idUsedElsewhere(draft, turn)
  if (used === null) return
  throw new MemoryError('conflict', {
    message: `The message id ${shown(used)} was used by another turn of the thread meanwhile.`,
    fix: 'Read the thread again, and send the message under a new id.',
    details: { turnId: turn.id, messageId: used },
  })
}

function giveBack(draft: Draft, turn: TurnState): void {
  const after = draft.turn(turn.turn)
  if (after !== null) settle(draft, [after, ...turnsBelow(draft, turn)])
}

/**
 * The message id of a turn that a message of another turn, which stands, has too; null if there is none. Only an id that a
 * caller chose can be used again.
 */
export function idUsedElsewhere(draft: Draft, turn: TurnState): string | null {
  const chosen = turn.messages.flatMap((message, index) => {
    return message === null || message.id === messageIdOf(draft.space.key, turn.turn, index) ? [] : [message.id]
  })
  const used = chosen.find((id) => {
    const place = findMessage(draft, turn.threadId, id)
    const other = place === null || place.turn === turn.turn ? null : draft.turn(place.turn)
    return other !== null && stands(other)
  })
  return used ?? null
}

/** Counts messages of the thread that appeared or left without being saved. */
function move(draft: Draft, change: number): void {
  if (change !== 0) draft.setThread(withMessages(draft.thread, change, draft, false))
}

/** A turn and how it is to stand. */
export interface Placement {
  readonly turn: TurnState
  readonly replacedBy: TurnId | undefined
  readonly aside: boolean
}

/** Records the difference between how turns stand and how they should. */
function settle(draft: Draft, turns: readonly TurnState[]): void {
  const replacedBy = standing(turns as readonly PlacedTurn[])
  const ordered = turns.toSorted((left, right) => left.turn - right.turn)
  const all = ordered.map((turn): Placement => {
    return { turn, replacedBy: replacedBy.get(turn.id), aside: turn.asideAt !== undefined }
  })
  replaceTurns(draft, all)
  returnTurns(draft, all)
}

/** Records which of the turns are replaced now. Those at work end, for their answers would be seen by nobody. */
export function replaceTurns(draft: Draft, all: readonly Placement[]): readonly TurnId[] {
  const gone: TurnId[] = []
  for (const { turn, replacedBy: by, aside } of all) {
    const isSame = by === turn.replacedBy && aside === (turn.asideAt !== undefined)
    if (by === undefined || isSame) continue
    // A suspended turn goes on to wait: it may be restored.
    const status: TurnStatus = turn.status === 'open' ? 'aborted' : turn.status
    move(draft, -visibleMessages(turn).length)
    draft.leases.set(turnLease(turn.id), null)
    draft.addToTurn(turn.turn, status, { kind: 'turn-replaced', by, ...(aside ? { aside: true as const } : {}) })
    if (stands(turn)) gone.push(turn.id)
  }
  return gone
}

/**
 * Records which of the turns stand again. One of whose message ids has been used since stays aside: ids are unique
 * among the messages that stand.
 */
function returnTurns(draft: Draft, all: readonly Placement[]): void {
  for (const { turn, replacedBy } of all) {
    if (replacedBy !== undefined || turn.replacedBy === undefined) continue
    if (idUsedElsewhere(draft, turn) !== null)
      draft.addToTurn(turn.turn, turn.status, { kind: 'turn-replaced', by: turn.replacedBy, aside: true })
    else returnTurn(draft, turn)
  }
}

/** Records that a turn is replaced no longer. Returns whether it stands. */
export function returnTurn(draft: Draft, turn: TurnState): boolean {
  draft.addToTurn(turn.turn, turn.status, { kind: 'turn-restored' })
  const after = draft.turn(turn.turn)
  if (after === null || !stands(after)) return false
  move(draft, visibleMessages(after).length)
  return true
}

/** The turn that replaced one of those that a turn waits to replace; null if it can still replace them. */
function takerOf(draft: Draft, turn: TurnState): TurnId | null {
  if (turn.replaces === undefined || turn.answered === true) return null
  return targetsOf(draft, turn).find(({ replacedBy }) => replacedBy !== undefined)?.replacedBy ?? null
}

/** Refuses to go on with a turn whose place another turn took first: nobody would see its answer. */
export function refuseOvertaken(draft: Draft, turn: TurnState): void {
  const by = takerOf(draft, turn)
  if (by === null) return
  throw new MemoryError('conflict', {
    message: `The turn ${shown(turn.id)} cannot take its place: the turn ${shown(by)} took it first.`,
    fix: 'Read the thread again, and edit or answer again what is in it now.',
    details: { turnId: turn.id, status: turn.status, replacedBy: turn.replacedBy ?? null, overtakenBy: by },
  })
}
