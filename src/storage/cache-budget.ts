/** One budget of memory for everything that a driver keeps of a file. What was not used for long goes first, one at a time. */

import type { CacheKind, CacheUse } from '../ports/cache-use.ts'

/** Something that is kept, and can be made or read again. */
export interface Cached {
  readonly kind: CacheKind
  /** What it takes in memory, about; {@link CacheBudget.weigh} changes it. */
  bytes: number
  /** Whether it was used since room was last needed. Setting this is the only cost of a use. */
  isUsed: boolean
  /** Forgets it. */
  readonly drop: () => void
}

export class CacheBudget {
  /** In the order in which they are checked when room is needed. */
  readonly #cached = new Set<Cached>()
  #limitBytes: number
  #bytes = 0
  readonly #parts: Record<CacheKind, number> = { spaces: 0, words: 0, vectors: 0, entries: 0 }

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes
  }

  /** What is kept takes so much memory, about. */
  get bytes(): number {
    return this.#bytes
  }

  get limitBytes(): number {
    return this.#limitBytes
  }

  /** What is kept now, by its kind. */
  get use(): CacheUse {
    return { bytes: this.#bytes, limitBytes: this.#limitBytes, parts: { ...this.#parts } }
  }

  /** Raises the limit. The largest that a user of the file asked for holds. */
  raiseTo(limitBytes: number): void {
    this.#limitBytes = Math.max(this.#limitBytes, limitBytes)
  }

  /** Keeps something. Nothing gives way before {@link CacheBudget.makeRoom}. */
  add(cached: Cached): void {
    this.#cached.add(cached)
    this.#count(cached, cached.bytes)
  }

  /** Notes that something takes more or less memory than before. */
  weigh(cached: Cached, bytes: number): void {
    if (!this.#cached.has(cached)) return
    this.#count(cached, bytes - cached.bytes)
    cached.bytes = bytes
  }

  /** Notes that something is no longer kept. */
  remove(cached: Cached): void {
    if (this.#cached.delete(cached)) this.#count(cached, -cached.bytes)
  }

  /**
   * Drops what was not used until the rest fits; what was used since its last check is spared once. For moments at which nobody
   * holds any of it: between transactions, for example.
   */
  makeRoom(): void {
    for (const cached of this.#cached) {
      if (this.#bytes <= this.#limitBytes) return
      this.#cached.delete(cached)
      if (cached.isUsed) {
        cached.isUsed = false
        this.#cached.add(cached)
      } else {
        this.#count(cached, -cached.bytes)
        cached.drop()
      }
    }
  }

  #count({ kind }: Cached, bytes: number): void {
    this.#bytes += bytes
    this.#parts[kind] += bytes
  }
}
