// Whether work grows faster than its input, by processor time: never by a wall time, for the machine may be busy.

/** Milliseconds of processor time that this process spends until the work is done. */
export async function spentMs(work: () => unknown): Promise<number> {
  const before = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1_000
}

export interface Growth {
  readonly small: number
  readonly large: number
}

/** Below this much, what else the process does at times counts for more than the work. */
export const floorMs = 40

/** 8 times the input may take 12 times as long, for what is done once and what is collected in between. */
const most = 12

/**
 * Measures work on an input and on one of eight times the size, again and again while it seems to grow faster.
 *
 * @returns null if it does not; else the least that each of them took.
 */
export async function superlinear(
  small: () => Promise<number>,
  large: () => Promise<number>,
  tries = 6,
): Promise<Growth | null> {
  const least = { small: Number.POSITIVE_INFINITY, large: Number.POSITIVE_INFINITY }
  for (let tried = 0; tried < tries; tried++) {
    least.small = Math.min(least.small, await small())
    least.large = Math.min(least.large, await large())
    if (least.large < floorMs || least.large < most * least.small) return null
  }
  return least
}
