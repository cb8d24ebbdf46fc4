// What the test of agents in several processes and its workers agree on.

export const place = { resourceId: 'alice', threadId: 'shared' }
/** So long a turn outlives its process. Long enough that a busy machine forsakes none that is at work. */
export const turnLeaseMs = 4_000

/** How a worker comes to its end: by itself after its rounds, or killed at the place that it names. */
export type Fate = 'survives' | 'hangs-in-tool' | 'hangs-in-stream' | 'runs-on'

export interface Task {
  readonly url: string
  readonly name: string
  readonly rounds: number
  readonly fate: Fate
}

/** What a worker says: that an answer was given, or where it hangs. Words are those of question and answer. */
export interface Line {
  readonly what: 'answered' | 'hangs' | 'begins'
  readonly word: string
  readonly turnId: string | null
  readonly warnings: number
}
