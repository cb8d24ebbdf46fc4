/** Removes the bytes of erased records from the files: the last rows, then the unused bytes, in a process of its own. */
import { fork } from 'node:child_process'
import { setImmediate as oneTurn } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { listenTo } from '../../domain/detached.ts'
import { MemoryError } from '../../domain/error.ts'
import type { SqliteDatabase } from './database.ts'
import { completeReclaim, dueReclaim } from './receipts.ts'
import type { ScrubOptions } from './scrub/scrub.ts'
import type { ScrubAnswer } from './scrub/scrub-process.ts'
import { toMemoryError } from './sqlite-error.ts'

/** How long one attempt waits for other users of the file, milliseconds. */
const waitMs = 2_000
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

/** The program is next to this file, compiled or not. */
function program(): string {
  const name = import.meta.url.endsWith('.ts') ? 'scrub-process.ts' : 'scrub-process.js'
  return fileURLToPath(new URL(`./scrub/${name}`, import.meta.url))
}

/** The process failed: it could not be started, for example, or ran out of memory. */
function notCleared(message: string, cause?: unknown): MemoryError {
  const fix = 'What was forgotten cannot be read; its bytes are overwritten by the next attempt.'
  return new MemoryError('unavailable', { message: `Unused bytes were not overwritten: ${message}`, fix, cause })
}

/** Clears a file in a process of its own, which is ended when `signal` aborts. */
function inProcess({ path, waitMs }: ScrubOptions, signal: AbortSignal): Promise<ScrubAnswer> {
  return new Promise((resolve, reject) => {
    // Flags of this process, such as those of a program given on the command line, are not for a file.
    const execArgv = ['--disable-warning=ExperimentalWarning']
    const child = fork(program(), [path, String(waitMs)], {
      execArgv,
      stdio: 'ignore',
      signal,
      killSignal: 'SIGKILL',
    })
    listenTo(child, 'message', resolve, reject)
    listenTo(child, 'error', (error) => reject(notCleared('the process failed.', error)), reject)
    listenTo(child, 'exit', (code) => reject(notCleared(`the process ended (${code ?? 'killed'}).`)), reject)
  })
}

/** Overwrites all that nothing uses in a file and its log; false if other users blocked it. */
async function clearUnused(path: string, signal: AbortSignal): Promise<boolean> {
  const answer = await inProcess({ path, waitMs }, signal)
  if ('isThrough' in answer) return answer.isThrough
  if (answer.errcode === null) throw notCleared(answer.message)
  throw toMemoryError(Object.assign(new Error(answer.message), { errcode: answer.errcode }), path)
}

/**
 * One attempt to remove all erased bytes from the files; false if other users blocked it, or the database was closed.
 */
export async function reclaim(database: SqliteDatabase, signal: AbortSignal): Promise<boolean> {
  if (!(await deleteErased(database))) return false
  const due = await database.read(() => dueReclaim(database))
  if (due === null) return true
  const { connection } = database
  if (!connection.isInMemory && !(await clearUnused(connection.path, signal))) return false
  if (database.isClosed) return false
  await connection.transaction(() => completeReclaim(database, due))
  return true
}
