/** The models of a Memory and its background, which makes vectors: loaded when its storage is opened. */
import { checked } from '../../derive/checked.ts'
import { Indexer } from '../../derive/indexer.ts'
import { localEmbedder } from '../../derive/local-embedder.ts'
import { modelEmbedder } from '../../derive/model-embedder.ts'
import { paced } from '../../derive/pace.ts'
import {
  type EmbeddingModelObject,
  embeddingModelNamed,
  type LanguageModelObject,
  languageModelNamed,
} from '../../derive/provider-model.ts'
import { defaultLimits } from '../../domain/limits.ts'
import type { Embedder } from '../../ports/embedder.ts'
import type { Storage } from '../../ports/storage.ts'
import type { MemoryOptions } from '../options/options.ts'

/** The models that a Memory makes vectors and extracts facts with, resolved from their names. */
export interface MemoryModels {
  /** null with `embedder: false`. */
  readonly embedder: Embedder | null
  /** null without one. */
  readonly model: LanguageModelObject | null
}

const who = 'The memory'
/** Vectors of questions may take this part of what the caches of the database may. */
const questionShare = 1 / 256

function embedderOf(given: MemoryOptions['embedder']): Embedder | null {
  if (given === false) return null
  if (given === undefined) return localEmbedder()
  // Vectors are stored under the given name, however the model is resolved.
  if (typeof given === 'string') {
    return modelEmbedder(embeddingModelNamed(given, { who, field: 'embedder' }), { id: given })
  }
  return 'embed' in given ? given : modelEmbedder(given as EmbeddingModelObject)
}

function modelOf(given: MemoryOptions['model']): LanguageModelObject | null {
  if (given === undefined) return null
  return typeof given === 'string' ? languageModelNamed(given, { who, field: 'model' }) : (given as LanguageModelObject)
}

/**
 * The models of a Memory.
 *
 * @throws MemoryError `invalid-input` for a name whose provider is not installed or has no such model.
 */
export function modelsOf({ embedder, model }: MemoryOptions): MemoryModels {
  return { embedder: embedderOf(embedder), model: modelOf(model) }
}

/** The indexer of a storage; null without an embedder. */
export function startIndexer(
  storage: Storage,
  embedder: Embedder | null,
  options: MemoryOptions,
  owner: string,
): Indexer | null {
  if (embedder === null) return null
  const background = options.background !== false
  const ownsEmbedder = options.embedder === undefined
  const { sentences } = options.recall ?? {}
  const { cacheBytes } = { ...defaultLimits, ...options.limits }
  const own = paced(checked(embedder), cacheBytes * questionShare)
  return new Indexer({ storage, embedder: own, owner, background, ownsEmbedder, sentences })
}
