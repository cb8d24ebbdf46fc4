/** Decides the place and the format of a block of working memory, from the call and the memory's options. */

import { invalidInput, MemoryError, shown } from '../../domain/error.ts'
import { checkId } from '../../domain/id.ts'
import { assertJson, type Json } from '../../domain/json.ts'
import type { BlockFormat } from '../../domain/records/block.ts'
import { type StandardSchema, schemaIssues } from '../../domain/standard-schema.ts'
import type { BlockScope } from '../../ports/behaviour.ts'
import type { Core } from '../door/core.ts'

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

/** Whether working memory is text or JSON: by the options, otherwise by the value. */
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
