/** What is known of messages that are gone, for every driver. */
import { type ThreadId, unpackTurn } from '../domain/id.ts'
import { liveState } from '../domain/records/keyed-state.ts'
import { threadTombstoneText, tombstoneText } from '../domain/records/tombstone.ts'
import type { SpaceView } from '../domain/replay/space-view.ts'
import { foldTurn } from '../domain/replay/turn-fold.ts'
import { parseSpaceId } from '../domain/space.ts'
import type { MessagePosition } from '../ports/storage.ts'

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

/** Whether a thread had messages behind a place that are gone, at an ISO time; see the port. */
export function deletedBehind(
  view: SpaceView,
  threadId: string,
  after: MessagePosition | null,
  at: string,
): 'messages' | 'thread' | null {
  const { space } = view
  if (space === null) return null
  const thread = view.thread(threadId)
  const fold = { key: space.key, address: parseSpaceId(space.id).address }
  const rows = thread === null || thread.deleted ? [] : view.threadRows(threadId as ThreadId)
  for (const [turn, ofTurn] of Map.groupBy(rows, (row) => row.turn)) {
    const isThere = turn !== 0 && unpackTurn(turn).turnSeq >= (thread?.createdSeq ?? 0)
    if (!isThere || (after !== null && turn < after.turn)) continue
    const state = foldTurn(ofTurn, fold)
    if (state === null || state.replacedBy !== undefined) continue
    const first = after !== null && turn === after.turn ? after.index + 1 : 0
    // The content of a discarded turn has left the log, its places too.
    if (state.status === 'discarded' || state.messages.slice(first).includes(null)) return 'messages'
  }
  if (after !== null) return null
  const [tombstone] = view.tombstones([threadTombstoneText(threadId)])
  return liveState(tombstone?.record ?? null, at) === null ? null : 'thread'
}
