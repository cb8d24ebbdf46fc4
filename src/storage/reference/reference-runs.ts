/** The reference driver's reader of runs: plain filters over all of a space's. */
import { liveRun } from '../../domain/run.ts'
import { isoTime } from '../../domain/time.ts'
import type { RunReader } from '../../ports/storage.ts'
import type { ReferenceDatabase } from './reference-readers.ts'

export function runReader(database: ReferenceDatabase): RunReader {
  const now = () => isoTime(database.clock.now())
  return {
    get: async (_, id, runId) => {
      const space = database.at(id)
      return { record: liveRun(space?.run(runId) ?? null, now()), asOf: space?.space.seq ?? 0 }
    },
    list: async (_, id, { threadId, name, statuses, order, after, limit }) => {
      const { seq = 0, key = null } = database.at(id)?.space ?? {}
      const at = now()
      const matching = (database.at(id)?.allRuns() ?? []).filter((run) => {
        const isAsked = (threadId === null || run.threadId === threadId) && (name === null || run.name === name)
        return liveRun(run, at) !== null && isAsked && statuses.includes(run.status)
      })
      const ordered = order === 'oldest' ? matching : matching.toReversed()
      const isBeyond = (run: { readonly order: number }) =>
        after === null || (order === 'oldest' ? run.order > after : run.order < after)
      const rest = ordered.filter(isBeyond)
      return { items: rest.slice(0, limit), asOf: seq, key, more: rest.length > limit }
    },
  }
}
