/** Names of models, `provider/model`: checks a text where a model is expected. Small, for use in constructors. */
import { invalidInput } from '../domain/error.ts'

/** The field with the name of a model, and an example for it. */
export const modelFields = {
  model: 'openai/gpt-5.4',
  embedder: 'openai/text-embedding-3-small',
} as const

export type ModelField = keyof typeof modelFields

interface ModelName {
  /** Ends the name of the provider's package: `openai` is `@ai-sdk/openai`. */
  readonly provider: string
  /** The provider's name of the model; it may have slashes itself, as in `gateway/openai/gpt-5.4`. */
  readonly modelId: string
}

const form = /^([a-z0-9][a-z0-9-]*)\/(.+)$/

/** Whether a text names a model and its provider. */
export function isModelName(name: string): boolean {
  return form.test(name)
}

/**
 * Splits the name of a model.
 *
 * @throws MemoryError `invalid-input` for a name without a provider.
 */
export function parseModelName(name: string, field: ModelField): ModelName {
  const [, provider, modelId] = form.exec(name) ?? []
  if (provider !== undefined && modelId !== undefined) return { provider, modelId }
  const fix = `Name the provider too, as in '${modelFields[field]}', or pass a model of the AI SDK.`
  throw invalidInput(field, `must have the form 'provider/model'`, name, fix)
}
