/** Effects: what a commit did, as stored in its log rows. Replay applies them and never decides anything again. */

import type { Actor } from '../actor.ts'
import type { CommitId, FactId, ProposalId, RunId, Seq, ThreadId, TurnId } from '../id.ts'
import type { Json, JsonObject } from '../json.ts'
import type { BlockFormat, BlockState } from '../records/block.ts'
import type { EntryState } from '../records/entry.ts'
import type { FactState, StatedFields } from '../records/fact.ts'
import type { LeaseState } from '../records/lease.ts'
import type { LoggedMessage, MessagePart } from '../records/message.ts'
import type { RecordState } from '../records/record.ts'
import type { RunState, StatedRun } from '../records/run.ts'
import type { ThreadSource, ThreadState } from '../records/thread.ts'
import type { ClosedStatus, CompletedCall, TurnState, TurnStatus } from '../records/turn.ts'
import type { SpaceSettings } from '../space.ts'

/** A record that a write replaced or pruned as a side effect, with its version. */
export interface Displaced {
  readonly key: string
  readonly version: Seq
}

/** Recorded for all writes of entries: the replaced version, the expiry, and the pruned keys. */
interface EntryEffect {
  readonly key: string
  /** Version this one replaces; 0 if the key was never there. */
  readonly prev: Seq
  /** The base counted as absent (never written, deleted or expired), so the value starts from nothing. */
  readonly absent?: true
  readonly expiresAt: string | null
  readonly pruned?: readonly Displaced[]
  readonly expired?: readonly Displaced[]
  /** The whole value, stored when the patches since the last whole one are larger than it. */
  readonly full?: Json
}

/** Recorded for all effects on records: which record, and the replaced version. */
interface RecordEffect {
  readonly noun: string
  readonly key: string
  /** Version this one replaces; 0 if the key was never there. */
  readonly prev: Seq
  /** The base counted as absent: never put, removed or expired. */
  readonly absent?: true
  /** It follows from another effect of its change, which answers the change. */
  readonly implied?: true
}

/**
 * The stated fields of a fact, with defaults. In a later version, fields left out stay as they were. A text comes with
 * the trust of who stated it.
 */
export type StatedFact = Partial<StatedFields> & { readonly queued?: true }

/** Other facts that an effect changed, each with the version it had before the commit. */
export interface FactLinks {
  readonly superseded?: readonly (Displaced & { readonly validTo: string })[]
  /** Marked as contradicting the asserted fact, which is marked with them. */
  readonly conflicts?: readonly Displaced[]
  /** No longer marked as contradicting a fact that was superseded, retired or expired. */
  readonly resolved?: readonly Displaced[]
}

/** A fact that was retired. */
export interface RetiredFact extends Displaced {
  /** It was past its expiry already. */
  readonly due?: true
}

/** How much an erasure removed: records, and commits of the log with any of their content. */
export interface ErasedCounts {
  readonly commits: number
  readonly threads: number
  readonly messages: number
  readonly entries: number
  readonly blocks: number
  readonly facts: number
  readonly runs: number
  /** Records of the nouns that have only a key and fields. */
  readonly records: number
}

/** A record as compaction keeps it: in the row of its version, or a turn in the row that opened it. */
export type Kept =
  | { readonly entry: EntryState }
  | { readonly block: BlockState }
  | { readonly fact: FactState }
  | { readonly run: RunState }
  | { readonly record: RecordState }
  | { readonly thread: ThreadState }
  | { readonly lease: LeaseState }
  | { readonly settings: SpaceSettings }
  | {
      readonly turnKept: Pick<
        TurnState,
        'actor' | 'runId' | 'replaces' | 'answered' | 'replacedBy' | 'leaseMs' | 'messages'
      >
    }

