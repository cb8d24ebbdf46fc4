/** Lets the cycles that one process runs on a thread follow each other. What several processes do is settled at the door. */
import type { MemoryStorage } from '../storage/memory-storage.ts'

interface Queue<Result> {
  readonly running: Promise<Result>
  /** Cycles that begin after the one at work, by what they ask for. */
  readonly waiting: Map<string, Promise<Result>>
}

/** Queues of one kind of work, for each storage. */
export class InTurn<Result> {
  readonly #queues = new WeakMap<MemoryStorage, Map<string, Queue<Result>>>()

  /**
   * Runs work once the work on the same thread before it has ended. Work that asks for the same, and has not begun, is shared.
   *
   * @param asks Tells what the work asks for.
   */
  run(storage: MemoryStorage, thread: string, asks: string, work: () => Promise<Result>): Promise<Result> {
    const queues = this.#queues.get(storage) ?? new Map<string, Queue<Result>>()
    this.#queues.set(storage, queues)
    const queue = queues.get(thread)
    if (queue === undefined) return this.#begin(queues, thread, work(), new Map())
    const shared = queue.waiting.get(asks)
    if (shared !== undefined) return shared
    const begun = () => {
      queue.waiting.delete(asks)
      return this.#begin(queues, thread, work(), queue.waiting)
    }
    const own = [queue.running, ...queue.waiting.values()].at(-1) as Promise<Result>
    const later = own.then(begun, begun)
    queue.waiting.set(asks, later)
    return later
  }

  #begin(
    queues: Map<string, Queue<Result>>,
    thread: string,
    running: Promise<Result>,
    waiting: Map<string, Promise<Result>>,
  ): Promise<Result> {
    const queue = { running, waiting }
    queues.set(thread, queue)
    const over = () => {
      if (queues.get(thread) === queue && waiting.size === 0) queues.delete(thread)
    }
    running.then(over, over)
    return running
  }
}
