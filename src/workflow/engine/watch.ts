/** Follows a run from any process, by what is stored of it. */
import { detach, warnOf } from '../../domain/detached.ts'
import { hasEnded } from '../../domain/records/run.ts'
import type { AgentSpace } from '../../ports/agent-memory.ts'
import { eventOf, eventOfStep, type WorkflowEvent } from './events.ts'
import type { WorkflowHost } from './host.ts'
import { failureOf } from './outcome.ts'
import { outputPath } from './paths.ts'
import { runStatusOf } from './run-view.ts'

/** The events of a run, from its beginning. Ends when the run has ended or is gone. */
export async function* runEvents(space: AgentSpace, runId: string, signal: AbortSignal): AsyncGenerator<WorkflowEvent> {
  let hasStarted = false
  const all = new Map<string, number>()
  for await (const { run, steps } of space.watchRun(runId, signal)) {
    if (run === null) return
    if (!hasStarted) yield eventOf('workflow-start', runId, { workflowId: run.name })
    hasStarted = true
    for (const step of steps.toSorted((one, other) => one.version - other.version)) {
      if (all.get(step.path) === step.version) continue
      all.set(step.path, step.version)
      const event = eventOfStep(step)
      if (event !== null) yield event
    }
    if (!hasEnded(run.status)) continue
    const failure = failureOf(run)
    const result = run.status === 'complete' ? steps.find(({ path }) => path === outputPath)?.output : undefined
    const status = runStatusOf(run, [])
    yield eventOf('workflow-finish', runId, {
      status,
      ...(result === undefined ? {} : { result }),
      ...(failure === null || status !== 'failed' ? {} : { error: failure.error }),
    })
    return
  }
}

/**
 * Tells a function the events of a run. One that is not started yet is followed in this process, where it will be started.
 *
 * @returns A function that ends it.
 */
export function followRun(host: WorkflowHost, runId: string, follow: (event: WorkflowEvent) => unknown): () => void {
  const stopping = new AbortController()
  const tell = (event: WorkflowEvent) => detach(() => follow(event), warnOf)
  let heard: WorkflowEvent[] | null = []
  const stop = host.listen(runId, (event) => {
    if (heard === null) tell(event)
    else heard.push(event)
  })
  detach(async () => {
    const placed = await host.find(runId)
    if (placed === null) {
      for (const event of heard ?? []) tell(event)
      heard = null
      return
    }
    stop()
    for await (const event of runEvents(placed.space, runId, stopping.signal)) tell(event)
  }, warnOf)
  return () => {
    stop()
    stopping.abort()
  }
}
