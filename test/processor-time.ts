// How processor time grows with input. It does not depend on how busy the machine is, as wall time would.

/** Below this many milliseconds differences say nothing: they are the compiler and the garbage collector at work. */
const floorMs = 4

/**
 * What sixteen times the input may take: it takes 16 times as long, or 256 times where the work grows with the square. Linear work was
 * seen to take up to 69 times as long where other processes drove it out of the caches of the processor.
 */
export const mostGrowth = 100

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
 * How many times longer a run takes than the one with a sixteenth of its input, at most, by processor time. Each run has
 * four times the input of the one before. The walk ends at the first that takes more than `mostGrowth` times as long, because
 * what is quadratic would not come to its end.
 */
export async function growth(runs: readonly (() => unknown)[]): Promise<number> {
  const taken: number[] = []
  let worst = 0
  for (const run of runs) {
    const ms = await processorMs(run)
    worst = Math.max(worst, ms / Math.max(taken.at(-2) ?? 0, floorMs))
    if (worst > mostGrowth) break
    taken.push(ms)
  }
  return worst
}
