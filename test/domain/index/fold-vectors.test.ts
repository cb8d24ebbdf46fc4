// Vectors come in small segments, and small ones are folded once they fill one: none is lost, and few stay small.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { fillsSegment, foldVectors, smallSegment } from '../../../src/domain/index/fold-vectors.ts'
import type { PackedVectors } from '../../../src/domain/index/plan.ts'
import { segmentVectors, unpackVectors, vectorRecordAt } from '../../../src/domain/index/vector-segment.ts'
import type { IndexedRecord } from '../../../src/domain/index/word-segment.ts'
import { runRandom } from '../../random-runs.ts'
import { withVectors } from './any-records.ts'

const embedding = { number: 1, dimensions: 2 }

it('keeps every record once, and the count of vectors in small segments', async () => {
  let folds = 0
  await runRandom(
    fc.property(fc.array(fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 30 })), (commits) => {
      const stored = new Map<number, PackedVectors>()
      let small = 0
      let number = 0
      commits.forEach((sizes, commit) => {
        const fresh = sizes.map((size, i) =>
          withVectors({ kind: 'fact', ref: `${commit}-${i}`, seq: commit + 1 } as unknown as IndexedRecord, size),
        )
        const smallOnes = [...stored].filter(([, { size }]) => size < smallSegment)
        const segments = fillsSegment(fresh, small)
          ? new Map(smallOnes.map(([k, { data }]) => [k, unpackVectors(data)]))
          : null
        const plan = foldVectors(fresh, embedding, small, segments)
        if (plan.delete.length > 0) folds += 1
        for (const k of plan.delete) expect(stored.delete(k)).toBe(true)
        for (const packed of plan.insert) stored.set(++number, packed)
        small = plan.small
        const sizesLeft = [...stored.values()].map(({ size }) => size).filter((size) => size < smallSegment)
        expect(small).toBe(sizesLeft.reduce((sum, size) => sum + size, 0))
        expect(small).toBeLessThan(segmentVectors)
      })
      const refs = [...stored.values()].flatMap(({ data, size }) => {
        const segment = unpackVectors(data)
        expect(segment.scales).toHaveLength(size)
        return Array.from({ length: segment.count }, (_, i) => vectorRecordAt(segment, i).ref)
      })
      expect(refs.sort()).toEqual(commits.flatMap((sizes, commit) => sizes.map((_, i) => `${commit}-${i}`)).sort())
    }),
    100,
  )
  expect(folds).toBeGreaterThan(20)
})
