/** Segments that one read collects in slices, so that no slice keeps the event loop for long. */

/** Longest time of a slice, milliseconds. */
export const sliceMs = 5

export class CollectedSegments<Segment> {
  readonly #segments = new Map<number, Segment>()

  /**
   * The segments of some numbers, in order. A number always names the same content, so what an earlier slice read is not read
   * again, whatever the cache has dropped since.
   *
   * @param until When the slice ends, on the clock of `performance`.
   * @returns null if the slice ended before all were read.
   */
  collect(numbers: readonly number[], until: number, read: (number: number) => Segment | null): Segment[] | null {
    const found: Segment[] = []
    for (const number of numbers) {
      let segment = this.#segments.get(number)
      if (segment === undefined) {
        if (performance.now() > until) return null
        segment = read(number) ?? undefined
        if (segment === undefined) continue
        this.#segments.set(number, segment)
      }
      found.push(segment)
    }
    return found
  }
}
