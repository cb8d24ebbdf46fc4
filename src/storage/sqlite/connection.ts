/** One connection to a SQLite file: pragmas, prepared statements, the write lock, and SQLite's errors in our words. */
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import { setTimeout as delay, setImmediate as oneTurn } from 'node:timers/promises'
import { invariant, MemoryError } from '../../domain/error.ts'
import type { Durability } from '../../ports/storage.ts'
import { migrate } from '../migrate.ts'
import { ground } from './migrations/001-ground.ts'
import { words } from './migrations/002-words.ts'
import { vectors } from './migrations/003-vectors.ts'
import { facts } from './migrations/004-facts.ts'
import { forget } from './migrations/005-forget.ts'
import { runs } from './migrations/006-runs.ts'
import { records } from './migrations/007-records.ts'
import { plainParameters } from './parameters.ts'

const migrations = [ground, words, vectors, facts, forget, runs, records]

/** Marks a SQLite file as ours ("Aqfr"). */
const applicationId = 0x41716672

/** Milliseconds to wait inside SQLite before giving the event loop back. */
const syncWaitMs = 1

const busyCodes = new Set([5, 6])
const code = { ioError: 10, corrupt: 11, full: 13, cannotOpen: 14, notDatabase: 26, readOnly: 8 } as const

/** The primary result code of an error of SQLite's; null for any other error. */
export function sqliteCode(error: unknown): number | null {
  if (!(error instanceof Error) || !('errcode' in error)) return null
  return typeof error.errcode === 'number' ? error.errcode & 0xff : null
}

/** Whether an error says that the disk, or what may be used of it, is full: then nothing was stored. */
export function isFull(error: unknown): boolean {
  return sqliteCode(error) === code.full
}

export function isBusy(error: unknown): boolean {
  const primary = sqliteCode(error)
  return primary !== null && busyCodes.has(primary)
}

/** An error of SQLite's as one of ours, cause kept; any other error as it is. */
export function toMemoryError(error: unknown, file: string): unknown {
  const primary = sqliteCode(error)
  if (primary === null || error instanceof MemoryError) return error
  const cause = { cause: error, details: { file, sqlite: String((error as Error).message), errcode: primary } }
  if (primary === code.notDatabase) {
    return new MemoryError('corrupt', {
      message: `${file} is not a SQLite database.`,
      fix: 'Point storage at a new file, or at one that aquifer wrote.',
      ...cause,
    })
  }
  if (primary === code.corrupt) {
    const fix = 'Restore a backup; keep the damaged file for a look with PRAGMA integrity_check.'
    return new MemoryError('corrupt', { message: `${file} is damaged.`, fix, ...cause })
  }
  if (primary === code.full) {
    const fix = 'Free disk space (or raise maxBytes) and try again; nothing of this commit was stored.'
    return new MemoryError('unavailable', { message: `There is no room left for ${file}.`, fix, ...cause })
  }
  if (primary === code.cannotOpen || primary === code.readOnly) {
    const fix = 'Check that the folder exists and that this process may write to it.'
    return new MemoryError('unavailable', {
      message: `${file} cannot be opened for writing.`,
      fix,
      retryable: false,
      ...cause,
    })
  }
  const fix = busyCodes.has(primary)
    ? 'Try again; another process holds the file.'
    : 'Look at the cause, then try again.'
  return new MemoryError('unavailable', { message: `SQLite could not work with ${file}.`, fix, ...cause })
}

/** How a database file is opened. */
export interface ConnectionOptions {
  /** A path, or `:memory:`. */
  readonly path: string
  readonly durability: Durability
  readonly busyTimeoutMs: number
  /** The largest size the file may grow to, bytes; absent: no limit. */
  readonly maxBytes?: number
}

/** 0 to 3 ms for whoever waits for the lock; 0 gives the event loop one turn. A timer alone would never be under 1 ms. */
export async function jitter(): Promise<void> {
  const waitMs = Math.floor(Math.random() * 4)
  await (waitMs === 0 ? oneTurn() : delay(waitMs))
}

/** Tries again while the file is locked: 0–3 ms apart, so that waiting processes take turns and no event loop freezes. */
export async function whileBusy<Result>(work: () => Result, timeoutMs: number, file: string): Promise<Result> {
  const deadline = performance.now() + timeoutMs
  for (;;) {
    try {
      return work()
    } catch (error) {
      if (!isBusy(error) || performance.now() > deadline) throw toMemoryError(error, file)
    }
    await jitter()
  }
}

/** A statement whose rows come as arrays, in the order of its columns: cheaper than objects. */
export class Statement<Row extends readonly unknown[]> {
  readonly #statement: StatementSync
  readonly #valueCount: number
  readonly #order: readonly number[] | null

  constructor(database: DatabaseSync, numberedSql: string) {
    const { sql, valueCount, order } = plainParameters(numberedSql)
    this.#statement = database.prepare(sql)
    this.#statement.setReturnArrays(true)
    this.#valueCount = valueCount
    this.#order = order
  }

  /** One value for each `?` of the statement. */
  #bound(values: SQLInputValue[]): SQLInputValue[] {
    // SQLite would take a value that is left out for NULL.
    invariant(values.length === this.#valueCount, 'a statement gets as many values as it has parameters')
    return this.#order?.map((index) => values[index] as SQLInputValue) ?? values
  }

  get(...values: SQLInputValue[]): Row | undefined {
    return this.#statement.get(...this.#bound(values)) as unknown as Row | undefined
  }

