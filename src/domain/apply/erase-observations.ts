/** Erases what was observed of erased messages: their chunks whole, and the generations that condensed them. */
import type { ThreadId } from '../id.ts'
import { comparePlaces, headKey, headNoun, touches } from '../records/observation.ts'
import type { RecordState } from '../records/record.ts'
import type { MessagePlace } from '../records/turn.ts'
import { putWhole } from './apply-record.ts'
import type { Draft } from './draft.ts'
import { dropChunks, storedHead } from './write-observations.ts'

/**
 * Writes the heads of the threads that the messages are in: the rest of what their chunks condensed is to be observed again,
 * and a cycle that has read one of them cannot end.
 *
 * @param take Erases notes in all their versions.
 */
export function eraseObservations(
  draft: Draft,
  messages: readonly MessagePlace[],
  take: (notes: readonly RecordState[]) => void,
): void {
  if (messages.length === 0 || !draft.view.hasRecords()) return
  for (const [threadId, places] of Map.groupBy(messages, (message) => message.threadId)) {
    eraseOfThread(draft, threadId, places, take)
  }
}

function eraseOfThread(
  draft: Draft,
  threadId: ThreadId,
  places: readonly MessagePlace[],
  take: (notes: readonly RecordState[]) => void,
): void {
  const thread = draft.view.thread(threadId)
  if (thread === null || thread.deleted) return
  const { state, head } = storedHead(draft, thread)
  if (head === null) return
  const gone: RecordState[] = []
  const isLost = (span: Parameters<typeof touches>[0]) => places.some((place) => touches(span, place, place))
  const left = dropChunks(draft, head, isLost, (note) => gone.push(note))
  take(gone)
  const { observing, ...rest } = left
  const hasRead = observing !== undefined && places.some((place) => comparePlaces(place, observing.to) <= 0)
  const after = hasRead ? rest : left
  if (after !== head) putWhole(draft, headNoun, headKey(head.created), after, state, { implied: true })
}
