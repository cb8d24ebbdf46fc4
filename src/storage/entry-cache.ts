/** What a process has analysed of the entries of spaces, within a budget that it shares with others. */
import type { Seq, SpaceKey } from '../domain/id.ts'
import type { EntryWords } from '../domain/index/entry-words.ts'
import type { CacheBudget, Cached } from './cache-budget.ts'

/** The entries of one space, as far as they were read. */
export interface ReadEntries {
  readonly key: SpaceKey
  readonly words: EntryWords
  /** The commit up to which they are right. */
  asOf: Seq
  /** The key after which to read on; null if all were read. */
  after: string | null
  /** The latest time by which entries were left out as expired, epoch milliseconds. By an earlier time they may be there. */
  seenMs: number
}

/** What is kept of the entries of spaces, by the number of the space. */
export class EntryCache {
  readonly #spaces = new Map<number, { readonly read: ReadEntries; readonly cached: Cached }>()
  readonly #budget: CacheBudget

  constructor(budget: CacheBudget) {
    this.#budget = budget
  }

  get(n: number): ReadEntries | null {
    const kept = this.#spaces.get(n)
    if (kept === undefined) return null
    kept.cached.isUsed = true
    return kept.read
  }

  /** Keeps what was read, or notes how much of it there is by now. */
  set(n: number, read: ReadEntries): void {
    const kept = this.#spaces.get(n)
    if (kept?.read === read) {
      this.#budget.weigh(kept.cached, read.words.bytes)
      return
    }
    this.delete(n)
    const cached: Cached = {
      kind: 'entries',
      bytes: read.words.bytes,
      isUsed: true,
      drop: () => this.#spaces.delete(n),
    }
    this.#spaces.set(n, { read, cached })
    this.#budget.add(cached)
  }

  delete(n: number): void {
    const kept = this.#spaces.get(n)
    if (kept === undefined) return
    this.#budget.remove(kept.cached)
    this.#spaces.delete(n)
  }

  clear(): void {
    for (const n of [...this.#spaces.keys()]) this.delete(n)
  }
}
