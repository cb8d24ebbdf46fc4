/** Commits: the atomic writes. Changes, expectations and answers are plain JSON values. */
import type { z } from 'zod'
import type { Actor } from '../actor.ts'
import type { CommitId, FactId, MessageId, ProposalId, RunId, Seq, SpaceId, ThreadId, TurnId } from '../id.ts'
import type { Json, JsonObject } from '../json.ts'
import type { FactAddition } from '../records/fact-merge.ts'
import type { SpaceSettings } from '../space.ts'
import type { ErasedCounts } from './effect.ts'
import type { changeSchema, expectationSchema } from './schema.ts'

/** One change of a commit: plain data, told apart by `kind`. All changes of a commit are applied, or none. */
export type Change = z.infer<typeof changeSchema>
export type ChangeKind = Change['kind']
export type ChangeOf<Kind extends ChangeKind> = Extract<Change, { kind: Kind }>

/**
 * What must hold for a commit to be applied: that a record has a version, that it is absent, that the space has a
 * seq, or that a lease is held.
 */
export type Expectation = z.infer<typeof expectationSchema>

/** Names the record of an expectation. */
export type RecordName = Extract<Expectation, { absent: unknown }>['absent']

/** An atomic write to one space: all of its changes are applied, or none. */
export interface Commit {
  /**
   * A commit with an id is applied once, however often it is sent. null: it will not be sent again, and nothing is
   * stored for a retry.
   */
  readonly id: CommitId | null
  /** The space to write to. */
  readonly space: SpaceId
  /** What to do, in order. At most `limits.changesPerCommit`. */
  readonly changes: readonly Change[]
  /** What must hold. If anything does not, the answer is a conflict and nothing is applied. */
  readonly expect?: readonly Expectation[]
  /** Derived and background work: never creates a space, a thread or a turn. */
  readonly background?: boolean
}

/** A message of a commit: its id, and whether this commit stored it or it was there before. */
export interface SavedMessage {
  readonly id: MessageId
  readonly stored: boolean
}

