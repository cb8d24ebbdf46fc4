/** Waits for work that should end when a signal is aborted, but may ignore it. */
import { after, type Timer, whenAborted } from '../../domain/detached.ts'

/** How long aborted work may take to end by itself, which tells more about what was done, milliseconds. */
const endWaitMs = 500

/** The result of some work, or the reason of the signal if the work ignores it. */
export async function untilAborted<Result>(work: Promise<Result>, signal: AbortSignal | undefined): Promise<Result> {
  if (signal === undefined) return work
  const { promise: left, reject } = Promise.withResolvers<never>()
  let timer: Timer | undefined
  const leave = () => {
    timer = after(endWaitMs, () => reject(signal.reason), reject)
  }
  if (signal.aborted) leave()
  const stopListening = whenAborted([signal], leave, reject)
  try {
    return await Promise.race([work, left])
  } finally {
    stopListening()
    timer?.stop()
  }
}
