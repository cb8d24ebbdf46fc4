/** An embedder for tests: its vectors depend only on the words of a text, and are the same on every machine. */
import { setTimeout as wait } from 'node:timers/promises'
import { MemoryError } from '../domain/error.ts'
import type { Embedder, Embedding, EmbedOptions } from '../ports/embedder.ts'

/** One call that a scripted embedder got. */
export interface EmbedCall {
  /** 1 for the first call. */
  readonly number: number
  /** The texts to embed. */
  readonly texts: readonly string[]
  /** What they are for. */
  readonly purpose: 'query' | 'record'
}

/** Options of `scriptedEmbedder`. */
export interface ScriptedEmbedderOptions {
  /** Default: `scripted/1`. */
  readonly id?: string
  /** Default: 64. */
  readonly dimensions?: number
  /** Default: 180. */
  readonly maxWords?: number
  /** Default: 16. */
  readonly batchSize?: number
  /** Words that mean another one, lower-cased: `{ automobile: 'car' }` makes the two the same to this embedder. */
  readonly meanings?: Readonly<Record<string, string>>
  /** The vector of a text, instead of {@link vectorOfWords}. */
  readonly vectorOf?: (text: string) => Embedding
  /** Changes its answer: leave vectors out, or damage them. */
  readonly answer?: (vectors: readonly Embedding[], call: EmbedCall) => readonly Embedding[]
  /** A call for which this returns an error fails with it. */
  readonly fail?: (call: EmbedCall) => Error | undefined
  /** Milliseconds before it answers; default: none, it answers in the same tick. */
  readonly delayMs?: number
}

/** An embedder for tests that records its calls. */
export interface ScriptedEmbedder extends Embedder {
  /** Length of its vectors. */
  readonly dimensions: number
  /** Every call so far, failed ones included. */
  readonly calls: readonly EmbedCall[]
  /** Closes it: later calls fail with `closed`. */
  close(): Promise<void>
}

function hashOf(word: string): number {
  let hash = 0x811c9dc5
  for (const character of word) hash = Math.imul(hash ^ (character.codePointAt(0) as number), 0x01000193)
  return hash
}

/** Adds a direction that belongs to a word alone: plus or minus one in every dimension, by a xorshift of its hash. */
function addDirection(word: string, vector: Float32Array): void {
  let state = hashOf(word) | 1
  for (let i = 0; i < vector.length; i++) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    vector[i] = (vector[i] as number) + (state < 0 ? -1 : 1)
  }
}

/**
 * The sum of the directions of a text's words, in any order, whatever their case. Texts that share words point the same
 * way, the more the greater their share; others are about at right angles. A text without words has a direction too.
 */
export function vectorOfWords(
  text: string,
  dimensions: number,
  meanings: Readonly<Record<string, string>> = {},
): Float32Array {
  const vector = new Float32Array(dimensions)
  const words =
    text
      .normalize('NFKC')
      .toLowerCase()
      .match(/[\p{L}\p{M}\p{N}]+/gu) ?? []
  for (const word of words) addDirection(Object.hasOwn(meanings, word) ? (meanings[word] as string) : word, vector)
  if (vector.every((value) => value === 0)) addDirection('', vector)
  return vector
}

/** Makes an embedder that needs no model and no network. */
export function scriptedEmbedder(options: ScriptedEmbedderOptions = {}): ScriptedEmbedder {
  const { id = 'scripted/1', dimensions = 64, maxWords = 180, batchSize = 16, delayMs, meanings } = options
  const vectorOf = options.vectorOf ?? ((text: string) => vectorOfWords(text, dimensions, meanings))
  const calls: EmbedCall[] = []
  let isClosed = false

  async function embed(texts: readonly string[], { purpose = 'record', signal }: EmbedOptions = {}) {
    if (isClosed) throw new MemoryError('closed', { message: 'This embedder is closed.', fix: 'Make another one.' })
    const call: EmbedCall = { number: calls.length + 1, texts: [...texts], purpose }
    calls.push(call)
    signal?.throwIfAborted()
    if (delayMs !== undefined) await wait(delayMs, undefined, signal === undefined ? {} : { signal })
    const error = options.fail?.(call)
    if (error !== undefined) throw error
    const vectors = texts.map(vectorOf)
    return options.answer === undefined ? vectors : options.answer(vectors, call)
  }

  async function close(): Promise<void> {
    isClosed = true
  }

  return { id, dimensions, maxWords, batchSize, calls, embed, close }
}
