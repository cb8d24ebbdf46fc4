/** Decides restoring: a replaced turn stands again with its branch, and what stood in its place is set aside. */

import type { ChangeOf, ResultOf } from '../commit/commit.ts'
import { MemoryError, shown } from '../error.ts'
import { type TurnId, unpackTurn } from '../id.ts'
import { refuseForeignId } from '../issued-id.ts'
import { restoration, standing } from '../records/standing.ts'
import type { TurnState } from '../records/turn.ts'
import { foldTurn } from '../replay/turn-fold.ts'
import { requireAlone } from './claims.ts'
import type { Draft } from './draft.ts'
import { idUsedElsewhere, type Placement, replaceTurns, returnTurn } from './standing-changes.ts'
import { requireTurn } from './turn-changes.ts'

/** All turns of the thread's present life. */
function turnsOf(draft: Draft): readonly TurnState[] {
  const { id, createdSeq } = draft.thread
  const rows = draft.view.threadRows(id).filter(({ turn }) => turn !== 0 && unpackTurn(turn).turnSeq >= createdSeq)
  const fold = { key: draft.space.key, address: draft.address }
  const turns = [...Map.groupBy(rows, ({ turn }) => turn).values()].flatMap((own) => foldTurn(own, fold) ?? [])
  return turns.sort((left, right) => left.turn - right.turn)
}

function refused(turn: TurnState, why: string): MemoryError {
  return new MemoryError('conflict', {
    message: `The turn ${shown(turn.id)} cannot be restored: ${why}.`,
    fix: `List the thread with include: 'replaced' and restore a turn that was replaced.`,
    details: { turnId: turn.id, status: turn.status, replacedBy: turn.replacedBy ?? null },
  })
}

/** Refuses a turn that has nothing to stand there with. */
function requireRestorable(turn: TurnState): void {
  if (turn.status === 'discarded') throw refused(turn, 'it was discarded')
  if (turn.replaces !== undefined && turn.answered !== true) throw refused(turn, 'it has no answer')
  const isEmpty = turn.messages.every((message) => message === null)
  if (turn.replacedBy !== undefined && isEmpty) throw refused(turn, 'nothing is left of it')
}

export function applyTurnRestore(draft: Draft, change: ChangeOf<'turn-restore'>): ResultOf<'turn-restore'> {
  draft.liveThread(change.threadId)
  refuseForeignId(change.turnId, 'turn', draft.space.key, 'turnId')
  const turn = requireTurn(draft, change)
  requireAlone(draft.commit, change, 'must not change a thread in which the commit restores a turn', 'Restore the turn')
  requireRestorable(turn)
  const turns = turnsOf(draft)
  const { back, aside } = restoration(turns, turn.id)
  const wanted = turns.map((one): TurnState => {
    if (aside.has(one.id)) return { ...one, replacedBy: turn.id, asideAt: draft.seq }
    const { asideAt: _, replacedBy: __, ...free } = one
    return back.has(one.id) ? free : one
  })
  const replacedBy = standing(wanted)
  const all = turns.map((one): Placement => {
    const isAside = aside.has(one.id) || (one.asideAt !== undefined && !back.has(one.id))
    return { turn: one, replacedBy: replacedBy.get(one.id), aside: isAside }
  })
  const replaced = replaceTurns(draft, all)
  const restored: TurnId[] = []
  for (const { turn: one, replacedBy: by } of all) {
    if (by !== undefined || one.replacedBy === undefined) continue
    if (returnTurn(draft, one)) restored.push(one.id)
    const used = idUsedElsewhere(draft, one)
    if (used !== null) throw refused(one, `the message id ${shown(used)} is used by another message now`)
  }
  const status = draft.turn(turn.turn)?.status ?? turn.status
  draft.addToTurn(turn.turn, status, { kind: 'turn-restore', restored, replaced })
  return { kind: 'turn-restore', turnId: turn.id, restored, replaced }
}
