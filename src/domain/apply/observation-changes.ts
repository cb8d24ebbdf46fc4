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
  headOf,
  type NoteFields,
  type NoteInput,
  newHead,
  observationNoun,
  reflectedNoteKey,
  type Span,
} from '../records/observation.ts'
import type { RecordState } from '../records/record.ts'
import { isoTime, msOf, toIso } from '../time.ts'
import { withCommas } from '../with-commas.ts'
import { putWhole } from './apply-record.ts'
import type { Draft } from './draft.ts'
import { dropping, notesOfGeneration, storedHead, withBuffered } from './write-observations.ts'

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
    | ChangeOf<'observation-reflect'>
    | ChangeOf<'observation-release'>,
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

const dayOf = (at: string) => at.slice(0, at.indexOf('T'))

/** The head after more tokens were spent on a day. */
function withSpent(head: HeadFields, day: string, tokens: number): HeadFields {
  if (tokens === 0) return head
  const before = head.spent?.day === day ? head.spent.tokens : 0
  return { ...head, spent: { day, tokens: before + tokens } }
}

/** The head with the tokens of a cycle that begins. Refused if the day has no more. */
function charged(
  draft: Draft,
  head: HeadFields,
  { tokens, dailyTokens, isShared = false }: NonNullable<ChangeOf<'observation-begin'>['budget']>,
): HeadFields {
  const day = dayOf(draft.at)
  if (dailyTokens !== undefined) {
    const heads = isShared ? [...draft.view.recordsUnder(headNoun, '')].map(({ value }) => headOf(value)) : [head]
    const used = heads.reduce((sum, { spent }) => sum + (spent?.day === day ? spent.tokens : 0), 0)
    if (used + tokens > dailyTokens) throw overBudget(head.threadId, used, tokens, dailyTokens)
  }
  return withSpent(head, day, tokens)
}

function overBudget(threadId: string, used: number, tokens: number, dailyTokens: number): MemoryError {
  const numbers = [used, tokens, dailyTokens].map(withCommas)
  return new MemoryError('limit-exceeded', {
    message: `Notes of thread ${shown(threadId)} would use ${numbers[1]} tokens; ${numbers[0]} of ${numbers[2]} are used today.`,
    fix: 'Wait until tomorrow (UTC), or raise observationalMemory.dailyTokens.',
    details: { threadId, limit: 'dailyTokens', used, tokens, allowed: dailyTokens },
  })
}

/** Decides the beginning of a cycle: one of a kind at a time, unless its time is over. */
export function applyObservationBegin(draft: Draft, change: ChangeOf<'observation-begin'>): ChangeResult {
  const found = heading(draft, change)
  const at = change.budget === undefined ? found : { ...found, head: charged(draft, found.head, change.budget) }
  const { head, threadId } = at
  const claim = { claim: draft.seq, until: isoTime(msOf(draft.at) + change.leaseMs) }
  if (change.to !== undefined) {
    if ((head.observing?.until ?? '') > draft.at) throw busy(threadId, 'observer', head.observing?.until ?? '')
    return answered(draft, at, { ...head, observing: { ...claim, to: change.to } })
  }
  if ((head.reflecting?.until ?? '') > draft.at) throw busy(threadId, 'reflector', head.reflecting?.until ?? '')
  const { chunk } = currentGeneration(head)
  if (head.active <= chunk) {
    // Another process may have condensed them since they were read.
    throw new MemoryError('conflict', {
      message: `Thread ${shown(threadId)} has no active notes that no reflection holds.`,
      fix: 'Observe it first.',
      details: { threadId },
    })
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
  const isActive = change.activate === true
  const { buffered = [], ...others } = withSpent(moved, dayOf(draft.at), change.spent ?? 0)
  const waiting = isActive ? [] : [...buffered, { chunk, ...span, tokens: change.tokens ?? 0 }]
  return answered(draft, at, { ...others, chunk, active: isActive ? chunk : head.active, ...withBuffered(waiting) })
}

function putNote(draft: Draft, key: string, fields: NoteFields): void {
  const before = draft.view.record(recordName(observationNoun, key))
  putWhole(draft, observationNoun, key, fields, before, { implied: true })
}

/** Decides that buffered chunks are active from now on, or that a reflection which was made ahead is current. */
export function applyObservationActivate(draft: Draft, change: ChangeOf<'observation-activate'>): ChangeResult {
  const at = heading(draft, change)
  const { head, threadId } = at
  if (change.generation !== undefined) {
    const { ahead, ...rest } = head
    if (ahead?.generation !== change.generation) throw lost(threadId, 'reflection')
    return answered(draft, at, { ...rest, reflections: withGeneration(draft, head, ahead) })
  }
  const { chunk: last = head.chunk } = change
  if (last > head.chunk || last < head.active) throw lost(threadId, 'observation')
  const { buffered = [], ...rest } = head
  const waiting = buffered.filter(({ chunk }) => chunk > last)
  return answered(draft, at, { ...rest, active: last, ...withBuffered(waiting) })
}

function removeGeneration(draft: Draft, head: HeadFields, generation: number): void {
  const remove = dropping(draft)
  for (const note of notesOfGeneration(draft, head.created, generation)) remove(note)
}

/** The generations with a new current one. The oldest leave with their words where there are too many. */
function withGeneration(draft: Draft, head: HeadFields, { generation, chunk }: Generation): readonly Generation[] {
  const all = [...head.reflections, { generation, chunk }]
  const kept = all.slice(-draft.limits.observationGenerations)
  for (const old of all.slice(0, all.length - kept.length)) removeGeneration(draft, head, old.generation)
  return kept
}

/** Decides a reflection: a new generation of notes in the place of all that were active when it began. */
export function applyObservationReflect(draft: Draft, change: ChangeOf<'observation-reflect'>): ChangeResult {
  const at = heading(draft, change)
  const { head, threadId } = at
  const { claim, notes, isAhead = false, spent = 0 } = change
  const { reflecting, ahead, ...rest } = head
  if (reflecting?.claim !== claim) throw lost(threadId, 'reflection')
  checkLimit(draft.limits, 'observationsPerChunk', notes.length, 'The reflection')
  const { generation, chunk } = reflecting
  invariant(head.cursor !== null, 'what is reflected on was observed')
  const of = { generation, chunk: 0, after: null, to: head.cursor }
  for (const [index, note] of notes.entries()) {
    const fields = noteFields(draft, note, head, of, index)
    putNote(draft, reflectedNoteKey(head.created, generation, index), fields)
  }
  // What was made ahead before condenses less.
  if (ahead !== undefined) removeGeneration(draft, head, ahead.generation)
  const after = withSpent({ ...rest, generation }, dayOf(draft.at), spent)
  if (isAhead) return answered(draft, at, { ...after, ahead: { generation, chunk } })
  return answered(draft, at, { ...after, reflections: withGeneration(draft, head, { generation, chunk }) })
}

/** Decides that a cycle ended without notes: another may begin at once. */
export function applyObservationRelease(draft: Draft, change: ChangeOf<'observation-release'>): ChangeResult {
  const at = heading(draft, change)
  const { observing, reflecting, ...rest } = at.head
  if (observing?.claim === change.claim) {
    return answered(draft, at, { ...rest, ...(reflecting === undefined ? {} : { reflecting }) })
  }
  if (reflecting?.claim !== change.claim) throw lost(at.threadId, 'cycle')
  return answered(draft, at, { ...rest, ...(observing === undefined ? {} : { observing }) })
}
