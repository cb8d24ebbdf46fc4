/** Files of weights in the form "safetensors": a table of tensors as JSON, then their numbers. */
import { openSync, readSync } from 'node:fs'
import { MemoryError } from '../../domain/error.ts'

/** Where a tensor of half precision lies in its file. */
export interface Tensor {
  readonly name: string
  readonly shape: readonly number[]
  /** Of its first byte in the file. */
  readonly offset: number
  /** How many numbers it has, of two bytes each. */
  readonly count: number
}

interface TensorEntry {
  readonly dtype?: unknown
  readonly shape?: unknown
  readonly data_offsets?: unknown
}

const lengthBytes = 8
/** A table of a hundred tensors has 12,000 bytes. */
const longestTable = 1_000_000

function damaged(path: string, what: string, cause?: unknown): MemoryError {
  return new MemoryError('corrupt', {
    message: `The weights of the local embedder are damaged: ${what}.`,
    fix: 'Install their package again.',
    details: { path },
    cause,
  })
}

/** A file of weights, open until the thread ends. Tensors are read when they are asked for. */
export class SafeTensors {
  readonly #path: string
  readonly #file: number
  readonly #table: Readonly<Record<string, TensorEntry>>
  readonly #dataAt: number

  /** @throws MemoryError `corrupt` if it is no such file; the error of the system if it cannot be opened. */
  constructor(path: string) {
    this.#path = path
    this.#file = openSync(path, 'r')
    const length = Number(Buffer.from(this.#read(new Uint8Array(lengthBytes), 0)).readBigUInt64LE())
    if (length > longestTable) throw damaged(path, `a table of ${length} bytes`)
    this.#dataAt = lengthBytes + length
    const table = Buffer.from(this.#read(new Uint8Array(length), lengthBytes)).toString()
    try {
      this.#table = JSON.parse(table) as Readonly<Record<string, TensorEntry>>
    } catch (cause) {
      throw damaged(path, 'their table is no JSON', cause)
    }
  }

  /** @throws MemoryError `corrupt` if there is none of this name and shape, or it has another precision. */
  tensor(name: string, shape: readonly number[]): Tensor {
    const { dtype, shape: own, data_offsets: offsets } = this.#table[name] ?? {}
    const count = shape.reduce((product, size) => product * size, 1)
    const [from, to] = Array.isArray(offsets) ? (offsets as readonly unknown[]) : []
    const isWhole = typeof from === 'number' && to === from + count * 2
    if (dtype !== 'F16' || JSON.stringify(own) !== JSON.stringify(shape) || !isWhole)
      throw damaged(this.#path, `"${name}" is not ${shape.join(' × ')} numbers of 16 bits`)
    return { name, shape, offset: this.#dataAt + from, count }
  }

  /** Reads numbers of a tensor, from the number `first` on: as many as `into` has room for. */
  read({ offset }: Tensor, first: number, into: Uint8Array): void {
    this.#read(into, offset + first * 2)
  }

  #read(into: Uint8Array, at: number): Uint8Array {
    for (let done = 0; done < into.length; ) {
      const read = readSync(this.#file, into, done, into.length - done, at + done)
      if (read === 0) throw damaged(this.#path, `they end after ${at + done} bytes`)
      done += read
    }
    return into
  }
}
