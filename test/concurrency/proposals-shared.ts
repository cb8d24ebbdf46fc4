// What the processes that decide about proposals are told, and what they say.

export interface DecideTask {
  readonly url: string
  readonly name: string
  readonly way: 'accept' | 'reject'
  readonly proposalIds: readonly string[]
}

export interface Decided {
  readonly id: string
  readonly status: string
  /** How the proposal stands, and who decided. */
  readonly as: string
  readonly by: string
}
