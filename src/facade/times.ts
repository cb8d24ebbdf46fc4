/** Times at the facade's border: callers pass and get `Date`s, everything below has ISO 8601 texts. */
import { isJsonObject } from '../domain/json.ts'
import { readPlain } from '../domain/read-plain.ts'
import { dateOf, toIso } from '../domain/time.ts'
import type { RecallRequest, SpaceRecallRequest } from '../memory/recall/recall-options.ts'
import type { Given } from '../operations/parse.ts'

/** A time as callers may give it: a Date, an ISO 8601 text, or epoch milliseconds. */
export type Time = Date | string | number

/** Options of `memory.recall`. */
export interface RecallOptions extends RecallRequest<Time> {}

/** Options of `memory.space(id).recall`. */
export interface SpaceRecallOptions extends SpaceRecallRequest<Time> {}

/** The Date of a record's time; null stays null. */
export function dateOrNull(iso: string | null): Date | null {
  return iso === null ? null : dateOf(iso)
}

/** Turns the times under these names into ISO texts, in place. null stays null. */
function toIsoAt(fields: Record<string, unknown>, names: readonly string[], path: string): void {
  for (const name of names) {
    const value = fields[name]
    if (value !== undefined && value !== null) fields[name] = toIso(value, `${path}${name}`)
  }
}

/**
 * A method's options with ISO texts for times.
 *
 * @param names Options that are times.
 * @throws MemoryError `invalid-input` for a value that is not a time.
 */
export function timed(what: string, given: unknown, names: readonly string[]): Given {
  const options = readPlain(given, what)
  if (isJsonObject(options)) toIsoAt(options as Record<string, unknown>, names, '')
  return { what, options, isRead: true }
}

/**
 * The same for a recall: its period and "now" may also be days of the zone that it names, so their texts stay, for recall to read.
 *
 * @param names Further options that are times.
 */
export function timedRecall(what: string, given: unknown, names: readonly string[] = []): Given {
  const { options } = timed(what, given, names)
  if (isJsonObject(options)) {
    const fields = options as Record<string, unknown>
    for (const name of ['from', 'to', 'now'] as const)
      if (typeof fields[name] !== 'string' && fields[name] !== undefined) fields[name] = toIso(fields[name], name)
  }
  return { what, options, isRead: true }
}

/** The same for a range of dates among the options. */
export function timedRange(what: string, given: unknown): Given {
  const options = readPlain(given, what)
  const range = isJsonObject(options) ? (options as Record<string, unknown>).dateRange : undefined
  if (isJsonObject(range)) toIsoAt(range as Record<string, unknown>, ['start', 'end'], 'dateRange.')
  return { what, options, isRead: true }
}
