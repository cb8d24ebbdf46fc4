/** Waits until a run has ended, or waits for somebody: it is carried on here if nobody else does. */
import { warnOf, whenAborted } from '../../domain/detached.ts'
import { MemoryError } from '../../domain/error.ts'
import { hasEnded } from '../../domain/records/run.ts'
import { nextWakeMs, type WorkflowHost } from './host.ts'
import { isSuspended, viewOf, type WorkflowState } from './run-view.ts'
import { wakeUps } from './wake-ups.ts'

/** How often a run of another process is looked at. */
const lookMs = 250

/** Waits at least so long; the process stays alive meanwhile. Rejects when the memory closes. */
async function pause(ms: number, closing: AbortSignal): Promise<void> {
  if (closing.aborted) throw closedWhileWaiting()
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const forget = wakeUps.later(ms, resolve, true)
  const stopListening = whenAborted([closing], () => reject(closedWhileWaiting()), warnOf)
  try {
    await promise
  } finally {
    forget()
    stopListening()
  }
}

function closedWhileWaiting(): MemoryError {
  return new MemoryError('closed', {
    message: 'The memory was closed while a run of a workflow was waited for.',
    fix: 'The run goes on in another process, or when its memory is opened again: read it with getRun.',
  })
}

/**
 * Carries a run on until it has ended, or waits for somebody. If another process carries it on, waits for that.
 *
 * @returns The run as it is then.
 * @throws MemoryError `not-found` if it is forgotten meanwhile; `conflict` if the workflow has changed since it began.
 */
export async function settle(host: WorkflowHost, runId: string): Promise<WorkflowState> {
  const { closing } = await host.memory()
  for (;;) {
    const live = host.live(runId)
    if (live !== undefined) await live.over
    const placed = await host.get(runId)
    const { run, space } = placed
    if (hasEnded(run.status)) return viewOf(run, await space.workSteps(runId))
    if (run.status === 'suspended') {
      const steps = await space.workSteps(runId)
      if (steps.some(isSuspended)) {
        host.wakeLater(placed, steps)
        return viewOf(run, steps)
      }
      await pause(nextWakeMs(space, steps) ?? lookMs, closing)
    }
    const isFree = run.status !== 'running'
    const isTaken = isFree && (await host.take(await host.get(runId)))
    if (!isTaken) await pause(lookMs, closing)
  }
}
