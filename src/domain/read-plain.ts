/** Reads a caller's value, each property once, so that no getter or proxy of the caller runs or throws later. */
import { invalidInput, MemoryError } from './error.ts'
import { withCommas } from './with-commas.ts'

/** More levels than any stored value may have. Deeper values are refused by the check of the value. */
const maxDepth = 100
/** More items than any list may have. Otherwise a list with a length but no items would use up all memory. */
const maxItems = 1_000_000

/**
 * Values inside one value, at most. A value that shares its parts many levels deep is small in memory, but endless as a
 * copy.
 */
const maxValues = 2_000_000
let valuesLeft = 0

const fix = 'Pass plain values, and lists and objects of them that can be read.'

/**
 * Runs code that reads a caller's value. Anything that the caller's getters and proxies throw becomes an error.
 *
 * @throws MemoryError `invalid-input` for the field, with what was thrown as its cause.
 */
export function reading<Result>(field: string, read: () => Result): Result {
  try {
    return read()
  } catch (error) {
    if (error instanceof MemoryError) throw error
    const rule = 'must be a value that can be read'
    throw new MemoryError('invalid-input', {
      message: `"${field}" ${rule}; reading it threw an error.`,
      fix,
      details: { field, rule, got: 'a value that cannot be read' },
      cause: error,
    })
  }
}

/**
 * A deep copy of plain objects and lists; any other value is kept. Reading the copy twice gives the same values.
 *
 * @throws MemoryError `invalid-input` if reading throws, or for a list of more than a million items.
 */
export function readPlain(value: unknown, field: string): unknown {
  // Most options are texts and numbers.
  if (typeof value !== 'object' || value === null) return value
  return reading(field, () => {
    countValues()
    return copied(value, field, 0)
  })
}

/** Begins to count the values of a caller's value. */
export function countValues(): void {
  valuesLeft = maxValues
}

/**
 * Counts one of them.
 *
 * @throws MemoryError `invalid-input` if there are too many.
 */
export function countValue(field: string): void {
  valuesLeft -= 1
  if (valuesLeft >= 0) return
  const rule = `must hold at most ${withCommas(maxValues)} values in all`
  throw invalidInput(field, rule, 'more, or parts that are shared many levels deep', 'Pass less at once.')
}

function copied(value: unknown, field: string, depth: number): unknown {
  countValue(field)
  if (typeof value !== 'object' || value === null || depth > maxDepth) return value
  if (Array.isArray(value)) {
    const { length } = value
    if (length > maxItems) throw invalidInput(field, `must have at most ${maxItems} items`, value, fix)
    const items: unknown[] = []
    for (let index = 0; index < length; index++) items.push(copied(value[index], field, depth + 1))
    return items
  }
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return value
  const copy: Record<string, unknown> = {}
  for (const key of Object.keys(value)) {
    const inner = copied((value as Record<string, unknown>)[key], field, depth + 1)
    if (key !== '__proto__') copy[key] = inner
    // Refused later by its name. A plain assignment would lose it.
    else Object.defineProperty(copy, key, { value: inner, enumerable: true, configurable: true, writable: true })
  }
  return copy
}
