/** Checks the options of a forget before undefined ones count as absent. */
import { invalidInput } from '../domain/error.ts'
import { isJsonObject } from '../domain/json.ts'
import { readPlain } from '../domain/read-plain.ts'
import type { Given } from '../operations/parse.ts'

/**
 * Refuses an option with the value undefined: it is a mistake, and without it a forget might erase far more than
 * intended.
 */
export function forgetOptions(given: unknown): Given {
  const options = readPlain(given, 'forget')
  const missing = isJsonObject(options) ? Object.keys(options).find((name) => options[name] === undefined) : undefined
  if (missing !== undefined) {
    throw invalidInput(missing, 'must not be undefined', undefined, 'Leave it out, or name it.')
  }
  return { what: 'forget', options, isRead: true }
}
