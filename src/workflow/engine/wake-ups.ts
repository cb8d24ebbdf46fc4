/** Wakes what sleeps in this process: one timer, for the nearest time, however much sleeps. */
import { after, type Timer, warnOf } from '../../domain/detached.ts'

/** The longest that a timer of Node waits. */
const longestMs = 2_147_483_647

/** Something that sleeps. */
interface Sleeper {
  /** Milliseconds of the wake-ups' own clock. */
  readonly at: number
  readonly wake: () => void
  readonly keepsAlive: boolean
}

/** All that sleeps, ordered by its time. The clock is the process's own, which never jumps. */
class WakeUps {
  /** The next to wake stands last. */
  readonly #sleepers: Sleeper[] = []
  #timer: Timer | null = null
  #timerAt = Number.POSITIVE_INFINITY
  #keeping = 0

  /**
   * Calls back after so many milliseconds.
   *
   * @param keepsAlive Whether the process stays alive until then.
   * @returns A function that forgets it.
   */
  later(ms: number, wake: () => void, keepsAlive: boolean): () => void {
    const sleeper: Sleeper = { at: performance.now() + Math.max(0, ms), wake, keepsAlive }
    this.#sleepers.splice(this.#placeOf(sleeper.at), 0, sleeper)
    if (keepsAlive) this.#keeping += 1
    this.#schedule(keepsAlive)
    return () => {
      const at = this.#sleepers.indexOf(sleeper)
      if (at === -1) return
      this.#sleepers.splice(at, 1)
      if (keepsAlive) this.#keeping -= 1
      this.#schedule(keepsAlive && this.#keeping === 0)
    }
  }

  /** Where a time belongs in the list, whose times fall: before those that are earlier. */
  #placeOf(at: number): number {
    let low = 0
    let high = this.#sleepers.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#sleepers[middle]?.at ?? 0) > at) low = middle + 1
      else high = middle
    }
    return low
  }

  #schedule(again: boolean): void {
    const next = this.#sleepers.at(-1)?.at ?? Number.POSITIVE_INFINITY
    if (next === this.#timerAt && !again) return
    this.#timer?.stop()
    this.#timer = null
    this.#timerAt = next
    if (next === Number.POSITIVE_INFINITY) return
    const ms = Math.min(longestMs, Math.max(0, next - performance.now()))
    const timer = after(Math.ceil(ms), () => this.#wakeDue(), warnOf)
    this.#timer = this.#keeping > 0 ? timer : timer.unref()
  }

  #wakeDue(): void {
    this.#timerAt = Number.POSITIVE_INFINITY
    const now = performance.now()
    for (;;) {
      const next = this.#sleepers.at(-1)
      if (next === undefined || next.at > now) break
      this.#sleepers.pop()
      if (next.keepsAlive) this.#keeping -= 1
      next.wake()
    }
    this.#schedule(true)
  }
}

/** Those of this process. */
export const wakeUps = new WakeUps()
