/** Every limit of the library: its default and the highest value it may be raised to. */
import { invalidInput, MemoryError } from './error.ts'
import { exceedsBytes, isJsonObject, type Json, jsonBytes } from './json.ts'
import { withCommas } from './with-commas.ts'

interface Limit {
  readonly default: number
  /** Default: 1. */
  readonly min?: number
  readonly max: number
  readonly about: string
}

/** Milliseconds of a day. */
export const dayMs = 86_400_000

/** Limits are whole numbers. Bytes are UTF-8 JSON; names end in their unit where they have one. */
export const limitTable = {
  idLength: { default: 256, max: 256, about: 'characters in an id, a key or a block name' },
  entriesPerSpace: { default: 1_000, max: 10_000_000, about: 'live keys in one space before the oldest are pruned' },
  entryBytes: { default: 65_536, max: 16_777_216, about: 'bytes of one entry value' },
  entryTtlMs: {
    default: 30 * dayMs,
    max: 3_650 * dayMs,
    about: 'milliseconds an entry lives without a ttl of its own',
  },
  blockBytes: { default: 262_144, max: 16_777_216, about: 'bytes of one working-memory block' },
  mergeLines: {
    default: 8_192,
    max: 8_192,
    about: 'lines between the first and the last change of a text that is merged',
  },
  mergeEdits: {
    default: 128,
    max: 128,
    about: 'lines that a text being merged repeats or moves and the other one does not',
  },
  factBytes: { default: 16_384, max: 1_048_576, about: 'bytes of the text of one fact' },
  factLinks: { default: 1_000, max: 10_000, about: 'sources of one fact, or facts that it contradicts' },
  pinnedFacts: { default: 100, max: 1_000, about: 'pinned facts of a space that one prompt reads, the newest' },
  runBytes: { default: 262_144, max: 4_194_304, about: 'bytes of the details and the continuation of one run' },
  runTtlMs: {
    default: 30 * dayMs,
    max: 3_650 * dayMs,
    about: 'milliseconds a run is kept after its last put, unless suspended, or of a workflow that has not ended',
  },
  stepBytes: {
    default: 262_144,
    max: 4_194_304,
    about:
      'bytes of what one call or step tells those who decide, of the decision about it, and of the output of one step',
  },
  stepsPerRun: { default: 10_000, max: 100_000, about: 'steps of one run of a workflow' },
  delegationDepth: {
    default: 8,
    max: 15,
    about: 'agents that one task is handed to in a row, each by the one before',
  },
  delegationsPerRun: { default: 64, max: 10_000, about: 'tasks that one run of an agent hands on, at every depth' },
  pendingDays: { default: 30, max: 3_650, about: 'days that a call waits for a decision before it expires' },
  proposalDays: {
    default: 30,
    max: 3_650,
    about: 'days that a proposal waits for a decision, and is kept once there is one',
  },
  proposalsOpen: {
    default: 100,
    max: 1_000,
    about: 'open proposals of one author in one space before a new one replaces the oldest',
  },
  recordBytes: { default: 262_144, max: 4_194_304, about: 'bytes of the fields of one record' },
  observationBytes: { default: 8_192, max: 65_536, about: 'bytes of one note that was observed' },
  observationsPerChunk: { default: 2_000, max: 10_000, about: 'notes that one cycle makes' },
  observationGenerations: {
    default: 100,
    max: 10_000,
    about: 'generations of notes that are kept for each thread',
  },
  messageBytes: {
    default: 16_777_216,
    max: 67_108_864,
    about: 'bytes of one message, or of words waiting to be learned',
  },
  toolResultLength: {
    default: 32_768,
    min: 100,
    max: 67_108_864,
    about: 'characters that prompts show of one result of a tool; the tool recall reads the rest',
  },
  messagesPerCall: { default: 1_000, max: 10_000, about: 'messages saved in one call' },
  changesPerCommit: { default: 1_000, max: 10_000, about: 'changes in one commit' },
  commitBytes: { default: 33_554_432, max: 268_435_456, about: 'bytes of one commit' },
  metadataBytes: { default: 65_536, max: 1_048_576, about: 'bytes of the metadata of a thread, a message or a fact' },
  titleLength: { default: 1_000, max: 10_000, about: 'characters in a title' },
  pageSize: { default: 1_000, max: 10_000, about: 'records in one page' },
  filterConditions: { default: 1_000, max: 10_000, about: 'conditions in one filter' },
  filterDepth: { default: 32, max: 32, about: 'levels of one filter' },
  filterBytes: { default: 262_144, max: 4_194_304, about: 'bytes of one filter' },
  filterScan: {
    default: 10_000,
    max: 1_000_000,
    about: 'threads, messages or facts that one page with a filter looks through',
  },
  cloneMessages: { default: 10_000, max: 16_000, about: 'messages copied by one clone' },
  erasedPerCommit: { default: 1_000, max: 1_000, about: 'records of one kind that one commit erases' },
  tombstoneDays: {
    default: 90,
    max: 3_650,
    about: 'days that a deleted message is recognised when a client sends it again',
  },
  logDays: { default: 0, min: 0, max: 36_500, about: 'days of log kept in full; 0 keeps everything' },
  cacheBytes: {
    default: 268_435_456,
    min: 1_048_576,
    max: 1_099_511_627_776,
    about: 'bytes of memory that the caches of a database file take, about',
  },
  busyTimeoutMs: { default: 30_000, max: 600_000, about: 'milliseconds a commit waits for another process' },
  modelTimeoutMs: {
    default: 60_000,
    max: 600_000,
    about: 'maximum milliseconds for extracting facts from one call',
  },
  embedTimeoutMs: { default: 15_000, max: 600_000, about: 'milliseconds a question waits for its vector' },
  lastMessages: { default: 1_000, max: 1_000, about: 'messages of a thread that an agent is shown' },
  turnWaitMs: { default: 60_000, max: 3_600_000, about: 'milliseconds a call waits for earlier turns of its thread' },
  closeWaitMs: { default: 10_000, max: 600_000, about: 'milliseconds that closing waits for running turns' },
  runLeaseMs: {
    default: 15_000,
    min: 100,
    max: 86_400_000,
    about: 'milliseconds after which another process takes over the run of a workflow whose process is gone',
  },
  turnLeaseMs: { default: 60_000, max: 86_400_000, about: 'milliseconds an open turn lives without renewal' },
} as const satisfies Record<string, Limit>

