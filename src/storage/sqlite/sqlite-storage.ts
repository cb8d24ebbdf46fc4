/** The SQLite driver: the storage port over one file. Knows nothing of recall, agents or the facade. */

import { setTimeout as delay } from 'node:timers/promises'
import type { Access } from '../../domain/actor.ts'
import type { Commit, CommitResult } from '../../domain/commit/commit.ts'
import { nothingErased } from '../../domain/commit/erased-counts.ts'
import type { ReceiptNote, StoredReceipt } from '../../domain/erase/receipt.ts'
import { invariant } from '../../domain/error.ts'
import type { Seq, SpaceId } from '../../domain/id.ts'
import { segmentBytes } from '../../domain/index/word-segment.ts'
import type { Language } from '../../domain/language.ts'
import { defaultLimits, type Limits } from '../../domain/limits.ts'
import type { CacheUse } from '../../ports/cache-use.ts'
import { type Clock, checkedClock } from '../../ports/clock.ts'
import type { DueWork } from '../../ports/due-work.ts'
import type { Durability, Storage } from '../../ports/storage.ts'
import { closedError } from '../closed-error.ts'
import { eraseResult } from '../erase-result.ts'
import { CommitQueue } from './commit.ts'
import { compactSpace, firstCommits } from './compact.ts'
import { Connection } from './connection.ts'
import { SqliteDatabase } from './database.ts'
import { dueWork } from './due-work.ts'
import { Followers, logReader } from './log.ts'
import { isLongLook, lookAhead } from './look-ahead.ts'
import { factReader } from './read-facts.ts'
import { indexReader } from './read-index.ts'
import { messageReader } from './read-messages.ts'
import { recordReader } from './read-noun-records.ts'
import { blockReader, entryReader, spaceReader } from './read-records.ts'
import { runReader } from './read-runs.ts'
import { threadReader } from './read-threads.ts'
import { putReceipt, receiptReader } from './receipts.ts'
import { deleteErased, reclaim } from './reclaim.ts'
import { vectorStore } from './vectors.ts'
import { dropOldTerms, hasCurrentTerms } from './words.ts'

/** How long closing waits for a reclaim under way, milliseconds. */
const closingMs = 2_000

interface SqliteStorageOptions {
  readonly id: string
  /** A path, or `:memory:`. */
  readonly path: string
  readonly durability: Durability
  readonly clock: Clock
  readonly busyTimeoutMs: number
  /** How texts of new spaces become words. Default: `english`. */
  readonly language?: Language
  /** Size that segments of words are folded to, bytes. Default: what fits one page. */
  readonly segmentBytes?: number
  /** Bytes that all caches together take, about. Default: that of `limits.cacheBytes`. */
  readonly cacheBytes?: number
  /** How many commits of a log the first slice of a compaction takes. Default: {@link firstCommits}. */
  readonly compactAtOnce?: number
  /** The largest size the file may grow to, bytes; absent: no limit. */
  readonly maxBytes?: number
}

export class SqliteStorage implements Storage {
  readonly id: string
  readonly #database: SqliteDatabase
  readonly #queue: CommitQueue
  readonly #followers: Followers
  readonly #compactAtOnce: number
  #closing: Promise<void> | null = null
  #reclaiming: Promise<boolean> | null = null
  readonly #ending = new AbortController()
  readonly receipts
  readonly spaces
  readonly threads
  readonly messages
  readonly blocks
  readonly entries
  readonly facts
  readonly runs
  readonly records
  readonly log
  readonly index
  readonly vectors

