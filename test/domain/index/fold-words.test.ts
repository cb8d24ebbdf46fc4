// Folding parts the tail of a space at a border between commits, and loses no record.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { foldTail } from '../../../src/domain/index/fold-words.ts'
import { recordAt, unpackWords } from '../../../src/domain/index/word-segment.ts'
import { runRandom } from '../../random-runs.ts'
import { anyRecords } from './any-records.ts'

const read = (data: Uint8Array) => {
  const segment = unpackWords(data)
  return Array.from({ length: segment.count }, (_, i) => recordAt(segment, i))
}

it('keeps every record, those up to a seq in segments and the others in the tail', async () => {
  let parted = 0
  await runRandom(
    fc.property(anyRecords, fc.integer({ min: 300, max: 900 }), fc.boolean(), (records, segmentBytes, all) => {
      const seq = (records.at(-1)?.seq ?? 10) + 3
      const plan = foldTail(records, { seq, segmentBytes, all })
      const folded = plan.insert.flatMap(({ data }) => read(data))
      expect([...folded, ...plan.pending]).toEqual(records)
      expect(folded.filter((record) => record.seq > plan.folded)).toEqual([])
      expect(plan.pending.filter((record) => record.seq <= plan.folded)).toEqual([])
      expect(plan.delete).toEqual([])
      if (plan.pending.length === 0) expect(plan.folded).toBe(seq)
      else parted += 1
      if (all) expect(plan.pending).toEqual([])
    }),
    300,
  )
  expect(parted).toBeGreaterThan(20)
})

it('bounds each segment by the seqs of its records', async () => {
  await runRandom(
    fc.property(anyRecords, (records) => {
      for (const { first, last, data } of foldTail(records, { seq: 200, segmentBytes: 400, all: true }).insert) {
        const seqs = read(data).map(({ seq }) => seq)
        expect([first, last]).toEqual([seqs[0], seqs.at(-1)])
      }
    }),
    100,
  )
})
