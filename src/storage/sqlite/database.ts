/** The open database: its connection, every prepared statement, and the cached spaces and threads. */

import type { LogRow } from '../../domain/commit/effect.ts'
import type { Seq, SpaceId, ThreadId } from '../../domain/id.ts'
import type { VectorSegment } from '../../domain/index/vector-segment.ts'
import type { WordSegment } from '../../domain/index/word-segment.ts'
import { unknownTail, type WordTail } from '../../domain/index/word-tail.ts'
import type { Language } from '../../domain/language.ts'
import type { ThreadState } from '../../domain/records/thread.ts'
import type { SpaceState } from '../../domain/space.ts'
import type { Clock } from '../../ports/clock.ts'
import { CacheBudget } from '../cache-budget.ts'
import { closedError } from '../closed-error.ts'
import { EntryCache } from '../entry-cache.ts'
import type { BlockColumns } from '../rows/block-rows.ts'
import type { EntryColumns } from '../rows/entry-rows.ts'
import { turnRowOf } from '../rows/log-rows.ts'
import { type SpaceColumns, spaceStateOf } from '../rows/space-rows.ts'
import { type ThreadColumns, threadOf } from '../rows/thread-rows.ts'
import { SegmentCache } from '../segment-cache.ts'
import { type Connection, whileBusy } from './connection.ts'
import { SpaceCache } from './space-cache.ts'
import { isBusy, readError } from './sqlite-error.ts'
import type { Statement } from './statement.ts'
import { prepareStatements, type Statements } from './statements.ts'
import type { EmbeddingColumns } from './statements-index.ts'

/** What was read from the file, and when: valid until somebody changes anything. */
interface Remembered<Value> {
  readonly epoch: number
  readonly changes: number
  readonly value: Value
}

export interface CachedThread {
  readonly n: number
  state: ThreadState
}

/** A space as this process last saw it. Read again after another connection has committed. */
export interface CachedSpace {
  readonly n: number
  /** When it was last known to be current. */
  epoch: number
  state: SpaceState
  /** Rows of threads hold their order up to this seq. */
  ordered: Seq
  /** What was written since the last segment of words. */
  words: WordTail
  /** The epoch in which it was last marked as having work for the embedder. */
  workEpoch: number
  /** The epoch in which it was found to have no vectors. */
  vectorlessEpoch: number
  /** Vectors of an embedder that are in small segments, as of an epoch; null while not known. */
  small: { readonly epoch: number; readonly embedding: number; readonly count: number } | null
  /** Numbers of its segments of words, and of vectors by embedder; see {@link SqliteDatabase.numbersOf}. */
  readonly numbers: Map<'words' | number, Remembered<readonly number[]>>
  /** Threads saved to since then, by number, with the seq of their last save, newest last; null while not needed. */
  tail: Map<number, Seq> | null
  readonly threads: Map<string, CachedThread>
  /** Rows of entries and blocks that were read or written, by key; see {@link SqliteDatabase.entryRow}. */
  readonly entries: Map<string, EntryColumns>
  readonly blocks: Map<string, BlockColumns>
  /**
   * Its oldest entries, by version and key, as they were once found: to be pruned first. One that was written or deleted
   * since has another version, and is passed over.
   */
  readonly oldest: { readonly key: string; readonly version: Seq }[]
  /** Where the next of them are looked for: behind the last one that was found. */
  oldestAfter: { readonly key: string; readonly version: Seq }
}

interface DatabaseOptions {
  readonly clock: Clock
  readonly language: Language
  readonly segmentBytes: number
  /** Bytes that all caches together take, about. */
  readonly cacheBytes: number
}

export class SqliteDatabase {
  readonly connection: Connection
  readonly statements: Statements
  readonly clock: Clock
  /** Of spaces made through this connection. */
  readonly language: Language
  /** Size that segments of words are folded to. */
  readonly segmentBytes: number
  readonly budget: CacheBudget
  readonly wordSegments: SegmentCache<WordSegment>
  readonly vectorSegments: SegmentCache<VectorSegment>
  readonly entryWords: EntryCache
  readonly #spaces: SpaceCache
  #seen = -1
  #epoch = 0
  readonly #prepared = new Map<string, Statement<readonly never[]>>()
  #embeddings: Remembered<readonly EmbeddingColumns[]> | undefined
  #isClosed = false

