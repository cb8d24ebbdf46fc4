/**
 * The model all-MiniLM-L6-v2: a small BERT (Devlin et al. 2018) whose outputs are averaged to one vector of length 1 (Reimers and
 * Gurevych 2019). It runs here, and in no package, because the time that a process takes to its first vector is the time that its
 * first recall waits: this code reads only what a text needs.
 */
import { readFileSync } from 'node:fs'
import { gelu } from './gelu.ts'
import { LinearKernel, type Matrix } from './linear-kernel.ts'
import { SafeTensors } from './safetensors.ts'
import { type Layer, type ModelConfig, type Norm, numberBytes, Weights } from './weights.ts'
import { openWordPieces, type WordPieces } from './word-pieces.ts'

/** What a package of weights says of itself. */
export interface ModelFiles {
  readonly weightsPath: string
  readonly tokenizerPath: string
  readonly configPath: string
  /** The longest text, in pieces of words. */
  readonly maxTokens: number
}

/** Where the kernel's memory holds what is computed of a text, with room for the longest one. */
interface Areas {
  readonly x: Matrix
  readonly query: Matrix
  readonly key: Matrix
  readonly value: Matrix
  readonly mixed: Matrix
  readonly wide: Matrix
  /** The values of a layer with rows and columns exchanged. */
  readonly turned: number
  /** How much each piece looks at each other one. */
  readonly scores: number
}

/** The kernel takes rows by four; the rows that fill up are no part of the text. */
const rowsAtOnce = 4

/** Scores as shares of 1, row by row, over the first `count` columns of `step`; 0 in the others. */
function softmax(scores: Float32Array, count: number, step: number, factor: number): void {
  for (let at = 0; at < scores.length; at += step) {
    let best = Number.NEGATIVE_INFINITY
    for (let i = 0; i < count; i++) best = Math.max(best, scores[at + i] as number)
    let sum = 0
    for (let i = 0; i < count; i++) {
      const share = Math.exp(((scores[at + i] as number) - best) * factor)
      scores[at + i] = share
      sum += share
    }
    for (let i = 0; i < count; i++) scores[at + i] = (scores[at + i] as number) / sum
    scores.fill(0, at + count, at + step)
  }
}

/** The mean of the first `count` rows, at length 1. */
function meanOf(x: Float32Array, count: number, size: number): Float32Array<ArrayBuffer> {
  const mean = new Float32Array(size)
  for (let at = 0; at < count * size; at++) mean[at % size] = (mean[at % size] as number) + (x[at] as number)
  let squares = 0
  for (let i = 0; i < size; i++) squares += (mean[i] as number) ** 2
  const length = Math.sqrt(squares)
  return mean.map((value) => value / length)
}

/** The model, loaded. */
export class MiniLm {
  readonly #kernel = new LinearKernel()
  readonly #pieces: WordPieces
  readonly #config: ModelConfig
  readonly #maxTokens: number
  readonly #weights: Weights
  readonly #areas: Areas

  /**
   * Reads the files, which stay open.
   *
   * @throws MemoryError `corrupt` if the weights are damaged; `unsupported` where Node cannot run the kernel.
   */
  static async load(files: ModelFiles): Promise<MiniLm> {
    return new MiniLm(files, await openWordPieces(files.tokenizerPath))
  }

  private constructor({ weightsPath, configPath, maxTokens }: ModelFiles, pieces: WordPieces) {
    this.#config = JSON.parse(readFileSync(configPath, 'utf8')) as ModelConfig
    this.#pieces = pieces
    this.#maxTokens = maxTokens
    this.#weights = new Weights(this.#kernel, new SafeTensors(weightsPath), this.#config)
    this.#areas = this.#takeAreas(Math.ceil(maxTokens / rowsAtOnce) * rowsAtOnce)
  }

