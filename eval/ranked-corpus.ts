// Conversations as recall sees them, without storage: their segments of words and vectors, and what to compare a question with.

import { sentencesOf } from '../src/derive/sentences.ts'
import type { Actor } from '../src/domain/actor.ts'
import { packTurn } from '../src/domain/id.ts'
import { indexedMessage } from '../src/domain/index/indexed.ts'
import { packVectors, quantise, segmentVectors, unpackVectors } from '../src/domain/index/vector-segment.ts'
import { messageRef, packWords, shareToSegments, unpackWords } from '../src/domain/index/word-segment.ts'
import { analyserVersion } from '../src/domain/index/words.ts'
import { planOf } from '../src/recall/question/plan.ts'
import type { Question } from '../src/recall/question.ts'
import { type Corpus, corpusOf } from '../src/recall/records/corpus.ts'
import { Nearness } from '../src/recall/vectors/nearness.ts'
import { similarities } from '../src/recall/vectors/similarity.ts'
import type { EmbeddingCache } from './embedding-cache.ts'
import type { Conversation } from './questions.ts'

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

/** Takes in a conversation, each turn as a message. With `sentences`, their vectors are compared too. */
export async function rankedCorpus(
  { turns }: Conversation,
  cache: EmbeddingCache,
  bySentences = false,
): Promise<RankedCorpus> {
  const records = turns.map(({ author, at, text }, place) => {
    const speaker: Actor = { kind: 'user', id: author, name: author }
    const turn = packTurn({ turnSeq: firstSeq + place, turnIndex: 0 })
    const parts = [{ type: 'text' as const, text }]
    const message = { parts, author: speaker, createdAt: at, turn, index: 0, seq: firstSeq + place, thread: 1 }
    const record = indexedMessage(message, 'english')
    if (record === null) throw new Error(`Turn ${place} has no text`)
    return record
  })
  const segments = shareToSegments(records).map((share) => unpackWords(packWords(share, analyserVersion)))
  const corpus = corpusOf([{ segments }])
  const segmentsOf = async (textsOf: (text: string) => readonly string[]) => {
    const all = turns.map(({ text }) => textsOf(text))
    const vectors = await cache.embed(all.flat(), noProgress)
    let at = 0
    const placed = records.map(({ seq, author: _, ...record }, i) => {
      const own = vectors.slice(at, at + (all[i]?.length ?? 0))
      at += own.length
      const ref = messageRef(packTurn({ turnSeq: seq, turnIndex: 0 }), 0)
      return { kind: record.kind, ref, seq, vectors: own.map(quantise) }
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
    rows: new Map(turns.map(({ id }, row) => [id, row])),
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
