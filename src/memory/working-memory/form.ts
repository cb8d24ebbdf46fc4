/** The form of a memory's working memory, text or JSON, and values in it: from the call and the memory's options. */

import { invalidInput, MemoryError, shown } from '../../domain/error.ts'
import { checkId } from '../../domain/id.ts'
import { assertJson, isJsonObject, type Json, type JsonObject, objectOfText, toPatch } from '../../domain/json.ts'
import type { BlockFormat } from '../../domain/records/block.ts'
import { standardOf } from '../../domain/schema-like.ts'
import {
  type KeyedIssue,
  type SchemaIssue,
  type StandardSchema,
  schemaReport,
  toIssue,
} from '../../domain/standard-schema.ts'
import type { BlockScope } from '../../ports/behaviour.ts'
import type { Core } from '../door/core.ts'

/** The schema of a memory's working memory, if it has one. */
export function schemaOf(core: Core): StandardSchema | null {
  const { schema } = core.behaviour.workingMemory ?? {}
  return schema === undefined ? null : standardOf(schema)
}

/** Whether the options name a form. If so, a block of the other format is converted; otherwise its format stays. */
export function hasForm(core: Core): boolean {
  const { template, schema } = core.behaviour.workingMemory ?? {}
  return template !== undefined || schema !== undefined
}

/** Refuses a value by the first issue that it has. */
export function refuseIssues(issues: readonly KeyedIssue[], value: Json): void {
  const [first] = issues.map(toIssue)
  if (first === undefined) return
  throw new MemoryError('invalid-input', {
    message: `The working memory would not satisfy its schema: ${first.path === '' ? '' : `${first.path}: `}${first.message}.`,
    fix: 'Write values that the schema takes; null removes a field.',
    details: {
      field: first.path === '' ? 'workingMemory' : `workingMemory.${first.path}`,
      rule: first.message,
      got: shown(value),
    },
  })
}

/** Refuses a value that its schema does not take. */
export async function checkSchema(schema: StandardSchema, value: Json): Promise<void> {
  refuseIssues((await schemaReport(schema, value)).failures, value)
}

/** Issues as a field of an answer, which is left out if there are none. */
export function shownIssues(issues: readonly KeyedIssue[]): { readonly issues?: readonly SchemaIssue[] } {
  return issues.length === 0 ? {} : { issues: issues.map(toIssue) }
}

/** What the memory's schema says about a value, as a field of an answer. */
export async function issuesIn(core: Core, value: Json): Promise<{ readonly issues?: readonly SchemaIssue[] }> {
  const schema = schemaOf(core)
  if (schema === null) return {}
  const { failures, unknown } = await schemaReport(schema, value)
  return shownIssues([...failures, ...unknown])
}

/** The thread of the block; null for the resource's block. */
export function scopeThread(core: Core, scope: BlockScope | undefined, threadId: string | undefined): string | null {
  const chosen = scope ?? core.behaviour.workingMemory?.scope ?? 'resource'
  if (chosen === 'resource') return null
  if (threadId !== undefined) return checkId(threadId, 'threadId')
  throw invalidInput(
    'threadId',
    `is required with scope 'thread'`,
    threadId,
    `Pass the threadId, or scope: 'resource'.`,
  )
}

/**
 * A value that a caller gives, in the memory's form: by its options, otherwise by the value. With a schema, a text must be
 * the JSON of an object.
 */
export function valueIn(core: Core, value: unknown, field: string): string | JsonObject {
  const { template, schema } = core.behaviour.workingMemory ?? {}
  if (typeof value !== 'string') {
    if (template === undefined) return toPatch(value, field)
    throw invalidInput(field, 'must be text', value, 'This memory keeps working memory as text.')
  }
  if (schema === undefined) return value
  const object = objectOfText(value)
  if (object !== null) return object
  const fix = 'This memory keeps working memory as json.'
  throw invalidInput(field, 'must be an object, or the JSON text of one', value, fix)
}

/** The value that seeds a new block, checked. */
export async function startingValue(core: Core, value: Json): Promise<{ format: BlockFormat; value: Json }> {
  const field = 'metadata.workingMemory'
  assertJson(value, field)
  const schema = schemaOf(core)
  const isOther = typeof value !== 'string' && !isJsonObject(value)
  const given = isOther && core.behaviour.workingMemory?.template === undefined ? value : valueIn(core, value, field)
  if (schema !== null) await checkSchema(schema, given)
  return { format: typeof given === 'string' ? 'text' : 'json', value: given }
}
