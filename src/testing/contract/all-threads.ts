/** The query of every thread of a space, for checks. */
import type { ThreadQuery } from '../../ports/storage.ts'

export const allThreads: ThreadQuery = {
  orderBy: 'createdAt',
  direction: 'asc',
  archived: 'any',
  metadata: null,
  scanLimit: 1_000,
  limit: 10_000,
  offset: 0,
  after: null,
}
