/** What a commit reads of its space. */

import type { LogRow } from '../commit/effect.ts'
import type { Seq, ThreadId } from '../id.ts'
import type { BlockState } from '../records/block.ts'
import type { EntryState } from '../records/entry.ts'
import type { FactState } from '../records/fact.ts'
import type { LeaseState } from '../records/lease.ts'
import type { RecordState } from '../records/record.ts'
import type { RunState } from '../records/run.ts'
import type { ThreadState } from '../records/thread.ts'
import type { MessagePlace } from '../records/turn.ts'
import type { SpaceState } from '../space.ts'
import type { CommitRows } from './history.ts'
/** Where a tombstone stands. */
export interface Tombstone {
  readonly key: string
  readonly record: RecordState | null
}

/**
 * What a commit reads, only from its own space. Drivers answer from their tables; deleted records come as tombstones.
 */
export interface SpaceView extends CommitRows {
  readonly space: SpaceState | null
  /** The rows of an earlier commit of that id; null if it was never committed or lies below the horizon. */
  committed(commitId: string): readonly LogRow[] | null
  thread(threadId: string): ThreadState | null
  /** All rows of a turn of that thread, by seq. */
  turnRows(threadId: ThreadId, turn: number): readonly LogRow[]
  /** All rows of a thread, of all its lives, by seq. */
  threadRows(threadId: ThreadId): readonly LogRow[]
  /** Rows whose effects have one of the texts as a whole JSON string, and perhaps some others. */
  rowsHolding(texts: readonly string[]): readonly LogRow[]
  /** Places of the messages that a caller gave this id, in turns that stand and in others, newest turn first. */
  callerMessages(threadId: string, messageId: string): readonly MessagePlace[]
  block(threadId: ThreadId | null, name: string): BlockState | null
  /** Blocks of a thread that are not deleted. */
  threadBlocks(threadId: ThreadId): readonly BlockState[]
  entry(key: string): EntryState | null
  /** Entries past their expiry and not yet swept. */
  expiredEntries(at: string): Iterable<EntryState>
  /** Entries that are not deleted, least recently written first. */
  oldestEntries(): Iterable<EntryState>
  fact(factId: string): FactState | null
  /** Facts of any status that name one of these sources, expired ones included. */
  factsFrom(sources: readonly string[]): Iterable<FactState>
  /** Current facts whose text has that key, expired ones included; see `textKey` in fact-text.ts. */
  factsByText(key: number): Iterable<FactState>
  /** Seq of the last commit that wrote a fact that still exists, or whose tombstone does; 0 if none did. */
  lastFactSeq(): Seq
  run(runId: string): RunState | null
  /** A record by its name; see `recordName`. */
  record(name: string): RecordState | null
  /** Records of a noun that are not deleted, whose keys begin with a prefix, by key. */
  recordsUnder(noun: string, prefix: string): Iterable<RecordState>
  /** Records of a noun that are not deleted and have a label, by key; see `labels` in record-nouns.ts. */
  recordsLabelled(noun: string, label: string): Iterable<RecordState>
  /** The keyed hash of a text under the space's secret. The space must exist. */
  keyedHash(text: string): string
  /** The keyed hashes of texts, in their order. */
  keyedHashes(texts: readonly string[]): readonly string[]
  /** The tombstones of texts: their keys, which are hashes under the space's secret, and their records if there are any. */
  tombstones(texts: readonly string[]): readonly Tombstone[]
  /** Ids that callers chose, each once, of the messages of a thread that are not deleted or discarded. */
  callerIds(threadId: ThreadId): Iterable<string>
  /** Whether the space has any record, deleted ones included, other than tombstones. */
  hasRecords(): boolean
  /** Runs of a thread that are not deleted, expired ones included. */
  threadRuns(threadId: ThreadId): Iterable<RunState>
  lease(name: string): LeaseState | null
  /** Names of the leases of that thread's open turns. */
  turnLeases(threadId: ThreadId): readonly string[]
}
