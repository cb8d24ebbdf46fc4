// Days of the calendar, and where they begin in a zone.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import {
  dayAt,
  dayNumber,
  isTimeZone,
  shiftedDay,
  startOfDay,
  unitSpan,
  weekdayOf,
} from '../../../src/domain/time-spans/calendar.ts'
import { runRandom } from '../../random-runs.ts'

const iso = (ms: number) => new Date(ms).toISOString()

it.each([
  ['Europe/Berlin', '2025-05-13T22:00:00.000Z'],
  ['America/New_York', '2025-05-14T04:00:00.000Z'],
  ['Asia/Kathmandu', '2025-05-13T18:15:00.000Z'],
  ['UTC', '2025-05-14T00:00:00.000Z'],
])('14 May 2025 begins in %s at %s', (timeZone, expected) => {
  expect(iso(startOfDay(dayNumber(2025, 5, 14), timeZone))).toBe(expected)
})

it('a day without midnight begins when clocks go on', () => {
  // Clocks in Santiago went from 24:00 on 6 September 2025 to 01:00.
  expect(iso(startOfDay(dayNumber(2025, 9, 7), 'America/Santiago'))).toBe('2025-09-07T04:00:00.000Z')
})

it('every instant is in the day that it is said to be in', () =>
  runRandom(
    fc.property(
      fc.integer({ min: 0, max: 4_000_000_000 }),
      fc.constantFrom('UTC', 'Europe/Berlin', 'America/Santiago', 'Pacific/Apia', 'Asia/Kathmandu', 'Africa/Cairo'),
      (seconds, timeZone) => {
        const ms = seconds * 1_000
        const day = dayAt(ms, timeZone)
        expect(startOfDay(day, timeZone)).toBeLessThanOrEqual(ms)
        expect(startOfDay(day + 1, timeZone)).toBeGreaterThan(ms)
        expect(dayAt(startOfDay(day, timeZone), timeZone)).toBe(day)
      },
    ),
    200,
  ))

it('weeks begin on Monday, and months end where they end', () => {
  expect(weekdayOf(dayNumber(2025, 5, 12))).toBe(0)
  expect(weekdayOf(dayNumber(1969, 12, 28))).toBe(6)
  expect(unitSpan('month', dayNumber(2025, 1, 31), 1)).toEqual({
    from: dayNumber(2025, 2, 1),
    to: dayNumber(2025, 3, 1),
  })
  expect(shiftedDay('month', dayNumber(2025, 3, 31), -1)).toBe(dayNumber(2025, 2, 28))
})

it.each([
  ['Europe/Berlin', true],
  ['UTC', true],
  ['Mars/Olympus', false],
  ['', false],
])('%j names a zone: %s', (name, expected) => expect(isTimeZone(name)).toBe(expected))
