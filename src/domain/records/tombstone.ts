/**
 * Tombstones: what messages leave that were deleted, discarded or forgotten, so that a client that still shows them does
 * not bring them back. Records without content; their key is a keyed hash of the id that a caller chose.
 */

/** The noun of these records. Commits make them as a side effect; no change of a caller's does. */
export const tombstoneNoun = 'tombstone'

/** The text that is hashed for a message's id, which is unique in its thread. */
export function tombstoneText(threadId: string, messageId: string): string {
  return JSON.stringify([threadId, messageId])
}

/** The text that is hashed for a whole thread. */
export function threadTombstoneText(threadId: string): string {
  return JSON.stringify([threadId])
}
