/** The kernel that multiplies matrices, and its memory: numbers of 32 bits at addresses that this file gives out. */
import { MemoryError } from '../../domain/error.ts'
import { type KernelMemory, kernelPageBytes, loadKernel } from '../../domain/wasm-kernel.ts'
import { linearModule } from './linear-module.ts'

/** A matrix in the kernel's memory: where it begins, and the bytes from the beginning of a row to the next. */
export interface Matrix {
  readonly at: number
  readonly step: number
}

interface LinearExports {
  readonly memory: KernelMemory
  widen(from: number, count: number, to: number): void
  multiply(
    x: number,
    other: number,
    out: number,
    rows: number,
    inner: number,
    columns: number,
    xStep: number,
    otherStep: number,
    outStep: number,
  ): void
  linear(
    x: number,
    weights: number,
    bias: number,
    out: number,
    rows: number,
    inner: number,
    columns: number,
    room: number,
  ): void
}

/** The sizes of a product: `rows` and `inner` are multiples of 4, `columns` is even, and none is 0. */
interface ProductShape {
  readonly rows: number
  readonly inner: number
  readonly columns: number
}

/** Weights of half precision, row by row, and a bias for each row; both as addresses. */
export interface Dense {
  readonly weights: number
  readonly bias: number
  /** How many numbers a row of weights has: a multiple of 4. */
  readonly inner: number
  /** How many rows there are: an even number. */
  readonly columns: number
  /** An address with room for two rows of 32 bits. */
  readonly room: number
}

/** Each area begins at a multiple of this. The first one is never given out. */
const unitBytes = 64

function noVectors(): MemoryError {
  return new MemoryError('unsupported', {
    message: 'The local embedder needs WebAssembly with vectors of 128 bits, which this Node does not run.',
    fix: 'Start Node without --jitless, or pass another embedder. Recall searches only words meanwhile.',
  })
}

/** One instance of the kernel. */
export class LinearKernel {
  readonly #exports: LinearExports
  #end = unitBytes

  /** @throws MemoryError `unsupported` where Node cannot run it. */
  constructor() {
    const kernel = loadKernel<LinearExports>(linearModule)
    if (kernel === null) throw noVectors()
    this.#exports = kernel
  }

  /** The address of an area for so many numbers. Views that were made before are no longer valid. */
  take(numbers: number): number {
    const at = this.#end
    this.#end += Math.ceil((numbers * 4) / unitBytes) * unitBytes
    const { memory } = this.#exports
    const needed = this.#end - memory.buffer.byteLength
    if (needed > 0) memory.grow(Math.ceil(needed / kernelPageBytes))
    return at
  }

  /** The numbers at an address. */
  numbers(at: number, count: number): Float32Array {
    return new Float32Array(this.#exports.memory.buffer, at, count)
  }

  /** The bytes at an address. */
  bytes(at: number, count: number): Uint8Array {
    return new Uint8Array(this.#exports.memory.buffer, at, count)
  }

  /** Writes `count` numbers of 16 bits to another address as numbers of 32 bits; `count` is a multiple of 4. */
  widen(from: number, count: number, to: number): void {
    this.#exports.widen(from, count, to)
  }

  /** Writes to each row and column of `out` the dot product of that row of `x` with that row of `other`. */
  multiply(x: Matrix, other: Matrix, out: Matrix, { rows, inner, columns }: ProductShape): void {
    this.#exports.multiply(x.at, other.at, out.at, rows, inner, columns, x.step, other.step, out.step)
  }

  /** The same with weights and a bias; the rows of `x` and `out`, by their addresses, lie one after the other. */
  linear(x: number, { weights, bias, inner, columns, room }: Dense, out: number, rows: number): void {
    this.#exports.linear(x, weights, bias, out, rows, inner, columns, room)
  }
}
