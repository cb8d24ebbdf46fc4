/** Closes a turn that must end, with as many of its last changes as the memory accepts. */

import type { Change } from '../../domain/commit/commit.ts'
import { MemoryError } from '../../domain/error.ts'
import type { AgentTurn, TurnEnd } from '../../ports/agent-memory.ts'

/** Whether the storage is out of reach, so that no other changes would be taken either. */
function isOutOfReach(error: unknown): boolean {
  return error instanceof MemoryError && ['closed', 'unavailable', 'unknown-outcome', 'corrupt'].includes(error.code)
}

/** Whether another turn stands in the place of a turn, or took the place that it was to take: nobody will see its answer. */
export function isOvertaken(error: unknown): boolean {
  if (!(error instanceof MemoryError) || error.code !== 'conflict') return false
  return typeof error.details.overtakenBy === 'string' || typeof error.details.replacedBy === 'string'
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
  let isReachable = true
  const endings = [async () => [...(await lastChanges()), run], async () => [run], async () => []]
  for (const changes of endings) {
    try {
      return await turn.close(status, await changes())
    } catch (error) {
      if (isOutOfReach(error)) isReachable = false
      if (!isReachable) break
    }
  }
  // Replaced or deleted, or the storage is gone: its lease ends it then.
  turn.letGo()
  if (isReachable) await endRun(turn, run)
}

/** Ends the run of a turn that others have ended. */
async function endRun(turn: AgentTurn, run: Change): Promise<void> {
  try {
    await turn.commit([run])
  } catch {
    // It was forgotten, with its thread or by itself.
    return
  }
}
