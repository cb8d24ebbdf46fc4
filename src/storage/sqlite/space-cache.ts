/** Spaces as this process last saw them, with their threads and rows, within a budget that they share with others. */
import type { SpaceId } from '../../domain/id.ts'
import { tailMemory } from '../../domain/index/word-tail.ts'
import type { CacheBudget, Cached } from '../cache-budget.ts'
import type { CachedSpace, CachedThread } from './database.ts'

/** Bytes in memory, about: of a space without words, threads and rows, of a thread, and of a row without its text. */
const spaceBytes = 3_000
const threadBytes = 700
const rowBytes = 400
/** A space whose threads and rows take more than this share of the budget forgets those of them that it has. */
const largestShare = 8

interface Kept {
  readonly space: CachedSpace
  readonly cached: Cached
  /** What the tail of its words takes, as it was last weighed. */
  words: number
}

export class SpaceCache {
  readonly #spaces = new Map<SpaceId, Kept>()
  readonly #budget: CacheBudget

  constructor(budget: CacheBudget) {
    this.#budget = budget
  }

  get size(): number {
    return this.#spaces.size
  }

  get(id: SpaceId): CachedSpace | undefined {
    const kept = this.#spaces.get(id)
    if (kept === undefined) return undefined
    kept.cached.isUsed = true
    return kept.space
  }

  set(space: CachedSpace): CachedSpace {
    const { id } = space.state
    const before = this.#spaces.get(id)
    if (before !== undefined) this.#budget.remove(before.cached)
    const words = tailMemory(space.words)
    const drop = () => this.#spaces.delete(id)
    const cached: Cached = { kind: 'spaces', bytes: spaceBytes + words, isUsed: true, drop }
    this.#spaces.set(id, { space, cached, words })
    this.#budget.add(cached)
    return space
  }

  addThread(space: CachedSpace, threadId: string, thread: CachedThread): CachedThread {
    this.#grow(space, threadBytes)
    space.threads.set(threadId, thread)
    return thread
  }

  /** Adds a row of an entry or a block, whose last column is its JSON. */
  addRow<Row extends readonly unknown[]>(space: CachedSpace, rows: Map<string, Row>, key: string, row: Row): void {
    this.#grow(space, rowBytes + (row.at(-1) as string).length)
    rows.set(key, row)
  }

  /** Notes what the tail of a space's words takes now. */
  weighWords(space: CachedSpace): void {
    const kept = this.#spaces.get(space.state.id)
    if (kept?.space !== space) return
    const words = tailMemory(space.words)
    this.#budget.weigh(kept.cached, kept.cached.bytes + words - kept.words)
    kept.words = words
  }

  #grow(space: CachedSpace, bytes: number): void {
    const kept = this.#spaces.get(space.state.id)
    if (kept?.space !== space) return
    const { cached } = kept
    this.#budget.weigh(cached, cached.bytes + bytes)
    if (cached.bytes - kept.words <= this.#budget.limitBytes / largestShare) return
    space.threads.clear()
    space.entries.clear()
    space.blocks.clear()
    this.#budget.weigh(cached, spaceBytes + kept.words + bytes)
  }

  delete(id: SpaceId): void {
    const kept = this.#spaces.get(id)
    if (kept === undefined) return
    this.#budget.remove(kept.cached)
    this.#spaces.delete(id)
  }

  clear(): void {
    for (const { cached } of this.#spaces.values()) this.#budget.remove(cached)
    this.#spaces.clear()
  }
}
