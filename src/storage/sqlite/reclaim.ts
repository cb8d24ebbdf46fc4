/** Removes the bytes of erased records from the files: the last rows, then `VACUUM` and a checkpoint in a worker. */
import { statSync } from 'node:fs'
import { setImmediate as oneTurn } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { listenTo } from '../../domain/detached.ts'
import { MemoryError } from '../../domain/error.ts'
import type { SqliteDatabase } from './database.ts'
import { completeReclaim, dueReclaim } from './receipts.ts'
import type { ReclaimAnswer, ReclaimTask } from './reclaim-worker.ts'
import { isBusy, toMemoryError } from './sqlite-error.ts'

/** How long one attempt waits for other users of the file, milliseconds. */
const waitMs = 2_000
/** Up to this size the copy that `VACUUM` makes is kept in memory, bytes. */
const smallBytes = 134_217_728
/** Longest time one transaction deletes rows, milliseconds. */
const batchMs = 6
/** Rows that one statement deletes at first; it grows and shrinks with the time that they take. */
const firstBatch = 64

/**
 * Deletes the rows of erased spaces, a few in each transaction, so that others need not wait long; false if some are
 * left.
 */
export async function deleteErased(database: SqliteDatabase): Promise<boolean> {
  let batch = firstBatch
  try {
    while (!database.isClosed) {
      if (database.statements.erasedSpace.get() === undefined) return true
      await database.connection.transaction(() => {
        const n = database.statements.erasedSpace.get()?.[0]
        if (n !== undefined) batch = deleteSome(database, n, batch)
      })
      await oneTurn()
    }
  } catch (error) {
    // The erasure itself is done: unreadable rows can wait for the next attempt.
    if (!database.isClosed && !(error instanceof MemoryError && error.code === 'unavailable')) throw error
  }
  return false
}

/** Deletes rows of a space until the time is up or none is left. Answers how many to delete at once from now on. */
function deleteSome(database: SqliteDatabase, n: number, first: number): number {
  let batch = first
  const until = performance.now() + batchMs
  for (const statement of database.statements.deleteSomeRows) {
    for (;;) {
      const started = performance.now()
      const asked = batch
      const changes = Number(statement.run(n, asked).changes)
      const now = performance.now()
      if (changes === asked && now - started < batchMs / 4) batch = Math.min(batch * 2, 8_192)
      else if (now - started > batchMs) batch = Math.max(1, Math.floor(batch / 2))
      if (now > until) return batch
      if (changes < asked) break
    }
  }
  database.statements.deleteErasedSpace.run(n)
  return batch
}

/** The worker's file is next to this one, compiled or not. */
function workerFile(): URL {
  return new URL(import.meta.url.endsWith('.ts') ? './reclaim-worker.ts' : './reclaim-worker.js', import.meta.url)
}

/** The worker itself failed: it ran out of memory, for example. */
function workerLost(cause: unknown): MemoryError {
  const fix = 'What was forgotten cannot be read; its bytes are reclaimed by the next attempt.'
  return new MemoryError('unavailable', { message: 'The thread that rewrites the file failed.', fix, cause })
}

function inWorker(workerData: ReclaimTask): Promise<ReclaimAnswer> {
  return new Promise((resolve, reject) => {
    // Flags of the process, such as those of a program given on the command line, are not for a file.
    const execArgv = ['--disable-warning=ExperimentalWarning']
    const worker = new Worker(workerFile(), { workerData, execArgv })
    listenTo(worker, 'message', resolve, reject)
    listenTo(worker, 'error', (error) => reject(workerLost(error)), reject)
    listenTo(worker, 'exit', () => resolve({ isThrough: false }), reject)
  })
}

function sizeOf(path: string): number {
  return [path, `${path}-wal`].reduce((sum, file) => sum + (statSync(file, { throwIfNoEntry: false })?.size ?? 0), 0)
}

/** Rewrites the files; false if other users blocked it. */
async function rewrite(path: string): Promise<boolean> {
  const answer = await inWorker({ path, waitMs, isSmall: sizeOf(path) <= smallBytes })
  if ('isThrough' in answer) return answer.isThrough
  const error = Object.assign(new Error(answer.message), answer.errcode === null ? {} : { errcode: answer.errcode })
  if (isBusy(error)) return false
  throw toMemoryError(error, path)
}

/**
 * One attempt to remove all erased bytes from the files; false if other users blocked it, or the database was closed.
 */
export async function reclaim(database: SqliteDatabase): Promise<boolean> {
  if (!(await deleteErased(database))) return false
  const due = await database.read(() => dueReclaim(database))
  if (due === null) return true
  const { connection } = database
  if (!connection.isInMemory && !(await rewrite(connection.path))) return false
  if (database.isClosed) return false
  await connection.transaction(() => completeReclaim(database, due))
  return true
}
