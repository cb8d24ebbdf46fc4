/** The indexer: gives records their vectors in the background, for whoever writes; no write ever waits for it. */
import type { Access } from '../domain/actor.ts'
import { MemoryError } from '../domain/error.ts'
import type { SpaceId } from '../domain/id.ts'
import { spaceKinds } from '../domain/space.ts'
import type { Embedder } from '../ports/embedder.ts'
import type { Storage, StoredEmbedding } from '../ports/storage.ts'
import { EmbedderDown, embedRecords, Failures } from './embed-records.ts'
import { type MissingRecord, missingVectors } from './missing.ts'

const indexerAccess: Access = { actor: { kind: 'system', id: 'indexer' }, grants: 'all' }

/** Milliseconds between looks for what other processes wrote. */
const lookMs = 1_000
/** Milliseconds from a write to the look at it. */
const soonMs = 20
const claimMs = 60_000
const spacesAtOnce = 8
/** Records between two writes of vectors. */
const recordsAtOnce = 32
const longestPauseMs = 60_000
const spacesAPage = 500
/** How long `close` waits for what is being embedded, milliseconds. */
const closeMs = 2_000

/** Why recall has words only, while it has. */
export type EmbedderTrouble = 'embedder-mismatch' | 'embedder-failed'

export interface IndexingState {
  /** Spaces with records that wait for their vectors. */
  readonly spaces: number
  /** Records that failed five times and are passed over. */
  readonly failed: number
  readonly trouble: EmbedderTrouble | null
  /** The last error of the embedder, while it fails. */
  readonly error: unknown
}

export interface ReindexProgress {
  readonly spacesDone: number
  readonly spaces: number
  /** Records that got vectors of the new embedder so far. */
  readonly records: number
}

export interface IndexerOptions {
  readonly storage: Storage
  readonly embedder: Embedder
  /** Tells this worker from others of the same database. */
  readonly owner: string
  /** Whether it works by itself; otherwise only when it is asked to settle. */
  readonly background: boolean
}

export class Indexer {
  readonly #storage: Storage
  readonly #embedder: Embedder
  readonly #owner: string
  readonly #failures = new Failures()
  readonly #stop = new AbortController()
  #timer: NodeJS.Timeout | null = null
  #soon: NodeJS.Timeout | null = null
  #running: Promise<void> | null = null
  #reindexing: Promise<void> | null = null
  #isAsked = false
  #fingerprint: string | null = null
  #trouble: EmbedderTrouble | null = null
  #error: unknown = null
  #pauseMs = 0
  #notBefore = 0

  constructor({ storage, embedder, owner, background }: IndexerOptions) {
    this.#storage = storage
    this.#embedder = embedder
    this.#owner = owner
    if (!background) return
    this.#timer = setInterval(() => this.poke(), lookMs)
    this.#timer.unref()
  }

  get embedder(): Embedder {
    return this.#embedder
  }

