/** Leaves tombstones of messages that a commit removes for good. */
import type { RecordWriteEffect } from '../commit/effect.ts'
import { recordName } from '../commit/effect-names.ts'
import { parseIssuedId } from '../issued-id.ts'
import { dayMs } from '../limits.ts'
import { liveState } from '../records/keyed-state.ts'
import { threadTombstoneText, tombstoneNoun, tombstoneText } from '../records/tombstone.ts'
import type { TurnState } from '../records/turn.ts'
import { foldRecord } from '../replay/record-fold.ts'
import { isoTime, msOf } from '../time.ts'
import type { Draft } from './draft.ts'

/**
 * Leaves a tombstone for each id. Ids that memory issued need none: they are recognised by their form. A tombstone that
 * is there lives on from now.
 *
 * @param turn The turn whose row says so, if the commit touches it anyway.
 */
export function bury(
  draft: Draft,
  threadId: string,
  messageIds: Iterable<string>,
  turn: TurnState | null = null,
): void {
  const chosen = [...messageIds].filter((id) => parseIssuedId(id) === null)
  const texts = chosen.map((id) => tombstoneText(threadId, id))
  if (texts.length > 0) leaveTombstones(draft, texts, turn)
}

/** Leaves a tombstone of a thread, and of the messages with those ids in it. */
export function buryThread(draft: Draft, threadId: string, messageIds: Iterable<string>): void {
  const texts = [...messageIds].map((id) => tombstoneText(threadId, id))
  leaveTombstones(draft, [threadTombstoneText(threadId), ...texts], null)
}

function leaveTombstones(draft: Draft, texts: readonly string[], turn: TurnState | null): void {
  // What a commit makes and removes in a space that it creates was never shown to anybody.
  if (draft.view.space === null) return
  const expiresAt = isoTime(msOf(draft.at) + draft.limits.tombstoneDays * dayMs)
  for (const { key, record: before } of draft.view.tombstones(texts)) {
    const name = recordName(tombstoneNoun, key)
    if (draft.records.has(name)) continue
    const live = liveState(before, draft.at)
    if (before !== null && !before.deleted && live === null) draft.sweep({ noun: 'record', key: name }, before.version)
    const effect: RecordWriteEffect = {
      kind: 'record-put',
      noun: tombstoneNoun,
      key,
      prev: before?.version ?? 0,
      ...(live === null ? { absent: true as const } : {}),
      expiresAt,
      value: {},
    }
    draft.records.set(name, foldRecord(before, effect, draft))
    if (turn === null) draft.add(effect)
    else draft.addToTurn(turn.turn, turn.status, effect)
  }
}
