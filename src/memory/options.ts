/** What a Memory is opened with. */

import type { LanguageModelLike } from '../derive/language-model.ts'
import type { EmbeddingModelLike } from '../derive/model-embedder.ts'
import { invalidInput, shown } from '../domain/error.ts'
import { isJsonObject } from '../domain/json.ts'
import { type Limits, parseLimits } from '../domain/limits.ts'
import { SQLiteStore } from '../open.ts'
import type { Clock } from '../ports/clock.ts'
import type { Embedder } from '../ports/embedder.ts'
import type { Durability, Storage } from '../ports/storage.ts'
import type { MemoryBehaviour } from './behaviour.ts'

/** A schema of any library that follows the Standard Schema specification, zod among them. */
export interface StandardSchema {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => StandardResult | Promise<StandardResult>
  }
}

type StandardResult =
  | { readonly value: unknown; readonly issues?: undefined }
  | { readonly issues: readonly { readonly message: string; readonly path?: readonly unknown[] | undefined }[] }

export type BlockScope = 'resource' | 'thread'

export interface MemoryOptions {
  /** Where it lives: `'file:./aquifer.db'` (default), `':memory:'`, a `SQLiteStore`, or any storage driver. */
  readonly storage?: string | SQLiteStore | Storage
  /** Default `'process'`. For a storage given as a URL. */
  readonly durability?: Durability
  /** Where the time comes from. Default: the system clock. */
  readonly clock?: Clock
  /** Makes the random last part of ids that are issued, such as thread ids. Default: 96 random bits. */
  readonly createId?: () => string
  /** Any of the limits, raised or lowered. */
  readonly limits?: Partial<Limits>
  /** How agents use it, unless an agent or a call says otherwise. */
  readonly options?: MemoryBehaviour
  /**
   * Who makes vectors, for recall by meaning: an embedder, any embedding model of the AI SDK, or `false` for words only.
   * Default: `localEmbedder()`, which needs no key and no network.
   */
  readonly embedder?: Embedder | EmbeddingModelLike | false
  /**
   * Who extracts facts from what is said: any language model of the AI SDK, or a text such as `'openai/gpt-5-mini'`. Default:
   * none; then facts are stored as they are given. It may take `limits.modelTimeoutMs` for the messages of one call.
   */
  readonly model?: LanguageModelLike
  /** Whether what is due is swept, and what was forgotten reclaimed, in the background. Default: true. */
  readonly background?: boolean
}

type Fields = Readonly<Record<string, unknown>>

function fieldsOf(value: unknown, field: string, known: readonly string[]): Fields {
  const fix = `The options are ${known.join(', ')}.`
  if (value === undefined) return {}
  if (!isJsonObject(value)) throw invalidInput(field, 'must be an object', value, fix)
  const extra = Object.keys(value).find((key) => !known.includes(key))
  if (extra !== undefined) throw invalidInput(field, `has an unknown option ${shown(extra)}`, value, fix)
  return value
}

/** Refuses a field that is given and does not hold. */
function check(fields: Fields, field: string, rule: string, fix: string, holds: (value: unknown) => boolean): void {
  const value = fields[field.slice(field.lastIndexOf('.') + 1)]
  if (value !== undefined && !holds(value)) throw invalidInput(field, rule, value, fix)
}

const isFunction = (value: unknown) => typeof value === 'function'
const hasMethod = (name: string) => (value: unknown) =>
  typeof value === 'object' && value !== null && isFunction((value as Fields)[name])
const isSchema = (value: unknown) =>
  (typeof value === 'object' || isFunction(value)) && value !== null && '~standard' in (value as object)