  all(...values: SQLInputValue[]): Row[] {
    return this.#statement.all(...this.#bound(values)) as unknown as Row[]
  }

  /** Steps through the rows; finish before any await, an open statement holds back checkpoints. */
  iterate(...values: SQLInputValue[]): IterableIterator<Row> {
    return this.#statement.iterate(...this.#bound(values)) as unknown as IterableIterator<Row>
  }

  run(...values: SQLInputValue[]): { readonly changes: number | bigint; readonly lastInsertRowid: number | bigint } {
    return this.#statement.run(...this.#bound(values))
  }
}

function pragma(database: DatabaseSync, name: string): unknown {
  return database.prepare(`PRAGMA ${name}`).get()?.[name]
}

/** Refuses the database of another application, which migrating would damage. */
function refuseForeign(database: DatabaseSync, path: string): void {
  if (pragma(database, 'application_id') === applicationId) return
  const tables = database.prepare('SELECT count(*) AS tables FROM sqlite_schema').get()?.tables
  // Another process may be creating the schema right now; then its mark is there once the tables are.
  if (tables === 0 || pragma(database, 'application_id') === applicationId) return
  throw new MemoryError('unsupported', {
    message: `${path} is a SQLite database of another application.`,
    fix: 'Point storage at a new file, or at one that aquifer wrote.',
    details: { file: path },
  })
}

/** An open connection. Synchronous; who holds it must not await between `begin` and `commit`. */
export class Connection {
  readonly path: string
  readonly busyTimeoutMs: number
  readonly #database: DatabaseSync
  readonly #begin: Statement<[]>
  readonly #beginRead: Statement<[]>
  readonly #commit: Statement<[]>
  readonly #rollback: Statement<[]>
  readonly #dataVersion: Statement<[number]>

  private constructor(database: DatabaseSync, options: ConnectionOptions) {
    this.path = options.path
    this.busyTimeoutMs = options.busyTimeoutMs
    this.#database = database
    this.#begin = this.prepare('BEGIN IMMEDIATE')
    this.#beginRead = this.prepare('BEGIN')
    this.#commit = this.prepare('COMMIT')
    this.#rollback = this.prepare('ROLLBACK')
    this.#dataVersion = this.prepare('PRAGMA data_version')
  }

  /** Opens the file, sets every pragma, and migrates. */
  static async open(options: ConnectionOptions): Promise<Connection> {
    const { path, busyTimeoutMs } = options
    let database: DatabaseSync
    try {
      database = new DatabaseSync(path, { timeout: syncWaitMs, enableForeignKeyConstraints: false })
    } catch (error) {
      throw toMemoryError(error, path)
    }
    try {
      // Before anything is written: a foreign database stays as it is, to the byte.
      await whileBusy(() => refuseForeign(database, path), busyTimeoutMs, path)
      await whileBusy(() => database.exec('PRAGMA journal_mode = WAL'), busyTimeoutMs, path)
      database.exec(`PRAGMA wal_autocheckpoint = 4000; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -65536`)
      const connection = new Connection(database, options)
      connection.setDurability(options.durability)
      await connection.#migrate()
      if (options.maxBytes !== undefined) connection.#limitSize(options.maxBytes)
      return connection
    } catch (error) {
      database.close()
      throw toMemoryError(error, path)
    }
  }

  async #migrate(): Promise<void> {
    const version = () => this.#pragma('user_version')
    await migrate(
      {
        version,
        locked: (work) => this.transaction(work),
        run: (sql) => this.#database.exec(sql),
        setVersion: (next) =>
          this.#database.exec(`PRAGMA user_version = ${next}; PRAGMA application_id = ${applicationId}`),
      },
      migrations,
    )
  }

  #pragma(name: string): number {
    return Number(pragma(this.#database, name) ?? 0)
  }

  #limitSize(maxBytes: number): void {
    this.#database.exec(`PRAGMA max_page_count = ${Math.floor(maxBytes / this.#pragma('page_size'))}`)
  }

  setDurability(durability: Durability): void {
    this.#database.exec(`PRAGMA synchronous = ${durability === 'power' ? 'FULL' : 'NORMAL'}`)
  }

  prepare<Row extends readonly unknown[]>(sql: string): Statement<Row> {
    return new Statement<Row>(this.#database, sql)
  }

  get isInMemory(): boolean {
    return this.path === ':memory:'
  }

  /** Changes when another connection has committed. */
  dataVersion(): number {
    return this.#dataVersion.get()?.[0] ?? 0
  }

  get isTransaction(): boolean {
    return this.#database.isTransaction
  }

  begin(): void {
    this.#begin.run()
  }

  /** Begins a snapshot; pair it with {@link Connection.endRead}, without an await in between. */
  beginRead(): void {
    this.#beginRead.run()
  }

  endRead(): void {
    if (this.isTransaction) this.#commit.run()
  }

  commit(): void {
    this.#commit.run()
  }

  /** Ends the transaction if there still is one: a full disk has ended it already. */
  rollback(): void {
    if (this.isTransaction) this.#rollback.run()
  }

  /** Runs `work` under the write lock, waiting for it as long as allowed; undone if it throws. */
  transaction<Result>(work: () => Result): Promise<Result> {
    const attempt = () => {
      this.begin()
      try {
        const result = work()
        this.commit()
        return result
      } catch (error) {
        this.rollback()
        throw error
      }
    }
    return whileBusy(attempt, this.busyTimeoutMs, this.path)
  }

  close(): void {
    this.#database.close()
  }
}
