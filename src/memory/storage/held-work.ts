/** Work that keeps a memory open: closing waits for it, and aborts it if it does not end. */
import { after } from '../../domain/detached.ts'
import { closedMemory } from './storage-errors.ts'

/** How long work may take to end after it was aborted, milliseconds. */
const lastWaitMs = 2_000

/** Whether the deadline came before the work was done. */
function isOver(work: Promise<unknown>, deadline: Promise<void>): Promise<boolean> {
  return Promise.race([work.then(() => false), deadline.then(() => true)])
}

export class HeldWork {
  readonly #stopping = new AbortController()
  readonly #held = new Set<Promise<void>>()
  readonly #background = new Set<Promise<void>>()

  /** Aborted when the memory closes and the work did not end in time. */
  get stopping(): AbortSignal {
    return this.#stopping.signal
  }

  get isDone(): boolean {
    return this.#held.size === 0
  }

  /**
   * Keeps the memory open until a piece of work, such as an agent's turn, has ended in any way.
   *
   * @param isBackground Whether nobody waits for its answer, so that `settled` does.
   */
  add(work: Promise<unknown>, isBackground: boolean): void {
    const over = () => {
      this.#held.delete(ended)
      this.#background.delete(ended)
    }
    const ended: Promise<void> = work.then(over, over)
    this.#held.add(ended)
    if (isBackground) this.#background.add(ended)
  }

  /** Waits for the work in the background that has begun by now. */
  async settled(): Promise<void> {
    await Promise.all(this.#background)
  }

  /** Waits `waitMs` for the work, then aborts it, and waits 2 s more. */
  async end(waitMs: number): Promise<void> {
    for (const [stepMs, isLast] of [[waitMs, false] as const, [lastWaitMs, true] as const]) {
      if (this.#held.size === 0) return
      const deadline = Promise.withResolvers<void>()
      const timer = after(stepMs, deadline.resolve, deadline.reject)
      while (this.#held.size > 0 && !(await isOver(Promise.all(this.#held), deadline.promise)));
      timer.stop()
      if (this.#held.size === 0) return
      if (!isLast) this.#stopping.abort(closedMemory())
    }
  }
}