function checkWorkingMemory(value: unknown): void {
  const at = 'options.workingMemory'
  const fields = fieldsOf(value, at, ['scope', 'template', 'schema'])
  check(fields, `${at}.scope`, `must be 'resource' or 'thread'`, 'Leave it out for the resource.', (scope) => {
    return scope === 'resource' || scope === 'thread'
  })
  check(fields, `${at}.template`, 'must be a text', 'Pass Markdown.', (text) => typeof text === 'string' && text !== '')
  check(fields, `${at}.schema`, 'must be a Standard Schema', 'Pass a zod object, for example.', isSchema)
  if (fields.template === undefined || fields.schema === undefined) return
  const fix = 'Give one of them: a template for text, a schema for JSON.'
  throw invalidInput(at, 'must have a template or a schema', 'both', fix)
}

const isPositive = (value: unknown) => typeof value === 'number' && Number.isInteger(value) && value >= 1

/** An embedder of one's own says of itself what its vectors are kept under and how much it takes at once. */
function checkEmbedder(embedder: unknown): void {
  if (!hasMethod('embed')(embedder)) return
  const fix = 'An embedder has id, dimensions (null while unknown), maxWords, batchSize and embed(texts).'
  const { id, dimensions, maxWords, batchSize } = embedder as Fields
  const refuse = (name: string, rule: string, got: unknown) => invalidInput(`embedder.${name}`, rule, got, fix)
  if (typeof id !== 'string' || id.trim() === '') throw refuse('id', 'must be a text that names the model', id)
  if (dimensions !== null && !isPositive(dimensions)) {
    throw refuse('dimensions', 'must be a whole number from 1, or null', dimensions)
  }
  if (!isPositive(maxWords)) throw refuse('maxWords', 'must be a whole number from 1', maxWords)
  if (!isPositive(batchSize)) throw refuse('batchSize', 'must be a whole number from 1', batchSize)
}

const names = ['storage', 'durability', 'clock', 'createId', 'limits', 'options', 'embedder', 'model', 'background']

/** Checks a Memory's options. By hand, because a constructor cannot wait for zod to be loaded. */
export function parseMemoryOptions(options: unknown): MemoryOptions & { readonly limits: Limits } {
  const fields = fieldsOf(options, 'Memory', names)
  const { storage, durability } = fields
  const storageRule = 'must be a URL, a SQLiteStore or a storage driver'
  check(fields, 'storage', storageRule, `Pass 'file:./aquifer.db', for example.`, (value) => {
    return typeof value === 'string' || value instanceof SQLiteStore || hasMethod('commit')(value)
  })
  check(fields, 'durability', `must be 'process' or 'power'`, `Leave it out for 'process'.`, (value) => {
    return value === 'process' || value === 'power'
  })
  check(fields, 'clock', 'must have a now() method', 'Leave it out for the system clock.', hasMethod('now'))
  const embedderFix = 'Leave it out for the local one, or pass false for words only.'
  check(fields, 'embedder', 'must be an embedder, an embedding model or false', embedderFix, (value) => {
    return (
      value === false ||
      (typeof value === 'string' && value !== '') ||
      hasMethod('embed')(value) ||
      hasMethod('doEmbed')(value)
    )
  })
  checkEmbedder(fields.embedder)
  const modelFix = `Pass one of an AI SDK provider, or a text such as 'openai/gpt-5-mini'.`
  check(fields, 'model', 'must be a language model', modelFix, (value) => {
    return (typeof value === 'string' && value !== '') || hasMethod('doGenerate')(value)
  })
  check(fields, 'createId', 'must be a function', 'Leave it out for random ids.', isFunction)
  check(fields, 'background', 'must be true or false', 'Leave it out for true.', (value) => typeof value === 'boolean')
  checkWorkingMemory(fieldsOf(fields.options, 'options', ['workingMemory']).workingMemory)
  if (durability !== undefined && typeof storage === 'object') {
    const fix = `Pass it there: new SQLiteStore({ url, durability: '${durability}' }).`
    throw invalidInput('durability', 'must go with a storage given as a URL', durability, fix)
  }
  // Refuses a wrong URL here rather than at first use.
  if (typeof storage === 'string') new SQLiteStore({ url: storage })
  return { ...(fields as MemoryOptions), limits: parseLimits(fields.limits) }
}
