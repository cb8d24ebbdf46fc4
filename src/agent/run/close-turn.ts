/** Closes a turn that must end, with as many of its last changes as the memory accepts. */

import type { Change } from '../../domain/commit/commit.ts'
import { MemoryError } from '../../domain/error.ts'
import type { AgentTurn, TurnEnd } from '../../ports/agent-memory.ts'

/** Whether the storage is out of reach, so that no other changes would be taken either. */
function isOutOfReach(error: unknown): boolean {
  return error instanceof MemoryError && ['closed', 'unavailable', 'unknown-outcome', 'corrupt'].includes(error.code)
}

/**
 * Closes a turn with as many of its last changes as the memory accepts. A message may have been deleted meanwhile, or a
 * run forgotten, and the thread must not wait for it. Never throws.
 *
 * @param lastChanges The changes that end the turn's answer.
 */
export async function closeAnyhow(
  turn: AgentTurn,
  status: TurnEnd,
  run: Change,
  lastChanges: () => Promise<readonly Change[]> = async () => [],
): Promise<void> {
  const endings = [async () => [...(await lastChanges()), run], async () => [run], async () => []]
  for (const changes of endings) {
    try {
      return await turn.close(status, await changes())
    } catch (error) {
      if (isOutOfReach(error)) break
    }
  }
  // Replaced or deleted, or the storage is gone: its lease ends it then.
  turn.letGo()
}
