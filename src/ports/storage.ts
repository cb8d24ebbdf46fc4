/** The storage port: one door to write, small readers, one per kind of record. Drivers implement it; types only. */

import type { Access, Actor } from '../domain/actor.ts'
import type { Commit, CommitResult } from '../domain/commit/commit.ts'
import type { LoggedCommit } from '../domain/commit/effect.ts'
import type { ReceiptNote, StoredReceipt } from '../domain/erase/receipt.ts'
import type { ObservationId, Seq, SpaceId, SpaceKey, ThreadId, TurnId } from '../domain/id.ts'
import type { VectorRecord, VectorSegment } from '../domain/index/vector-segment.ts'
import type { RecordRef, WordSegment } from '../domain/index/word-segment.ts'
import type { JsonObject } from '../domain/json.ts'
import type { Language } from '../domain/language.ts'
import type { Limits } from '../domain/limits.ts'
import type { BlockState } from '../domain/records/block.ts'
import type { EntryState } from '../domain/records/entry.ts'
import type { FactAttributes, FactState, FactStatus } from '../domain/records/fact.ts'
import type { Message } from '../domain/records/message.ts'
import type { RecordState } from '../domain/records/record.ts'
import type { RunState, RunStatus } from '../domain/records/run.ts'
import type { ThreadState } from '../domain/records/thread.ts'
import type { TurnStatus } from '../domain/records/turn.ts'
import type { PastFact } from '../domain/replay/fact-history.ts'
import type { PastVersion } from '../domain/replay/history.ts'
import type { SpaceKind, SpaceState } from '../domain/space.ts'
import type { CacheUse } from './cache-use.ts'
import type { DueWork, OpenTurn } from './due-work.ts'
import type { MentioningRuns, MentioningRunsQuery, WaitingRun, WaitingRunsQuery } from './run-queries.ts'

/** `process` survives a killed process; `power` also a power cut, at the price of a sync for each group of commits. */
export type Durability = 'process' | 'power'

/** One record as of a seq; `record` is null where there is none. */
interface Found<Item> {
  readonly record: Item | null
  readonly asOf: Seq
}

/** A page of records. `more` says whether another page follows in the same direction. */
export interface Listed<Item> {
  readonly items: readonly Item[]
  readonly asOf: Seq
  /** The space's key, which cursors carry; null where there is no space. */
  readonly key: SpaceKey | null
  readonly more: boolean
}

/** An option of lists of records, so that their pages have the same records while others write. */
interface AsOfQuery {
  /**
   * Records that a later commit created are left out; absent: none are. A record that was removed and written again
   * counts as created by the later commit. What is listed is of the present: records that were changed since show their
   * present content, and those removed or expired since are absent. Below the horizon a list throws `cursor-expired`.
   */
  readonly asOf?: Seq
}

export interface SpaceReader {
  get(access: Access, space: SpaceId): Promise<SpaceState | null>
  /** The space that issued ids with this key. Finding grants nothing. */
  byKey(access: Access, key: SpaceKey): Promise<SpaceId | null>
  /** Spaces of a kind by id, after a given one; children are listed under the kind of their outermost space. */
  list(
    access: Access,
    query: {
      readonly kind: SpaceKind
      readonly prefix: string
      readonly after: SpaceId | null
      readonly limit: number
    },
  ): Promise<readonly SpaceState[]>
  /**
   * Spaces whose last commit was later than a time, by id after a given one. Needs the right to administer all spaces.
   */
  changedSince(access: Access, query: ChangedSpacesQuery): Promise<ChangedSpaces>
}

export interface ChangedSpacesQuery {
  /** An ISO time; a commit at exactly that time is not later. */
  readonly at: string
  readonly after: SpaceId | null
  readonly limit: number
}

export interface ChangedSpaces {
  readonly items: readonly SpaceState[]
  /**
   * Where the next page begins; null on the last. A page may be short, even empty, and still have a next one: a driver
   * reads a limited number of spaces for each.
   */
  readonly next: SpaceId | null
}

export type ThreadOrder = 'lastMessageAt' | 'createdAt'

/** Where a page of threads begins: after that thread, in the order as of a seq. */
export interface ThreadPosition {
  readonly asOf: Seq
  readonly order: Seq
  readonly threadId: ThreadId
}

