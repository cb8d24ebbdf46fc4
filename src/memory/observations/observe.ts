/** Which cycles a thread needs: what is observed next, what becomes active, and when notes are condensed further. */
import type { LanguageModelObject } from '../../derive/provider-model.ts'
import { type HeadFields, newHead, type Place, type Span } from '../../domain/records/observation.ts'
import type { ThreadState } from '../../domain/records/thread.ts'
import type { ObservationReport, ResolvedObservation } from '../../ports/observational-memory.ts'
import type { Door } from '../door/door.ts'
import { activateChunks, activateReflection } from './activate.ts'
import { countNotes } from './count-notes.ts'
import { countUnobserved } from './count-unobserved.ts'
import { type Cycle, LostCycle, type ObservedSpan, observeSpan, observing, reflectOn } from './cycle.ts'
import { batchTokens } from './daily-budget.ts'
import { InTurn } from './in-turn.ts'
import { observerOf } from './observer.ts'
import { readHead } from './read-notes.ts'
import { messagesBehind, type ObservableMessage, placeOfMessage, sumOf } from './unobserved.ts'

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

/** The last of the leading messages that have so many tokens together; at least the first. */
function endOfBatch(messages: readonly ObservableMessage[], tokens: number): number {
  let sum = 0
  const over = messages.findIndex((message) => {
    sum += message.tokens
    return sum > tokens
  })
  return over < 0 ? messages.length - 1 : Math.max(0, over - 1)
}

/** How many of the messages are observed at the threshold: all but the newest ones. */
function countDue(messages: readonly ObservableMessage[], { observation }: ResolvedObservation): number {
  const { messageTokens, bufferActivation } = observation
  if (sumOf(messages) < messageTokens) return 0
  let left = messageTokens * (1 - bufferActivation)
  let count = messages.length
  for (; count > 0; count--) {
    left -= (messages[count - 1] as ObservableMessage).tokens
    if (left < 0) return count
  }
  return count
}

/** What the next cycle observes. */
interface Due extends ObservedSpan {
  /** Whether its notes are shown later. */
  readonly isBuffered: boolean
}

/** A span that was taken back: up to its end, or to the last message before an open turn; null while there is none. */
async function dueOfSpan(door: Door, threadId: string, span: Span, most: number): Promise<ObservedSpan | null> {
  const { messages, meetsOpenTurn } = await messagesBehind(door, threadId, span.after, span.to)
  const end = endOfBatch(messages, most)
  const last = messages[end]
  const tokens = sumOf(messages.slice(0, end + 1))
  const isRest = !meetsOpenTurn && end >= messages.length - 1
  if (isRest) return { ...span, tokens }
  return last === undefined ? null : { after: span.after, to: placeOfMessage(last), tokens }
}

/** The leading messages that become one chunk; null for none. */
function chunkOf(messages: readonly ObservableMessage[], after: Place | null, most: number): ObservedSpan | null {
  const end = endOfBatch(messages, most)
  const last = messages[end]
  if (last === undefined) return null
  return { after, to: placeOfMessage(last), tokens: sumOf(messages.slice(0, end + 1)) }
}

/** Tokens of the messages whose notes are not shown yet. */
const bufferedTokens = ({ buffered = [] }: HeadFields) => sumOf(buffered)

/** What is due: first what was taken back, then what is new, if there is enough of it. */
async function nextDue(cycle: Cycle, head: HeadFields, isAll: boolean): Promise<Due | null> {
  const { door, thread, options } = cycle
  const { threadId, again, cursor } = head
  const { bufferTokens, messageTokens } = options.observation
  const waits = !isAll && head.buffered !== undefined
  for (const span of again) {
    const due = await dueOfSpan(door, threadId, span, await batchTokens(cycle, head))
    if (due !== null) return { ...due, isBuffered: waits }
  }
  const least = Math.min(bufferTokens ?? Number.POSITIVE_INFINITY, messageTokens)
  // Most turns say too little: then their messages are not read again.
  if (!isAll && (await countUnobserved(door, thread, head)) - bufferedTokens(head) < least) return null
  const { messages } = await messagesBehind(door, threadId, cursor)
  const largest = await batchTokens(cycle, head)
  const due = (most: number, isBuffered: boolean, from = messages): Due | null => {
    const chunk = chunkOf(from, cursor, most)
    return chunk === null ? null : { ...chunk, isBuffered }
  }
  if (isAll) return due(largest, false)
  if (bufferTokens !== null && sumOf(messages) >= bufferTokens) {
    return due(Math.min(largest, bufferTokens), true)
  }
  if (bufferTokens === null || (head.buffered === undefined && sumOf(messages) >= messageTokens)) {
    return due(largest, false, messages.slice(0, countDue(messages, options)))
  }
  return null
}

