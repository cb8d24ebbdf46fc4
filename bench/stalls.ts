/** The longest time that one piece of work kept this thread's event loop, as processor time and by the clock. */

export interface Stall {
  /** Processor time of this thread, milliseconds: it does not depend on how busy the machine is. */
  readonly processorMs: number
  /** By the clock, milliseconds. */
  readonly wallMs: number
}

const everyMs = 1

function processorNow(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1_000
}

/** Does some work, and answers the longest block while it was done. */
export async function longestStall(work: () => Promise<unknown>): Promise<Stall> {
  let longest: Stall = { processorMs: 0, wallMs: 0 }
  let last = { processor: processorNow(), wall: performance.now() }
  const look = () => {
    const now = { processor: processorNow(), wall: performance.now() }
    longest = {
      processorMs: Math.max(longest.processorMs, now.processor - last.processor),
      wallMs: Math.max(longest.wallMs, now.wall - last.wall),
    }
    last = now
  }
  const timer = setInterval(look, everyMs)
  try {
    await work()
    // What was done since the timer last came is a block, too.
    look()
  } finally {
    clearInterval(timer)
  }
  return longest
}

/** The middle one of the longest blocks of some rounds: a pause of the garbage collector seldom falls into most of them. */
export async function middleStall(rounds: number, round: (n: number) => Promise<Stall>): Promise<Stall> {
  const stalls: Stall[] = []
  for (let n = 0; n < rounds; n++) stalls.push(await round(n))
  const ordered = stalls.toSorted((left, right) => left.processorMs - right.processorMs)
  return ordered[Math.floor(rounds / 2)] as Stall
}
