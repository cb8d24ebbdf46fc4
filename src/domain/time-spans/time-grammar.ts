/** What the words of a time mean together: one grammar for all languages, which differ in their words and their order. */
import {
  type CalendarUnit,
  type DaySpan,
  dayNumber,
  monthOfDay,
  monthSpan,
  shiftedDay,
  unitSpan,
  weekdayOf,
  yearly,
} from './calendar.ts'
import type { TimeToken } from './time-tokens.ts'
import type { TimeRole } from './vocabulary.ts'

/** A date as it was named: `day` and `year` only where they were said. */
export interface CalendarDate {
  readonly month: number
  readonly day?: number
  readonly year?: number
}

/** How times without a year or a direction are read. */
export interface TimeFrame {
  /** The day on which it is said. */
  readonly today: number
  /** `past`: a question about what was. `near`: a text, which may speak of what comes. */
  readonly reading: 'past' | 'near'
}

/** A time that was found at a token. */
export interface TimePhraseFound extends DaySpan {
  /** The token behind it. */
  readonly next: number
  /** Set if it is a date by the calendar. */
  readonly date?: CalendarDate
  /** It counts only if a word leads to it: a year alone, "may", "fall". */
  readonly needsLead?: true
}

type Rule = (tokens: readonly TimeToken[], at: number, frame: TimeFrame) => TimePhraseFound | null

export function hasRole(token: TimeToken | undefined, role: TimeRole): boolean {
  return token?.sense.roles?.has(role) === true
}

/** The first token from `at` on that is no filler of the same clause. */
function behindFillers(tokens: readonly TimeToken[], at: number): number {
  let next = at
  while (hasRole(tokens[next], 'filler') && tokens[next]?.gap !== 'break') next++
  return next
}

function isClose(token: TimeToken | undefined, gaps: readonly TimeToken['gap'][]): token is TimeToken {
  return token !== undefined && gaps.includes(token.gap)
}

function yearIn(token: TimeToken | undefined): number | null {
  return token?.width === 4 && token.digits >= 1_900 && token.digits < 2_100 ? token.digits : null
}

function dayIn(token: TimeToken | undefined): number | null {
  return token !== undefined && token.width > 0 && token.width < 3 && token.digits >= 1 && token.digits <= 31
    ? token.digits
    : null
}

function isDay(year: number, month: number, day: number): boolean {
  return month >= 1 && month <= 12 && day <= monthSpan(year, month).to - monthSpan(year, month).from
}

/** A leap year, for days of dates that say no year. */
const anyYear = 2_000

/** The days of a date in a year. */
export function spanOf({ month, day }: CalendarDate, year: number): DaySpan {
  if (day === undefined) return monthSpan(year, month)
  const from = dayNumber(year, month, day)
  return { from, to: from + 1 }
}

/** Of spans that come back every year, the one that is meant. */
function nearest(spanIn: (year: number) => DaySpan, { today, reading }: TimeFrame): DaySpan {
  const { year } = monthOfDay(today)
  const around = [year + 1, year, year - 1].map(spanIn)
  if (reading === 'past') return around.find(({ from }) => from <= today) as DaySpan
  const distance = ({ from, to }: DaySpan) => (today < from ? from - today : Math.max(0, today - to + 1))
  return around.reduce((best, one) => (distance(one) < distance(best) ? one : best))
}

function dated(date: CalendarDate, next: number, frame: TimeFrame): TimePhraseFound {
  const spanIn = (year: number) => spanOf(date, year)
  return { ...(date.year === undefined ? nearest(spanIn, frame) : spanIn(date.year)), next, date }
}

