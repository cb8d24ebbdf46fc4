/** Makes notes ready before a turn: what was made ahead is shown, and a turn waits where too much has no notes yet. */
import type { LanguageModelObject } from '../../derive/provider-model.ts'
import { after, whenAborted } from '../../domain/detached.ts'
import type { HeadFields } from '../../domain/records/observation.ts'
import type { ThreadState } from '../../domain/records/thread.ts'
import { msOf } from '../../domain/time.ts'
import type { ObservationReport, ResolvedObservation } from '../../ports/observational-memory.ts'
import type { Door } from '../door/door.ts'
import { activateChunks } from './activate.ts'
import { countNotes } from './count-notes.ts'
import { countUnobserved } from './count-unobserved.ts'
import { LostCycle, observing } from './cycle.ts'
import { KeptByThread } from './kept-by-thread.ts'
import { hasNew, observeThread } from './observe.ts'
import { readHead } from './read-notes.ts'

/** How often a turn that waits for another process looks, milliseconds. */
const lookMs = 50

interface Request {
  readonly options: ResolvedObservation
  readonly model: LanguageModelObject | null
  readonly report: ObservationReport
  readonly signal: AbortSignal | undefined
}

/** A thread as it stands before a turn. */
interface Standing {
  readonly thread: ThreadState
  readonly head: HeadFields | null
  /** Of the messages without notes in the prompt, estimated. */
  readonly tokens: number
}

async function standing(door: Door, threadId: string): Promise<Standing | null> {
  const { record: thread } = await door.threads.get(threadId)
  if (thread === null) return null
  const head = await readHead(door, thread)
  return { thread, head, tokens: await countUnobserved(door, thread, head) }
}

/** Messages that are read to find when a thread was last at work: those of the turn that begins come first. */
const newestRead = 8

/** How long ago a thread said something before the turn that begins; 0 if that is not known. */
async function restedMs(door: Door, threadId: string): Promise<number> {
  const all = { after: null, asOf: null, offset: 0, from: null, to: null } as const
  const { items } = await door.messages.list({ threadId, direction: 'desc', limit: newestRead, ...all })
  const last = items.find(({ message }) => message.turnStatus !== 'open')
  return last === undefined ? 0 : door.core.storage.clock.now() - msOf(last.message.createdAt)
}

/** How many tokens of messages the notes that were made ahead should replace now. */
async function tokensDue(door: Door, { thread, tokens }: Standing, options: ResolvedObservation): Promise<number> {
  const { messageTokens, bufferActivation } = options.observation
  const { activateAfterIdleMs } = options
  const isRested = activateAfterIdleMs !== null && (await restedMs(door, thread.id)) >= activateAfterIdleMs
  if (isRested) return Number.POSITIVE_INFINITY
  return tokens < messageTokens ? 0 : tokens - messageTokens * (1 - bufferActivation)
}

/** Shows notes that were made ahead, where they are due. */
async function activate(door: Door, found: Standing, { options, report }: Request): Promise<Standing | null> {
  const { head, thread } = found
  if (head?.buffered === undefined) return found
  const tokens = await tokensDue(door, found, options)
  if (tokens <= 0) return found
  try {
    await activateChunks({ door: observing(door), thread, report }, head, tokens)
  } catch (error) {
    // Another process shows them, or they were taken back.
    if (!(error instanceof LostCycle)) throw error
  }
  return standing(door, thread.id)
}

/** Ends at a time, or when a signal aborts. */
function limited(ms: number, signals: readonly AbortSignal[]) {
  const over = Promise.withResolvers<void>()
  const timer = after(ms, over.resolve, over.reject)
  const stopListening = whenAborted(signals, over.resolve, over.reject)
  const stop = () => {
    timer.stop()
    stopListening()
  }
  return { over: over.promise, stop }
}

/** What a turn waits for: notes of messages, or fewer notes. */
type Awaited = 'observation' | 'reflection'

/** What a thread has too much of for a turn; null if a turn may begin. */
async function tooMuch(door: Door, { thread, head, tokens }: Standing, options: ResolvedObservation) {
  if (tokens > options.observation.blockAfter) return 'observation'
  // Notes that are condensed already become fewer only once there are new ones.
  if (head === null || !hasNew(head)) return null
  return (await countNotes(door, thread, head)) > options.reflection.blockAfter ? 'reflection' : null
}

/** Waits until another process has done the work, or `isOver`. */
async function looked(door: Door, threadId: string, options: ResolvedObservation, isOver: () => boolean) {
  while (!isOver()) {
    const found = await standing(door, threadId)
    if (found === null || (await tooMuch(door, found, options)) === null) return true
    const pause = limited(lookMs, [])
    await pause.over
    pause.stop()
  }
  return false
}

/** Until when the next turns do not wait, for threads of which a turn waited in vain. */
const inVain = new KeptByThread<Readonly<Partial<Record<Awaited, number>>>>()

/** A model that fails would hold up each turn: the next ones wait again once its claim is over. */
function waitedInVain(door: Door, thread: ThreadState, operation: Awaited): void {
  const { storage, limits } = door.core
  const until = storage.clock.now() + 2 * limits.modelTimeoutMs
  inVain.set(door, thread, { ...inVain.get(door, thread), [operation]: until })
}

function mayWait(door: Door, thread: ThreadState, operation: Awaited): boolean {
  return door.core.storage.clock.now() >= (inVain.get(door, thread)?.[operation] ?? 0)
}

/** Makes notes, or fewer, while the turn waits, at most so long. The work goes on if the turn does not wait for it any more. */
async function wait(door: Door, thread: ThreadState, operation: Awaited, request: Request): Promise<void> {
  const { options, model, report, signal } = request
  const { storage } = door.core
  const began = performance.now()
  const time = limited(options.maxWaitMs, [storage.closing, ...(signal === undefined ? [] : [signal])])
  let isLate = false
  const late = time.over.then(() => {
    isLate = true
    return false
  })
  const work = observeThread(door, thread, { options, model, isAll: false, report }).then(
    ({ status }) => status !== 'busy' || looked(door, thread.id, options, () => isLate),
    // The report says so.
    () => false,
  )
  storage.hold(work, true)
  const isDone = await Promise.race([work, late])
  time.stop()
  if (!isDone) waitedInVain(door, thread, operation)
  report({ type: 'waited', threadId: thread.id, operation, ms: Math.round(performance.now() - began), isDone })
}

/** Makes notes of a thread ready for a turn of it. Waits at most `options.maxWaitMs`, and never for the turn itself. */
export async function readyForTurn(door: Door, threadId: string, request: Request): Promise<void> {
  const before = await standing(door, threadId)
  const found = before === null ? null : await activate(door, before, request)
  const operation = found === null ? null : await tooMuch(door, found, request.options)
  if (found === null || operation === null) return
  if (mayWait(door, found.thread, operation)) await wait(door, found.thread, operation, request)
}
