/** Times sides against each other: slices that alternate, so that the noise of a machine hits every side alike. */
import type { Latency, Subject } from './row.ts'

/** What one side did in all rounds. */
export interface Measured {
  /** Milliseconds of each counted slice, in the order of the rounds. */
  readonly sliceMs: readonly number[]
  /** Of single calls: the medians over rounds of each slice's percentiles, so that one disturbed slice does not decide. */
  readonly latency: Latency
}

export interface Rounds {
  readonly warmUps: number
  readonly rounds: number
  /** Calls of `run` in one slice. */
  readonly runs: number
}

/** Milliseconds of one slice; the time of each call goes into `times`. */
async function runSlice(subject: Subject, runs: number, times: Float64Array): Promise<number> {
  const start = performance.now()
  let before = start
  for (let run = 0; run < runs; run++) {
    const pending = subject.run()
    if (pending !== undefined) await pending
    const now = performance.now()
    times[run] = now - before
    before = now
  }
  return before - start
}

/** Runs every subject once per round, each round starting with another one; the warm-up rounds are not counted. */
export async function alternate(subjects: readonly Subject[], plan: Rounds): Promise<readonly Measured[]> {
  const sides = subjects.map((subject) => ({ subject, sliceMs: [] as number[], latencies: [] as Latency[] }))
  const times = new Float64Array(plan.runs)
  for (let round = 0; round < plan.warmUps + plan.rounds; round++) {
    for (let turn = 0; turn < sides.length; turn++) {
      const side = sides[(turn + round) % sides.length]
      if (side === undefined) continue
      const ms = await runSlice(side.subject, plan.runs, times)
      if (round < plan.warmUps) continue
      side.sliceMs.push(ms)
      side.latencies.push({ p50: quantile(times, 0.5) * 1_000, p99: quantile(times, 0.99) * 1_000 })
    }
  }
  return sides.map(({ sliceMs, latencies }) => ({
    sliceMs,
    latency: {
      p50: median(latencies.map((latency) => latency.p50)),
      p99: median(latencies.map((latency) => latency.p99)),
    },
  }))
}

/** The value below which a share of the numbers lies; does not change its argument. */
export function quantile(numbers: Iterable<number>, share: number): number {
  const sorted = Float64Array.from(numbers).sort()
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

export function median(numbers: Iterable<number>): number {
  return quantile(numbers, 0.5)
}

/** Units a second in the median slice. */
export function perSecond(measured: Measured, unitsPerSlice: number): number {
  return unitsPerSlice / (median(measured.sliceMs) / 1_000)
}

/** How many times faster `side` was than `base`: the median of the ratios of each round. */
export function speedRatio(side: Measured, base: Measured): number {
  return median(side.sliceMs.map((ms, round) => (base.sliceMs[round] ?? Number.NaN) / ms))
}
