/** Error texts for bad arguments, in our own words. */
import type { z } from 'zod'
import { invalidInput, MemoryError, shown } from '../../domain/error.ts'
import { type Limits, limitExceeded } from '../../domain/limits.ts'

type Fields = Readonly<Record<string, unknown>>

function at(value: unknown, path: readonly PropertyKey[]): unknown {
  let found = value
  for (const key of path) {
    if (typeof found !== 'object' || found === null) return undefined
    found = (found as Record<PropertyKey, unknown>)[key]
  }
  return found
}

/** The rule for a value, in words. */
const kindNames: Readonly<Record<string, string>> = {
  int: 'a whole number',
  object: 'an object',
  array: 'a list',
  string: 'a text',
  number: 'a number',
  boolean: 'true or false',
}

/** The unit of a rule about number or length. */
const countedNames: Readonly<Record<string, string>> = { array: 'items', string: 'characters' }

/** "must be at least 1" for a number, "must have at least 1 items" for a list. */
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
  if (issue.code === 'invalid_union') return 'has none of the accepted forms'
  return issue.message.charAt(0).toLowerCase() + issue.message.slice(1)
}

/** The fix for `runId` where it is not an option: Mem0's name for a piece of work. */
function renamedFix(keys: readonly string[], known: string): string {
  if (!keys.includes('runId') || !known.includes('taskId')) return ''
  const ofRun = /\bruns?\b/.test(known) ? ' The record of a run is named by run.' : ''
  return `A piece of work is named by taskId.${ofRun} `
}

/** The fix for an issue. */
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

/** The first issue; for a union, that of the branch that got furthest. */
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
 * The error for a value that a schema refused: the first field that breaks a rule, the rule and the value.
 *
 * @param what The name of the call, as its caller knows it.
 * @param stated Arguments that were passed by position: no option of that name is proposed.
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

/** The error for an option that was already passed by position. */
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

/** The conflict that nobody asked about, thrown; one that a caller stated is an answer instead. */
export function unexpectedConflict(message: string, fix: string, details: Record<string, unknown>): MemoryError {
  return new MemoryError('conflict', { message, fix, details })
}

/** The error for a numbered page whose place is unknown: its filter would have to look through too much before it. */
export function pageTooFar({ filterScan }: Limits): MemoryError {
  const { code, message, details } = limitExceeded('The way to this page', filterScan + 1, 'filterScan', filterScan)
  return new MemoryError(code, { message, fix: 'Follow nextCursor instead of counting pages.', details })
}
