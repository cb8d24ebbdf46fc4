// How processor time grows with input. It does not depend on how busy the machine is, as wall time would.

/** Below this many milliseconds differences say nothing: they are the compiler and the garbage collector at work. */
const floorMs = 4

/** The least processor time that a run takes, in milliseconds, of several runs: of long ones fewer. */
export async function processorMs(run: () => unknown): Promise<number> {
  let least = Number.POSITIVE_INFINITY
  let total = 0
  for (let i = 0; i < 3 && total < 100; i++) {
    const before = process.cpuUsage()
    await run()
    const { user, system } = process.cpuUsage(before)
    const ms = (user + system) / 1_000
    least = Math.min(least, ms)
    total += ms
  }
  return least
}

/**
 * How many times longer the last of some runs takes than the first, by processor time. The inputs of the runs grow; the walk
 * ends at the first that takes too long, because a quadratic one would never come to its end.
 */
export async function growth(runs: readonly (() => unknown)[], most: number): Promise<number> {
  let first = 0
  let ratio = 1
  for (const [i, run] of runs.entries()) {
    const ms = await processorMs(run)
    if (i === 0) first = Math.max(ms, floorMs)
    ratio = ms / first
    if (ratio > most) break
  }
  return ratio
}
