/** How much time passed between two messages, in words for a model. Pure. */

const minuteMs = 60_000
const hourMs = 60 * minuteMs
const dayMs = 24 * hourMs
/** Less time than this is not worth a word. */
const leastMs = 10 * minuteMs
/** Up to here in hours, then in days. */
const mostHours = 48

function counted(amount: number, unit: string): string {
  return `${amount} ${unit}${amount === 1 ? '' : 's'}`
}

/** The time between two ISO times in whole minutes, hours or days, rounded down; null if the second is not 10 minutes later. */
function timeBetween(before: string, at: string): string | null {
  const ms = Date.parse(at) - Date.parse(before)
  if (!(ms >= leastMs)) return null
  if (ms < hourMs) return counted(Math.floor(ms / minuteMs), 'minute')
  if (ms < mostHours * hourMs) return counted(Math.floor(ms / hourMs), 'hour')
  return counted(Math.floor(ms / dayMs), 'day')
}

/**
 * How much time passed before each of some messages, such as `3 hours`, by their ids. Those that were said less than 10 minutes
 * after the one before are left out, and so is the first.
 *
 * @param messages In thread order, with ISO times.
 */
export function timePassedBefore(
  messages: readonly { readonly id: string; readonly createdAt: string }[],
): ReadonlyMap<string, string> {
  const passed = new Map<string, string>()
  for (const [at, { id, createdAt }] of messages.entries()) {
    const before = messages[at - 1]
    const time = before === undefined ? null : timeBetween(before.createdAt, createdAt)
    if (time !== null) passed.set(id, time)
  }
  return passed
}
