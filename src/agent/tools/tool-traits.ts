/** What a tool says about its calls: whether they may be repeated, who may decide about them, and what they wait for. */
import type { FlexibleSchema } from 'ai'
import type { Actor } from '../../domain/actor.ts'
import { MemoryError, shown } from '../../domain/error.ts'
import { copyJson, isJsonObject, type Json } from '../../domain/json.ts'
import type { SchemaIssue } from '../../domain/standard-schema.ts'
import { loadSdk } from '../sdk.ts'
import { toJson } from './result-json.ts'
import { parsedBy } from './tool-schema.ts'

/** What `createTool` keeps of its options for those who run the tool. */
interface ToolTraits {
  readonly readOnly: boolean
  readonly retry?: 'safe'
  /** Its calls hand work to others. */
  readonly delegates?: true
  readonly approvers: readonly Actor[]
  readonly suspendSchema?: FlexibleSchema<unknown>
  readonly resumeSchema?: FlexibleSchema<unknown>
}

/** Copies of a tool, and other copies of this package, have it too. */
const traits: unique symbol = Symbol.for('aquifer.tool-traits')

const none: ToolTraits = { readOnly: false, approvers: [] }

function traitsOf(tool: object | undefined): ToolTraits {
  if (tool === undefined || !(traits in tool)) return none
  return tool[traits] as ToolTraits
}

/** A tool with what its options say about its calls. */
export function withTraits<Made extends object>(
  tool: Made,
  { readOnly = false, retry, delegates, approvers = [], suspendSchema, resumeSchema }: Partial<ToolTraits>,
): Made {
  const kept: ToolTraits = {
    readOnly,
    approvers: approvers.map((actor) => ({ ...actor })),
    ...(retry === undefined ? {} : { retry }),
    ...(delegates === undefined ? {} : { delegates }),
    ...(suspendSchema === undefined ? {} : { suspendSchema }),
    ...(resumeSchema === undefined ? {} : { resumeSchema }),
  }
  return { ...tool, [traits]: kept }
}

/** Whether a tool only reads: nothing need be recorded before it runs. */
export function isReadOnly(tool: object | undefined): boolean {
  return traitsOf(tool).readOnly
}

/** Whether a call that may have run already may run again: running it twice is the same as running it once. */
export function isRetrySafe(tool: object | undefined): boolean {
  const { readOnly, retry } = traitsOf(tool)
  return readOnly || retry === 'safe'
}

/**
 * Whether calls of a tool hand work to others. While the work waits, such a call counts as one that has started: it runs again
 * each time that its turn goes on. What waits is decided where it was asked.
 */
export function isDelegating(tool: object | undefined): boolean {
  return traitsOf(tool).delegates === true
}

/** The agents and tools that may decide about the tool's calls. */
export function approversOf(tool: object | undefined): readonly Actor[] {
  return traitsOf(tool).approvers
}

/** The schema of the data that a suspended call of the tool waits for; undefined if it takes any JSON. */
export function resumeSchemaGiven(tool: object): FlexibleSchema<unknown> | undefined {
  return traitsOf(tool).resumeSchema
}

/**
 * The JSON Schema of the data that a suspended call of the tool waits for; null if the tool does not say, and takes any
 * JSON. A schema that JSON Schema cannot express is told as `{}`; the tool still checks the data.
 */
export async function resumeSchemaOf(tool: object | undefined): Promise<Json | null> {
  const { resumeSchema } = traitsOf(tool)
  if (resumeSchema === undefined) return null
  const { asSchema } = await loadSdk()
  try {
    const json = toJson(await asSchema(resumeSchema).jsonSchema)
    return isJsonObject(json) ? json : {}
  } catch {
    return {}
  }
}

function refusal(what: string, field: string, issues: readonly SchemaIssue[]): MemoryError {
  const [first] = issues
  const paths = issues.map(({ path, message }) => ({
    field: path === '' ? field : `${field}.${path}`,
    rule: message,
  }))
  const said = paths.map(({ field: at, rule }) => `"${at}": ${rule}`).join('; ')
  return new MemoryError('invalid-input', {
    message: `${what} is refused: ${said}.`,
    fix: 'Send values that fit the schema.',
    details: { field: paths[0]?.field ?? field, rule: first?.message ?? 'must fit the schema', issues: paths },
  })
}

/**
 * Checks the data that a call of the tool is to be resumed with.
 *
 * @param name The tool's name.
 * @returns The data as JSON, as it was given: the tool gets it parsed.
 * @throws MemoryError `invalid-input` naming each field that the tool's `resumeSchema` refuses, or that is no JSON.
 */
export async function parseResumeData(name: string, tool: object | undefined, data: unknown): Promise<Json> {
  const json = copyJson(data, 'resumeData') as Json
  await resumeDataOf(name, tool, json)
  return json
}

/** The data that a call is resumed with, as the tool gets it: parsed by its `resumeSchema`. */
export async function resumeDataOf(name: string, tool: object | undefined, data: Json): Promise<unknown> {
  const { resumeSchema } = traitsOf(tool)
  if (resumeSchema === undefined) return data
  const parsed = await parsedBy(resumeSchema, data)
  if ('issues' in parsed) throw refusal(`What the tool ${shown(name)} waits for`, 'resumeData', parsed.issues)
  return parsed.value
}

/**
 * The payload of a suspension as it is stored: parsed by the tool's `suspendSchema`, and as JSON.
 *
 * @returns undefined for a suspension without a payload.
 * @throws MemoryError `invalid-input` for a payload that the schema refuses, or that JSON cannot hold.
 */
export async function parseSuspendPayload(
  name: string,
  tool: object | undefined,
  payload: unknown,
): Promise<Json | undefined> {
  const { suspendSchema } = traitsOf(tool)
  const what = `The payload with which the tool ${shown(name)} suspends`
  const parsed = suspendSchema === undefined ? { value: payload } : await parsedBy(suspendSchema, payload)
  if ('issues' in parsed) throw refusal(what, 'payload', parsed.issues)
  if (parsed.value === undefined) return undefined
  try {
    return toJson(parsed.value)
  } catch (error) {
    const reason = error instanceof Error ? error.message : shown(error)
    throw refusal(what, 'payload', [{ path: '', message: `must be JSON (${reason})` }])
  }
}
