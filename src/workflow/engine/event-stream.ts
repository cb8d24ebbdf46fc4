/** Events of a run for one reader, who may be slower than the run. */
import type { WorkflowEvent } from './events.ts'

export class EventStream implements AsyncIterable<WorkflowEvent> {
  readonly #events: WorkflowEvent[] = []
  #woken = Promise.withResolvers<void>()
  #isOver = false
  #failure: { readonly error: unknown } | null = null

  write(event: WorkflowEvent): void {
    this.#events.push(event)
    this.#woken.resolve()
  }

  /** No event comes after it. With an error, the reader gets it after the last event. */
  end(failure: { readonly error: unknown } | null = null): void {
    this.#failure = failure
    this.#isOver = true
    this.#woken.resolve()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<WorkflowEvent> {
    for (;;) {
      const event = this.#events.shift()
      if (event !== undefined) {
        yield event
        continue
      }
      if (this.#isOver) break
      await this.#woken.promise
      this.#woken = Promise.withResolvers<void>()
    }
    if (this.#failure !== null) throw this.#failure.error
  }
}
