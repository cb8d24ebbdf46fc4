/** A bounded cache of segments by their number; the longest unused ones give way. */

export class SegmentCache<Segment> {
  readonly #segments = new Map<number, { readonly segment: Segment; readonly bytes: number }>()
  readonly #limit: number
  #bytes = 0

  /** @param limit Bytes of segments kept. */
  constructor(limit: number) {
    this.#limit = limit
  }

  /** The segment of that number, read if it is not here. A number always names the same content. */
  get(number: number, read: () => { readonly segment: Segment; readonly bytes: number } | null): Segment | null {
    const known = this.#segments.get(number)
    if (known !== undefined) {
      this.#segments.delete(number)
      this.#segments.set(number, known)
      return known.segment
    }
    const fresh = read()
    if (fresh === null) return null
    this.#segments.set(number, fresh)
    this.#bytes += fresh.bytes
    for (const [oldest, { bytes }] of this.#segments) {
      if (this.#bytes <= this.#limit || oldest === number) break
      this.#segments.delete(oldest)
      this.#bytes -= bytes
    }
    return fresh.segment
  }

  clear(): void {
    this.#segments.clear()
    this.#bytes = 0
  }
}
