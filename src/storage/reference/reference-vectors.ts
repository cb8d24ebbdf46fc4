/** The index of vectors of the reference driver: lists of records, filtered when they are read. */
import type { Access } from '../../domain/actor.ts'
import type { Seq, SpaceId } from '../../domain/id.ts'
import type { VectorRecord } from '../../domain/index/vector-segment.ts'
import { recordAt } from '../../domain/index/word-segment.ts'
import type { IndexReader, StoredEmbedding, VectorStore } from '../../ports/storage.ts'
import type { ReferenceDatabase } from './reference-readers.ts'

interface Claim {
  readonly owner: string
  readonly until: number
}

const nameOf = ({ kind, ref, seq }: Pick<VectorRecord, 'kind' | 'ref' | 'seq'>) => `${kind} ${seq} ${ref}`

/** Which embedders there are, and which spaces are up to date. */
export class ReferenceVectors implements VectorStore {
  readonly #database: ReferenceDatabase
  readonly #index: IndexReader
  #embeddings: StoredEmbedding[] = []
  /** Up to which seq all records of a space have vectors. */
  readonly #finished = new Map<SpaceId, Seq>()
  readonly #claims = new Map<SpaceId, Claim>()

  constructor(database: ReferenceDatabase, index: IndexReader) {
    this.#database = database
    this.#index = index
  }

  async embeddings(): Promise<readonly StoredEmbedding[]> {
    return this.#embeddings
  }

  async addEmbedding(_: unknown, embedding: Omit<StoredEmbedding, 'state'>): Promise<readonly StoredEmbedding[]> {
    if (!this.#embeddings.some(({ fingerprint }) => fingerprint === embedding.fingerprint)) {
      const hasActive = this.#embeddings.some(({ state }) => state === 'active')
      this.#embeddings = [...this.#embeddings, { ...embedding, state: hasActive ? 'building' : 'active' }]
    }
    return this.#embeddings
  }

  async activate(_: unknown, fingerprint: string): Promise<void> {
    const chosen = this.#embeddings.find((embedding) => embedding.fingerprint === fingerprint)
    if (chosen === undefined) return
    this.#embeddings = [{ ...chosen, state: 'active' }]
    for (const space of this.#database.all()) {
      for (const made of space.vectors.keys()) if (made !== fingerprint) space.vectors.delete(made)
    }
  }

  async put(access: Access, id: SpaceId, fingerprint: string, records: readonly VectorRecord[]): Promise<number> {
    const space = this.#database.at(id)
    if (space === null || !this.#embeddings.some((embedding) => embedding.fingerprint === fingerprint)) return 0
    const { words } = await this.#index.scan(access, id, null)
    const current = new Set(
      words.flatMap((segment) => Array.from({ length: segment.count }, (_, i) => nameOf(recordAt(segment, i)))),
    )
    for (const { key, version, deleted } of space.records.entries.values()) {
      if (!deleted) current.add(nameOf({ kind: 'entry', ref: key, seq: version }))
    }
    const made = space.vectors.get(fingerprint) ?? []
    const there = new Set(made.map(nameOf))
    const fresh = records.filter((record) => current.has(nameOf(record)) && !there.has(nameOf(record)))
    space.vectors.set(fingerprint, [...made, ...fresh])
    return fresh.length
  }

  async claimWork(
    _: unknown,
    claim: { readonly owner: string; readonly leaseMs: number; readonly limit: number },
  ): Promise<readonly SpaceId[]> {
    const now = this.#database.clock.now()
    const free = this.#database.all().filter(({ id, space }) => {
      const own = this.#claims.get(id)
      const isOver = own === undefined || own.until <= now || own.until > now + claim.leaseMs
      const isFree = isOver || own.owner === claim.owner
      return isFree && (this.#finished.get(id) ?? -1) < space.seq
    })
    const claimed = free.slice(0, claim.limit).map(({ id }) => id)
    for (const id of claimed) this.#claims.set(id, { owner: claim.owner, until: now + claim.leaseMs })
    return claimed
  }

  async finishWork(_: unknown, id: SpaceId, asOf: Seq): Promise<boolean> {
    if (this.#database.at(id)?.space.seq !== asOf) return false
    this.#finished.set(id, asOf)
    this.#claims.delete(id)
    return true
  }

  async openWork(): Promise<number> {
    return this.#database.all().filter(({ id, space }) => (this.#finished.get(id) ?? -1) < space.seq).length
  }

  async releaseWork(_: unknown, owner: string): Promise<void> {
    for (const [id, claim] of this.#claims) if (claim.owner === owner) this.#claims.delete(id)
  }
}
