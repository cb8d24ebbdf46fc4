import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { packTurn } from '../../src/domain/id.ts'
import {
  dequantise,
  packVectors,
  quantise,
  unpackVectors,
  type VectorRecord,
  type VectorSegment,
} from '../../src/domain/index/vector-segment.ts'
import {
  messageRef,
  packWords,
  type RecordRef,
  recordAt,
  unpackWords,
  type WordSegment,
} from '../../src/domain/index/word-segment.ts'
import { Nearness } from '../../src/recall/vectors/nearness.ts'
import { linedUp } from '../../src/recall/vectors/record-order.ts'
import { similarities } from '../../src/recall/vectors/similarity.ts'
import { runRandom } from '../random-runs.ts'

type Quantised = ReturnType<typeof quantise>

interface Written extends RecordRef {
  readonly seq: number
}

function wordsOf(records: readonly Written[]): WordSegment {
  const inOrder = records.toSorted((a, b) => a.seq - b.seq)
  const rest = { thread: 0, author: { kind: 'agent' as const, id: 'a' }, minute: 0, chars: 0 }
  const words = { isQuestion: false, isSuperseded: false, length: 1, terms: [7] }
  const segment = inOrder.map((record) => ({ ...record, ...rest, ...words }))
  return unpackWords(packWords(segment, 1))
}

function vectorsOf(records: readonly VectorRecord[], dimensions: number): VectorSegment {
  return unpackVectors(packVectors(records, dimensions))
}

/** What {@link similarities} means, without any of its ways: names in a map, numbers as they are. */
function expected(words: readonly WordSegment[], records: readonly VectorRecord[], query: readonly number[]): number[] {
  const length = Math.hypot(...query)
  const best = new Map<string, number>()
  for (const { kind, ref, seq, vectors } of records) {
    for (const vector of vectors) {
      const cosine = dequantise(vector).reduce((sum, value, i) => sum + (value * (query[i] as number)) / length, 0)
      const name = JSON.stringify([kind, ref, seq])
      best.set(name, Math.max(best.get(name) ?? -2, cosine))
    }
  }
  return words.flatMap((segment) =>
    Array.from({ length: segment.count }, (_, i) => {
      const { kind, ref, seq } = recordAt(segment, i)
      return best.get(JSON.stringify([kind, ref, seq])) ?? Number.NaN
    }),
  )
}

function expectNear(actual: Float32Array, wanted: readonly number[], by: number): void {
  expect(actual).toHaveLength(wanted.length)
  const wrong = wanted.flatMap((value, row) => {
    const got = actual[row] as number
    const isRight = Number.isNaN(value) ? Number.isNaN(got) : Math.abs(got - value) < by
    return isRight ? [] : [{ row, value, got }]
  })
  expect(wrong).toEqual([])
}

const message = (turnSeq: number, index: number, seq = turnSeq, turnIndex = 0): Written => {
  return { kind: 'message', ref: messageRef(packTurn({ turnSeq, turnIndex }), index), seq }
}

/** Records of few seqs, so that many share one; messages of few turns, edited later; keys of few letters. */
const written: fc.Arbitrary<Written> = fc.oneof(
  fc
    .tuple(fc.integer({ min: 1, max: 12 }), fc.nat(1), fc.nat(3), fc.nat(3))
    .map(([turnSeq, turnIndex, index, later]) => message(turnSeq, index, turnSeq + later, turnIndex)),
  fc.record({
    kind: fc.constantFrom('fact' as const, 'entry' as const, 'observation' as const),
    ref: fc.constantFrom('a', 'b', 'ä', ''),
    seq: fc.integer({ min: 1, max: 15 }),
  }),
)

const sameRecord = { selector: (record: Written) => JSON.stringify([record.kind, record.ref, record.seq]) }

interface Case {
  readonly words: readonly WordSegment[]
  readonly records: readonly VectorRecord[]
  readonly vectors: readonly VectorSegment[]
  readonly query: readonly number[]
}

const numbers = (length: number) =>
  fc
    .array(fc.integer({ min: -100, max: 100 }), { minLength: length, maxLength: length })
    .filter((vector) => vector.some((value) => value !== 0))