/** Condenses notes where they are too many, or makes that ahead. Answers the new generation; null if there is none. */
async function reflectIfDue(
  cycle: Cycle,
  isAll: boolean,
  isAsked = false,
): Promise<{ readonly generation: number; readonly notes: number } | null> {
  const { door, thread, options } = cycle
  const { observationTokens, bufferActivation } = options.reflection
  const head = await readHead(door, thread)
  // A generation is not condensed again before something was observed after it.
  if (head === null || !hasNew(head)) return null
  const tokens = await countNotes(door, thread, head)
  if (tokens > 0 && (isAsked || tokens > observationTokens)) {
    const activated = isAll ? null : await activateReflection(cycle, head, tokens)
    return activated ?? reflectOn(cycle, tokens, false)
  }
  const isAhead = !isAll && bufferActivation < 1 && tokens > observationTokens * bufferActivation
  if (isAhead && tokens > 0 && head.ahead === undefined) await reflectOn(cycle, tokens, true)
  return null
}

/** Whether something was observed that no reflection condenses. */
export function hasNew({ active, reflections }: HeadFields): boolean {
  return active > (reflections.at(-1)?.chunk ?? 0)
}

/** How to observe a thread. */
interface ObserveRequest {
  readonly options: ResolvedObservation
  /** Makes the notes; null: rules do. */
  readonly model: LanguageModelObject | null
  /** Whether to observe everything and show it at once, also below the threshold. */
  readonly isAll: boolean
  readonly report: ObservationReport
}

/** Makes buffered chunks active: all of them, or as many as the threshold asks for. */
async function activateDue(cycle: Cycle, isAll: boolean): Promise<void> {
  const { door, thread, options } = cycle
  const head = await readHead(door, thread)
  if (head?.buffered === undefined) return
  if (isAll) {
    await activateChunks(cycle, head, Number.POSITIVE_INFINITY)
    return
  }
  const { messageTokens, bufferActivation } = options.observation
  if ((await countUnobserved(door, thread, head)) < messageTokens) return
  const fresh = sumOf((await messagesBehind(door, thread.id, head.cursor)).messages)
  const all = fresh + bufferedTokens(head)
  if (all >= messageTokens) await activateChunks(cycle, head, all - messageTokens * (1 - bufferActivation))
}

/**
 * Observes what a thread has said since it was last observed, then condenses its notes if they have become too many.
 *
 * @throws MemoryError `unavailable` if the model fails, or its answers cannot be used; `limit-exceeded` if the tokens of the day
 *   are used up; what a hook throws. Nothing of that cycle is stored.
 */
export function observeThread(space: Door, thread: ThreadState, request: ObserveRequest): Promise<ObservedThread> {
  const name = `${thread.createdSeq}/${space.id}`
  return cycles.run(space.core.storage, name, String(request.isAll), () => runCycles(space, thread, request))
}

/** Cycles of one process on one thread follow each other. */
const cycles = new InTurn<ObservedThread>()

async function runCycles(
  space: Door,
  thread: ThreadState,
  { options, model, isAll, report }: ObserveRequest,
): Promise<ObservedThread> {
  const observer = await observerOf(space.core, model, options)
  const cycle: Cycle = { door: observing(space), thread, options, observer, model, report }
  let messages = 0
  let notes = 0
  try {
    for (;;) {
      const head = (await readHead(cycle.door, thread)) ?? newHead(thread)
      const due = await nextDue(cycle, head, isAll)
      if (due === null) break
      const made = await observeSpan(cycle, head, due, due.isBuffered)
      messages += made.messages
      notes += made.notes.length
      if (!isAll) await activateDue(cycle, false)
    }
    await activateDue(cycle, isAll)
    const reflected = await reflectIfDue(cycle, isAll)
    return { status: 'complete', messages, notes, reflected: reflected?.generation ?? null }
  } catch (error) {
    if (!(error instanceof LostCycle)) throw error
    return { status: 'busy', messages, notes, reflected: null }
  }
}

/**
 * Condenses the notes of a thread, also if they are few.
 *
 * @throws MemoryError `unavailable` if the model fails, or its answers cannot be used; `limit-exceeded` if the tokens of the day
 *   are used up; what a hook throws. Nothing of that cycle is stored.
 */
export async function reflectThread(
  space: Door,
  thread: ThreadState,
  { options, model, report }: Omit<ObserveRequest, 'isAll'>,
): Promise<ReflectedThread> {
  const observer = await observerOf(space.core, model, options)
  try {
    const made = await reflectIfDue({ door: observing(space), thread, options, observer, model, report }, true, true)
    return { status: 'complete', generation: made?.generation ?? null, notes: made?.notes ?? 0 }
  } catch (error) {
    if (!(error instanceof LostCycle)) throw error
    return { status: 'busy', generation: null, notes: 0 }
  }
}
