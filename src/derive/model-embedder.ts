/** Any embedding model of the AI SDK as an embedder. */
import { MemoryError } from '../domain/error.ts'
import { withPeers } from '../domain/peer-packages.ts'
import type { Embedder } from '../ports/embedder.ts'
import { isUnauthorized } from './embedder-trouble.ts'
import type { EmbeddingModelObject } from './provider-model.ts'

/**
 * An embedding model of the AI SDK (of any provider package, specification v2 to v4), or a text such as
 * `openai/text-embedding-3-small`, which names a model of the installed package `@ai-sdk/openai`. Described by its
 * form, so that these types do not load those of the AI SDK.
 */
export type EmbeddingModelLike =
  | string
  | {
      readonly specificationVersion: string
      readonly provider: string
      readonly modelId: string
      doEmbed(options: never): PromiseLike<unknown>
    }

interface ModelEmbedderOptions {
  /** Default: provider and model, as in `openai.embedding/text-embedding-3-small`. */
  readonly id?: string
  /** Dimensions to ask for, of models that have a choice. Default: the model's own, known from the first answer on. */
  readonly dimensions?: number
  /** Longest piece of text, in words. Default: 350, which is under 512 tokens, the smallest limit in common use. */
  readonly maxWords?: number
  /** Texts in one call; the AI SDK splits it further where the model's own limit is smaller. Default: 64. */
  readonly batchSize?: number
}

/** Whether the same call may succeed later: as the AI SDK's error says, or the last of those it collected. */
function isRetryable(error: unknown): boolean {
  if (!(error instanceof Error)) return true
  const { isRetryable: own, lastError } = error as { isRetryable?: unknown; lastError?: unknown }
  if (typeof own === 'boolean') return own
  if (lastError !== undefined) return isRetryable(lastError)
  // Its other errors are about keys, names and broken answers. Errors that a provider throws itself are most likely
  // network errors.
  return !error.name.startsWith('AI_')
}

function failed(id: string, error: unknown, signal: AbortSignal | undefined): MemoryError {
  if (signal?.aborted === true) {
    const message = 'The call was aborted before its texts were embedded.'
    return new MemoryError('aborted', { message, fix: 'Call again without aborting the signal.', cause: error })
  }
  const reason = error instanceof Error ? error.message : String(error)
  return new MemoryError('unavailable', {
    message: `The embedding model "${id}" failed: ${reason.replace(/\.?$/, '.')}`,
    fix: isUnauthorized(error)
      ? 'Give its provider a key that may use this model; recall goes on by words meanwhile.'
      : 'Check its provider, key and name; recall goes on by words meanwhile.',
    details: { embedder: id },
    retryable: isRetryable(error),
    cause: error,
  })
}

/**
 * Makes an embedder of an embedding model. The AI SDK is loaded at the first call. Records are tried three times, with
 * the AI SDK's waits between; a query only once, since recall had better answer by words at once.
 *
 * @throws MemoryError, when called: `unavailable` if the model fails, `aborted` by the signal, `unsupported` without
 *   the AI SDK.
 */
export function modelEmbedder(model: EmbeddingModelObject, options: ModelEmbedderOptions = {}): Embedder {
  const { maxWords = 350, batchSize = 64, dimensions } = options
  const id = options.id ?? `${model.provider}/${model.modelId}`
  return {
    id,
    dimensions: dimensions ?? null,
    maxWords,
    batchSize,
    async embed(texts, { purpose, signal } = {}) {
      const { embedMany } = await withPeers(() => import('ai'))
      try {
        signal?.throwIfAborted()
        const { embeddings } = await embedMany({
          model,
          values: [...texts],
          maxRetries: purpose === 'query' ? 0 : 2,
          ...(dimensions === undefined ? {} : { dimensions }),
          ...(signal === undefined ? {} : { abortSignal: signal }),
        })
        return embeddings
      } catch (error) {
        throw failed(id, error, signal)
      }
    },
  }
}
