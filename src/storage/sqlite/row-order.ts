/** Pages of rows in the order of their index: a damaged index must not cause endless loops. */
import { damagedRecord } from '../stored-json.ts'

/** Rows whose fourth column is what they are ordered by. */
type OrderedRow = readonly [unknown, unknown, unknown, order: number, ...unknown[]]

/**
 * The rows, if each comes after the one before.
 *
 * @throws MemoryError `corrupt` if the index named a row of another place.
 */
export function inOrder<Row extends OrderedRow>(rows: Row[], what: string, from: number, isUp: boolean): Row[] {
  let before = from
  for (const row of rows) {
    if (!(isUp ? row[3] > before : row[3] < before)) throw damagedRecord(what)
    before = row[3]
  }
  return rows
}

/** Rows by their name, in the order of SQLite's texts, each after the one before; see {@link inOrder}. */
export function inNameOrder<Row>(rows: Row[], what: string, after: string, nameOf: (row: Row) => string): Row[] {
  let before = after
  for (const row of rows) {
    const name = nameOf(row)
    // JavaScript compares halves of characters, SQLite compares code points: they seldom differ.
    const isBehind = name > before || Buffer.compare(Buffer.from(name), Buffer.from(before)) > 0
    if (!isBehind) throw damagedRecord(what)
    before = name
  }
  return rows
}
