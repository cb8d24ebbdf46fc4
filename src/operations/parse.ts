/** Parses inputs at the border: once, by the schema of their operation, and with our own error texts. */
import { isJsonObject } from '../domain/json.ts'
import { reading, readPlain } from '../domain/read-plain.ts'
import { refusalOf, refuseOption } from '../memory/arguments/refusal.ts'
import type { Operation } from './operation.ts'

export type Fields = Readonly<Record<string, unknown>>

/** The arguments of a method, as its caller sees them. */
export interface Given {
  /** The name of the method in errors. Default: that of the operation. */
  readonly what?: string
  /** Its options object. Undefined fields count as absent. */
  readonly options?: unknown
  /** The options are a plain copy already. */
  readonly isRead?: true
  /** Its positional arguments. An option of the same name is refused. */
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

/** Joins the positional arguments and the options into one input. */
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
 * The parsed input of an operation.
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
    // A positional argument may be a proxy that throws when its type is read.
    return reading(what, () => {
      throw error
    })
  }
}
