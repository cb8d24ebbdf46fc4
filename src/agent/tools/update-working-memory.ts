/** The tool with which an agent keeps working memory up to date, in parallel with other agents. */

import type { ToolSet } from 'ai'
import { z } from 'zod'
import type { MemoryError } from '../../domain/error.ts'
import { isJsonObject, type Json, type JsonObject } from '../../domain/json.ts'
import type { StandardSchema } from '../../domain/standard-schema.ts'
import type { AgentBlock, AgentBlockWrite, AgentWorkingMemory } from '../../ports/agent-memory.ts'
import type { ResolvedWorkingMemory } from '../../ports/behaviour.ts'
import { loadSdk } from '../sdk.ts'
import { heldByTurn } from './inside-turn.ts'
import { internal, type MemoryScope, orRefusal, reasonOf, refusal } from './memory-scope.ts'
import { fillable, patchSchemaOf, strangeField, withoutNulls } from './patch-schema.ts'
import { withRemovals } from './removed-paths.ts'
import { createTool } from './tool.ts'

/** A try fails only because another write succeeded. */
const mergeTries = 100

/** Working memory with the agent's options, which win over those of the Memory. */
interface OwnWorkingMemory {
  /** What is written in it inside a turn needs the turn open. */
  readonly memory: () => AgentWorkingMemory
  readonly template: string | null
}

function ownWorkingMemory(
  { space, threadId }: MemoryScope,
  { scope, template, schema }: ResolvedWorkingMemory,
): OwnWorkingMemory {
  const form = { scope, template, schema: schema === null ? null : fillable(schema) }
  return { memory: () => heldByTurn(space).workingMemory(form, threadId), template }
}

function versionOf(block: AgentBlock | null): { readonly ifVersion: number } | { readonly ifAbsent: true } {
  return block === null ? { ifAbsent: true } : { ifVersion: block.version }
}

const textInput = z.object({
  text: z.string().describe('All of working memory, with your changes.'),
  version: z
    .preprocess(
      (given) => (typeof given === 'string' ? (/^\d+$/.test(given) ? Number(given) : null) : given),
      z.int().nullable(),
    )
    .optional()
    .describe('The version that you were shown; leave it out if there was none.'),
})

/**
 * The last write of this tool. In a later step the model knows that text, even if it still names the version before.
 */
interface OwnWrite {
  readonly version: number
  /** Whether it is stored as the model wrote it, without lines of others. */
  readonly isVerbatim: boolean
  /** How many messages the model had seen: calls of one step do not see each other's results. */
  readonly seen: number
}

function standing({ template }: OwnWorkingMemory, block: AgentBlock | null) {
  const value = block?.value ?? template ?? ''
  return { text: typeof value === 'string' ? value : JSON.stringify(value), version: block?.version ?? null }
}

function textConflict(own: OwnWorkingMemory, block: AgentBlock | null) {
  const note =
    'Not written: it changed since that version. Put your change into this text and send it with this version.'
  return { status: 'conflict', note, ...standing(own, block) } as const
}

function textTool(own: OwnWorkingMemory) {
  const { template } = own
  let last: OwnWrite | null = null

  async function write(text: string, version: number | null, seen: number) {
    const memory = own.memory()
    const isBefore = last !== null && last.seen !== seen && (version ?? 0) < last.version
    if (isBefore && last?.isVerbatim === false) return textConflict(own, await memory.read())
    const from = isBefore && last !== null ? last.version : version
    const expected = from === null ? ({ ifAbsent: true } as const) : { ifVersion: from }
    const result = await memory.write(text, expected)
    if (result.status === 'conflict') return textConflict(own, result.current)
    last = { version: result.version, isVerbatim: result.value === text, seen }
    if (last.isVerbatim) return { status: 'written', version: result.version } as const
    const note = 'Others wrote in between. This is the text as it stands now.'
    return { status: 'written', version: result.version, note, text: result.value } as const
  }

  return createTool({
    id: 'updateWorkingMemory',
    description:
      'Keeps working memory up to date: what you learn and will need later. Send the whole text, with everything in it that still holds.',
    inputSchema: textInput,
    metadata: internal,
    execute: ({ text, version = null }, { messages }) =>
      orRefusal(async () => {
        const block = template !== null && text.trim() === template.trim() ? await own.memory().read() : null
        if (block !== null && block.value !== '' && standing(own, block).text.trim() !== template?.trim()) {
          const reason =
            'That is the empty template: it would forget all that is known. Send the whole text, filled in.'
          return { ...refusal(reason), ...standing(own, block) }
        }
        // A version below 1 is how some models say that there was none.
        return write(text, version === null || version < 1 ? null : version, messages.length)
      }),
  })
}

