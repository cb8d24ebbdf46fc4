// Conversations as recall sees them, without storage: their segments of words and vectors, and what to compare a question with.

import { sentencesOf } from '../src/derive/sentences.ts'
import type { Actor } from '../src/domain/actor.ts'
import { factIdOf, packTurn, type SpaceKey } from '../src/domain/id.ts'
import { indexedFact, indexedMessage } from '../src/domain/index/indexed.ts'
import { packVectors, quantise, segmentVectors, unpackVectors } from '../src/domain/index/vector-segment.ts'
import { type IndexedRecord, packWords, shareToSegments, unpackWords } from '../src/domain/index/word-segment.ts'
import { analyserVersion } from '../src/domain/index/words.ts'
import { type FactState, unstated } from '../src/domain/records/fact.ts'
import { planOf } from '../src/recall/question/plan.ts'
import type { Question } from '../src/recall/question.ts'
import { type Corpus, corpusOf } from '../src/recall/records/corpus.ts'
import { Nearness } from '../src/recall/vectors/nearness.ts'
import { similarities } from '../src/recall/vectors/similarity.ts'
import type { EmbeddingCache } from './embedding-cache.ts'
import type { Statement } from './facts/statements.ts'
import type { Turn } from './questions.ts'

/** Where the first of the messages stands; the others follow. */
const firstSeq = 2

export interface RankedCorpus {
  readonly corpus: Corpus
  /** The row of each turn, by its id. */
  readonly rows: ReadonlyMap<string, number>
  /** A question by words and meaning, ready to rank. */
  ask(question: string, mode?: Question['mode']): Promise<Question>
}

const noProgress = () => {}

/**
 * The questions of the files are asked long after the conversations: their "yesterday" is that of the answer, and means no
 * day that could be known from the question.
 */
const askedAt = { nowMs: Date.UTC(2026, 0, 1), timeZone: 'UTC' } as const

/** A record of the index with its text. */
interface TextRecord {
  readonly id: string
  readonly text: string
  readonly record: IndexedRecord
}

function messageOf({ id, author, at, text }: Turn, seq: number): TextRecord {
  const speaker: Actor = { kind: 'user', id: author, name: author }
  const turn = packTurn({ turnSeq: seq, turnIndex: 0 })
  const parts = [{ type: 'text' as const, text }]
  const message = { parts, author: speaker, createdAt: at, turn, index: 0, seq, thread: 1 }
  const record = indexedMessage(message, 'english')
  if (record === null) throw new Error(`Turn ${id} has no text`)
  return { id, text, record }
}

/** One application states all facts: who they are about stands in their texts alone. */
const app: Actor = { kind: 'system', id: 'eval' }
const spaceKey = 'evaluation' as unknown as SpaceKey

function factOf({ id: name, source, at, text }: Statement, seq: number): TextRecord {
  const stated = { ...unstated(at), text, sources: [source] }
  const place = { version: seq, order: seq, createdAt: at, updatedAt: at, assertedBy: app }
  const none = { deleted: false, supersededBy: null, conflictsWith: [] }
  const id = factIdOf(spaceKey, String(seq))
  const fact: FactState = { ...stated, ...place, ...none, id, status: 'current' }
  const record = indexedFact(fact, 'english')
  if (record === null) throw new Error(`Statement ${name} is in no index`)
  return { id: name, text, record }
}

/** What is taken in: turns as messages, statements as facts, or both. */
interface TakenIn {
  readonly turns: readonly Turn[]
  readonly statements?: readonly Statement[]
}

/** Takes in records. With `sentences`, their vectors are compared too. */
export async function rankedCorpus(
  { turns, statements = [] }: TakenIn,
  cache: EmbeddingCache,
  bySentences = false,
): Promise<RankedCorpus> {
  const messages = turns.map((turn, place) => messageOf(turn, firstSeq + place))
  const facts = statements.map((statement, place) => factOf(statement, firstSeq + turns.length + place))
  const all = [...messages, ...facts]
  const records = all.map(({ record }) => record)
  const segments = shareToSegments(records).map((share) => unpackWords(packWords(share, analyserVersion)))
  const corpus = corpusOf([{ segments }])
  const segmentsOf = async (textsOf: (text: string) => readonly string[]) => {
    const texts = all.map(({ text }) => textsOf(text))
    const vectors = await cache.embed(texts.flat(), noProgress)
    let at = 0
    const placed = records.map(({ kind, ref, seq }, i) => {
      const own = vectors.slice(at, at + (texts[i]?.length ?? 0))
      at += own.length
      return { kind, ref, seq, vectors: own.map(quantise) }
    })
    const packed = []
    for (let start = 0; start < placed.length; start += segmentVectors)
      packed.push(unpackVectors(packVectors(placed.slice(start, start + segmentVectors), cache.dimensions)))
    return packed
  }
  const whole = await segmentsOf((text) => [text])
  const sentences = bySentences ? await segmentsOf(sentencesOf) : null
  return {
    corpus,
    rows: new Map(all.map(({ id }, row) => [id, row])),
    async ask(question, mode = 'hybrid') {
      const plan = planOf(corpus, question, 'english', askedAt)
      const usual = { plan, mode, limit: 40, topK: 20 }
      if (mode === 'keyword') return { ...usual, similarities: null }
      const [query] = await cache.embed([plan.bare], noProgress)
      const own = similarities(segments, whole, query as Float32Array)
      const bySentence = sentences === null ? null : similarities(segments, sentences, query as Float32Array)
      return { ...usual, similarities: own, sentences: bySentence, nearness: new Nearness(segments, whole).of }
    },
  }
}
