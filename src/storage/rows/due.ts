/** Expiries as indexes hold them. */

/** Expiries are indexed rounded down to 1/720 of the time-to-live, an hour of 30 days. */
const dueSteps = 720

/** The expiry rounded down, which the index holds; null where there is none. */
export function dueOf(at: number, expires: number | null): number | null {
  if (expires === null) return null
  return expires - (expires % Math.max(1, Math.floor((expires - at) / dueSteps)))
}