/** Segments of words in any order of theirs, each ordered within; vectors of some of the records, of others and of old ones. */
const cases: fc.Arbitrary<Case> = fc.integer({ min: 1, max: 20 }).chain((dimensions) =>
  fc
    .record({
      records: fc.uniqueArray(written, { ...sameRecord, maxLength: 60 }),
      others: fc.uniqueArray(written, { ...sameRecord, maxLength: 10 }),
      segments: fc.array(fc.nat(4), { minLength: 70, maxLength: 70 }),
      pieces: fc.array(fc.array(numbers(dimensions), { maxLength: 3 }), { minLength: 70, maxLength: 70 }),
      isSorted: fc.boolean(),
      query: numbers(dimensions),
    })
    .map(({ records, others, segments, pieces, isSorted, query }) => {
      const ordered = isSorted ? records.toSorted((a, b) => a.seq - b.seq) : records
      const wordGroups = [0, 1, 2, 3, 4].map((group) =>
        ordered.filter((_, i) => (isSorted ? Math.floor((i * 5) / ordered.length) : segments[i]) === group),
      )
      const names = new Set<string>()
      const withVectors = [...records, ...others].flatMap((record, i): (VectorRecord & { group: number })[] => {
        const name = sameRecord.selector(record)
        if (names.has(name) || segments[i] === 4) return []
        names.add(name)
        return [{ ...record, vectors: (pieces[i] ?? []).map(quantise), group: segments[69 - i] as number }]
      })
      const vectorGroups = [0, 1, 2, 3, 4].map((group) => withVectors.filter((record) => record.group === group))
      return {
        words: wordGroups.map(wordsOf),
        records: withVectors,
        vectors: vectorGroups.map((group) => vectorsOf(group, dimensions)),
        query,
      }
    }),
)

it('finds for every record its own best vector, and none for any other', async () => {
  await runRandom(
    fc.property(cases, ({ words, records, vectors, query }) => {
      expectNear(similarities(words, vectors, Float32Array.from(query)), expected(words, records, query), 1e-3)
    }),
    500,
  )
})

