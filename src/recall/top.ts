/** The best of many without sorting all of them. */

/** Says whether the place `left` comes before `right`. Must tell any two places apart. */
export type IsBefore = (left: number, right: number) => boolean

/** The first `limit` of the places 0 to `count`, in order. */
export function topOf(count: number, limit: number, isBefore: IsBefore): Int32Array {
  // A heap with the last of the chosen ones on top.
  const heap = new Int32Array(Math.min(count, limit))
  let size = 0
  const sink = (place: number) => {
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= size) break
      if (child + 1 < size && isBefore(heap[child] as number, heap[child + 1] as number)) child++
      if (!isBefore(place, heap[child] as number)) break
      heap[at] = heap[child] as number
      at = child
    }
    heap[at] = place
  }
  const rise = (place: number) => {
    let at = size++
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!isBefore(heap[parent] as number, place)) break
      heap[at] = heap[parent] as number
      at = parent
    }
    heap[at] = place
  }
  for (let place = 0; place < count; place++) {
    if (size < heap.length) rise(place)
    else if (size > 0 && isBefore(place, heap[0] as number)) sink(place)
  }
  return heap.sort((left, right) => (isBefore(left, right) ? -1 : 1))
}
