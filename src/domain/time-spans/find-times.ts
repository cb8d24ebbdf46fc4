/**
 * Finds the times that a text says, in English, German, French and Spanish, and the days that they mean: "last week", "on 12
 * May", "vor zwei Wochen", "since Monday". Pure: the day on which the text is said is given. It knows nothing of zones,
 * storage or ranking.
 */
import { type DaySpan, shiftedDay, weekdayOf } from './calendar.ts'
import {
  type CalendarDate,
  countOf,
  hasRole,
  spanOf,
  type TimeFrame,
  type TimePhraseFound,
  timeAt,
} from './time-grammar.ts'
import { type TimeLanguages, type TimeToken, timeTokens } from './time-tokens.ts'

/** A time in a text. */
export interface FoundTime extends DaySpan {
  /** Where it stands, with the words that lead to it, UTF-16 units. */
  readonly start: number
  readonly end: number
  /** The date that was named, if it is one and means the date itself: not "before 12 May". */
  readonly date?: CalendarDate
  /** The time from which it is counted, if it is counted from one: 12 May in "the week before 12 May". */
  readonly anchor?: DaySpan
}

/** What a text is left with when its times are taken out. */
interface TimesInText {
  readonly times: readonly FoundTime[]
  /** Nothing else is in it but words that ask for nothing in particular, and the words that were named to be such. */
  readonly isAll: boolean
  /** Nothing else is in it at all: "12 May". */
  readonly isBare: boolean
}

/** More times than this say no more of when, and each is compared with every record. */
const mostTimes = 8

/** So many words may stand between "before" and a date: "before the launch on 12 May". */
const longestReach = 4

type Relation = 'before' | 'after' | 'since' | 'until'
const relations = ['since', 'before', 'after', 'until'] as const

function relationAt(token: TimeToken | undefined): Relation | null {
  return relations.find((role) => hasRole(token, role)) ?? null
}

/** The word before a time that says how it stands to it, and where it begins. */
function relationBefore(
  tokens: readonly TimeToken[],
  at: number,
): { readonly relation: Relation; readonly at: number } | null {
  let place = at - 1
  let isLed = false
  while (place >= 0 && isJoined(tokens, place + 1) && isLeading(tokens[place])) {
    isLed ||= hasRole(tokens[place], 'lead')
    const relation = relationAt(tokens[place])
    if (relation !== null) return { relation, at: place }
    place--
  }
  for (let reach = 0; isLed && reach <= longestReach && place >= 0 && isJoined(tokens, place + 1); reach++, place--) {
    const relation = relationAt(tokens[place])
    if (relation !== null) return { relation, at: place }
  }
  return null
}

function isJoined(tokens: readonly TimeToken[], at: number): boolean {
  return tokens[at]?.gap === 'space'
}

function isLeading(token: TimeToken | undefined): boolean {
  return hasRole(token, 'lead') || hasRole(token, 'filler') || relationAt(token) !== null
}

const ledBy = ['lead', 'filler', 'since', 'before', 'after', 'until', 'from', 'between'] as const

function isLedTo(tokens: readonly TimeToken[], at: number): boolean {
  const before = tokens[at - 1]
  return isJoined(tokens, at) && ledBy.some((role) => hasRole(before, role))
}

function related({ from, to }: DaySpan, relation: Relation, today: number): DaySpan {
  if (relation === 'before') return { from: Number.NEGATIVE_INFINITY, to: from }
  if (relation === 'until') return { from: Number.NEGATIVE_INFINITY, to }
  if (relation === 'after') return { from: to, to: Number.POSITIVE_INFINITY }
  return { from, to: Math.max(to, today + 1) }
}

/** "the week before", "two weeks after", "the Sunday before" some days: the days, and the token with which they begin. */
function countedFrom(tokens: readonly TimeToken[], at: number, anchor: DaySpan, isBefore: boolean) {
  const [amount, token] = [tokens[at - 2], tokens[at - 1]]
  if (token === undefined || tokens[at]?.gap !== 'space') return null
  const { unit, weekday } = token.sense
  if (weekday !== undefined) {
    const edge = isBefore ? anchor.from - 1 : anchor.to
    const away = isBefore ? weekdayOf(edge) - weekday : weekday - weekdayOf(edge)
    const from = edge + (isBefore ? -1 : 1) * ((away + 7) % 7)
    return { from, to: from + 1, first: at - 1 }
  }
  if (unit === undefined) return null
  const count = token.gap === 'space' && amount !== undefined ? countOf(amount) : undefined
  const first = count === undefined ? at - 1 : at - 2
  const span = isBefore
    ? { from: shiftedDay(unit, anchor.from, -(count ?? 1)), to: anchor.from }
    : { from: anchor.to, to: shiftedDay(unit, anchor.to, count ?? 1) }
  return span.from < span.to ? { ...span, first } : null
}

