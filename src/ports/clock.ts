/** Where the time comes from; injected, so that tests decide it, and checked, so that no wrong time is ever stored. */
import { invalidInput, MemoryError } from '../domain/error.ts'

/** Where the time comes from. */
export interface Clock {
  /** Epoch milliseconds. */
  now(): number
}

export const systemClock: Clock = { now: () => Date.now() }

/** The end of the year 9999: later times have no ISO text that sorts among the others. */
const latestMs = 253_402_300_799_999
const rule = 'must have a now() that returns epoch milliseconds, from 0 to the end of the year 9999'
const fix = 'Pass { now: () => Date.now() }, for example, or leave it out for the system clock.'

const checkedClocks = new WeakMap<Clock, Clock>()

function readMs(clock: Clock): number {
  let ms: unknown
  try {
    ms = clock.now()
  } catch (cause) {
    throw new MemoryError('invalid-input', {
      message: `"clock" ${rule}; it threw.`,
      fix,
      details: { field: 'clock', rule, got: 'an error' },
      cause,
    })
  }
  if (typeof ms === 'number' && ms >= 0 && ms <= latestMs) return Math.floor(ms)
  throw invalidInput('clock', rule, ms, fix)
}

/**
 * A clock whose times are whole milliseconds that can be stored. The same one for the same clock.
 *
 * @throws MemoryError `invalid-input` from `now()` where the clock answers anything else, or throws.
 */
export function checkedClock(clock: Clock): Clock {
  if (clock === systemClock) return clock
  const known = checkedClocks.get(clock)
  if (known !== undefined) return known
  const checked: Clock = { now: () => readMs(clock) }
  checkedClocks.set(clock, checked)
  checkedClocks.set(checked, checked)
  return checked
}
