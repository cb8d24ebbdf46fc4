/** Makes the vectors of sentences, after those of whole records: a space at a time, and only where recall uses them. */
import type { SpaceId } from '../domain/id.ts'
import type { Storage, StoredEmbedding } from '../ports/storage.ts'
import { allSpaces } from './all-spaces.ts'
import { type EmbeddingWork, embedMissing, indexerAccess } from './embed-missing.ts'
import { Failures } from './embed-records.ts'
import type { PacedEmbedder } from './pace.ts'
import { isOfSentences, sentencesFingerprint } from './sentences.ts'

/** An embedder of this process that takes no longer for a text makes sentences too, milliseconds. */
const quickMs = 10

interface SentenceOptions {
  readonly storage: Storage
  readonly embedder: PacedEmbedder
  readonly signal: AbortSignal
  /** As the user said; undefined: where they are there already, or the embedder is quick. */
  readonly wanted: boolean | undefined
  /** Whether the embedder runs in this process, so that three times as many texts cost nobody money. */
  readonly isLocal: boolean
  /** Begins the work soon. */
  readonly wake: () => void
}

export class SentenceIndex {
  readonly #options: SentenceOptions
  readonly #work: EmbeddingWork
  /** Spaces that may lack some. */
  readonly #spaces = new Set<SpaceId>()

  constructor(options: SentenceOptions) {
    this.#options = options
    const { storage, embedder, signal } = options
    this.#work = { storage, embedder, signal, failures: new Failures(), unit: 'sentence' }
  }

  /** Whether messages get vectors of sentences, next to vectors that are stored under a fingerprint. */
  #isOn(stored: readonly StoredEmbedding[], fingerprint: string): boolean {
    const { wanted, isLocal, embedder } = this.#options
    if (wanted !== undefined) return wanted
    const { msPerText } = embedder.pace
    return this.#isThere(stored, fingerprint) || (isLocal && msPerText !== null && msPerText <= quickMs)
  }

  /** Whether there is work, as far as this process knows. */
  hasWork(stored: readonly StoredEmbedding[]): boolean {
    const active = stored.find(({ state }) => state === 'active')
    if (active === undefined || !this.#isOn(stored, active.fingerprint)) return false
    return this.#spaces.size > 0 || !this.#isThere(stored, active.fingerprint)
  }

  /** What the vectors of sentences are stored under that recall compares; null where it compares none. */
  async storedUnder(fingerprint: string): Promise<string | null> {
    const stored = await this.#options.storage.vectors.embeddings(indexerAccess)
    const isThere = this.#isOn(stored, fingerprint) && this.#isThere(stored, fingerprint)
    return isThere ? sentencesFingerprint(fingerprint) : null
  }

  /** Notes that a space may lack some: they are made after the vectors of whole records. */
  want(space: SpaceId): void {
    this.#spaces.add(space)
  }

  /** Makes what a space lacks soon, in the background. */
  request(space: SpaceId): void {
    if (this.#spaces.has(space)) return
    this.#spaces.add(space)
    this.#options.wake()
  }

  /** Makes what is missing in the spaces that were noted; the first time in all spaces. */
  async complete(fingerprint: string | null, onBatch: () => Promise<void>): Promise<void> {
    const { storage, embedder } = this.#options
    const stored = await storage.vectors.embeddings(indexerAccess)
    if (fingerprint === null || !this.#isOn(stored, fingerprint)) return
    const own = sentencesFingerprint(fingerprint)
    if (!this.#isThere(stored, fingerprint)) {
      const { dimensions } = embedder
      if (dimensions === null) return
      await storage.vectors.addEmbedding(indexerAccess, { fingerprint: own, dimensions })
      for await (const space of allSpaces(storage)) this.#spaces.add(space)
    }
    for (const space of this.#spaces) {
      this.#options.signal.throwIfAborted()
      const { left } = await embedMissing(this.#work, space, own, onBatch)
      if (left !== 'later') this.#spaces.delete(space)
    }
  }

  #isThere(stored: readonly StoredEmbedding[], fingerprint: string): boolean {
    return stored.some((one) => isOfSentences(one) && one.fingerprint === sentencesFingerprint(fingerprint))
  }
}