type Body =
  | {
      readonly kind: 'thread-put'
      readonly prev: Seq
      readonly created?: true
      readonly title?: string | null
      readonly metadata?: JsonObject
      readonly archived?: boolean
      readonly createdAt?: string
    }
  | {
      readonly kind: 'thread-delete'
      readonly prev: Seq
      readonly blocks: readonly Displaced[]
      /** The thread that was named, if it does not exist. */
      readonly missing?: ThreadId
    }
  | {
      readonly kind: 'thread-clone'
      readonly prev: Seq
      readonly title: string | null
      readonly metadata: JsonObject
      readonly source: ThreadSource
      readonly blocks: readonly { readonly name: string; readonly format: BlockFormat; readonly value: Json }[]
    }
  | {
      readonly kind: 'turn-open'
      readonly until: string
      readonly runId?: string
      readonly replaces?: readonly TurnId[]
      /** It takes their place once it has an answer. Before this field existed, a turn took it at once. */
      readonly waits?: true
      readonly createdThread?: Seq
    }
  | { readonly kind: 'turn-close'; readonly status: ClosedStatus }
  | { readonly kind: 'turn-resume'; readonly until: string; readonly runId?: string }
  | { readonly kind: 'turn-discard' }
  /** In the row of a turn that was restored: the turns that stand again with it, and those that stood until then. */
  | { readonly kind: 'turn-restore'; readonly restored: readonly TurnId[]; readonly replaced: readonly TurnId[] }
  /** In the row of a turn that waits to replace others: it has an answer, and stands in their place from here on. */
  | { readonly kind: 'turn-answered' }
  /** In the row of a turn that no longer stands, because another turn stands in its place. */
  | {
      readonly kind: 'turn-replaced'
      readonly by: TurnId
      /** It was set aside when a turn of another branch was restored, and hides nothing itself. */
      readonly aside?: true
    }
  /** In the row of a turn that is no longer replaced. */
  | { readonly kind: 'turn-restored' }
  | {
      readonly kind: 'message-append'
      /** null for an erased message: the others keep their places. */
      readonly messages: readonly (LoggedMessage | null)[]
      /** Position in the call and id of messages that were there before; null where the id was erased. */
      readonly existing?: readonly (readonly [position: number, id: string | null])[]
      /** Turn of the first message that was there before, if none was new. */
      readonly known?: number
      /** The messages were erased; only the fact that they were saved here is left. */
      readonly erased?: true
      /** The thread was created by this commit; its former version, 0 if none. */
      readonly createdThread?: Seq
    }
  /** The messages of one turn of a copied thread. */
  | {
      readonly kind: 'message-copy'
      readonly messages: readonly (LoggedMessage | null)[]
      /** Whose turn it is, if it waits for answers; otherwise it is of who made the copy. */
      readonly turnActor?: Actor
      /** The run of a turn that waits, the last part of its id. */
      readonly runId?: string
    }
  | {
      readonly kind: 'message-extend'
      readonly index: number
      readonly parts?: readonly MessagePart[]
      readonly complete?: CompletedCall | readonly CompletedCall[]
    }
  | {
      readonly kind: 'message-edit'
      readonly index: number
      readonly parts?: readonly MessagePart[]
      readonly metadata?: JsonObject
    }
  | { readonly kind: 'message-delete'; readonly indexes: readonly number[] }
  | {
      readonly kind: 'block-write'
      readonly name: string
      /** The block belongs to the row's thread; otherwise to the space. */
      readonly inThread?: true
      readonly prev: Seq
      readonly format: BlockFormat
      readonly value: Json
    }
  | {
      readonly kind: 'block-merge'
      readonly name: string
      readonly inThread?: true
      readonly prev: Seq
      readonly absent?: true
      readonly patch: JsonObject
      readonly full?: Json
    }
  | (EntryEffect & { readonly kind: 'entry-write'; readonly value: Json })
  | (EntryEffect & { readonly kind: 'entry-merge'; readonly patch: JsonObject })
  | (EntryEffect & { readonly kind: 'entry-append'; readonly item: Json })
  | (EntryEffect & { readonly kind: 'entry-increment'; readonly by: number })
  | { readonly kind: 'entry-delete' | 'entry-expire'; readonly key: string; readonly prev: Seq; readonly absent?: true }
  | (FactLinks & {
      readonly kind: 'fact-assert'
      readonly factId: FactId
      /** Version this one replaces; 0 for a new fact. */
      readonly prev: Seq
      readonly stated: StatedFact
      /** It was stated before: only its links are new, and what `stated` adds. */
      readonly known?: true
      /** It held only in the past when it was stated. */
      readonly ended?: true
      /** The fact that holds where it ends, and is newer than what was stated. */
      readonly endedBy?: FactId
      /** Proposals that it made, or made before: to replace facts that its actor may not replace. */
      readonly proposed?: readonly ProposalId[]
    })
  /** The same fact is stored already, in that version. */
  | { readonly kind: 'fact-known'; readonly factId: FactId; readonly version: Seq }
  | (FactLinks & {
      readonly kind: 'fact-retire'
      readonly retired: readonly RetiredFact[]
      /** Facts that stay, since they are trusted more than the actor. */
      readonly refused?: readonly FactId[]
      /** Proposals to remove them. */
      readonly proposed?: readonly ProposalId[]
    })
  /** `prev` is 0 where the fact was not due. */
  | (FactLinks & { readonly kind: 'fact-expire'; readonly factId: FactId; readonly prev: Seq })
  /** `prev` is 0 for a new run. */
  | {
      readonly kind: 'run-put'
      readonly runId: RunId
      readonly prev: Seq
      readonly stated: StatedRun
      /** Its number among the runs that the commit begins, if the number of its change is not one of its own. */
      readonly place?: number
      /** It follows from another effect of its change, which answers the change. */
      readonly implied?: true
      /** The put takes the lease of the run, until that ISO time. */
      readonly until?: string
      /** The put ends the lease of the run. */
      readonly released?: true
      /** Nobody works on the run any more: it answers a `run-interrupt`. */
      readonly interrupts?: true
    }
  /** `prev` is 0 where the run was not due. */
  | { readonly kind: 'run-expire'; readonly runId: RunId; readonly prev: Seq }
  | (RecordEffect & { readonly kind: 'record-put'; readonly expiresAt: string | null; readonly value: JsonObject })
  | (RecordEffect & {
      readonly kind: 'record-patch'
      readonly expiresAt: string | null
      readonly patch: JsonObject
      readonly full?: JsonObject
    })
  | (RecordEffect & { readonly kind: 'record-remove' | 'record-expire' })
  | { readonly kind: 'lease-take'; readonly name: string; readonly until: string }
  | { readonly kind: 'lease-release'; readonly name: string; readonly released: boolean }
  | { readonly kind: 'configure'; readonly prev: Seq; readonly settings: SpaceSettings }
  /** Something in the space was erased: only counts, no names. */
  | ({ readonly kind: 'erase' } & ErasedCounts)
  /** A whole record that was current at the horizon when the rows below it were compacted. */
  | ({ readonly kind: 'kept' } & Kept)
  /** Content removed by erasure: only the event and the record's name are left. */
  | (FactLinks & {
      readonly kind: 'erased'
      readonly was: string
      /** With `key`: which record it was of. A key alone is an entry's. */
      readonly noun?: string
      readonly key?: string
      readonly factId?: FactId
      readonly runId?: RunId
      readonly prev?: Seq
      readonly pruned?: readonly Displaced[]
      readonly expired?: readonly Displaced[]
    })

