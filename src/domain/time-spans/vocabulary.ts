/** The words that say a time in one language, and what they mean. */
import type { CalendarUnit } from './calendar.ts'

/** Which one of several: the one before the last, the last, this or the next. */
type Which = -2 | -1 | 0 | 1

/** What a word does in a phrase of time. */
export type TimeRole =
  /** Stands behind a number and a unit: "two weeks ago". */
  | 'ago'
  /** Stands before them: "vor zwei Wochen". */
  | 'agoBefore'
  /** "in two weeks". */
  | 'ahead'
  | 'before'
  | 'after'
  | 'since'
  | 'until'
  | 'from'
  | 'between'
  /** Joins the ends of a range. */
  | 'and'
  /** Leads to a time: "in", "on". */
  | 'lead'
  /** May stand inside a phrase of time: "of", "the". */
  | 'filler'
  /** Asks for nothing: what is left of "what happened last week?". */
  | 'plain'

/** What a word means. A word may mean several things; the grammar takes what fits. */
export interface TimeSense {
  readonly month?: number
  /** From 0 for Monday. */
  readonly weekday?: number
  readonly unit?: CalendarUnit
  /** The month in which it begins. */
  readonly season?: number
  /** Days from today. */
  readonly day?: number
  readonly which?: Which
  /** Counts back from today rather than by the calendar: "the past week". */
  readonly isRolling?: boolean
  readonly number?: number
  /** The number is not exact: "a few". */
  readonly isVague?: boolean
  /** It is a time only where something else says so: "may". */
  readonly isUnsure?: boolean
  readonly roles?: ReadonlySet<TimeRole>
}

/** The words of one language, in small letters and without accents; those of one meaning in one text. */
export interface TimeVocabulary {
  readonly months: readonly string[]
  /** From Monday. */
  readonly weekdays: readonly string[]
  readonly units: Readonly<Record<CalendarUnit, string>>
  /** Spring, summer, autumn, winter, as in the north. */
  readonly seasons: readonly string[]
  /** By days from today. Phrases are parted by commas. */
  readonly days: Readonly<Record<number, string>>
  readonly which: Readonly<Record<'beforeLast' | 'last' | 'past' | 'this' | 'next', string>>
  /** From one. */
  readonly numbers: readonly string[]
  readonly few: string
  /** Words that are a time only with a word before that leads to them, or with a day or a year. */
  readonly unsure: string
  readonly roles: Readonly<Record<TimeRole, string>>
}

const seasonStarts = [3, 6, 9, 12]
const whiches = { beforeLast: -2, last: -1, past: -1, this: 0, next: 1 } as const

/** A meaning of several words in a row. */
interface TimePhrase {
  readonly words: readonly string[]
  readonly sense: TimeSense
}

/** What a word means in one language by itself, and the phrases that begin with it, the longest first. */
export interface WordMeaning {
  sense: TimeSense
  phrases: readonly TimePhrase[]
}

const nothing: TimeSense = {}

/** Adds the meanings of a vocabulary. A text of words is parted by commas where it holds phrases, else by spaces. */
export function meaningsOf(vocabulary: TimeVocabulary): ReadonlyMap<string, WordMeaning> {
  const meanings = new Map<string, WordMeaning>()
  const add = (texts: string, sense: TimeSense) => {
    for (const text of texts.split(texts.includes(',') ? ',' : ' ')) {
      const words = text.trim().split(' ')
      const [first = ''] = words
      if (first === '') continue
      const known = meanings.get(first) ?? { sense: nothing, phrases: [] }
      meanings.set(first, known)
      if (words.length === 1) known.sense = merged(known.sense, sense)
      else known.phrases = withPhrase(known.phrases, words, sense)
    }
  }
  const { months, weekdays, units, seasons, days, which, numbers, few, unsure, roles } = vocabulary
  for (const [i, names] of months.entries()) add(names, { month: i + 1 })
  for (const [i, names] of weekdays.entries()) add(names, { weekday: i })
  for (const [unit, names] of Object.entries(units)) add(names, { unit: unit as CalendarUnit })
  for (const [i, names] of seasons.entries()) add(names, { season: seasonStarts[i] as number })
  for (const [offset, names] of Object.entries(days)) add(names, { day: Number(offset) })
  for (const [name, value] of Object.entries(whiches)) {
    add(which[name as keyof typeof whiches], { which: value, ...(name === 'past' ? { isRolling: true } : {}) })
  }
  for (const [i, names] of numbers.entries()) add(names, { number: i + 1 })
  add(few, { number: 3, isVague: true })
  for (const [role, names] of Object.entries(roles)) add(names, { roles: new Set([role as TimeRole]) })
  add(unsure, { isUnsure: true })
  return meanings
}

/** The phrases with another one, the longest first; one that is there already means both. */
function withPhrase(known: readonly TimePhrase[], words: readonly string[], sense: TimeSense): readonly TimePhrase[] {
  const isSame = (phrase: TimePhrase) => phrase.words.join(' ') === words.join(' ')
  const before = known.find(isSame)
  const added = { words, sense: before === undefined ? sense : merged(before.sense, sense) }
  return [...known.filter((phrase) => !isSame(phrase)), added].sort((a, b) => b.words.length - a.words.length)
}

function merged(left: TimeSense, right: TimeSense): TimeSense {
  const roles = [...(left.roles ?? []), ...(right.roles ?? [])]
  return { ...left, ...right, ...(roles.length === 0 ? {} : { roles: new Set(roles) }) }
}
