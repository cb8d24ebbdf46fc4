/** The steps of a driven run that wait: for a person, or for a time. */

/** Why one no longer waits: its record may have changed, or the drive ends. */
type Woken = 'changed' | 'parked'

export class Waiting {
  readonly #steps = new Map<string, (how: Woken) => void>()
  #isOver = false

  get paths(): readonly string[] {
    return [...this.#steps.keys()]
  }

  /** Waits until the step at a path may go on. */
  at(path: string): Promise<Woken> {
    if (this.#isOver) return Promise.resolve('parked')
    const { promise, resolve } = Promise.withResolvers<Woken>()
    this.#steps.set(path, resolve)
    return promise
  }

  /** The record of a step may have changed, or its time has come. */
  wake(path: string): void {
    this.#end(path, 'changed')
  }

  /** The drive ends: whatever waits now is left to a later one. */
  park(): void {
    this.#isOver = true
    for (const path of this.paths) this.#end(path, 'parked')
  }

  #end(path: string, how: Woken): void {
    const resolve = this.#steps.get(path)
    this.#steps.delete(path)
    resolve?.(how)
  }
}
