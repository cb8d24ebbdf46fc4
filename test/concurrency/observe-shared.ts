// What the test of processes that observe a thread and its workers agree on.
import { statSync } from 'node:fs'

const minuteMs = 60_000

/** What a worker is told. */
export interface ObserveTask {
  readonly url: string
  /** A file whose size is the number of the round. */
  readonly rounds: string
  /** Whether a model makes the notes, which fails at times; or rules, with a hook that does. */
  readonly isModel: boolean
}

/** What a worker says of each thing that it did. */
export interface Observed {
  readonly did: 'observe' | 'turn' | 'reflect'
  readonly status: string
  readonly notes: number
}

export const roundIn = (rounds: string) => statSync(rounds).size

/** The clock of all processes: each round is minutes later, so claims of processes that were killed are over. */
export const clockOf = (rounds: string) => ({ now: () => Date.now() + 3 * minuteMs * roundIn(rounds) })
