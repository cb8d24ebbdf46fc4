/** Cycles that observe a thread and reflect on its notes. What several processes do at once is settled at the door. */
import { estimateTokenCount } from 'tokenx'
import type { LanguageModelObject } from '../../derive/provider-model.ts'
import { applicationActor } from '../../domain/actor.ts'
import type { Change, CommitResult } from '../../domain/commit/commit.ts'
import { MemoryError } from '../../domain/error.ts'
import type { Seq } from '../../domain/id.ts'
import {
  currentGeneration,
  type HeadFields,
  type NoteInput,
  newHead,
  noteOf,
  type Place,
  type Span,
} from '../../domain/records/observation.ts'
import type { RecordState } from '../../domain/records/record.ts'
import type { ThreadState } from '../../domain/records/thread.ts'
import type { NoteExtractor, ObservationReport, ResolvedObservation } from '../../ports/observational-memory.ts'
import { notesText } from '../../recall/text/notes-text.ts'
import type { Door } from '../door/door.ts'
import { linesOfMessages, linesOfNotes } from './extractor-lines.ts'
import { type Observer, observerOf } from './observer.ts'
import { currentNotes, readHead } from './read-notes.ts'
import { type ExtractorRun, runExtractors } from './run-extractors.ts'
import { messagesBehind, type ObservableMessage, placeOfMessage } from './unobserved.ts'

/** What a call of `observe` did. */
export interface ObservedThread {
  /**
   * `complete`: nothing is left to do for now. `busy`: another process observes the thread, or somebody changed what was being
   * observed; what was left is observed the next time.
   */
  readonly status: 'complete' | 'busy'
  /** Messages that were observed by this call. */
  readonly messages: number
  /** Notes that were made of them. */
  readonly notes: number
  /** The new generation, if notes were condensed into one; null if not. */
  readonly reflected: number | null
}

/** What a call of `reflect` did. */
export interface ReflectedThread {
  /** `busy`: another process condenses the notes, or what they say was changed meanwhile. */
  readonly status: 'complete' | 'busy'
  /** The new generation; null if nothing was noted since the last one. */
  readonly generation: number | null
  /** The notes that it has. */
  readonly notes: number
}

class Lost extends Error {}

/** A door that commits as the observer. */
function observing(door: Door): Door {
  const access = { ...door.core.access, actor: { ...applicationActor, id: 'observer' } }
  return door.with({ access })
}

/** Commits one change of observations, and what belongs to it, and answers its seq. */
async function commit(door: Door, change: Change, more: readonly Change[] = []): Promise<Seq> {
  let result: CommitResult
  try {
    result = await door.submit([change, ...more], { background: true })
  } catch (error) {
    if (error instanceof MemoryError && error.code === 'conflict') throw new Lost(error.message, { cause: error })
    throw error
  }
  if (result.status === 'committed') return result.seq
  throw new Lost('The commit met a conflict.')
}

/** One chunk: the messages behind a place, up to another, are read once the claim stands. */
async function observeSpan(
  door: Door,
  observer: Observer,
  head: HeadFields,
  { after, to }: Due,
  extraction: ExtractorRun,
): Promise<{ messages: number; tokens: number; notes: number; noteTokens: number }> {
  const { threadId } = head
  const claim = await commit(door, { kind: 'observation-begin', threadId, to, leaseMs: observer.claimMs })
  const { messages } = await messagesBehind(door, threadId, after, to)
  const earlier = (await currentNotes(door, head)).map(({ value }) => noteOf(value))
  const notes = (await observer.observe(messages, earlier)).slice(0, door.core.limits.observationsPerChunk)
  const put: Change = { kind: 'observation-put', threadId, claim, after, to, notes: [...notes], activate: true }
  const extracted = await runExtractors(door, linesOfMessages(messages), extraction)
  await commit(door, put, extracted.changes)
  await extracted.finish()
  const noteTokens = notes.reduce((sum, { text }) => sum + estimateTokenCount(text), 0)
  return { messages: messages.length, tokens: sumOf(messages), notes: notes.length, noteTokens }
}

