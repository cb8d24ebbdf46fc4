/** What is wrong with what a caller passed, in our own words. */
import type { z } from 'zod'
import { invalidInput, type MemoryError, shown } from '../../domain/error.ts'

type Fields = Readonly<Record<string, unknown>>

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
function fixOf(issue: z.core.$ZodIssue | undefined, schema: z.ZodType, what: string, stated: Fields): string {
  const names = 'shape' in schema ? Object.keys(schema.shape as object) : []
  const known = names.filter((name) => !Object.hasOwn(stated, name)).join(', ')
  if (issue?.code === 'unrecognized_keys' && issue.path.length === 0 && known !== '') {
    return `${renamedFix(issue.keys, known)}The options of ${what} are ${known}.`
  }
  if (issue?.code === 'invalid_union' && issue.path.at(-1) === 'kind') return 'See the kinds of Change.'
  const isStated = Object.hasOwn(stated, String(issue?.path[0]))
  if (known !== '' && !isStated) return `${what} takes ${known}.`
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

const nothing: Fields = {}

/**
 * The refusal of what a schema did not take: the first field that breaks a rule, the rule and what it got.
 *
 * @param what What was called, as its caller knows it.
 * @param stated What the caller passed by position: no option of that name is proposed.
 */
export function refusalOf(
  error: z.core.$ZodError,
  schema: z.ZodType,
  given: unknown,
  what: string,
  stated: Fields = nothing,
): MemoryError {
  const issue = firstIssue(error)
  const path = issue?.path ?? []
  const isIndexed = typeof path[0] === 'number'
  const field = path.length === 0 ? what : [...(isIndexed ? [what] : []), ...path.map(String)].join('.')
  const rule = issue === undefined ? 'is not valid' : ruleOf(issue)
  return invalidInput(field, rule, at(given, path), fixOf(issue, schema, what, stated))
}

/** The refusal of an option that is stated by position already. */
export function refuseOption(
  name: string,
  schema: z.ZodType,
  given: unknown,
  what: string,
  stated: Fields,
): MemoryError {
  const issue: z.core.$ZodIssue = { code: 'unrecognized_keys', keys: [name], path: [], message: '' }
  return invalidInput(what, ruleOf(issue), given, fixOf(issue, schema, what, stated))
}
