/** The day that words such as "yesterday" or "two weeks ago" mean, from the day on which they were said. English. */
import { dayMs } from '../../domain/limits.ts'
import { msOf } from '../../domain/time.ts'
import { type MarkedWord, marks } from './word-marks.ts'

const small: Readonly<Record<string, number>> = {
  a: 1,
  an: 1,
  one: 1,
  two: 2,
  three: 3,
  four: 4,
  five: 5,
  six: 6,
  seven: 7,
  eight: 8,
  nine: 9,
  ten: 10,
}
const near: ReadonlyMap<string, number> = new Map([
  ['yesterday', -1],
  ['today', 0],
  ['tonight', 0],
  ['tomorrow', 1],
])

const dayOf = (ms: number) => new Date(ms).toISOString().slice(0, 10)

/** A time as precise as what was said: a day, a month (`2026-02`) or a year (`2026`). */
function shifted(said: number, count: number, unit: string): string | null {
  if (unit.startsWith('day')) return dayOf(said + count * dayMs)
  if (unit.startsWith('week')) return dayOf(said + count * 7 * dayMs)
  const date = new Date(said)
  if (unit.startsWith('month')) {
    date.setUTCDate(1)
    date.setUTCMonth(date.getUTCMonth() + count)
    return date.toISOString().slice(0, 7)
  }
  return unit.startsWith('year') ? String(date.getUTCFullYear() + count) : null
}

function countOf(word: string): number | null {
  if (Object.hasOwn(small, word)) return small[word] as number
  return /^\d{1,3}$/.test(word) ? Number(word) : null
}

/**
 * The time that a sentence is about, if one of its words says it.
 *
 * @param saidAt ISO time at which it was said.
 * @returns An ISO day, month or year; null if the sentence names none that is relative to when it was said.
 */
export function timeMeant(words: readonly MarkedWord[], saidAt: string): string | null {
  const said = msOf(saidAt)
  const wordAt = (at: number) => words[at]?.bare ?? ''
  for (let at = 0; at < words.length; at++) {
    const { bare, bits } = words[at] as MarkedWord
    if ((bits & (marks.date | marks.lead)) === 0) continue
    const days = near.get(bare)
    if (days !== undefined) return dayOf(said + days * dayMs)
    if (bare === 'last' || bare === 'next') {
      const found = shifted(said, bare === 'last' ? -1 : 1, wordAt(at + 1))
      if (found !== null) return found
    }
    const count = bare === 'ago' ? countOf(wordAt(at - 2)) : null
    const found = count === null ? null : shifted(said, -count, wordAt(at - 1))
    if (found !== null) return found
  }
  return null
}
