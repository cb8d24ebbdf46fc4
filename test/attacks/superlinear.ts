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
  readonly half: number
  readonly large: number
}

/** Below this much, what else the process does at times counts for more than the work. */
export const floorMs = 40

/**
 * 8 times the input may take 24 times as long: work that grows with the square takes 64 times, and linear work was seen to take 19
 * times as long where other processes drove it out of the caches of the processor.
 */
const most = 24
/**
 * Twice the input may take 3.6 times as long. What fits into the youngest memory costs a third of what does not, and a small input
 * may fit alone: then linear work grows 8 times the input by 30 times, but the second half of it by 2.6 times, and by 3.2 on a busy machine. Work that
 * grows with the square takes 4 times as long.
 */
const mostOfHalf = 3.6

/**
 * Measures work on an input, on one of eight times the size and on half of that, again and again while it seems to grow faster.
 *
 * @returns null if it does not; else the least that each of them took.
 */
export async function superlinear(
  small: () => Promise<number>,
  half: () => Promise<number>,
  large: () => Promise<number>,
  tries = 6,
): Promise<Growth | null> {
  const unknown = Number.POSITIVE_INFINITY
  const least = { small: unknown, half: unknown, large: unknown }
  for (let tried = 0; tried < tries; tried++) {
    least.small = Math.min(least.small, await small())
    least.half = Math.min(least.half, await half())
    least.large = Math.min(least.large, await large())
    const isLinear = least.large < most * least.small || least.large < mostOfHalf * least.half
    if (least.large < floorMs || isLinear) return null
  }
  return least
}
