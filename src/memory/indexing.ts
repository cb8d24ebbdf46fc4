/** A Memory's calls about its background: waiting for it, re-indexing, and explaining an answer. */
import type { ReindexProgress } from '../derive/reindex.ts'
import type { Access } from '../domain/actor.ts'
import { MemoryError, notFound } from '../domain/error.ts'
import { parseRunId, type SpaceId, type SpaceKey } from '../domain/id.ts'
import { withPeers } from '../domain/peer-packages.ts'
import type { CacheUse } from '../ports/cache-use.ts'
import type { Storage } from '../ports/storage.ts'
import type { Degraded, RecallExplanation, TracedItem, UnreadItem } from './answers/recollection.ts'
import type { Core } from './door/core.ts'
import { settleErasure } from './storage/erasure.ts'

/** What is left to do in the background, and why. */
export interface Settled {
  /** Spaces with records that still wait for their vectors. */
  readonly pendingSpaces: number
  /** Records whose vectors could not be made; they are found by their words. */
  readonly failed: number
  /** Why the embedder cannot be used; null if it can. */
  readonly degraded: Degraded | null
  /** The current error of the embedder, the storage or the background (sweeping, reclaiming), if there is one. */
  readonly error: unknown
}

/** Figures of this process about a memory. */
export interface MemoryStats {
  /** What the caches of its database take, shared by all memories of this process on the same file. */
  readonly cache: CacheUse
  /** Of vectors of questions, which are kept so that a question costs the embedder nothing the second time. */
  readonly questions: { readonly bytes: number; readonly limitBytes: number }
}

/** Options of `memory.reindex`. */
export interface ReindexOptions {
  /** Called after each step with what is done and what is left. */
  readonly onProgress?: (progress: ReindexProgress) => void
}

/** Lets the model try the waiting words again. */
async function learnWaiting(core: Core): Promise<void> {
  if (core.storage.waiting.size === 0) return
  const { drainQueued } = await withPeers(() => import('./facts/infer.ts'))
  for (const space of core.storage.waiting) {
    const { waiting } = await drainQueued(core, space)
    if (waiting === 0) core.storage.waiting.delete(space)
  }
}

/** Waits for the background: notes and titles of threads, queued words, vectors, and the bytes of forgotten records. */
export async function settled(core: Core): Promise<Settled> {
  await core.storage.heldSettled()
  await learnWaiting(core)
  await settleErasure(await core.storage.get(), core.limits)
  const indexer = await core.storage.indexer()
  if (indexer === null) return { pendingSpaces: 0, failed: 0, degraded: 'no-embedder', error: core.storage.failure }
  await indexer.settled()
  const { spaces, failed, trouble, error } = await indexer.state()
  return { pendingSpaces: spaces, failed, degraded: trouble, error: error ?? core.storage.failure }
}

/** Loads the model of the embedder; nothing without one. */
export async function warmUp(core: Core): Promise<void> {
  const indexer = await core.storage.indexer()
  await indexer?.embedder.embed(['ready'], { purpose: 'query' })
}

/** Figures of this process. */
export async function memoryStats(core: Core): Promise<MemoryStats> {
  const cache = (await core.storage.get()).cacheUse()
  const { bytes, limitBytes } = (await core.storage.indexer())?.embedder.questions ?? { bytes: 0, limitBytes: 0 }
  return { cache, questions: { bytes, limitBytes } }
}

/** Makes all vectors again. */
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

/** The trace of an answer, for an actor that may read its spaces, as long as they exist. */
export async function explain(core: Core, { recallId }: { readonly recallId: string }): Promise<RecallExplanation> {
  if (parseRunId(recallId) !== null) {
    const { explainRun } = await withPeers(() => import('./recall/explain-run.ts'))
    return explainRun(core, recallId)
  }
  const storage = await core.storage.get()
  const kept = core.traces.get(recallId)
  const fix = 'Recall again: a process keeps only its latest answers.'
  if (kept === null) throw notFound('recollection', recallId, fix)
  for (const [i, space] of kept.trace.spaces.entries()) {
    const key = kept.keys[i] ?? null
    const isThere = await isStill(storage, core.access, space as SpaceId, key)
    if (!isThere) throw notFound('recollection', recallId, fix)
  }
  const { trace, behind } = kept
  const { answerText, itemText } = await import('../recall/text/explain-text.ts')
  const all = [...trace.items, ...(await readBehind(storage, core.access, behind))]
  const items = all.map((item) => ({ ...item, text: itemText(item, trace.terms.length) }))
  return { ...trace, summary: answerText({ ...trace, items }), items }
}

/** The items that ranked below those of the answer, read now. */
async function readBehind(storage: Storage, access: Access, unread: readonly UnreadItem[]): Promise<TracedItem[]> {
  if (unread.length === 0) return []
  const { idOf, saidOf, threadOfRecord } = await import('./recall/recall.ts')
  return Promise.all(
    unread.map(async ({ ref, ...item }): Promise<TracedItem> => {
      const [record = null] = await storage.index.read(access, item.space as SpaceId, [{ kind: item.kind, ref }])
      return {
        ...item,
        ...threadOfRecord(record),
        id: idOf(record) ?? ref,
        said: saidOf(item.kind, record, item.space as SpaceId),
        dropped: record === null ? 'gone' : 'beyond-top-k',
      }
    }),
  )
}

/** Whether it is the space with that key, and may be read. A space of others and a missing one give the same answer. */
async function isStill(storage: Storage, access: Access, space: SpaceId, key: SpaceKey | null): Promise<boolean> {
  try {
    const state = await storage.spaces.get(access, space)
    return key === null || state?.key === key
  } catch (error) {
    if (error instanceof MemoryError && error.code === 'denied') return false
    throw error
  }
}
