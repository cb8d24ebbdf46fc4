/**
 * How long an event loop stood still. Eight busy processes on few cores also wait for a processor, which is no fault of
 * what they run; Linux counts that time, so it is taken off where it is known.
 */
import { openSync, readSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'

export interface Freezes {
  /** The longest delay of a timer, whatever its reason. */
  readonly longestMs: number
  /** The longest without the time spent waiting for a processor; null where the system does not count it. */
  readonly longestOwnMs: number | null
}

const resolutionMs = 1

/** Milliseconds that this thread was ready to run and had no processor, or null where the system does not tell. */
function openProcessorWait(): (() => number) | null {
  if (process.platform !== 'linux') return null
  try {
    const descriptor = openSync('/proc/self/schedstat', 'r')
    const buffer = Buffer.alloc(128)
    return () => {
      const length = readSync(descriptor, buffer, 0, buffer.length, 0)
      return Number(buffer.toString('latin1', 0, length).split(' ')[1]) / 1e6
    }
  } catch {
    return null // A kernel built without scheduler statistics.
  }
}

/** Watches from now on; the answered function stops and reports. */
export function watchFreezes(): () => Freezes {
  const delay = monitorEventLoopDelay({ resolution: resolutionMs })
  delay.enable()
  const processorWait = openProcessorWait()
  let longestOwnMs = 0
  let lastTick = performance.now()
  let lastWait = processorWait?.() ?? 0
  const tick = () => {
    const now = performance.now()
    const wait = processorWait?.() ?? 0
    longestOwnMs = Math.max(longestOwnMs, now - lastTick - resolutionMs - (wait - lastWait))
    lastTick = now
    lastWait = wait
  }
  const timer = setInterval(tick, resolutionMs)
  return () => {
    clearInterval(timer)
    delay.disable()
    const longestMs = Math.max(0, delay.max / 1e6 - resolutionMs)
    return { longestMs, longestOwnMs: processorWait === null ? null : longestOwnMs }
  }
}
