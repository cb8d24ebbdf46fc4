// The library as its users have it: conversations are saved, and asked for through the one path of recall.
import { type Embedder, Memory } from 'aquifer'
import type { EmbeddingCache } from './embedding-cache.ts'
import type { TakeIn } from './memory.ts'
import type { Turn } from './questions.ts'

/** Messages saved in one call: about as many as people say in one sitting. */
const batch = 20
/** Nothing is left out for want of room: it is the ranking that is measured. */
const tokenBudget = 1_000_000

/** The local embedder's vectors from the cache, and the time that making them took. */
function cachedEmbedder(cache: EmbeddingCache): Embedder & { spentMs: number } {
  return {
    id: 'minilm-l6-v2-fp16/1',
    dimensions: cache.dimensions,
    maxWords: 180,
    batchSize: 16,
    spentMs: 0,
    async embed(texts) {
      const started = performance.now()
      const vectors = await cache.embed(texts, () => {})
      this.spentMs += performance.now() - started
      return vectors
    },
  }
}

function messageOf({ id, author, at, text }: Turn) {
  return {
    id,
    role: 'user' as const,
    content: text,
    createdAt: at,
    author: { kind: 'user' as const, id: author, name: author },
  }
}

/** Takes each conversation into a memory of its own. */
export function facadeMemory(cache: EmbeddingCache, onProgress: (name: string, turns: number) => void): TakeIn {
  return async ({ name, turns }) => {
    const embedder = cachedEmbedder(cache)
    const memory = new Memory({ storage: ':memory:', embedder, background: false })
    const where = { resourceId: name, threadId: 'conversation' }
    for (let start = 0; start < turns.length; start += batch) {
      await memory.saveMessages({ ...where, messages: turns.slice(start, start + batch).map(messageOf) })
    }
    onProgress(name, turns.length)
    await memory.settled()
    return {
      async recall(query, mode, topK) {
        const before = embedder.spentMs
        const started = performance.now()
        const { messages } = await memory.recall({ resourceId: name, query, mode, topK, tokenBudget, gate: 'off' })
        const ms = performance.now() - started - (embedder.spentMs - before)
        return { ids: messages.map(({ id }) => id), ms }
      },
    }
  }
}
