// Rows, scope, neighbours and sessions, held against a plain computation over lists.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { refAt, type WordSegment } from '../../src/domain/index/word-segment.ts'
import { type Corpus, corpusOf, nextOf, previousOf, rowPlace } from '../../src/recall/records/corpus.ts'
import { runRandom } from '../random-runs.ts'
import { ann, bob, corpusOfSaid, firstOfMay, recordsOf, type Said, segmentsOf } from './records.ts'

const hour = 60
const scopeOf = (corpus: Corpus) => [...corpus.inScope].flatMap((one, row) => (one === 1 ? row : []))

/** For each row the row before it in its session, found by sorting. */
function plainPrevious(said: readonly Said[], isIn: (row: number) => boolean): readonly number[] {
  const rows = said.map((_, row) => row).filter((row) => isIn(row) && (said[row]?.kind ?? 'message') === 'message')
  const placeOfRow = (row: number) => [said[row]?.thread ?? 1, said[row]?.turnSeq ?? 0, said[row]?.index ?? 0] as const
  const sorted = rows.sort((left, right) => {
    const difference = placeOfRow(left).map((part, i) => part - (placeOfRow(right)[i] as number))
    return difference.find((one) => one !== 0) ?? 0
  })
  const previous = said.map(() => -1)
  for (const [i, row] of sorted.entries()) {
    const before = sorted[i - 1]
    if (before === undefined || said[before]?.thread !== said[row]?.thread) continue
    if (Math.abs((said[row]?.minute ?? 0) - (said[before]?.minute ?? 0)) <= 6 * hour) previous[row] = before
  }
  return previous
}

const previousRows = (corpus: Corpus) => Array.from({ length: corpus.count }, (_, row) => previousOf(corpus, row))
const nextRows = (corpus: Corpus) => Array.from({ length: corpus.count }, (_, row) => nextOf(corpus, row))

function reversed(previous: readonly number[]): readonly number[] {
  const next = previous.map(() => -1)
  for (const [row, before] of previous.entries()) if (before !== -1) next[before] = row
  return next
}

/** Sessions by their rows: numbers differ between ways of building, who is together does not. */
function sessionsOf(corpus: Corpus): readonly string[] {
  const groups = new Map<number, number[]>()
  for (let row = 0; row < corpus.count; row++) {
    const session = corpus.columns.sessions[row] as number
    if (session === -1 || corpus.inScope[row] === 0) continue
    groups.set(session, [...(groups.get(session) ?? []), row])
  }
  return [...groups.values()].map((rows) => rows.join(',')).sort()
}

const anySaid = fc.record({
  thread: fc.integer({ min: 1, max: 3 }),
  turnSeq: fc.integer({ min: 2, max: 12 }),
  minute: fc.integer({ min: 0, max: 40 }).map((half) => firstOfMay + half * 3 * hour),
  kind: fc.constantFrom<Said['kind'][]>('message', 'message', 'message', 'fact'),
  author: fc.constantFrom(ann, bob),
})
/** Records whose places differ, in an order that is not always that of their threads. */
const anyRecords = fc
  .array(anySaid, { minLength: 1, maxLength: 30, size: 'max' })
  .map((all) => all.map((one, index): Said => ({ ...one, kind: one.kind ?? 'message', index, text: `word${index}` })))

describe('neighbours and sessions', () => {
  it('are those of the sorted thread, however segments are cut', async () => {
    await runRandom(
      fc.property(anyRecords, fc.integer({ min: 1, max: 12 }), (said, size) => {
        const corpus = corpusOfSaid(said, {}, size)
        const previous = plainPrevious(said, () => true)
        expect(previousRows(corpus)).toEqual(previous)
        expect(nextRows(corpus)).toEqual(reversed(previous))
        expect(sessionsOf(corpus)).toEqual(sessionsOf(corpusOfSaid(said, {}, 100)))
      }),
      300,
    )
  })

  it('stay right while segments are added and replaced', async () => {
    await runRandom(
      fc.property(anyRecords, fc.array(fc.nat(), { maxLength: 6 }), (said, replaced) => {
        const segments: WordSegment[] = segmentsOf(recordsOf(said), 3)
        const expected = previousRows(corpusOf([{ segments: segmentsOf(recordsOf(said), 100) }]))
        for (let count = 1; count < segments.length; count++) corpusOf([{ segments: segments.slice(0, count) }])
        expect(previousRows(corpusOf([{ segments }]))).toEqual(expected)
        const changed = [...said]
        for (const place of replaced) {
          const row = place % said.length
          changed[row] = { ...(changed[row] as Said), minute: firstOfMay + (place % 50) * hour }
          segments[Math.floor(row / 3)] = segmentsOf(recordsOf(changed), 3)[Math.floor(row / 3)] as WordSegment
          expect(previousRows(corpusOf([{ segments }]))).toEqual(plainPrevious(changed, () => true))
        }
        const first = corpusOf([{ segments: segments.slice(0, 1) }])
        expect(previousRows(first)).toEqual(plainPrevious(changed.slice(0, 3), () => true))
      }),
      200,
    )
  })

  it('are those of the messages in scope', async () => {
    await runRandom(
      fc.property(anyRecords, fc.integer({ min: 1, max: 12 }), (said, size) => {
        const corpus = corpusOfSaid(said, { author: bob }, size)
        expect(previousRows(corpus)).toEqual(plainPrevious(said, (row) => said[row]?.author === bob))
      }),
      200,
    )
  })

  it('end at gaps over six hours', () => {
    const at = (minutes: number) => ({ text: 'word', minute: firstOfMay + minutes })
    const corpus = corpusOfSaid([at(0), at(360), at(721), at(722)])
    expect(previousRows(corpus)).toEqual([-1, 0, -1, 2])
    expect(sessionsOf(corpus)).toEqual(['0,1', '2,3'])
  })
})

