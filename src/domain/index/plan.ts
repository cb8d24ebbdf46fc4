/** The plan of a change to the index: segments to delete and to insert. Drivers carry it out, and decide nothing. */
import type { Seq } from '../id.ts'

/** A packed segment of words. `first` and `last` bound the seqs of its records. */
export interface PackedWords {
  readonly first: Seq
  readonly last: Seq
  readonly data: Uint8Array
}

/** A packed segment of vectors of one embedder. */
export interface PackedVectors extends PackedWords {
  /** The embedder's number. */
  readonly embedding: number
  /** How many vectors it holds. */
  readonly size: number
}

/** Segments to delete, by number, and then those to insert. */
export interface IndexPlan<Packed> {
  readonly delete: readonly number[]
  readonly insert: readonly Packed[]
}
