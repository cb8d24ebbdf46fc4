/** What an export of a person holds. Types only. */
import type { LoggedCommit } from '../../domain/commit/effect.ts'
import type { RecordAddress } from '../../domain/records/address.ts'
import type { BlockState } from '../../domain/records/block.ts'
import type { EntryState } from '../../domain/records/entry.ts'
import type { FactState } from '../../domain/records/fact.ts'
import type { Message } from '../../domain/records/message.ts'
import type { RecordState } from '../../domain/records/record.ts'
import type { RunState } from '../../domain/records/run.ts'
import type { ThreadState } from '../../domain/records/thread.ts'
import type { SpaceState } from '../../domain/space.ts'
import type { ThreadCopy } from '../../ports/storage.ts'

/** Where a copy is: a cloned thread, or a record that an agent wrote. */
export type FoundCopy = (ThreadCopy & { readonly kind: 'thread' }) | RecordAddress

/** A thread with everything in it. */
export interface ExportedThread extends ThreadState {
  /** All its messages in order; those that others have replaced since have `replacedBy`. */
  readonly messages: readonly Message[]
  /** Its own blocks of working memory. */
  readonly workingMemory: readonly BlockState[]
}

/** A space with everything in it. */
export interface ExportedSpace {
  /** The space itself: its id, times, settings and counters. */
  readonly space: SpaceState
  /** Its conversations, the oldest first. */
  readonly threads: readonly ExportedThread[]
  /** Blocks of the space itself. */
  readonly workingMemory: readonly BlockState[]
  /** Current facts, and those that others have superseded. */
  readonly facts: readonly FactState[]
  /** Its entries, by key. */
  readonly entries: readonly EntryState[]
  /** What agents and workflows did, and what they saw, by ids. Without what the application passed to their calls. */
  readonly runs: readonly RunState[]
  /** Calls that left a record, and the steps of workflows. */
  readonly steps: readonly RecordState[]
  /** All commits that are kept, with earlier versions and what was deleted since. */
  readonly log: readonly LoggedCommit[]
}

/** Everything that is held on one resource. */
export interface ExportedResource {
  readonly resourceId: string
  /** ISO time. */
  readonly exportedAt: string
  /** Its space, and those inside of it. Empty if nothing is held. */
  readonly spaces: readonly ExportedSpace[]
  /**
   * Threads elsewhere that were cloned from its threads, and records elsewhere that agents wrote with words of it, after they
   * were shown it. They are not in the export.
   */
  readonly copies: readonly FoundCopy[]
}
