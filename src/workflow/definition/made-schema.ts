/** Schemas that are made here, of a JSON Schema and a function: no library of schemas need be loaded for them. */

import type { StandardSchema } from '../../domain/standard-schema.ts'

/** What is wrong with a value; null if nothing is. */
interface Wrong {
  readonly path: readonly (string | number)[]
  readonly message: string
}

/** A schema. `parse` answers the parsed value, or what is wrong with it. */
export function madeSchema(
  json: object,
  parse: (value: unknown) => { readonly value: unknown } | { readonly wrong: Wrong },
): StandardSchema {
  const validate: StandardSchema['~standard']['validate'] = (given) => {
    const parsed = parse(given)
    return 'wrong' in parsed ? { issues: [parsed.wrong] } : parsed
  }
  const jsonSchema = { input: () => json, output: () => json }
  const standard = { version: 1, vendor: 'aquifer', validate, jsonSchema } as const
  return { '~standard': standard }
}

/** A schema of objects with one text. Other fields are left out. */
export function textSchema(field: string): StandardSchema {
  const json = { type: 'object', properties: { [field]: { type: 'string' } }, required: [field] }
  return madeSchema(json, (value) => {
    const given = typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[field] : undefined
    if (typeof given === 'string') return { value: { [field]: given } }
    return { wrong: { path: [field], message: 'must be a text' } }
  })
}
