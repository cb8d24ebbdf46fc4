/** Writes and removes the records of observations: heads, and notes with everything that they say. */
import { recordName } from '../commit/effect-names.ts'
import type { Seq } from '../id.ts'
import {
  type BufferedChunk,
  chunkPrefix,
  type Generation,
  generationPrefix,
  type HeadFields,
  headKey,
  headNoun,
  headOf,
  joinSpans,
  noteOf,
  observationNoun,
  type Span,
} from '../records/observation.ts'
import { type RecordState, recordTombstone } from '../records/record.ts'
import type { ThreadState } from '../records/thread.ts'
import type { Draft } from './draft.ts'

interface StoredHead {
  readonly state: RecordState | null
  readonly head: HeadFields | null
}

/** The head of a thread as it was before the commit; null if the thread was never observed. */
export function storedHead(draft: Draft, { createdSeq }: ThreadState): StoredHead {
  const state = draft.view.record(recordName(headNoun, headKey(createdSeq)))
  return { state, head: state === null || state.deleted ? null : headOf(state.value) }
}

function drop(draft: Draft, before: RecordState): void {
  const { noun, key, version: prev } = before
  const name = recordName(noun, key)
  draft.sweep({ noun: 'record', key: name }, prev)
  draft.records.set(name, recordTombstone(before, draft))
  draft.add({ kind: 'record-remove', noun, key, prev, implied: true })
}

/** How records of notes leave: one by one with their content in the log, or named for an erasure. */
type Dropping = (note: RecordState) => void

/** Drops notes with everything they say, from the log too. */
export const dropping = (draft: Draft): Dropping => {
  return (note) => drop(draft, note)
}

/** Drops everything that was observed of a thread. */
export function dropObservations(draft: Draft, thread: ThreadState): void {
  const { state } = storedHead(draft, thread)
  if (state === null || state.deleted) return
  // The head's key begins as those of its notes do.
  for (const note of draft.view.recordsUnder(observationNoun, headKey(thread.createdSeq))) drop(draft, note)
  drop(draft, state)
}

/** The field of chunks that are buffered, absent if there are none. */
export function withBuffered(chunks: readonly BufferedChunk[] = []): Pick<HeadFields, 'buffered'> {
  return chunks.length === 0 ? {} : { buffered: chunks }
}

/** The notes of a generation. */
export function notesOfGeneration(draft: Draft, created: Seq, generation: number): Iterable<RecordState> {
  return draft.view.recordsUnder(observationNoun, generationPrefix(created, generation))
}

/**
 * The head after chunks lost a message: they go with all of their notes, and so do the generations that condensed them. What
 * else their messages say is to be observed again.
 *
 * @param isLost Whether the chunk with that span lost a message.
 */
export function dropChunks(
  draft: Draft,
  head: HeadFields,
  isLost: (span: Span) => boolean,
  remove: Dropping,
): HeadFields {
  const { created } = head
  const lost = (head.buffered ?? []).filter(isLost)
  // A chunk that was made ahead may have no note to find it by.
  const again: Span[] = lost.map(({ after, to }) => ({ after, to }))
  let first = Number.POSITIVE_INFINITY
  for (const note of draft.view.recordsUnder(observationNoun, chunkPrefix(created))) {
    const { after, to, chunk } = noteOf(note.value)
    if (!isLost({ after, to })) continue
    again.push({ after, to })
    first = Math.min(first, chunk)
    remove(note)
  }
  const isGone = ({ chunk }: Generation) => chunk >= first
  const { observing: _, reflecting: __, ahead, buffered, ...rest } = head
  const all = ahead === undefined ? head.reflections : [...head.reflections, ahead]
  for (const { generation } of all.filter(isGone)) {
    for (const note of notesOfGeneration(draft, created, generation)) remove(note)
  }
  if (again.length === 0) return head
  const reflections = head.reflections.filter((generation) => !isGone(generation))
  const left = buffered?.filter((chunk) => !lost.includes(chunk))
  return {
    ...rest,
    reflections,
    again: joinSpans([...head.again, ...again]),
    ...(ahead === undefined || isGone(ahead) ? {} : { ahead }),
    ...withBuffered(left),
  }
}
