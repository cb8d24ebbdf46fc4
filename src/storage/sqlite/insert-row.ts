/** The one place where a row joins the log: its place in the table follows from its part in the commit. */
import type { LogRow } from '../../domain/commit/effect.ts'
import { logValues } from '../rows/log-rows.ts'
import type { SqliteDatabase } from './database.ts'

/** The place of a row. */
interface RowPlace {
  /** Number of the space. */
  readonly space: number
  /** Which of its commit's rows it is; null where it is the only one. */
  readonly part: number | null
  /** Number of the thread; null for a row of none. */
  readonly thread: number | null
  /** How many messages the thread has with it; null where it saves none. */
  readonly upto: number | null
}

/** Stores a row. The first one of a commit lies where the seq of the commit says, all others behind. */
export function insertLogRow(database: SqliteDatabase, { space, part, thread, upto }: RowPlace, row: LogRow): void {
  const { insertRow, insertPart } = database.statements
  const values = [space, part, thread, upto, ...logValues(row)]
  if (part === null || part === 0) insertRow.run(...values, space, row.seq)
  else insertPart.run(...values)
}
