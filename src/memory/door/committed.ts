/** Looks up the commit of an id, for calls whose retry would depend on the current state. */

import { sameActor } from '../../domain/actor.ts'
import type { LoggedCommit } from '../../domain/commit/effect.ts'
import { MemoryError } from '../../domain/error.ts'
import { isReused, refused } from './applied.ts'
import type { Door } from './door.ts'

/**
 * Two expectations that never hold together: a commit with them is never applied. A known id is answered before they
 * are checked.
 */
const never = [{ seq: 0 }, { seq: 1 }]

/**
 * The commit of a space that has the id, or null if none has.
 *
 * @throws MemoryError `conflict` if another actor has used it.
 */
export async function committedAs(space: Door, id: string): Promise<LoggedCommit | null> {
  try {
    const probe = { kind: 'entry-delete', key: 'probe' } as const
    const result = await space.submit([probe], { id, expect: never, background: true })
    if (!isReused(result)) return null
    const [commit = null] = (await space.log.read({ after: result.first - 1, limit: 1 })).items
    if (commit !== null && !sameActor(commit.actor, space.core.access.actor)) throw refused(result)
    return commit
  } catch (error) {
    if (error instanceof MemoryError && error.code === 'not-found') return null
    throw error
  }
}
