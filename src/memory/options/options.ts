/** The options of a Memory. */

import type { LanguageModelLike } from '../../derive/language-model.ts'
import type { EmbeddingModelLike } from '../../derive/model-embedder.ts'
import { type ModelField, modelFields, parseModelName } from '../../derive/model-name.ts'
import { invalidInput } from '../../domain/error.ts'
import { type Limits, parseLimits } from '../../domain/limits.ts'
import {
  check,
  fieldsOf,
  hasMethod,
  isFunction,
  isText,
  isWholeFrom,
  type OptionFields,
} from '../../domain/option-checks.ts'
import { reading, readPlain } from '../../domain/read-plain.ts'
import type { SchemaLike } from '../../domain/schema-like.ts'
import { SQLiteStore } from '../../open.ts'
import type { MemoryBehaviour } from '../../ports/behaviour.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Embedder } from '../../ports/embedder.ts'
import type { Durability, Storage } from '../../ports/storage.ts'
import { parseBehaviour } from './behaviour.ts'
import { parseRecallWaits, type RecallWaits } from './recall-waits.ts'

/** Options of `new Memory()`. */
export interface MemoryOptions<Schema extends SchemaLike = SchemaLike> {
  /**
   * Its storage: `'file:./aquifer.db'`, `':memory:'`, or a `SQLiteStore`. A storage driver is accepted too, but drivers
   * are internal for now: their port may change in any version. Default, decided at first use: the storage of the
   * `Aquifer` that it was registered with, otherwise `'file:./aquifer.db'`.
   */
  readonly storage?: string | SQLiteStore | Storage
  /** How safe an acknowledged write is, for a storage given as a URL. Default: `'process'`. */
  readonly durability?: Durability
  /** Where the time comes from. Default: the system clock. */
  readonly clock?: Clock
  /** Makes the random last part of ids that are issued, such as thread ids. Default: 96 random bits. */
  readonly createId?: () => string
  /** Any of the limits, raised or lowered. */
  readonly limits?: Partial<Limits>
  /** How it serves agents, unless an agent or a call says otherwise. */
  readonly options?: MemoryBehaviour<Schema>
  /**
   * What makes vectors, for recall by meaning: an embedder, any embedding model of the AI SDK, a text such as
   * `'openai/text-embedding-3-small'`, or `false` for words only. A text names a model of the installed package
   * `@ai-sdk/openai`, and nothing is sent to a gateway that it does not name. Vectors are stored under the text.
   * Default: `localEmbedder()`, which needs no key and no network.
   */
  readonly embedder?: Embedder | EmbeddingModelLike | false
  /**
   * What extracts facts from messages: any language model of the AI SDK, or a text such as `'openai/gpt-5-mini'`, which
   * is resolved like that of an embedder. Default: none; messages are then stored as facts unchanged. It may take
   * `limits.modelTimeoutMs` for one call.
   */
  readonly model?: LanguageModelLike
  /**
   * How long a recall waits, in milliseconds: `loadMs` (3,000) for a model that is being loaded, after which it goes on by
   * words with `degraded: ['embedder-loading']`; `freshMs` (500) for the vectors of a few records that were written a
   * moment ago, which it makes itself; with 0 it does not. At most 60,000. `sentences: true` gives each sentence of a message
   * a vector too, and finds more: about three times the work for the embedder and four times the bytes of vectors. `false` never
   * does. Default: where a process before did, or where the local embedder takes 10 ms a text or less.
   */
  readonly recall?: Partial<RecallWaits>
  /**
   * Whether background work runs: sweeping expired records, making vectors, and reclaiming forgotten bytes. Default:
   * true.
   */
  readonly background?: boolean
}

/** A custom embedder must state the id of its vectors and the size of its batches. */
function checkEmbedder(embedder: unknown): void {
  if (!hasMethod('embed')(embedder)) return
  const fix = 'An embedder has id, dimensions (null while unknown), maxWords, batchSize and embed(texts).'
  const { id, dimensions, maxWords, batchSize } = embedder as OptionFields
  const refuse = (name: string, rule: string, got: unknown) => invalidInput(`embedder.${name}`, rule, got, fix)
  if (typeof id !== 'string' || id.trim() === '') throw refuse('id', 'must be a text that names the model', id)
  if (dimensions !== null && !isWholeFrom(1)(dimensions)) {
    throw refuse('dimensions', 'must be a whole number from 1, or null', dimensions)
  }
  if (!isWholeFrom(1)(maxWords)) throw refuse('maxWords', 'must be a whole number from 1', maxWords)
  if (!isWholeFrom(1)(batchSize)) throw refuse('batchSize', 'must be a whole number from 1', batchSize)
}

