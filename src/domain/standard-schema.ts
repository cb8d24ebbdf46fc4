/** Schemas of any library that follows the Standard Schema specification. */
import { isJsonObject } from './json.ts'

/** A schema of any library that follows the Standard Schema specification, zod among them. */
export interface StandardSchema {
  /** What the specification asks for. Libraries such as zod, valibot and arktype provide it. */
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => StandardResult | Promise<StandardResult>
    /** Types only: what it takes, and what parsing answers. */
    readonly types?: { readonly input: unknown; readonly output: unknown } | undefined
  }
}

interface StandardIssue {
  readonly message: string
  readonly path?: readonly unknown[] | undefined
}

type StandardResult =
  | { readonly value: unknown; readonly issues?: undefined }
  | { readonly issues: readonly StandardIssue[] }

const noSuchField = 'The schema has no such field'

/** An issue that a schema has with a value. */
export interface SchemaIssue {
  /** Dots lead to the field, such as `address.city`. Empty for the whole value. */
  readonly path: string
  /** What the schema says about it. */
  readonly message: string
}

/** An issue, with the keys that lead to its field. */
export interface KeyedIssue {
  readonly keys: readonly string[]
  readonly message: string
}

/** What a schema says about a value. */
interface SchemaReport {
  /** Why the value does not parse; empty if it does. */
  readonly failures: readonly KeyedIssue[]
  /** Fields that the schema does not have. Known only if the value parses. */
  readonly unknown: readonly KeyedIssue[]
}

function keysOf(path: readonly unknown[]): readonly string[] {
  return path.map((part) => String(isJsonObject(part) && 'key' in part ? part.key : part))
}

/** The fields of a value that its parsed form does not have. */
function droppedFields(value: unknown, parsed: unknown, keys: readonly string[]): readonly KeyedIssue[] {
  if (Array.isArray(value)) {
    if (!Array.isArray(parsed) || parsed.length !== value.length) return []
    return value.flatMap((item, index) => droppedFields(item, parsed[index], [...keys, String(index)]))
  }
  if (!isJsonObject(value) || !isJsonObject(parsed)) return []
  return Object.entries(value).flatMap(([key, field]) => {
    const path = [...keys, key]
    if (!Object.hasOwn(parsed, key)) return [{ keys: path, message: noSuchField }]
    return droppedFields(field, parsed[key], path)
  })
}

/** What a schema says about a value: why it does not parse, or which of its fields the schema does not have. */
export async function schemaReport(schema: StandardSchema, value: unknown): Promise<SchemaReport> {
  const result = await schema['~standard'].validate(value)
  if (result.issues === undefined) return { failures: [], unknown: droppedFields(value, result.value, []) }
  return { failures: result.issues.flatMap(keyedIssues), unknown: [] }
}

/** An issue by its keys. zod names strange fields in one issue of the object around them: each is an issue of its own here. */
function keyedIssues(issue: StandardIssue): readonly KeyedIssue[] {
  const { message, path = [] } = issue
  const keys = keysOf(path)
  const { code, keys: strange } = issue as { readonly code?: unknown; readonly keys?: unknown }
  if (code !== 'unrecognized_keys' || !Array.isArray(strange)) return [{ keys, message }]
  return strange.map((key) => ({ keys: [...keys, String(key)], message: noSuchField }))
}

export function toIssue({ keys, message }: KeyedIssue): SchemaIssue {
  return { path: keys.join('.'), message }
}

/** The issues of a schema with a value; empty if it parses. */
export async function schemaIssues(schema: StandardSchema, value: unknown): Promise<readonly SchemaIssue[]> {
  return (await schemaReport(schema, value)).failures.map(toIssue)
}
