/** Recall of a period: only what was said from one time up to another, and facts that held in between. */
import { invalidInput } from '../../domain/error.ts'
import { recordKinds, type WordSegment } from '../../domain/index/word-segment.ts'
import { noteOf } from '../../domain/records/observation.ts'
import { msOf, toIso } from '../../domain/time.ts'
import { isTimeZone, startOfDay } from '../../domain/time-spans/calendar.ts'
import type { FoundRecord } from '../../ports/storage.ts'
import type { AskedAt } from '../../recall/question/plan.ts'

/** When a question is asked, and what it is limited to. */
export interface TimeOptions<Time = string> {
  /** Only what was said at or after this time, and facts that held then or later. A day begins in `timeZone`. Default: no limit. */
  readonly from?: Time
  /** Only what was said before this time, which is no longer among it, and facts that held before. Default: no limit. */
  readonly to?: Time
  /** When the question is asked: "last week" is counted from it. Default: now. */
  readonly now?: Time
  /** IANA name of the zone in which days begin, such as `Europe/Berlin`. Default: `UTC`. */
  readonly timeZone?: string
}

/** From the first time up to the second, which is not in it; epoch milliseconds. */
export interface Period {
  readonly from: number
  readonly to: number
}

const factKind = recordKinds.indexOf('fact')
const dayMs = 86_400_000
const dayOnly = /^\d{4}-\d{2}-\d{2}$/

function instantOf(given: string, field: string, timeZone: string): number {
  const ms = msOf(toIso(given, field))
  return dayOnly.test(given) ? startOfDay(ms / dayMs, timeZone) : ms
}

/**
 * Reads the times of a recall.
 *
 * @throws MemoryError `invalid-input` for what is no time or no zone, and for a period that ends before it begins.
 */
export function timesOf({ from, to, now, timeZone = 'UTC' }: TimeOptions, clockMs: number) {
  if (!isTimeZone(timeZone)) {
    throw invalidInput('timeZone', 'must name a time zone', timeZone, 'Pass an IANA name, such as "Europe/Berlin".')
  }
  const period = {
    from: from === undefined ? Number.NEGATIVE_INFINITY : instantOf(from, 'from', timeZone),
    to: to === undefined ? Number.POSITIVE_INFINITY : instantOf(to, 'to', timeZone),
  }
  if (period.from > period.to)
    throw invalidInput('to', 'must not be before from', to, 'Swap the two, or leave one out.')
  const askedAt: AskedAt = { nowMs: now === undefined ? clockMs : instantOf(now, 'now', timeZone), timeZone }
  return { askedAt, period: from === undefined && to === undefined ? null : period }
}

/** Tells the records of the index that cannot be of a period. A fact is known there by its beginning alone. */
export function outsideOf({ from, to }: Period): (segment: WordSegment, i: number) => boolean {
  const first = Math.floor(from / 60_000)
  const last = Math.ceil(to / 60_000)
  return ({ kinds, minutes }, i) => {
    const minute = minutes[i] as number
    return minute >= last || (minute < first && kinds[i] !== factKind)
  }
}

/** Whether a record is of a period: it was said in it, or held in it. */
export function isOfPeriod(record: FoundRecord, { from, to }: Period): boolean {
  if (record.kind === 'fact') {
    const { validFrom, validTo } = record.fact
    return msOf(validFrom) < to && (validTo === null || msOf(validTo) > from)
  }
  const said =
    record.kind === 'message'
      ? record.message.createdAt
      : record.kind === 'entry'
        ? record.entry.updatedAt
        : noteOf(record.note.value).saidAt
  return msOf(said) >= from && msOf(said) < to
}
