/** Refuses message ids that another space issued, at the border of the facade. */
import { foreignId, isForeignId, parseIssuedId } from '../../domain/issued-id.ts'
import type { Door } from './door.ts'

/** An id that a call names, and its field. */
export interface NamedId {
  readonly id: string
  readonly field: string
}

// The fix does not say to leave resourceId out: then an id that a client made up could reach another user's records.
const findingFix =
  'Pass the resourceId that the message is of. One that an earlier version stored under such an id is named by resourceId and threadId together.'

/** Whether a message of the thread is stored under the id: earlier versions accepted any id. */
async function isStored(space: Door, threadId: string | undefined, id: string): Promise<boolean> {
  if (threadId === undefined) return false
  return (await space.messages.find(id)).some(({ message }) => message.threadId === threadId)
}

/**
 * Refuses message ids that have the issued form and do not belong to the space, unless the named thread has a message
 * under such an id. Looks in this space only.
 *
 * @throws MemoryError `invalid-input` naming the field.
 */
export async function refuseForeignMessages(
  space: Door,
  threadId: string | undefined,
  ids: readonly NamedId[],
  fix = findingFix,
): Promise<void> {
  const issued = ids.filter(({ id }) => parseIssuedId(id) !== null)
  if (issued.length === 0) return
  const key = (await space.state())?.key ?? null
  for (const { id, field } of issued) {
    if (!isForeignId(id, 'message', key) || (await isStored(space, threadId, id))) continue
    throw foreignId(field, id, 'message', fix)
  }
}
