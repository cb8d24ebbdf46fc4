/** Plain queries of the port's readers, for tests that need one that is sound. */
import { runStatuses } from '../../domain/records/run.ts'

/** The first thread of a space. */
export const firstThread = {
  orderBy: 'createdAt',
  direction: 'asc',
  archived: 'any',
  metadata: null,
  scanLimit: 1,
  limit: 1,
  offset: 0,
  after: null,
} as const

/** All runs of a space. */
export const allRuns = {
  threadId: null,
  name: null,
  statuses: runStatuses,
  order: 'oldest',
  after: null,
  limit: 1_000,
} as const
