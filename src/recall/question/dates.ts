/** The times that a question names as stretches of minutes, and how well a record agrees with them. */

import { isSupersededFlag, recordKinds } from '../../domain/index/word-segment.ts'
import { type DaySpan, monthOfDay, monthSpan, startOfDay } from '../../domain/time-spans/calendar.ts'
import type { FoundTime } from '../../domain/time-spans/find-times.ts'
import type { CalendarDate } from '../../domain/time-spans/time-grammar.ts'
import type { Corpus } from '../records/corpus.ts'

/** A day is talked about on it and in the week after it. */
const daysAfter = 7
const otherDayOfMonth = 0.5
/** What is said in the week after a time may be of it; times that are longer than a month need no such week. */
const weekAfter = 0.5
const longestWithWeek = 31
/** Longer times tell hardly anything of what is meant. */
const longestNarrow = 100

/** Minutes from `from` up to `to` score this much. */
export interface DateSpan {
  readonly from: number
  readonly to: number
  readonly score: number
}

/** The times of a question. */
export interface AskedTimes {
  /** When a record may have been said. */
  readonly spans: readonly DateSpan[]
  /** The days that are meant, which a text may speak of. */
  readonly days: readonly DaySpan[]
  /** They are so short that a record of that time answers the question by that alone. */
  readonly isNarrow: boolean
  /** The same days as minutes, none of them after it: what a list of that time holds. */
  readonly minutes: readonly DaySpan[]
}

/** The first and the last minute in scope; null where nothing is. */
export interface ScopeTimes {
  readonly earliest: number
  readonly latest: number
}

export function timesInScope({ columns, inScope }: Corpus): ScopeTimes | null {
  let earliest = Number.POSITIVE_INFINITY
  let latest = Number.NEGATIVE_INFINITY
  for (let row = 0; row < inScope.length; row++) {
    if (inScope[row] === 0) continue
    earliest = Math.min(earliest, columns.minutes[row] as number)
    latest = Math.max(latest, columns.minutes[row] as number)
  }
  return earliest > latest ? null : { earliest, latest }
}

function minutesOf({ from, to }: DaySpan, timeZone: string, score: number): DateSpan {
  return { from: startOfDay(from, timeZone) / 60_000, to: startOfDay(to, timeZone) / 60_000, score }
}

/** The days of a date in each year that it may mean: texts speak of the year after, too. */
function daysOf({ month, day, year }: CalendarDate, { earliest, latest }: ScopeTimes): readonly DaySpan[] {
  const yearOf = (minute: number) => monthOfDay(Math.floor(minute / 1_440)).year
  const [first, last] = year === undefined ? [yearOf(earliest), yearOf(latest) + 1] : [year, year]
  return Array.from({ length: last - first + 1 }, (_, i) => {
    const whole = monthSpan(first + i, month)
    return day === undefined ? whole : { from: whole.from + day - 1, to: whole.from + day }
  })
}

/** A day, with the week in which people talk of it, and with less the rest of its month. */
function around(day: DaySpan, timeZone: string): readonly DateSpan[] {
  const { year, month } = monthOfDay(day.from)
  return [
    minutesOf({ from: day.from, to: day.to + daysAfter }, timeZone, 1),
    minutesOf(monthSpan(year, month), timeZone, otherDayOfMonth),
  ]
}

function meantBy({ from, to, date, anchor }: FoundTime, scope: ScopeTimes, timeZone: string) {
  if (date !== undefined) {
    const days = daysOf(date, scope)
    const isDay = date.day !== undefined
    return { days, spans: days.flatMap((one) => (isDay ? around(one, timeZone) : minutesOf(one, timeZone, 1))) }
  }
  const said = minutesOf({ from, to }, timeZone, 1)
  // "The week before 12 May" is told on 12 May.
  if (anchor !== undefined)
    return { days: [{ from, to }], spans: [said, minutesOf({ ...anchor, to: anchor.to + daysAfter }, timeZone, 1)] }
  const isShort = to - from <= longestWithWeek
  const after = isShort ? [minutesOf({ from: to, to: to + daysAfter }, timeZone, weekAfter)] : []
  return { days: [{ from, to }], spans: [said, ...after] }
}

/** What the times of a question mean for records between the first and the last minute in scope. */
export function askedTimes(times: readonly FoundTime[], scope: ScopeTimes, timeZone: string): AskedTimes {
  const all = times.map((time) => meantBy(time, scope, timeZone))
  const days = all.flatMap((one) => one.days)
  const isNarrow = days.length > 0 && days.every(({ from, to }) => to - from <= longestNarrow)
  const minutes = times.map(({ from, to }) => minutesOf({ from, to }, timeZone, 1))
  return { spans: all.flatMap(({ spans }) => spans), days, isNarrow, minutes }
}

/** How well a minute agrees with the times of a question, from 0 to 1. */
export function dateScore(spans: readonly DateSpan[], minute: number): number {
  let best = 0
  for (const { from, to, score } of spans) if (score > best && minute >= from && minute < to) best = score
  return best
}

/** What a text that speaks of a longer time than was asked for has at least. */
const leastTold = 0.25

/** How well the days that a text speaks of agree with those of a question, from 0 to 1. */
function toldScore({ from, to }: DaySpan, days: readonly DaySpan[]): number {
  let best = 0
  for (const asked of days) {
    const shared = Math.min(to, asked.to) - Math.max(from, asked.from)
    if (shared > 0) best = Math.max(best, leastTold + (1 - leastTold) * (shared / (to - from)))
  }
  return best
}

/** For each row in scope whose text speaks of days that a question asks for, how well they agree, from 0 to 1. */
export function toldRows(corpus: Corpus, days: readonly DaySpan[]): ReadonlyMap<number, number> {
  const told = new Map<number, number>()
  if (days.length === 0) return told
  for (const [place, { mentions }] of corpus.segments.entries()) {
    const first = corpus.firstRows[place] as number
    for (const mention of mentions) {
      const row = first + mention.i
      const score = corpus.inScope[row] === 0 ? 0 : toldScore(mention, days)
      if (score > (told.get(row) ?? 0)) told.set(row, score)
    }
  }
  return told
}

const factKind = recordKinds.indexOf('fact')
const nothingHeld = () => false

/**
 * Tells facts that held in some minutes: from when each began to when it ended. A fact that another one replaced, and of which the
 * index does not know when, held in none.
 */
export function factsHeldIn(
  { columns, segments, firstRows }: Corpus,
  minutes: readonly DaySpan[],
): (row: number) => boolean {
  if (minutes.length === 0) return nothingHeld
  const ends = new Map<number, number>()
  for (const [place, { endings }] of segments.entries())
    for (const { i, minute } of endings) ends.set((firstRows[place] as number) + i, minute)
  return (row) => {
    if (columns.kinds[row] !== factKind) return false
    const begin = columns.minutes[row] as number
    const isReplaced = ((columns.flags[row] as number) & isSupersededFlag) !== 0
    const end = ends.get(row) ?? (isReplaced ? begin : Number.POSITIVE_INFINITY)
    return minutes.some(({ from, to }) => begin < to && end > from)
  }
}
