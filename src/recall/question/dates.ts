/** The month or day that a question names, and how well a record's time agrees with it. */

/** A month from 1 to 12, with day and year where the question says them. */
export interface NamedDate {
  readonly month: number
  readonly day?: number
  readonly year?: number
}

const months = [
  'january',
  'february',
  'march',
  'april',
  'may',
  'june',
  'july',
  'august',
  'september',
  'october',
  'november',
  'december',
]
/** Words that are months only where something else says so. */
const ambiguous = new Set(['may', 'march'])

const name = `(?<name>${months.map((month) => (month.length > 4 ? `${month.slice(0, 3)}(?:${month.slice(3)}|t)?` : month)).join('|')})\\.?`
const day = '(?<day>\\d{1,2})(?:st|nd|rd|th)?'
const year = '(?<year>(?:19|20)\\d\\d)'
const ends = '(?![\\p{L}\\p{N}])'

/** What every date has: without it the patterns need not be tried. */
const maybeDate = new RegExp(`\\d{4}-\\d|${months.map((month) => month.slice(0, 3)).join('|')}`, 'iu')

/** In order: the ones that say more come first. */
const patterns = [
  new RegExp(`(?<![\\p{L}\\p{N}])${year}-(?<number>\\d{1,2})(?:-${day})?${ends}`, 'giu'),
  new RegExp(`(?<![\\p{L}\\p{N}])${day}(?:\\s+of)?\\s+${name}${ends}(?:,?\\s+${year}${ends})?`, 'giu'),
  new RegExp(`(?<![\\p{L}\\p{N}])${name}\\s+${day}${ends}(?:,?\\s+${year}${ends})?`, 'giu'),
  new RegExp(`(?<![\\p{L}\\p{N}])${name}(?:,|\\s+of)?\\s+${year}${ends}`, 'giu'),
  new RegExp(`(?<![\\p{L}\\p{N}])${name}${ends}`, 'giu'),
]

const leadsToMonth =
  /(?<!\p{L})(?:in|on|of|since|until|till|during|before|after|by|from|late|early|mid|last|this|next|around)\s$/iu
/** As much of the question before a month as the word that leads to it takes. */
const longestLead = 10

/** The date that an English question names; null if none. ISO dates are found in any language. */
export function findDate(question: string, isEnglish: boolean): NamedDate | null {
  if (!maybeDate.test(question)) return null
  for (const pattern of isEnglish ? patterns : patterns.slice(0, 1)) {
    for (const match of question.matchAll(pattern)) {
      const before = question.slice(Math.max(0, match.index - longestLead), match.index)
      const isSure = pattern !== patterns.at(-1) || leadsToMonth.test(before)
      const found = readDate(match.groups ?? {}, isSure)
      if (found !== null) return found
    }
  }
  return null
}

/** Reads a match; one that is not sure is no date if its word means other things too. */
function readDate(groups: { readonly [name: string]: string | undefined }, isSure: boolean): NamedDate | null {
  const word = groups.name?.toLowerCase()
  if (!isSure && word !== undefined && (ambiguous.has(word) || word.length < 4)) return null
  const month =
    word === undefined ? Number(groups.number) : months.findIndex((one) => one.startsWith(word.slice(0, 3))) + 1
  const namedDay = Number(groups.day ?? 0)
  if (month < 1 || month > 12 || namedDay > 31) return null
  return {
    month,
    ...(namedDay > 0 ? { day: namedDay } : {}),
    ...(groups.year === undefined ? {} : { year: Number(groups.year) }),
  }
}

const minutesPerDay = 1_440
/** A day is talked about on it and in the week after it. */
const daysAfter = 7
const otherDayOfMonth = 0.5

/** Minutes from `from` up to `to` score this much. */
export interface DateSpan {
  readonly from: number
  readonly to: number
  readonly score: number
}

function minuteOf(year: number, month: number, dayOfMonth: number): number {
  return Date.UTC(year, month - 1, dayOfMonth) / 60_000
}

/** The spans of time that a date means, for records between two minutes. The first span that holds a minute counts. */
export function spansOf(date: NamedDate, earliest: number, latest: number): readonly DateSpan[] {
  const yearOf = (minute: number) => new Date(minute * 60_000).getUTCFullYear()
  const first = date.year ?? yearOf(earliest)
  const last = date.year ?? yearOf(latest)
  const days: DateSpan[] = []
  const wholeMonths: DateSpan[] = []
  for (let one = first; one <= last; one++) {
    const from = minuteOf(one, date.month, date.day ?? 1)
    if (date.day !== undefined) days.push({ from, to: from + (daysAfter + 1) * minutesPerDay, score: 1 })
    wholeMonths.push({
      from: minuteOf(one, date.month, 1),
      to: minuteOf(one, date.month + 1, 1),
      score: date.day === undefined ? 1 : otherDayOfMonth,
    })
  }
  return [...days, ...wholeMonths]
}

/** 1 at the date, 0.5 in the rest of its month, else 0. */
export function dateScore(spans: readonly DateSpan[], minute: number): number {
  for (const span of spans) if (minute >= span.from && minute < span.to) return span.score
  return 0
}
