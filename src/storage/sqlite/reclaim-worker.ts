/** A worker thread: rewrites a database file without its free space and empties its log, on a connection of its own. */
import { DatabaseSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'

/** The message to the worker. */
export interface ReclaimTask {
  readonly path: string
  /** How long to wait for other users of the file, milliseconds. */
  readonly waitMs: number
  /** Whether SQLite may keep its copy in memory; else it lies in an unnamed temporary file. Either holds live rows only. */
  readonly isSmall: boolean
}

/** The worker's answer: whether it is done, or SQLite's error. */
export type ReclaimAnswer =
  | { readonly isThrough: boolean }
  | { readonly message: string; readonly errcode: number | null }

function reclaim({ path, waitMs, isSmall }: ReclaimTask): ReclaimAnswer {
  let database: DatabaseSync | null = null
  try {
    database = new DatabaseSync(path, { timeout: waitMs, enableForeignKeyConstraints: false })
    database.exec(`PRAGMA temp_store = ${isSmall ? 'MEMORY' : 'FILE'}`)
    database.exec('VACUUM')
    // The rewritten pages are in the log. Until that is emptied, the file itself still has the old ones.
    const checkpoint = database.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get()
    return { isThrough: checkpoint?.busy === 0 }
  } catch (error) {
    // An error that is thrown arrives without its code on the other side.
    const { message, errcode } = error as Error & { errcode?: unknown }
    return { message, errcode: typeof errcode === 'number' ? errcode : null }
  } finally {
    database?.close()
  }
}

parentPort?.postMessage(reclaim(workerData as ReclaimTask))
