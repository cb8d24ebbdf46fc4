/** Rows of options: how a value is checked, and its default. Checked by hand, because a constructor cannot wait for zod to be loaded. */
import { isModelName } from '../../derive/model-name.ts'
import type { Limits } from '../../domain/limits.ts'
import { check, fieldsOf, hasMethod, isWholeFrom } from '../../domain/option-checks.ts'
import { withCommas } from '../../domain/with-commas.ts'

/** More tokens than any prompt has. */
export const mostTokens = 1_000_000

export type Check = (value: unknown, field: string, limits: Limits) => void

/** A single option, or one inside an object of options: its check, and its default. */
export interface Row<Usual> {
  readonly check: Check
  readonly usual: Usual
}

export function row<Usual>(usual: Usual, rule: string, fix: string, holds: (value: unknown) => boolean): Row<Usual> {
  return {
    usual,
    check: (value, field) => check({ [field.slice(field.lastIndexOf('.') + 1)]: value }, field, rule, fix, holds),
  }
}

export function whole<Usual>(min: number, max: number, usual: Usual, fix: string): Row<Usual> {
  return row(usual, `must be a whole number from ${min} to ${withCommas(max)}`, fix, isWholeFrom(min, max))
}

export const number = (min: number, max: number, usual: number) =>
  whole(min, max, usual, `Leave it out for ${withCommas(usual)}.`)

export function flag<Usual>(usual: Usual, left = `Leave it out for ${usual}.`): Row<Usual> {
  return row(usual, 'must be true or false', left, (value) => typeof value === 'boolean')
}

/** Checks an object of options by their rows. */
export function checkRows(value: unknown, at: string, rows: Readonly<Record<string, Row<unknown>>>, limits: Limits) {
  const fields = fieldsOf(value, at, Object.keys(rows))
  for (const [name, { check: checkValue }] of Object.entries(rows)) {
    if (fields[name] !== undefined) checkValue(fields[name], `${at}.${name}`, limits)
  }
  return fields
}

type Fields<Options> = { readonly [Name in keyof Options]?: Options[Name] | undefined }

/** The fields of both; later ones win. An undefined field counts as not given. */
export function over<Options extends object>(before: Options, later: Fields<Options>): Options {
  const given = Object.entries(later).filter(([, value]) => value !== undefined)
  return { ...before, ...Object.fromEntries(given) }
}

/** Whether a value is a language model, or the name of one. */
export function isModel(value: unknown): boolean {
  return typeof value === 'string' ? isModelName(value) : hasMethod('doGenerate')(value)
}
