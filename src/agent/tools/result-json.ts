/** Results of tools as the JSON that is stored of them. */
import { MemoryError, shown } from '../../domain/error.ts'
import type { Json, JsonObject } from '../../domain/json.ts'

/** Levels of a result that are stored. A part of a message puts some more around them. */
const deepest = 50

/** Functions and symbols are kept as their text: a client may have put them next to what matters. */
function plain(_key: string, value: unknown): unknown {
  return typeof value === 'function' || typeof value === 'symbol' ? String(value) : value
}

/** The JSON text of a value; that of null for no value. It throws what the value's getters throw, and for cycles. */
function jsonText(value: unknown): string {
  return JSON.stringify(value, plain) ?? 'null'
}

/**
 * A streamed text may end inside a character, which is not stored. An object with a key that would reach a prototype is
 * kept whole, as text: memory refuses such keys.
 */
function clean(value: Json, depth: number): Json {
  if (typeof value === 'string') return value.toWellFormed()
  if (typeof value !== 'object' || value === null) return value
  if (depth > deepest) return JSON.stringify(value).toWellFormed()
  if (Array.isArray(value)) return value.map((item) => clean(item, depth + 1))
  if (Object.hasOwn(value, '__proto__')) return JSON.stringify(value).toWellFormed()
  const fields = Object.entries(value).map(([key, item]) => [key.toWellFormed(), clean(item, depth + 1)])
  return Object.fromEntries(fields)
}

/**
 * A value of the AI SDK as it is stored. Levels beyond the deepest are kept as text.
 *
 * @throws Whatever the value throws when it is read, and for what JSON cannot hold.
 */
export function toJson(value: unknown): Json {
  if (typeof value === 'string') return value.toWellFormed()
  return clean(JSON.parse(jsonText(value)) as Json, 0)
}

/** Whether a JSON text has more than so many levels. It is read as text: parsing it would take longer. */
function isDeeper(text: string, levels: number): boolean {
  if (text.length <= levels * 2) return false
  let depth = 0
  for (let at = 0; at < text.length; at++) {
    const unit = text[at]
    if (unit === '"') at = endOfString(text, at)
    else if (unit === '{' || unit === '[') depth += 1
    else if (unit === '}' || unit === ']') depth -= 1
    if (depth > levels) return true
  }
  return false
}

/** The place of the quote that ends a string of a JSON text. */
function endOfString(text: string, start: number): number {
  for (let at = text.indexOf('"', start + 1); ; at = text.indexOf('"', at + 1)) {
    let slashes = 0
    while (text[at - 1 - slashes] === '\\') slashes += 1
    if (slashes % 2 === 0) return at
  }
}

function unkept(toolName: string, why: string, cause?: unknown): MemoryError {
  const rule = 'must be JSON'
  return new MemoryError('invalid-input', {
    message: `The result of the tool ${shown(toolName)} is lost: ${why}.`,
    fix: 'Return plain JSON: texts, numbers, booleans, null, and arrays and objects of them.',
    details: { field: 'output', rule, got: why },
    ...(cause === undefined ? {} : { cause }),
  })
}

/**
 * The size of a result as JSON, in bytes.
 *
 * @throws MemoryError `invalid-input` for a result that JSON cannot hold: a BigInt, a cycle, more than 50 levels, or
 *   something that throws when it is read.
 */
export function resultBytes(toolName: string, output: unknown): number {
  let text: string
  try {
    text = jsonText(output)
  } catch (error) {
    throw unkept(
      toolName,
      `it cannot be written as JSON (${error instanceof Error ? error.message : shown(error)})`,
      error,
    )
  }
  if (isDeeper(text, deepest + 1)) throw unkept(toolName, `it is nested more than ${deepest} levels deep`)
  return Buffer.byteLength(text)
}

/** Bytes as base64, which is how JSON holds them; anything else as it is. */
function encoded(value: unknown): unknown {
  if (value instanceof ArrayBuffer) return Buffer.from(value).toString('base64')
  if (!ArrayBuffer.isView(value)) return value
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64')
}

/** What a model is shown of a result, as it is stored; null where it is nothing that the AI SDK would take. */
export function storedModelOutput(made: unknown): JsonObject | null {
  if (typeof made !== 'object' || made === null || !('type' in made) || typeof made.type !== 'string') return null
  const { value } = made as { readonly value?: unknown }
  if (!Array.isArray(value)) return toJson(made) as JsonObject
  const items = value.map((item: { readonly data?: unknown }) => {
    const { data } = item
    if (typeof data !== 'object' || data === null) return item
    if (!('data' in data)) return { ...item, data: encoded(data) }
    return { ...item, data: { ...data, data: encoded(data.data) } }
  })
  return toJson({ ...made, value: items }) as JsonObject
}
