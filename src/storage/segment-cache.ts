/** A cache of segments by their number, within a budget that it shares with others. */
import type { CacheKind } from '../ports/cache-use.ts'
import type { CacheBudget, Cached } from './cache-budget.ts'

interface Kept<Segment> extends Cached {
  readonly segment: Segment
}

export class SegmentCache<Segment> {
  readonly #segments = new Map<number, Kept<Segment>>()
  readonly #budget: CacheBudget
  readonly #kind: CacheKind

  constructor(budget: CacheBudget, kind: CacheKind) {
    this.#budget = budget
    this.#kind = kind
  }

  /** How many segments are kept. */
  get size(): number {
    return this.#segments.size
  }

  /** The segment of that number, read if it is not here. A number always names the same content. */
  get(number: number, read: (number: number) => { readonly segment: Segment; readonly bytes: number } | null) {
    const known = this.#segments.get(number)
    if (known !== undefined) {
      known.isUsed = true
      return known.segment
    }
    const fresh = read(number)
    if (fresh === null) return null
    const kept = { ...fresh, kind: this.#kind, isUsed: false, drop: () => this.#segments.delete(number) }
    this.#segments.set(number, kept)
    this.#budget.add(kept)
    return fresh.segment
  }

  clear(): void {
    for (const kept of this.#segments.values()) this.#budget.remove(kept)
    this.#segments.clear()
  }
}
