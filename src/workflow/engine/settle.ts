/** Waits until a run has ended, or waits for somebody: it is carried on here if nobody else does. */
import { after, warnOf } from '../../domain/detached.ts'
import { hasEnded } from '../../domain/records/run.ts'
import { nextWakeMs, type WorkflowHost } from './host.ts'
import { isSuspended, viewOf, type WorkflowState } from './run-view.ts'
import { wakeUps } from './wake-ups.ts'

/** How often a run of another process is looked at. */
const lookMs = 250

function pause(ms: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  after(ms, resolve, warnOf)
  return promise
}

/** Waits at least so long; the process stays alive meanwhile. */
function sleep(ms: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  wakeUps.later(ms, resolve, true)
  return promise
}

/**
 * Carries a run on until it has ended, or waits for somebody. If another process carries it on, waits for that.
 *
 * @returns The run as it is then.
 * @throws MemoryError `not-found` if it is forgotten meanwhile; `conflict` if the workflow has changed since it began.
 */
export async function settle(host: WorkflowHost, runId: string): Promise<WorkflowState> {
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
      await sleep(nextWakeMs(space, steps) ?? lookMs)
    }
    const isFree = run.status !== 'running'
    const isTaken = isFree && (await host.take(await host.get(runId)))
    if (!isTaken) await pause(lookMs)
  }
}
