/** How much of a question stands in a message and around it, term by term. */
import type { Corpus } from '../records/corpus.ts'
import { type Occurrences, rarity } from '../records/occurrences.ts'
import type { Context, Surroundings } from './runs.ts'

/** What a term counts that stands not in the message but in a run around it, in addition to the weight there. */
const shares = { rest: 0.95 * 0.95, before: 0.95 * 0.95, earlier: 0.95 * 0.85, after: 0.95 * 0.9 } as const
/** The same where only the run before counts. */
const shareBefore = 0.9
const mostFound = 6
const foundUnit = 3

/** What {@link Coverage.of} found of the question's terms for one message. */
interface Covered {
  /** Share of the question's rarity in it or around it. */
  around: number
  /** The same, in it or in the run before. */
  before: number
  /** The same, in it alone. */
  own: number
  /** The largest share that one of its terms has. */
  rarest: number
  /** Terms that stand in it, at most 6, divided by 3. */
  found: number
}

/** Looks up the terms of a question around messages. */
export class Coverage {
  readonly #shares: Float64Array
  /** The first hit of each row, from 1; 0 for a row without. */
  readonly #firstHit: Int32Array
  readonly #found: Occurrences
  readonly #around: Float64Array
  readonly #before: Float64Array
  readonly covered: Covered = { around: 0, before: 0, own: 0, rarest: 0, found: 0 }

  constructor(corpus: Corpus, found: Occurrences) {
    const rarities = Float64Array.from(found.frequencies, (frequency) => rarity(frequency, corpus.scopeCount))
    const total = rarities.reduce((sum, one) => sum + one, 0) || 1
    this.#shares = rarities.map((one) => one / total)
    this.#found = found
    this.#firstHit = new Int32Array(corpus.count)
    const { rows } = found
    for (let i = rows.length - 1; i >= 0; i--) this.#firstHit[rows[i] as number] = i + 1
    this.#around = new Float64Array(rarities.length)
    this.#before = new Float64Array(rarities.length)
  }

  /** Fills {@link covered} for a message whose surroundings are these. */
  of(row: number, { rest, before, earlier, after }: Surroundings): void {
    const [around, earlierOnly] = [this.#around, this.#before]
    around.fill(0)
    earlierOnly.fill(0)
    const found = this.#ownTerms(row)
    this.#take(rest, shares.rest, around)
    this.#take(before, shares.before, around)
    this.#take(before, shareBefore, earlierOnly)
    this.#take(earlier, shares.earlier, around)
    this.#take(after, shares.after, around)
    const { covered } = this
    covered.around = 0
    covered.before = 0
    covered.own = 0
    covered.rarest = 0
    covered.found = Math.min(found, mostFound) / foundUnit
    for (let term = 0; term < around.length; term++) {
      const share = this.#shares[term] as number
      covered.around += share * (around[term] as number)
      covered.before += share * (earlierOnly[term] as number)
      if (around[term] !== 1) continue
      covered.own += share
      if (share > covered.rarest) covered.rarest = share
    }
  }

  /** Notes the terms of the message itself, and counts them. */
  #ownTerms(row: number): number {
    const { rows, terms } = this.#found
    let count = 0
    for (let hit = (this.#firstHit[row] as number) - 1; hit >= 0 && rows[hit] === row; hit++) {
      const term = terms[hit] as number
      this.#around[term] = 1
      this.#before[term] = 1
      count++
    }
    return count
  }

  #take({ count, rows: around, weights }: Context, share: number, into: Float64Array): void {
    const { rows, terms } = this.#found
    for (let i = 0; i < count; i++) {
      const row = around[i] as number
      const value = (weights[i] as number) * share
      for (let hit = (this.#firstHit[row] as number) - 1; hit >= 0 && rows[hit] === row; hit++) {
        const term = terms[hit] as number
        if (value > (into[term] as number)) into[term] = value
      }
    }
  }
}
