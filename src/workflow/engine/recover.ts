/** Takes over runs that nobody carries on: their process is gone, somebody decided, or a sleep is over. */
import type { RecoveredRun } from '../../agent/waiting/recover.ts'
import type { PlacedRun, WorkflowHost } from './host.ts'
import { settle } from './settle.ts'

const perPage = 100

/** Runs that a process drives at the same time before it takes further ones over: others may take those. */
const mostDriven = 100

/** The runs of a workflow with these statuses, in all spaces, the oldest first. `pending` are those that wait to be carried on. */
export async function* runsNotAtWork(
  host: WorkflowHost,
  statuses: readonly ('suspended' | 'pending')[],
): AsyncGenerator<PlacedRun> {
  const { usable } = await host.memory()
  for (let after: { startedAt: string; runId: string } | null = null; ; ) {
    const query = { names: [host.flow.id], kind: 'workflow', statuses, after, limit: perPage } as const
    const page = await usable.waitingRuns(host.actor, query)
    yield* page
    const last = page.at(-1)
    if (last === undefined || page.length < perPage) return
    after = { startedAt: last.run.startedAt, runId: last.run.id }
  }
}

/** Carries on every run that is left behind, and waits for each until it has ended or waits again. */
export async function recoverRuns(host: WorkflowHost): Promise<readonly RecoveredRun[]> {
  const taken: string[] = []
  const recovered: RecoveredRun[] = []
  for await (const placed of runsNotAtWork(host, ['pending'])) {
    try {
      if (await host.take(placed)) taken.push(placed.run.id)
    } catch (error) {
      recovered.push({ runId: placed.run.id, status: 'failed', error })
    }
  }
  const settled = taken.map(async (runId): Promise<RecoveredRun> => {
    try {
      const { status } = await settle(host, runId)
      return { runId, status: status === 'success' ? 'complete' : status === 'suspended' ? 'suspended' : 'failed' }
    } catch (error) {
      return { runId, status: 'failed', error }
    }
  })
  return [...recovered, ...(await Promise.all(settled))]
}

/** Looks for runs to carry on, again and again. One that the workflow cannot go on with is tried once for each change of it. */
export class Takeover {
  readonly #host: WorkflowHost
  /** Versions of runs that were refused, by their ids. */
  #refused: ReadonlyMap<string, number> = new Map()

  constructor(host: WorkflowHost) {
    this.#host = host
  }

  /** Begins to carry on what is left behind. Answers what cannot be carried on and was not told before. */
  async round(): Promise<readonly RecoveredRun[]> {
    const told: RecoveredRun[] = []
    const refused = new Map<string, number>()
    for await (const placed of runsNotAtWork(this.#host, ['pending'])) {
      if (this.#host.drivenCount >= mostDriven) break
      const { id, version } = placed.run
      if (this.#refused.get(id) === version) {
        refused.set(id, version)
        continue
      }
      try {
        await this.#host.take(placed)
      } catch (error) {
        refused.set(id, version)
        told.push({ runId: id, status: 'failed', error })
      }
    }
    this.#refused = refused
    return told
  }
}
