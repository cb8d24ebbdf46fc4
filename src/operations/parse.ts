/** Inputs at the border: parsed once, by the schema of their operation, and refused in our own words. */
import { isJsonObject } from '../domain/json.ts'
import { reading, readPlain } from '../domain/read-plain.ts'
import { refusalOf, refuseOption } from '../memory/arguments/refusal.ts'
import type { Operation } from './operation.ts'

export type Fields = Readonly<Record<string, unknown>>

/** What a method was called with, as its caller sees it. */
export interface Given {
  /** The name of the method, which errors speak of. Default: that of the operation. */
  readonly what?: string
  /** Its options object, read plainly: what is undefined in it counts as absent. */
  readonly options?: unknown
  /** The options are a plain copy already. */
  readonly isRead?: true
  /** What it took by position. An option of the same name is refused. */
  readonly stated?: Fields
}

/** Leaves out options that are undefined. */
function present(options: Fields): Fields {
  for (const key in options) {
    if (options[key] === undefined) {
      return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
    }
  }
  return options
}

/** Puts what was passed by position and the options into one input. */
function joined({ input: schema }: Operation, options: Fields, what: string, stated: Fields): Fields {
  const input: Record<string, unknown> = { ...stated }
  for (const key in options) {
    if (options[key] === undefined) continue
    if (Object.hasOwn(stated, key) || key === '__proto__') throw refuseOption(key, schema, options, what, stated)
    input[key] = options[key]
  }
  return input
}

/**
 * What an operation is to run with.
 *
 * @throws MemoryError `invalid-input` naming the first field that breaks a rule, the rule and what it got.
 */
export function parseInput(operation: Operation, { what = operation.name, options, isRead, stated }: Given): Fields {
  const given = isRead === true ? options : readPlain(options, what)
  let input: unknown = given
  if (isJsonObject(given)) input = stated === undefined ? present(given) : joined(operation, given, what, stated)
  else if (given === undefined && stated !== undefined) input = stated
  try {
    const result = operation.input.safeParse(input)
    if (result.success) return result.data
    throw refusalOf(result.error, operation.input, input, what, stated)
  } catch (error) {
    // What was passed by position may be a proxy that throws when its type is asked for.
    return reading(what, () => {
      throw error
    })
  }
}
