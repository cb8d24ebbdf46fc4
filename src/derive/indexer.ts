/** The indexer: makes vectors of new records in the background; no write ever waits for it. */
import { setTimeout as wait } from 'node:timers/promises'
import { after, detach, every, type Timer, warnOf } from '../domain/detached.ts'
import { MemoryError } from '../domain/error.ts'
import type { SpaceId } from '../domain/id.ts'
import type { Storage, StoredEmbedding } from '../ports/storage.ts'
import { type EmbeddingWork, embedMissing, indexerAccess } from './embed-missing.ts'
import { causeOf, EmbedderDown, Failures, longestCallMs } from './embed-records.ts'
import { type EmbedderTrouble, troubleOf } from './embedder-trouble.ts'
import { FreshVectors } from './fresh-vectors.ts'
import type { PacedEmbedder } from './pace.ts'
import { Reindex, type ReindexProgress } from './reindex.ts'
import { SentenceIndex } from './sentence-index.ts'
import { isOfSentences } from './sentences.ts'
import { claimMs, spacesAtOnce, WorkClaims } from './work-claims.ts'

/** Milliseconds between checks for writes of other processes. */
const lookMs = 1_000
/** Milliseconds from a write to the check for it. */
const soonMs = 20
const longestPauseMs = 60_000
/** Milliseconds between checks whether another process is done. */
const sharedMs = 50
/** How long `close` waits for what is being embedded, milliseconds. */
const closeMs = 2_000

interface IndexingState {
  /** Spaces with records that wait for their vectors. */
  readonly spaces: number
  /** Records that failed five times and are skipped. */
  readonly failed: number
  readonly trouble: EmbedderTrouble | null
  /** The current error of the embedder or the storage, if there is one. */
  readonly error: unknown
}

interface IndexerOptions {
  readonly storage: Storage
  readonly embedder: PacedEmbedder
  /** Tells this worker from others of the same database. */
  readonly owner: string
  /** Whether it works by itself; otherwise only on `settle`. */
  readonly background: boolean
  /** Whether nobody else uses the embedder, so that it is closed with the indexer. */
  readonly ownsEmbedder?: boolean
  /** Whether the sentences of messages get vectors too. Default: where they have some already, or the embedder is its own and quick. */
  readonly sentences?: boolean | undefined
}

/** Does work that somebody waits for: the process does not end before it is done. */
async function holding<Result>(work: () => Promise<Result>): Promise<Result> {
  const hold = every(longestPauseMs, () => {}, warnOf)
  try {
    return await work()
  } finally {
    hold.stop()
  }
}

export class Indexer {
  readonly #storage: Storage
  readonly #embedder: PacedEmbedder
  /** Vectors that recalls made: they are stored before others are made. */
  readonly fresh = new FreshVectors()
  readonly #embedding: EmbeddingWork
  readonly #reindex: Reindex
  readonly #claims: WorkClaims
  readonly sentences: SentenceIndex
  readonly #ownsEmbedder: boolean
  readonly #failures = new Failures()
  readonly #stop = new AbortController()
  #timer: Timer | null = null
  #soon: Timer | null = null
  #running: Promise<void> | null = null
  #isAsked = false
  #fingerprint: string | null = null
  #trouble: EmbedderTrouble | null = null
  #error: unknown = null
  #pauseMs = 0
  #notBefore = 0

