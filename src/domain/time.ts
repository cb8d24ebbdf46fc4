/** Times as ISO 8601 strings in UTC with milliseconds, the only form that records, changes and log rows carry. */
import { invalidInput } from './error.ts'

const dayMs = 86_400_000
let cachedDay = Number.NaN
let cachedPrefix = ''

/** Recent times, both ways: a row is soon shown after it is read, and rows of one commit share their time. */
const rememberedTimes = 4_096
const isoByMs = new Map<number, string>()
const msByIso = new Map<string, number>()

function pad(value: number, digits: number): string {
  return String(value).padStart(digits, '0')
}

function remember(ms: number, iso: string): void {
  if (isoByMs.size >= rememberedTimes || msByIso.size >= rememberedTimes) {
    isoByMs.clear()
    msByIso.clear()
  }
  isoByMs.set(ms, iso)
  msByIso.set(iso, ms)
}

/** ISO text of a time in epoch milliseconds. */
export function isoTime(ms: number): string {
  const known = isoByMs.get(ms)
  if (known !== undefined) return known
  if (!Number.isInteger(ms)) throw new RangeError('A time must be whole milliseconds.')
  const day = Math.floor(ms / dayMs)
  if (day !== cachedDay) {
    const whole = new Date(ms).toISOString()
    // Years beyond 9999 have more digits.
    cachedPrefix = whole.slice(0, whole.indexOf('T') + 1)
    cachedDay = day
  }
  const rest = ms - day * dayMs
  const hours = Math.floor(rest / 3_600_000)
  const minutes = Math.floor(rest / 60_000) % 60
  const seconds = Math.floor(rest / 1_000) % 60
  const iso = `${cachedPrefix}${pad(hours, 2)}:${pad(minutes, 2)}:${pad(seconds, 2)}.${pad(rest % 1_000, 3)}Z`
  remember(ms, iso)
  return iso
}

/** Epoch milliseconds of a stored ISO time. */
export function msOf(iso: string): number {
  const known = msByIso.get(iso)
  if (known !== undefined) return known
  const ms = Date.parse(iso)
  if (msByIso.size < rememberedTimes) msByIso.set(iso, ms)
  return ms
}

/** A stored ISO time as a new Date. */
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
