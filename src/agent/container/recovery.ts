/** Recovers runs in the background while a container is open: at its start, and then again and again. */
import { every, nextTurn, type Timer } from '../../domain/detached.ts'
import { MemoryError } from '../../domain/error.ts'
import type { RecoveredRun } from '../waiting/recover.ts'
import type { Logger } from './registered.ts'

export class Recovery {
  readonly #recover: () => Promise<readonly RecoveredRun[]>
  readonly #logger: Logger
  readonly #timer: Timer
  #running: Promise<void> | null = null
  #isOver = false

  /** @param everyMs Milliseconds from one round to the next. */
  constructor(recover: () => Promise<readonly RecoveredRun[]>, everyMs: number, logger: Logger) {
    this.#recover = recover
    this.#logger = logger
    const failed = (error: unknown) => this.#report(error)
    this.#timer = every(everyMs, () => this.#round(), failed).unref()
    nextTurn(() => this.#round(), failed)
  }

  #round(): Promise<void> {
    if (this.#isOver) return Promise.resolve()
    this.#running ??= this.#recoverAll().finally(() => {
      this.#running = null
    })
    return this.#running
  }

  async #recoverAll(): Promise<void> {
    try {
      for (const { runId, status, error } of await this.#recover()) {
        if (error === undefined) this.#logger.info('A run was continued.', { runId, status })
        else this.#logger.warn('A run could not be continued.', { runId, error })
      }
    } catch (error) {
      this.#report(error)
    }
  }

  #report(error: unknown): void {
    // A memory that may not look at all spaces will not be allowed to later.
    if (error instanceof MemoryError && error.code === 'denied') this.#timer.stop()
    const isClosed = error instanceof MemoryError && error.code === 'closed'
    if (!this.#isOver && !isClosed) this.#logger.warn('Runs could not be recovered.', { error })
  }

  /** Begins no further round, and waits for the one at work. */
  async stop(): Promise<void> {
    this.#isOver = true
    this.#timer.stop()
    await this.#running
  }
}
