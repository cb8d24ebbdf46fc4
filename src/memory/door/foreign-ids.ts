/** Refuses, at the border of the facade, message ids that another space issued, before anything is done with them. */
import { foreignId, isForeignId, parseIssuedId } from '../../domain/issued-id.ts'
import type { Door } from './door.ts'

/** An id that a call names, and the field that it stands in. */
export interface NamedId {
  readonly id: string
  readonly field: string
}

// It does not say to leave resourceId out: then an id that a client made up would reach what others have.
const findingFix =
  'Pass the resourceId that the message is of. One that an earlier version stored under such an id is named by resourceId and threadId together.'

/** Whether a message of the thread is stored under the id: earlier versions took any. */
async function isStored(space: Door, threadId: string | undefined, id: string): Promise<boolean> {
  if (threadId === undefined) return false
  return (await space.messages.find(id)).some(({ message }) => message.threadId === threadId)
}

/**
 * Refuses message ids that have the form of issued ones and are not of the space, unless the thread that is named holds a
 * message under such an id. Looks in this space only.
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
