// The pipeline fed by hand: turns become packed segments, and vectors come from the cache.
import type { Actor } from '../src/domain/actor.ts'
import { packTurn } from '../src/domain/id.ts'
import { type IndexedRecord, messageRef, packWords, shareOut, unpackWords } from '../src/domain/word-segment.ts'
import { analyse, analyserVersion } from '../src/domain/words.ts'
import { corpusOf } from '../src/recall/corpus.ts'
import { planOf } from '../src/recall/plan.ts'
import { rank } from '../src/recall/rank.ts'
import type { EmbeddingCache } from './embedding-cache.ts'
import type { TakeIn } from './memory.ts'
import type { Turn } from './questions.ts'

function recordOf(turn: Turn, place: number, author: Actor): IndexedRecord {
  return {
    kind: 'message',
    ref: messageRef(packTurn({ turnSeq: place + 2, turnIndex: 0 }), 0),
    seq: place + 2,
    thread: 1,
    author,
    minute: Math.floor(Date.parse(turn.at) / 60_000),
    chars: turn.text.length,
    isQuestion: turn.text.trimEnd().endsWith('?'),
    isSuperseded: false,
    ...analyse(turn.text, 'english'),
  }
}

function dot(left: Float32Array, right: Float32Array): number {
  let sum = 0
  for (let i = 0; i < left.length; i++) sum += (left[i] as number) * (right[i] as number)
  return sum
}

/** Feeds the pipeline directly, without a storage beneath. */
export function pipelineMemory(embedder: EmbeddingCache, onProgress: (done: number, total: number) => void): TakeIn {
  return async ({ turns }) => {
    const names = [...new Set(turns.map((turn) => turn.author))]
    const authors = new Map(names.map((name, i): [string, Actor] => [name, { kind: 'user', id: `u${i}`, name }]))
    const records = turns.map((turn, place) => recordOf(turn, place, authors.get(turn.author) as Actor))
    const segments = shareOut(records).map((share) => unpackWords(packWords(share, analyserVersion)))
    const texts = turns.map(({ text }) => text)
    const vectors = await embedder.embed(texts, onProgress)
    return {
      async recall(question, mode, topK) {
        const started = performance.now()
        const corpus = corpusOf([{ segments }])
        const plan = planOf(corpus, question, 'english')
        const planned = performance.now()
        const asked = mode === 'keyword' ? null : (await embedder.embed([plan.bare], () => {}))[0]
        const embedded = performance.now()
        const similarities = asked ? Float32Array.from(vectors, (vector) => dot(vector, asked)) : null
        const { rows } = rank(corpus, { plan, mode, similarities, limit: topK, topK })
        const ms = planned - started + (performance.now() - embedded)
        return { ids: rows.map(({ row }) => turns[row]?.id as string), ms }
      },
    }
  }
}
