// Places where work waits until the test lets it go on: the order of what happens is the test's, not the clock's.
import { setImmediate as nextLoop } from 'node:timers/promises'

interface Gate {
  readonly open: () => void
}

export class Gates {
  readonly #closed = new Set<Gate>()
  #isOpen = false

  /** Waits to be let go on, or for the signal, whose reason it throws. */
  async wait(signal?: AbortSignal): Promise<void> {
    if (this.#isOpen) return
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const gate: Gate = { open: resolve }
    const end = () => reject(signal?.reason)
    signal?.addEventListener('abort', end)
    if (signal?.aborted === true) end()
    this.#closed.add(gate)
    try {
      await promise
    } finally {
      this.#closed.delete(gate)
      signal?.removeEventListener('abort', end)
    }
  }

  /** Lets one of those go on that wait now. */
  goOn(which: number): void {
    const waiting = [...this.#closed]
    waiting[which % waiting.length]?.open()
  }

  /** Lets all go on, also those that come later. */
  openAll(): void {
    this.#isOpen = true
    for (const { open } of [...this.#closed]) open()
  }
}

/** Lets the others work for so many turns of the event loop. */
export async function loops(count: number): Promise<void> {
  for (let loop = 0; loop < count; loop++) await nextLoop()
}
