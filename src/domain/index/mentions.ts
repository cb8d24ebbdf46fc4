/** The days that texts speak of, as the index keeps them: "next Friday" is a day once it is known when it was said. */
import type { Language } from '../language.ts'
import type { DaySpan } from '../time-spans/calendar.ts'
import { findTimes } from '../time-spans/find-times.ts'
import { dayOfMinute } from './word-segment.ts'

/** More of a text than this says no more of when it was, and long texts have many dates. */
const longestRead = 4_000
const mostMentions = 3
/** Two years: longer times say nothing of when. */
const longestSpan = 731

/**
 * The first three times that a text speaks of, other than the day on which it was said, which its record has anyway. Days are
 * those of UTC, so that a text has the same ones for everybody.
 *
 * @param minute When it was said, minutes since 1970.
 */
export function mentionsOf(text: string, minute: number, language: Language): readonly DaySpan[] {
  const today = dayOfMinute(minute)
  const { times } = findTimes(text.slice(0, longestRead), language === 'english' ? 'english' : 'all', {
    today,
    reading: 'near',
  })
  const found = new Map<string, DaySpan>()
  for (const { from, to } of times) {
    const isToday = from === today && to === today + 1
    if (!isToday && to - from > 0 && to - from <= longestSpan && from > 0) found.set(`${from} ${to}`, { from, to })
  }
  return [...found.values()].slice(0, mostMentions)
}
