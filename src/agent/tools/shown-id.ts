/** The id under which a call is shown whose own id a later call has. Pure. */
import { hash } from 'node:crypto'

/** Characters of a digest in an id: providers take ids of at most 64 characters. */
const placeLength = 8

/**
 * It follows from the place of the call, so that it is the same in the next prompt: providers cache prompts that begin
 * alike.
 */
export function shownId(id: string, messageId: string | null, at: number): string {
  return `${id}_${hash('sha1', `${messageId} ${at}`).slice(0, placeLength)}`
}
