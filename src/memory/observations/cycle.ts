/** One cycle: it begins under a claim, makes notes, and commits them unless what it read was changed meanwhile. */
import type { LanguageModelObject } from '../../derive/provider-model.ts'
import { applicationActor } from '../../domain/actor.ts'
import type { Change, ChangeOf, CommitResult } from '../../domain/commit/commit.ts'
import { MemoryError } from '../../domain/error.ts'
import type { Seq } from '../../domain/id.ts'
import { withPeers } from '../../domain/peer-packages.ts'
import { type HeadFields, type NoteInput, noteOf, type Place } from '../../domain/records/observation.ts'
import type { RecordState } from '../../domain/records/record.ts'
import type { ThreadState } from '../../domain/records/thread.ts'
import type { ObservationReport, ResolvedObservation } from '../../ports/observational-memory.ts'
import type { Door } from '../door/door.ts'
import { overheadOf } from './daily-budget.ts'
import { linesOfMessages, linesOfNotes } from './extractor-lines.ts'
import { afterObservation, afterReflection, beforeObservation, beforeReflection, HookError } from './hooks.ts'
import { tokensOfNotes } from './note-tokens.ts'
import type { Made, Observer } from './observer.ts'
import { currentNotes, readHead } from './read-notes.ts'
import type { ExtractedLine, ExtractorRun } from './run-extractors.ts'
import { messagesBehind, sumOf } from './unobserved.ts'

/** Somebody else was first, or changed what the cycle had read. */
export class LostCycle extends Error {}

/** What all cycles of a thread share. */
export interface Cycle {
  /** Commits as the observer. */
  readonly door: Door
  readonly thread: ThreadState
  readonly options: ResolvedObservation
  readonly observer: Observer
  /** The model of the observer; null: rules make the notes. */
  readonly model: LanguageModelObject | null
  readonly report: ObservationReport
}

/** The same space, whose commits are the observer's. */
export function observing(door: Door): Door {
  const access = { ...door.core.access, actor: { ...applicationActor, id: 'observer' } }
  return door.with({ access })
}

/**
 * Commits one change of observations, and what belongs to it, and answers its seq.
 *
 * @throws LostCycle if somebody else was first.
 */
export async function commitAlone(door: Door, change: Change, more: readonly Change[] = []): Promise<Seq> {
  let result: CommitResult
  try {
    result = await door.submit([change, ...more], { background: true })
  } catch (error) {
    if (error instanceof MemoryError && error.code === 'conflict') throw new LostCycle(error.message, { cause: error })
    throw error
  }
  if (result.status === 'committed') return result.seq
  throw new LostCycle('The commit met a conflict.')
}

/** Why a cycle failed; null if it only lost. */
function failureOf(error: unknown): 'model' | 'hook' | 'budget' | null {
  if (error instanceof LostCycle) return null
  if (error instanceof HookError) return 'hook'
  return error instanceof MemoryError && error.details.limit === 'dailyTokens' ? 'budget' : 'model'
}

/** What is reported of failures: never what a provider or a hook said, since that may quote messages. */
const failures: { readonly [Reason in 'model' | 'hook']: string } = {
  model:
    'The model failed, or its answers could not be used. The messages stay in the prompt, and a later turn tries again.',
  hook: 'A hook failed, so nothing was stored. The messages stay in the prompt, and a later turn tries again.',
}

/**
 * Does the work of a claim. If a hook fails, the claim is given back: the next cycle may begin at once. If a model fails, the claim
 * stays until its deadline, so that nobody asks the model again before.
 */
async function underClaim<Result>({ door, thread }: Cycle, claim: Seq, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof HookError) await giveBack(door, thread.id, claim)
    throw error
  }
}

/** Ends a claim. One that cannot be given back, or is gone with its thread, ends by its deadline. */
async function giveBack(door: Door, threadId: string, claim: Seq): Promise<void> {
  try {
    await commitAlone(door, { kind: 'observation-release', threadId, claim })
  } catch (error) {
    // What the caller is told is the failure of the hook.
    if (!(error instanceof LostCycle || error instanceof MemoryError)) throw error
  }
}

/** Runs a cycle, and reports how it went. */
async function reported<Result extends Made & { readonly tokens: number }>(
  { thread, report }: Cycle,
  what: { readonly operation: 'observation' | 'reflection'; readonly isBuffered: boolean; readonly tokens: number },
  work: () => Promise<Result>,
): Promise<Result> {
  const { tokens, ...kind } = what
  const event = { threadId: thread.id, ...kind }
  report({ ...event, type: 'start', tokens })
  try {
    const made = await work()
    const noteTokens = tokensOfNotes(made.notes)
    report({ ...event, type: 'end', tokens: made.tokens, notes: made.notes.length, noteTokens })
    return made
  } catch (error) {
    const reason = failureOf(error)
    if (reason !== null) {
      const message = reason === 'budget' ? (error as MemoryError).message : failures[reason]
      report({ ...event, type: 'failed', reason, message })
    }
    throw error instanceof HookError ? error.cause : error
  }
}

/** The tokens that a cycle is about to use; nothing without a model. */
function budgetOf({ options, observer }: Cycle, read: number): Pick<ChangeOf<'observation-begin'>, 'budget'> {
  if (!observer.isModel) return {}
  const { dailyTokens, scope } = options
  const isShared = scope === 'resource'
  return { budget: { tokens: read, ...(dailyTokens === null ? {} : { dailyTokens }), isShared } }
}

