/** Values of workflows, checked by schemas of any library that follows Standard Schema. */

import { MemoryError, shown } from '../../domain/error.ts'
import { type StandardSchema, schemaIssues } from '../../domain/standard-schema.ts'

/**
 * The value as a schema parses it.
 *
 * @param what What the value is, for the error: `input of the step "plan"`.
 * @throws MemoryError `invalid-input` that names the first field that the schema refuses, and what it says about it.
 */
export async function validated(schema: StandardSchema, value: unknown, what: string): Promise<unknown> {
  const result = await resultOf(schema, value, what)
  if (result.issues === undefined) return result.value
  const issues = await schemaIssues(schema, value)
  const [first] = issues
  const reason = first === undefined ? 'it does not parse' : first.message
  const where = first === undefined || first.path === '' ? '' : `${first.path}: `
  throw new MemoryError('invalid-input', {
    message: `The schema refuses the ${what}: ${where}${reason.replace(/\.?$/, '.')}`,
    fix: 'Pass what the schema describes, or change the schema.',
    details: { field: what, rule: reason, got: shown(value), issues },
  })
}

/** What a schema answers. Its own code may throw, or that of a value with getters. */
async function resultOf(schema: StandardSchema, value: unknown, what: string) {
  try {
    return await schema['~standard'].validate(value)
  } catch (cause) {
    throw new MemoryError('invalid-input', {
      message: `The schema of the ${what} threw an error: ${cause instanceof Error ? cause.message : shown(cause)}.`,
      fix: 'Pass plain values, and let the schema answer issues.',
      details: { field: what, rule: 'must be a value that the schema can read', got: shown(value) },
      cause,
    })
  }
}
