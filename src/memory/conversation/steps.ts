/** Steps of runs, read for the agents that carry them out. */
import type { RecordState } from '../../domain/records/record.ts'
import { type StepFields, stepKey, stepNoun, stepPrefix } from '../../domain/records/step.ts'
import type { RunStep } from '../../ports/agent-memory.ts'
import type { Door } from '../door/door.ts'

function toStep({ value, version }: RecordState): RunStep {
  return { ...(value as unknown as StepFields), version }
}

/** All steps of a run, by path. */
export async function readSteps(door: Door, runId: string): Promise<readonly RunStep[]> {
  const { storage, access, limits } = door.core
  const { records } = await storage.get()
  const steps: RunStep[] = []
  for (let after: string | null = null; ; ) {
    const query = { prefix: stepPrefix(runId), after, limit: limits.pageSize }
    const { items, more } = await records.list(access, door.id, stepNoun, query)
    steps.push(...items.map(toStep))
    after = items.at(-1)?.key ?? null
    if (!more) return steps
  }
}

/** A step by its run and its path; null if there is none. */
export async function readStep(door: Door, runId: string, path: string): Promise<RunStep | null> {
  const { storage, access } = door.core
  const { record } = await (await storage.get()).records.get(access, door.id, stepNoun, stepKey(runId, path))
  const step = record === null ? null : toStep(record)
  return step?.path === path ? step : null
}
