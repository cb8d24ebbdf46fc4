/** Events of recalls: made from the request, and completed from the answer. They have only numbers about content. */
import type { RecollectionRecord } from '../answers/recollection.ts'
import type { Core } from '../door/core.ts'
import { type RecallEvent, tracedActor } from '../tracing.ts'
import type { RecallQuery } from './recall.ts'
export function recallEvent(core: Core, query: RecallQuery): RecallEvent {
  const { spaces, threadId, mode, kinds, topK, threshold } = query
  const inThread = threadId === undefined ? {} : { threadId }
  return { operation: 'memory.recall', actor: tracedActor(core), spaces, ...inThread, mode, kinds, topK, threshold }
}

export function recallAnswer({ items, trace, ...found }: RecollectionRecord): Partial<RecallEvent> {
  const { recallId, tokens, degraded, pending, asOf } = found
  const { inScope, candidates, legs } = trace
  const own = items.filter(({ isNeighbour }) => isNeighbour !== true)
  return {
    recallId,
    items: own.map(({ kind, id, space, score, tokens }) => ({ kind, id, space, score, tokens })),
    neighbours: items.length - own.length,
    ...{ tokens, inScope, candidates, legs, degraded, pending, asOf },
  }
}
