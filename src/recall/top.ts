/** Finds the best of many without sorting all of them. */

/** Of two places with the same score, says whether `left` comes first. Must tell any two places apart. */
type IsFirst = (left: number, right: number) => boolean

/** The places of the `limit` highest scores, in order. Scores that are not above `floor`, or NaN, are skipped. */
export function topOf(scores: Float64Array, limit: number, floor: number, isFirst: IsFirst): Int32Array {
  const isBefore = (left: number, right: number) => {
    const difference = (scores[left] as number) - (scores[right] as number)
    return difference === 0 ? isFirst(left, right) : difference > 0
  }
  const heap = new WorstOnTop(Math.min(limit, scores.length), isBefore)
  if (heap.places.length === 0) return heap.places
  let lowest = floor
  let isFull = false
  for (let place = 0; place < scores.length; place++) {
    const score = scores[place] as number
    // A comparison with NaN is false.
    if (!(isFull ? score >= lowest : score > floor)) continue
    if (!isFull) heap.add(place)
    else if (isBefore(place, heap.places[0] as number)) heap.replaceTop(place)
    else continue
    isFull = heap.size === heap.places.length
    if (isFull) lowest = scores[heap.places[0] as number] as number
  }
  return heap.places.subarray(0, heap.size).sort((left, right) => (isBefore(left, right) ? -1 : 1))
}

/** A heap of places with the last of them on top. */
class WorstOnTop {
  readonly places: Int32Array
  readonly #isBefore: IsFirst
  size = 0

  constructor(capacity: number, isBefore: IsFirst) {
    this.places = new Int32Array(capacity)
    this.#isBefore = isBefore
  }

  add(place: number): void {
    let at = this.size++
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!this.#isBefore(this.places[parent] as number, place)) break
      this.places[at] = this.places[parent] as number
      at = parent
    }
    this.places[at] = place
  }

  replaceTop(place: number): void {
    const { places, size } = this
    let at = 0
    for (let child = 1; child < size; child = 2 * at + 1) {
      if (child + 1 < size && this.#isBefore(places[child] as number, places[child + 1] as number)) child++
      if (!this.#isBefore(place, places[child] as number)) break
      places[at] = places[child] as number
      at = child
    }
    places[at] = place
  }
}