/** `2025-03-29`, `2025-03`; `29.3.2025` and `29/3/2025` where days come first. */
const numericDate: Rule = (tokens, at, frame) => {
  const [first, second, third] = [tokens[at], tokens[at + 1], tokens[at + 2]]
  if (first === undefined || second === undefined) return null
  const year = yearIn(first)
  if (year !== null && second.gap === 'dash' && second.width === 2 && second.start === first.end + 1) {
    const hasDay = third?.gap === 'dash' && third.start === second.end + 1 && dayIn(third) !== null
    const day = hasDay ? (third as TimeToken).digits : undefined
    if (!isDay(year, second.digits, day ?? 1)) return null
    const date = { month: second.digits, ...(day === undefined ? {} : { day }), year }
    return dated(date, at + (hasDay ? 3 : 2), frame)
  }
  const last = yearIn(third)
  const isDotted = second.gap === 'dot' && third?.gap === 'dot' && third.start === second.end + 1
  if (last === null || !isDotted || dayIn(first) === null || dayIn(second) === null) return null
  if (!isDay(last, second.digits, first.digits)) return null
  return dated({ month: second.digits, day: first.digits, year: last }, at + 3, frame)
}

/** The year behind a date, if one stands there. */
function yearBehind(tokens: readonly TimeToken[], at: number): { readonly year?: number; readonly next: number } {
  const place = behindFillers(tokens, at)
  const token = tokens[place]
  const year = isClose(token, ['space', 'comma', 'dot']) ? yearIn(token) : null
  return year === null ? { next: at } : { year, next: place + 1 }
}

function spanOfDays(first: number, date: CalendarDate, next: number, frame: TimeFrame): TimePhraseFound | null {
  const { month, day = 0, year } = date
  if (!isDay(year ?? anyYear, month, day) || first > day) return null
  const found = dated(date, next, frame)
  return first === day ? found : { from: found.from - (day - first), to: found.to, next }
}

/** "12 May 2025", "12. Mai", "the 12th of May", "3 to 7 May". */
const dayOfMonth: Rule = (tokens, at, frame) => {
  const first = dayIn(tokens[at])
  if (first === null) return null
  let place = behindFillers(tokens, at + 1)
  let day = first
  const isRange = tokens[place]?.gap === 'dash' || hasRole(tokens[place], 'and')
  if (isRange) {
    const last = hasRole(tokens[place], 'and') ? behindFillers(tokens, place + 1) : place
    const end = dayIn(tokens[last])
    if (end !== null) {
      day = end
      place = behindFillers(tokens, last + 1)
    }
  }
  const token = tokens[place]
  const { month } = token?.sense ?? {}
  if (month === undefined || !isClose(token, ['space', 'dot', 'dash'])) return null
  const { year, next } = yearBehind(tokens, place + 1)
  return spanOfDays(first, { month, day, ...(year === undefined ? {} : { year }) }, next, frame)
}

/** "May 12, 2025", "May 3–7". */
const monthAndDay: Rule = (tokens, at, frame) => {
  const { month } = tokens[at]?.sense ?? {}
  const place = behindFillers(tokens, at + 1)
  const first = dayIn(tokens[place])
  if (month === undefined || first === null || !isClose(tokens[place], ['space', 'dot'])) return null
  let next = place + 1
  let day = first
  while (hasRole(tokens[next], 'filler') && tokens[next]?.start === tokens[next - 1]?.end) next++
  const isRange = tokens[next]?.gap === 'dash' || hasRole(tokens[next], 'and')
  const end = isRange ? dayIn(tokens[hasRole(tokens[next], 'and') ? next + 1 : next]) : null
  if (end !== null) {
    day = end
    next += hasRole(tokens[next], 'and') ? 2 : 1
  }
  const behind = yearBehind(tokens, next)
  const date = { month, day, ...(behind.year === undefined ? {} : { year: behind.year }) }
  return spanOfDays(first, date, behind.next, frame)
}

