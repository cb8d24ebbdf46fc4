/** Where a block of working memory lives and what form it has, from the call and the memory's options. */

import { invalidInput, MemoryError, shown } from '../../domain/error.ts'
import { checkId } from '../../domain/id.ts'
import { assertJson, isJsonObject, type Json } from '../../domain/json.ts'
import type { BlockFormat } from '../../domain/records/block.ts'
import type { Core } from '../door/core.ts'
import type { BlockScope, StandardSchema } from '../options/options.ts'

/** The block that working memory is when no name is given. */
export const mainBlock = 'main'

/** What a value does not satisfy in its schema. */
export interface SchemaIssue {
  /** Dots lead to the field, such as `address.city`. Empty for the whole value. */
  readonly path: string
  /** What the schema says about it. */
  readonly message: string
}

/** What of a value its schema refuses; empty if it parses. */
export async function schemaIssues(schema: StandardSchema, value: unknown): Promise<readonly SchemaIssue[]> {
  const result = await schema['~standard'].validate(value)
  return (result.issues ?? []).map(({ message, path = [] }) => {
    const keys = path.map((part) => String(isJsonObject(part) && 'key' in part ? part.key : part))
    return { path: keys.join('.'), message }
  })
}

/** Refuses a value that its schema does not take. */
export async function checkSchema(schema: StandardSchema, value: Json): Promise<void> {
  const [first] = await schemaIssues(schema, value)
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

/** The thread whose block is meant; null for the resource's. */
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

/** Whether working memory is text or JSON: as the options say, else as the value is. */
export function formatOf(core: Core, value: unknown): BlockFormat {
  const { template, schema } = core.behaviour.workingMemory ?? {}
  if (template !== undefined) return 'text'
  if (schema !== undefined) return 'json'
  return typeof value === 'string' ? 'text' : 'json'
}

/** The value that seeds a new block, checked. */
export async function startingValue(core: Core, value: Json): Promise<{ format: BlockFormat; value: Json }> {
  assertJson(value, 'metadata.workingMemory')
  const format = formatOf(core, value)
  const { schema } = core.behaviour.workingMemory ?? {}
  if (format === 'text' && typeof value !== 'string') {
    throw invalidInput('metadata.workingMemory', 'must be text', value, 'This memory keeps working memory as text.')
  }
  if (schema !== undefined) await checkSchema(schema, value)
  return { format, value }
}
