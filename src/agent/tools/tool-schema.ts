/** Schemas of tools: of zod, of any library that follows the Standard Schema specification, or of the AI SDK. */

import type { FlexibleSchema, Schema, ToolSet } from 'ai'
import { MemoryError } from '../../domain/error.ts'
import { isFunction } from '../../domain/option-checks.ts'
import { isStandardSchema, type SdkSchema, standardOf } from '../../domain/schema-like.ts'
import { type SchemaIssue, type StandardSchema, schemaIssues } from '../../domain/standard-schema.ts'
import { loadSdk } from '../sdk.ts'

interface WithJsonSchema {
  readonly '~standard': StandardSchema['~standard'] & { readonly jsonSchema?: unknown }
}

/** Whether a schema follows the Standard Schema specification. */
export const isStandard = (schema: unknown): schema is WithJsonSchema => isStandardSchema(schema)

/** Whether the AI SDK accepts it as the schema of a tool. A function makes the schema when it is needed. */
export function isToolSchema(schema: unknown): boolean {
  return (
    isStandard(schema) ||
    isFunction(schema) ||
    (typeof schema === 'object' && schema !== null && 'jsonSchema' in schema)
  )
}

/**
 * The schema to offer to a model. If a library cannot express it as JSON Schema, the model only learns that the input
 * is an object; the library still checks what the model sends.
 */
export function offerable<Value>(schema: FlexibleSchema<Value>): FlexibleSchema<Value> {
  if (!isStandard(schema)) return schema
  const { version, vendor, validate, jsonSchema } = schema['~standard']
  if (vendor === 'zod' || jsonSchema !== undefined) return schema
  const free = () => ({ type: 'object', additionalProperties: {} })
  return {
    '~standard': { version, vendor, validate, jsonSchema: { input: free, output: free } },
  } as FlexibleSchema<Value>
}

/** What the AI SDK makes of schemas. It keeps the JSON Schema once it has made it. */
const converted = new WeakMap<object, Schema>()

/** The tools with schemas that are converted once. The AI SDK would convert each of them again for every step. */
export async function withConvertedSchemas(tools: ToolSet): Promise<ToolSet> {
  const { asSchema } = await loadSdk()
  const own = Object.entries(tools).map(([name, tool]) => {
    const { inputSchema } = tool as { readonly inputSchema?: FlexibleSchema }
    // A function may make another schema each time, and the AI SDK's own schemas are converted already.
    if (!isStandard(inputSchema)) return [name, tool] as const
    const known = converted.get(inputSchema) ?? asSchema(inputSchema as FlexibleSchema)
    converted.set(inputSchema, known)
    return [name, { ...tool, inputSchema: known }] as const
  })
  return Object.fromEntries(own) as ToolSet
}

/** A value as a schema parses it, or what the schema says against it. A JSON Schema checks the value, too. */
export async function parsedBy(
  given: FlexibleSchema<unknown>,
  value: unknown,
): Promise<{ readonly value: unknown } | { readonly issues: readonly SchemaIssue[] }> {
  const { asSchema } = await loadSdk()
  const schema = isStandard(given) ? given : standardOf(asSchema(given) as SdkSchema)
  const result = await schema['~standard'].validate(value)
  return result.issues === undefined ? { value: result.value } : { issues: await schemaIssues(schema, value) }
}

/** The parsed output of a tool, or an error that tells the model what is wrong. */
export async function parseOutput<Value>(tool: string, schema: FlexibleSchema<Value>, output: unknown): Promise<Value> {
  if (isStandard(schema)) {
    const result = await schema['~standard'].validate(output)
    if (result.issues === undefined) return result.value as Value
    const [first] = await schemaIssues(schema, output)
    const where = first === undefined || first.path === '' ? '' : `${first.path}: `
    throw badOutput(tool, `${where}${first?.message ?? 'it does not parse'}`, null)
  }
  const { asSchema } = await loadSdk()
  const { validate } = asSchema(schema)
  const result = await validate?.(output)
  if (result === undefined) return output as Value
  if (!result.success) throw badOutput(tool, result.error.message, result.error)
  return result.value
}

function badOutput(tool: string, reason: string, cause: Error | null): MemoryError {
  return new MemoryError('invalid-input', {
    message: `The tool "${tool}" returned a value that its outputSchema refuses: ${reason.replace(/\.?$/, '.')}`,
    fix: 'Correct its execute, or its outputSchema.',
    details: { field: 'outputSchema', tool, rule: reason },
    ...(cause === null ? {} : { cause }),
  })
}