  constructor({ storage, embedder, owner, background, ownsEmbedder = false, sentences }: IndexerOptions) {
    this.#storage = storage
    this.#embedder = embedder
    this.#ownsEmbedder = ownsEmbedder
    this.#embedding = { storage, embedder, failures: this.#failures, signal: this.#stop.signal, unit: 'text' }
    this.#claims = new WorkClaims(storage, owner)
    const { signal } = this.#stop
    const wake = () => this.poke()
    this.sentences = new SentenceIndex({ storage, embedder, signal, wanted: sentences, isLocal: ownsEmbedder, wake })
    this.#reindex = new Reindex(this.#embedding, { begin: () => this.#build(), used: () => this.#mended() })
    if (!background) return
    this.#timer = every(
      lookMs,
      () => this.poke(),
      (error) => this.#failed(error),
    ).unref()
  }

  get embedder(): PacedEmbedder {
    return this.#embedder
  }

  /** Looks for work soon after a write. Writes in quick succession cause one look. */
  poke(): void {
    if (this.#timer === null || this.#soon !== null || this.#stop.signal.aborted) return
    const look = () => {
      this.#soon = null
      return performance.now() >= this.#notBefore ? this.#run() : undefined
    }
    this.#soon = after(soonMs, look, (error) => this.#failed(error)).unref()
  }

  #run(): Promise<void> {
    this.#isAsked = true
    this.#running ??= this.#work().finally(() => {
      this.#running = null
    })
    return this.#running
  }

  /** The embedder whose vectors recall compares with: this one if it is the stored one or nothing is stored, else null. */
  async active(): Promise<StoredEmbedding | 'none' | 'other'> {
    const stored = await this.#storage.vectors.embeddings(indexerAccess)
    const active = stored.find(({ state }) => state === 'active')
    if (active === undefined) return 'none'
    const { id, dimensions } = this.#embedder
    const isOwn = active.fingerprint === `${id}/${dimensions ?? active.dimensions}`
    return isOwn ? active : 'other'
  }

  /** The fingerprint of this embedder's vectors. Makes one vector if only that shows their dimensions. */
  async #describe(): Promise<{ readonly fingerprint: string; readonly dimensions: number }> {
    if (this.#embedder.dimensions === null) {
      const signal = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(longestCallMs)])
      const options = { purpose: 'record', isBackground: true, signal } as const
      await this.#embedder.embed(['ready'], options).catch((cause) => {
        throw new EmbedderDown('The embedder fails.', { cause })
      })
    }
    const dimensions = this.#embedder.dimensions ?? 0
    return { fingerprint: `${this.#embedder.id}/${dimensions}`, dimensions }
  }

  /** Finds out whether the vectors in use are this embedder's; makes it the first one if there is none. */
  async #identify(stored: readonly StoredEmbedding[]): Promise<boolean> {
    const { fingerprint, dimensions } = await this.#describe()
    const active = stored.find(({ state }) => state === 'active')
    if (active === undefined) await this.#storage.vectors.addEmbedding(indexerAccess, { fingerprint, dimensions })
    const isOwn = active === undefined || active.fingerprint === fingerprint
    this.#trouble = isOwn ? (this.#trouble === 'embedder-mismatch' ? null : this.#trouble) : 'embedder-mismatch'
    this.#fingerprint = fingerprint
    const isBuilding = stored.some(
      (embedding) => embedding.fingerprint === fingerprint && embedding.state === 'building',
    )
    // Continues a re-index that a killed process left.
    if (!isOwn && isBuilding) this.#continue()
    return isOwn
  }

  #continue(): void {
    detach(
      () => this.#reindex.run(() => {}),
      (error) => this.#failed(error),
    )
  }

  /** Notes the error of the work, and waits longer before each new attempt. */
  #failed(error: unknown): void {
    if (this.#stop.signal.aborted || (error instanceof MemoryError && error.code === 'closed')) return
    this.#error = causeOf(error)
    // A full disk, for example, is not the embedder's fault: recall continues with the existing vectors.
    if (error instanceof EmbedderDown && this.#trouble !== 'embedder-mismatch') this.#trouble = troubleOf(error)
    this.#pauseMs = Math.min(longestPauseMs, Math.max(lookMs, this.#pauseMs * 2))
    this.#notBefore = performance.now() + this.#pauseMs
  }

  async #work(): Promise<void> {
    while (this.#isAsked && !this.#stop.signal.aborted) {
      this.#isAsked = false
      try {
        await this.#round()
        this.#pauseMs = 0
        if (this.#trouble !== 'embedder-mismatch') this.#trouble = null
        this.#error = null
      } catch (error) {
        this.#failed(error)
        // Another process may have an embedder that works.
        await this.#release()
        return
      }
    }
  }

  /** Works on all spaces that have work and that nobody else has claimed. */
  async #round(): Promise<void> {
    const { vectors } = this.#storage
    const stored = await vectors.embeddings(indexerAccess)
    const isBuilding =
      stored.some((one) => one.state === 'building' && !isOfSentences(one)) || this.sentences.hasWork(stored)
    if (!isBuilding && (await vectors.openWork(indexerAccess)) === 0) return
    if (!(await this.#identify(stored))) return
    for (;;) {
      const spaces = await this.#claims.take(spacesAtOnce)
      let finished = 0
      for (const space of spaces) {
        this.#stop.signal.throwIfAborted()
        if (await this.#finishSpace(space)) finished += 1
      }
      // Spaces that cannot be finished, because records fail or others write, are tried again later.
      if (finished === 0 || this.#stop.signal.aborted) break
    }
    await this.sentences.complete(this.#fingerprint, () => this.#claims.renew())
  }

  /** Makes the missing vectors of a space. True if every vector that can be made exists. */
  async #finishSpace(space: SpaceId): Promise<boolean> {
    const fingerprint = this.#fingerprint
    if (fingerprint === null) return false
    await this.fresh.store(this.#storage, space, fingerprint)
    for (;;) {
      const { left, asOf } = await embedMissing(this.#embedding, space, fingerprint, () => this.#claims.renew())
      if (left !== 'none') return false
      this.sentences.want(space)
      if (await this.#storage.vectors.finishWork(indexerAccess, space, asOf)) return true
      if (await this.#isUnchanged(space, asOf)) return false
    }
  }

  async #isUnchanged(space: SpaceId, asOf: number): Promise<boolean> {
    const state = await this.#storage.spaces.get(indexerAccess, space)
    return state === null || state.seq === asOf
  }

  /** Waits until everything is done that can be done now. */
  settled(): Promise<void> {
    return holding(() => this.#settle())
  }

  async #settle(): Promise<void> {
    let sharedSince = performance.now()
    while (!this.#stop.signal.aborted) {
      await this.#running
      const before = await this.#storage.vectors.openWork(indexerAccess)
      await this.#run()
      // The caller of the re-index gets its error; here it is over.
      await this.#reindex.running?.catch(() => {})
      const left = await this.#storage.vectors.openWork(indexerAccess)
      if (left === 0 || this.#trouble !== null || this.#error !== null) return
      const pauseMs = this.#failures.pauseMs
      if (pauseMs !== null) await wait(pauseMs)
      // What is left is another process's, which is waited for, or cannot be done; or all of it was written meanwhile.
      else if (before > 0 && left >= before) {
        if ((await this.#claims.take(1)).length > 0) return
        // Longer than a claim lasts nobody holds it, and yet it cannot be claimed.
        if (performance.now() > sharedSince + 2 * claimMs) return
        await wait(sharedMs)
      } else sharedSince = performance.now()
    }
  }

  async state(): Promise<IndexingState> {
    const spaces = await this.#storage.vectors.openWork(indexerAccess)
    const isOther = (await this.active()) === 'other'
    const own = this.#trouble === 'embedder-mismatch' ? null : this.#trouble
    return { spaces, failed: this.#failures.size, trouble: isOther ? 'embedder-mismatch' : own, error: this.#error }
  }

  /** Makes the vectors of all records again with this embedder, and then lets recall use them. */
  reindex(onProgress: (progress: ReindexProgress) => void): Promise<void> {
    return holding(() => this.#reindex.run(onProgress))
  }

  /** Begins vectors of this embedder next to those in use; answers what they are stored under. */
  async #build(): Promise<string> {
    const { fingerprint, dimensions } = await this.#describe()
    await this.#storage.vectors.addEmbedding(indexerAccess, { fingerprint, dimensions })
    this.#fingerprint = fingerprint
    return fingerprint
  }

  #mended(): void {
    this.#trouble = null
    this.#error = null
    // The vectors of sentences went with those of the embedder before.
    this.poke()
  }

  /** Stops, at the latest after two seconds. The next process that opens the database does the rest. */
  async stop(): Promise<void> {
    this.#timer?.stop()
    this.#soon?.stop()
    this.#stop.abort()
    // Holds the process until then: an embedder that never answers holds nothing.
    const late = Promise.withResolvers<void>()
    const timer = after(closeMs, late.resolve, late.reject)
    await Promise.race([Promise.allSettled([this.#running, this.#reindex.running]), late.promise])
    timer.stop()
    await this.#release()
    if (this.#ownsEmbedder) await this.#embedder.close?.()
  }

  async #release(): Promise<void> {
    await this.#claims.release().catch((error: unknown) => this.#failed(error))
  }
}
