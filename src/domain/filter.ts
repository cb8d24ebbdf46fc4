/** Metadata filters: a small query language over JSON, compiled to a test and never to SQL. */
import { invalidInput } from './error.ts'
import { copyJson, equalJson, exceedsBytes, isJsonObject, type Json, type JsonObject } from './json.ts'
import { type Limits, limitTable } from './limits.ts'

/** Says whether metadata matches. */
export type Test = (metadata: JsonObject) => boolean

type ValueTest = (value: Json | undefined) => boolean

const comparisons = {
  $eq:
    (operand: Json): ValueTest =>
    (value) =>
      isEqual(value, operand),
  $ne:
    (operand: Json): ValueTest =>
    (value) =>
      !isEqual(value, operand),
  $gt: (operand: Json, field: string): ValueTest => ordered(operand, field, '$gt', [1]),
  $gte: (operand: Json, field: string): ValueTest => ordered(operand, field, '$gte', [0, 1]),
  $lt: (operand: Json, field: string): ValueTest => ordered(operand, field, '$lt', [-1]),
  $lte: (operand: Json, field: string): ValueTest => ordered(operand, field, '$lte', [0, -1]),
  $in: (operand: Json, field: string): ValueTest => {
    return memberOf(listOf(operand, field, '$in'))
  },
  $nin: (operand: Json, field: string): ValueTest => {
    const isMember = memberOf(listOf(operand, field, '$nin'))
    return (value) => !isMember(value)
  },
  $exists: (operand: Json, field: string): ValueTest => {
    if (typeof operand !== 'boolean') {
      throw invalidInput(`${field}.$exists`, 'must be true or false', operand, 'Pass true for fields that exist.')
    }
    return (value) => (value !== undefined) === operand
  },
  $contains:
    (operand: Json): ValueTest =>
    (value) =>
      contains(value, operand),
} as const

const operators = [...Object.keys(comparisons), '$and', '$or', '$not']
const operatorFix = `The operators are ${operators.join(', ')}.`

/** A missing field equals null, as in MongoDB. */
function isEqual(value: Json | undefined, operand: Json): boolean {
  return equalJson(value ?? null, operand)
}

/** -1, 0 or 1 for two numbers, or two texts by code unit; NaN for anything else. */
function order(value: Json | undefined, operand: Json): number {
  const areAlike =
    (typeof value === 'number' && typeof operand === 'number') ||
    (typeof value === 'string' && typeof operand === 'string')
  if (!areAlike || value === undefined || value === null || operand === null) return Number.NaN
  return value === operand ? 0 : value < operand ? -1 : 1
}

/** Whether a value compares to the operand in one of these ways. */
function ordered(operand: Json, field: string, operator: string, orders: readonly number[]): ValueTest {
  if (typeof operand !== 'number' && typeof operand !== 'string') {
    const fix = 'Pass a number, a text or a Date.'
    throw invalidInput(`${field}.${operator}`, 'must be a number, a text or a Date', operand, fix)
  }
  return (value) => orders.includes(order(value, operand))
}

/** A list that has the item, or a text that has the piece. */
function contains(value: Json | undefined, operand: Json): boolean {
  if (Array.isArray(value)) return value.some((item: Json) => equalJson(item, operand))
  return typeof value === 'string' && typeof operand === 'string' && value.includes(operand)
}

function listOf(operand: Json, field: string, operator: string): readonly Json[] {
  if (Array.isArray(operand)) return operand
  throw invalidInput(`${field}.${operator}`, 'must be a list', operand, 'Pass an array of values.')
}

/** The value of a field: the field of exactly that name, otherwise the one at the path with dots. */
function valueAt(metadata: JsonObject, field: string): Json | undefined {
  if (Object.hasOwn(metadata, field)) return metadata[field]
  let value: Json | undefined = metadata
  for (const key of field.split('.')) {
    if (!isJsonObject(value) || !Object.hasOwn(value, key)) return undefined
    value = (value as JsonObject)[key]
  }
  return value
}

/** Whether a value is in a list. Constant time for plain values, however long the list is. */
function memberOf(list: readonly Json[]): ValueTest {
  const isNested = (item: Json | undefined) => typeof item === 'object' && item !== null
  const plain = new Set<Json | undefined>(list.filter((item) => !isNested(item)))
  const nested = list.filter(isNested)
  return (value) => (isNested(value) ? nested.some((item) => isEqual(value, item)) : plain.has(value ?? null))
}

/** How large a filter may be. */
type FilterLimits = Pick<Limits, 'filterConditions' | 'filterDepth' | 'filterBytes'>

/** For drivers, which compile filters that the facade has checked. */
const highest: FilterLimits = {
  filterConditions: limitTable.filterConditions.max,
  filterDepth: limitTable.filterDepth.max,
  filterBytes: limitTable.filterBytes.max,
}

class Compiler {
  readonly #field: string
  readonly #limits: FilterLimits
  #conditions = 0