/** The answer to a change. `version` is the seq of the commit that wrote the record. */
export type ChangeResult =
  | { readonly kind: 'thread-put'; readonly threadId: ThreadId; readonly version: Seq; readonly created: boolean }
  | { readonly kind: 'thread-delete'; readonly threadId: ThreadId; readonly deleted: boolean }
  | {
      readonly kind: 'thread-clone'
      readonly threadId: ThreadId
      readonly version: Seq
      /** New message ids, turn by turn, in the order submitted. */
      readonly messageIds: readonly (readonly MessageId[])[]
    }
  | { readonly kind: 'turn-open'; readonly turnId: TurnId; readonly leaseToken: Seq; readonly createdThread: boolean }
  | { readonly kind: 'turn-close' | 'turn-discard'; readonly turnId: TurnId }
  | { readonly kind: 'turn-resume'; readonly turnId: TurnId; readonly leaseToken: Seq }
  | {
      readonly kind: 'turn-restore'
      readonly turnId: TurnId
      /** Turns that stand again, in thread order. None if the turn stood already. */
      readonly restored: readonly TurnId[]
      /** Turns that no longer stand, in thread order. */
      readonly replaced: readonly TurnId[]
    }
  | {
      readonly kind: 'message-append'
      readonly turnId: TurnId
      readonly messages: readonly SavedMessage[]
      readonly createdThread: boolean
    }
  | { readonly kind: 'message-extend' | 'message-edit'; readonly messageId: MessageId }
  | { readonly kind: 'message-delete'; readonly deleted: readonly MessageId[] }
  | {
      readonly kind: 'block-write' | 'block-merge'
      readonly name: string
      readonly version: Seq
      readonly value: Json
      readonly replaced: { readonly version: Seq; readonly by: Actor } | null
    }
  | {
      readonly kind: 'entry-write' | 'entry-merge' | 'entry-append' | 'entry-increment'
      readonly key: string
      readonly version: Seq
      readonly value: Json
      readonly expiresAt: string | null
      /** Keys that were pruned because the space was at its limit. */
      readonly pruned: readonly string[]
    }
  | { readonly kind: 'entry-delete' | 'entry-expire'; readonly key: string; readonly deleted: boolean }
  | {
      readonly kind: 'fact-assert'
      readonly factId: FactId
      readonly version: Seq
      /** The same fact is stored already: the answer names it, and no second one was stored. */
      readonly known: boolean
      /** With `known`: what the statement added to the stored fact. Absent if nothing. */
      readonly added?: readonly FactAddition[]
      /** It is older than this fact, which it was to replace: it ends where that one begins. */
      readonly endedBy?: FactId
      readonly superseded: readonly FactId[]
      /** Facts that are now marked as contradicting it, including those of higher trust that it could not supersede. */
      readonly conflicts: readonly FactId[]
      /** Open proposals to replace facts of higher trust, of which somebody else decides. Absent if there are none. */
      readonly proposed?: readonly ProposalId[]
    }
  | {
      readonly kind: 'fact-retire'
      readonly deleted: readonly FactId[]
      /** Facts that stay, since they are trusted more than the actor. Absent if there are none. */
      readonly refused?: readonly FactId[]
      /** Open proposals to remove facts that stay. Absent if there are none. */
      readonly proposed?: readonly ProposalId[]
    }
  | { readonly kind: 'fact-expire'; readonly factId: FactId; readonly deleted: boolean }
  | {
      readonly kind: 'run-put'
      readonly runId: RunId
      readonly version: Seq
      /** Proves the lease of the run, if the put took it. */
      readonly token?: Seq
    }
  | { readonly kind: 'run-interrupt'; readonly runId: RunId; readonly version: Seq }
  | { readonly kind: 'run-expire'; readonly runId: RunId; readonly deleted: boolean }
  | {
      readonly kind: 'record-put' | 'record-patch'
      readonly noun: string
      readonly key: string
      readonly version: Seq
      readonly value: JsonObject
      readonly expiresAt: string | null
    }
  | {
      readonly kind: 'record-remove' | 'record-expire'
      readonly noun: string
      readonly key: string
      readonly deleted: boolean
    }
  | { readonly kind: 'lease-take'; readonly name: string; readonly token: Seq; readonly expiresAt: string }
  | { readonly kind: 'lease-release'; readonly name: string; readonly released: boolean }
  | { readonly kind: 'configure'; readonly settings: SpaceSettings; readonly version: Seq }
  /** What was erased. For a whole space only live records count; inside a space, deleted ones too. */
  | ({ readonly kind: 'erase'; readonly spaces: number } & ErasedCounts)

export type ResultOf<Kind extends ChangeKind> = ChangeResult & { readonly kind: Kind }

/** The answer of the door. A conflict is an answer too: it says what is stored instead. */
export type CommitResult =
  | {
      /** The commit is stored: now, or earlier under the same id. */
      readonly status: 'committed'
      /** Seq of the commit. */
      readonly seq: Seq
      /** ISO time of the commit. */
      readonly at: string
      /** True if this id was committed before: the first answer is given again and nothing was applied. */
      readonly replayed: boolean
      /** One result per change, in order. */
      readonly results: readonly ChangeResult[]
    }
  | {
      /** Nothing was stored. */
      readonly status: 'conflict'
      /** An expectation failed, or the id belongs to a commit with other content or another actor. */
      readonly reason: 'expectation' | 'commit-id-reused'
      /** The expectations that failed, each with the actual value. */
      readonly failed: readonly { readonly expectation: Expectation; readonly actual: Json }[]
      /** Seq of the space at that time. */
      readonly seq: Seq
      /** Seq of the commit that has the id, if that is the reason. */
      readonly first?: Seq
    }
