/** Tells whether a step is still the one that a run was begun with. */

import { digestOf } from '../../domain/digest.ts'
import type { StandardSchema } from '../../domain/standard-schema.ts'
import type { FlowStep } from './step.ts'

interface JsonSchemas {
  readonly input?: (options: { readonly target: string }) => unknown
  readonly output?: (options: { readonly target: string }) => unknown
}

/** With the keys of all objects in order, so that equal schemas have one text. */
function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical)
  if (typeof value !== 'object' || value === null) return value
  const sorted = Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1))
  return Object.fromEntries(sorted.map(([key, field]) => [key, canonical(field)]))
}

/** The JSON Schema that a library states for its schema; null if it states none, or cannot. */
export function statedSchemaOf(schema: StandardSchema, side: 'input' | 'output'): unknown {
  const { jsonSchema } = schema['~standard'] as StandardSchema['~standard'] & { readonly jsonSchema?: JsonSchemas }
  try {
    return jsonSchema?.[side]?.({ target: 'draft-2020-12' }) ?? null
  } catch {
    // Libraries refuse what JSON Schema cannot express, such as a transformation.
    return null
  }
}

/** The JSON Schema; the name of the library if there is none. */
function stated(schema: StandardSchema, side: 'input' | 'output'): unknown {
  return canonical(statedSchemaOf(schema, side) ?? schema['~standard'].vendor)
}

const known = new WeakMap<object, string>()

/**
 * 16 hexadecimal digits of a step's id and the schemas of its input and output. The code of the step does not count: it may
 * be corrected while runs wait.
 */
export function definitionHash(step: FlowStep): string {
  const before = known.get(step)
  if (before !== undefined) return before
  const text = JSON.stringify([step.id, stated(step.inputSchema, 'input'), stated(step.outputSchema, 'output')])
  const made = digestOf('sha256', text, 'hex').slice(0, 16)
  known.set(step, made)
  return made
}
