/** Vectors that recalls made of records which still waited for them: kept until the indexer stores them. */
import type { SpaceId } from '../domain/id.ts'
import type { VectorRecord } from '../domain/index/vector-segment.ts'
import type { Storage } from '../ports/storage.ts'
import { indexerAccess } from './embed-missing.ts'
import { type MissingRecord, missingVectors } from './missing.ts'

/** Records whose vectors are kept, of all spaces together; of more the oldest are made again by the indexer. */
const mostKept = 1_000

const nameOf = ({ kind, seq, ref }: MissingRecord) => `${kind} ${seq} ${ref}`

/** Vectors by the space of their records. */
export class FreshVectors {
  readonly #records = new Map<SpaceId, VectorRecord[]>()

  /** Takes the vectors of some records of a space. */
  add(space: SpaceId, records: readonly VectorRecord[]): void {
    const known = this.#records.get(space) ?? []
    this.#records.set(space, [...known, ...records])
    while (this.#count() > mostKept) this.#records.delete(this.#records.keys().next().value as SpaceId)
  }

  /**
   * Stores those of a space that it still lacks, and keeps them no longer: the indexer, or two recalls, may have made the same
   * ones meanwhile.
   */
  async store(storage: Storage, space: SpaceId, fingerprint: string): Promise<void> {
    const records = this.#records.get(space)
    if (records === undefined) return
    this.#records.delete(space)
    const { missing } = await missingVectors(storage, indexerAccess, space, fingerprint)
    const lacking = new Set(missing.map(nameOf))
    const wanted = records.filter((record) => lacking.delete(nameOf(record)))
    if (wanted.length > 0) await storage.vectors.put(indexerAccess, space, fingerprint, wanted)
  }

  #count(): number {
    return [...this.#records.values()].reduce((sum, records) => sum + records.length, 0)
  }
}
