/** Calendar arithmetic in days since 1970-01-01, with no zone; and the days of instants in a time zone. */

const dayMs = 86_400_000

/** Days from `from` up to `to`, which is not among them; either may be infinite. */
export interface DaySpan {
  readonly from: number
  readonly to: number
}

/** Units of the calendar that spans are counted in. A week begins on Monday; `hour` stands for all that are shorter than a day. */
export type CalendarUnit = 'hour' | 'day' | 'week' | 'weekend' | 'month' | 'quarter' | 'year' | 'decade'

/** The day of a date; a month from 1, which may lie outside the year. */
export function dayNumber(year: number, month: number, day: number): number {
  return Date.UTC(year, month - 1, day) / dayMs
}

/** Year and month (from 1) of a day. */
export function monthOfDay(day: number): { readonly year: number; readonly month: number } {
  const date = new Date(day * dayMs)
  return { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1 }
}

/** 0 for Monday to 6 for Sunday. */
export function weekdayOf(day: number): number {
  return (((day + 3) % 7) + 7) % 7
}

export function monthSpan(year: number, month: number, months = 1): DaySpan {
  return { from: dayNumber(year, month, 1), to: dayNumber(year, month + months, 1) }
}

/** The unit that is `offset` units after the one with a day in it. The weekend of a day is that of its week. */
export function unitSpan(unit: CalendarUnit, day: number, offset: number): DaySpan {
  const { year, month } = monthOfDay(day)
  const monday = day - weekdayOf(day) + 7 * offset
  if (unit === 'hour') return { from: day, to: day + 1 }
  if (unit === 'day') return { from: day + offset, to: day + offset + 1 }
  if (unit === 'week') return { from: monday, to: monday + 7 }
  if (unit === 'weekend') return { from: monday + 5, to: monday + 7 }
  if (unit === 'month') return monthSpan(year, month + offset)
  if (unit === 'quarter') return monthSpan(year, month - ((month - 1) % 3) + 3 * offset, 3)
  const decade = year - (year % 10) + 10 * offset
  return unit === 'year' ? monthSpan(year + offset, 1, 12) : monthSpan(decade, 1, 120)
}

/** The day that is a number of units before (less than 0) or after a day. */
export function shiftedDay(unit: CalendarUnit, day: number, count: number): number {
  if (unit === 'hour') return day
  if (unit === 'day') return day + count
  if (unit === 'week' || unit === 'weekend') return day + 7 * count
  const { year, month } = monthOfDay(day)
  const months = { month: 1, quarter: 3, year: 12, decade: 120 }[unit] * count
  const first = monthSpan(year, month + months)
  return Math.min(first.from + day - dayNumber(year, month, 1), first.to - 1)
}

/** Of spans that come back every year, the last that is over before a day, or the first that begins after it. */
export function yearly(spanIn: (year: number) => DaySpan, day: number, which: 'past' | 'coming'): DaySpan {
  const { year } = monthOfDay(day)
  if (which === 'past') return [year, year - 1, year - 2].map(spanIn).find(({ to }) => to <= day) ?? spanIn(year - 2)
  return [year, year + 1].map(spanIn).find(({ from }) => from > day) ?? spanIn(year + 1)
}

const formats = new Map<string, Intl.DateTimeFormat>()
/** Zones are few; a caller who makes many of them gets no more memory than this. */
const mostZones = 100

function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone)
  if (known !== undefined) return known
  const fields = { year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric' } as const
  const made = new Intl.DateTimeFormat('en-US', { timeZone, hourCycle: 'h23', era: 'short', ...fields })
  if (formats.size >= mostZones) formats.clear()
  formats.set(timeZone, made)
  return made
}

/** Whether this names a time zone, such as `Europe/Berlin` or `UTC`. */
export function isTimeZone(timeZone: string): boolean {
  try {
    formatOf(timeZone)
    return true
  } catch (error) {
    if (error instanceof RangeError) return false
    throw error
  }
}

/** Milliseconds that clocks in a zone are ahead of UTC at an instant. */
function aheadMs(ms: number, timeZone: string): number {
  if (timeZone === 'UTC') return 0
  const parts = Object.fromEntries(
    formatOf(timeZone)
      .formatToParts(ms)
      .map(({ type, value }) => [type, value]),
  )
  const year = parts.era === 'BC' ? 1 - Number(parts.year) : Number(parts.year)
  const shown = new Date(0)
  shown.setUTCFullYear(year, Number(parts.month) - 1, Number(parts.day))
  shown.setUTCHours(Number(parts.hour), Number(parts.minute))
  return shown.getTime() - Math.floor(ms / 60_000) * 60_000
}

/** The day that it is in a zone at an instant (epoch milliseconds). */
export function dayAt(ms: number, timeZone: string): number {
  return Math.floor((ms + aheadMs(ms, timeZone)) / dayMs)
}

/** The instant at which a day begins in a zone, epoch milliseconds. Where clocks skip midnight, that is when the day goes on. */
export function startOfDay(day: number, timeZone: string): number {
  const midnight = day * dayMs
  if (timeZone === 'UTC' || !Number.isFinite(midnight)) return midnight
  const tries = [-dayMs, dayMs].map((shift) => midnight - aheadMs(midnight + shift, timeZone))
  const found = tries.sort((left, right) => left - right).find((ms) => dayAt(ms, timeZone) === day)
  return found ?? midnight - aheadMs(midnight, timeZone)
}
