/** Which turns a piece of work runs inside of: a call made by a tool of a turn must not wait for that turn. */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { Turn } from '../../memory/conversation/turns.ts'
import type { Door } from '../../memory/door/door.ts'

const turnsAround = new AsyncLocalStorage<readonly Turn[]>()

/** Runs it as part of a turn, and of those that the turn itself is part of. */
export function insideTurn<Result>(turn: Turn, act: () => Result): Result {
  return turnsAround.run([...(turnsAround.getStore() ?? []), turn], act)
}

/** A space as the tools of the turn around this code have it: what they write into the turn's own needs the turn open. */
export function heldByTurn(space: Door): Door {
  const turn = turnsAround.getStore()?.at(-1)
  return turn === undefined ? space : space.with({ holding: turn.holding })
}

/** Whether this code runs inside an open turn of that thread, however deep. */
export function isInsideTurnOf(space: Door, threadId: string): boolean {
  const turns = turnsAround.getStore() ?? []
  return turns.some((turn) => {
    const isSameSpace = turn.space.core.storage === space.core.storage && turn.space.id === space.id
    return isSameSpace && turn.threadId === threadId && !turn.isClosed
  })
}
