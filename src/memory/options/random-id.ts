/** The random last part of the ids that a memory issues. */
import { MemoryError } from '../../domain/error.ts'
import { checkUnique } from '../../domain/id.ts'

const idBytes = 12
const idsAtOnce = 64
const random = Buffer.alloc(idBytes * idsAtOnce)
let used = random.length

/** 96 random bits as text. Drawn for 64 ids at once, because a call for random bytes costs more than the bytes. */
export function randomId(): string {
  if (used === random.length) {
    // The runtime's own: importing node:crypto here would cost more memory than all of the package.
    globalThis.crypto.getRandomValues(random)
    used = 0
  }
  used += idBytes
  return random.toString('base64url', used - idBytes, used)
}

/**
 * The ids of a user's `createId`, each checked before it is used.
 *
 * @throws MemoryError `invalid-input` naming `createId` if it throws or returns something that cannot be part of an id.
 */
export function checkedIds(createId: () => unknown): () => string {
  return () => {
    let id: unknown
    try {
      id = createId()
    } catch (cause) {
      const rule = 'must answer a text of 1 to 128 letters, digits, "_" and "-"'
      const fix = 'Let createId answer such a text, or leave createId out.'
      const details = { field: 'createId', rule, got: 'an error' }
      throw new MemoryError('invalid-input', { message: `"createId" ${rule}; it threw.`, fix, details, cause })
    }
    return checkUnique(id, 'createId')
  }
}
