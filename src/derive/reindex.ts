/** Makes the vectors of all records again with another embedder, while recall uses the old ones. */
import { setTimeout as wait } from 'node:timers/promises'
import { detach } from '../domain/detached.ts'
import { MemoryError } from '../domain/error.ts'
import type { SpaceId } from '../domain/id.ts'
import { allSpaces } from './all-spaces.ts'
import { type EmbeddingWork, embedMissing, indexerAccess } from './embed-missing.ts'
import { causeOf } from './embed-records.ts'

export interface ReindexProgress {
  readonly spacesDone: number
  readonly spaces: number
  /** Records that got vectors of the new embedder so far. */
  readonly records: number
}

/** The beginning and the end of a re-index. */
interface Steps {
  /** Describes the vectors to make, and returns the fingerprint that they are stored under. */
  readonly begin: () => Promise<string>
  /** Called once recall uses the new vectors. */
  readonly used: () => void
}

function listenerFailed(cause: unknown): MemoryError {
  const message = `The onProgress of the re-index failed: ${cause instanceof Error ? cause.message : String(cause)}.`
  const fix = 'Correct it; the vectors were made in any case.'
  return new MemoryError('unavailable', { message, fix, retryable: false, cause })
}

function stopped(cause: unknown): MemoryError {
  const fix = 'Call reindex() again: it continues where it stopped.'
  return new MemoryError('closed', { message: 'The memory was closed during the re-index.', fix, cause })
}

export class Reindex {
  readonly #embedding: EmbeddingWork
  readonly #steps: Steps
  readonly #listeners = new Set<(progress: ReindexProgress) => void>()
  #running: Promise<void> | null = null

  constructor(embedding: EmbeddingWork, steps: Steps) {
    this.#embedding = embedding
    this.#steps = steps
  }

  /** The running re-index; null if there is none. */
  get running(): Promise<void> | null {
    return this.#running
  }

  /** All callers share one re-index. A caller whose listener fails gets that error, but only after the work is done. */
  async run(onProgress: (progress: ReindexProgress) => void): Promise<void> {
    const failures: unknown[] = []
    this.#listeners.add((progress) => {
      if (failures.length > 0) return
      detach(
        () => onProgress(progress),
        (error) => failures.push(error),
      )
    })
    this.#running ??= this.#work((progress) => {
      for (const listener of this.#listeners) listener(progress)
    })
    await this.#running
    if (failures.length > 0) throw listenerFailed(failures[0])
  }

  async #work(onProgress: (progress: ReindexProgress) => void): Promise<void> {
    const { storage, signal } = this.#embedding
    try {
      const fingerprint = await this.#steps.begin()
      await this.#everySpace(fingerprint, onProgress)
      await storage.vectors.activate(indexerAccess, fingerprint)
      this.#steps.used()
      // Records that were written between the last pass and the switch.
      await this.#everySpace(fingerprint, () => {})
    } catch (error) {
      throw signal.aborted ? stopped(error) : causeOf(error)
    } finally {
      this.#running = null
      this.#listeners.clear()
    }
  }

  async #everySpace(fingerprint: string, onProgress: (progress: ReindexProgress) => void): Promise<void> {
    const spaces: SpaceId[] = []
    for await (const space of allSpaces(this.#embedding.storage)) spaces.push(space)
    let records = 0
    for (const [spacesDone, space] of spaces.entries()) {
      const tell = (stored: number) => {
        records += stored
        onProgress({ spacesDone, spaces: spaces.length, records })
      }
      tell(0)
      while ((await embedMissing(this.#embedding, space, fingerprint, tell)).left === 'later') {
        await wait(this.#embedding.failures.pauseMs ?? 0)
      }
    }
    onProgress({ spacesDone: spaces.length, spaces: spaces.length, records })
  }
}
