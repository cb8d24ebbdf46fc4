// The linear ranker: scores are those of its reference, and each part adds up.
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { Actor } from '../../src/domain/actor.ts'
import { packTurn } from '../../src/domain/id.ts'
import { speechOf } from '../../src/domain/index/speech.ts'
import { type IndexedRecord, messageRef } from '../../src/domain/index/word-segment.ts'
import type { QueryTerm } from '../../src/domain/index/words.ts'
import { gatherLegs } from '../../src/recall/gather.ts'
import { featureNames, features } from '../../src/recall/linear/features.ts'
import { scale } from '../../src/recall/linear/linear.ts'
import {
  factKeywordWeights,
  factVectorWeights,
  keywordWeights,
  sentenceWeights,
  vectorWeights,
} from '../../src/recall/linear/linear-weights.ts'
import { runsOf, Surroundings } from '../../src/recall/linear/runs.ts'
import { parts } from '../../src/recall/parts.ts'
import type { DateSpan } from '../../src/recall/question/dates.ts'
import type { Question } from '../../src/recall/question.ts'
import { type Corpus, corpusOf } from '../../src/recall/records/corpus.ts'
import { occurrencesOf } from '../../src/recall/records/occurrences.ts'
import { scoreRows } from '../../src/recall/score.ts'
import { ann, ask, bob, corpusOfSaid, firstOfMay, recordsOf, type Said, segmentsOf } from './records.ts'

interface RecordedTurn extends Pick<IndexedRecord, 'minute' | 'chars' | 'terms' | 'length'> {
  readonly text: string
  readonly author: string
  readonly isQ: number
}

interface RecordedQuestion {
  readonly question: string
  readonly terms: readonly QueryTerm[]
  readonly speaker: string | null
  readonly spans: readonly DateSpan[]
  readonly cosines: readonly number[]
  readonly sentences: readonly number[]
  readonly scores: readonly number[]
}

interface RecordedConversation {
  readonly turns: readonly RecordedTurn[]
  /** Cosine of each turn with the one before it. */
  readonly toPrevious: readonly number[]
  /** Cosine of the turns on both sides of each turn. */
  readonly across: readonly number[]
  readonly asked: readonly RecordedQuestion[]
}

/** Written by `eval/parity-cases.ts`: random conversations, and what the reference of the ranker says of them. */
const recorded = JSON.parse(
  readFileSync(new URL('./fixtures/ranker-cases.json', import.meta.url), 'utf8'),
) as readonly RecordedConversation[]

function corpusOfTurns(turns: readonly RecordedTurn[]): Corpus {
  const records = turns.map(({ text, author, isQ, ...turn }, place): IndexedRecord => {
    const speaker: Actor = { kind: 'user', id: author, name: author }
    return {
      kind: 'message',
      ref: messageRef(packTurn({ turnSeq: place + 2, turnIndex: 0 }), 0),
      seq: place + 2,
      thread: 1,
      author: speaker,
      isQuestion: isQ === 1,
      isSuperseded: false,
      speech: speechOf(text),
      ...turn,
    }
  })
  return corpusOf([{ segments: segmentsOf(records, 9) }])
}

/** The scores of all turns for a question, in the units of the reference. */
function scoresOf(corpus: Corpus, { toPrevious, across }: RecordedConversation, asked: RecordedQuestion): number[] {
  const { question, terms, speaker, spans, cosines, sentences } = asked
  const occurrences = occurrencesOf(
    corpus,
    terms.map(({ term }) => term),
  )
  const isSpeaker = Uint8Array.from(corpus.authors, ({ id }) => (id === speaker ? 1 : 0))
  const named = {
    names: [],
    subjects: new Map<number, number>(),
    speaker: speaker === null ? null : isSpeaker,
    times: { spans: [], days: [], isNarrow: false, minutes: [] },
    isListing: false,
    isBareTime: false,
  }
  const plan = { question, language: 'english' as const, bare: question, terms, occurrences, ...named }
  const near = (row: number, other: number) =>
    (Math.abs(row - other) === 1 ? toPrevious[Math.max(row, other)] : across[(row + other) / 2]) ?? Number.NaN
  const whole: Question = {
    ...{ plan, mode: 'hybrid', limit: 40, topK: 20, nearness: near },
    similarities: Float32Array.from(cosines),
    sentences: Float32Array.from(sentences),
    // The reference has no term for exact terms but in the fused score.
    weights: { message: { ...sentenceWeights, exact: 0 } },
  }
  const gathered = gatherLegs(corpus, whole)
  const rows = Int32Array.from(cosines.keys())
  const scored = scoreRows(corpus, whole, { ...gathered, legs: { ...gathered.legs, dates: spans } }, rows)
  return Array.from(scored.totals, (total) => (total - scale.start) / scale.unit)
}