/** One effect. `of` is the index of its change in the commit; 0 is left out. */
export type Effect = Body & { readonly of?: number }
export type EffectKind = Effect['kind']
export type EffectOf<Kind extends EffectKind> = Extract<Effect, { kind: Kind }>
export type RecordWriteEffect = EffectOf<'record-put' | 'record-patch'>
export type EntryWriteEffect = EffectOf<'entry-write' | 'entry-merge' | 'entry-append' | 'entry-increment'>

/** One append-only row of the log: a commit's share in one turn, or the whole commit if it touches none or one. */
export interface LogRow {
  /** Seq of the commit. */
  readonly seq: Seq
  /** ISO time, by the clock of the commit. */
  readonly at: string
  /** ISO time by which the log is ordered: it never falls. Absent where it is the same. */
  readonly logAt?: string
  /** Who committed. */
  readonly actor: Actor
  /** Only in the commit's first row; null if it had none, and below the horizon. */
  readonly commitId: CommitId | null
  /** Hash of the commit as submitted; null without an id, and once a part of it was erased. */
  readonly hash: string | null
  readonly threadId: ThreadId | null
  /** Packed place of the turn touched; 0 for none. */
  readonly turn: number
  /** Status of that turn after this row. */
  readonly status: TurnStatus | null
  /** What the commit did, in order. */
  readonly effects: readonly Effect[]
}

/** What a feed reader and a replica read: the rows of one commit, together. */
export interface LoggedCommit {
  /** Its seq. */
  readonly seq: Seq
  /** ISO time at which it was committed. */
  readonly at: string
  /** Who committed. */
  readonly actor: Actor
  /** null if it had none, and below the horizon. */
  readonly commitId: CommitId | null
  /** Its rows in the log, in order. */
  readonly rows: readonly LogRow[]
}