  constructor(field: string, limits: FilterLimits) {
    this.#field = field
    this.#limits = limits
  }

  #count(depth: number): void {
    const { filterConditions, filterDepth } = this.#limits
    this.#conditions += 1
    if (depth <= filterDepth && this.#conditions <= filterConditions) return
    const rule = `must have at most ${filterConditions} conditions, ${filterDepth} deep`
    throw invalidInput(this.#field, rule, this.#conditions, 'Use a simpler filter.')
  }

  /** A filter over fields: all of its conditions must hold. */
  object(value: unknown, depth: number): Test {
    this.#count(depth)
    if (!isJsonObject(value)) {
      const fix = `Pass fields with their conditions: { status: 'open', age: { $gte: 18 } }.`
      throw invalidInput(this.#field, 'must be an object', value, fix)
    }
    const tests = Object.entries(value as JsonObject).map(([key, condition]): Test => {
      if (key === '$and' || key === '$or') return this.#several(key, condition, depth)
      if (key === '$not') {
        const test = this.object(condition, depth + 1)
        return (metadata) => !test(metadata)
      }
      if (key.startsWith('$')) throw invalidInput(`${this.#field}.${key}`, 'is not an operator here', key, operatorFix)
      const test = this.#condition(key, condition, depth + 1)
      return (metadata) => test(valueAt(metadata, key))
    })
    return (metadata) => tests.every((test) => test(metadata))
  }

  #several(operator: '$and' | '$or', operand: Json, depth: number): Test {
    if (!Array.isArray(operand) || operand.length === 0) {
      throw invalidInput(
        `${this.#field}.${operator}`,
        'must be a list of filters',
        operand,
        'Pass at least one filter.',
      )
    }
    const tests = operand.map((filter: Json) => this.object(filter, depth + 1))
    return (metadata) => tests[operator === '$and' ? 'every' : 'some']((test) => test(metadata))
  }

  /** The condition on one field: a value, or operators that must all hold. */
  #condition(key: string, condition: Json, depth: number): ValueTest {
    this.#count(depth)
    const field = `${this.#field}.${key}`
    const names = isJsonObject(condition) ? Object.keys(condition) : []
    if (!names.some((name) => name.startsWith('$'))) return (value) => isEqual(value, condition)
    const tests = Object.entries(condition as JsonObject).map(([name, operand]): ValueTest => {
      if (name === '$not') {
        const test = this.#condition(key, operand, depth + 1)
        return (value) => !test(value)
      }
      if (!Object.hasOwn(comparisons, name)) {
        throw invalidInput(`${field}.${name}`, 'is not an operator', name, operatorFix)
      }
      return comparisons[name as keyof typeof comparisons](operand, field)
    })
    return (value) => tests.every((test) => test(value))
  }
}

/** More levels than stored JSON may have: deeper values are refused with the rest. */
const deepestDate = 100

/** Dates inside a filter are compared as the ISO texts that metadata holds. */
function withoutDates(value: unknown, depth = 0): unknown {
  if (depth > deepestDate) return value
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? value : value.toISOString()
  if (Array.isArray(value)) return value.map((item) => withoutDates(item, depth + 1))
  if (!isJsonObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withoutDates(inner, depth + 1)]))
}

/** The filter as plain JSON, small enough to be compiled. */
function plainFilter(filter: unknown, field: string, { filterBytes }: FilterLimits): Json {
  const plain = copyJson(withoutDates(filter) as Json, field)
  if (!exceedsBytes(plain, filterBytes)) return plain
  throw invalidInput(field, `must have at most ${filterBytes} bytes`, filter, 'Use a smaller filter.')
}

/**
 * Compiles a filter over metadata: `{ status: 'open', age: { $gte: 18, $lt: 65 }, $or: [{ a: 1 }, { b: 2 }] }`. All
 * fields, and all operators of a field, must hold. A name with dots is also a path into nested objects.
 *
 * @throws MemoryError `invalid-input` for an unknown operator, an operand of the wrong type, a value that is not JSON,
 *   or a filter that is too large.
 */
export function compileFilter(filter: unknown, field = 'filter', limits: FilterLimits = highest): Test {
  return new Compiler(field, limits).object(plainFilter(filter, field, limits), 1)
}

/** The test of an option that may be left out; null without one. Throws as {@link compileFilter} does. */
export function parseFilter(filter: unknown, field: string, limits: FilterLimits): Test | null {
  return filter === undefined ? null : compileFilter(filter, field, limits)
}

/**
 * A filter as a driver takes it: a plain JSON copy, with dates as texts.
 *
 * @throws MemoryError `invalid-input`, as {@link compileFilter} does.
 */
export function checkFilter(filter: unknown, field: string, limits: FilterLimits): JsonObject {
  const plain = plainFilter(filter, field, limits)
  new Compiler(field, limits).object(plain, 1)
  return plain as JsonObject
}
