/** How segments are laid out in bytes: short numbers, texts, and aligned columns of fixed width. */
import { invariant } from '../error.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** Writes numbers and texts in as few bytes as they need. */
export class ByteWriter {
  #bytes = new Uint8Array(2_048)
  length = 0

  #grow(by: number): void {
    if (this.length + by <= this.#bytes.length) return
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.length + by))
    larger.set(this.#bytes)
    this.#bytes = larger
  }

  /** Seven bits a byte, low ones first, up to 2^53. */
  number(value: number): void {
    this.#grow(8)
    let rest = value
    while (rest >= 128) {
      this.#bytes[this.length++] = (rest % 128) | 128
      rest = Math.floor(rest / 128)
    }
    this.#bytes[this.length++] = rest
  }

  signed(value: number): void {
    this.number(value < 0 ? -2 * value - 1 : 2 * value)
  }

  text(value: string): void {
    const bytes = encoder.encode(value)
    this.number(bytes.length)
    this.#grow(bytes.length)
    this.#bytes.set(bytes, this.length)
    this.length += bytes.length
  }

  /** Goes on at the next multiple of `bytes`. */
  align(bytes: number): void {
    this.#grow(bytes)
    while (this.length % bytes !== 0) this.#bytes[this.length++] = 0
  }

  float(value: number): void {
    this.#grow(4)
    new DataView(this.#bytes.buffer).setFloat32(this.length, value, true)
    this.length += 4
  }

  bytes(values: Uint8Array): void {
    this.#grow(values.length)
    this.#bytes.set(values, this.length)
    this.length += values.length
  }

  done(): Uint8Array {
    return this.#bytes.slice(0, this.length)
  }
}

/** Reads what a {@link ByteWriter} wrote. */
export class ByteReader {
  readonly #bytes: Uint8Array
  at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  number(): number {
    let value = 0
    let scale = 1
    for (;;) {
      const byte = this.#bytes[this.at++]
      invariant(byte !== undefined, 'a segment is whole')
      value += (byte & 127) * scale
      if (byte < 128) return value
      scale *= 128
    }
  }

  /** How many things of at least a byte each follow: never more than there are bytes. */
  count(): number {
    const count = this.number()
    invariant(count <= this.#bytes.length - this.at, 'a segment is whole')
    return count
  }

  signed(): number {
    const value = this.number()
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2
  }

  text(): string {
    const length = this.count()
    this.at += length
    return decoder.decode(this.#bytes.subarray(this.at - length, this.at))
  }

  /** Goes on at the next multiple of `bytes`. */
  align(bytes: number): void {
    this.at += (bytes - (this.at % bytes)) % bytes
  }

  /** The next bytes where they lie, not a copy. */
  bytes(count: number): Uint8Array {
    const bytes = this.#bytes.subarray(this.at, this.at + count)
    invariant(bytes.length === count, 'a segment is whole')
    this.at += count
    return bytes
  }

  words(count: number): Uint32Array {
    this.align(4)
    return new Uint32Array(this.bytes(4 * count).slice().buffer)
  }

  floats(count: number): Float32Array {
    this.align(4)
    return new Float32Array(this.bytes(4 * count).slice().buffer)
  }
}
