/** A bounded cache of segments by their number. Segments that were not used for long are dropped. */

interface Kept<Segment> {
  readonly segment: Segment
  readonly bytes: number
  /** Whether it was used since room was last needed. Setting this is the only cost of a hit. */
  isUsed: boolean
}

export class SegmentCache<Segment> {
  /** In the order in which they are checked when room is needed. */
  readonly #segments = new Map<number, Kept<Segment>>()
  readonly #limit: number
  #bytes = 0

  /** @param limit Bytes of segments kept. */
  constructor(limit: number) {
    this.#limit = limit
  }

  /** The segment of that number, read if it is not here. A number always names the same content. */
  get(number: number, read: (number: number) => { readonly segment: Segment; readonly bytes: number } | null) {
    const known = this.#segments.get(number)
    if (known !== undefined) {
      known.isUsed = true
      return known.segment
    }
    const fresh = read(number)
    if (fresh === null) return null
    this.#bytes += fresh.bytes
    this.#makeRoom()
    this.#segments.set(number, { ...fresh, isUsed: false })
    return fresh.segment
  }

  /** Drops segments until the rest fits; one that was used since its last check is spared once. */
  #makeRoom(): void {
    for (const [number, kept] of this.#segments) {
      if (this.#bytes <= this.#limit) return
      this.#segments.delete(number)
      if (kept.isUsed) {
        kept.isUsed = false
        this.#segments.set(number, kept)
      } else this.#bytes -= kept.bytes
    }
  }

  clear(): void {
    this.#segments.clear()
    this.#bytes = 0
  }
}