describe('joins', () => {
  const vectorFor = (i: number) => Array.from({ length: 16 }, (_, j) => Math.sin(i * 17 + j * j))
  const vectorRecord = (record: Written, i: number): VectorRecord => ({ ...record, vectors: [quantise(vectorFor(i))] })
  const query = vectorFor(-1)

  /** Segments of `size` records each. */
  function cut<T>(records: readonly T[], size: number): T[][] {
    return Array.from({ length: Math.ceil(records.length / size) }, (_, i) => records.slice(i * size, (i + 1) * size))
  }

  function check(written: readonly (readonly Written[])[], records: readonly (readonly VectorRecord[])[]): void {
    const words = written.map(wordsOf)
    const vectors = records.map((group) => vectorsOf(group, 16))
    expectNear(similarities(words, vectors, Float32Array.from(query)), expected(words, records.flat(), query), 1e-3)
  }

  it('a long conversation, its tail, and entries that come last but are older', () => {
    const messages = Array.from({ length: 1_000 }, (_, i) => message(10 + (i >> 1) * 3, i & 1))
    const entries = Array.from(
      { length: 50 },
      (_, i): Written => ({ kind: 'entry', ref: `key/${i}`, seq: 11 + i * 21 }),
    )
    const records = [...messages, ...entries].map(vectorRecord)
    const bySeq = records.toSorted((a, b) => a.seq - b.seq)
    check([...cut(messages, 37), entries], cut(bySeq, 100))
    check([...cut(messages, 37), entries], cut(bySeq, 100).toReversed())
  })

  it('the same words with vectors that come, go and are folded meanwhile', () => {
    const messages = Array.from({ length: 300 }, (_, i) => message(10 + i, 0))
    const words = cut(messages, 40).map(wordsOf)
    const records = messages.map(vectorRecord)
    const packed = (all: readonly VectorRecord[], size: number) => cut(all, size).map((some) => vectorsOf(some, 16))
    const [large, small, other] = [packed(records, 100), packed(records, 30), packed(records.slice(0, 150), 50)]
    const checkWith = (vectors: readonly VectorSegment[], present: readonly VectorRecord[]) =>
      expectNear(similarities(words, vectors, Float32Array.from(query)), expected(words, present, query), 1e-3)
    checkWith(large, records)
    checkWith(large, records)
    checkWith(large.slice(1), records.slice(100))
    checkWith(small, records)
    checkWith([...other, ...packed(records.slice(150), 70)], records)
    checkWith(other, records.slice(0, 150))
    checkWith(large.toReversed(), records)
    checkWith([], [])
    checkWith(large, records)
  })

  it('where every third record has a vector, and where the late ones have segments of their own', () => {
    const messages = Array.from({ length: 600 }, (_, i) => message(1 + i, 0))
    const records = messages.map(vectorRecord)
    const third = records.filter((_, i) => i % 3 === 0)
    const late = records.filter((_, i) => i % 3 === 1)
    check(cut(messages, 40), cut(third, 100))
    check(cut(messages, 40), [...cut(third, 100), ...cut(late, 70)])
  })

  it('one commit of thousands of messages, in segments that share its seq', () => {
    const messages = Array.from({ length: 3_000 }, (_, i) => message(5, i % 1_000, 5, Math.floor(i / 1_000)))
    check(cut(messages, 40), cut(messages.map(vectorRecord), 100))
    check(cut(messages.toReversed(), 40), cut(messages.map(vectorRecord), 100))
  })

  it('an edited message only with the vector of its present content', () => {
    const [old, edited] = [message(3, 0), message(3, 0, 9)]
    const words = [wordsOf([edited])]
    const query16 = Float32Array.from(query)
    expect(similarities(words, [vectorsOf([vectorRecord(old, 1)], 16)], query16)).toEqual(Float32Array.of(Number.NaN))
    check([[edited]], [[vectorRecord(old, 1), vectorRecord(edited, 2)]])
    check([[edited]], [[vectorRecord(old, 1)], [vectorRecord(edited, 2)]])
  })

  it('a record in two segments with the better of both', () => {
    const record = message(3, 0)
    const [best, worse, none] = [query, vectorFor(5), null].map((vector): VectorSegment => {
      return vectorsOf([{ ...record, vectors: vector === null ? [] : [quantise(vector)] }], 16)
    }) as [VectorSegment, VectorSegment, VectorSegment]
    for (const vectors of [
      [best, worse, none],
      [none, worse, best],
      [worse, best],
      [best, none],
    ])
      expectNear(similarities([wordsOf([record])], vectors, Float32Array.from(query)), [1], 0.01)
  })

  it('segments in one line however they are given, unless they overlap', () => {
    const segment = (...seqs: number[]) =>
      vectorsOf(
        seqs.map((seq) => vectorRecord(message(seq, 0), seq)),
        16,
      )
    const apart = [segment(5, 6), segment(1, 2), segment(), segment(7, 8), segment(3, 4)]
    expect(linedUp(apart).lines.map(({ offsets }) => offsets)).toEqual([[0, 2, 4, 6]])
    expect(linedUp([...apart, segment(2, 3), segment(4, 6)]).lines.map(({ offsets }) => offsets)).toEqual([
      [0, 2, 4, 6],
      [0, 2],
    ])
  })

  it('nothing to nothing', () => {
    const query16 = Float32Array.from(query)
    expect(similarities([], [], query16)).toEqual(new Float32Array(0))
    expect(similarities([wordsOf([message(1, 0)])], [], query16)).toEqual(Float32Array.of(Number.NaN))
    expect(similarities([], [vectorsOf([vectorRecord(message(1, 0), 1)], 16)], query16)).toEqual(new Float32Array(0))
  })
})

