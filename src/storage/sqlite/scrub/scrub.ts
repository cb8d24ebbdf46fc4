/**
 * Writes 0 over every byte of a database that nothing uses, while others read and write it.
 *
 * SQLite leaves copies of rows in pages that it splits, merges and frees, `secure_delete` or not. `VACUUM` removes them,
 * but it holds the write lock while it copies the whole file into the log. So we write the zeros ourselves.
 *
 * While a snapshot is held that began when the whole log was in the file, no process writes into the file: commits go to the log
 * alone. So a stretch of pages can be cleared without a lock. What was written in the meantime is cleared at the end of the
 * stretch, under the write lock, once it is in the file. Then a commit makes every other connection drop the pages that it
 * had read.
 */
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { setTimeout as delay } from 'node:timers/promises'
import { PageClearer } from './clear-pages.ts'
import { addPagesInLog, RawFile } from './raw-file.ts'

/** Longest time that a stretch takes before what was written meanwhile is cleared, milliseconds. */
const stretchMs = 150
const pagesAtOnce = 64
/** How long SQLite itself waits for a lock, milliseconds. */
const lockMs = 20
/** Readers are waited for at most so long under the write lock, milliseconds. */
const truncateMs = 50

const busyCode = 5

export interface ScrubOptions {
  readonly path: string
  /** How long to wait for other users of the file, milliseconds. */
  readonly waitMs: number
}

/** Whether somebody else holds a lock of the file. */
export function isLocked(error: unknown): boolean {
  const code = (error as { errcode?: unknown }).errcode
  return typeof code === 'number' && (code & 255) === busyCode
}

class Scrubber {
  readonly #options: ScrubOptions
  readonly #file: RawFile
  /** Takes the write lock. */
  readonly #writer: DatabaseSync
  /** Holds the snapshot. */
  readonly #reader: DatabaseSync
  readonly #checkpointer: DatabaseSync
  readonly #passive: StatementSync
  /** Pages that may have been written since they were cleared. */
  readonly #written = new Set<number>()
  #nextPage = 2
  /** Pages behind it were written after the beginning. */
  #lastPage = 0

  constructor(options: ScrubOptions) {
    this.#options = options
    const open = (timeout: number) => new DatabaseSync(options.path, { timeout, enableForeignKeyConstraints: false })
    this.#writer = open(lockMs)
    this.#reader = open(lockMs)
    this.#checkpointer = open(truncateMs)
    this.#passive = this.#checkpointer.prepare('PRAGMA wal_checkpoint(PASSIVE)')
    this.#file = new RawFile(options.path)
  }

  /** Whether all was cleared; false if other users of the file blocked it. */
  async run(): Promise<boolean> {
    if (!(await this.#settle())) return false
    while (!this.#isOver) {
      this.#clearStretch()
      if (!(await this.#settle())) return false
    }
    this.#file.sync()
    return await this.#until(() => this.#truncateLog())
  }

  async #until(work: () => boolean): Promise<boolean> {
    const deadline = performance.now() + this.#options.waitMs
    for (;;) {
      try {
        if (work()) return true
      } catch (error) {
        if (!isLocked(error)) throw error
      }
      if (performance.now() > deadline) return false
      await delay(1 + Math.random() * 9)
    }
  }

  /** Clears pages that were not cleared yet. Nobody writes into the file: the snapshot is held. */
  #clearStretch(): void {
    const clearer = new PageClearer(this.#file)
    const until = performance.now() + stretchMs
    const { pageBytes } = this.#file.form
    while (!this.#isOver && performance.now() < until) {
      const bytes = this.#file.read(this.#nextPage, pagesAtOnce)
      if (bytes.length === 0) this.#nextPage = this.#lastPage + 1
      for (let at = 0; at < bytes.length; at += pageBytes) {
        clearer.clear(this.#nextPage, bytes.subarray(at, at + pageBytes))
        this.#nextPage += 1
      }
    }
  }

  /** Ends a stretch, and begins the next one with a new snapshot. After the last one, others drop the pages that they had read. */
  #settle(): Promise<boolean> {
    return this.#until(() => {
      this.#writer.exec('BEGIN IMMEDIATE')
      try {
        const isWhole = this.#moveLog()
        this.#holdSnapshot()
        if (!isWhole) return false
        this.#clearWritten()
        if (this.#isOver) this.#writer.exec(`PRAGMA user_version = ${this.#version()}; COMMIT`)
        return true
      } finally {
        if (this.#writer.isTransaction) this.#writer.exec('ROLLBACK')
      }
    })
  }

  get #isOver(): boolean {
    return this.#nextPage > this.#lastPage
  }

  /** It begins while nobody can write. So it sees the whole log in the file, if that is where the log is. */
  #holdSnapshot(): void {
    try {
      this.#reader.exec('BEGIN; SELECT 1 FROM sqlite_schema')
    } catch (error) {
      if (this.#reader.isTransaction) this.#reader.exec('ROLLBACK')
      throw error
    }
  }

  /** Moves the log into the file, and notes what was in it; false if somebody still reads an earlier state. */
  #moveLog(): boolean {
    // As long as a snapshot is held, the log starts again at most once, when all of it is in the file. So it has all that was written since.
    addPagesInLog(`${this.#options.path}-wal`, this.#file.form, this.#written)
    const isKnown = this.#reader.isTransaction
    if (isKnown) this.#reader.exec('COMMIT')
    const answer = this.#passive.get()
    // Nobody held the log: what was cleared may have been written since. That is so at the beginning.
    if (!isKnown) [this.#nextPage, this.#lastPage] = [2, this.#file.pagesInFile()]
    return answer?.busy === 0 && answer.log === answer.checkpointed
  }

  #clearWritten(): void {
    const clearer = new PageClearer(this.#file)
    for (const page of this.#written) {
      const bytes = this.#file.read(page, 1)
      if (bytes.length > 0) clearer.clear(page, bytes)
    }
    this.#written.clear()
  }

  /** Writing the version that is there is a commit like any other, and changes nothing but page 1. */
  #version(): number {
    return Number(this.#writer.prepare('PRAGMA user_version').get()?.user_version)
  }

  /** The log still holds pages as they were. */
  #truncateLog(): boolean {
    if (this.#reader.isTransaction) this.#reader.exec('COMMIT')
    return this.#checkpointer.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get()?.busy === 0
  }
}

/**
 * Clears a database file and its log. Only for a process of its own, which must then end without closing anything (see
 * {@link RawFile}).
 */
export function scrub(options: ScrubOptions): Promise<boolean> {
  return new Scrubber(options).run()
}
