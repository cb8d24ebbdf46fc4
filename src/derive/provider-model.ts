/**
 * Resolves names of models, for every option that accepts one: `openai/gpt-5.4` is a model of the installed package
 * `@ai-sdk/openai`. The AI SDK itself would send such a text to a gateway that the text does not name.
 */
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { EmbeddingModel, LanguageModel } from 'ai'
import { MemoryError, shown } from '../domain/error.ts'
import { peerError } from '../domain/peer-packages.ts'
import { type ModelField, parseModelName } from './model-name.ts'

/** A language model of the AI SDK itself, never a name of one. */
export type LanguageModelObject = Exclude<LanguageModel, string>
/** An embedding model of the AI SDK itself, never a name of one. */
export type EmbeddingModelObject = Exclude<EmbeddingModel, string>

/** Who uses a model, for errors: `The memory`, and the option that names it. */
export interface ModelUser {
  readonly who: string
  readonly field: ModelField
}

type Make = (modelId: string) => unknown
type Fields = Readonly<Record<string, unknown>>

/** A kind of model: its word in errors, the method that identifies it, and how a provider makes one. */
interface ModelKind {
  readonly word: string
  readonly method: 'doGenerate' | 'doEmbed'
  readonly makers: readonly string[]
}

const language: ModelKind = { word: 'language', method: 'doGenerate', makers: ['languageModel'] }
const embedding: ModelKind = {
  word: 'embedding',
  method: 'doEmbed',
  // Providers of earlier specifications know the second name only.
  makers: ['embeddingModel', 'textEmbeddingModel'],
}

/** `openai-compatible` → `openaiCompatible`: how a package names the provider that reads its key itself. */
function exportName(provider: string): string {
  return provider.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
}

/**
 * Where provider packages are searched: next to the application, which installed them, next to this package, and next
 * to the AI SDK, which brings some itself.
 */
function* places(): Generator<NodeJS.Require> {
  yield createRequire(join(process.cwd(), 'package.json'))
  const own = createRequire(import.meta.url)
  yield own
  yield createRequire(sdkFile(own))
}

function sdkFile(own: NodeJS.Require): string {
  try {
    return own.resolve('ai')
  } catch (cause) {
    throw peerError(cause)
  }
}

function isMissing(error: unknown, name: string): boolean {
  const { code, message } = error as { readonly code?: unknown; readonly message?: unknown }
  return code === 'MODULE_NOT_FOUND' && typeof message === 'string' && message.includes(`'${name}'`)
}

function refused(
  { who, field }: ModelUser,
  name: string,
  problem: string,
  { rule, fix, cause }: { readonly rule: string; readonly fix: string; readonly cause?: unknown },
): MemoryError {
  return new MemoryError('invalid-input', {
    message: `${who} has the ${field} ${shown(name)}, and ${problem}.`,
    fix,
    details: { field, rule, got: name },
    ...(cause === undefined ? {} : { cause }),
  })
}

const orPass = 'or pass a model of the AI SDK'

/** What an installed package exports; null if there is no such package. */
function load(packageName: string): Fields | null {
  for (const require of places()) {
    try {
      return require(packageName) as Fields
    } catch (error) {
      if (!isMissing(error, packageName)) throw error
    }
  }
  return null
}

/** The provider that an installed package exports. */
function installed(provider: string, name: string, user: ModelUser): Fields & Make {
  const packageName = `@ai-sdk/${provider}`
  let loaded: Fields | null
  try {
    loaded = load(packageName)
  } catch (cause) {
    if (cause instanceof MemoryError) throw cause
    const fix = `Install it again with "npm install ${packageName}", ${orPass}.`
    throw refused(user, name, `${packageName} cannot be loaded`, {
      rule: 'must name a provider that loads',
      fix,
      cause,
    })
  }
  if (loaded === null) {
    const fix = `Install it with "npm install ${packageName}", ${orPass}, or set AI_SDK_DEFAULT_PROVIDER.`
    const rule = 'must name a provider that is installed'
    throw refused(user, name, `no provider ${shown(provider)} is installed`, { rule, fix })
  }
  const found = loaded[exportName(provider)]
  if (typeof found === 'function') return found as unknown as Fields & Make
  const fix = `Make the provider with what ${packageName} exports, and pass a model of it.`
  const rule = 'must name a provider that needs no settings'
  throw refused(user, name, `${packageName} has no provider that works without settings`, { rule, fix })
}

/** How a provider makes models of a kind; undefined if it makes none. */
function makerOf(provider: Fields, kind: ModelKind): Make | undefined {
  const method = kind.makers.find((maker) => typeof provider[maker] === 'function')
  if (method !== undefined) return (modelId) => (provider[method] as Make)(modelId)
  return typeof provider === 'function' && kind === language ? (provider as unknown as Make) : undefined
}

function isOfKind(value: unknown, { method }: ModelKind): boolean {
  return typeof value === 'object' && value !== null && typeof (value as Fields)[method] === 'function'
}

function modelNamed(name: string, kind: ModelKind, user: ModelUser): unknown {
  const { provider, modelId } = parseModelName(name, user.field)
  const chosen = globalThis.AI_SDK_DEFAULT_PROVIDER as Fields | undefined
  const make = makerOf(chosen ?? installed(provider, name, user), kind)
  const from = chosen === undefined ? `@ai-sdk/${provider}` : 'AI_SDK_DEFAULT_PROVIDER'
  const rule = `must name ${kind.word === 'embedding' ? 'an embedding' : 'a language'} model`
  const fix = `Check the name, ${orPass}.`
  let made: unknown
  try {
    made = make?.(chosen === undefined ? modelId : name)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.replace(/\.$/, '') : String(cause)
    throw refused(user, name, `${from} makes no ${kind.word} model of it: ${reason}`, { rule, fix, cause })
  }
  if (isOfKind(made, kind)) return made
  throw refused(user, name, `${from} makes no ${kind.word} model of it`, { rule, fix })
}

/**
 * The language model of a name such as `openai/gpt-5.4`: the one that the application's own default provider makes
 * (`globalThis.AI_SDK_DEFAULT_PROVIDER`), if it has set one, else the one of the installed package `@ai-sdk/openai`. The AI
 * SDK's gateway is used only by its name, as in `gateway/openai/gpt-5.4`.
 *
 * @throws MemoryError `invalid-input` for a name without a provider, a package that is not installed, or a provider that
 * makes no such model.
 */
export function languageModelNamed(name: string, user: ModelUser): LanguageModelObject {
  return modelNamed(name, language, user) as LanguageModelObject
}

/**
 * The embedding model of a name such as `openai/text-embedding-3-small`, found as {@link languageModelNamed} finds its
 * models.
 *
 * @throws MemoryError `invalid-input`, as {@link languageModelNamed} does.
 */
export function embeddingModelNamed(name: string, user: ModelUser): EmbeddingModelObject {
  return modelNamed(name, embedding, user) as EmbeddingModelObject
}
