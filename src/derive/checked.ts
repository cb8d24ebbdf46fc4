/** Checks the answers of an embedder, so that only vectors reach the index. */
import { detach, whenAborted } from '../domain/detached.ts'
import { MemoryError } from '../domain/error.ts'
import type { Embedder, Embedding } from '../ports/embedder.ts'

function broken(id: string, problem: string, details: Readonly<Record<string, unknown>>): MemoryError {
  return new MemoryError('unavailable', {
    message: `The embedder "${id}" ${problem}.`,
    fix: 'Correct the embedder or choose another one. The records are stored and found by their words.',
    details: { embedder: id, ...details },
    // The same call would most likely get the same answer.
    retryable: false,
  })
}

/** What is wrong with one vector, in words; null if nothing is. */
function problemOf(vector: Embedding, dimensions: number): string | null {
  if (!Array.isArray(vector) && !(vector instanceof Float32Array)) return 'answered something that is no vector'
  if (vector.length !== dimensions) return `answered a vector of ${vector.length} numbers instead of ${dimensions}`
  let squares = 0
  for (let i = 0; i < vector.length; i++) {
    const value = vector[i] as number
    if (!Number.isFinite(value)) return `answered a vector that holds ${String(value)}`
    squares += value * value
  }
  if (squares === 0) return 'answered a vector of zeros'
  return Number.isFinite(squares) ? null : 'answered a vector too long to measure'
}

/** The answer, or an error as soon as the signal aborts, even if the embedder ignores it. */
function untilAborted<Answer>(answer: Promise<Answer>, id: string, signal: AbortSignal | undefined): Promise<Answer> {
  if (signal === undefined) return answer
  return new Promise((resolve, reject) => {
    const abort = () => {
      const message = `The embedder "${id}" had not answered when the call was aborted.`
      reject(new MemoryError('aborted', { message, fix: 'Call again, or allow more time.', cause: signal.reason }))
    }
    if (signal.aborted) abort()
    const stopListening = whenAborted([signal], abort, reject)
    detach(async () => {
      try {
        resolve(await answer)
      } finally {
        stopListening()
      }
    }, reject)
  })
}

/**
 * Wraps an embedder: each answer has one vector for each text, all of the embedder's dimensions, of finite numbers that
 * are not all zero; a call ends when its signal aborts. An embedder that does not know its dimensions has those of its first vector from then on.
 *
 * @throws MemoryError `unavailable`, naming what was wrong, when an answer is not so; `aborted` by the signal; errors of
 * the embedder as they are.
 */
export function checked(embedder: Embedder): Embedder {
  const { id, maxWords, batchSize } = embedder
  let dimensions = embedder.dimensions
  return {
    id,
    maxWords,
    batchSize,
    get dimensions() {
      return dimensions
    },
    async embed(texts, options) {
      if (texts.length === 0) return []
      const vectors: unknown = await untilAborted(embedder.embed(texts, options), id, options?.signal)
      if (!Array.isArray(vectors)) throw broken(id, 'answered something that is no list of vectors', {})
      if (vectors.length !== texts.length) {
        const counts = { texts: texts.length, vectors: vectors.length }
        throw broken(id, `answered ${vectors.length} vectors for ${texts.length} texts`, counts)
      }
      const wanted = dimensions ?? (vectors[0] as Embedding | undefined)?.length ?? 0
      for (const [text, vector] of (vectors as readonly Embedding[]).entries()) {
        const problem = wanted > 0 ? problemOf(vector, wanted) : 'answered a vector without numbers'
        if (problem !== null) throw broken(id, problem, { text, dimensions: wanted })
      }
      dimensions = wanted
      return vectors as readonly Embedding[]
    },
    async close() {
      await embedder.close?.()
    },
  }
}
