/** The error for work with what is closed. */
import { MemoryError } from '../domain/error.ts'

/** @param what Begins the sentence, such as "The storage". */
export function closedError(what: string): MemoryError {
  return new MemoryError('closed', {
    message: `${what} is closed.`,
    fix: 'Open a new one; close it only when all work with it is done.',
  })
}
