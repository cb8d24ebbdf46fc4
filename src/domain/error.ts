/** The one error class of the project, its closed list of codes, and the assertion that stays on in production. */
import { shortDetails, shortText } from './short-text.ts'

/** Every code a {@link MemoryError} can carry. The faces map them to HTTP, MCP and exit statuses in one table. */
export const errorCodes = [
  'invalid-input',
  'not-found',
  'conflict',
  'denied',
  'limit-exceeded',
  'cursor-expired',
  'unsupported',
  'unavailable',
  'unknown-outcome',
  'schema-newer',
  'corrupt',
  'closed',
  'aborted',
  'bug',
] as const

/**
 * What kind of error it is.
 * - `invalid-input`: an argument breaks a rule; `details` has `field`, `rule` and `got`.
 * - `not-found`: there is no such record, or the actor may not see it.
 * - `conflict`: the record is in a state that does not allow the call.
 * - `denied`: the actor lacks the right.
 * - `limit-exceeded`: a limit of `limits` would be passed.
 * - `cursor-expired`: the cursor or seq is older than what is kept.
 * - `unsupported`: this version, or what is installed, cannot do it.
 * - `unavailable`: the storage could not be reached in time; try again.
 * - `unknown-outcome`: a write may or may not have been applied.
 * - `schema-newer`: a newer version of the package wrote the file.
 * - `corrupt`: the file is damaged.
 * - `closed`: the memory or the stream is closed.
 * - `aborted`: a signal ended the call.
 * - `bug`: a defect of this package.
 */
export type ErrorCode = (typeof errorCodes)[number]

/** What an error is built from. `fix` is one sentence that tells the caller what to do next. */
interface MemoryErrorOptions {
  readonly message: string
  readonly fix: string
  /** Machine-readable particulars: `field`, `rule` and `got` for bad input; sizes, limits, versions otherwise. */
  readonly details?: Readonly<Record<string, unknown>>
  /** Whether the same call may succeed later without a change. Default: true for `unavailable`, else false. */
  readonly retryable?: boolean
  readonly cause?: unknown
}

/** Together, and with the space between them, at most 2 KB. */
const messageBytes = 1_200
const fixBytes = 800

/**
 * The only error this package throws on purpose. Read `code` to decide, `fix` to repair, `details` to report. Whatever
 * values it quotes, `message` has at most 2 KB and `details` about 16 KB: longer texts are cut in the middle.
 */
export class MemoryError extends Error {
  /** Always `MemoryError`, even if two copies of the package make `instanceof` fail. */
  override readonly name = 'MemoryError'
  /** What went wrong, from a closed list: see `errorCodes`. */
  readonly code: ErrorCode
  /** What to do about it. The end of `message` says it too. At most 800 bytes. */
  readonly fix: string
  /** What it is about, such as `field`, `key` or `limit`; which ones depends on the code. Default: `{}`. */
  readonly details: Readonly<Record<string, unknown>>
  /** Whether the same call may succeed later without a change. */
  readonly retryable: boolean

  /** Makes an error of that code. Its texts are cut to their limits. */
  constructor(code: ErrorCode, options: MemoryErrorOptions) {
    const fix = shortText(options.fix, fixBytes)
    super(
      `${shortText(options.message, messageBytes)} ${fix}`,
      options.cause === undefined ? undefined : { cause: options.cause },
    )
    this.code = code
    this.fix = fix
    this.details = options.details === undefined ? {} : shortDetails(options.details)
    this.retryable = options.retryable ?? code === 'unavailable'
  }

  /** Plain JSON for logs and for the wire; the cause stays behind. */
  toJSON(): Record<string, unknown> {
    return {
      name: this.name,
      code: this.code,
      message: this.message,
      fix: this.fix,
      details: this.details,
      retryable: this.retryable,
    }
  }
}

const shownLength = 80

/**
 * A short, safe rendering of a rejected value for an error's `got`: about 80 characters, and never an error of its own,
 * whatever getters and proxies the value has.
 */
export function shown(value: unknown): string {
  try {
    return rendered(value)
  } catch {
    return 'a value that cannot be read'
  }
}

function rendered(value: unknown): string {
  if (value === undefined) return 'undefined'
  if (typeof value === 'function') return 'a function'
  if (typeof value === 'bigint') return `${String(value).slice(0, shownLength)}n`
  if (typeof value === 'number' || typeof value === 'boolean' || value === null) return String(value)
  if (typeof value === 'string') {
    const text = value.length > shownLength ? `${value.slice(0, shownLength)}…` : value
    return JSON.stringify(text)
  }
  if (Array.isArray(value)) return `an array of ${value.length}`
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'an invalid Date' : value.toISOString()
  if (typeof value !== 'object') return typeof value
  const keys = Object.keys(value)
  return keys.length === 0 ? 'an object without keys' : `an object with keys ${rendered(keys.join(', '))}`
}

/** The error for a value that breaks a rule of its field. */
export function invalidInput(field: string, rule: string, got: unknown, fix: string): MemoryError {
  const given = shown(got)
  return new MemoryError('invalid-input', {
    message: `"${shortText(field, 400)}" ${rule}; got ${given}.`,
    fix,
    details: { field, rule, got: given },
  })
}

/** The error for a record that does not exist or is not the caller's: both give the same answer. */
export function notFound(what: string, id: string, fix: string): MemoryError {
  return new MemoryError('not-found', { message: `There is no ${what} ${shown(id)}.`, fix, details: { what, id } })
}

/** States what must hold inside the library. Stays on in production; a failure is a defect of ours. */
export function invariant(condition: unknown, message: string): asserts condition {
  if (condition) return
  throw new MemoryError('bug', {
    message: `An internal check failed: ${message}.`,
    fix: 'Please report this with the steps that led to it; nothing was written by this call.',
  })
}
