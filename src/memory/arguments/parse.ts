/** Arguments at the border of the facade: parsed once with zod, refused in our own words. */
import type { z } from 'zod'
import { invalidInput, MemoryError, shown } from '../../domain/error.ts'
import { isJsonObject } from '../../domain/json.ts'
import { withPeers } from '../../domain/peer-packages.ts'
import { readPlain } from '../../domain/read-plain.ts'

type Schemas = typeof import('./schemas.ts')
export type SchemaName = keyof Schemas

let schemas: Schemas | null = null

/** Loads the schemas; done by the first call, so that importing the package stays cheap. */
async function loadSchemas(): Promise<Schemas> {
  schemas = await withPeers(() => import('./schemas.ts'))
  return schemas
}

function at(value: unknown, path: readonly PropertyKey[]): unknown {
  let found = value
  for (const key of path) {
    if (typeof found !== 'object' || found === null) return undefined
    found = (found as Record<PropertyKey, unknown>)[key]
  }
  return found
}

/** What a value must be, as one says it. */
const kindNames: Readonly<Record<string, string>> = {
  int: 'a whole number',
  object: 'an object',
  array: 'a list',
  string: 'a text',
  number: 'a number',
  boolean: 'true or false',
}

/** What is counted, where a rule is about how many or how long. */
const countedNames: Readonly<Record<string, string>> = { array: 'items', string: 'characters' }

/** "must be at least 1" of a number, "must have at least 1 items" of a list. */
function boundRule(bound: string, limit: number | bigint, origin: string): string {
  const counted = countedNames[origin]
  return counted === undefined ? `must be ${bound} ${limit}` : `must have ${bound} ${limit} ${counted}`
}

function ruleOf(issue: z.core.$ZodIssue): string {
  if (issue.code === 'unrecognized_keys') return `has an unknown option ${issue.keys.map(shown).join(', ')}`
  if (issue.code === 'invalid_type') return `must be ${kindNames[issue.expected] ?? issue.expected}`
  if (issue.code === 'too_small') return boundRule('at least', issue.minimum, issue.origin)
  if (issue.code === 'too_big') return boundRule('at most', issue.maximum, issue.origin)
  if (issue.code === 'invalid_value') return `must be one of ${issue.values.map((value) => shown(value)).join(', ')}`
  if (issue.code === 'invalid_union') return 'is none of the forms that are accepted here'
  return issue.message.charAt(0).toLowerCase() + issue.message.slice(1)
}

/** What to say of `runId` where it is no option: Mem0 calls a piece of work so. */
function renamedFix(keys: readonly string[], known: string): string {
  if (!keys.includes('runId') || !known.includes('taskId')) return ''
  const ofRun = /\bruns?\b/.test(known) ? ' The record of a run is named by run.' : ''
  return `A piece of work is named by taskId.${ofRun} `
}

/** What to do about an issue. */
function fixOf(issue: z.core.$ZodIssue | undefined, schema: z.ZodType, what: string): string {
  const known = 'shape' in schema ? Object.keys(schema.shape as object).join(', ') : ''
  if (issue?.code === 'unrecognized_keys' && issue.path.length === 0 && known !== '') {
    return `${renamedFix(issue.keys, known)}The options of ${what} are ${known}.`
  }
  if (issue?.code === 'invalid_union' && issue.path.at(-1) === 'kind') return 'See the kinds of Change.'
  if (known !== '') return `${what} takes ${known}.`
  return issue?.code === 'invalid_type' ? `Pass ${kindNames[issue.expected] ?? issue.expected}.` : `See ${what}.`
}

/** The first issue; of a union, the one of the branch that got furthest. */
function firstIssue(error: z.core.$ZodError): z.core.$ZodIssue | undefined {
  // A misspelt option often leaves the right one missing: name the misspelt one.
  const issue = error.issues.find(({ code }) => code === 'unrecognized_keys') ?? error.issues[0]
  if (issue?.code !== 'invalid_union') return issue
  const branches = issue.errors.flat()
  const deepest = branches.find((branch) => branch.path.length > 0)
  return deepest === undefined ? issue : { ...deepest, path: [...issue.path, ...deepest.path] }
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
 * Parses what a caller passed as the options of `what`.
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

/** The same with a schema that is at hand. */
export function parsedBy<Schema extends z.ZodType>(schema: Schema, value: unknown, what: string): z.output<Schema> {
  const given = present(readPlain(value, what))
  const result = schema.safeParse(given)
  if (result.success) return result.data
  const issue = firstIssue(result.error)
  const path = issue?.path ?? []
  const isIndexed = typeof path[0] === 'number'
  const field = path.length === 0 ? what : [...(isIndexed ? [what] : []), ...path.map(String)].join('.')
  throw invalidInput(
    field,
    issue === undefined ? 'is not valid' : ruleOf(issue),
    at(given, path),
    fixOf(issue, schema, what),
  )
}

/** What a caller may pass where a schema of that name parses it. */
export type InputOf<Name extends SchemaName> = z.input<Schemas[Name]>
export type OutputOf<Name extends SchemaName> = z.output<Schemas[Name]>

/** The conflict that nobody asked about, thrown; one that a caller stated is an answer instead. */
export function unexpectedConflict(message: string, fix: string, details: Record<string, unknown>): MemoryError {
  return new MemoryError('conflict', { message, fix, details })
}
