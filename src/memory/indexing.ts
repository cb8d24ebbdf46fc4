/** What a Memory does and says about its background: settling, making vectors anew, explaining an answer. */
import type { ReindexProgress } from '../derive/indexer.ts'
import type { Access } from '../domain/actor.ts'
import { MemoryError, notFound } from '../domain/error.ts'
import type { SpaceId, SpaceKey } from '../domain/id.ts'
import type { Storage } from '../ports/storage.ts'
import type { Core } from './core.ts'
import { settleErasure } from './erasure.ts'
import type { Degraded, RecallTrace } from './recollection.ts'

/** What is left in the background, and why. */
export interface Settled {
  /** Spaces with records that still wait for their vectors. */
  readonly pendingSpaces: number
  /** Records whose vectors could not be made; they are found by their words. */
  readonly failed: number
  /** What keeps the embedder from being used; null if nothing does. */
  readonly degraded: Degraded | null
  /** What the embedder or the storage fails with, while it fails. */
  readonly error: unknown
}

export interface ReindexOptions {
  readonly onProgress?: (progress: ReindexProgress) => void
}

/** Waits for the background: vectors, and the bytes of what was forgotten. */
export async function settled(core: Core): Promise<Settled> {
  await settleErasure(core)
  const indexer = await core.storage.indexer()
  if (indexer === null) return { pendingSpaces: 0, failed: 0, degraded: 'no-embedder', error: null }
  await indexer.settled()
  const { spaces, failed, trouble, error } = await indexer.state()
  return { pendingSpaces: spaces, failed, degraded: trouble, error }
}

/** Makes all vectors anew. */
export async function reindex(core: Core, { onProgress = () => {} }: ReindexOptions): Promise<void> {
  const indexer = await core.storage.indexer()
  if (indexer === null) {
    throw new MemoryError('unsupported', {
      message: 'This memory was opened without an embedder.',
      fix: 'Open it with an embedder, or leave the option out for the local one.',
      details: { field: 'embedder' },
    })
  }
  await indexer.reindex(onProgress)
}

/** The trace of an answer, for whoever may read the spaces it came from, while they are there. */
export async function explain(core: Core, recallId: string): Promise<RecallTrace> {
  const storage = await core.storage.get()
  const kept = core.traces.get(recallId)
  const fix = 'Recall again: only the latest answers of a process are kept.'
  if (kept === null) throw notFound('recollection', recallId, fix)
  for (const [i, space] of kept.trace.spaces.entries()) {
    const key = kept.keys[i] ?? null
    const isThere = await isStill(storage, core.access, space as SpaceId, key)
    if (!isThere) throw notFound('recollection', recallId, fix)
  }
  return kept.trace
}

/** Whether it is the space with that key, and may be read: not yours and not there are the same answer. */
async function isStill(storage: Storage, access: Access, space: SpaceId, key: SpaceKey | null): Promise<boolean> {
  try {
    const state = await storage.spaces.get(access, space)
    return key === null || state?.key === key
  } catch (error) {
    if (error instanceof MemoryError && error.code === 'denied') return false
    throw error
  }
}
