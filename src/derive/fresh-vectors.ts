/** Vectors that recalls made of records which still waited for them: kept until the indexer stores them. */
import type { SpaceId } from '../domain/id.ts'
import type { VectorRecord } from '../domain/index/vector-segment.ts'
import type { Storage } from '../ports/storage.ts'
import { indexerAccess } from './embed-missing.ts'

/** Records whose vectors are kept, of all spaces together; of more the oldest are made again by the indexer. */
const mostKept = 1_000

/** Vectors by the space of their records. */
export class FreshVectors {
  readonly #records = new Map<SpaceId, VectorRecord[]>()

  /** Takes the vectors of some records of a space. */
  add(space: SpaceId, records: readonly VectorRecord[]): void {
    const known = this.#records.get(space) ?? []
    this.#records.set(space, [...known, ...records])
    while (this.#count() > mostKept) this.#records.delete(this.#records.keys().next().value as SpaceId)
  }

  /** Stores those of a space, and keeps them no longer. Vectors of older content are refused by the storage. */
  async store(storage: Storage, space: SpaceId, fingerprint: string): Promise<void> {
    const records = this.#records.get(space)
    if (records === undefined) return
    this.#records.delete(space)
    await storage.vectors.put(indexerAccess, space, fingerprint, records)
  }

  #count(): number {
    return [...this.#records.values()].reduce((sum, records) => sum + records.length, 0)
  }
}
