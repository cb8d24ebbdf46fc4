/** Reads what a caller passed, each property once, so that no getter and no proxy of the caller's acts later or throws. */
import { invalidInput, MemoryError } from './error.ts'

/** More levels than anything may have that is stored; what lies below is refused by whoever checks the value. */
const maxDepth = 100
/** More items than any list may have. A list with a length and no items would otherwise take all memory there is. */
const maxItems = 1_000_000

/** Values that one value may hold. What shares its parts many levels deep is small in memory, and endless as a copy. */
const maxValues = 2_000_000
let valuesLeft = 0

const fix = 'Pass plain values, and lists and objects of them that can be read.'

/**
 * Does what reads a caller's value. Whatever getters and proxies of the caller's throw at that becomes a refusal.
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
 * A copy of plain objects and lists, and of those in them; all else is the same value. What is looked at twice is then the
 * same both times.
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
  const rule = `must hold at most ${maxValues.toLocaleString('en')} values in all`
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
    // Refused later by its name; set plainly it would vanish.
    else Object.defineProperty(copy, key, { value: inner, enumerable: true, configurable: true, writable: true })
  }
  return copy
}
