/** One connection to a SQLite file: pragmas, prepared statements, and the write lock. All statements go through it. */
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as delay, setImmediate as oneTurn } from 'node:timers/promises'
import { MemoryError } from '../../domain/error.ts'
import type { Durability } from '../../ports/storage.ts'
import { migrate } from '../migrate.ts'
import { ground } from './migrations/001-ground.ts'
import { words } from './migrations/002-words.ts'
import { vectors } from './migrations/003-vectors.ts'
import { factTables } from './migrations/004-facts.ts'
import { forgetTables } from './migrations/005-forget.ts'
import { runs } from './migrations/006-runs.ts'
import { records } from './migrations/007-records.ts'
import { waitingRuns } from './migrations/008-waiting-runs.ts'
import { taskIds } from './migrations/009-task-ids.ts'
import { spaceSecrets } from './migrations/010-space-secrets.ts'
import { standingTurns } from './migrations/011-standing-turns.ts'
import { steps } from './migrations/012-steps.ts'
import { workflows } from './migrations/013-workflows.ts'
import { clocks } from './migrations/014-clocks.ts'
import { recordLabels } from './migrations/015-record-labels.ts'
import { notesAhead } from './migrations/016-notes-ahead.ts'
import { OpenFiles } from './open-files.ts'
import { isBusy, toMemoryError } from './sqlite-error.ts'
import { Statement } from './statement.ts'

const migrations = [
  ground,
  words,
  vectors,
  factTables,
  forgetTables,
  runs,
  records,
  waitingRuns,
  taskIds,
  spaceSecrets,
  standingTurns,
  steps,
  workflows,
  clocks,
  recordLabels,
  notesAhead,
]

/** Marks a SQLite file as ours ("Aqfr"). */
const applicationId = 0x41716672

/** Milliseconds to wait inside SQLite before giving the event loop back. */
const syncWaitMs = 1

/** Pages that the log may have before its content is moved into the database. */
const checkpointPages = 4_000

/** Bytes that the log is cut to once its content is moved. */
const logBytes = checkpointPages * 4_096

/** How a database file is opened. */
interface ConnectionOptions {
  /** A path, or `:memory:`. */
  readonly path: string
  readonly durability: Durability
  readonly busyTimeoutMs: number
  /** The largest size the file may grow to, bytes; absent: no limit. */
  readonly maxBytes?: number
}

/**
 * A pause of 0 to 3 ms before the lock is tried again; 0 gives the event loop one turn. A timer alone would never be
 * under 1 ms.
 */
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

/** Closes a database that could not be opened, and returns the error to throw. */
function closedAgain(database: DatabaseSync, path: string, error: unknown): MemoryError {
  try {
    database.close()
    return toMemoryError(error, path)
  } catch (cause) {
    return toMemoryError(cause, path)
  }
}

/** An open connection. Synchronous: its user must not await between `begin` and `commit`. */
export class Connection {
  readonly path: string
  readonly busyTimeoutMs: number
  readonly #database: DatabaseSync
  readonly #begin: Statement<[]>
  readonly #beginRead: Statement<[]>
  readonly #commit: Statement<[]>
  readonly #rollback: Statement<[]>
  readonly #dataVersion: Statement<[number]>
  /** null for a database in memory. */
  readonly #files: OpenFiles | null

  private constructor(database: DatabaseSync, options: ConnectionOptions) {
    this.path = options.path
    this.busyTimeoutMs = options.busyTimeoutMs
    this.#database = database
    this.#begin = this.prepare('BEGIN IMMEDIATE')
    this.#beginRead = this.prepare('BEGIN')
    this.#commit = this.prepare('COMMIT')
    this.#rollback = this.prepare('ROLLBACK')
    this.#dataVersion = this.prepare('PRAGMA data_version')
    this.#files = this.isInMemory ? null : new OpenFiles(options.path)
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
      database.exec(
        `PRAGMA wal_autocheckpoint = ${checkpointPages}; PRAGMA journal_size_limit = ${logBytes}; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -65536`,
      )
      const connection = new Connection(database, options)
      connection.setDurability(options.durability)
      await connection.#migrate()
      if (options.maxBytes !== undefined) connection.#limitSize(options.maxBytes)
      return connection
    } catch (error) {
      throw closedAgain(database, path, error)
    }
  }

  async #migrate(): Promise<void> {
    const version = () => this.#pragma('user_version')
    await migrate(
      {
        version,
        locked: (work) => this.transaction(work),
        run: (sql) => this.#exec(sql),
        setVersion: (next) => this.#exec(`PRAGMA user_version = ${next}; PRAGMA application_id = ${applicationId}`),
      },
      migrations,
    )
  }

  #exec(sql: string): void {
    try {
      this.#database.exec(sql)
    } catch (error) {
      throw toMemoryError(error, this.path)
    }
  }

  #pragma(name: string): number {
    try {
      return Number(pragma(this.#database, name) ?? 0)
    } catch (error) {
      throw toMemoryError(error, this.path)
    }
  }

  #limitSize(maxBytes: number): void {
    this.#exec(`PRAGMA max_page_count = ${Math.floor(maxBytes / this.#pragma('page_size'))}`)
  }

  setDurability(durability: Durability): void {
    this.#exec(`PRAGMA synchronous = ${durability === 'power' ? 'FULL' : 'NORMAL'}`)
  }

  prepare<Row extends readonly unknown[]>(sql: string): Statement<Row> {
    return new Statement<Row>(this.#database, sql, this.path)
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

  /** Whether its files were found to be gone or replaced: it is of no use then. */
  get isReplaced(): boolean {
    return this.#files?.isReplaced ?? false
  }

  /** @throws MemoryError `corrupt` if its files were removed or replaced since they were opened. */
  checkFiles(): void {
    this.#files?.check()
  }

  /**
   * Cuts a log that has grown while somebody read for long. It does nothing if somebody still reads, or the log is no longer
   * than it may be.
   */
  trimLog(): void {
    if (this.#files === null || this.#files.logBytes <= 2 * logBytes || this.isTransaction) return
    this.#exec('PRAGMA wal_checkpoint(TRUNCATE)')
  }

  /** @throws MemoryError `corrupt` as {@link Connection.checkFiles}: nothing is written into files that nobody finds. */
  begin(): void {
    this.checkFiles()
    // One that could not be rolled back, as for an I/O error, would refuse every transaction after it.
    this.rollback()
    this.#begin.run()
  }

  /** Begins a snapshot; pair it with {@link Connection.endRead}, without an await in between. */
  beginRead(): void {
    if (this.isReplaced) this.checkFiles()
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
    try {
      this.#database.close()
    } catch (error) {
      throw toMemoryError(error, this.path)
    }
  }
}
