/** Removes records from segments: a segment with any of them is replaced by one with the others, or by none. */
import type { Seq } from '../id.ts'
import { packShares } from './fold-vectors.ts'
import type { IndexPlan, PackedVectors, PackedWords } from './plan.ts'
import { isRemoved, type Removal } from './removal.ts'
import { type VectorRecord, type VectorSegment, vectorRecordAt } from './vector-segment.ts'
import { type IndexedRecord, packWords, recordAt, type WordSegment } from './word-segment.ts'

/** A stored segment of words, read. */
export interface ReadWords {
  readonly number: number
  readonly first: Seq
  readonly last: Seq
  /** The version of the analyser that made its terms. */
  readonly version: number
  readonly segment: WordSegment
}

/** A stored segment of vectors, read. */
export interface ReadVectors {
  readonly number: number
  /** The embedder's number, and the length of its vectors; null for an embedder that no longer exists. */
  readonly embedding: number
  readonly dimensions: number | null
  readonly segment: VectorSegment
}

/** The records of a segment that stay; null if all stay. */
function keptOf<Item>(
  count: number,
  isGone: (i: number) => boolean,
  read: (i: number) => Item,
): readonly Item[] | null {
  const kept: Item[] = []
  for (let i = 0; i < count; i++) if (!isGone(i)) kept.push(read(i))
  return kept.length === count ? null : kept
}

/** A segment that loses records keeps its bounds and its version. `segments` may be read one at a time. */
export function removeFromWords(segments: Iterable<ReadWords>, removal: Removal): IndexPlan<PackedWords> {
  const plan = { delete: [] as number[], insert: [] as PackedWords[] }
  for (const { number, first, last, version, segment } of segments) {
    const isGone = (i: number) => isRemoved(removal, segment, i)
    const kept = keptOf<IndexedRecord>(segment.count, isGone, (i) => recordAt(segment, i))
    if (kept === null) continue
    plan.delete.push(number)
    if (kept.length > 0) plan.insert.push({ first, last, data: packWords(kept, version) })
  }
  return plan
}

/** Vectors of an embedder that no longer exists are removed too. */
export function removeFromVectors(segments: Iterable<ReadVectors>, removal: Removal): IndexPlan<PackedVectors> {
  const plan = { delete: [] as number[], insert: [] as PackedVectors[] }
  for (const { number, embedding, dimensions, segment } of segments) {
    const isGone = (i: number) => isRemoved(removal, segment, i)
    const kept = keptOf<VectorRecord>(segment.count, isGone, (i) => vectorRecordAt(segment, i))
    if (kept === null) continue
    plan.delete.push(number)
    if (dimensions !== null) plan.insert.push(...packShares(kept, embedding, dimensions))
  }
  return plan
}
