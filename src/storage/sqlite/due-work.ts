/** Finds what is due in SQLite: rows by their expiry, through an index, and logs that keep their rows for some days. */
import type { SpaceId } from '../../domain/id.ts'
import type { DueWork } from '../../ports/due-work.ts'
import { dueHorizon, dueTurn, lastTooOld } from '../due-work.ts'
import { dueEntryOf, dueFactOf, dueLeaseOf, dueRecordOf, dueRunOf, wakingOf } from '../rows/due-rows.ts'
import { leaseOf } from '../rows/lease-rows.ts'
import type { SqliteDatabase } from './database.ts'
import { seqAtTime } from './log.ts'

function dueTurns({ statements }: SqliteDatabase, now: number, limit: number): DueWork['turns'] {
  return statements.dueTurns.all(now, limit).flatMap(([name, token, actor, until, threadId, space]) => {
    return dueTurn(space as SpaceId, leaseOf([name, token, actor, until, threadId])) ?? []
  })
}

function dueLogs(database: SqliteDatabase, now: number, limit: number): DueWork['logs'] {
  const { statements } = database
  const due = statements.spacesKeepingDays.all().flatMap(([n, horizon, days]) => {
    const columns = statements.spaceByNumber.get(n)
    const seq = statements.lastCommit.get(n)?.[0] ?? 0
    const below = dueHorizon(
      { seq, horizon },
      seqAtTime(database, n, { low: horizon, high: seq }, lastTooOld(now, days), now),
    )
    return columns === undefined || below === null ? [] : [{ space: columns[1] as SpaceId, below }]
  })
  return due.slice(0, limit)
}

export function dueWork(database: SqliteDatabase, limit: number): Promise<DueWork> {
  return database.read(() => {
    const { statements, clock } = database
    const now = clock.now()
    return {
      entries: statements.dueEntries.all(now, now, limit).map(dueEntryOf),
      facts: statements.dueFacts.all(now, limit).map(dueFactOf),
      runs: statements.dueRuns.all(now, now, limit).map(dueRunOf),
      records: statements.dueRecords.all(now, now, limit).map(dueRecordOf),
      ...wakingOf(statements.wakingRecords.all(now, limit)),
      leases: statements.dueLeases.all(now, limit).map(dueLeaseOf),
      turns: dueTurns(database, now, limit),
      logs: dueLogs(database, now, limit),
    }
  })
}
