/**
 * Adjusts a row by its surroundings: the best row of its session lifts it, and a fact that superseded it keeps it
 * below.
 */
import { recordKinds } from '../domain/index/word-segment.ts'
import { weights } from './fuse.ts'
import type { Corpus } from './records/corpus.ts'

/** What the best row of a session adds to each of its rows: a share of its own score. A row that is no message lifts itself. */
export class SessionLifts {
  /** The best score of each session. */
  readonly bests: Float64Array
  readonly #sessions: Int32Array
  readonly #kinds: Uint8Array
  readonly #shares = Float64Array.from(recordKinds, (kind) => weights[kind].session)

  constructor({ columns, sessionCount }: Corpus, rows: Int32Array, scores: Float64Array) {
    this.#sessions = columns.sessions
    this.#kinds = columns.kinds
    this.bests = new Float64Array(sessionCount).fill(Number.NEGATIVE_INFINITY)
    for (let i = 0; i < rows.length; i++) {
      const session = this.#sessions[rows[i] as number] as number
      if (session !== -1 && (scores[i] as number) > (this.bests[session] as number))
        this.bests[session] = scores[i] as number
    }
  }

  /** The lift of a row with a score. */
  of(row: number, score: number): number {
    const session = this.#sessions[row] as number
    const share = this.#shares[this.#kinds[row] as number] as number
    return share * (session === -1 ? score : (this.bests[session] as number))
  }
}

/** Rows that may not outrank another row: the first is the superseded one, the second the superseding one. */
export type Demotions = ReadonlyMap<number, number>

/**
 * Lowers the total of each row that may not outrank another to just under the other's. Follows chains to their end;
 * rows in a circle stay unchanged.
 */
export function demote(rows: Int32Array, totals: Float64Array, demotions: Demotions): ReadonlyMap<number, number> {
  const applied = new Map<number, number>()
  const lower = (row: number, path: readonly number[]): void => {
    const other = demotions.get(row)
    if (other === undefined || applied.has(row) || path.includes(other)) return
    lower(other, [...path, other])
    const place = placeOfRow(rows, row)
    const otherPlace = placeOfRow(rows, other)
    if (place === -1 || otherPlace === -1) return
    const limit = totals[otherPlace] as number
    if ((totals[place] as number) < limit) return
    totals[place] = limit - Math.max(1e-9, Math.abs(limit) * 1e-9)
    applied.set(row, other)
  }
  for (const row of demotions.keys()) lower(row, [row])
  return applied
}

/** The place of a row in rows that are in order; -1 if it is not there. */
export function placeOfRow(rows: Int32Array, row: number): number {
  let low = 0
  let high = rows.length - 1
  while (low <= high) {
    const middle = (low + high) >> 1
    const found = rows[middle] as number
    if (found === row) return middle
    if (found < row) low = middle + 1
    else high = middle - 1
  }
  return -1
}