/** The other end of a range that a time begins: "from March to May". */
function rangeEnd(tokens: readonly TimeToken[], start: number, found: TimePhraseFound, frame: TimeFrame) {
  let before = start - 1
  while (before >= 0 && hasRole(tokens[before], 'filler') && !isOpening(tokens[before])) before--
  if (!isOpening(tokens[before]) || !hasRole(tokens[found.next], 'and')) return null
  let place = found.next + 1
  while (hasRole(tokens[place], 'filler') || hasRole(tokens[place], 'lead')) place++
  const end = timeAt(tokens, place, frame)
  if (end === null) return null
  const { date } = found
  const year = date?.year ?? end.date?.year
  // "Between 11 and 15 August 2023": the year stands behind the second.
  const { from } = date === undefined || year === undefined ? found : spanOf(date, year)
  if (end.to <= from) return null
  return { from, to: end.to, next: end.next, first: before }
}

function isOpening(token: TimeToken | undefined): boolean {
  return hasRole(token, 'from') || hasRole(token, 'between') || hasRole(token, 'since')
}

/** A time with its place, and the tokens that it takes. */
interface PlacedTime {
  readonly time: FoundTime
  readonly first: number
  readonly next: number
}

/** What belongs to a time that stands behind it, as far as no time before takes it. */
const joiners = ['lead', 'filler', 'from', 'between'] as const

function placedAt(tokens: readonly TimeToken[], at: number, floor: number, frame: TimeFrame): PlacedTime | null {
  const found = timeAt(tokens, at, frame)
  if (found === null || (found.needsLead === true && !isLedTo(tokens, at))) return null
  const placed = (span: DaySpan, first: number, next: number, date?: CalendarDate): PlacedTime => {
    const [start, end] = [(tokens[first] as TimeToken).start, (tokens[next - 1] as TimeToken).end]
    return { time: { ...span, start, end, ...(date === undefined ? {} : { date }) }, first, next }
  }
  const range = rangeEnd(tokens, at, found, frame)
  if (range !== null) return placed({ from: range.from, to: range.to }, range.first, range.next)
  const span = { from: found.from, to: found.to }
  const before = relationBefore(tokens, at)
  if (before !== null) {
    const { relation, at: place } = before
    const isCounted = relation === 'before' || relation === 'after'
    const counted = isCounted ? countedFrom(tokens, place, span, relation === 'before') : null
    if (counted === null) return placed(related(span, relation, frame.today), place, found.next)
    const { first, ...days } = counted
    const { time, ...rest } = placed(days, first, found.next)
    return { ...rest, time: { ...time, anchor: span } }
  }
  let first = at
  while (first > floor && isJoined(tokens, first) && joiners.some((role) => hasRole(tokens[first - 1], role))) first--
  return placed(span, first, found.next, found.date)
}

/**
 * The times that a text says, in its order.
 *
 * @param languages `english`, or `all`: then in the language that most of its words belong to.
 * @param isPlain Whether a word of the text asks for nothing either, such as the name of a person.
 */
export function findTimes(
  text: string,
  languages: TimeLanguages,
  frame: TimeFrame,
  isPlain: (word: string) => boolean = () => false,
): TimesInText {
  const tokens = timeTokens(text, languages)
  const found: PlacedTime[] = []
  for (let at = 0; at < tokens.length; ) {
    const placed = placedAt(tokens, at, found.at(-1)?.next ?? 0, frame)
    // "The Sunday before 12 May" is one time, though it began as a Sunday.
    while (placed !== null && (found.at(-1)?.next ?? 0) > placed.first) found.pop()
    if (placed !== null) found.push(placed)
    at = placed?.next ?? at + 1
  }
  const times = found.map(({ time }) => time).slice(0, mostTimes)
  const taken = new Set(found.flatMap(({ first, next }) => Array.from({ length: next - first }, (_, i) => first + i)))
  const isLeft = ({ sense: { roles }, start, end }: TimeToken) => {
    return roles?.has('plain') !== true && !isPlain(text.slice(start, end))
  }
  const isAll = times.length > 0 && !tokens.some((token, place) => !taken.has(place) && isLeft(token))
  return { times, isAll, isBare: isAll && taken.size === tokens.length }
}
