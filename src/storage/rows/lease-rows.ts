/** Rows of leases, read into domain records and made from them. */

import type { ThreadId } from '../../domain/id.ts'
import type { LeaseState } from '../../domain/records/lease.ts'
import { isoTime, msOf } from '../../domain/time.ts'
import { storedSeq } from '../stored-json.ts'
import { actorOf, actorText } from './actor-text.ts'

export type LeaseColumns = readonly [name: string, token: number, actor: string, until: number, threadId: string | null]

export function leaseOf(columns: LeaseColumns): LeaseState {
  const [name, token, actor, until, threadId] = columns
  return {
    name,
    token: storedSeq(token, 'lease'),
    holder: actorOf(actor),
    until: isoTime(until),
    threadId: threadId as ThreadId | null,
  }
}

/** The values of a lease's row, in the order of {@link LeaseColumns}, without its thread, a column of the driver's own. */
export function leaseValues({ name, token, holder, until }: LeaseState) {
  return [name, token, actorText(holder), msOf(until)] as const
}