export interface ThreadQuery {
  readonly orderBy: ThreadOrder
  readonly direction: 'asc' | 'desc'
  readonly archived: boolean | 'any'
  /** A filter as `compileFilter` takes it. */
  readonly metadata: JsonObject | null
  /** With a filter, threads that the page looks through at most. */
  readonly scanLimit: number
  readonly limit: number
  readonly offset: number
  readonly after: ThreadPosition | null
}

export interface ListedThreads extends Listed<ThreadState> {
  /** Threads that match, in all pages; null with a filter, if there are more threads than `scanLimit`. */
  readonly total: number | null
  /** Where the next page begins; null on the last. With a filter a page may end, short, where `scanLimit` is reached. */
  readonly next: ThreadPosition | null
}

export interface ThreadReader {
  get(access: Access, space: SpaceId, threadId: string): Promise<Found<ThreadState>>
  list(access: Access, space: SpaceId, query: ThreadQuery): Promise<ListedThreads>
  /** Threads of that id in any space, at most `limit`. */
  find(
    access: Access,
    threadId: string,
    limit: number,
  ): Promise<readonly { readonly space: SpaceId; readonly thread: ThreadState }[]>
  /** Spaces that have a thread of that id or once had, as long as anything of it is left. */
  homes(access: Access, threadId: string, limit: number): Promise<readonly SpaceId[]>
  /** Threads that were copied from a thread, or from any thread of a space or its children: at most `limit`. */
  copies(access: Access, source: ThreadCopySource, limit: number): Promise<readonly ThreadCopy[]>
}

/** Where threads may have been copied from; without `threadId` from any thread of the space and its children. */
export interface ThreadCopySource {
  readonly space: SpaceId
  readonly threadId?: string
}

/** A thread that was copied from another. */
export interface ThreadCopy {
  readonly space: SpaceId
  readonly threadId: ThreadId
}

/** A place in a thread: turn, and index in the turn. */
export interface MessagePosition {
  readonly turn: number
  readonly index: number
}

export interface MessageQuery {
  readonly threadId: string
  readonly direction: 'asc' | 'desc'
  /** Exclusive; null begins at the end of the thread that the direction starts from. */
  readonly after: MessagePosition | null
  /** Messages saved by a later commit are left out. */
  readonly asOf: Seq | null
  readonly limit: number
  readonly offset: number
  /** ISO times, both inclusive, compared with `createdAt`. */
  readonly from: string | null
  readonly to: string | null
  /** Leaves out messages that are empty without their internal parts. */
  readonly skipInternal?: boolean
  /**
   * Of which turns: those that stand; with `shown` also open ones that have no answer yet to replace others with; with
   * `all` also replaced ones, and those that ended without such an answer. Never of discarded ones. Default: `standing`.
   */
  readonly turns?: 'standing' | 'shown' | 'all'
}

/** A message and its place, from which a page can go on. */
export interface PlacedMessage extends MessagePosition {
  readonly message: Message
}

/** A turn without its messages. */
export interface StoredTurn {
  readonly threadId: ThreadId
  readonly status: TurnStatus
  /** Who opened it. */
  readonly actor: Actor
  /** The run that it was last opened or resumed for; null if none was named. */
  readonly runId: string | null
  /** The turn that replaced it; null unless it was replaced. */
  readonly replacedBy: TurnId | null
}

export interface MessageReader {
  /** In thread order; in a `desc` listing the newest comes first. */
  list(access: Access, space: SpaceId, query: MessageQuery): Promise<Listed<PlacedMessage>>
  /**
   * Places of a message id, at most one in each thread; an issued id is in one thread only. Of messages that stand, else
   * of one whose turn is at work on replacing others.
   */
  find(access: Access, space: SpaceId, messageId: string): Promise<readonly PlacedMessage[]>
  /**
   * Those of some ids, chosen by callers, that messages of the thread had which were deleted, discarded or forgotten in
   * the last `limits.tombstoneDays`. An id may have been used again since.
   */
  deletedIds(access: Access, space: SpaceId, threadId: string, ids: readonly string[]): Promise<readonly string[]>
  /**
   * Whether messages behind a place are gone: deleted, discarded or forgotten. With null, any of the thread, or the
   * `thread` itself, in the last `limits.tombstoneDays`. Reads the whole thread.
   */
  deletedBehind(
    access: Access,
    space: SpaceId,
    threadId: string,
    after: MessagePosition | null,
  ): Promise<'messages' | 'thread' | null>
  openTurns(access: Access, space: SpaceId, threadId: string): Promise<readonly OpenTurn[]>
  /** The turn with that id; null unless its thread exists. */
  turn(access: Access, space: SpaceId, turnId: string): Promise<StoredTurn | null>
}

