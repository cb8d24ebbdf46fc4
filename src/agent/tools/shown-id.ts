/** The id under which a call is shown whose own id a later call has. Pure. */
import { digestOf } from '../../domain/digest.ts'

/** Characters of a digest in an id: providers take ids of at most 64 characters. */
const placeLength = 8

/**
 * It follows from the place of the call, so that it is the same in the next prompt: providers cache prompts that begin
 * alike.
 */
export function shownId(id: string, messageId: string | null, at: number): string {
  return `${id}_${digestOf('sha1', `${messageId} ${at}`, 'hex').slice(0, placeLength)}`
}
