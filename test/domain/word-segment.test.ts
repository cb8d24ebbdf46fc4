// Segments of words give back what was packed, and are filled whoever spoke.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Actor } from '../../src/domain/actor.ts'
import { packTurn } from '../../src/domain/id.ts'
import {
  type IndexedRecord,
  messageRef,
  packWords,
  recordAt,
  segmentBytes,
  shareToSegments,
  unpackWords,
} from '../../src/domain/index/word-segment.ts'
import { runRandom } from '../random-runs.ts'

const anyAuthor: fc.Arbitrary<Actor> = fc.record(
  {
    kind: fc.constantFrom('user', 'agent', 'tool', 'system'),
    id: fc.constantFrom('a', 'b', 'ü', 'a long id of somebody'),
    name: fc.constantFrom('Ann', 'Bob'),
  },
  { requiredKeys: ['kind', 'id'] },
)

/** How something was said, as any text has it. */
const anySpeech = fc.record({
  asks: fc.boolean(),
  isReply: fc.boolean(),
  times: fc.nat({ max: 3 }),
  names: fc.nat({ max: 3 }),
  words: fc.integer({ min: 1, max: 4_000 }),
  firstPerson: fc.nat({ max: 4_000 }),
  secondPerson: fc.nat({ max: 4_000 }),
} as const)

const anyPart = fc.record({
  kind: fc.constantFrom('message', 'fact', 'observation'),
  author: anyAuthor,
  gap: fc.nat({ max: 3 }),
  thread: fc.nat({ max: 5 }),
  minute: fc.integer({ min: 0, max: 40_000_000 }),
  chars: fc.nat({ max: 5_000 }),
  isQuestion: fc.boolean(),
  isSuperseded: fc.boolean(),
  terms: fc.array(fc.nat({ max: 2 ** 32 - 1 }), { maxLength: 12 }),
  said: fc.option(anySpeech, { nil: null }),
  spans: fc.array(fc.record({ from: fc.integer({ min: -50_000, max: 50_000 }), days: fc.nat({ max: 800 }) }), {
    maxLength: 3,
  }),
  matters: fc.option(fc.nat({ max: 100 }), { nil: null }),
  ends: fc.option(fc.integer({ min: -1_000_000, max: 4_000_000_000 }), { nil: null }),
  named: fc.option(
    fc.record({ kind: fc.constantFrom('given', 'introduced', 'asked'), name: fc.constantFrom('', 'Zoë', 'Ann Lee') }),
    { nil: null },
  ),
} as const)

const anyRecords = fc.array(anyPart, { maxLength: 60, size: 'max' }).map((parts) => {
  let seq = 10
  return parts.map(({ gap, said, spans, matters, ends, named, ...part }, i): IndexedRecord => {
    seq += gap
    const ref = part.kind === 'message' ? messageRef(packTurn({ turnSeq: seq - 1, turnIndex: i % 3 }), i) : `ref-${i}`
    const speech = part.kind === 'message' && said !== null ? { speech: said } : {}
    const mentions = spans.map(({ from, days }) => ({ from, to: from + days }))
    return {
      ...{ ...part, ref, seq, length: part.terms.length + 1, ...speech },
      ...(mentions.length === 0 ? {} : { mentions }),
      ...(matters === null ? {} : { importance: matters }),
      ...(ends === null ? {} : { until: ends }),
      ...(named === null ? {} : { naming: named }),
    }
  })
})

it('give back every record', async () => {
  await runRandom(
    fc.property(anyRecords, (records) => {
      const segment = unpackWords(packWords(records, 1))
      expect(Array.from({ length: segment.count }, (_, i) => recordAt(segment, i))).toEqual(records)
      const authors = new Set(records.map(({ author }) => JSON.stringify([author.kind, author.id, author.name])))
      expect(segment.authorList).toHaveLength(authors.size)
    }),
    500,
  )
})

it('share out all records in order, none too large but for a record of its own', async () => {
  await runRandom(
    fc.property(anyRecords, fc.integer({ min: 200, max: 2_000 }), (records, limit) => {
      const shares = shareToSegments(records, limit)
      expect(shares.flat()).toEqual(records)
      for (const share of shares) if (share.length > 1) expect(packWords(share, 1).length).toBeLessThanOrEqual(limit)
    }),
    300,
  )
})

it('are full where few speak, though each record has its author as an object of its own', () => {
  const records = Array.from(
    { length: 400 },
    (_, i): IndexedRecord => ({
      kind: 'message',
      ref: messageRef(packTurn({ turnSeq: i + 5, turnIndex: 0 }), 0),
      seq: i + 5,
      thread: 1,
      author: { kind: i % 2 === 0 ? 'user' : 'agent', id: 'somebody' },
      minute: 29_000_000 + i,
      chars: 150,
      isQuestion: false,
      isSuperseded: false,
      length: 13,
      terms: Array.from({ length: 13 }, (_, k) => i * 13 + k),
    }),
  )
  const sizes = shareToSegments(records).map((share) => packWords(share, 1).length)
  for (const size of sizes.slice(0, -1)) expect(size).toBeGreaterThan(0.85 * segmentBytes)
})