export interface BlockReader {
  get(access: Access, space: SpaceId, threadId: string | null, name: string): Promise<Found<BlockState>>
  /** All blocks of a thread, or of the space itself. */
  list(access: Access, space: SpaceId, threadId: string | null, query?: AsOfQuery): Promise<Listed<BlockState>>
  /** Newest first. */
  history(
    access: Access,
    space: SpaceId,
    threadId: string | null,
    name: string,
    limit: number,
  ): Promise<readonly PastVersion[]>
  /** The version that a write with exactly that seq made, or the one that was current then. */
  at(access: Access, space: SpaceId, threadId: string | null, name: string, seq: Seq): Promise<PastVersion | null>
}

export interface EntryQuery extends AsOfQuery {
  readonly prefix: string
  /** The key that the page begins after; null begins with the first. */
  readonly after: string | null
  readonly limit: number
}

export interface EntryReader {
  /** Absent if deleted or expired, swept or not. */
  get(access: Access, space: SpaceId, key: string): Promise<Found<EntryState>>
  /** By key, after a given one. */
  list(access: Access, space: SpaceId, query: EntryQuery): Promise<Listed<EntryState>>
  /** Newest first; below the horizon nothing. */
  history(access: Access, space: SpaceId, key: string, limit: number): Promise<readonly PastVersion[]>
  /** @throws MemoryError `cursor-expired` below the horizon. */
  at(access: Access, space: SpaceId, key: string, seq: Seq): Promise<PastVersion | null>
}

export interface FactQuery extends AsOfQuery {
  /** Ids that a fact must have; others do not matter. */
  readonly attributes: FactAttributes
  readonly statuses: readonly FactStatus[]
  /** Only facts that are pinned. */
  readonly pinned?: true
  readonly order: 'newest' | 'oldest'
  /** The `order` of the fact that the page begins after; null begins at the end that the order starts from. */
  readonly after: number | null
  readonly limit: number
}

/** A fact is absent if deleted or expired, swept or not. Only history shows an expired one, until it is swept. */
export interface FactReader {
  /** Whatever its status. */
  get(access: Access, space: SpaceId, factId: string): Promise<Found<FactState>>
  /** In the order in which they were first stated. */
  list(access: Access, space: SpaceId, query: FactQuery): Promise<Listed<FactState>>
  /** Newest first; below the horizon nothing. */
  history(access: Access, space: SpaceId, factId: string, limit: number): Promise<readonly PastFact[]>
  /** Facts of any status that name one of these sources, oldest first. */
  derivedFrom(
    access: Access,
    space: SpaceId,
    query: { readonly sources: readonly string[]; readonly after: number | null; readonly limit: number },
  ): Promise<Listed<FactState>>
  /** Current facts that another existing fact contradicts, oldest first. */
  conflicts(
    access: Access,
    space: SpaceId,
    query: { readonly attributes: FactAttributes; readonly after: number | null; readonly limit: number },
  ): Promise<Listed<FactState>>
  /** Current facts with that text, apart from small differences in writing, oldest first. */
  byText(access: Access, space: SpaceId, text: string): Promise<Listed<FactState>>
}

export interface RunQuery extends AsOfQuery {
  /** Only runs of that thread; null for all. */
  readonly threadId: string | null
  /** Only runs of that agent or workflow; null for all. */
  readonly name: string | null
  readonly statuses: readonly RunStatus[]
  readonly order: 'newest' | 'oldest'
  /** The `order` of the run that the page begins after; null begins at the end that the order starts from. */
  readonly after: number | null
  readonly limit: number
}

