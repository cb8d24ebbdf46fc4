/** Waiting for work that should end when a signal says so, and may pay no heed. */
import { after, type Timer, whenAborted } from '../../domain/detached.ts'

/** How long aborted work has to come to its own end, which knows more of what was done, milliseconds. */
const endWaitMs = 500

/** The result of some work, or the reason of the signal if the work goes on regardless. */
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
