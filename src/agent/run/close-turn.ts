/** The last resort for a turn that must end: it is closed with as much as the memory takes of what belongs to its end. */
import type { Change } from '../../domain/commit/commit.ts'
import { MemoryError } from '../../domain/error.ts'
import type { ClosedStatus, Turn } from '../../memory/conversation/turns.ts'

/** Whether the storage is out of reach, so that no other changes would be taken either. */
function isOutOfReach(error: unknown): boolean {
  return error instanceof MemoryError && ['closed', 'unavailable', 'unknown-outcome', 'corrupt'].includes(error.code)
}

/**
 * Closes a turn with as much as the memory takes of what belongs to its end: of a message that was deleted meanwhile, or a
 * run that was forgotten, nothing can be said any more, and the thread must not wait for it. Never throws.
 *
 * @param lastChanges What ends the answer that the turn holds.
 */
export async function closeAnyhow(
  turn: Turn,
  status: ClosedStatus,
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
  // Replaced or deleted, or the storage is gone: then its lease ends it.
  turn.letGo()
}
