/** Steps of runs, read for the agents and workflows that carry them out. */
import type { RecordState } from '../../domain/records/record.ts'
import { isCall, stepKey, stepNoun, stepPrefix } from '../../domain/records/step.ts'
import type { AnyStep } from '../../domain/records/work-step.ts'
import type { RunStep, WorkRunStep } from '../../ports/agent-memory.ts'
import type { Door } from '../door/door.ts'

function toStep({ value, version }: RecordState): RunStep | WorkRunStep {
  return { ...(value as unknown as AnyStep), version }
}

export function isCallStep(step: RunStep | WorkRunStep): step is RunStep {
  return isCall(step)
}

export function isWork(step: RunStep | WorkRunStep): step is WorkRunStep {
  return !isCall(step)
}

/** All steps of a run, by path. */
export async function readSteps(door: Door, runId: string): Promise<readonly (RunStep | WorkRunStep)[]> {
  const { storage, access, limits } = door.core
  const { records } = await storage.get()
  const steps: (RunStep | WorkRunStep)[] = []
  for (let after: string | null = null; ; ) {
    const query = { prefix: stepPrefix(runId), after, limit: limits.pageSize }
    const { items, more } = await records.list(access, door.id, stepNoun, query)
    steps.push(...items.map(toStep))
    after = items.at(-1)?.key ?? null
    if (!more) return steps
  }
}

/** A step by its run and its path; null if there is none. */
export async function readStep(door: Door, runId: string, path: string): Promise<RunStep | WorkRunStep | null> {
  const { storage, access } = door.core
  const { record } = await (await storage.get()).records.get(access, door.id, stepNoun, stepKey(runId, path))
  const step = record === null ? null : toStep(record)
  return step?.path === path ? step : null
}
