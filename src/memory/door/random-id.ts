/** The random last part of the ids that a memory issues. */

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
