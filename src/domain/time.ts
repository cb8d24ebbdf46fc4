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

const day = String.raw`(?<year>\d{4})-(?<month>\d{2})-(?<date>\d{2})`
const clockTime = String.raw`\d{2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?`
/** A day, which is in UTC, or a time with its zone. */
const isoForm = new RegExp(`^${day}(?<time>T${clockTime}(?<zone>Z|[+-]\\d{2}:\\d{2})?)?$`)
const timeFix = 'Pass a Date, epoch milliseconds, or an ISO 8601 text with its zone, such as "2026-03-29T00:00:00Z".'

/** What is wrong with a text as a time; null if nothing is, apart from hours and minutes that do not exist. */
function faultOf(text: string): string | null {
  const { year, month, date, time, zone } = isoForm.exec(text)?.groups ?? {}
  if (year === undefined || month === undefined || date === undefined) return 'must be a time'
  // Without a zone, the same text would be another time on another machine.
  if (time !== undefined && zone === undefined) return 'must say its zone'
  const last = new Date(Date.UTC(Number(year), Number(month), 0)).getUTCDate()
  const isDay = Number(month) >= 1 && Number(month) <= 12 && Number(date) >= 1 && Number(date) <= last
  return isDay ? null : 'must be a day that exists'
}

/**
 * Reads a time given by a caller: a Date, epoch milliseconds, or an ISO 8601 text. A text is a day, which begins in UTC, or a
 * time with its zone.
 *
 * @throws MemoryError `invalid-input` if it names no time, or not the same time everywhere.
 */
export function toIso(value: unknown, field: string): string {
  const fault = typeof value === 'string' ? faultOf(value) : null
  if (fault !== null) throw invalidInput(field, fault, value, timeFix)
  const ms = value instanceof Date ? value.getTime() : typeof value === 'string' ? Date.parse(value) : value
  if (typeof ms === 'number' && Number.isInteger(ms) && Math.abs(ms) < 8.64e15) return new Date(ms).toISOString()
  throw invalidInput(field, 'must be a time', value, timeFix)
}

/** The fields of `dateRange`. */
export const dateRangeEnds = ['dateRange.start', 'dateRange.end'] as const

/** The ends of a range of times, each null if it is open. */
interface TimeRange {
  readonly from: string | null
  readonly to: string | null
}

/**
 * Reads a range given by a caller. Both ends belong to it.
 *
 * @param names The fields of its ends, for errors.
 * @throws MemoryError `invalid-input` as {@link toIso} does, and if it ends before it begins.
 */
export function toRange(start: unknown, end: unknown, names: readonly [start: string, end: string]): TimeRange {
  const from = start === undefined ? null : toIso(start, names[0])
  const to = end === undefined ? null : toIso(end, names[1])
  if (from === null || to === null || from <= to) return { from, to }
  throw invalidInput(names[1], `must not be before ${names[0]}, ${from}`, to, 'Swap the two, or leave one out.')
}
