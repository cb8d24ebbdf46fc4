/** Keyed hashes: a text under the secret of a space, as nobody can compute it who does not have the secret. */
import { createHmac } from 'node:crypto'

/** The first 128 bits of the HMAC-SHA-256, in base64url. */
export function keyedHash(secret: Uint8Array, text: string): string {
  return createHmac('sha256', secret).update(text).digest().subarray(0, 16).toString('base64url')
}
