/** Parses arguments at the border of the facade: once, with zod, and with our own error texts. */
import type { z } from 'zod'
import { MemoryError } from '../../domain/error.ts'
import { isJsonObject } from '../../domain/json.ts'
import { withPeers } from '../../domain/peer-packages.ts'
import { readPlain } from '../../domain/read-plain.ts'
import { refusalOf } from './refusal.ts'

type Schemas = typeof import('./schemas.ts')
type SchemaName = keyof Schemas

let schemas: Schemas | null = null

/** Loads the schemas; done by the first call, so that importing the package stays cheap. */
async function loadSchemas(): Promise<Schemas> {
  schemas = await withPeers(() => import('./schemas.ts'))
  return schemas
}

/** Leaves out options that are undefined: they count as absent. */
function present(options: unknown): unknown {
  if (!isJsonObject(options)) return options
  for (const key in options) {
    if (options[key] === undefined) {
      return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
    }
  }
  return options
}

/**
 * Parses a caller's options of `what`.
 *
 * @throws MemoryError `invalid-input` naming the first field that breaks a rule, the rule and what it got.
 */
export async function parse<Name extends SchemaName>(
  name: Name,
  value: unknown,
  what: string = name,
): Promise<z.output<Schemas[Name]>> {
  return parsedBy((schemas ?? (await loadSchemas()))[name], value, what) as z.output<Schemas[Name]>
}

/** The same with a loaded schema. */
export function parsedBy<Schema extends z.ZodType>(schema: Schema, value: unknown, what: string): z.output<Schema> {
  const given = present(readPlain(value, what))
  const result = schema.safeParse(given)
  if (result.success) return result.data
  throw refusalOf(result.error, schema, given, what)
}

/** The type that a caller may pass to the schema of that name. */
export type InputOf<Name extends SchemaName> = z.input<Schemas[Name]>
export type OutputOf<Name extends SchemaName> = z.output<Schemas[Name]>

/** The error for a conflict without a stated expectation. With a stated one, a conflict is an answer. */
export function unexpectedConflict(message: string, fix: string, details: Record<string, unknown>): MemoryError {
  return new MemoryError('conflict', { message, fix, details })
}