describe('scope', () => {
  const said: readonly Said[] = [
    { text: 'one', thread: 1 },
    { text: 'two', thread: 2, author: bob },
    { text: 'old fact', kind: 'fact', isSuperseded: true },
    { text: 'fact', kind: 'fact' },
    { text: 'entry', kind: 'entry', author: bob },
  ]

  it.each([
    [{}, [0, 1, 3, 4]],
    [{ includeSuperseded: true }, [0, 1, 2, 3, 4]],
    [{ kinds: ['fact', 'entry'] as const }, [3, 4]],
    [{ author: bob }, [1, 4]],
    [{ kinds: [] }, []],
    [{ isOut: (segment: WordSegment, i: number) => refAt(segment, i) === 'k4' }, [0, 1, 3]],
  ])('%o lets in %o', (filter, rows) => {
    const corpus = corpusOfSaid(said, filter, 2)
    expect(scopeOf(corpus)).toEqual(rows)
    expect(corpus.scopeCount).toBe(rows.length)
  })

  it('is one thread of a space, where one is named', () => {
    const segments = segmentsOf(recordsOf(said), 2)
    expect(scopeOf(corpusOf([{ segments, thread: 2 }, { segments }]))).toEqual([1, 5, 6, 8, 9])
    const messages = segmentsOf(recordsOf(said.slice(0, 2)), 2)
    expect(scopeOf(corpusOf([{ segments: messages, thread: 2 }]))).toEqual([1])
    expect(scopeOf(corpusOf([{ segments: messages }, { segments: messages, thread: 1 }]))).toEqual([0, 1, 2])
  })

  it('is the same for the same segments, whatever was asked before', () => {
    const segments = segmentsOf(recordsOf(said), 2)
    const ask = (thread?: number) => corpusOf([{ segments, ...(thread === undefined ? {} : { thread }) }])
    expect([ask(), ask(2), ask(1), ask()].map(scopeOf)).toEqual([[0, 1, 3, 4], [1], [0], [0, 1, 3, 4]])
  })

  it('counts the words in scope only', () => {
    expect(corpusOfSaid(['one two three', { text: 'four', author: bob }], { author: bob }).scopeLength).toBe(1)
    expect(corpusOfSaid(['one two three', { text: 'four', author: bob }]).scopeLength).toBe(3)
    const several = corpusOf([{ segments: segmentsOf(recordsOf(said), 2) }, { segments: [] }], {
      includeSuperseded: true,
    })
    expect([several.scopeCount, several.scopeLength, [...several.speaks]]).toEqual([5, 5, [1, 1]])
  })

  it('is empty where nothing is', () => {
    const corpus = corpusOf([])
    expect([corpus.count, corpus.scopeCount]).toEqual([0, 0])
    expect(corpusOf([{ segments: [] }, { segments: [] }]).count).toBe(0)
  })
})

describe('rows', () => {
  it('are numbered through spaces and segments', () => {
    const first = segmentsOf(recordsOf(['a', 'b', 'c', 'd', 'e'].map((text) => ({ text }))), 2)
    const second = segmentsOf(recordsOf([{ text: 'f', author: bob }, { text: 'g' }]), 1)
    const corpus = corpusOf([{ segments: first }, { segments: second }])
    const places = Array.from({ length: corpus.count }, (_, row) => rowPlace(corpus, row))
    expect(places.map(({ space }) => space)).toEqual([0, 0, 0, 0, 0, 1, 1])
    expect(places.map(({ i }) => i)).toEqual([0, 1, 0, 1, 0, 0, 0])
    expect(places.map(({ segment }) => segment)).toEqual([
      ...[0, 0, 1, 1, 2].map((at) => first[at]),
      second[0],
      second[1],
    ])
    expect(Array.from(corpus.columns.authors, (author) => corpus.authors[author])).toEqual([
      ...Array(5).fill(ann),
      bob,
      ann,
    ])
    expect(previousRows(corpus)).toEqual([-1, 0, 1, 2, 3, -1, 5])
  })

  it('do not change in a corpus that is held while another is made', () => {
    const segments = segmentsOf(recordsOf(['a', 'b', 'c'].map((text) => ({ text }))), 1)
    const held = corpusOf([{ segments: segments.slice(0, 2) }])
    corpusOf([{ segments }])
    expect(nextRows(held)).toEqual([1, -1])
  })
})
