/** The claims of one worker on spaces that have work, so that nobody else does the same. */
import type { SpaceId } from '../domain/id.ts'
import type { Storage } from '../ports/storage.ts'
import { indexerAccess } from './embed-missing.ts'

/** How long a claim lasts that is not renewed, milliseconds. */
export const claimMs = 60_000
/** Spaces that are claimed together. */
export const spacesAtOnce = 8

export class WorkClaims {
  readonly #storage: Storage
  readonly #owner: string
  #claimedAt = 0

  /** @param owner Tells this worker from others of the same database. */
  constructor(storage: Storage, owner: string) {
    this.#storage = storage
    this.#owner = owner
  }

  /** Spaces with work that are this worker's now. */
  take(limit: number): Promise<readonly SpaceId[]> {
    this.#claimedAt = performance.now()
    return this.#storage.vectors.claimWork(indexerAccess, { owner: this.#owner, leaseMs: claimMs, limit })
  }

  /** Keeps the claimed spaces from others while the work goes on. */
  async renew(): Promise<void> {
    if (performance.now() > this.#claimedAt + claimMs / 2) await this.take(spacesAtOnce)
  }

  /** Gives them back. A claim that cannot be released is free once its lease has expired. */
  release(): Promise<void> {
    return this.#storage.vectors.releaseWork(indexerAccess, this.#owner)
  }
}
