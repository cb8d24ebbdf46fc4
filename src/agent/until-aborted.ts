/** Waiting for work that should end when a signal says so, and may pay no heed. */

/** How long aborted work has to come to its own end, which knows more of what was done, milliseconds. */
const endWaitMs = 500

/** The result of some work, or the reason of the signal if the work goes on regardless. */
export async function untilAborted<Result>(work: Promise<Result>, signal: AbortSignal | undefined): Promise<Result> {
  if (signal === undefined) return work
  const { promise: left, reject } = Promise.withResolvers<never>()
  let timer: NodeJS.Timeout | undefined
  const leave = () => {
    timer = setTimeout(() => reject(signal.reason), endWaitMs)
  }
  if (signal.aborted) leave()
  else signal.addEventListener('abort', leave, { once: true })
  try {
    return await Promise.race([work, left])
  } finally {
    signal.removeEventListener('abort', leave)
    clearTimeout(timer)
  }
}
