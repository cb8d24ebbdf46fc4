/** Reads that the followers of a space have in common. */
import { requireRight } from '../../access/grants.ts'
import type { Storage } from '../../ports/storage.ts'
import { isNoting } from '../storage/run-notes.ts'
import type { Door } from './door.ts'

/**
 * A read after a wake, made once for all followers of the space who were woken together.
 *
 * @param what Names the read.
 * @returns Shared: it must not be changed, and a user gets a copy.
 */
export async function readShared<Value>(
  space: Door,
  opened: Storage,
  what: string,
  read: (storage: Storage) => Promise<Value>,
): Promise<Value> {
  // The run of a tool notes what the tool reads, so it reads for itself.
  if (isNoting()) return read(opened)
  const { access, storage } = space.core
  // What is shared was read with the right of another actor.
  requireRight(access, 'read', space.id)
  return storage.tails.readOnce(space.id, what, () => read(opened))
}
