/** The language model of a call: one of the AI SDK's, or looked up by a text such as `openai/gpt-5.4`. */
import { modelFields } from '../derive/model-name.ts'
import { type LanguageModelObject, languageModelNamed } from '../derive/provider-model.ts'
import { invalidInput, MemoryError, shown } from '../domain/error.ts'
import type { ModelSettings } from './options.ts'
import { ownModel } from './own-model.ts'

/** Specifications that the AI SDK calls, the earlier ones by adapting them. */
const specifications: readonly unknown[] = ['v2', 'v3', 'v4']

function isModel(value: unknown): value is LanguageModelObject {
  if (typeof value !== 'object' || value === null) return false
  const { doGenerate, doStream } = value as Record<string, unknown>
  return typeof doGenerate === 'function' && typeof doStream === 'function'
}

/**
 * The model to call. A text is resolved by {@link languageModelNamed}, so a prompt never goes to a gateway that the
 * text does not name.
 *
 * @param agent The agent's name, for errors.
 * @throws MemoryError `invalid-input` if there is no model or its provider is not installed.
 */
export function resolveModel(model: unknown, agent: string): LanguageModelObject {
  if (model === undefined || model === null) {
    throw new MemoryError('invalid-input', {
      message: `The agent ${shown(agent)} has no model.`,
      fix: `Pass one where the agent is made: new Agent({ name: ${shown(agent)}, model: openai('gpt-5.4'), … }).`,
      details: { field: 'model', rule: 'is required to call an agent', got: String(model) },
    })
  }
  if (isModel(model)) {
    const { specificationVersion: version } = model
    if (specifications.includes(version)) return model
    const rule = `must follow one of the specifications ${specifications.join(', ')}`
    const other = 'Install the version of its provider that goes with version 7 of the AI SDK.'
    throw invalidInput('model.specificationVersion', rule, version, other)
  }
  if (typeof model === 'string') return languageModelNamed(model, { who: `The agent ${shown(agent)}`, field: 'model' })
  const fix = `Pass a model of the AI SDK, or a text such as '${modelFields.model}'.`
  throw invalidInput('model', 'must be a language model', model, fix)
}

type PrepareStep = NonNullable<ModelSettings['prepareStep']>

/**
 * The same `prepareStep`. The model that it chooses for a step is resolved like the agent's own.
 *
 * @param isHidden Tools that the model need not see.
 */
export function withResolvedModel(
  prepareStep: PrepareStep,
  agent: string,
  isHidden: (tool: string) => boolean,
): PrepareStep {
  return async (step) => {
    const prepared = await prepareStep(step)
    if (prepared?.model === undefined) return prepared
    return { ...prepared, model: ownModel(resolveModel(prepared.model, agent), isHidden) }
  }
}