/** Whether its provider is installed is checked at first use: an application may set a default provider until then. */
function checkModelName(fields: OptionFields, field: ModelField): void {
  const name = fields[field]
  if (typeof name === 'string') parseModelName(name, field)
}

/** What an option may be. Objects with more to check have a check of their own below. */
interface OptionRule {
  readonly accepts: (value: unknown) => boolean
  readonly rule: string
  readonly fix: string
}

const isString = (value: unknown) => typeof value === 'string'
const isBoolean = (value: unknown) => typeof value === 'boolean'
const isOneOf = (values: readonly unknown[]) => (value: unknown) => values.includes(value)
const isEither =
  (...checks: readonly ((value: unknown) => boolean)[]) =>
  (value: unknown) =>
    checks.some((accepts) => accepts(value))

/** Every option of `new Memory()`, in the order in which they are checked. */
const rules: { readonly [Name in keyof Required<MemoryOptions>]: OptionRule | null } = {
  storage: {
    accepts: isEither(isString, (value) => value instanceof SQLiteStore, hasMethod('commit')),
    rule: 'must be a URL, a SQLiteStore or a storage driver',
    fix: `Pass 'file:./aquifer.db', for example.`,
  },
  durability: {
    accepts: isOneOf(['process', 'power']),
    rule: `must be 'process' or 'power'`,
    fix: `Leave it out for 'process'.`,
  },
  clock: { accepts: hasMethod('now'), rule: 'must have a now() method', fix: 'Leave it out for the system clock.' },
  embedder: {
    accepts: isEither(isOneOf([false]), isText, hasMethod('embed'), hasMethod('doEmbed')),
    rule: 'must be an embedder, an embedding model or false',
    fix: 'Leave it out for the local one, or pass false for words only.',
  },
  model: {
    accepts: isEither(isText, hasMethod('doGenerate')),
    rule: 'must be a language model',
    fix: `Pass a model of an AI SDK provider, or a text such as '${modelFields.model}'.`,
  },
  createId: { accepts: isFunction, rule: 'must be a function', fix: 'Leave it out for random ids.' },
  background: { accepts: isBoolean, rule: 'must be true or false', fix: 'Leave it out for true.' },
  // These have tables of their own: `parseLimits`, `parseRecallWaits` and `parseBehaviour`.
  limits: null,
  recall: null,
  options: null,
}

/** Checks a Memory's options. By hand, because a constructor cannot wait for zod to be loaded. */
export function parseMemoryOptions(options: unknown): ParsedOptions {
  return reading('Memory', () => readOptions(options))
}

type ParsedOptions = MemoryOptions & {
  readonly limits: Limits
  readonly recall: RecallWaits
  readonly options: MemoryBehaviour
}

function readOptions(options: unknown): ParsedOptions {
  const fields = fieldsOf(options, 'Memory', Object.keys(rules))
  for (const [name, option] of Object.entries(rules)) {
    if (option !== null) check(fields, name, option.rule, option.fix, option.accepts)
  }
  checkEmbedder(fields.embedder)
  checkModelName(fields, 'embedder')
  checkModelName(fields, 'model')
  const { storage, durability } = fields
  if (durability !== undefined && typeof storage === 'object') {
    const fix = `Pass it there: new SQLiteStore({ url, durability: '${durability}' }).`
    throw invalidInput('durability', 'must go with a storage given as a URL', durability, fix)
  }
  // Refuses a wrong URL here rather than at first use.
  if (typeof storage === 'string') new SQLiteStore({ url: storage })
  const limits = parseLimits(readPlain(fields.limits, 'limits'))
  const recall = parseRecallWaits(readPlain(fields.recall, 'recall'))
  return { ...(fields as MemoryOptions), limits, recall, options: parseBehaviour(fields.options, 'options', limits) }
}
