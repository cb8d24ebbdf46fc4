/** Databases for the rows of recall: conversations with their words and vectors, and an embedder that costs nothing. */
import type { Embedder, Memory, MemoryOptions, Storage } from 'aquifer'
import { refAt } from '../src/domain/index/word-segment.ts'
import { createRandom } from './corpus.ts'
import { inParallel } from './ours.ts'
import { saidAt } from './recall-corpus.ts'

const dimensions = 384
const embedderId = 'bench/1'
const fingerprint = `${embedderId}/${dimensions}`
const turnsPerThread = 20
const recordsAtOnce = 400
/** Times are content too: one turn a minute. */
const firstTurnAt = Date.UTC(2026, 0, 1)
const minuteMs = 60_000

export type VectorRecord = Parameters<Storage['vectors']['put']>[3][number]
type Vector = VectorRecord['vectors'][number]

/** Vectors of unit length as they are stored, made once and given out in turn. */
function createVectors(count: number): readonly Vector[] {
  const random = createRandom(20_260_103)
  return Array.from({ length: count }, () => {
    const values = Int8Array.from({ length: dimensions }, () => Math.round((random() * 2 - 1) * 127))
    const squares = values.reduce((sum, value) => sum + value * value, 0)
    return { scale: 1 / Math.sqrt(squares), values }
  })
}

const vectors = createVectors(4_096)
const questionVectors = vectors.slice(0, 64).map(({ values }) => Float32Array.from(values))

/** Answers questions at once with one of some vectors, and is never asked for anything else. */
export const readyEmbedder: Embedder = {
  id: embedderId,
  dimensions,
  maxWords: 180,
  batchSize: 32,
  embed: (texts) => Promise.resolve(texts.map(({ length }) => questionVectors[length % 64] as Float32Array)),
}

/** A memory on a file, and the storage beneath it, which takes vectors that no embedder had to make. */
export interface RecallBase {
  readonly memory: Memory
  readonly storage: Storage
  close(): Promise<void>
}

export async function openRecall(file: string, limits: MemoryOptions['limits'] = {}): Promise<RecallBase> {
  const { Memory, SQLiteStore } = await import('aquifer')
  const { openStore } = await import('../src/open.ts')
  const store = new SQLiteStore({ url: `file:${file}` })
  const { storage, release } = await openStore(store)
  const memory = new Memory({ storage: store, embedder: readyEmbedder, background: false, limits })
  const close = async () => {
    await memory.close()
    await release()
  }
  return { memory, storage, close }
}

type SpaceId = Parameters<Storage['index']['scan']>[1]
const spaceOf = (resourceId: string) => `resource/${resourceId}` as SpaceId
const access = { actor: { kind: 'system', id: 'bench' }, grants: 'all' } as const

/** Saves conversations of turns of two messages to a resource, `width` of them at once. */
export async function saveTurns(
  memory: Memory,
  resourceId: string,
  { first, count, width = 16 }: { readonly first: number; readonly count: number; readonly width?: number },
): Promise<void> {
  await inParallel(count, width, (turn) => {
    const threadId = `${resourceId}-${Math.floor((first + turn) / turnsPerThread)}`
    const createdAt = new Date(firstTurnAt + (first + turn) * minuteMs)
    const messages = saidAt(first + turn).map((message) => ({ ...message, createdAt }))
    return memory.saveMessages({ resourceId, threadId, messages })
  })
}

/** The records of a space with a vector for each. */
export async function vectorRecords(storage: Storage, resourceId: string): Promise<readonly VectorRecord[]> {
  const { words } = await storage.index.scan(access, spaceOf(resourceId), null)
  return words.flatMap((segment) =>
    Array.from(segment.seqs, (seq, row): VectorRecord => {
      const own = vectors[(seq * 2 + (segment.indexes[row] as number)) % vectors.length] as Vector
      return { kind: 'message', ref: refAt(segment, row), seq, vectors: [own] }
    }),
  )
}

/** Stores vectors of some records of a space; answers of how many. */
export async function vectorWriter(storage: Storage, resourceId: string) {
  await storage.vectors.addEmbedding(access, { fingerprint, dimensions })
  const space = spaceOf(resourceId)
  return (...records: readonly VectorRecord[]) => storage.vectors.put(access, space, fingerprint, records)
}

/** A space of conversations with all their vectors; the same content for the same numbers of turns. */
export async function fillSpace(
  { memory, storage }: RecallBase,
  resourceId: string,
  turns: { readonly first: number; readonly count: number },
): Promise<void> {
  await saveTurns(memory, resourceId, turns)
  const put = await vectorWriter(storage, resourceId)
  const records = await vectorRecords(storage, resourceId)
  for (let start = 0; start < records.length; start += recordsAtOnce)
    await put(...records.slice(start, start + recordsAtOnce))
}
