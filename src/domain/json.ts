/** JSON values: which may be stored, how two are merged, and how large one is. */
import { invalidInput } from './error.ts'
import { countValue, countValues, reading, readPlain } from './read-plain.ts'

/** Any JSON value. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }
/** A JSON object. */
export type JsonObject = { readonly [key: string]: Json }

const maxDepth = 64

export function isJsonObject(value: unknown): value is JsonObject {
  if (typeof value !== 'object' || value === null) return false
  try {
    if (Array.isArray(value)) return false
    const prototype: unknown = Object.getPrototypeOf(value)
    return prototype === Object.prototype || prototype === null
  } catch {
    // A proxy that throws when inspected is not a plain object.
    return false
  }
}

/** Sets a field of an object, even if its name would reach the prototype when assigned. */
export function setField<Value>(fields: Record<string, Value>, key: string, value: Value): void {
  if (key !== '__proto__') fields[key] = value
  else Object.defineProperty(fields, key, { value, enumerable: true, configurable: true, writable: true })
}

function refuse(path: string, got: unknown, rule: string): never {
  throw invalidInput(path, rule, got, 'Store plain JSON: null, booleans, finite numbers, strings, arrays and objects.')
}

function checkObject(value: object, path: string, depth: number, isPatch: boolean): void {
  if (!isJsonObject(value)) refuse(path, value, 'must be a plain object')
  for (const key of Object.keys(value)) {
    if (key === '__proto__') refuse(`${path}.${key}`, key, 'must not be a key, it would reach an object prototype')
    const child: unknown = value[key]
    if (child === undefined) {
      if (!isPatch) refuse(`${path}.${key}`, child, 'must be JSON')
      continue
    }
    checkJson(child, `${path}.${key}`, depth + 1, isPatch)
  }
}

function checkJson(value: unknown, path: string, depth: number, isPatch: boolean): void {
  countValue(path)
  if (value === null || typeof value === 'boolean') return
  if (typeof value === 'string') {
    if (value.isWellFormed()) return
    const fix = 'A character was cut in half: pass text.toWellFormed(), or cut texts between characters.'
    throw invalidInput(path, 'must be well-formed Unicode text', 'a lone surrogate', fix)
  }
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) refuse(path, value, 'must be a finite number')
    return
  }
  if (typeof value !== 'object') refuse(path, value, 'must be JSON')
  if (depth >= maxDepth) refuse(path, 'a cycle or deeper nesting', `must be nested at most ${maxDepth} levels deep`)
  if (!Array.isArray(value)) checkObject(value, path, depth, isPatch)
  else
    for (let index = 0; index < value.length; index++) checkJson(value[index], `${path}[${index}]`, depth + 1, isPatch)
}

/** A string or a number that JSON keeps as it is. */
function isPlainScalar(value: unknown): boolean {
  if (typeof value === 'string') return value.isWellFormed()
  return typeof value === 'number' ? Number.isFinite(value) : typeof value === 'boolean'
}

function isPlainObject(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/** Whether {@link checkJson} would find no fault. It tracks no path, which would take longer than everything else. */
function isJson(value: unknown, field: string, depth: number): boolean {
  countValue(field)
  if (typeof value !== 'object') return isPlainScalar(value)
  if (value === null) return true
  if (depth >= maxDepth) return false
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) if (!isJson(value[index], field, depth + 1)) return false
    return true
  }
  if (!isPlainObject(value)) return false
  for (const key of Object.keys(value)) {
    if (key === '__proto__' || !isJson((value as JsonObject)[key], field, depth + 1)) return false
  }
  return true
}

/** A copy as {@link copy} makes it; undefined if that would refuse the value. It tracks no path. */
function plainCopy(value: unknown, name: string, depth: number): unknown {
  countValue(name)
  if (typeof value !== 'object') {
    if (!isPlainScalar(value)) return undefined
    // JSON has no negative zero.
    return value === 0 ? 0 : value
  }
  if (value === null) return null
  if (depth >= maxDepth) return undefined
  return Array.isArray(value) ? plainItems(value, name, depth) : plainFields(value, name, depth)
}

function plainItems(value: readonly unknown[], name: string, depth: number): unknown {
  const items: unknown[] = []
  for (let index = 0; index < value.length; index++) {
    const item = plainCopy(value[index], name, depth + 1)
    if (item === undefined) return undefined
    items.push(item)
  }
  return items
}

function plainFields(value: object, name: string, depth: number): unknown {
  if (!isPlainObject(value)) return undefined
  const fields: Record<string, unknown> = {}
  for (const key of Object.keys(value)) {
    const field = key === '__proto__' ? undefined : plainCopy((value as Record<string, unknown>)[key], name, depth + 1)
    if (field === undefined) return undefined
    fields[key] = field
  }
  return fields
}

/**
 * Asserts that a value survives JSON unchanged: no functions, cycles, BigInt, NaN, class instances, holes, lone
 * surrogates or prototype keys, at most 64 levels deep.
 *
 * @throws MemoryError `invalid-input`, with the path of the offending part in `details.field`.
 */
export function assertJson(value: unknown, field: string): asserts value is Json {
  reading(field, () => {
    countValues()
    if (isJson(value, field, 0)) return
    // Once more, to say where.
    countValues()
    checkJson(value, field, 0, false)
  })
}

