// Taking records out names the segments that held them, and keeps all the others.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { packTurn } from '../../../src/domain/id.ts'
import { packShares } from '../../../src/domain/index/fold-vectors.ts'
import { foldTail } from '../../../src/domain/index/fold-words.ts'
import {
  entryRemoval,
  factRemoval,
  isInWords,
  messageRemoval,
  type Removal,
  threadRemoval,
  turnRemoval,
} from '../../../src/domain/index/removal.ts'
import { removeFromVectors, removeFromWords } from '../../../src/domain/index/remove-records.ts'
import { unpackVectors, type VectorRecord, vectorRecordAt } from '../../../src/domain/index/vector-segment.ts'
import { type IndexedRecord, parseMessageRef, recordAt, unpackWords } from '../../../src/domain/index/word-segment.ts'
import { runRandom } from '../../random-runs.ts'
import { anyRecords, withVectors } from './any-records.ts'

interface Taken {
  readonly removal: Removal
  readonly isGone: (record: IndexedRecord) => boolean
}

/** What each kind of removal of one of the records takes. */
function takenWith(picked: IndexedRecord, records: readonly IndexedRecord[]): Taken[] {
  if (picked.kind === 'fact') {
    return [
      {
        removal: factRemoval(picked.ref, picked.seq),
        isGone: ({ kind, ref }) => kind === 'fact' && ref === picked.ref,
      },
    ]
  }
  const turnOf = ({ kind, ref }: IndexedRecord) => (kind === 'message' ? parseMessageRef(ref).turn : null)
  const { turn, index } = parseMessageRef(picked.ref)
  const { thread } = picked
  const ofThread = records.filter((record) => record.thread === thread)
  const turns = new Set(ofThread.map((record) => turnOf(record) as number))
  return [
    { removal: messageRemoval(turn, index, picked.seq), isGone: ({ ref }) => ref === picked.ref },
    { removal: turnRemoval(turn), isGone: (record) => turnOf(record) === turn },
    { removal: threadRemoval(thread, turns), isGone: (record) => record.thread === thread },
  ]
}

const anyTaken = anyRecords
  .filter((records) => records.length > 0)
  .chain((records) => {
    const picks = records.flatMap((record) => takenWith(record, records))
    return fc.tuple(fc.constant(records), fc.constantFrom(...picks))
  })

const wordsOf = (data: Uint8Array) => {
  const segment = unpackWords(data)
  return Array.from({ length: segment.count }, (_, i) => recordAt(segment, i))
}

const vectorsOf = (data: Uint8Array) => {
  const segment = unpackVectors(data)
  return Array.from({ length: segment.count }, (_, i) => vectorRecordAt(segment, i))
}

const nameOf = ({ kind, ref, seq }: VectorRecord | IndexedRecord) => `${kind} ${seq} ${ref}`

describe('words', () => {
  it('lose exactly the records named; a segment that is rewritten keeps its bounds and version', async () => {
    await runRandom(
      fc.property(anyTaken, ([records, { removal, isGone }]) => {
        const { insert } = foldTail(records, { seq: 200, segmentBytes: 500, all: true })
        const stored = insert.map((packed, i) => ({ ...packed, number: i, version: 7 }))
        const plan = removeFromWords(
          stored.map(({ data, ...rest }) => ({ ...rest, segment: unpackWords(data) })),
          removal,
        )
        const touched = stored.filter(({ data }) => wordsOf(data).some(isGone))
        expect(plan.delete).toEqual(touched.map(({ number }) => number))
        const left = [...stored.filter(({ number }) => !plan.delete.includes(number)), ...plan.insert]
        const sorted = left.flatMap(({ data }) => wordsOf(data)).map(nameOf)
        expect(sorted.sort()).toEqual(
          records
            .filter((record) => !isGone(record))
            .map(nameOf)
            .sort(),
        )
        for (const { first, last, data } of plan.insert) {
          expect(touched.some((segment) => segment.first === first && segment.last === last)).toBe(true)
          expect(data[0]).toBe(7)
        }
      }),
      100,
    )
  })

  it('are looked at only where a record may be folded, and never for entries', () => {
    expect(isInWords(factRemoval('a', 5), 5)).toBe(true)
    expect(isInWords(factRemoval('a', 6), 5)).toBe(false)
    expect(isInWords(messageRemoval(packTurn({ turnSeq: 3, turnIndex: 1 }), 0), 5)).toBe(true)
    expect(isInWords(entryRemoval('a', 1), 5)).toBe(false)
    expect(isInWords(entryRemoval('a'), 5)).toBe(false)
  })
})

describe('vectors', () => {
  it('lose exactly the records named, whichever embedder made them', async () => {
    await runRandom(
      fc.property(anyTaken, ([records, { removal, isGone }]) => {
        const made = [1, 2].flatMap((embedding) =>
          packShares(
            records.map((record) => withVectors(record)),
            embedding,
            2,
          ),
        )
        const stored = made.map((packed, number) => ({ ...packed, number, dimensions: 2 }))
        const plan = removeFromVectors(
          stored.map(({ data, ...rest }) => ({ ...rest, segment: unpackVectors(data) })),
          removal,
        )
        const kept = records.filter((record) => !isGone(record)).map(nameOf)
        for (const embedding of [1, 2]) {
          const untouched = stored.filter(({ number }) => !plan.delete.includes(number))
          const left = [...untouched, ...plan.insert].filter((segment) => segment.embedding === embedding)
          expect(left.flatMap(({ data }) => vectorsOf(data).map(nameOf)).sort()).toEqual(kept.toSorted())
          expect(left.map(({ size }) => size).reduce((sum, size) => sum + size, 0)).toBe(kept.length)
        }
      }),
      100,
    )
  })

  it('of an embedder that is gone go with those that are taken out', () => {
    const record = (ref: string): VectorRecord => withVectors({ kind: 'fact', ref, seq: 3 } as unknown as IndexedRecord)
    const data = packShares([record('a'), record('b')], 1, 2)[0]?.data as Uint8Array
    const segment = { number: 4, embedding: 1, segment: unpackVectors(data) }
    const plan = (dimensions: number | null) => removeFromVectors([{ ...segment, dimensions }], factRemoval('a', 3))
    expect(plan(null)).toEqual({ delete: [4], insert: [] })
    expect(
      plan(2)
        .insert.flatMap((packed) => vectorsOf(packed.data))
        .map(nameOf),
    ).toEqual(['fact 3 b'])
  })
})
