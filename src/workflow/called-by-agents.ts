/** A workflow as agents call it: each call has one run, which is started once and carried on by any process. */
import type { CalledWorkflow, WorkflowPlace, WorkflowStanding, WorkflowWait } from '../agent/called-workflow.ts'
import { warnOf, whenAborted } from '../domain/detached.ts'
import { MemoryError } from '../domain/error.ts'
import type { Json } from '../domain/json.ts'
import { hasEnded } from '../domain/records/run.ts'
import type { WorkRunStep } from '../ports/agent-memory.ts'
import type { PlacedRun, WorkflowHost } from './engine/host.ts'
import { runsNotAtWork } from './engine/recover.ts'
import { resumeStep } from './engine/resume-run.ts'
import { isSuspended, viewOf } from './engine/run-view.ts'
import { settle } from './engine/settle.ts'
import { placeRun, startRun } from './engine/start-run.ts'
import { WorkflowRun } from './workflow-run.ts'

function toWait({ path, stepId, status, payload, label, resumeSchema }: WorkRunStep): WorkflowWait {
  return {
    ...{ path, stepId, status },
    ...(payload === undefined ? {} : { payload }),
    ...(label === undefined ? {} : { label }),
    ...(resumeSchema === undefined ? {} : { resumeSchema }),
  }
}

async function standingOf({ space, run }: PlacedRun): Promise<WorkflowStanding> {
  const steps = await space.workSteps(run.id)
  const waits = steps.filter((step) => isSuspended(step) || step.decision !== undefined).map(toWait)
  const { status, result, error } = viewOf(run, steps)
  if (status === 'success') return { runId: run.id, status: 'complete', result: (result ?? null) as Json, waits }
  if (hasEnded(run.status)) return { runId: run.id, status: 'failed', error: error ?? new Error(status), waits }
  return { runId: run.id, status: status === 'suspended' ? 'suspended' : 'open', waits }
}

/** The options of a place, without those that are not stated. */
function placeOptions({ unique: runId, resourceId, threadId }: WorkflowPlace) {
  return { runId, ...(resourceId === undefined ? {} : { resourceId }), ...(threadId === undefined ? {} : { threadId }) }
}

export function calledByAgents(host: WorkflowHost): CalledWorkflow {
  const cancel = async (runId: string): Promise<void> => {
    const placed = await host.find(runId)
    if (placed === null || hasEnded(placed.run.status)) return
    try {
      await new WorkflowRun(host, { runId, unique: '' }).cancel()
    } catch (error) {
      // It has ended meanwhile.
      if (!(error instanceof MemoryError) || error.code !== 'conflict') throw error
    }
  }
  return {
    cancel,
    carryOut: async (given, { inputData, requestContext, signal, listen }) => {
      const { parentRunId } = given
      const parent = parentRunId === undefined ? {} : { parentRunId }
      const place = { ...(await placeRun(host, placeOptions(given))), ...parent }
      const { runId } = place
      const stop = [host.listen(runId, listen)]
      if (signal !== undefined) stop.push(whenAborted([signal], () => cancel(runId), warnOf))
      try {
        if ((await host.find(runId)) === null)
          await startOnce(host, () => startRun(host, place, { inputData, requestContext }), runId)
        signal?.throwIfAborted()
        await settle(host, runId)
        return await standingOf(await host.get(runId))
      } finally {
        for (const end of stop) end()
      }
    },
    cancelOrphans: async (isOver) => {
      for await (const { run } of runsNotAtWork(host, ['suspended', 'pending'])) {
        if (run.parentRunId !== undefined && (await isOver(run.parentRunId))) await cancel(run.id)
      }
    },
    standing: async (given) => {
      const { runId } = await placeRun(host, placeOptions(given))
      const placed = await host.find(runId)
      return placed === null ? null : standingOf(placed)
    },
    resume: (runId, path, data, by) => {
      return resumeStep(host, runId, { step: path, resumeData: data, ...(by === undefined ? {} : { author: by }) })
    },
  }
}

/** Another process may start the same run at the same time. */
async function startOnce(host: WorkflowHost, start: () => Promise<void>, runId: string): Promise<void> {
  try {
    await start()
  } catch (error) {
    const isThere = error instanceof MemoryError && error.code === 'conflict' && (await host.find(runId)) !== null
    if (!isThere) throw error
  }
}
