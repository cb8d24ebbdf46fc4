/** The files of a connection: whether they are still those that it has open, and how long its log has grown. */
import { statSync } from 'node:fs'
import { MemoryError } from '../../domain/error.ts'

/** Milliseconds for which a look at the files counts: commits may follow each other faster than files can be looked at. */
const looksEveryMs = 1

/** Tells a file from any other that is, or was, at its path. */
interface Identity {
  readonly device: number
  readonly inode: number
}

function identityAt(path: string): Identity | null {
  const found = statSync(path, { throwIfNoEntry: false })
  return found === undefined ? null : { device: found.dev, inode: found.ino }
}

function isSame(one: Identity | null, other: Identity | null): boolean {
  return one?.device === other?.device && one?.inode === other?.inode
}

/**
 * The database file and its log as they are at their paths. A process that has removed or replaced them under a connection
 * is not noticed by SQLite: it would go on writing into files that nobody finds any more.
 */
export class OpenFiles {
  readonly #path: string
  readonly #logPath: string
  readonly #file: Identity | null
  #log: Identity | null
  #isReplaced = false
  #lookedAt = Number.NEGATIVE_INFINITY

  /** @param path Of the database, which is open by now. */
  constructor(path: string) {
    this.#path = path
    this.#logPath = `${path}-wal`
    this.#file = identityAt(path)
    this.#log = identityAt(this.#logPath)
  }

  /** Whether a check has found that they are not the open ones any more. */
  get isReplaced(): boolean {
    return this.#isReplaced
  }

  /**
   * Looks at the files, at most once in a millisecond.
   *
   * @throws MemoryError `corrupt` if one of them was removed or replaced, now and for ever after.
   */
  check(): void {
    const now = performance.now()
    if (!this.#isReplaced && now >= this.#lookedAt + looksEveryMs) {
      this.#lookedAt = now
      const log = identityAt(this.#logPath)
      // The log is made by the first write, and stays as long as a connection is open.
      this.#log ??= log
      this.#isReplaced = !isSame(this.#file, identityAt(this.#path)) || !isSame(this.#log, log)
    }
    if (this.#isReplaced) throw replaced(this.#path)
  }

  /** Bytes of the log. */
  get logBytes(): number {
    return statSync(this.#logPath, { throwIfNoEntry: false })?.size ?? 0
  }
}

function replaced(path: string): MemoryError {
  return new MemoryError('corrupt', {
    message: `${path} or its log was removed or replaced while it was open: writes would reach nobody.`,
    fix: 'Close every Memory on it in this process and open it again. Stop all processes before you restore a backup.',
    details: { file: path, reason: 'file-replaced' },
  })
}
