/**
 * Decides changes of observations: a cycle begins, puts a chunk of notes or a reflection, and chunks become active. What a
 * cycle puts is refused unless nothing that it read was changed since it began.
 */
import type { ChangeOf, ChangeResult } from '../commit/commit.ts'
import { recordName } from '../commit/effect-names.ts'
import { invalidInput, invariant, MemoryError, shown } from '../error.ts'
import type { Json } from '../json.ts'
import { checkBytes, checkLimit } from '../limits.ts'
import {
  chunkNoteKey,
  comparePlaces,
  currentGeneration,
  type Generation,
  type HeadFields,
  headKey,
  headNoun,
  type NoteFields,
  type NoteInput,
  newHead,
  observationNoun,
  reflectedNoteKey,
  type Span,
} from '../records/observation.ts'
import type { RecordState } from '../records/record.ts'
import { isoTime, msOf, toIso } from '../time.ts'
import { putWhole } from './apply-record.ts'
import type { Draft } from './draft.ts'
import { dropping, notesOfGeneration, storedHead } from './write-observations.ts'

interface Heading {
  readonly threadId: string
  readonly state: RecordState | null
  readonly head: HeadFields
}

/** The head of a thread that is there. Observations are derived: only the application itself commits them. */
function heading(
  draft: Draft,
  change:
    | ChangeOf<'observation-put'>
    | ChangeOf<'observation-begin'>
    | ChangeOf<'observation-activate'>
    | ChangeOf<'observation-reflect'>,
): Heading {
  // What a cycle learned is stored with its notes or not at all.
  if (draft.commit.changes.filter(({ kind }) => kind !== 'fact-assert').length > 1) {
    const fix = 'Commit each change of observations by itself, or with facts that were learned with it.'
    throw invalidInput('changes', 'must hold it alone, but for facts', change.kind, fix)
  }
  if (draft.actor.kind !== 'system') {
    throw new MemoryError('denied', {
      message: `Observations are committed by a system actor; this one is ${draft.actor.kind} ${shown(draft.actor.id)}.`,
      fix: 'Let memory observe the thread: memory.observe({ resourceId, threadId }).',
      details: { kind: change.kind },
    })
  }
  const thread = draft.liveThread(change.threadId)
  const { state, head } = storedHead(draft, thread)
  return { threadId: thread.id, state, head: head ?? newHead(thread) }
}

/** Writes the head, and answers with it. */
function answered(draft: Draft, { state }: Heading, head: HeadFields): ChangeResult {
  return putWhole(draft, headNoun, headKey(head.created), head, state)
}

function lost(threadId: string, what: string): MemoryError {
  return new MemoryError('conflict', {
    message: `The ${what} of thread ${shown(threadId)} cannot end: what it read was changed, or another one began.`,
    fix: 'Read the messages again and begin again.',
    details: { threadId },
    retryable: true,
  })
}

function busy(threadId: string, what: string, until: string): MemoryError {
  return new MemoryError('conflict', {
    message: `Another ${what} of thread ${shown(threadId)} is at work.`,
    fix: 'Wait until it ends, or until its claim is over.',
    details: { threadId, until },
    retryable: true,
  })
}

/** Decides the beginning of a cycle: one of a kind at a time, unless its time is over. */
export function applyObservationBegin(draft: Draft, change: ChangeOf<'observation-begin'>): ChangeResult {
  const at = heading(draft, change)
  const { head, threadId } = at
  const claim = { claim: draft.seq, until: isoTime(msOf(draft.at) + change.leaseMs) }
  if (change.to !== undefined) {
    if ((head.observing?.until ?? '') > draft.at) throw busy(threadId, 'observer', head.observing?.until ?? '')
    return answered(draft, at, { ...head, observing: { ...claim, to: change.to } })
  }
  if ((head.reflecting?.until ?? '') > draft.at) throw busy(threadId, 'reflector', head.reflecting?.until ?? '')
  const { chunk } = currentGeneration(head)
  if (head.active <= chunk) {
    throw invalidInput('threadId', 'must have active notes that no reflection holds', threadId, 'Observe it first.')
  }
  return answered(draft, at, {
    ...head,
    reflecting: { ...claim, generation: head.generation + 1, chunk: head.active },
  })
}

