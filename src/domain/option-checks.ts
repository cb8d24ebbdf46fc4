/** Checks options by hand. Each error names the field, its rule, the value and the fix. */

import { invalidInput, shown } from './error.ts'
import { isJsonObject } from './json.ts'
import { reading } from './read-plain.ts'

export type OptionFields = Readonly<Record<string, unknown>>

/** The fields of an options object, all of which must be known; none for undefined. */
export function fieldsOf(value: unknown, field: string, known: readonly string[]): OptionFields {
  const fix = `The options are ${known.join(', ')}.`
  if (value === undefined) return {}
  if (!isJsonObject(value)) throw invalidInput(field, 'must be an object', value, fix)
  // Read once: later answers of a getter do not matter.
  const fields = reading(field, (): OptionFields => ({ ...value }))
  const extra = Object.keys(fields).find((key) => !known.includes(key))
  if (extra !== undefined) throw invalidInput(field, `has an unknown option ${shown(extra)}`, value, fix)
  return fields
}

/** Refuses a field that is given and breaks its rule. */
export function check(
  fields: OptionFields,
  field: string,
  rule: string,
  fix: string,
  holds: (value: unknown) => boolean,
): void {
  const value = fields[field.slice(field.lastIndexOf('.') + 1)]
  if (value !== undefined && !reading(field, () => holds(value))) throw invalidInput(field, rule, value, fix)
}

export const isFunction = (value: unknown) => typeof value === 'function'

export const isText = (value: unknown) => typeof value === 'string' && value !== ''

export const hasMethod = (name: string) => (value: unknown) =>
  typeof value === 'object' && value !== null && isFunction((value as OptionFields)[name])

export const isWholeFrom =
  (min: number, max: number = Number.MAX_SAFE_INTEGER) =>
  (value: unknown) =>
    typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max
