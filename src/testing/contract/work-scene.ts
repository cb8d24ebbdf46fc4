/** The run of a workflow at work, under its lease: what cases of workflows begin with. */
import type { Change } from '../../domain/commit/commit.ts'
import type { Seq } from '../../domain/id.ts'
import type { RunStatus } from '../../domain/records/run.ts'
import { stepKey, stepNoun } from '../../domain/records/step.ts'
import type { WorkStep } from '../../domain/records/work-step.ts'
import { beginWork, putRun, waitWork } from './changes.ts'
import { home, type Scene } from './scene.ts'

/** How long a lease is held, milliseconds. */
export const leaseMs = 15_000
/** A put of a new run of a workflow that is worked on. */
export const workflow = { runKind: 'workflow', leaseMs } as const

/** A run at work, and the token of its lease. */
export interface Leased {
  readonly runId: string
  readonly token: Seq
}

/** Begins a run that is worked on. */
export async function begun(scene: Scene, unique = 'w', more: object = {}): Promise<Leased> {
  const { runId, token = 0 } = await scene.did('run-put', putRun(unique, { ...workflow, ...more }))
  return { runId, token }
}

/** Takes the lease of a run. */
export async function taken(scene: Scene, { runId }: Leased, more: object = {}): Promise<Leased> {
  const { token = 0 } = await scene.did('run-put', putRun(null, { runId, leaseMs, ...more }))
  return { runId, token }
}

/** A step; null if there is none. */
export async function found(scene: Scene, { runId }: Leased, path: string): Promise<WorkStep | null> {
  const { record } = await scene.storage.records.get(scene.access, home, stepNoun, stepKey(runId, path))
  return record === null ? null : (record.value as unknown as WorkStep)
}

/** How a step stands: its status, its outcome, and how often it was begun. */
export async function workStands(scene: Scene, run: Leased, path: string): Promise<string> {
  const step = await found(scene, run, path)
  return step === null ? 'none' : `${step.status} ${step.outcome ?? '-'} ${step.attempt}`
}

/** The status of a run; undefined if it is gone. */
export async function statusOf(scene: Scene, { runId }: Leased): Promise<RunStatus | undefined> {
  return (await scene.run(runId))?.status
}

/** Lets go of a run. */
export const park = ({ runId, token }: Leased, status: RunStatus = 'suspended'): Change =>
  putRun(null, { runId, token, status })

/** Suspends a run whose steps at these paths wait for a decision. */
export async function suspended(scene: Scene, run: Leased, paths: readonly string[], limits = {}): Promise<void> {
  const at = (path: string) => ({ ...run, path })
  await scene.committed(paths.map((path) => beginWork(at(path))))
  const asking = paths.map((path) => waitWork(at(path), { payload: `asks ${path}` }))
  await scene.committed([...asking, park(run)], { limits })
}
