/** Counts what is at work in a run, so that it is noticed when everything that is left waits. */
import { nextTurn } from '../../domain/detached.ts'

/** Where an error goes that no code here throws. */
type OnError = (error: unknown) => void

/** The work of a run, or of one item of a foreach. Work inside of it counts for what is around it too. */
export class Activity {
  readonly #outer: Activity | null
  readonly #onError: OnError
  readonly #listeners = new Set<() => void>()
  #count = 0

  constructor(outer: Activity | null, onError: OnError) {
    this.#outer = outer
    this.#onError = onError
  }

  /** More begins, or goes on. */
  enter(): void {
    this.#count += 1
    if (this.#count === 1) this.#outer?.enter()
  }

  /** Less is at work: something waits or has ended. */
  leave(): void {
    this.#count -= 1
    if (this.#count > 0) return
    // The inner one first: what goes on then has begun when the outer one is looked at.
    nextTurn(() => this.#tell(), this.#onError)
    this.#outer?.leave()
  }

  #tell(): void {
    if (this.#count > 0) return
    for (const listener of [...this.#listeners]) listener()
  }

  /**
   * Calls back each time nothing is at work any more.
   *
   * @returns A function that stops it.
   */
  whenIdle(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Work that waits for other work: it does not count meanwhile. */
  async pause<Value>(work: Promise<Value>): Promise<Value> {
    this.leave()
    try {
      return await work
    } finally {
      this.enter()
    }
  }

  /** Work that begins now. */
  async run<Value>(work: () => Promise<Value>): Promise<Value> {
    this.enter()
    try {
      return await work()
    } finally {
      this.leave()
    }
  }
}
