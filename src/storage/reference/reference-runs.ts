/** The reference driver's reader of runs: plain filters over all of a space's. */

import { unpackTurn } from '../../domain/id.ts'
import { liveRun, type RunStatus } from '../../domain/records/run.ts'
import { isoTime } from '../../domain/time.ts'
import type { WaitingRun } from '../../ports/run-queries.ts'
import type { RunReader } from '../../ports/storage.ts'
import { requireAbove } from '../horizon.ts'
import type { ReferenceDatabase } from './reference-readers.ts'

export function runReader(database: ReferenceDatabase): RunReader {
  const now = () => isoTime(database.clock.now())
  return {
    get: async (_, id, runId) => {
      const space = database.at(id)
      return { record: liveRun(space?.run(runId) ?? null, now()), asOf: space?.space.seq ?? 0 }
    },
    waiting: async (_, { kind, names, statuses, after, limit }) => {
      const at = now()
      const position = ({ run }: WaitingRun) => `${run.startedAt} ${run.id}`
      const all = database.all().flatMap((space) => space.allRuns().map((run) => ({ space: space.id, run })))
      return all
        .filter(({ run }) => liveRun(run, at) !== null && run.kind === kind && names.includes(run.name))
        .filter(({ run }) => (statuses as readonly RunStatus[]).includes(run.status))
        .filter((one) => after === null || position(one) > `${after.startedAt} ${after.runId}`)
        .sort((left, right) => (position(left) < position(right) ? -1 : 1))
        .slice(0, limit)
    },
    mentioning: async (_, { spaces, texts, after, limit }) => {
      const wanted = texts.map((text) => JSON.stringify(text).slice(1, -1))
      const all = database.all().flatMap((space) => space.allRuns().map((run) => ({ space: space.id, run })))
      const from = after ?? 0
      const page = all.slice(from, from + limit).filter(({ space, run }) => {
        const details = JSON.stringify(run.details)
        return liveRun(run, now()) !== null && (spaces.includes(space) || wanted.some((text) => details.includes(text)))
      })
      return { items: page, next: from + limit < all.length ? from + limit : null }
    },
    list: async (_, id, { threadId, name, statuses, order, after, limit, asOf }) => {
      const space = database.at(id)
      if (space === null) return { items: [], asOf: 0, key: null, more: false }
      const { seq, key } = space.space
      requireAbove(space.space, asOf ?? seq)
      const at = now()
      const matching = space.allRuns().filter((run) => {
        const isAsked = (threadId === null || run.threadId === threadId) && (name === null || run.name === name)
        if (asOf !== undefined && unpackTurn(run.order).turnSeq > asOf) return false
        return liveRun(run, at) !== null && isAsked && statuses.includes(run.status)
      })
      const ordered = order === 'oldest' ? matching : matching.toReversed()
      const isBeyond = (run: { readonly order: number }) =>
        after === null || (order === 'oldest' ? run.order > after : run.order < after)
      const rest = ordered.filter(isBeyond)
      return { items: rest.slice(0, limit), asOf: asOf ?? seq, key, more: rest.length > limit }
    },
  }
}