describe('scores with sentences', () => {
  it('are those of the reference, to a millionth', () => {
    let compared = 0
    for (const conversation of recorded) {
      const corpus = corpusOfTurns(conversation.turns)
      for (const asked of conversation.asked) {
        const scores = scoresOf(corpus, conversation, asked)
        for (const [row, score] of asked.scores.entries())
          expect(Math.abs((scores[row] ?? 0) - score)).toBeLessThan(1e-6)
        compared++
      }
    }
    expect(compared).toBe(200)
  })
})

describe('runs', () => {
  const said: readonly Said[] = [
    { text: 'a', author: ann },
    { text: 'b', author: ann },
    { text: 'c', author: bob },
    { text: 'fact', kind: 'fact' },
    { text: 'd', author: ann, thread: 2 },
    { text: 'e', author: bob },
    { text: 'f', author: ann },
    { text: 'g', author: ann, minute: firstOfMay + 9_000 },
  ]
  const corpus = corpusOfSaid(said)
  const runs = runsOf(corpus)
  const around = (row: number) => {
    const found = new Surroundings(corpus, runs)
    found.of(row)
    const listed = ({ count, rows, weights }: Surroundings['rest']) =>
      Array.from({ length: count }, (_, i) => [rows[i], Number((weights[i] as number).toFixed(4))])
    const { rest, before, earlier, after } = found
    return { rest: listed(rest), before: listed(before), earlier: listed(earlier), after: listed(after) }
  }

  it('are messages of one author that follow each other in a session', () => {
    expect([...runs.of]).toEqual([0, 0, 1, -1, 2, 1, 3, 4])
    expect([...runs.before]).toEqual([-1, 0, -1, 1, -1])
    expect([...runs.after]).toEqual([1, 3, -1, -1, -1])
  })

  it('surround a message, the nearest ones most', () => {
    expect(around(6)).toEqual({
      rest: [],
      before: [
        [5, 1],
        [2, 0.95],
      ],
      earlier: [
        [1, 1],
        [0, 0.95],
      ],
      after: [],
    })
    expect(around(0)).toEqual({
      rest: [[1, 1]],
      before: [],
      earlier: [],
      after: [
        [2, 1],
        [5, 0.95],
      ],
    })
  })

  it('reach no further than a few messages', () => {
    const long = corpusOfSaid([
      ...Array.from({ length: 9 }, () => ({ text: 'a', author: ann })),
      { text: 'b', author: bob },
    ])
    const found = new Surroundings(long, runsOf(long))
    found.of(4)
    expect([...found.rest.rows.subarray(0, found.rest.count)]).toEqual([3, 2, 1, 5, 6, 7])
    expect([0, 1, 2, 3, 8].map((row) => found.placeInRun(row))).toEqual([0, 1, 2, 3, 3])
    found.of(9)
    expect([...found.before.rows.subarray(0, found.before.count)]).toEqual([8, 7, 6])
  })
})

describe('messages', () => {
  it('are ranked by what stands in the run before, and by who says when', () => {
    const said: readonly Said[] = [
      { text: 'When did you go to the lake?', author: bob },
      { text: 'We went last weekend, on Saturday morning', author: ann },
      { text: 'A garden needs water', author: bob },
      { text: 'The lake is deep', author: bob, thread: 2 },
    ]
    const { rows } = ask(corpusOfSaid(said), 'When did Ann go to the lake?')
    expect(rows[0]?.row).toBe(1)
    expect(rows[0]?.parts.details).toBeGreaterThan(0)
    expect(rows[0]?.parts.coverage).toBeGreaterThan(0)
  })

  it('of tools, and in other languages, keep the fused score', () => {
    const said: readonly Said[] = [{ text: 'the lake' }, { text: 'the garden' }]
    const corpus = corpusOfSaid(said)
    const kindOf = (question: Partial<Question>) => ask(corpus, 'lake', question).rows[0]?.parts.kind
    expect(kindOf({})).toBeGreaterThan(0)
    expect(kindOf({ mode: 'vector', similarities: Float32Array.of(1, 0) })).toBe(0)
    const unsaid = corpusOf([{ segments: segmentsOf(recordsOf(said).map(({ speech: _, ...record }) => record)) }])
    expect(ask(unsaid, 'lake').rows[0]?.parts.kind).toBe(0)
  })

  it('with an exact term of the question come before those without it', () => {
    const said: readonly Said[] = [
      { text: 'Ann glazed the bowl in the kiln on Saturday morning', author: ann },
      { text: 'see ERR_42', author: bob, thread: 2 },
    ]
    const { rows } = ask(corpusOfSaid(said), 'Did Ann glaze the bowl in the kiln, ERR_42?')
    expect(rows[0]).toMatchObject({ row: 1 })
  })
})

describe('features', () => {
  it('are all weighted by one set of weights or read by a rule', () => {
    const weighted = new Set(
      [vectorWeights, sentenceWeights, keywordWeights, factVectorWeights, factKeywordWeights].flatMap((one) =>
        Object.keys(one),
      ),
    )
    expect(featureNames.filter((name) => !weighted.has(name))).toEqual(['bestSentence'])
    for (const { part } of Object.values(features)) expect(parts).toContain(part)
  })
})
