/** Dot products of many int8 rows with one query: a WebAssembly SIMD kernel, and the same in plain JavaScript. */
import { invariant } from '../../domain/error.ts'
import { type KernelMemory, kernelPageBytes, loadKernel } from '../../domain/wasm-kernel.ts'
import { dotModule } from './dot-module.ts'

/**
 * Writes to `into` the dot product of each row of `values` with the query. A row has as many numbers as the query: a
 * multiple of 16. Exact as long as no product leaves 32 bits; see {@link quantiseQuery}.
 */
export type Dots = (values: Int8Array, query: Int16Array, into: Int32Array) => void

/** A query of unit length in whole steps: `values[i] * scale` is about its `i`-th number. */
interface QuantisedQuery {
  readonly scale: number
  readonly values: Int16Array
}

interface Kernel {
  readonly memory: KernelMemory
  dots(rows: number, count: number, stride: number, query: number, out: number): void
}

/** Rows copied at once, bytes: they stay in a processor's second cache. */
const copiedBytes = 256 * 1024

/**
 * Brings a query to length 32,767 and pads it to `stride`. No number leaves 16 bits, and since a row of `n` numbers has
 * a length of at most 127 √n, no sum leaves 32 bits below 260,000 dimensions.
 */
export function quantiseQuery(query: readonly number[] | Float32Array, stride: number): QuantisedQuery {
  let squares = 0
  for (let i = 0; i < query.length; i++) squares += (query[i] as number) ** 2
  invariant(squares > 0 && Number.isFinite(squares), 'a query has a length')
  const factor = 32_767 / Math.sqrt(squares)
  const values = new Int16Array(stride)
  for (let i = 0; i < query.length; i++) values[i] = Math.round((query[i] as number) * factor)
  return { scale: 1 / 32_767, values }
}

/** {@link Dots} without WebAssembly: about ten times slower, and what the kernel is tested against. */
export const plainDots: Dots = (values, query, into) => {
  const stride = query.length
  for (let row = 0, at = 0; at < values.length; row++) {
    let sum = 0
    for (let i = 0; i < stride; i++) sum += (values[at++] as number) * (query[i] as number)
    into[row] = sum
  }
}

/** Makes {@link Dots} over a memory of its own of about 320 KiB. */
export function createDots(): Dots {
  const kernel = loadKernel<Kernel>(dotModule)
  // Then the same is done in JavaScript.
  if (kernel === null) return plainDots
  const { memory, dots } = kernel
  let known: Views | null = null
  return (values, query, into) => {
    const stride = query.length
    if (known?.stride !== stride) known = viewsOf(memory, stride)
    const { rowsAtOnce, outAt, rowsAt, rows, out } = known
    const count = values.length / stride
    known.query.set(query)
    for (let first = 0; first < count; first += rowsAtOnce) {
      const some = Math.min(rowsAtOnce, count - first)
      rows.set(some === count ? values : values.subarray(first * stride, (first + some) * stride))
      dots(rowsAt, some, stride, 0, outAt)
      into.set(some === rowsAtOnce ? out : out.subarray(0, some), first)
    }
  }
}

/** Where things lie in the kernel's memory for vectors of one size. Nobody else makes that memory grow. */
interface Views {
  readonly stride: number
  readonly rowsAtOnce: number
  readonly outAt: number
  readonly rowsAt: number
  readonly query: Int16Array
  readonly out: Int32Array
  readonly rows: Int8Array
}

function viewsOf(memory: Kernel['memory'], stride: number): Views {
  const rowsAtOnce = Math.max(1, Math.floor(copiedBytes / stride))
  // The query lies first, then the sums, then the rows; each begins at a multiple of 16.
  const outAt = stride * 2
  const rowsAt = outAt + Math.ceil(rowsAtOnce / 4) * 16
  const needed = rowsAt + rowsAtOnce * stride - memory.buffer.byteLength
  if (needed > 0) memory.grow(Math.ceil(needed / kernelPageBytes))
  const { buffer } = memory
  return {
    stride,
    rowsAtOnce,
    outAt,
    rowsAt,
    query: new Int16Array(buffer, 0, stride),
    out: new Int32Array(buffer, outAt, rowsAtOnce),
    rows: new Int8Array(buffer, rowsAt),
  }
}
