/** The storage of a Memory: opened at first use, shared by all its actors, closed with it. */

import { guardStorage } from '../../access/guard.ts'
import type { Indexer } from '../../derive/indexer.ts'
import type { LanguageModelObject } from '../../derive/provider-model.ts'
import type { SpaceId } from '../../domain/id.ts'
import { defaultLimits } from '../../domain/limits.ts'
import { type Clock, checkedClock, systemClock } from '../../ports/clock.ts'
import type { LateStorage } from '../../ports/late-storage.ts'
import type { Storage } from '../../ports/storage.ts'
import type { MemoryOptions } from '../options/options.ts'
import { randomId } from '../options/random-id.ts'
import type { MemoryModels } from './background.ts'
import { Eraser } from './erasure.ts'
import { HeldWork } from './held-work.ts'
import { LateChoice } from './late-storage.ts'
import { LogTails } from './log-tails.ts'
import { type OpenedMemory, openStorage } from './open-storage.ts'
import { notedStorage } from './run-notes.ts'
import { closedMemory } from './storage-errors.ts'
import { Sweeper } from './sweeper.ts'

export class MemoryStorage {
  readonly #options: MemoryOptions
  readonly #closing = new AbortController()
  readonly #held = new HeldWork()
  #ending: Promise<void> | null = null
  #opening: Promise<OpenedMemory> | null = null
  #open: Storage | null = null
  #models: MemoryModels | null = null
  readonly #late: LateChoice
  #sweeper: Sweeper | null = null
  #indexer: Indexer | null = null
  #eraser: Eraser | null = null

  constructor(options: MemoryOptions) {
    this.#options = options
    this.#late = new LateChoice(options.durability)
  }

  /** Spaces with words that this process has queued and that no model has processed yet. */
  readonly waiting = new Set<SpaceId>()

  /** The logs that feeds follow. */
  readonly tails = new LogTails()

  /** Aborted when the memory closes: feeds end then. */
  get closing(): AbortSignal {
    return this.#closing.signal
  }

  /** Aborted when the memory closes and its held work did not end in time. */
  get stopping(): AbortSignal {
    return this.#held.stopping
  }

  /**
   * Keeps the memory open for a piece of work, such as an agent's turn: closing waits until it has ended in any way.
   *
   * @param isBackground Whether nobody waits for its answer, so that `settled` does. Default: false.
   */
  hold(work: Promise<unknown>, isBackground = false): void {
    this.#held.add(work, isBackground)
  }

  /** Waits for the held work in the background that has begun by now, such as the notes of a thread. */
  heldSettled(): Promise<void> {
    return this.#held.settled()
  }

  /**
   * Sets the storage of a memory that was made without one. A memory with its own storage keeps it.
   *
   * @throws MemoryError `conflict` if it has another storage already; `invalid-input` if it states a durability, which
   *   goes with a storage of its own.
   */
  bind(late: LateStorage): void {
    if (this.#options.storage === undefined) this.#late.bind(late)
  }

  /** The open storage: at once if it is open, otherwise as soon as it is. */
  get(): Storage | Promise<Storage> {
    if (this.#closing.signal.aborted) throw closedMemory()
    return this.#open ?? this.#openOnce()
  }

  async #openOnce(): Promise<Storage> {
    this.#opening ??= openStorage(this.#options, this.#late, this.clock)
    try {
      const { storage, models } = await this.#opening
      const { startIndexer } = await import('./background.ts')
      if (this.#closing.signal.aborted) throw closedMemory()
      if (this.#open === null) {
        this.#open = notedStorage(guardStorage(storage))
        this.#models = models
        if (this.#options.background !== false) {
          this.#sweeper = new Sweeper(this.#open)
          this.#eraser = new Eraser(this.#open)
        }
        this.#indexer = startIndexer(this.#open, models.embedder, this.#options, randomId())
      }
      return this.#open
    } catch (error) {
      if (this.#open === null) this.#opening = null
      throw error
    }
  }

  /** The embedder of written texts; null with `embedder: false`. */
  async indexer(): Promise<Indexer | null> {
    await this.get()
    return this.#indexer
  }

  /** Whether there is a model to extract facts with. */
  get hasModel(): boolean {
    return this.#options.model !== undefined
  }

  /** The model that extracts facts; null without one. */
  async model(): Promise<LanguageModelObject | null> {
    await this.get()
    return this.#models?.model ?? null
  }

  /** Tells the background that something was written. */
  wrote(): void {
    this.#indexer?.poke()
  }

  /** Tells the background, if it runs, that something was forgotten and its bytes must be reclaimed. */
  wakeEraser(): void {
    this.#eraser?.wake()
  }

  /** The current error of the background; null if there is none. */
  get failure(): unknown {
    return this.#sweeper?.failure ?? this.#eraser?.failure ?? null
  }

  get clock(): Clock {
    return checkedClock(this.#options.clock ?? systemClock)
  }

  close(): Promise<void> {
    this.#ending ??= this.#end()
    return this.#ending
  }

  async #end(): Promise<void> {
    const { closeWaitMs } = { ...defaultLimits, ...this.#options.limits }
    if (!this.#held.isDone) await this.#held.end(closeWaitMs)
    this.#closing.abort()
    this.#eraser?.stop()
    await this.#sweeper?.stop()
    await this.#indexer?.stop()
    const opened = await this.#opening?.catch(() => null)
    await opened?.release()
  }
}