  private constructor(id: string, database: SqliteDatabase, compactAtOnce: number) {
    this.id = id
    this.#compactAtOnce = compactAtOnce
    this.#database = database
    this.#followers = new Followers(database)
    this.#queue = new CommitQueue(database, (spaces) => this.#followers.wake(spaces))
    this.spaces = spaceReader(database)
    this.threads = threadReader(database)
    this.messages = messageReader(database)
    this.blocks = blockReader(database)
    this.entries = entryReader(database)
    this.facts = factReader(database)
    this.runs = runReader(database)
    this.records = recordReader(database)
    this.log = logReader(database, this.#followers)
    this.index = indexReader(database)
    this.vectors = vectorStore(database, (work) => this.#transaction(work))
    this.receipts = receiptReader(database)
  }

  /**
   * Opens a database file, or makes a new one, and brings its schema up to date.
   *
   * @throws MemoryError `corrupt` if the file is not a database, `unsupported` if it is another application's,
   * `schema-newer`, `unavailable`.
   */
  static async open(options: SqliteStorageOptions): Promise<SqliteStorage> {
    const connection = await Connection.open(options)
    const { id, language = 'english', segmentBytes: size = segmentBytes } = options
    const { cacheBytes = defaultLimits.cacheBytes } = options
    try {
      const database = new SqliteDatabase(connection, {
        clock: checkedClock(options.clock),
        language,
        segmentBytes: size,
        cacheBytes,
      })
      const storage = new SqliteStorage(id, database, options.compactAtOnce ?? firstCommits)
      if (!hasCurrentTerms(database)) await storage.#transaction(() => dropOldTerms(database))
      return storage
    } catch (error) {
      connection.close()
      throw error
    }
  }

  /** Raises the durability of a connection that is open already. */
  setDurability(durability: Durability): void {
    this.#database.connection.setDurability(durability)
  }

  /** Lets the caches of a connection that is open already take more. */
  raiseCache(bytes: number): void {
    this.#database.budget.raiseTo(bytes)
  }

  commit(access: Access, commit: Commit, limits: Limits): Promise<CommitResult> {
    if (commit.changes[0]?.kind === 'erase') return this.#erase(access, commit, limits, null)
    return this.#queue.commit(access, commit, limits)
  }

  /** An erasure in a long log joins the queue after its texts were searched, and answers after its rows are deleted. */
  async #erase(access: Access, commit: Commit, limits: Limits, note: ReceiptNote | null): Promise<CommitResult> {
    const ahead = isLongLook(this.#database, commit) ? await lookAhead(this.#database, commit) : null
    const result = await this.#queue.commit(access, commit, limits, { note, ahead })
    // If others use the file, this waits for the next attempt.
    await deleteErased(this.#database)
    return result
  }

  async erase(access: Access, commit: Commit | null, limits: Limits, note: ReceiptNote): Promise<StoredReceipt> {
    if (commit === null) await this.#transaction(() => putReceipt(this.#database, note, nothingErased))
    else eraseResult(await this.#erase(access, commit, limits, note))
    // Memory has no files to rewrite.
    if (this.#database.connection.isInMemory) await this.reclaim()
    const receipt = await this.receipts.get(access, note.id)
    invariant(receipt !== null, 'an erasure has a receipt')
    return receipt
  }

  /** Callers at the same time wait for the same attempt. */
  reclaim(): Promise<boolean> {
    this.#reclaiming ??= reclaim(this.#database, this.#ending.signal).finally(() => {
      this.#reclaiming = null
    })
    return this.#reclaiming
  }

  /** A transaction outside the log, waiting for the lock as commits do. */
  async #transaction<Result>(work: () => Result): Promise<Result> {
    if (this.#database.isClosed) throw closedError('The storage')
    try {
      return await this.#database.connection.transaction(() => {
        this.#database.refresh()
        return work()
      })
    } catch (error) {
      this.#database.forget()
      throw error
    }
  }

  async due(_: Access, limit: number): Promise<DueWork> {
    const { connection } = this.#database
    // The sweeper asks again and again: one that only reads must notice a replaced file, too.
    if (!this.#database.isClosed) connection.checkFiles()
    const due = await dueWork(this.#database, limit)
    if (!this.#database.isClosed) connection.trimLog()
    return due
  }

  /** Whether its files were found to be gone or replaced: those who come now open the file that is there. */
  get isReplaced(): boolean {
    return this.#database.connection.isReplaced
  }

  renewLease(_: Access, id: SpaceId, lease: { name: string; token: Seq; leaseMs: number }): Promise<boolean> {
    return this.#transaction(() => {
      const space = this.#database.space(id)
      if (space === null) return false
      const until = this.#database.clock.now() + lease.leaseMs
      return Number(this.#database.statements.renewLease.run(until, space.n, lease.name, lease.token).changes) === 1
    })
  }

  async compact(_: Access, space: SpaceId, horizon: Seq): Promise<{ readonly rowsRemoved: number }> {
    const what = { id: space, below: horizon, slice: this.#compactAtOnce }
    const rowsRemoved = await compactSpace(this.#database, (work) => this.#transaction(work), what)
    return { rowsRemoved }
  }

  cacheUse(): CacheUse {
    return this.#database.budget.use
  }

  close(): Promise<void> {
    this.#closing ??= this.#closeOnce()
    return this.#closing
  }

  async #closeOnce(): Promise<void> {
    await this.#queue.idle()
    // A reclaim may be broken off anywhere: the receipts stay pending, and the next process that opens the file completes them.
    const reclaiming = this.#reclaiming?.catch(() => false)
    await Promise.race([reclaiming, delay(closingMs, null, { ref: false })])
    this.#ending.abort()
    await reclaiming
    this.#database.close()
    this.#followers.close()
  }
}