/**
 * A copy of a JSON value that shares nothing with it.
 *
 * @throws MemoryError `invalid-input` as {@link assertJson} does.
 */
export function copyJson<Value>(value: Value, field: string): Value {
  return reading(field, () => {
    countValues()
    const plain = plainCopy(value, field, 0)
    if (plain !== undefined) return plain
    // Once more, to say where.
    countValues()
    return copy(value, field, 0)
  }) as Value
}

function copy(value: unknown, path: string, depth: number): unknown {
  if (typeof value !== 'object' || value === null) {
    checkJson(value, path, depth, false)
    // JSON has no negative zero.
    return value === 0 ? 0 : value
  }
  countValue(path)
  if (depth >= maxDepth) refuse(path, 'a cycle or deeper nesting', `must be nested at most ${maxDepth} levels deep`)
  if (Array.isArray(value)) {
    const items: unknown[] = []
    for (let index = 0; index < value.length; index++) items.push(copy(value[index], `${path}[${index}]`, depth + 1))
    return items
  }
  if (!isJsonObject(value)) refuse(path, value, 'must be a plain object')
  const fields: Record<string, unknown> = {}
  for (const key of Object.keys(value)) {
    if (key === '__proto__') refuse(`${path}.${key}`, key, 'must not be a key, it would reach an object prototype')
    setField(fields, key, copy(value[key], `${path}.${key}`, depth + 1))
  }
  return fields
}

/** Like {@link assertJson} for an object that may hold `undefined`, which is dropped ("keep what is there"). */
export function toPatch(value: unknown, field: string): JsonObject {
  const plain = readPlain(value, field)
  if (!isJsonObject(plain)) refuse(field, value, 'must be a plain object')
  countValues()
  checkJson(plain, field, 0, true)
  return withoutUndefined(plain) as JsonObject
}

function withoutUndefined(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => withoutUndefined(item) ?? null)
  if (!isJsonObject(value)) return value
  const kept: Record<string, unknown> = {}
  for (const [key, child] of Object.entries(value)) {
    if (child !== undefined) setField(kept, key, withoutUndefined(child))
  }
  return kept
}

/** The object that a text is the JSON of; null if it is no such text. */
export function objectOfText(text: string): JsonObject | null {
  if (!text.trimStart().startsWith('{')) return null
  try {
    const value: unknown = JSON.parse(text)
    return isJsonObject(value) ? toPatch(value, 'workingMemory') : null
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}

/**
 * Deep merge in the manner of JSON Merge Patch (RFC 7396): objects recurse, arrays and scalars replace, `null` deletes.
 * Neither argument is changed.
 */
export function mergeJson(base: Json, patch: Json): Json {
  if (!isJsonObject(patch)) return patch
  const merged: Record<string, Json> = isJsonObject(base) ? { ...base } : {}
  for (const key of Object.keys(patch)) {
    const change = patch[key] as Json
    if (change === null) delete merged[key]
    else if (isJsonObject(change))
      setField(merged, key, mergeJson(Object.hasOwn(merged, key) ? (merged[key] as Json) : {}, change))
    else setField(merged, key, change)
  }
  return merged
}

const encoder = new TextEncoder()

/** Length of a value as JSON, in UTF-16 units, for estimates. */
export function jsonLength(value: Json): number {
  return JSON.stringify(value).length
}

/** Size of a value as UTF-8 JSON, in bytes. */
export function jsonBytes(value: Json): number {
  return encoder.encode(JSON.stringify(value)).length
}

/** The rest of a byte budget after a value, counted at its largest: six bytes for each escaped character. */
function budgetAfter(value: Json, budget: number): number {
  if (typeof value === 'string') return budget - value.length * 6 - 3
  if (typeof value !== 'object' || value === null) return budget - 25
  let left = budget - 2
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length && left >= 0; index++) left = budgetAfter(value[index], left)
    return left
  }
  for (const key in value) {
    left = budgetAfter((value as JsonObject)[key] as Json, left - key.length * 6 - 4)
    if (left < 0) return left
  }
  return left
}

/** Whether a value is larger than a limit in bytes. Encodes it only if an estimate is not certain. */
export function exceedsBytes(value: Json, limitBytes: number): boolean {
  if (budgetAfter(value, limitBytes) >= 0) return false
  const text = JSON.stringify(value)
  return text.length * 3 > limitBytes && encoder.encode(text).length > limitBytes
}

/** Whether two JSON values are equal, whatever the order of their keys. */
export function equalJson(left: Json | undefined, right: Json | undefined): boolean {
  if (left === right) return true
  if (Array.isArray(left) && Array.isArray(right)) {
    return left.length === right.length && left.every((item, index) => equalJson(item, right[index]))
  }
  if (!isJsonObject(left) || !isJsonObject(right)) return false
  const keys = Object.keys(left)
  return (
    keys.length === Object.keys(right).length &&
    keys.every((key) => Object.hasOwn(right, key) && equalJson(left[key], right[key]))
  )
}

/** The JSON text of a value with the keys of its objects in order: equal values have equal texts. */
export function canonicalJson(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  if (!isJsonObject(value)) return JSON.stringify(value)
  const keys = Object.keys(value).sort()
  return `{${keys.map((key) => `${JSON.stringify(key)}:${canonicalJson(value[key] as Json)}`).join(',')}}`
}