  /** Looks for work soon; for whoever has just written. Writes that follow each other closely are looked at once. */
  poke(): void {
    if (this.#timer === null || this.#soon !== null || this.#stop.signal.aborted) return
    this.#soon = setTimeout(() => {
      this.#soon = null
      if (performance.now() >= this.#notBefore) void this.#run()
    }, soonMs)
    this.#soon.unref()
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

  /** Finds out whether the database knows this embedder; with `adds`, makes it the first one. */
  async #identify(adds: boolean): Promise<boolean> {
    const stored = await this.#storage.vectors.embeddings(indexerAccess)
    if (this.#embedder.dimensions === null && !adds) return false
    if (this.#embedder.dimensions === null) await this.#embedder.embed(['ready'], { purpose: 'record' })
    const dimensions = this.#embedder.dimensions
    if (dimensions === null) return false
    const fingerprint = `${this.#embedder.id}/${dimensions}`
    const active = stored.find(({ state }) => state === 'active')
    if (active === undefined && adds)
      await this.#storage.vectors.addEmbedding(indexerAccess, { fingerprint, dimensions })
    const isOwn = active === undefined || active.fingerprint === fingerprint
    this.#trouble = isOwn ? (this.#trouble === 'embedder-mismatch' ? null : this.#trouble) : 'embedder-mismatch'
    this.#fingerprint = fingerprint
    const isBuilding = stored.some(
      (embedding) => embedding.fingerprint === fingerprint && embedding.state === 'building',
    )
    // A re-index that a killed process left is gone on with.
    if (!isOwn && isBuilding && adds) this.#reindexing ??= this.#reindex(() => {})
    return isOwn
  }

  async #work(): Promise<void> {
    while (this.#isAsked && !this.#stop.signal.aborted) {
      this.#isAsked = false
      try {
        await this.#round()
        this.#pauseMs = 0
        if (this.#trouble === 'embedder-failed') this.#trouble = null
        this.#error = null
      } catch (error) {
        if (this.#stop.signal.aborted || (error instanceof MemoryError && error.code === 'closed')) return
        this.#error = error instanceof EmbedderDown ? error.cause : error
        if (this.#trouble !== 'embedder-mismatch') this.#trouble = 'embedder-failed'
        this.#pauseMs = Math.min(longestPauseMs, Math.max(lookMs, this.#pauseMs * 2))
        this.#notBefore = performance.now() + this.#pauseMs
        return
      }
    }
  }

  /** Works on all spaces that have work and nobody else has taken. */
  async #round(): Promise<void> {
    const { vectors } = this.#storage
    if ((await vectors.openWork(indexerAccess)) === 0 || !(await this.#identify(true))) return
    for (;;) {
      const claim = { owner: this.#owner, leaseMs: claimMs, limit: spacesAtOnce }
      const spaces = await vectors.claimWork(indexerAccess, claim)
      let finished = 0
      for (const space of spaces) if (await this.#finishSpace(space)) finished += 1
      // Spaces that cannot be finished, because records fail or others write, are looked at again later.
      if (finished === 0 || this.#stop.signal.aborted) return
    }
  }

  /** Embeds what a space lacks. True if it lacks nothing any more that could be made. */
  async #finishSpace(space: SpaceId): Promise<boolean> {
    const fingerprint = this.#fingerprint
    if (fingerprint === null) return false
    for (;;) {
      const { missing, asOf } = await missingVectors(this.#storage, indexerAccess, space, fingerprint)
      const open = missing.filter((record) => !this.#failures.isPassedOver(space, record))
      if (open.length === 0) {
        if (await this.#storage.vectors.finishWork(indexerAccess, space, asOf)) return true
        if (await this.#isUnchanged(space, asOf)) return false
        continue
      }
      const stored = await this.#embedAll(space, fingerprint, open)
      if (stored === 0) return false
    }
  }

  async #isUnchanged(space: SpaceId, asOf: number): Promise<boolean> {
    const state = await this.#storage.spaces.get(indexerAccess, space)
    return state === null || state.seq === asOf
  }

  async #embedAll(space: SpaceId, fingerprint: string, open: readonly MissingRecord[]): Promise<number> {
    const work = { space, embedder: this.#embedder, failures: this.#failures, signal: this.#stop.signal }
    let stored = 0
    for (let start = 0; start < open.length; start += recordsAtOnce) {
      this.#stop.signal.throwIfAborted()
      const batch = open.slice(start, start + recordsAtOnce)
      stored += await embedRecords(this.#storage, indexerAccess, fingerprint, batch, work)
      const claim = { owner: this.#owner, leaseMs: claimMs, limit: spacesAtOnce }
      if (start > 0 && start % (recordsAtOnce * 8) === 0) await this.#storage.vectors.claimWork(indexerAccess, claim)
    }
    return stored
  }

  /** Waits until nothing is left that could be done now. */
  async settled(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      await this.#running
      await this.#reindexing
      if ((await this.#storage.vectors.openWork(indexerAccess)) === 0) return
      const before = await this.#storage.vectors.openWork(indexerAccess)
      await this.#run()
      const left = await this.#storage.vectors.openWork(indexerAccess)
      if (this.#trouble !== null || this.#error !== null) return
      // What is left is another process's, or fails: the first is waited for.
      if (left > 0 && left >= before) {
        const claim = { owner: this.#owner, leaseMs: claimMs, limit: 1 }
        if ((await this.#storage.vectors.claimWork(indexerAccess, claim)).length > 0) return
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
    }
  }

  async state(): Promise<IndexingState> {
    const spaces = await this.#storage.vectors.openWork(indexerAccess)
    return { spaces, failed: this.#failures.size, trouble: this.#trouble, error: this.#error }
  }

  /** Makes the vectors of all records anew with this embedder, and then lets recall use them. */
  reindex(onProgress: (progress: ReindexProgress) => void): Promise<void> {
    this.#reindexing ??= this.#reindex(onProgress)
    return this.#reindexing
  }

  async #reindex(onProgress: (progress: ReindexProgress) => void): Promise<void> {
    try {
      const { vectors } = this.#storage
      if (this.#embedder.dimensions === null) await this.#embedder.embed(['ready'], { purpose: 'record' })
      const dimensions = this.#embedder.dimensions ?? 0
      const fingerprint = `${this.#embedder.id}/${dimensions}`
      await vectors.addEmbedding(indexerAccess, { fingerprint, dimensions })
      this.#fingerprint = fingerprint
      await this.#everySpace(fingerprint, onProgress)
      await vectors.activate(indexerAccess, fingerprint)
      this.#trouble = null
      // What was written between the last look and the switch.
      await this.#everySpace(fingerprint, () => {})
    } finally {
      this.#reindexing = null
    }
  }

  async #everySpace(fingerprint: string, onProgress: (progress: ReindexProgress) => void): Promise<void> {
    const spaces: SpaceId[] = []
    for await (const space of this.#allSpaces()) spaces.push(space)
    let records = 0
    for (const [spacesDone, space] of spaces.entries()) {
      onProgress({ spacesDone, spaces: spaces.length, records })
      for (;;) {
        const { missing } = await missingVectors(this.#storage, indexerAccess, space, fingerprint)
        const open = missing.filter((record) => !this.#failures.isPassedOver(space, record))
        if (open.length === 0) break
        const stored = await this.#embedAll(space, fingerprint, open)
        records += stored
        onProgress({ spacesDone, spaces: spaces.length, records })
        if (stored === 0) break
      }
    }
    onProgress({ spacesDone: spaces.length, spaces: spaces.length, records })
  }

  async *#allSpaces(): AsyncGenerator<SpaceId> {
    for (const kind of spaceKinds) {
      for (let after: SpaceId | null = null; ; ) {
        const page = await this.#storage.spaces.list(indexerAccess, { kind, prefix: '', after, limit: spacesAPage })
        for (const { id } of page) yield id
        after = page.at(-1)?.id ?? null
        if (page.length < spacesAPage) break
      }
    }
  }

  /** Stops, at the latest after two seconds; what is not done yet is left to the next one who opens the database. */
  async stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer)
    if (this.#soon !== null) clearTimeout(this.#soon)
    this.#stop.abort()
    const late = new Promise((resolve) => setTimeout(resolve, closeMs).unref())
    const done = Promise.allSettled([this.#running, this.#reindexing])
    await Promise.race([done, late])
    await this.#storage.vectors.releaseWork(indexerAccess, this.#owner).catch(() => {})
  }
}
