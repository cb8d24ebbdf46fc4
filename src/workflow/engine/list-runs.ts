/** Pages of the runs of a workflow. */
import { invalidInput } from '../../domain/error.ts'
import type { RunStatus } from '../../domain/records/run.ts'
import type { WorkflowStatus } from './events.ts'
import type { WorkflowHost } from './host.ts'
import { runStatusOf, viewOf, type WorkflowState } from './run-view.ts'

/** The statuses of records that a status of a run may have. */
const stored: Readonly<Record<WorkflowStatus, readonly RunStatus[]>> = {
  pending: ['pending'],
  running: ['running'],
  waiting: ['suspended'],
  suspended: ['suspended'],
  success: ['complete'],
  failed: ['failed'],
  canceled: ['aborted'],
}

const defaultLimit = 50

/** Which runs, and from where. */
interface RunsQuery {
  readonly resourceId?: string
  readonly status?: WorkflowStatus
  readonly limit?: number
  readonly cursor?: string
}

function placeOf(cursor: string | undefined): number | null {
  if (cursor === undefined) return null
  const place = Number(cursor)
  if (Number.isSafeInteger(place) && place >= 0) return place
  throw invalidInput('cursor', 'must be the nextCursor of an earlier page', cursor, 'Leave it out for the first page.')
}

/** A page of runs with their steps, the newest first. */
export async function listFlowRuns(
  host: WorkflowHost,
  { resourceId, status, limit = defaultLimit, cursor }: RunsQuery,
): Promise<{ readonly runs: readonly WorkflowState[]; readonly nextCursor: string | null }> {
  const space = await host.space(resourceId)
  const statuses = status === undefined ? [...new Set(Object.values(stored).flat())] : stored[status]
  const runs: WorkflowState[] = []
  for (let after = placeOf(cursor); ; ) {
    const query = { threadId: null, name: host.flow.id, statuses, order: 'newest', after, limit } as const
    const { items, more } = await space.runs.list(query)
    for (const run of items) {
      after = run.order
      if (run.kind !== 'workflow') continue
      const steps = await space.workSteps(run.id)
      if (status !== undefined && runStatusOf(run, steps) !== status) continue
      runs.push(viewOf(run, steps))
      if (runs.length === limit) return { runs, nextCursor: String(after) }
    }
    if (!more) return { runs, nextCursor: null }
  }
}