  constructor(connection: Connection, options: DatabaseOptions) {
    const { clock, language, segmentBytes, cacheBytes } = options
    this.budget = new CacheBudget(cacheBytes)
    this.wordSegments = new SegmentCache(this.budget, 'words')
    this.vectorSegments = new SegmentCache(this.budget, 'vectors')
    this.entryWords = new EntryCache(this.budget)
    this.#spaces = new SpaceCache(this.budget)
    this.connection = connection
    this.language = language
    this.segmentBytes = segmentBytes
    this.statements = prepareStatements(connection)
    this.clock = clock
  }

  /** A statement whose text depends on the query, prepared at its first use. */
  prepared<Row extends readonly unknown[]>(sql: string): Statement<Row> {
    const known = this.#prepared.get(sql)
    if (known !== undefined) return known as unknown as Statement<Row>
    const statement = this.connection.prepare<Row>(sql)
    this.#prepared.set(sql, statement as unknown as Statement<readonly never[]>)
    return statement
  }

  /**
   * At the beginning of a transaction: makes room in the caches, and notes whether another connection has committed. Spaces are
   * then read again before use.
   */
  refresh(): void {
    this.budget.makeRoom()
    const version = this.connection.dataVersion()
    if (version === this.#seen) return
    this.#seen = version
    this.#epoch += 1
  }

  /** Reads a space again at its next use. */
  forgetSpace(id: SpaceId): void {
    this.#spaces.delete(id)
  }

  forget(): void {
    this.#spaces.clear()
    this.#embeddings = undefined
  }

  /** Runs a read in one snapshot, again if the file is locked for a moment (recovery after a crash, a checkpoint). */
  async read<Result>(work: () => Result): Promise<Result> {
    try {
      return this.#snapshot(work)
    } catch (error) {
      if (!isBusy(error)) throw readError(error, this.connection.path)
    }
    try {
      return await whileBusy(() => this.#snapshot(work), this.connection.busyTimeoutMs, this.connection.path)
    } catch (error) {
      throw readError(error, this.connection.path)
    }
  }

  /** All statements of a read see one state of the file, and take its lock once instead of each for itself. */
  #snapshot<Result>(work: () => Result): Result {
    if (this.#isClosed) throw closedError('The storage')
    this.connection.beginRead()
    try {
      this.refresh()
      return work()
    } finally {
      this.connection.endRead()
    }
  }

  get epoch(): number {
    return this.#epoch
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  space(id: SpaceId): CachedSpace | null {
    const cached = this.#spaces.get(id)
    if (cached !== undefined && (cached.epoch === this.#epoch || this.#isCurrent(cached))) return cached
    const columns = this.statements.spaceById.get(id)
    return columns === undefined ? null : this.cacheSpace(columns)
  }

  /** Whether nothing was committed to a cached space: one look instead of reading all of it again. */
  #isCurrent(cached: CachedSpace): boolean {
    const mark = this.statements.spaceMark.get(cached.n)
    const { seq, horizon, floor } = cached.state
    if (mark === undefined || mark[0] !== horizon || (mark[1] ?? floor) !== seq) return false
    cached.epoch = this.#epoch
    return true
  }

  cacheSpace(columns: SpaceColumns): CachedSpace {
    const state = this.spaceState(columns)
    const epoch = this.#epoch
    return this.remember({
      n: columns[0],
      epoch,
      state,
      ordered: columns[11],
      words: unknownTail(columns[12]),
      workEpoch: -1,
      vectorlessEpoch: -1,
      small: null,
      numbers: new Map(),
      tail: null,
      threads: new Map(),
      entries: new Map(),
      blocks: new Map(),
      oldest: [],
      oldestAfter: { key: '', version: -1 },
    })
  }

  remember(space: CachedSpace): CachedSpace {
    return this.#spaces.set(space)
  }

  /** Notes what the tail of a space's words takes in memory now. */
  weighWords(space: CachedSpace): void {
    this.#spaces.weighWords(space)
  }

  spaceState(columns: SpaceColumns): SpaceState {
    return spaceStateOf(columns, this.statements.lastCommit.get(columns[0]))
  }

  /** The thread with that id, deleted or not. */
  thread(space: CachedSpace, threadId: string): CachedThread | null {
    const cached = space.threads.get(threadId)
    if (cached !== undefined) return cached
    const columns = this.statements.threadById.get(space.n, threadId)
    return columns === undefined ? null : this.rememberThread(space, threadId, this.threadFrom(columns))
  }

  threadFrom(columns: ThreadColumns): CachedThread {
    const last = this.statements.lastRowOfThread.get(columns[0])
    return { n: columns[0], state: threadOf(columns, last) }
  }

  rememberThread(space: CachedSpace, threadId: string, thread: CachedThread): CachedThread {
    return this.#spaces.addThread(space, threadId, thread)
  }

  /** Threads whose place moved since the rows were last brought up to date. */
  tailOf(space: CachedSpace): Map<number, Seq> {
    space.tail ??= new Map(this.statements.savedAfter.all(space.n, space.ordered))
    return space.tail
  }

  /** The value in `known`, read again if this connection or another one has changed anything since. */
  #current<Value>(known: Remembered<Value> | undefined, read: () => Value): Remembered<Value> {
    const changes = this.statements.changes.get()?.[0] ?? 0
    if (known?.epoch === this.#epoch && known.changes === changes) return known
    return { epoch: this.#epoch, changes, value: read() }
  }

  /** Numbers of a space's segments, of words or of an embedder's vectors: read once while nothing is written. */
  numbersOf(space: CachedSpace, what: 'words' | number, read: () => readonly (readonly [number])[]): readonly number[] {
    const known = space.numbers.get(what)
    const numbers = this.#current(known, () => read().map(([k]) => k))
    if (numbers !== known) space.numbers.set(what, numbers)
    return numbers.value
  }

  embeddings(): readonly EmbeddingColumns[] {
    this.#embeddings = this.#current(this.#embeddings, () => this.statements.embeddings.all())
    return this.#embeddings.value
  }

  /** The row of an entry, deleted ones included. Rows hold JSON as text, so nobody can change what is cached. */
  entryRow(space: CachedSpace, key: string): EntryColumns | undefined {
    const cached = space.entries.get(key)
    if (cached !== undefined) return cached
    const columns = this.statements.entry.get(space.n, key)
    if (columns !== undefined) this.rememberEntry(space, key, columns)
    return columns
  }

  /** The row of a block of the space (thread 0) or of a thread, deleted ones included. */
  blockRow(space: CachedSpace, thread: number, name: string): BlockColumns | undefined {
    const key = `${thread} ${name}`
    const cached = space.blocks.get(key)
    if (cached !== undefined) return cached
    const columns = this.statements.block.get(space.n, thread, name)
    if (columns !== undefined) this.rememberBlock(space, key, columns)
    return columns
  }

  rememberEntry(space: CachedSpace, key: string, row: EntryColumns): void {
    this.#spaces.addRow(space, space.entries, key, row)
  }

  rememberBlock(space: CachedSpace, key: string, row: BlockColumns): void {
    this.#spaces.addRow(space, space.blocks, key, row)
  }

  /** The rows of a turn of a thread, by seq, as far as the turn is folded from them. */
  turnRows(thread: number, turn: number, threadId: ThreadId): readonly LogRow[] {
    return this.statements.turnRows.all(thread, turn).map((columns) => turnRowOf(columns, threadId))
  }

  threadIdOf(n: number): ThreadId | null {
    return (this.statements.threadIdByNumber.get(n)?.[0] ?? null) as ThreadId | null
  }

  close(): void {
    this.#isClosed = true
    this.forget()
    this.connection.close()
  }
}
