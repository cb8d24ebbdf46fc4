/** Followers of one log share its wakes, and what they read after each of them. */
import { nextTurn, warnOf } from '../../domain/detached.ts'
import type { SpaceId } from '../../domain/id.ts'
import type { Storage } from '../../ports/storage.ts'

/** The end of one log. */
interface LogTail {
  readonly wakers: Set<() => void>
  /** Reads since the last wake, by name. */
  readonly reads: Map<string, Promise<unknown>>
  readonly stop: () => void
}

/** The ends of all logs that somebody follows through one Memory. */
export class LogTails {
  readonly #tails = new Map<SpaceId, LogTail>()

  /** Calls `wake`, which does not throw, after commits to a space, until the returned function is called. */
  follow({ log }: Storage, space: SpaceId, wake: () => void): () => void {
    const tail = this.#tails.get(space) ?? this.#begin(log, space)
    tail.wakers.add(wake)
    return () => {
      if (!tail.wakers.delete(wake) || tail.wakers.size > 0) return
      this.#tails.delete(space)
      tail.stop()
    }
  }

  /**
   * The answer of a read, made once for all followers of the space that were woken together: until the next wake, and no longer
   * than the turn of the event loop in which it is answered. So nobody reads for longer what another process has erased.
   *
   * @param what Names the read. The caller must have the right to it.
   * @returns Shared: it must not be changed, and a user gets a copy.
   */
  readOnce<Value>(space: SpaceId, what: string, read: () => Promise<Value>): Promise<Value> {
    const reads = this.#tails.get(space)?.reads
    if (reads === undefined) return read()
    const known = reads.get(what)
    if (known !== undefined) return known as Promise<Value>
    const forget = () => {
      if (reads.get(what) === reading) reads.delete(what)
    }
    const reading = read().finally(() => nextTurn(forget, warnOf))
    reads.set(what, reading)
    return reading
  }

  #begin(log: Storage['log'], space: SpaceId): LogTail {
    const wakers = new Set<() => void>()
    const reads = new Map<string, Promise<unknown>>()
    const stop = log.subscribe(space, () => {
      reads.clear()
      for (const wake of wakers) wake()
    })
    const tail = { wakers, reads, stop }
    this.#tails.set(space, tail)
    return tail
  }
}
