/** Vectors of questions that were asked in this process, so that the same question costs the embedder nothing. */
import { createHash } from 'node:crypto'

/** What an entry takes next to its numbers, bytes: its key, and its place in the map. */
const entryBytes = 200

/** By the digest of the question, which it does not keep; the ones that were not asked for longest go first. */
export class QuestionVectors {
  readonly #vectors = new Map<string, Float32Array>()
  /** The most that they may take, bytes. */
  readonly limitBytes: number
  #bytes = 0

  constructor(limitBytes: number) {
    this.limitBytes = limitBytes
  }

  /** What they take, bytes, about. */
  get bytes(): number {
    return this.#bytes
  }

  /** The vector of a question; `make` makes it if it is not there. A failure is kept nowhere. */
  async of(question: string, make: () => Promise<Float32Array>): Promise<Float32Array> {
    const key = createHash('sha256').update(question).digest('base64')
    const vector = this.#vectors.get(key) ?? (await make())
    this.#take(key)
    this.#vectors.set(key, vector)
    this.#bytes += vector.byteLength + entryBytes
    while (this.#bytes > this.limitBytes) this.#take(this.#vectors.keys().next().value as string)
    return vector
  }

  #take(key: string): void {
    const vector = this.#vectors.get(key)
    if (vector === undefined) return
    this.#vectors.delete(key)
    this.#bytes -= vector.byteLength + entryBytes
  }
}
