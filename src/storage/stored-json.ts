/** The only place that parses stored JSON. JSON that cannot be parsed, or has the wrong form, means a damaged file. */
import { MemoryError } from '../domain/error.ts'
import type { Shape } from './stored-shapes.ts'

/** The error for a stored record that this package did not write in that form. */
export function damagedRecord(what: string, cause?: unknown): MemoryError {
  return new MemoryError('corrupt', {
    message: `A stored ${what} is damaged.`,
    fix: 'Restore a backup; keep the damaged file for a look with PRAGMA integrity_check.',
    details: { record: what },
    ...(cause === undefined ? {} : { cause }),
  })
}

/** Rows number the commits of their space in 32 bits. */
const seqLimit = 2 ** 32

/**
 * A seq or a version from a column.
 *
 * @throws MemoryError `corrupt` if it is none.
 */
export function storedSeq(value: unknown, what: string): number {
  if (Number.isInteger(value) && (value as number) >= 0 && (value as number) < seqLimit) return value as number
  throw damagedRecord(what)
}

/**
 * The parsed value of a JSON column, checked against its shape.
 *
 * @param what The record it is of, for the error.
 * @param seq Seq of the row, for shapes with seqs that must be lower.
 * @throws MemoryError `corrupt` if it is no JSON or has another shape.
 */
export function storedJson<Value>(json: unknown, what: string, shape: Shape, seq = Number.POSITIVE_INFINITY): Value {
  let value: unknown
  try {
    // A damaged row may hold any other type of SQLite's.
    if (typeof json === 'string') value = JSON.parse(json)
  } catch (cause) {
    throw damagedRecord(what, cause)
  }
  if (value === undefined || !shape(value, seq)) throw damagedRecord(what)
  return value as Value
}
