// Records of an index in order of seq, as a space's commits would leave them.
import fc from 'fast-check'
import { packTurn } from '../../../src/domain/id.ts'
import { quantise, type VectorRecord } from '../../../src/domain/index/vector-segment.ts'
import { type IndexedRecord, messageRef } from '../../../src/domain/index/word-segment.ts'

export const threadSeqs = [1, 2]
export const factRefs = ['f0', 'f1', 'f2']

const anyPlace = fc.record({
  kind: fc.constantFrom('message' as const, 'fact' as const),
  gap: fc.nat({ max: 2 }),
  thread: fc.constantFrom(...threadSeqs),
  fact: fc.constantFrom(...factRefs),
  size: fc.nat({ max: 40 }),
})

/** Records of one commit are of one thread and one turn; several records may be of one commit. */
export const anyRecords: fc.Arbitrary<IndexedRecord[]> = fc
  .array(anyPlace, { maxLength: 60, size: 'max' })
  .map((places) => {
    let last = { seq: 10, thread: 1, index: 0 }
    return places.map(({ kind, gap, thread, fact, size }): IndexedRecord => {
      last = gap === 0 ? { ...last, index: last.index + 1 } : { seq: last.seq + gap, thread, index: 0 }
      const { seq, index } = last
      const isMessage = kind === 'message'
      const ref = isMessage ? messageRef(packTurn({ turnSeq: seq, turnIndex: 0 }), index) : fact
      const rest = { author: { kind: 'user', id: 'ann' }, minute: 0, chars: 1, isQuestion: false } as const
      const terms = Array.from({ length: size }, (_, term) => term)
      return { kind, ref, seq, thread: isMessage ? last.thread : 0, ...rest, isSuperseded: false, length: 1, terms }
    })
  })

/** The record with some vectors of two numbers. */
export function withVectors({ kind, ref, seq }: IndexedRecord, count = 1): VectorRecord {
  return { kind, ref, seq, vectors: Array.from({ length: count }, (_, i) => quantise([1, i])) }
}