/** "March 2025", "March"; "summer of 2024", "summer". */
const monthOrSeason: Rule = (tokens, at, frame) => {
  const { month, season, isUnsure } = tokens[at]?.sense ?? {}
  const { year, next } = yearBehind(tokens, at + 1)
  if (month !== undefined) {
    const found = dated({ month, ...(year === undefined ? {} : { year }) }, next, frame)
    return isUnsure === true && year === undefined ? { ...found, needsLead: true } : found
  }
  if (season === undefined) return null
  const spanIn = (one: number) => monthSpan(one, season, 3)
  if (year !== undefined) return { ...spanIn(year), next }
  return { ...nearest(spanIn, frame), next, needsLead: true }
}

/** "2024", behind a word that leads to it. */
const yearAlone: Rule = (tokens, at) => {
  const year = yearIn(tokens[at])
  const behind = tokens[at + 1]
  const isPart = behind?.gap === 'dash' && behind.width > 0 && behind.width < 4
  return year === null || isPart ? null : { ...monthSpan(year, 1, 12), next: at + 1, needsLead: true }
}

/** "yesterday". */
const dayWord: Rule = (tokens, at, { today }) => {
  const { day } = tokens[at]?.sense ?? {}
  return day === undefined ? null : { from: today + day, to: today + day + 1, next: at + 1 }
}

/** What "last", "this" and "next" mean for days of the week, months and seasons; null for what none of them go with. */
function whichSpan(token: TimeToken, which: number, { today }: TimeFrame): DaySpan | null {
  const { weekday, month, season } = token.sense
  if (weekday !== undefined) {
    const back = (weekdayOf(today) - weekday + 6) % 7
    const ahead = (weekday - weekdayOf(today) + 6) % 7
    const before = today - back - 1
    const from =
      which < 0 ? before + 7 * (which + 1) : which === 0 ? today - weekdayOf(today) + weekday : today + ahead + 1
    return { from, to: from + 1 }
  }
  if (month === undefined && season === undefined) return null
  const spanIn = (year: number) => (month === undefined ? monthSpan(year, season as number, 3) : monthSpan(year, month))
  if (which === 0) return spanIn(monthOfDay(today).year)
  return yearly(spanIn, today, which < 0 ? 'past' : 'coming')
}

/** The last or next units, counted from today, which is among them. */
function rolling(unit: CalendarUnit, count: number, which: number, { today }: TimeFrame): DaySpan {
  if (which < 0) return { from: shiftedDay(unit, today, -count), to: today + 1 }
  return { from: today, to: shiftedDay(unit, today, count) + 1 }
}

/** How many a word or a short number says; undefined for others. */
export function countOf({ width, digits, sense }: TimeToken): number | undefined {
  return width > 0 && width < 4 ? digits : sense.number
}

/** "last two weeks", "the two last weeks", "las últimas dos semanas", "dos semanas pasadas". */
const whichUnits: Rule = (tokens, at, frame) => {
  const [first, second, third] = [tokens[at], tokens[at + 1], tokens[at + 2]]
  if (first === undefined || second?.gap !== 'space' || third?.gap !== 'space') return null
  const orders = [
    [first, second, third],
    [second, first, third],
    [third, first, second],
  ] as const
  for (const [whichToken, amount, { sense }] of orders) {
    const { which = 0 } = whichToken.sense
    const count = countOf(amount)
    if (which !== 0 && count !== undefined && sense.unit !== undefined && count <= mostUnits)
      return { ...rolling(sense.unit, count, which, frame), next: at + 3 }
  }
  return null
}

/** The span of "last", "this" or "next" with what it goes with; null if the two do not go together. */
function whichOf(whichToken: TimeToken, token: TimeToken, frame: TimeFrame): DaySpan | null {
  const { which, isRolling } = whichToken.sense
  const { unit } = token.sense
  if (which === undefined || unit === 'hour' || (unit === 'day' && which === 0)) return null
  if (unit === undefined) return whichSpan(token, which, frame)
  return isRolling === true && unit !== 'weekend' ? rolling(unit, 1, which, frame) : unitSpan(unit, frame.today, which)
}

