import fc from 'fast-check'
import { expect, it } from 'vitest'
import { packTurn } from '../../src/domain/id.ts'
import {
  dequantise,
  packVectors,
  quantise,
  segmentVectors,
  shareOutVectors,
  unpackVectors,
  type VectorRecord,
  vectorRecordAt,
} from '../../src/domain/index/vector-segment.ts'
import { messageRef } from '../../src/domain/index/word-segment.ts'
import { runRandom } from '../random-runs.ts'

const numbers = (length: number) =>
  fc
    .array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: length, maxLength: length })
    .filter((vector) => Math.hypot(...vector) > 1e-6)

const refs = fc.oneof(
  fc
    .tuple(fc.constant('message' as const), fc.nat(9), fc.nat(99), fc.nat(1_000))
    .map(([kind, back, turnIndex, index]) => ({ kind, back, turnIndex, index })),
  fc.record({ kind: fc.constantFrom('fact' as const, 'entry' as const), ref: fc.string({ unit: 'grapheme' }) }),
)

const recordsOf = (dimensions: number): fc.Arbitrary<VectorRecord[]> =>
  fc
    .array(fc.tuple(refs, fc.integer({ min: 10, max: 2 ** 40 }), fc.array(numbers(dimensions), { maxLength: 4 })), {
      maxLength: 20,
    })
    .map((rows) =>
      rows.map(([made, seq, vectors]): VectorRecord => {
        const kind = made.kind
        const place = {
          turnSeq: seq - ('back' in made ? made.back : 0),
          turnIndex: 'back' in made ? made.turnIndex : 0,
        }
        const ref = 'back' in made ? messageRef(packTurn(place), made.index) : made.ref
        return { kind, ref, seq, vectors: vectors.map(quantise) }
      }),
    )

const nameOf = ({ kind, ref, seq, vectors }: VectorRecord) =>
  JSON.stringify([kind, ref, seq, vectors.map(({ scale, values }) => [Math.fround(scale), ...values])])

it('reads back every record, whatever order they came in', async () => {
  const dimensions = fc.integer({ min: 1, max: 40 })
  const sample = dimensions.chain((size) => fc.tuple(fc.constant(size), recordsOf(size)))
  await runRandom(
    fc.property(sample, fc.nat(15), ([size, records], shift) => {
      const packed = packVectors(records, size)
      // As a part of something larger, at any place: nothing may rest on where the bytes begin.
      const moved = new Uint8Array(packed.length + shift).fill(255)
      moved.set(packed, shift)
      const segment = unpackVectors(moved.subarray(shift))
      const read = records.map((_, i) => vectorRecordAt(segment, i))
      expect(segment.count).toBe(records.length)
      expect(read.map(nameOf).sort()).toEqual(records.map(nameOf).sort())
      expect(read.map(({ seq }) => seq)).toEqual(records.map(({ seq }) => seq).sort((a, b) => a - b))
      expect(segment.stride % 16).toBe(0)
      expect(segment.values.buffer).toBe(moved.buffer)
    }),
    100,
  )
})

it('packs the same records to the same bytes in any order', () => {
  const records: VectorRecord[] = [
    { kind: 'message', ref: '7.0.2', seq: 9, vectors: [quantise([1, 2, 3])] },
    { kind: 'message', ref: '7.0.10', seq: 9, vectors: [quantise([1, 2, 4]), quantise([1, 0, 0])] },
    { kind: 'entry', ref: 'b', seq: 9, vectors: [quantise([1, 2, 5])] },
    { kind: 'entry', ref: 'a', seq: 9, vectors: [] },
    { kind: 'message', ref: '8.1.0', seq: 8, vectors: [quantise([3, 2, 1])] },
  ]
  expect(packVectors(records.toReversed(), 3)).toEqual(packVectors(records, 3))
  const segment = unpackVectors(packVectors(records.toReversed(), 3))
  const read = records.map((_, i) => vectorRecordAt(segment, i).ref)
  expect(read).toEqual(['8.1.0', '7.0.2', '7.0.10', 'a', 'b'])
})

it('keeps a direction to within half a step of its largest number', async () => {
  const vectors = fc.integer({ min: 1, max: 400 }).chain(numbers)
  await runRandom(
    fc.property(vectors, (vector) => {
      const length = Math.hypot(...vector)
      const unit = vector.map((value) => value / length)
      const step = Math.max(...unit.map(Math.abs)) / 127
      const kept = dequantise(quantise(vector))
      for (const [i, value] of unit.entries()) expect(Math.abs((kept[i] as number) - value)).toBeLessThan(step * 0.501)
    }),
    100,
  )
})

it.each([[[0, 0]], [[Number.NaN, 1]], [[Number.POSITIVE_INFINITY, 1]], [[]]])('refuses the vector %j', (vector) => {
  expect(() => quantise(vector)).toThrow('a vector has a length')
})

it('refuses a vector of another length, a cut segment and an unknown layout', () => {
  const records: VectorRecord[] = [{ kind: 'entry', ref: 'a', seq: 1, vectors: [quantise([1, 2, 3])] }]
  expect(() => packVectors(records, 4)).toThrow('dimensions')
  const packed = packVectors(records, 3)
  expect(() => unpackVectors(packed.subarray(0, -1))).toThrow('whole')
  expect(() => unpackVectors(packed.with(0, 2))).toThrow('layout')
})

it('shares out records by their vectors, and leaves none out', () => {
  const record = (seq: number, pieces: number): VectorRecord => {
    return { kind: 'message', ref: `${seq}.0.0`, seq, vectors: Array(pieces).fill(quantise([1])) }
  }
  const pieces = [40, 40, 40, 250, 1, 99, 1]
  const shares = shareOutVectors(pieces.map((count, i) => record(i + 1, count)))
  expect(shares.map((share) => share.map(({ seq }) => seq))).toEqual([[1, 2], [3], [4], [5, 6], [7]])
  expect(shareOutVectors([])).toEqual([])
})

it('takes at most 420 bytes of the file for a message of 384 dimensions', () => {
  const records = Array.from({ length: segmentVectors }, (_, i): VectorRecord => {
    const vector = Array.from({ length: 384 }, (_, j) => Math.sin(i * 400 + j))
    return { kind: 'message', ref: `${2 ** 30 + i}.0.${i % 2}`, seq: 2 ** 30 + i, vectors: [quantise(vector)] }
  })
  const bytes = packVectors(records, 384).length
  // SQLite keeps what does not fit a row's own page in pages of its own, each with 4,092 bytes of content.
  const onDisk = Math.ceil(bytes / 4_092) * 4_096
  expect(onDisk / records.length).toBeLessThanOrEqual(420)
})
