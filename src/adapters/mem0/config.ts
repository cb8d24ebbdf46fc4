/** Reads a configuration of Mem0's own shape: what has a counterpart here is taken, and the rest is named in one warning. */
import { isJsonObject } from '../../domain/json.ts'
import { reading, readPlain } from '../../domain/read-plain.ts'
import type { MemoryOptions } from '../../memory/options/options.ts'

/** A provider as Mem0 configures it. */
export interface Mem0Provider {
  /** Such as `openai`. */
  readonly provider: string
  /** Its settings. Only `model` is taken; API keys come from the environment. */
  readonly config?: Readonly<Record<string, unknown>>
}

/** A configuration of Mem0, with which its programs make a `Memory`. */
export interface Mem0Config {
  /** Ignored: answers have one form. */
  readonly version?: string
  /** Taken as `embedder: 'provider/model'`. */
  readonly embedder?: Mem0Provider
  /** Taken as `model: 'provider/model'`. */
  readonly llm?: Mem0Provider
  /** Ignored, with a warning: memories and their vectors live in one file; see `storage`. */
  readonly vectorStore?: Mem0Provider
  /** Ignored, with a warning: the history is in the same file. */
  readonly historyDbPath?: string
  /** Ignored, with a warning. */
  readonly historyStore?: Mem0Provider
  /** Ignored, with a warning: history is always kept. */
  readonly disableHistory?: boolean
  /** Ignored, with a warning. */
  readonly rerank?: unknown
  /** Ignored, with a warning. */
  readonly reranker?: unknown
  /** Ignored, with a warning. */
  readonly enableGraph?: boolean
  /** Ignored, with a warning. */
  readonly graphStore?: unknown
  /** Ignored, with a warning. */
  readonly customPrompt?: string
  /** Ignored, with a warning. */
  readonly customInstructions?: string
}

type Fields = Readonly<Record<string, unknown>>

/** What this `Memory` is made with: our options, those of Mem0, or both. Where both name something, ours counts. */
export type Mem0Options = Mem0Config | MemoryOptions

const ignored = [
  'vectorStore',
  'historyDbPath',
  'historyStore',
  'disableHistory',
  'rerank',
  'reranker',
  'enableGraph',
  'graphStore',
  'customPrompt',
  'customInstructions',
] as const
/** Says nothing about what is stored or found. */
const silent = ['version']
const taken = { llm: 'model', embedder: 'embedder' } as const

function isProvider(value: unknown): value is Mem0Provider {
  return isJsonObject(value) && typeof value.provider === 'string'
}

/** The name of a provider's model; null if the configuration names none. */
function modelNameOf({ provider, config }: Mem0Provider): string | null {
  const model = config?.model
  return typeof model === 'string' && model !== '' ? `${provider}/${model}` : null
}

/** Settings of a provider that have no counterpart here. */
function settingsOf(name: string, { config = {} }: Mem0Provider): readonly string[] {
  return Object.keys(config).flatMap((field) => (field === 'model' ? [] : [`${name}.config.${field}`]))
}

/**
 * The options of a `Memory` for a configuration, and the names of what is ignored.
 *
 * @param given Checked later: unknown options stay, and are refused with the others.
 */
export function readConfig(given: Mem0Options): {
  readonly options: MemoryOptions
  readonly ignored: readonly string[]
} {
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    return { options: given as MemoryOptions, ignored: [] }
  const options = reading('options', (): Record<string, unknown> => ({ ...given }))
  const left: string[] = []
  for (const name of [...ignored, ...silent]) {
    if (!Object.hasOwn(options, name)) continue
    if (options[name] !== undefined && !silent.includes(name)) left.push(name)
    delete options[name]
  }
  for (const [name, own] of Object.entries(taken)) {
    const read = isJsonObject(options[name]) ? (readPlain(options[name], name) as Fields) : options[name]
    if (!isProvider(read)) continue
    delete options[name]
    const model = modelNameOf(read)
    left.push(...(model === null ? [name] : settingsOf(name, read)))
    if (model !== null && options[own] === undefined) options[own] = model
  }
  return { options: options as MemoryOptions, ignored: left }
}

/** One warning for everything that is ignored, which never throws. */
export function warnIgnored(fields: readonly string[]): void {
  if (fields.length === 0) return
  const message = `aquifer/mem0 ignores ${fields.map((field) => `"${field}"`).join(', ')} of this configuration.`
  const detail = 'Memories, vectors and history live in one file: pass storage. API keys come from the environment.'
  globalThis.process?.emitWarning?.(message, { type: 'AquiferWarning', code: 'AQUIFER_MEM0_CONFIG', detail })
}
