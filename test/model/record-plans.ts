// Random changes of records, made from the schema and the marks of their nouns alone: a new noun is drawn without a line here.
import fc from 'fast-check'
import { z } from 'zod'
import type { Mark } from '../../src/domain/commit/marks.ts'
import { recordNouns } from '../../src/domain/commit/record-nouns.ts'
import { recordSchemas } from '../../src/domain/commit/record-schemas.ts'

/** A value of a field, or which record that the run knows of stands in it. */
export type FieldPlan = { readonly value: unknown } | { readonly refers: string; readonly back: number }

export interface RecordPlan {
  readonly kind: 'record'
  readonly noun: string
  readonly deed: 'put' | 'patch' | 'remove' | 'expire'
  readonly key: string
  readonly ttlMs: number | null | undefined
  readonly fields: { readonly [field: string]: FieldPlan }
}

interface Parts {
  readonly key: fc.Arbitrary<string>
  readonly ttlMs: fc.Arbitrary<number | null | undefined>
  readonly back: fc.Arbitrary<number>
}

interface JsonSchema {
  readonly type?: string
  readonly enum?: readonly unknown[]
  readonly items?: JsonSchema
  readonly properties?: { readonly [field: string]: JsonSchema }
  readonly required?: readonly string[]
}

/** Values of a schema: only of forms that are known here, for one that is not drawn is not tested. */
function valuesOf(schema: JsonSchema, where: string): fc.Arbitrary<unknown> {
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum)
  if (schema.type === 'string') return fc.constantFrom('x', 'é'.repeat(8), 'words', 'x'.repeat(100))
  if (schema.type === 'integer' || schema.type === 'number') return fc.constantFrom(0, 1, 7)
  if (schema.type === 'boolean') return fc.boolean()
  if (schema.type === 'array') return fc.array(valuesOf(schema.items ?? {}, where), { maxLength: 2 })
  if (schema.type === 'object') return fieldsOf(schema, where)
  throw new Error(`${where} has a form that record-plans.ts cannot draw: ${JSON.stringify(schema)}`)
}

function fieldsOf({ properties = {}, required = [] }: JsonSchema, where: string): fc.Arbitrary<object> {
  const fields = Object.entries(properties).map(([name, schema]) => [name, valuesOf(schema, `${where}.${name}`)])
  return fc.record(Object.fromEntries(fields) as Record<string, fc.Arbitrary<unknown>>, { requiredKeys: [...required] })
}

function planOf(schema: JsonSchema, mark: Mark | undefined, where: string, back: fc.Arbitrary<number>) {
  const isRef = typeof mark === 'object' && 'ref' in mark
  if (!isRef) return valuesOf(schema, where).map((value): FieldPlan => ({ value }))
  return back.map((steps): FieldPlan => ({ refers: mark.ref, back: steps }))
}

function recordPlan(noun: string, deed: RecordPlan['deed'], { key, ttlMs, back }: Parts): fc.Arbitrary<RecordPlan> {
  const schema = z.toJSONSchema(recordSchemas[noun] as z.ZodObject) as JsonSchema
  const marks = recordNouns[noun]?.marks ?? {}
  const plans = Object.entries(schema.properties ?? {}).map(([field, inner]) => {
    return [field, planOf(inner, marks[field], `${noun}.${field}`, back)] as const
  })
  const writes = deed === 'put' || deed === 'patch'
  const fields = writes
    ? fc.record(Object.fromEntries(plans), { requiredKeys: deed === 'put' ? [...(schema.required ?? [])] : [] })
    : fc.constant({})
  const kind = fc.constant('record' as const)
  const lives = writes ? ttlMs : fc.constant(undefined)
  return fc.record({ kind, noun: fc.constant(noun), deed: fc.constant(deed), key, ttlMs: lives, fields }) as never
}

/** Plans of all nouns that there are, drawn about as often together as `weight` says. */
export function recordPlans(weight: number, parts: Parts) {
  const nouns = Object.keys(recordNouns).filter((noun) => recordNouns[noun]?.isInternal !== true)
  return nouns.flatMap((noun) =>
    (['put', 'patch', 'remove', 'expire'] as const).map((deed) => {
      const share = { put: 4, patch: 3, remove: 2, expire: 1 }[deed]
      return { weight: Math.ceil((weight * share) / 10), arbitrary: recordPlan(noun, deed, parts) }
    }),
  )
}
