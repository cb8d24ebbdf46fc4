/**
 * Links messages in their threads and splits threads into sessions. Messages come in order of seq, which is nearly
 * always the order of the thread; one that belongs earlier is moved there.
 */
import type { Columns } from './columns.ts'

/** A session ends after a pause longer than this. */
const sessionGapMinutes = 360

/** The last row of each thread of one space, by the thread's seq. */
export type LastRows = ReadonlyMap<number, number>

/** Links rows of one space. */
export class ThreadLinks {
  readonly #columns: Columns
  readonly #known: LastRows
  /** Last rows that this one has changed; the known ones stay unchanged. */
  readonly #lastRows = new Map<number, number>()
  /** Threads in which a row came between others. */
  readonly #reordered = new Set<number>()
  /** The next unused number of a session. */
  sessionCount: number

  /** `known` are the last rows of the messages that are linked already. */
  constructor(columns: Columns, known: LastRows, sessionCount: number) {
    this.#columns = columns
    this.#known = known
    this.sessionCount = sessionCount
  }

  #lastRowOf(thread: number): number {
    return this.#lastRows.get(thread) ?? this.#known.get(thread) ?? -1
  }

  /** Puts a message into its thread. */
  add(row: number): void {
    const { threads, previous, next, sessions } = this.#columns
    const thread = threads[row] as number
    let before = this.#lastRowOf(thread)
    let after = -1
    while (before !== -1 && this.#isBehind(before, row)) {
      after = before
      before = previous[before] as number
    }
    previous[row] = before
    next[row] = after
    if (before !== -1) next[before] = row
    if (after === -1) this.#lastRows.set(thread, row)
    else {
      previous[after] = row
      this.#reordered.add(thread)
    }
    sessions[row] = before !== -1 && this.#areTogether(before, row) ? (sessions[before] as number) : this.sessionCount++
  }

  /** Numbers the sessions again in threads where a row was inserted between others. */
  finish(): void {
    const { previous, sessions } = this.#columns
    for (const thread of this.#reordered) {
      let row = this.#lastRowOf(thread)
      sessions[row] = this.sessionCount++
      for (let before = previous[row] as number; before !== -1; before = previous[row] as number) {
        sessions[before] = this.#areTogether(before, row) ? (sessions[row] as number) : this.sessionCount++
        row = before
      }
    }
    this.#reordered.clear()
  }

  /** The last rows of all threads, to go on from. */
  lastRows(): LastRows {
    return new Map([...this.#known, ...this.#lastRows])
  }

  #isBehind(row: number, other: number): boolean {
    const { turns, indexes } = this.#columns
    const turn = turns[row] as number
    const otherTurn = turns[other] as number
    return turn === otherTurn ? (indexes[row] as number) > (indexes[other] as number) : turn > otherTurn
  }

  #areTogether(row: number, other: number): boolean {
    const { minutes } = this.#columns
    return Math.abs((minutes[other] as number) - (minutes[row] as number)) <= sessionGapMinutes
  }
}
