/** The weights of a small BERT in the kernel's memory: what each layer computes with, and the vectors of words and places. */
import type { Dense, LinearKernel } from './linear-kernel.ts'
import type { SafeTensors, Tensor } from './safetensors.ts'

/** What is read of a model's `config.json`. */
export interface ModelConfig {
  readonly hidden_size: number
  readonly intermediate_size: number
  readonly num_attention_heads: number
  readonly num_hidden_layers: number
  readonly vocab_size: number
  readonly max_position_embeddings: number
  readonly type_vocab_size: number
  readonly layer_norm_eps: number
}

/** The addresses of a norm's factors and of what is added. */
export interface Norm {
  readonly factors: number
  readonly bias: number
}

/** A layer, in the order in which it computes. */
export interface Layer {
  readonly query: Dense
  readonly key: Dense
  readonly value: Dense
  readonly mixed: Dense
  readonly mixedNorm: Norm
  readonly wide: Dense
  readonly narrow: Dense
  readonly narrowNorm: Norm
}

export const numberBytes = 4
const halfBytes = 2

/** Reads tensors into the kernel's memory. */
export class Weights {
  readonly #kernel: LinearKernel
  readonly #files: SafeTensors
  readonly #size: number
  readonly #words: Tensor
  /** Where numbers of half precision are read to, before they are made whole. */
  readonly #halves: number
  /** Where the kernel widens rows of weights. */
  readonly #room: number
  /** The address of one vector for each place in a text. */
  readonly places: number
  readonly norm: Norm
  readonly layers: readonly Layer[]

  /**
   * Half of all weights are the vectors of words: they stay in the file, and each is read when a text has its word.
   *
   * @throws MemoryError `corrupt` if a tensor is missing or has another shape.
   */
  constructor(kernel: LinearKernel, files: SafeTensors, config: ModelConfig) {
    const { hidden_size: size, intermediate_size: wide, max_position_embeddings: places } = config
    this.#kernel = kernel
    this.#files = files
    this.#size = size
    this.#halves = kernel.take((size * places) / halfBytes)
    this.#room = kernel.take(2 * Math.max(size, wide))
    this.#words = files.tensor('embeddings.word_embeddings.weight', [config.vocab_size, size])
    this.places = this.#load('embeddings.position_embeddings.weight', [places, size])
    this.#addKind(config.type_vocab_size, places)
    this.norm = this.#normOf('embeddings.LayerNorm')
    this.layers = Array.from({ length: config.num_hidden_layers }, (_, i) => this.#layer(`encoder.layer.${i}`, wide))
  }

  /** Writes the vector of a piece of a word to an address. */
  readWord(piece: number, to: number): void {
    this.#read(this.#words, piece * this.#size, this.#size, to)
  }

  #read(tensor: Tensor, first: number, count: number, to: number): void {
    this.#files.read(tensor, first, this.#kernel.bytes(this.#halves, count * halfBytes))
    this.#kernel.widen(this.#halves, count, to)
  }

  #load(name: string, shape: readonly number[]): number {
    const tensor = this.#files.tensor(name, shape)
    const at = this.#kernel.take(tensor.count)
    this.#read(tensor, 0, tensor.count, at)
    return at
  }

  /** A text is of the first kind throughout, so that kind's vector belongs to every place. */
  #addKind(kinds: number, places: number): void {
    const kind = this.#load('embeddings.token_type_embeddings.weight', [kinds, this.#size])
    const added = this.#kernel.numbers(kind, this.#size)
    const all = this.#kernel.numbers(this.places, places * this.#size)
    for (let i = 0; i < all.length; i++) all[i] = (all[i] as number) + (added[i % this.#size] as number)
  }

  #normOf(name: string): Norm {
    const size = [this.#size]
    return { factors: this.#load(`${name}.weight`, size), bias: this.#load(`${name}.bias`, size) }
  }

  #dense(name: string, columns: number, inner: number): Dense {
    const tensor = this.#files.tensor(`${name}.weight`, [columns, inner])
    const weights = this.#kernel.take(tensor.count / halfBytes)
    // They stay as they are in the file: half the memory, and half of what each text has to read of it.
    this.#files.read(tensor, 0, this.#kernel.bytes(weights, tensor.count * halfBytes))
    return { weights, bias: this.#load(`${name}.bias`, [columns]), inner, columns, room: this.#room }
  }

  #layer(name: string, wide: number): Layer {
    const size = this.#size
    return {
      query: this.#dense(`${name}.attention.self.query`, size, size),
      key: this.#dense(`${name}.attention.self.key`, size, size),
      value: this.#dense(`${name}.attention.self.value`, size, size),
      mixed: this.#dense(`${name}.attention.output.dense`, size, size),
      mixedNorm: this.#normOf(`${name}.attention.output.LayerNorm`),
      wide: this.#dense(`${name}.intermediate.dense`, wide, size),
      narrow: this.#dense(`${name}.output.dense`, size, wide),
      narrowNorm: this.#normOf(`${name}.output.LayerNorm`),
    }
  }
}
