/** The language model of a call: one of the AI SDK's, or looked up by a text such as `openai/gpt-5.4`. */
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { LanguageModel } from 'ai'
import { invalidInput, MemoryError, shown } from '../domain/error.ts'

/** Specifications that the AI SDK calls, the earlier ones by adapting them. */
const specifications: readonly unknown[] = ['v2', 'v3', 'v4']

function isModel(value: unknown): value is Exclude<LanguageModel, string> {
  if (typeof value !== 'object' || value === null) return false
  const { doGenerate, doStream } = value as Record<string, unknown>
  return typeof doGenerate === 'function' && typeof doStream === 'function'
}

/** `openai-compatible` → `openaiCompatible`: how the provider packages name the provider that reads its key itself. */
function exportName(provider: string): string {
  return provider.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
}

/** Where provider packages are looked for: beside the application, which installed them, then beside this package. */
function* places(): Generator<string | URL> {
  yield join(process.cwd(), 'package.json')
  yield import.meta.url
}

function isMissing(error: unknown, name: string): boolean {
  const { code, message } = error as { readonly code?: unknown; readonly message?: unknown }
  return code === 'MODULE_NOT_FOUND' && typeof message === 'string' && message.includes(`'${name}'`)
}

/** The model that an installed provider package of the AI SDK makes of a name; null if there is no such package. */
function installed(provider: string, modelId: string): LanguageModel | null {
  const name = `@ai-sdk/${provider}`
  for (const place of places()) {
    try {
      const provided = createRequire(place)(name) as Record<string, unknown>
      const make = provided[exportName(provider)]
      return typeof make === 'function' ? (make(modelId) as LanguageModel) : null
    } catch (error) {
      if (!isMissing(error, name)) throw error
    }
  }
  return null
}

function unknownProvider(agent: string, model: string, provider: string): MemoryError {
  return new MemoryError('invalid-input', {
    message: `The agent ${shown(agent)} has the model ${shown(model)}, and no provider ${shown(provider)} is installed.`,
    fix: `Install it with "npm install @ai-sdk/${provider}", pass a model of the AI SDK, or set AI_SDK_DEFAULT_PROVIDER.`,
    details: { field: 'model', rule: 'must name a provider that is installed', got: model },
  })
}

/**
 * The model to call. A text goes to the AI SDK's default provider if the application set one
 * (`globalThis.AI_SDK_DEFAULT_PROVIDER`), else to the installed package `@ai-sdk/<provider>`.
 *
 * @param agent The agent's name, for errors.
 * @throws MemoryError `invalid-input` if there is no model or its provider is not installed.
 */
export function resolveModel(model: unknown, agent: string): LanguageModel {
  if (model === undefined || model === null) {
    throw new MemoryError('invalid-input', {
      message: `The agent ${shown(agent)} has no model.`,
      fix: `Pass one where the agent is made: new Agent({ name: ${shown(agent)}, model: openai('gpt-5.4'), … }).`,
      details: { field: 'model', rule: 'is required to call an agent', got: String(model) },
    })
  }
  const fix = `Pass a model of the AI SDK, or a text such as 'openai/gpt-5.4'.`
  if (isModel(model)) {
    const { specificationVersion: version } = model
    if (specifications.includes(version)) return model
    const rule = `must follow one of the specifications ${specifications.join(', ')}`
    const other = 'Install the version of its provider that goes with version 7 of the AI SDK.'
    throw invalidInput('model.specificationVersion', rule, version, other)
  }
  if (typeof model !== 'string') throw invalidInput('model', 'must be a language model', model, fix)
  const [, provider, modelId] = /^([a-z0-9][a-z0-9-]*)\/(.+)$/.exec(model) ?? []
  if (provider === undefined || modelId === undefined) {
    throw invalidInput('model', `must have the form 'provider/model'`, model, fix)
  }
  if (globalThis.AI_SDK_DEFAULT_PROVIDER !== undefined) return model
  const found = installed(provider, modelId)
  if (found === null) throw unknownProvider(agent, model, provider)
  return found
}