/** The last of the leading messages that have so many tokens together; at least the first. */
function endOfBatch(messages: readonly ObservableMessage[], tokens: number): number {
  let sum = 0
  const over = messages.findIndex((message) => {
    sum += message.tokens
    return sum > tokens
  })
  return over < 0 ? messages.length - 1 : Math.max(0, over - 1)
}

const sumOf = (messages: readonly ObservableMessage[]) => messages.reduce((sum, { tokens }) => sum + tokens, 0)

/** How many of the messages are observed now: none below the threshold, otherwise all but the newest ones. */
function countDue(messages: readonly ObservableMessage[], options: ResolvedObservation, isAll: boolean): number {
  if (isAll) return messages.length
  const { messageTokens, bufferActivation } = options.observation
  if (sumOf(messages) < messageTokens) return 0
  let left = messageTokens * (1 - bufferActivation)
  let count = messages.length
  for (; count > 0; count--) {
    left -= (messages[count - 1] as ObservableMessage).tokens
    if (left < 0) return count
  }
  return count
}

/** A note as a reflection takes it over. */
export function asInput({ value }: RecordState): NoteInput {
  const { text, kind, priority, made, saidAt, refersTo, author, trust, from, until } = noteOf(value)
  const more = { ...(refersTo === undefined ? {} : { refersTo }), ...(author === undefined ? {} : { author }) }
  return { text, kind, priority, made, saidAt, ...more, trust, from, until }
}

/** The tokens of notes as a prompt shows them, estimated. */
function tokensOfNotes(notes: readonly RecordState[]): number {
  return estimateTokenCount(notesText(notes.map(({ value }) => noteOf(value))))
}

/** Condenses the current notes if they are too many, or if it is asked for. Answers the new generation; null if there was no need. */
async function reflect(
  door: Door,
  observer: Observer,
  thread: ThreadState,
  { options: { reflection }, model, report }: Omit<ObserveRequest, 'isAll'>,
  isAsked = false,
): Promise<{ readonly generation: number; readonly notes: number } | null> {
  const before = await readHead(door, thread)
  // A generation is not condensed again before something was observed after it.
  if (before === null || before.active <= currentGeneration(before).chunk) return null
  const many = tokensOfNotes(await currentNotes(door, before))
  if (many === 0 || !(isAsked || many > reflection.observationTokens)) return null
  const claim = await commit(door, { kind: 'observation-begin', threadId: thread.id, leaseMs: observer.claimMs })
  const head = (await readHead(door, thread)) ?? before
  const tokens = Math.min(many, reflection.observationTokens) * (1 - reflection.bufferActivation)
  const notes = (await currentNotes(door, head)).map(asInput)
  const kept = (await observer.reflect(notes, tokens)).slice(0, door.core.limits.observationsPerChunk)
  const extraction = extractionOf({ model, report }, thread.id, 'reflection', reflection.extract)
  const lines = extraction.extractors.length === 0 ? [] : await linesOfNotes(door, thread.id, notes)
  const extracted = await runExtractors(door, lines, extraction)
  const change: Change = { kind: 'observation-reflect', threadId: thread.id, claim, notes: [...kept] }
  await commit(door, change, extracted.changes)
  await extracted.finish()
  return { generation: head.reflecting?.generation ?? head.generation + 1, notes: kept.length }
}

/** Extractors of a cycle, and how one that is dropped is reported. */
function extractionOf(
  { model, report }: Pick<ObserveRequest, 'model' | 'report'>,
  threadId: string,
  operation: 'observation' | 'reflection',
  extractors: readonly NoteExtractor[],
): ExtractorRun {
  const failed = (message: string) =>
    report({ type: 'failed', threadId, operation, isBuffered: false, reason: 'extractor', message })
  return { extractors, model, threadId, failed }
}

