/** Pages of the runs of a workflow. */
import type { SpaceId } from '../../domain/id.ts'
import type { RunStatus } from '../../domain/records/run.ts'
import { decodeCursor, encodeCursor, numberAt } from '../../memory/arguments/cursor.ts'
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
  canceled: ['aborted', 'discarded'],
}

const defaultLimit = 50

/** Which runs, and from where. */
interface RunsQuery {
  readonly resourceId?: string
  readonly status?: WorkflowStatus
  readonly limit?: number
  readonly cursor?: string
}

/** What a cursor belongs to: the runs of one workflow, with one status or with any. */
const listingOf = (flowId: string, status: WorkflowStatus | undefined) => `workflow-runs:${status ?? ''}:${flowId}`

function placeOf(cursor: string | undefined, listing: string, space: SpaceId): number | null {
  return cursor === undefined ? null : numberAt(decodeCursor(cursor, listing, space), 0)
}

/** A page of runs with their steps, the newest first. */
export async function listFlowRuns(
  host: WorkflowHost,
  { resourceId, status, limit = defaultLimit, cursor }: RunsQuery,
): Promise<{ readonly runs: readonly WorkflowState[]; readonly nextCursor: string | null }> {
  const space = await host.space(resourceId)
  const statuses = status === undefined ? [...new Set(Object.values(stored).flat())] : stored[status]
  const runs: WorkflowState[] = []
  const listing = listingOf(host.flow.id, status)
  for (let after = placeOf(cursor, listing, space.id); ; ) {
    const query = { threadId: null, name: host.flow.id, statuses, order: 'newest', after, limit } as const
    const { items, more } = await space.runs.list(query)
    for (const run of items) {
      after = run.order
      if (run.kind !== 'workflow') continue
      const steps = await space.workSteps(run.id)
      if (status !== undefined && runStatusOf(run, steps) !== status) continue
      runs.push(viewOf(run, steps))
      if (runs.length === limit) return { runs, nextCursor: encodeCursor(listing, space.id, [after]) }
    }
    if (!more) return { runs, nextCursor: null }
  }
}