const spentBeyond = (made: Made, reserved: number) => (made.spent > reserved ? { spent: made.spent - reserved } : {})

/** Extractors of a cycle, and how one that is dropped is reported. */
function extractionOf(
  { thread, options, model, report }: Cycle,
  operation: 'observation' | 'reflection',
  isBuffered: boolean,
): ExtractorRun {
  const failed = (message: string) =>
    report({ type: 'failed', threadId: thread.id, operation, isBuffered, reason: 'extractor', message })
  return { extractors: options[operation].extract, model, threadId: thread.id, failed }
}

/** Runs the extractors of a cycle, which are loaded by the first one that has any. */
async function extracting(door: Door, lines: readonly ExtractedLine[], extraction: ExtractorRun) {
  if (extraction.extractors.length === 0) return { changes: [], finish: async () => {} }
  const { runExtractors } = await withPeers(() => import('./run-extractors.ts'))
  return runExtractors(door, lines, extraction)
}

/** What a cycle observes: the messages behind a place, up to another one. */
export interface ObservedSpan {
  readonly after: Place | null
  readonly to: Place
  /** Of its messages, estimated. */
  readonly tokens: number
}

/**
 * Makes one chunk of notes: the messages are read once the claim stands.
 *
 * @param isBuffered Whether the notes are shown later.
 */
export function observeSpan(cycle: Cycle, head: HeadFields, span: ObservedSpan, isBuffered: boolean) {
  const { door, thread, observer } = cycle
  const { limits } = door.core
  const { after, to } = span
  return reported(cycle, { operation: 'observation', isBuffered, tokens: span.tokens }, async () => {
    const reserved = span.tokens + (await overheadOf(cycle, head))
    const begin = { kind: 'observation-begin', threadId: thread.id, to, leaseMs: observer.claimMs } as const
    const claim = await commitAlone(door, { ...begin, ...budgetOf(cycle, reserved) })
    return underClaim(cycle, claim, async () => {
      const { messages } = await messagesBehind(door, thread.id, after, to)
      const earlier = (await currentNotes(door, head)).map(({ value }) => noteOf(value))
      const seen = await beforeObservation(cycle, messages)
      const asked = seen.length === 0 ? { notes: [], spent: 0 } : await observer.observe(seen, earlier)
      const made = { ...asked, notes: asked.notes.slice(0, limits.observationsPerChunk) }
      const notes = await afterObservation(cycle, seen, made.notes)
      const tokens = sumOf(messages)
      const put: Change = { kind: 'observation-put', threadId: thread.id, claim, after, to, notes: [...notes], tokens }
      const extracted = await extracting(door, linesOfMessages(seen), extractionOf(cycle, 'observation', isBuffered))
      const chunk = { ...put, ...(isBuffered ? {} : { activate: true }), ...spentBeyond(made, reserved) }
      await commitAlone(door, chunk, extracted.changes)
      await extracted.finish()
      return { notes, spent: made.spent, messages: messages.length, tokens }
    })
  })
}

/** A note as a reflection takes it over. */
export function asInput({ value }: RecordState): NoteInput {
  const { text, kind, priority, made, saidAt, refersTo, author, trust, from, until } = noteOf(value)
  const more = { ...(refersTo === undefined ? {} : { refersTo }), ...(author === undefined ? {} : { author }) }
  return { text, kind, priority, made, saidAt, ...more, trust, from, until }
}

/** Condenses the current notes of a thread. Answers the new generation, and how many notes it has. */
export async function reflectOn(cycle: Cycle, noteTokens: number, isAhead: boolean) {
  const { door, thread, observer, options } = cycle
  const { limits } = door.core
  let generation = 0
  const { notes } = await reported(
    cycle,
    { operation: 'reflection', isBuffered: isAhead, tokens: noteTokens },
    async () => {
      const reserved = noteTokens + observer.questionTokens
      const begin = { kind: 'observation-begin', threadId: thread.id, leaseMs: observer.claimMs } as const
      const claim = await commitAlone(door, { ...begin, ...budgetOf(cycle, reserved) })
      return underClaim(cycle, claim, async () => {
        const head = await readHead(door, thread)
        if (head?.reflecting?.claim !== claim) throw new LostCycle('What was observed was taken back.')
        generation = head.reflecting.generation
        const most = Math.ceil(Math.min(noteTokens, options.reflection.observationTokens) / 2)
        const notes = await beforeReflection(cycle, (await currentNotes(door, head)).map(asInput))
        const asked = notes.length === 0 ? { notes: [], spent: 0 } : await observer.reflect(notes, most)
        const made = { ...asked, notes: asked.notes.slice(0, limits.observationsPerChunk) }
        const kept = await afterReflection(cycle, made.notes)
        const put: Change = { kind: 'observation-reflect', threadId: thread.id, claim, notes: [...kept] }
        const extraction = extractionOf(cycle, 'reflection', isAhead)
        const lines = extraction.extractors.length === 0 ? [] : await linesOfNotes(door, thread.id, notes)
        const extracted = await extracting(door, lines, extraction)
        const reflection = { ...put, ...(isAhead ? { isAhead } : {}), ...spentBeyond(made, reserved) }
        await commitAlone(door, reflection, extracted.changes)
        await extracted.finish()
        return { notes: kept, spent: made.spent, tokens: noteTokens }
      })
    },
  )
  return { generation, notes: notes.length }
}