it('is within 0.01 of the cosines of the numbers that went in', async () => {
  const vector = fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 384, maxLength: 384 })
  const pairs = fc.tuple(vector, vector).filter((pair) => pair.every((one) => Math.hypot(...one) > 1e-3))
  await runRandom(
    fc.property(pairs, ([stored, query]) => {
      const dot = stored.reduce((sum, value, i) => sum + value * (query[i] as number), 0)
      const cosine = dot / Math.hypot(...stored) / Math.hypot(...query)
      const record = message(1, 0)
      const segment = vectorsOf([{ ...record, vectors: [quantise(stored)] }], 384)
      expectNear(similarities([wordsOf([record])], [segment], Float32Array.from(query)), [cosine], 0.01)
    }),
    100,
  )
})

it('refuses a question of other dimensions, or without a length', () => {
  const vectors = [vectorsOf([{ ...message(1, 0), vectors: [quantise([1, 2])] }], 2)]
  expect(() => similarities([], vectors, new Float32Array(3).fill(1))).toThrow('dimensions')
  expect(() => similarities([], vectors, new Float32Array(2))).toThrow('length')
})

describe('nearness', () => {
  const vector = (...numbers: readonly number[]) => quantise(numbers)
  const [a, b, c] = [message(2, 0), message(3, 0), message(4, 0)]
  const words = [wordsOf([a, b]), wordsOf([c, message(5, 0)])]
  const records = [
    { ...a, vectors: [vector(1, 0), vector(0, 1)] },
    { ...b, vectors: [vector(1, 1)] },
    { ...c, vectors: [vector(0, -1)] },
  ]

  it('is the cosine of the first vectors of two records, whatever segments they are in', () => {
    for (const vectors of [[vectorsOf(records, 2)], records.map((record) => vectorsOf([record], 2)).reverse()]) {
      const near = new Nearness(words, vectors)
      const cosines = [near.of(0, 1), near.of(1, 0), near.of(0, 2), near.of(1, 2)]
      for (const [i, cosine] of [Math.SQRT1_2, Math.SQRT1_2, 0, -Math.SQRT1_2].entries())
        expect(cosines[i]).toBeCloseTo(cosine, 2)
      expect([near.of(0, 1), near.of(0, 2)]).toEqual([cosines[0], cosines[2]])
    }
  })

  it('is 0 for a record without a vector of its present content', () => {
    const edited = [{ ...a, seq: 1, vectors: [vector(1, 0)] }, ...records.slice(1)]
    expect(new Nearness(words, [vectorsOf(records, 2)]).of(2, 3)).toBe(0)
    expect(new Nearness(words, [vectorsOf(edited, 2)]).of(0, 1)).toBe(0)
  })

  it('is the same to the digit however often it is asked, in any order, while vectors move to other segments', async () => {
    const cosineOf = (one: Quantised, other: Quantised) => {
      const sum = one.values.reduce((all, value, k) => all + value * (other.values[k] as number), 0)
      return sum * Math.fround(one.scale) * Math.fround(other.scale)
    }
    const numbers = fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 3, maxLength: 3 })
    const vectorEach = fc.array(
      numbers.map((own) => quantise([1, ...own])),
      { minLength: 12, maxLength: 12 },
    )
    const pairs = fc.array(fc.tuple(fc.nat(11), fc.nat(11)), { minLength: 40, maxLength: 40 })
    const all = Array.from({ length: 12 }, (_, i) => message(i + 2, 0))
    await runRandom(
      fc.property(
        vectorEach,
        fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 4 }),
        pairs,
        (made, sizes, asked) => {
          const wordSegments = [wordsOf(all.slice(0, 5)), wordsOf(all.slice(5))]
          for (const size of [12, ...sizes]) {
            const parts = Array.from({ length: Math.ceil(12 / size) }, (_, part) =>
              vectorsOf(
                all
                  .slice(part * size, (part + 1) * size)
                  .map((one, i) => ({ ...one, vectors: [made[part * size + i] ?? vector(1, 0, 0, 0)] })),
                4,
              ),
            )
            const near = new Nearness(wordSegments, parts)
            for (const [row, other] of asked) {
              const [earlier, later] = row < other ? [row, other] : [other, row]
              expect(near.of(row, other)).toBe(cosineOf(made[earlier] as Quantised, made[later] as Quantised))
            }
          }
        },
      ),
      50,
    )
  })
})