/** "last week", "la semaine dernière", "next Friday", "the week before last". */
const whichUnit: Rule = (tokens, at, frame) => {
  const [first, second] = [tokens[at], tokens[at + 1]]
  if (first === undefined) return null
  if (first.sense.unit !== undefined && first.sense.which !== undefined)
    return { ...unitSpan(first.sense.unit, frame.today, first.sense.which), next: at + 1 }
  if (second?.gap !== 'space') return null
  // What stands behind a unit is "last" and "next"; "this" is the subject of what follows.
  const span = whichOf(first, second, frame) ?? (second.sense.which === 0 ? null : whichOf(second, first, frame))
  return span === null ? null : { ...span, next: at + 2 }
}

/** "at the weekend": the last one in a question, the nearest one in a text. */
const weekendAlone: Rule = (tokens, at, { today, reading }) => {
  if (tokens[at]?.sense.unit !== 'weekend') return null
  const isOver = weekdayOf(today) >= (reading === 'past' ? 5 : 3)
  return { ...unitSpan('weekend', today, isOver ? 0 : -1), next: at + 1, needsLead: true }
}

/** More units than this are no time that anybody talks of. */
const mostUnits = 1_000

/** "two weeks ago", "vor zwei Wochen", "il y a deux semaines", "in two weeks". */
const counted: Rule = (tokens, at, { today }) => {
  const before = tokens[at]
  const isLed = hasRole(before, 'agoBefore') || hasRole(before, 'ahead')
  const place = isLed ? at + 1 : at
  const [amount, unitToken, behind] = [tokens[place], tokens[place + 1], tokens[place + 2]]
  const count = (amount?.width ?? 0) > 0 ? amount?.digits : amount?.sense.number
  const unit = unitToken?.sense.unit
  if (count === undefined || unit === undefined || unitToken?.gap !== 'space' || count > mostUnits) return null
  const isAgo = hasRole(behind, 'ago') && behind?.gap === 'space'
  if (!isAgo && !isLed) return null
  const isPast = isAgo || hasRole(before, 'agoBefore')
  const offset = isPast ? -count : count
  const next = place + (isAgo ? 3 : 2)
  if (amount?.sense.isVague !== true) return { ...unitSpan(unit, today, offset), next }
  const [near, far] = [unitSpan(unit, today, isPast ? -2 : 2), unitSpan(unit, today, isPast ? -6 : 6)]
  return { from: Math.min(near.from, far.from), to: Math.max(near.to, far.to), next }
}

/** "Monday". */
const weekdayAlone: Rule = (tokens, at, { today, reading }) => {
  const { weekday } = tokens[at]?.sense ?? {}
  if (weekday === undefined) return null
  const back = (weekdayOf(today) - weekday + 7) % 7
  const isAhead = reading === 'near' && back > 3
  const from = reading === 'past' && back === 0 ? today - 7 : isAhead ? today + 7 - back : today - back
  return { from, to: from + 1, next: at + 1 }
}

/** In order: those that read more words come first. */
const rules: readonly Rule[] = [
  numericDate,
  dayOfMonth,
  monthAndDay,
  whichUnits,
  whichUnit,
  counted,
  monthOrSeason,
  yearAlone,
  weekendAlone,
  dayWord,
  weekdayAlone,
]

/** Whether a time may begin with a token. */
function mayBegin(token: TimeToken | undefined): boolean {
  if (token === undefined) return false
  const { month, weekday, unit, season, day, which, number } = token.sense
  if (token.width > 0 || (month ?? weekday ?? unit ?? season ?? day ?? which ?? number) !== undefined) return true
  return hasRole(token, 'agoBefore') || hasRole(token, 'ahead')
}

/** The time that begins at a token; null if none does. */
export function timeAt(tokens: readonly TimeToken[], at: number, frame: TimeFrame): TimePhraseFound | null {
  if (!mayBegin(tokens[at])) return null
  for (const rule of rules) {
    const found = rule(tokens, at, frame)
    if (found !== null) return found
  }
  return null
}
