/** Commits: the atomic writes. Changes, expectations and answers are plain JSON values. */
import type { z } from 'zod'
import type { Actor } from '../actor.ts'
import type { CommitId, FactId, MessageId, RunId, Seq, SpaceId, ThreadId, TurnId } from '../id.ts'
import type { Json, JsonObject } from '../json.ts'
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

/** Names a record whose version an expectation speaks of. */
export type RecordName = Extract<Expectation, { absent: unknown }>['absent']

/** An atomic write to one space: all of its changes are applied, or none. */
export interface Commit {
  /** Under this id it is applied once, however often it is sent. null: nobody will send it again, nothing is kept for that. */
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

/** Where a message of a commit stands: its id, and whether this commit stored it or it was there before. */
export interface SavedMessage {
  readonly id: MessageId
  readonly stored: boolean
}

/** What a change answers. `version` is the seq of the commit that wrote the record. */
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
      /** Keys that gave way because the space was at its limit. */
      readonly pruned: readonly string[]
    }
  | { readonly kind: 'entry-delete' | 'entry-expire'; readonly key: string; readonly deleted: boolean }
  | {
      readonly kind: 'fact-assert'
      readonly factId: FactId
      readonly version: Seq
      /** The same was stated before: the answer names that fact, and no second one was stored. */
      readonly known: boolean
      readonly superseded: readonly FactId[]
      /** Facts that are now marked as contradicting it, those of higher trust that it was to supersede included. */
      readonly conflicts: readonly FactId[]
    }
  | { readonly kind: 'fact-retire'; readonly deleted: readonly FactId[] }
  | { readonly kind: 'fact-expire'; readonly factId: FactId; readonly deleted: boolean }
  | { readonly kind: 'run-put'; readonly runId: RunId; readonly version: Seq }
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
  /** What was erased: of a whole space the records that were live, inside one deleted ones as well. */
  | ({ readonly kind: 'erase'; readonly spaces: number } & ErasedCounts)

export type ResultOf<Kind extends ChangeKind> = ChangeResult & { readonly kind: Kind }

/** The answer of the door. A conflict is an answer too: it says what stood there instead. */
export type CommitResult =
  | {
      readonly status: 'committed'
      readonly seq: Seq
      readonly at: string
      /** True if this id was committed before: the first answer is given again and nothing was applied. */
      readonly replayed: boolean
      readonly results: readonly ChangeResult[]
    }
  | {
      readonly status: 'conflict'
      readonly reason: 'expectation' | 'commit-id-reused'
      readonly failed: readonly { readonly expectation: Expectation; readonly actual: Json }[]
      readonly seq: Seq
    }