/** What the next cycle observes. */
interface Due {
  readonly after: Place | null
  readonly to: Place
}

/** A span that was taken back: up to its end, or to the last message before an open turn; null while there is none. */
async function dueOfSpan(door: Door, threadId: string, span: Span, tokens: number): Promise<Due | null> {
  const { messages, meetsOpenTurn } = await messagesBehind(door, threadId, span.after, span.to)
  const end = endOfBatch(messages, tokens)
  const last = messages[end]
  const isRest = !meetsOpenTurn && end >= messages.length - 1
  if (isRest) return span
  return last === undefined ? null : { after: span.after, to: placeOfMessage(last) }
}

/** What is due: first what was taken back, then what is new, if there is enough of it. */
async function nextDue(
  door: Door,
  head: HeadFields,
  options: ResolvedObservation,
  isAll: boolean,
): Promise<Due | null> {
  const { threadId, again, cursor } = head
  const { maxTokensPerBatch } = options.observation
  for (const span of again) {
    const due = await dueOfSpan(door, threadId, span, maxTokensPerBatch)
    if (due !== null) return due
  }
  const { messages } = await messagesBehind(door, threadId, cursor)
  const fresh = messages.slice(0, countDue(messages, options, isAll))
  const last = fresh[endOfBatch(fresh, maxTokensPerBatch)]
  return last === undefined ? null : { after: cursor, to: placeOfMessage(last) }
}

/** How to observe a thread. */
interface ObserveRequest {
  readonly options: ResolvedObservation
  /** Makes the notes; null: rules do. */
  readonly model: LanguageModelObject | null
  /** Whether to observe everything, also below the threshold. */
  readonly isAll: boolean
  readonly report: ObservationReport
}

/**
 * Observes what a thread has said since it was last observed, then condenses its notes if they have become too many.
 *
 * @throws MemoryError `unavailable` if the model fails, or two of its answers cannot be used. Nothing of that cycle is stored.
 */
export async function observeThread(
  space: Door,
  thread: ThreadState,
  { options, model, isAll, report }: ObserveRequest,
): Promise<ObservedThread> {
  const door = observing(space)
  const observer = await observerOf(space.core, model)
  const extraction = extractionOf({ model, report }, thread.id, 'observation', options.observation.extract)
  let messages = 0
  let notes = 0
  try {
    for (;;) {
      const head = (await readHead(door, thread)) ?? newHead(thread)
      const due = await nextDue(door, head, options, isAll)
      if (due === null) break
      const made = await observeSpan(door, observer, head, due, extraction)
      const event = { threadId: thread.id, operation: 'observation', isBuffered: false } as const
      report({ ...event, type: 'end', tokens: made.tokens, notes: made.notes, noteTokens: made.noteTokens })
      messages += made.messages
      notes += made.notes
    }
    const reflected = await reflect(door, observer, thread, { options, model, report })
    return { status: 'complete', messages, notes, reflected: reflected?.generation ?? null }
  } catch (error) {
    if (!(error instanceof Lost)) throw error
    return { status: 'busy', messages, notes, reflected: null }
  }
}

/**
 * Condenses the notes of a thread, also if they are few.
 *
 * @throws MemoryError `unavailable` if the model fails, or two of its answers cannot be used. Nothing of that cycle is stored.
 */
export async function reflectThread(
  space: Door,
  thread: ThreadState,
  request: Omit<ObserveRequest, 'isAll'>,
): Promise<ReflectedThread> {
  try {
    const made = await reflect(observing(space), await observerOf(space.core, request.model), thread, request, true)
    return { status: 'complete', generation: made?.generation ?? null, notes: made?.notes ?? 0 }
  } catch (error) {
    if (!(error instanceof Lost)) throw error
    return { status: 'busy', generation: null, notes: 0 }
  }
}
