/** Turns errors of SQLite and of damaged rows into MemoryErrors. */
import { type ErrorCode, MemoryError } from '../../domain/error.ts'

const busyCodes = new Set([5, 6])
const code = {
  logic: 1,
  noMemory: 7,
  readOnly: 8,
  ioError: 10,
  corrupt: 11,
  full: 13,
  cannotOpen: 14,
  schema: 17,
  constraint: 19,
  mismatch: 20,
  notDatabase: 26,
} as const

/** The form of Node's errors, from SQLite or its own. */
interface RawError extends Error {
  readonly code?: unknown
  readonly errcode?: unknown
  readonly syscall?: unknown
}

/** The error that SQLite or the runtime threw; a MemoryError made of it here keeps it as its cause. */
function rawOf(error: unknown): RawError | null {
  const raw = error instanceof MemoryError ? error.cause : error
  return raw instanceof Error ? raw : null
}

/** The primary result code of an error of SQLite's, or of the MemoryError made of it; null for any other error. */
export function sqliteCode(error: unknown): number | null {
  const errcode = rawOf(error)?.errcode
  return typeof errcode === 'number' ? errcode & 0xff : null
}

/** Whether an error says that the disk, or what may be used of it, is full: then nothing was stored. */
export function isFull(error: unknown): boolean {
  return sqliteCode(error) === code.full
}

/** Whether the disk is at fault: the same statement fails for everybody. */
export function isDiskFailure(error: unknown): boolean {
  const primary = sqliteCode(error)
  return primary === code.full || primary === code.ioError
}

/** Whether another connection holds the file, which is temporary. */
export function isBusy(error: unknown): boolean {
  const primary = sqliteCode(error)
  return primary !== null && busyCodes.has(primary)
}

const damagedFix = 'Restore a backup; keep the damaged file for a look with PRAGMA integrity_check.'

interface Wording {
  readonly code: ErrorCode
  readonly message: string
  readonly fix: string
  readonly retryable?: boolean
}

/** The error for a result code of SQLite. */
function wordingOf(primary: number, file: string): Wording {
  switch (primary) {
    case code.notDatabase: {
      const fix = `Point storage at a new file, or at one that aquifer wrote. If it is one: ${damagedFix}`
      return { code: 'corrupt', message: `${file} is not a SQLite database.`, fix }
    }
    case code.corrupt:
      return { code: 'corrupt', message: `${file} is damaged.`, fix: damagedFix }
    // The statements and the schema are fixed: this package did not write rows that they cannot handle.
    case code.logic:
    case code.schema:
    case code.constraint:
    case code.mismatch:
      return { code: 'corrupt', message: `${file} does not hold what aquifer wrote.`, fix: damagedFix }
    case code.full: {
      const fix = 'Free disk space (or raise maxBytes) and try again; nothing of this commit was stored.'
      return { code: 'unavailable', message: `There is no room left for ${file}.`, fix }
    }
    case code.ioError: {
      const fix = 'Check the disk and the folder of the file, then try again.'
      return { code: 'unavailable', message: `Reading or writing ${file} failed.`, fix }
    }
    case code.cannotOpen:
    case code.readOnly: {
      const fix = 'Check that the folder exists and that this process may write to it.'
      return { code: 'unavailable', message: `${file} cannot be opened for writing.`, fix, retryable: false }
    }
  }
  const fix = busyCodes.has(primary)
    ? 'Try again; another process holds the file.'
    : 'Look at the cause, then try again.'
  return { code: 'unavailable', message: `SQLite could not work with ${file}.`, fix }
}

/** The error for an error of the runtime that is not SQLite's. */
function wordingOfRuntime(raw: RawError | null, file: string): Wording {
  if (raw?.code === 'ERR_INVALID_STATE') {
    const fix = 'Open a new one; close it only when all work with it is done.'
    return { code: 'closed', message: 'The storage is closed.', fix }
  }
  if (raw?.syscall !== undefined) {
    const fix = 'Check the disk and the folder of the file, then try again.'
    return { code: 'unavailable', message: `The files of ${file} cannot be used.`, fix }
  }
  return unreadable(file)
}

/** Numbers out of range, rows that do not match: reading rows of this package never throws these. */
function unreadable(file: string): Wording {
  const fix = `${damagedFix} If that finds nothing, please report this error with its cause.`
  return { code: 'corrupt', message: `What ${file} holds cannot be read.`, fix }
}

/** Any error of the driver as a MemoryError, with its cause. */
export function toMemoryError(error: unknown, file: string): MemoryError {
  if (error instanceof MemoryError) return error
  const raw = rawOf(error)
  const errcode = sqliteCode(error)
  const { code: name, ...wording } = errcode === null ? wordingOfRuntime(raw, file) : wordingOf(errcode, file)
  const details = { file, ...(errcode === null ? {} : { sqlite: String(raw?.message), errcode }) }
  return new MemoryError(name, { ...wording, details, cause: error })
}

/** The error of a read: if stored rows break a rule, the file is at fault. */
export function readError(error: unknown, file: string): MemoryError {
  if (!(error instanceof MemoryError) || error.code !== 'bug') return toMemoryError(error, file)
  const { code, ...wording } = unreadable(file)
  return new MemoryError(code, { ...wording, details: { file }, cause: error })
}
