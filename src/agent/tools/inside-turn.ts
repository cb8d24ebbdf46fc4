/** Knows the turns that a piece of work runs inside: a call made by a tool of a turn must not wait for that turn. */

import { AsyncLocalStorage } from 'node:async_hooks'
import type { AgentSpace, AgentTurn } from '../../ports/agent-memory.ts'

const turnsAround = new AsyncLocalStorage<readonly AgentTurn[]>()

/** Runs the work as part of a turn, and of the turns that contain it. */
export function insideTurn<Result>(turn: AgentTurn, act: () => Result): Result {
  return turnsAround.run([...(turnsAround.getStore() ?? []), turn], () => turn.noting(act))
}

/**
 * A space for the tools of the turn around this code: their writes to the turn's own space fail once the turn is
 * closed.
 */
export function heldByTurn(space: AgentSpace): AgentSpace {
  const turn = turnsAround.getStore()?.at(-1)
  return turn === undefined ? space : space.within(turn)
}

/** Turns of a thread that the turns around this code replace: a thread is read there without them. */
export function replacedAround(space: AgentSpace, threadId: string): readonly string[] {
  const turns = turnsAround.getStore() ?? []
  return turns.flatMap((turn) => (space.isTurnOf(turn, threadId) ? turn.replaces : []))
}

/** Whether this code runs inside an open turn of that thread, at any depth. */
export function isInsideTurnOf(space: AgentSpace, threadId: string): boolean {
  const turns = turnsAround.getStore() ?? []
  return turns.some((turn) => space.isTurnOf(turn, threadId))
}