/** A run is absent if expired, swept or not. */
export interface RunReader {
  /** Runs of any space that mention something. Those of spaces which the caller may not read are left out. */
  mentioning(access: Access, query: MentioningRunsQuery): Promise<MentioningRuns>
  /**
   * Runs of all spaces that are suspended, were interrupted or are pending, by the time at which they began and then by
   * id. Needs the right to administer all spaces.
   */
  waiting(access: Access, query: WaitingRunsQuery): Promise<readonly WaitingRun[]>
  get(access: Access, space: SpaceId, runId: string): Promise<Found<RunState>>
  /** In the order in which they began. */
  list(access: Access, space: SpaceId, query: RunQuery): Promise<Listed<RunState>>
}

/** Records of nouns that have only a key and fields. A record is absent if removed or expired, swept or not. */
export interface RecordReader {
  get(access: Access, space: SpaceId, noun: string, key: string): Promise<Found<RecordState>>
  /** Those whose keys begin with a prefix, by key, after a given one. */
  list(
    access: Access,
    space: SpaceId,
    noun: string,
    query: { readonly prefix: string; readonly after: string | null; readonly limit: number },
  ): Promise<Listed<RecordState>>
  /** Those that have one of these labels, each once, by key, after a given one. */
  labelled(
    access: Access,
    space: SpaceId,
    noun: string,
    query: { readonly labels: readonly string[]; readonly after: string | null; readonly limit: number },
  ): Promise<Listed<RecordState>>
}

/** A space as recall scans it, in one snapshot. */
export interface SpaceScan {
  readonly asOf: Seq
  /** null where there is no space. */
  readonly key: SpaceKey | null
  readonly language: Language
  /** All indexed records in order of seq; the last segment is the tail. The same object while its content is the same. */
  readonly words: readonly WordSegment[]
  /** Vectors of the embedder asked for, in any order. A record has vectors here only if kind, ref and seq are equal. */
  readonly vectors: readonly VectorSegment[]
}

/** An embedder whose vectors are in the database. Recall uses the active one; one that is building will replace it. */
export interface StoredEmbedding {
  readonly fingerprint: string
  readonly dimensions: number
  readonly state: 'active' | 'building'
}

/** The index of vectors, which follows the log. None of this is in the log. */
export interface VectorStore {
  embeddings(access: Access): Promise<readonly StoredEmbedding[]>
  /** Adds an unknown embedder: as the active one if there is none, otherwise as one that is building. */
  addEmbedding(access: Access, embedding: Omit<StoredEmbedding, 'state'>): Promise<readonly StoredEmbedding[]>
  /** Makes it the active one, and removes the vectors of all others. */
  activate(access: Access, fingerprint: string): Promise<void>
  /** Stores vectors of unchanged records; returns how many. Existing vectors stay. */
  put(access: Access, space: SpaceId, fingerprint: string, records: readonly VectorRecord[]): Promise<number>
  /**
   * Claims spaces with work, at most `limit`, that nobody else works on, for `leaseMs`: the same for all who claim. A claim that ends
   * later than one that is made now is nobody's: the clock that made it was ahead.
   */
  claimWork(
    access: Access,
    claim: { readonly owner: string; readonly leaseMs: number; readonly limit: number },
  ): Promise<readonly SpaceId[]>
  /** Says that all records of a space up to a seq have vectors. False if more was committed meanwhile. */
  finishWork(access: Access, space: SpaceId, asOf: Seq): Promise<boolean>
  /** Spaces with open work, claimed or not. */
  openWork(access: Access): Promise<number>
  /** Releases the claims of an owner. */
  releaseWork(access: Access, owner: string): Promise<void>
}

/** A record as recall found it, with its present content. */
export type FoundRecord =
  | { readonly kind: 'message'; readonly message: Message }
  | { readonly kind: 'fact'; readonly fact: FactState }
  | { readonly kind: 'entry'; readonly entry: EntryState }
  | { readonly kind: 'observation'; readonly id: ObservationId; readonly note: RecordState }

export interface IndexReader {
  /** The words of a space, which have every acknowledged write, and the vectors that an embedder has made so far. */
  scan(access: Access, space: SpaceId, fingerprint: string | null): Promise<SpaceScan>
  /**
   * The words of the entries of a space that are present now. Their segments stay the same objects as long as their entries
   * do. They are no part of a scan, which many searches need without them.
   */
  entryWords(access: Access, space: SpaceId): Promise<readonly WordSegment[]>
  /** Records by reference, in that order; null where one is gone. */
  read(access: Access, space: SpaceId, refs: readonly RecordRef[]): Promise<readonly (FoundRecord | null)[]>
}

