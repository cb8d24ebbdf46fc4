/** How effects change threads. Pure; used by commits and replay. */

import type { EffectOf } from '../commit/effect.ts'
import type { ThreadId } from '../id.ts'
import { type JsonObject, mergeJson } from '../json.ts'
import type { RowTime } from '../records/row-time.ts'
import { newThread, type ThreadState } from '../records/thread.ts'
/** The thread after a `thread-put` effect; pure, used by the commit and by replay alike. */
export function foldThread(
  before: ThreadState | null,
  id: ThreadId,
  effect: EffectOf<'thread-put'>,
  row: RowTime,
): ThreadState {
  const base = effect.created || before === null ? newThread(id, row) : before
  const archivedAt =
    effect.archived === undefined ? base.archivedAt : effect.archived ? (base.archivedAt ?? row.at) : null
  return {
    ...base,
    version: row.seq,
    updatedAt: row.at,
    createdAt: effect.created ? (effect.createdAt ?? row.at) : base.createdAt,
    title: effect.title === undefined ? base.title : effect.title,
    metadata: effect.metadata === undefined ? base.metadata : (mergeJson(base.metadata, effect.metadata) as JsonObject),
    archivedAt,
  }
}
