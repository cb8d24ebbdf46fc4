/** The background of a Memory: what makes vectors, loaded when its storage is open. */
import { checked } from '../derive/checked.ts'
import { Indexer } from '../derive/indexer.ts'
import { localEmbedder } from '../derive/local-embedder.ts'
import { modelEmbedder } from '../derive/model-embedder.ts'
import type { Embedder } from '../ports/embedder.ts'
import type { Storage } from '../ports/storage.ts'
import type { MemoryOptions } from './options.ts'

function embedderOf(given: Exclude<MemoryOptions['embedder'], false>): Embedder {
  if (given === undefined) return localEmbedder()
  return typeof given === 'object' && 'embed' in given ? given : modelEmbedder(given)
}

/** The indexer of a storage; null with `embedder: false`. */
export function startIndexer(storage: Storage, options: MemoryOptions, owner: string): Indexer | null {
  if (options.embedder === false) return null
  const embedder = checked(embedderOf(options.embedder))
  const ownsEmbedder = options.embedder === undefined
  return new Indexer({ storage, embedder, owner, background: options.background !== false, ownsEmbedder })
}
