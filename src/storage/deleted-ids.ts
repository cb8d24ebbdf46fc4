/** Which ids of messages have a tombstone, for every driver. */
import { liveState } from '../domain/records/keyed-state.ts'
import { tombstoneText } from '../domain/records/tombstone.ts'
import type { SpaceView } from '../domain/replay/space-view.ts'

/** Those of the ids that have a tombstone in the thread at an ISO time. */
export function deletedIds(
  view: Pick<SpaceView, 'space' | 'tombstones'>,
  threadId: string,
  ids: readonly string[],
  at: string,
): readonly string[] {
  if (view.space === null) return []
  const found = view.tombstones(ids.map((id) => tombstoneText(threadId, id)))
  return ids.filter((_, index) => liveState(found[index]?.record ?? null, at) !== null)
}
