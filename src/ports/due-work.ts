/** What the sweeper finds due in a storage. Types only. */
import type { FactId, RunId, Seq, SpaceId, ThreadId, TurnId } from '../domain/id.ts'
import type { LeaseState } from '../domain/records/lease.ts'

/** An open turn, as those that wait for it or clean up after it need it. */
export interface OpenTurn {
  readonly turnId: TurnId
  readonly threadId: ThreadId
  readonly lease: LeaseState
}

/** Work that is due at a time. */
export interface DueWork {
  readonly entries: readonly { readonly space: SpaceId; readonly key: string; readonly version: Seq }[]
  readonly facts: readonly { readonly space: SpaceId; readonly factId: FactId; readonly version: Seq }[]
  readonly runs: readonly { readonly space: SpaceId; readonly runId: RunId; readonly version: Seq }[]
  readonly records: readonly {
    readonly space: SpaceId
    readonly noun: string
    readonly key: string
    readonly version: Seq
  }[]
  /** Steps that nobody decided about in time: they stay, as expired. */
  readonly steps: readonly {
    readonly space: SpaceId
    readonly runId: string
    readonly path: string
    readonly version: Seq
  }[]
  /** Proposals that nobody decided about in time: they stay, as expired. */
  readonly proposals: readonly { readonly space: SpaceId; readonly proposalId: string; readonly version: Seq }[]
  /** Runs of workflows with the status `running` whose lease is over. */
  readonly leases: readonly { readonly space: SpaceId; readonly runId: RunId; readonly token: Seq }[]
  readonly turns: readonly { readonly space: SpaceId; readonly turn: OpenTurn }[]
  /** Spaces whose log has rows older than their setting allows. */
  readonly logs: readonly { readonly space: SpaceId; readonly below: Seq }[]
}