  /** The vector of a text, of length 1. What is beyond `maxTokens` is not read. */
  embed(text: string): Float32Array<ArrayBuffer> {
    const pieces = this.#pieces(text, this.#maxTokens)
    const rows = Math.ceil(pieces.length / rowsAtOnce) * rowsAtOnce
    const x = this.#look(pieces, rows)
    for (const layer of this.#weights.layers) this.#run(layer, pieces.length, rows)
    return meanOf(x, pieces.length, this.#config.hidden_size)
  }

  #takeAreas(rows: number): Areas {
    const { hidden_size: size, intermediate_size: wide } = this.#config
    const matrix = (columns: number): Matrix => {
      return { at: this.#kernel.take(rows * columns), step: columns * numberBytes }
    }
    const [x, query, key, value, mixed] = [matrix(size), matrix(size), matrix(size), matrix(size), matrix(size)]
    const [turned, scores] = [this.#kernel.take(rows * size), this.#kernel.take(rows * rows)]
    return { x, query, key, value, mixed, wide: matrix(wide), turned, scores }
  }

  /** The vectors of the pieces and of their places, added. */
  #look(pieces: readonly number[], rows: number): Float32Array {
    const { hidden_size: size } = this.#config
    const { x } = this.#areas
    for (const [row, piece] of pieces.entries()) this.#weights.readWord(piece, x.at + row * x.step)
    const all = this.#kernel.numbers(x.at, rows * size)
    all.fill(0, pieces.length * size)
    this.#addAndNorm(all, this.#kernel.numbers(this.#weights.places, rows * size), this.#weights.norm)
    return all
  }

  /** Adds rows to others and brings each to mean 0 and deviation 1, scaled by what was learned (Ba et al. 2016). */
  #addAndNorm(x: Float32Array, added: Float32Array, norm: Norm): void {
    const { hidden_size: size, layer_norm_eps: least } = this.#config
    const factors = this.#kernel.numbers(norm.factors, size)
    const bias = this.#kernel.numbers(norm.bias, size)
    for (let at = 0; at < x.length; at += size) {
      let sum = 0
      for (let i = at; i < at + size; i++) {
        const value = (x[i] as number) + (added[i] as number)
        x[i] = value
        sum += value
      }
      const mean = sum / size
      let squares = 0
      for (let i = at; i < at + size; i++) squares += ((x[i] as number) - mean) ** 2
      const scale = 1 / Math.sqrt(squares / size + least)
      for (let i = 0; i < size; i++)
        x[at + i] = ((x[at + i] as number) - mean) * scale * (factors[i] as number) + (bias[i] as number)
    }
  }

  /** One layer: each piece looks at all others, then is worked on by itself. */
  #run(layer: Layer, count: number, rows: number): void {
    const { hidden_size: size, intermediate_size: wideSize } = this.#config
    const { x, query, key, value, mixed, wide } = this.#areas
    const all = this.#kernel.numbers(x.at, rows * size)
    this.#kernel.linear(x.at, layer.query, query.at, rows)
    this.#kernel.linear(x.at, layer.key, key.at, rows)
    this.#kernel.linear(x.at, layer.value, value.at, rows)
    this.#attend(count, rows)
    // What was asked is needed no more.
    this.#kernel.linear(mixed.at, layer.mixed, query.at, rows)
    this.#addAndNorm(all, this.#kernel.numbers(query.at, rows * size), layer.mixedNorm)
    this.#kernel.linear(x.at, layer.wide, wide.at, rows)
    gelu(this.#kernel.numbers(wide.at, rows * wideSize))
    this.#kernel.linear(wide.at, layer.narrow, mixed.at, rows)
    this.#addAndNorm(all, this.#kernel.numbers(mixed.at, rows * size), layer.narrowNorm)
  }

  /** Mixes the values of all pieces for each, by how well its query fits their keys, head by head. */
  #attend(count: number, rows: number): void {
    const { hidden_size: size, num_attention_heads: heads } = this.#config
    const { query, key, mixed, scores } = this.#areas
    const width = size / heads
    const turned = this.#turn(rows)
    const table = { at: scores, step: rows * numberBytes }
    const shares = this.#kernel.numbers(scores, rows * rows)
    for (let head = 0; head < heads; head++) {
      const shift = head * width * numberBytes
      const own = ({ at, step }: Matrix): Matrix => ({ at: at + shift, step })
      this.#kernel.multiply(own(query), own(key), table, { rows, inner: width, columns: rows })
      softmax(shares, count, rows, 1 / Math.sqrt(width))
      const values = { at: turned.at + head * width * turned.step, step: turned.step }
      this.#kernel.multiply(table, values, own(mixed), { rows, inner: rows, columns: width })
    }
  }

  /** The values with rows and columns exchanged, as the kernel takes the second matrix of a product. */
  #turn(rows: number): Matrix {
    const { hidden_size: size } = this.#config
    const { value, turned } = this.#areas
    const from = this.#kernel.numbers(value.at, rows * size)
    const to = this.#kernel.numbers(turned, rows * size)
    for (let row = 0; row < rows; row++)
      for (let i = 0; i < size; i++) to[i * rows + row] = from[row * size + i] as number
    return { at: turned, step: rows * numberBytes }
  }
}
