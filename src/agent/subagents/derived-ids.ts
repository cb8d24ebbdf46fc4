/** Ids of the run and the thread of a delegation, from the call that began it: beginning it again meets it. */

import { digestOf } from '../../domain/digest.ts'
import { parseRunId } from '../../domain/id.ts'

/** Letters of the hash of a call: two calls of one run never meet by chance. */
const digestLength = 16
/** The last part of the id of a run has at most that many. */
const longestUnique = 128

/**
 * The last part of the id of the run that a call begins. It begins with that of the run which calls.
 *
 * @param runId Of the run that calls.
 */
export function derivedUnique(runId: string, toolCallId: string): string {
  const parent = parseRunId(runId)?.unique ?? runId
  const whole = `${parent}-${digestOf('sha256', toolCallId, 'hex').slice(0, digestLength)}`
  return whole.length <= longestUnique ? whole : `deep-${digestOf('sha256', whole, 'hex')}`
}