/** The name of a limit, such as `entryBytes`. */
export type LimitName = keyof typeof limitTable
/**
 * Every limit with its value, a whole number. The unit is the end of the name: bytes, milliseconds (`Ms`), days;
 * otherwise a count.
 */
export type Limits = { readonly [Name in LimitName]: number }

/** The lowest value of a limit. */
export function leastOf(name: LimitName): number {
  const { min = 1 }: Limit = limitTable[name]
  return min
}

const limitNames = Object.keys(limitTable) as LimitName[]

/** The limits that hold unless `limits` of a Memory says otherwise. */
export const defaultLimits: Limits = Object.fromEntries(
  limitNames.map((name) => [name, limitTable[name].default]),
) as Limits

/** The defaults with some limits changed. */
export function parseLimits(changed: unknown): Limits {
  const fix = `The limits are ${limitNames.join(', ')}.`
  if (changed === undefined) return defaultLimits
  if (!isJsonObject(changed)) throw invalidInput('limits', 'must be an object', changed, fix)
  const limits: Record<string, number> = { ...defaultLimits }
  for (const [name, value] of Object.entries(changed)) {
    if (value === undefined) continue
    if (!Object.hasOwn(limitTable, name)) throw invalidInput(`limits.${name}`, 'is not a limit', value, fix)
    const { max } = limitTable[name as LimitName]
    const min = leastOf(name as LimitName)
    const isFit = typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max
    if (!isFit) {
      throw invalidInput(
        `limits.${name}`,
        `must be a whole number from ${min} to ${max}`,
        value,
        `Leave it out for ${limits[name]}.`,
      )
    }
    limits[name] = value
  }
  return limits as Limits
}

/**
 * The error for a value that is larger than its limit allows.
 *
 * @param advice What to do instead of raising the limit.
 */
export function limitExceeded(
  what: string,
  size: number,
  limit: LimitName,
  allowed: number,
  advice = 'Store less',
): MemoryError {
  const unit = limitTable[limit].about
  return new MemoryError('limit-exceeded', {
    message: `${what} has ${withCommas(size)} where ${withCommas(allowed)} is the limit (${unit}).`,
    fix: `${advice}, or raise limits.${limit} when opening the memory (at most ${withCommas(limitTable[limit].max)}).`,
    details: { limit, size, allowed },
  })
}

/** Throws `limit-exceeded` if `size` is above the limit of that name. */
export function checkLimit(limits: Limits, limit: LimitName, size: number, what: string): void {
  if (size > limits[limit]) throw limitExceeded(what, size, limit, limits[limit])
}

/** Throws `limit-exceeded` if a JSON value is larger than the limit of that name, in bytes. */
export function checkBytes(limits: Limits, limit: LimitName, value: Json, what: string, advice?: string): void {
  if (exceedsBytes(value, limits[limit])) throw limitExceeded(what, jsonBytes(value), limit, limits[limit], advice)
}

/** A duration in words: a number and its unit. */
export type Duration = `${number}${'' | ' '}${'ms' | 's' | 'm' | 'h' | 'd' | 'w'}`

const ttlUnits: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: dayMs, w: 7 * dayMs }

/** Reads a time-to-live: a bare number is milliseconds, a text is a number with a unit (`'90s'`, `'1h'`, `'7d'`); `null` means for ever. */
export function parseTtl(ttl: unknown, field = 'ttl'): number | null {
  if (ttl === null) return null
  const match = typeof ttl === 'string' ? /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d|w)$/.exec(ttl.trim()) : null
  const ms = match === null ? ttl : Number(match[1]) * (ttlUnits[match[2] ?? ''] ?? Number.NaN)
  if (typeof ms === 'number' && Number.isFinite(ms) && ms >= 1 && ms <= limitTable.entryTtlMs.max) return Math.round(ms)
  throw invalidInput(
    field,
    'must be a time-to-live from 1 ms to 10 years',
    ttl,
    `Pass milliseconds, a text such as '30m', '1h' or '7d', or null for ever.`,
  )
}
