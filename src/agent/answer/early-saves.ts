/**
 * The saves of an answer before its steps end: a call is stored before its tool runs. Calls of one step that start together
 * are saved together.
 */
import { nextTurn } from '../../domain/detached.ts'
import type { StartingCall } from '../steps/call-steps.ts'

/** Calls that start with one save. */
export interface Batch {
  readonly calls: readonly StartingCall[]
  readonly saved: () => void
  readonly refused: (error: unknown) => void
}

/** How calls are stored before their tools run. */
interface EarlyWork {
  /** Asks for a save of all that has been streamed so far. */
  readonly save: (batch: Batch) => void
  /** Stores only that a call starts. */
  readonly start: (call: StartingCall) => Promise<void>
}

/** A chunk of the answer as the AI SDK streams it to clients. */
interface Chunk {
  readonly type: string
  readonly toolCallId?: string
  readonly preliminary?: boolean
}

const outcomes = new Set(['tool-output-available', 'tool-output-error', 'tool-output-denied'])

export class EarlySaves {
  readonly #work: EarlyWork
  /** The ids of calls that were stored before; null if none is waited for. */
  readonly #stored: ReadonlySet<string> | null
  readonly #seen: Set<string>
  #seeing: { readonly toolCallId: string; readonly resolve: () => void; readonly reject: (error: unknown) => void }[] =
    []
  #starting: StartingCall[] = []
  #batch: PromiseWithResolvers<void> | null = null
  /** Calls whose tools run. */
  readonly #running = new Set<string>()
  #over: Error | null = null
  /** Whether a save of results is on its way, and whether more have come since. */
  #isSaving = false
  #hasResults = false

  /**
   * @param stored The ids of calls that are stored already; null if calls are not waited for, because what the stream
   *   shows of them is decided later.
   */
  constructor(stored: Iterable<string> | null, work: EarlyWork) {
    this.#stored = stored === null ? null : new Set(stored)
    this.#seen = new Set(this.#stored)
    this.#work = work
  }

  /**
   * Resolves when the start of a call is stored, with everything before it.
   *
   * @throws MemoryError if the memory refuses it.
   */
  async begin(call: StartingCall): Promise<void> {
    const { toolCallId } = call
    if (this.#over !== null) throw this.#over
    if (this.#stored === null || this.#stored.has(toolCallId)) {
      // Each by itself: one whose input was changed since must not keep the others from running.
      await this.#work.start(call)
    } else {
      await this.#sees(toolCallId)
      this.#starting.push(call)
      this.#batch ??= this.#gather()
      await this.#batch.promise
    }
    this.#running.add(toolCallId)
  }

  /** Calls that start in the same turn of the event loop are saved together. */
  #gather(): PromiseWithResolvers<void> {
    const batch = Promise.withResolvers<void>()
    nextTurn(() => {
      const calls = this.#starting.splice(0)
      this.#batch = null
      if (this.#over !== null) throw this.#over
      this.#work.save({ calls, saved: batch.resolve, refused: batch.reject })
    }, batch.reject)
    return batch
  }

  #sees(toolCallId: string): Promise<void> {
    if (this.#seen.has(toolCallId)) return Promise.resolve()
    return new Promise((resolve, reject) => this.#seeing.push({ toolCallId, resolve, reject }))
  }

  /** Looks at a chunk that has become part of the answer. The result of a tool is saved while others still run. */
  saw({ type, toolCallId, preliminary }: Chunk): void {
    if (toolCallId === undefined) return
    if (type === 'tool-input-available' && !this.#seen.has(toolCallId)) {
      this.#seen.add(toolCallId)
      for (const { resolve } of this.#seeing.filter((one) => one.toolCallId === toolCallId)) resolve()
      this.#seeing = this.#seeing.filter((one) => one.toolCallId !== toolCallId)
    }
    if (!outcomes.has(type) || preliminary === true) return
    const othersRun = this.#running.delete(toolCallId) && this.#running.size > 0
    if (othersRun && this.#stored !== null) this.#saveResults()
  }

  /** Results that come during one save are saved by the next, together. */
  #saveResults(): void {
    this.#hasResults = this.#isSaving
    if (this.#isSaving) return
    this.#isSaving = true
    const saved = () => {
      this.#isSaving = false
      if (this.#hasResults) this.#saveResults()
    }
    this.#work.save({ calls: [], saved, refused: () => {} })
  }

  /** The answer is over: no call starts any more. */
  end(): void {
    this.#over = new Error('The answer was over before the call of a tool could be stored.')
    for (const { reject } of this.#seeing.splice(0)) reject(this.#over)
  }
}
