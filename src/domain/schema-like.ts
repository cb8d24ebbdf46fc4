/** The forms in which a schema of JSON may be given, and what they say of a value's type. */
import { MemoryError } from './error.ts'
import type { Json } from './json.ts'
import { withPeers } from './peer-packages.ts'
import type { StandardSchema } from './standard-schema.ts'

/** A JSON Schema of an object, in draft 7, draft 2020-12 or OpenAPI 3.0. */
export interface ObjectJsonSchema {
  /** Working memory is one object. */
  readonly type: 'object'
  /** The other keywords. */
  readonly [keyword: string]: unknown
}

/** What `jsonSchema()` of the AI SDK makes. */
export interface SdkSchema<Value = unknown> {
  /** The type of its values. */
  readonly _type: Value
  /** The schema for models, or a promise of it. */
  readonly jsonSchema: unknown
  /** Checks a value. Default: the JSON Schema checks it. */
  readonly validate?: ((value: unknown) => SdkValidation | PromiseLike<SdkValidation>) | undefined
}

type SdkValidation =
  | { readonly success: true; readonly value: unknown }
  | { readonly success: false; readonly error: Error }

/** A schema of any library that follows the Standard Schema specification, a JSON Schema, or `jsonSchema()` of the AI SDK. */
export type SchemaLike = StandardSchema | ObjectJsonSchema | SdkSchema

type InputOf<Schema> = Schema extends { readonly '~standard': { readonly types?: infer Types } }
  ? NonNullable<Types> extends { readonly input: infer Input }
    ? Input
    : unknown
  : Schema extends { readonly _type: infer Value }
    ? Value
    : unknown

type NotJson = Date | bigint | symbol | ((...given: never) => unknown)

type AsJson<Value> = unknown extends Value
  ? Json
  : Value extends null | boolean | number | string
    ? Value
    : Value extends NotJson
      ? Json
      : Value extends readonly (infer Item)[]
        ? readonly AsJson<Item>[]
        : Value extends object
          ? { readonly [Key in keyof Value]: AsJson<Exclude<Value[Key], undefined>> }
          : Json

/** JSON that a schema takes: its input, since values are stored as they were given. {@link Json} if the schema tells no type. */
export type JsonOf<Schema> = AsJson<InputOf<Schema>>

type PatchField<Value> = Value extends readonly unknown[] ? Value : Value extends object ? PatchOf<Value> : Value

/** A patch of a value: any of its fields, at any depth; null removes one. */
export type PatchOf<Value> = { readonly [Key in keyof Value]?: PatchField<Value[Key]> | null | undefined }

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null

/** Whether a value is a schema of a library that follows the Standard Schema specification. */
export const isStandardSchema = (schema: unknown): schema is StandardSchema =>
  (isObject(schema) || typeof schema === 'function') && '~standard' in (schema as object)

const isSdkSchema = (schema: unknown): schema is SdkSchema => isObject(schema) && 'jsonSchema' in schema

/** Whether a value is a schema in one of the forms. */
export function isSchemaLike(schema: unknown): schema is SchemaLike {
  if (isStandardSchema(schema) || isSdkSchema(schema)) return true
  return isObject(schema) && 'type' in schema && schema.type === 'object'
}

/** zod's form of a JSON Schema, which checks values. */
async function zodOf(schema: object): Promise<StandardSchema> {
  const { fromJSONSchema } = await withPeers(() => import('zod'))
  try {
    return fromJSONSchema(schema as Parameters<typeof fromJSONSchema>[0])
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new MemoryError('unsupported', {
      message: `The JSON Schema of working memory cannot be checked: ${reason.replace(/\.?$/, '.')}`,
      fix: 'Leave that keyword out, or pass jsonSchema(schema, { validate }) of the AI SDK, or a schema of zod.',
      details: { field: 'workingMemory.schema', rule: reason },
      cause: error,
    })
  }
}

type Validate = StandardSchema['~standard']['validate']

function validateBy(schema: ObjectJsonSchema | SdkSchema): Validate {
  if (isSdkSchema(schema) && schema.validate !== undefined) {
    const { validate } = schema
    return async (value) => {
      const result = await validate(value)
      return result.success ? { value: result.value } : { issues: [{ message: result.error.message }] }
    }
  }
  let made: Promise<StandardSchema> | undefined
  return async (value) => {
    made ??= Promise.resolve(isSdkSchema(schema) ? schema.jsonSchema : schema).then((json) => zodOf(json as object))
    return (await made)['~standard'].validate(value)
  }
}

/** One standard schema for each given one, so that what is made from it can be kept. */
const made = new WeakMap<object, StandardSchema>()
const stated = new WeakMap<StandardSchema, () => unknown>()

/** The standard schema for a schema in any of the forms. */
export function standardOf(schema: SchemaLike): StandardSchema {
  if (isStandardSchema(schema)) return schema
  const known = made.get(schema)
  if (known !== undefined) return known
  const standard: StandardSchema = {
    '~standard': { version: 1, vendor: 'json-schema', validate: validateBy(schema) },
  }
  made.set(schema, standard)
  stated.set(standard, () => (isSdkSchema(schema) ? schema.jsonSchema : schema))
  return standard
}

/** The JSON Schema that {@link standardOf} was given, or a promise of it; undefined if it was given none. */
export function statedJsonSchema(schema: StandardSchema): unknown {
  return stated.get(schema)?.()
}
