/** Arguments at the border of the facade: parsed once with zod, refused in our own words. */
import { z } from 'zod'
import { invalidInput, MemoryError, shown } from '../domain/error.ts'

function at(value: unknown, path: readonly PropertyKey[]): unknown {
  let found = value
  for (const key of path) {
    if (typeof found !== 'object' || found === null) return undefined
    found = (found as Record<PropertyKey, unknown>)[key]
  }
  return found
}

function ruleOf(issue: z.core.$ZodIssue): string {
  if (issue.code === 'unrecognized_keys') return `has an unknown option ${issue.keys.map(shown).join(', ')}`
  if (issue.code === 'invalid_type') return `must be ${issue.expected === 'int' ? 'a whole number' : issue.expected}`
  return issue.message.charAt(0).toLowerCase() + issue.message.slice(1)
}

/** The path of the deepest issue, for unions the one that got furthest. */
function firstIssue(error: z.ZodError): z.core.$ZodIssue | undefined {
  const [issue] = error.issues
  if (issue?.code !== 'invalid_union') return issue
  const branches = issue.errors.flat()
  return branches.find((branch) => branch.path.length > 0) ?? issue
}

/**
 * Parses what a caller passed.
 *
 * @throws MemoryError `invalid-input` naming the first field that breaks a rule, the rule and what it got.
 */
export function parse<Schema extends z.ZodType>(schema: Schema, value: unknown, what: string): z.output<Schema> {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const issue = firstIssue(result.error)
  const path = issue?.path ?? []
  const field = path.length === 0 ? what : path.map(String).join('.')
  const got = at(value, path)
  throw invalidInput(field, issue === undefined ? 'is not valid' : ruleOf(issue), got, `See the options of ${what}.`)
}

/** The conflict that nobody asked about, thrown; one that a caller stated is an answer instead. */
export function unexpectedConflict(message: string, fix: string, details: Record<string, unknown>): MemoryError {
  return new MemoryError('conflict', { message, fix, details })
}

const anyString = z.string()

/** Ids are checked where they are used (`domain/id.ts`); here only that they are texts. */
export const idSchema = anyString

export const timeSchema = z.union([z.date(), z.string(), z.number()])
