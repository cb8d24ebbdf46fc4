/** The tool that writes working memory kept as JSON: deep merges, paths to remove, or the whole object. */

import type { ToolSet } from 'ai'
import type { MemoryError } from '../../domain/error.ts'
import { isJsonObject, type JsonObject, objectOfText } from '../../domain/json.ts'
import type { StandardSchema } from '../../domain/standard-schema.ts'
import type { AgentBlock, AgentBlockWrite } from '../../ports/agent-memory.ts'
import { loadSdk } from '../sdk.ts'
import { internal, orRefusal, proposedAnswer, reasonOf, refusal } from './memory-scope.ts'
import { type OwnWorkingMemory, versionOf } from './own-working-memory.ts'
import { dependsOnStanding, withoutPadding } from './padding.ts'
import { type PatchSchema, patchSchemaOf, strangeField, withoutNulls } from './patch-schema.ts'
import { withRemovals } from './removed-paths.ts'
import { createTool } from './tool.ts'

/** A try fails only because another write succeeded. */
const mergeTries = 100

/** The schema's issues, without the words for programmers. */
function schemaReason(error: MemoryError): string | null {
  const { field, rule } = error.details
  if (error.code !== 'invalid-input' || typeof field !== 'string' || !field.startsWith('workingMemory')) {
    return reasonOf(error)
  }
  const path = field.slice('workingMemory.'.length)
  return `Not written: ${path === '' ? '' : `${path}: `}${rule}. Send values that fit.`
}

function keptNote(kept: readonly string[], removal: string): { readonly note?: string } {
  if (kept.length === 0) return {}
  return { note: `Empty values keep what is there: ${kept.join(', ')}. To forget a field, name it in ${removal}.` }
}

function jsonAnswer(result: AgentBlockWrite, note: { readonly note?: string } = {}) {
  if (result.status === 'written') return { status: 'written', version: result.version, ...note } as const
  if (result.status === 'proposed') return proposedAnswer(result)
  const said = 'Not written: others were writing too. Send it again.'
  return { status: 'conflict', note: said, value: result.current?.value ?? null } as const
}

/** What a model asks for. */
interface Asked {
  readonly fields: JsonObject
  readonly paths: readonly string[]
  readonly removal: string
}

async function mergeAndRemove(own: OwnWorkingMemory, { fields, paths, removal }: Asked) {
  const memory = own.memory()
  if (paths.length === 0 && !dependsOnStanding(fields)) return jsonAnswer(await memory.write(fields))
  for (let tries = 1; ; tries++) {
    const block = await memory.read()
    const { patch, kept } = withoutPadding(fields, block?.value)
    const removed = withRemovals(block?.value ?? {}, patch, paths)
    if ('problem' in removed) return refusal(removed.problem)
    const note = keptNote(kept, removal)
    if (Object.keys(removed.patch).length === 0) {
      if (paths.length === 0) return refusal(note.note ?? 'There is nothing to write in that.')
      return { status: 'written', version: block?.version ?? null, ...note } as const
    }
    const result = await memory.write(removed.patch, versionOf(block))
    if (result.status !== 'conflict' || tries === mergeTries) return jsonAnswer(result, note)
  }
}

/** The text in a block that JSON is to replace; null if there is none, or if it is the JSON of an object. */
function textOf(block: AgentBlock | null): string | null {
  if (block?.format !== 'text') return null
  const text = String(block.value)
  return text.trim() === '' || objectOfText(text) !== null ? null : text
}

/** The model was asked to turn a text into an object. */
interface Question {
  /** The version of that text. */
  readonly version: number
  /** How many messages the model had seen: calls of one step do not see each other's results. */
  readonly seen: number
}

/**
 * Writes the fields as the whole object where a text stands, once the model was shown that text. The first time it is asked.
 * Null: no text stands there.
 */
function conversion(own: OwnWorkingMemory, { whole, replacing }: PatchSchema) {
  let asked: Question | null = null
  return async (fields: JsonObject, replaces: boolean, seen: number) => {
    const block = await own.memory().read()
    const text = textOf(block)
    if (block === null || text === null) return null
    const wasAsked = asked !== null && asked.version === block.version && asked.seen !== seen
    if (!replaces && !wasAsked) {
      asked = { version: block.version, seen }
      const reason = `Not written yet: working memory is still a text. Put all of it that holds, with your change, into one object that fits the schema, and send that with ${replacing}: true.`
      return { ...refusal(reason), text, schema: whole }
    }
    return jsonAnswer(await own.memory().write(withoutNulls(fields), { mode: 'replace', ifVersion: block.version }))
  }
}

const isPaths = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((path) => typeof path === 'string')

/** Why the AI SDK refuses an input; null if it may be used. */
function inputProblem(value: unknown, { removal, replacing }: PatchSchema): string | null {
  if (!isJsonObject(value)) return 'Send an object.'
  if (!isPaths(value[removal] ?? [])) return `${removal} is a list of paths.`
  return typeof (value[replacing] ?? false) === 'boolean' ? null : `${replacing} is true or false.`
}

export async function jsonTool(own: OwnWorkingMemory, schema: StandardSchema): Promise<ToolSet[string]> {
  const { jsonSchema } = await loadSdk()
  const form = await patchSchemaOf(schema)
  const { removal, replacing } = form
  const inputSchema = jsonSchema<JsonObject>(form.jsonSchema, {
    validate: (value) => {
      const problem = inputProblem(value, form)
      return problem === null
        ? { success: true, value: value as JsonObject }
        : { success: false, error: new Error(problem) }
    },
  })
  const convert = conversion(own, form)

  async function update(fields: JsonObject, paths: readonly string[], replaces: boolean, seen: number) {
    const strange = strangeField(form.jsonSchema, fields)
    if (strange !== null) return refusal(`Not written. ${strange}`)
    if (replaces && paths.length > 0) {
      return refusal(`${replacing} writes the whole object: leave out what to forget, and ${removal} too.`)
    }
    const converted = await convert(fields, replaces, seen)
    if (converted !== null) return converted
    if (replaces) return jsonAnswer(await own.memory().write(withoutNulls(fields), { mode: 'replace' }))
    return mergeAndRemove(own, { fields, paths, removal })
  }

  return createTool({
    id: 'updateWorkingMemory',
    description: `Keeps working memory up to date: what you learn and will need later. Send only what is new or different; the rest stays. A list is replaced whole; an empty text or list changes nothing. ${removal} names what to forget, and so does null.`,
    inputSchema,
    metadata: internal,
    execute: ({ [removal]: paths, [replacing]: replaces, ...fields }, { messages }) =>
      orRefusal(async () => {
        const removed = (paths ?? []) as unknown as readonly string[]
        if (Object.keys(fields).length + removed.length === 0) return refusal('There is nothing to write in that.')
        return update(fields, removed, replaces === true, messages.length)
      }, schemaReason),
  })
}
