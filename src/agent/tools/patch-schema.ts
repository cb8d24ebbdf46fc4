/** Turns the schema of working memory into the schema of a patch: fields may be missing, and can be removed. */

import type { FlexibleSchema, JSONSchema7 } from 'ai'
import { isJsonObject, type JsonObject } from '../../domain/json.ts'
import { statedJsonSchema } from '../../domain/schema-like.ts'
import type { StandardSchema } from '../../domain/standard-schema.ts'
import { loadSdk } from '../sdk.ts'

/** The form of the tool's input. Its own fields have other names if the schema has a field of that name. */
export interface PatchSchema {
  readonly jsonSchema: JSONSchema7
  /** The schema of the whole object. */
  readonly whole: JSONSchema7
  /** The field that lists the paths to remove. */
  readonly removal: 'remove' | 'removePaths'
  /** The field that makes the input the whole object. */
  readonly replacing: 'replace' | 'replaceAll'
}

type Definition = JSONSchema7 | boolean

/** Every field of an object may be left out, at any depth. Items of lists stay whole, because lists are replaced. */
function optional(schema: Definition): Definition {
  if (typeof schema === 'boolean') return schema
  const { required: _, properties, anyOf, allOf, ...rest } = schema
  return {
    ...rest,
    ...(properties === undefined ? {} : { properties: mapped(properties) }),
    ...(anyOf === undefined ? {} : { anyOf: anyOf.map(optional) }),
    ...(allOf === undefined ? {} : { allOf: allOf.map(optional) }),
  }
}

function mapped(properties: NonNullable<JSONSchema7['properties']>): NonNullable<JSONSchema7['properties']> {
  return Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, optional(schema)]))
}

/** The schema as JSON Schema; the schema of any object if the library, or JSON Schema, cannot express it. */
async function jsonSchemaOf(schema: StandardSchema): Promise<JSONSchema7> {
  const given = await statedJsonSchema(schema)
  if (given !== undefined) return given as JSONSchema7
  const any: JSONSchema7 = { type: 'object', additionalProperties: {} }
  const { asSchema } = await loadSdk()
  try {
    const said = await asSchema(schema as FlexibleSchema<unknown>).jsonSchema
    return said.type === 'object' ? said : any
  } catch {
    // Writes are checked against the schema itself, so only the model's hint is lost.
    return any
  }
}

const known = new WeakMap<StandardSchema, Promise<PatchSchema>>()

/** The schema of a patch to working memory. Made once: it takes longer than reading the memory. */
export function patchSchemaOf(schema: StandardSchema): Promise<PatchSchema> {
  const made = known.get(schema) ?? madeFor(schema)
  known.set(schema, made)
  return made
}

async function madeFor(schema: StandardSchema): Promise<PatchSchema> {
  const whole = await jsonSchemaOf(schema)
  const patch = optional(whole) as JSONSchema7
  const has = (name: string) => Object.hasOwn(whole.properties ?? {}, name)
  const removal = has('remove') ? 'removePaths' : 'remove'
  const replacing = has('replace') ? 'replaceAll' : 'replace'
  const own: JSONSchema7['properties'] = {
    [removal]: {
      type: 'array',
      items: { type: 'string' },
      description: 'Paths of fields to forget, such as "address.city".',
    },
    [replacing]: {
      type: 'boolean',
      description:
        'true: this is the whole object, and everything else is forgotten. Leave it out to change some fields.',
    },
  }
  return { jsonSchema: { ...patch, properties: { ...patch.properties, ...own } }, whole, removal, replacing }
}

function isThere(value: unknown, path: readonly unknown[]): boolean {
  let found = value
  for (const part of path) {
    const key = String(typeof part === 'object' && part !== null && 'key' in part ? part.key : part)
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, key)) return false
    found = (found as JsonObject)[key]
  }
  return true
}

/** The schema of a value that is filled in step by step: it refuses wrong fields, not missing ones. */
export function fillable(schema: StandardSchema): StandardSchema {
  const { validate, ...said } = schema['~standard']
  const known = async (value: unknown) => {
    const { issues = [] } = await validate(value)
    const wrong = issues.filter(({ path = [] }) => isThere(value, path))
    return wrong.length === 0 ? { value } : { issues: wrong }
  }
  return { '~standard': { ...said, validate: known } }
}

/** An error text for a model about a field that the schema does not have; null if all are known. */
export function strangeField(schema: JSONSchema7, patch: JsonObject, path = ''): string | null {
  const { properties = {}, additionalProperties } = schema
  for (const [name, value] of Object.entries(patch)) {
    const field = Object.hasOwn(properties, name) ? properties[name] : undefined
    if (field === undefined && additionalProperties === false) {
      return `There is no field ${path}${name}. The fields are ${Object.keys(properties).join(', ')}.`
    }
    if (typeof field !== 'object' || !isJsonObject(value)) continue
    const inside = strangeField(field, value, `${path}${name}.`)
    if (inside !== null) return inside
  }
  return null
}

/** An object without nulls outside lists: in a whole object, null says that there is nothing. */
export function withoutNulls(patch: JsonObject): JsonObject {
  const kept = Object.entries(patch).flatMap(([name, value]) => {
    if (value === null) return []
    return [[name, isJsonObject(value) ? withoutNulls(value) : value] as const]
  })
  return Object.fromEntries(kept)
}