/** The head once a span was observed. The span continues the cursor, or is the beginning of one that was taken back. */
function advanced(head: HeadFields, { after, to }: Span): HeadFields | null {
  const again = head.again.findIndex((span) => comparePlaces(span.after, after) === 0)
  const open = head.again[again]
  if (open !== undefined) {
    if (comparePlaces(to, open.to) > 0) return null
    const rest = comparePlaces(to, open.to) < 0 ? [{ after: to, to: open.to }] : []
    return { ...head, again: head.again.toSpliced(again, 1, ...rest) }
  }
  const continues = comparePlaces(after, head.cursor) === 0 && comparePlaces(to, head.cursor) > 0
  return continues ? { ...head, cursor: to } : null
}

/** A note as it is stored. */
function noteFields(
  draft: Draft,
  note: NoteInput,
  { threadId, created }: HeadFields,
  of: Generation & Span,
  at: number,
): NoteFields {
  const field = `notes[${at}]`
  const { from, until, saidAt, kind = 'note', trust = 'tool' } = note
  if (comparePlaces(from, until) > 0 || comparePlaces(from, of.after) <= 0 || comparePlaces(until, of.to) > 0) {
    throw invalidInput(field, 'must condense messages of the span', [from, until], 'State from and until within it.')
  }
  if (note.text.trim() === '') throw invalidInput(`${field}.text`, 'must not be blank', note.text, 'Leave it out.')
  checkBytes(draft.limits, 'observationBytes', note as unknown as Json, `The note ${at}`)
  return { ...note, saidAt: toIso(saidAt, `${field}.saidAt`), kind, trust, threadId, created, ...of }
}

/** Decides a chunk: the notes of what was said in a span, buffered until it is activated. */
export function applyObservationPut(draft: Draft, change: ChangeOf<'observation-put'>): ChangeResult {
  const at = heading(draft, change)
  const { head, threadId } = at
  const { claim, notes } = change
  const span: Span = { after: change.after, to: change.to }
  const { observing, ...rest } = head
  if (observing?.claim !== claim || comparePlaces(span.to, observing.to) > 0) throw lost(threadId, 'observation')
  const moved = advanced(rest, span)
  if (moved === null) throw lost(threadId, 'observation')
  checkLimit(draft.limits, 'observationsPerChunk', notes.length, 'The chunk')
  const chunk = head.chunk + 1
  const of = { generation: head.generation, chunk, ...span }
  for (const [index, note] of notes.entries()) {
    const fields = noteFields(draft, note, head, of, index)
    putNote(draft, chunkNoteKey(head.created, chunk, index), fields)
  }
  const active = change.activate === true ? chunk : head.active
  return answered(draft, at, { ...moved, chunk, active })
}

function putNote(draft: Draft, key: string, fields: NoteFields): void {
  const before = draft.view.record(recordName(observationNoun, key))
  putWhole(draft, observationNoun, key, fields, before, { implied: true })
}

/** Decides that buffered chunks are active from now on: all that there are. */
export function applyObservationActivate(draft: Draft, change: ChangeOf<'observation-activate'>): ChangeResult {
  const at = heading(draft, change)
  return answered(draft, at, { ...at.head, active: at.head.chunk })
}

/** Decides a reflection: a new generation of notes in the place of all that were active when it began. */
export function applyObservationReflect(draft: Draft, change: ChangeOf<'observation-reflect'>): ChangeResult {
  const at = heading(draft, change)
  const { head, threadId } = at
  const { claim, notes } = change
  const { reflecting, ...rest } = head
  if (reflecting?.claim !== claim) throw lost(threadId, 'reflection')
  checkLimit(draft.limits, 'observationsPerChunk', notes.length, 'The reflection')
  const { generation, chunk } = reflecting
  invariant(head.cursor !== null, 'what is reflected on was observed')
  const of = { generation, chunk: 0, after: null, to: head.cursor }
  for (const [index, note] of notes.entries()) {
    const fields = noteFields(draft, note, head, of, index)
    putNote(draft, reflectedNoteKey(head.created, generation, index), fields)
  }
  const all = [...head.reflections, { generation, chunk }]
  const kept = all.slice(-draft.limits.observationGenerations)
  const remove = dropping(draft)
  for (const old of all.slice(0, all.length - kept.length)) {
    for (const note of notesOfGeneration(draft, head.created, old.generation)) remove(note)
  }
  return answered(draft, at, { ...rest, generation, reflections: kept })
}