export interface LogReader {
  /**
   * Commits after a seq, in order.
   *
   * @throws MemoryError `cursor-expired` if `after` is below the horizon.
   */
  read(
    access: Access,
    space: SpaceId,
    query: { readonly after: Seq; readonly limit: number },
  ): Promise<Listed<LoggedCommit>>
  /** The last seq whose commit was not later than an ISO time; the horizon's if all were. */
  seqAt(access: Access, space: SpaceId, at: string): Promise<Seq>
  /**
   * Calls `wake` after commits to the space: at once for those of this process, within 50 ms for others. Returns a
   * function that stops it.
   */
  subscribe(space: SpaceId, wake: () => void): () => void
}

export interface ReceiptReader {
  get(access: Access, id: string): Promise<StoredReceipt | null>
  /** Newest first; with a state only those in it. */
  list(
    access: Access,
    query: { readonly state: StoredReceipt['state'] | null; readonly limit: number },
  ): Promise<readonly StoredReceipt[]>
  /** The oldest pending receipt of the same request. */
  asked(access: Access, question: string): Promise<StoredReceipt | null>
}

/**
 * The port that storage drivers implement. It is internal for now, and may change in any version; ARCHITECTURE.md says
 * what a driver must provide.
 */
export interface Storage {
  readonly id: string
  /**
   * The door: applies all of a commit or none of it, once.
   *
   * @throws MemoryError `invalid-input`, `not-found`, `conflict`, `limit-exceeded` for a change that cannot apply;
   *   `unavailable` if the database could not take it in time, `unknown-outcome` if it may have; `closed`.
   */
  commit(access: Access, commit: Commit, limits: Limits): Promise<CommitResult>
  /** Moves the deadline of a lease whose token is current; false if it was released or stolen. Not in the log. */
  renewLease(access: Access, space: SpaceId, lease: { name: string; token: Seq; leaseMs: number }): Promise<boolean>
  /** What the sweeper should commit now, at most `limit` of each. */
  due(access: Access, limit: number): Promise<DueWork>
  /**
   * Moves the horizon up: overwritten values, patches and commit ids at or below it go. Answers how many rows of the log have
   * none in their place; a row that is kept as several counts as none removed.
   */
  compact(access: Access, space: SpaceId, horizon: Seq): Promise<{ readonly rowsRemoved: number }>
  /**
   * Commits an erasure and notes it in a receipt: both or neither. An existing receipt with that id is extended. Once
   * this returns, no read finds the erased records. The receipt is complete at once if nothing is left to reclaim.
   * Without a commit there was nothing to erase, and the receipt says so.
   */
  erase(access: Access, commit: Commit | null, limits: Limits, note: ReceiptNote): Promise<StoredReceipt>
  /**
   * Removes the bytes of everything erased from the database's files, once for all receipts, and completes those with
   * nothing `left`. One attempt, off the event loop; false if other users of the files blocked it.
   */
  reclaim(access: Access): Promise<boolean>
  /** Receipts of what was forgotten. */
  readonly receipts: ReceiptReader
  /** The spaces themselves. */
  readonly spaces: SpaceReader
  /** Threads. */
  readonly threads: ThreadReader
  /** Messages and turns. */
  readonly messages: MessageReader
  /** Blocks of working memory. */
  readonly blocks: BlockReader
  /** Entries: a team's keys and values. */
  readonly entries: EntryReader
  /** Facts. */
  readonly facts: FactReader
  /** Runs of agents and workflows. */
  readonly runs: RunReader
  /** Records of nouns that are declared as data. */
  readonly records: RecordReader
  /** The log of commits. */
  readonly log: LogReader
  /** The index of words. */
  readonly index: IndexReader
  /** The index of vectors. */
  readonly vectors: VectorStore
  /** What its caches take in this process. A driver without caches answers zeros. */
  cacheUse(): CacheUse
  /** Waits for commits under way, then closes. May be called twice. */
  close(): Promise<void>
}