/** The schema's issues, without the words for programmers. */
function schemaReason(error: MemoryError): string | null {
  const { field, rule } = error.details
  if (error.code !== 'invalid-input' || typeof field !== 'string' || !field.startsWith('workingMemory')) {
    return reasonOf(error)
  }
  const path = field.slice('workingMemory.'.length)
  return `Not written: ${path === '' ? '' : `${path}: `}${rule}. Send values that fit.`
}

const isPaths = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((path) => typeof path === 'string')

function jsonAnswer(result: AgentBlockWrite) {
  if (result.status === 'written') return { status: 'written', version: result.version } as const
  const note = 'Not written: others were writing too. Send it again.'
  return { status: 'conflict', note, value: result.current?.value ?? null } as const
}

async function mergeAndRemove(own: OwnWorkingMemory, patch: JsonObject, paths: readonly string[]) {
  const memory = own.memory()
  if (paths.length === 0) return jsonAnswer(await memory.write(patch))
  for (let tries = 1; ; tries++) {
    const block = await memory.read()
    const removed = withRemovals(block?.value ?? {}, patch, paths)
    if ('problem' in removed) return refusal(removed.problem)
    if (Object.keys(removed.patch).length === 0) return { status: 'written', version: block?.version ?? null } as const
    const result = await memory.write(removed.patch, versionOf(block))
    if (result.status === 'written' || tries === mergeTries) return jsonAnswer(result)
  }
}

async function jsonTool(own: OwnWorkingMemory, schema: StandardSchema) {
  const { jsonSchema } = await loadSdk()
  const patchSchema = await patchSchemaOf(schema)
  const { removal } = patchSchema
  const inputSchema = jsonSchema<JsonObject>(patchSchema.jsonSchema, {
    validate: (value) => {
      const problem = !isJsonObject(value)
        ? 'Send an object.'
        : isPaths(value[removal] ?? [])
          ? null
          : `${removal} is a list of paths.`
      return problem === null
        ? { success: true, value: value as JsonObject }
        : { success: false, error: new Error(problem) }
    },
  })
  return createTool({
    id: 'updateWorkingMemory',
    description: `Keeps working memory up to date: what you learn and will need later. Send only what is new or different; the rest stays. A list is replaced whole. ${removal} names what to forget.`,
    inputSchema,
    metadata: internal,
    execute: ({ [removal]: paths, ...fields }) =>
      orRefusal(async () => {
        const patch = withoutNulls(fields)
        const removed = (paths ?? []) as readonly Json[] as readonly string[]
        if (Object.keys(patch).length + removed.length === 0) return refusal('There is nothing to write in that.')
        const strange = strangeField(patchSchema.jsonSchema, patch)
        if (strange !== null) return refusal(`Not written. ${strange}`)
        return mergeAndRemove(own, patch, removed)
      }, schemaReason),
  })
}

/** `updateWorkingMemory`, if the agent keeps working memory; one set of tools for each call of the agent. */
export async function updateWorkingMemoryTool(scope: MemoryScope): Promise<ToolSet> {
  const { workingMemory } = scope.behaviour
  if (workingMemory === null || !workingMemory.agentManaged) return {}
  const own = ownWorkingMemory(scope, workingMemory)
  const { schema } = workingMemory
  return { updateWorkingMemory: schema === null ? textTool(own) : await jsonTool(own, schema) }
}
