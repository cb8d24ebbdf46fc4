/** Times as ISO 8601 strings in UTC with milliseconds, the only form that records, changes and log rows carry. */
import { invalidInput } from './error.ts'

const dayMs = 86_400_000
let cachedDay = Number.NaN
let cachedPrefix = ''
let shownMs = Number.NaN
let shownIso = ''

function pad(value: number, digits: number): string {
  return String(value).padStart(digits, '0')
}

/** ISO text of a time in epoch milliseconds. Keeps the last day's prefix: a page of records mostly shares it. */
export function isoTime(ms: number): string {
  if (ms === shownMs) return shownIso
  const day = Math.floor(ms / dayMs)
  if (day !== cachedDay) {
    cachedPrefix = new Date(ms).toISOString().slice(0, 11)
    cachedDay = day
  }
  const rest = ms - day * dayMs
  const hours = Math.floor(rest / 3_600_000)
  const minutes = Math.floor(rest / 60_000) % 60
  const seconds = Math.floor(rest / 1_000) % 60
  shownIso = `${cachedPrefix}${pad(hours, 2)}:${pad(minutes, 2)}:${pad(seconds, 2)}.${pad(rest % 1_000, 3)}Z`
  shownMs = ms
  return shownIso
}

let lastIso = ''
let lastMs = 0

/** Epoch milliseconds of a stored ISO time. Remembers the last one: records of one commit share theirs. */
export function msOf(iso: string): number {
  if (iso !== lastIso) {
    lastMs = Date.parse(iso)
    lastIso = iso
  }
  return lastMs
}

/** A stored ISO time as a Date of the caller's own. */
export function dateOf(iso: string): Date {
  return new Date(msOf(iso))
}

/**
 * Reads a time given by a caller: a Date, an ISO text or epoch milliseconds.
 *
 * @throws MemoryError `invalid-input` if it names no time.
 */
export function toIso(value: unknown, field: string): string {
  const ms = value instanceof Date ? value.getTime() : typeof value === 'string' ? Date.parse(value) : value
  if (typeof ms === 'number' && Number.isInteger(ms) && Math.abs(ms) < 8.64e15) return new Date(ms).toISOString()
  throw invalidInput(field, 'must be a time', value, `Pass a Date, an ISO 8601 text or epoch milliseconds.`)
}
