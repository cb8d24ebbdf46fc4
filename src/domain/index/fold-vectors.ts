/** Folding vectors: each commit's come as a small segment, and small ones become large ones once they fill one. */

import type { IndexPlan, PackedVectors } from './plan.ts'
import {
  packVectors,
  segmentVectors,
  shareOutVectors,
  type VectorRecord,
  type VectorSegment,
  vectorRecordAt,
} from './vector-segment.ts'

/** A segment of fewer vectors is folded with others of its space, once together they fill one. */
export const smallSegment = segmentVectors / 2

interface VectorFold extends IndexPlan<PackedVectors> {
  /** Vectors that are in small segments once this is carried out, of the space and the embedder. */
  readonly small: number
}

function countOf(records: readonly VectorRecord[]): number {
  return records.reduce((sum, record) => sum + record.vectors.length, 0)
}

/** Records in segments of their own. */
export function packShares(records: readonly VectorRecord[], embedding: number, dimensions: number): PackedVectors[] {
  return shareOutVectors(records).map((share) => {
    const [first, last] = [share[0]?.seq ?? 0, share.at(-1)?.seq ?? 0]
    return { embedding, first, last, size: countOf(share), data: packVectors(share, dimensions) }
  })
}

/** Whether new records and the vectors in small segments fill a segment: then the small ones must be read for the fold. */
export function fillsSegment(fresh: readonly VectorRecord[], small: number): boolean {
  return small + countOf(fresh) >= segmentVectors
}

/**
 * Adds new records of a space.
 *
 * @param small Vectors in the small segments that are there.
 * @param segments Those segments, by number, if {@link fillsSegment}; else null.
 */
export function foldVectors(
  fresh: readonly VectorRecord[],
  embedding: { readonly number: number; readonly dimensions: number },
  small: number,
  segments: ReadonlyMap<number, VectorSegment> | null,
): VectorFold {
  const folded = [...(segments?.values() ?? [])].flatMap((segment) =>
    Array.from({ length: segment.count }, (_, i) => vectorRecordAt(segment, i)),
  )
  const insert = packShares([...folded, ...fresh], embedding.number, embedding.dimensions)
  const added = insert.reduce((sum, { size }) => (size < smallSegment ? sum + size : sum), 0)
  return { delete: [...(segments?.keys() ?? [])], insert, small: (segments === null ? small : 0) + added }
}
