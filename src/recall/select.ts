/** Chooses the best of many without putting them in order. */

/** The `most`-th highest of some numbers, of which there are at least as many; changes their order. None is NaN. */
function highestBut(numbers: Float64Array, most: number): number {
  const wanted = most - 1
  let low = 0
  let high = numbers.length - 1
  while (low < high) {
    const pivot = numbers[(low + high) >> 1] as number
    let left = low
    let right = high
    while (left <= right) {
      while ((numbers[left] as number) > pivot) left++
      while ((numbers[right] as number) < pivot) right--
      if (left > right) break
      const one = numbers[left] as number
      numbers[left++] = numbers[right] as number
      numbers[right--] = one
    }
    if (wanted <= right) high = right
    else if (wanted >= left) low = left
    else break
  }
  return numbers[wanted] as number
}

/** Numbers to choose from, kept from one question to the next: it is filled again by each. */
let chosenFrom = new Float64Array(4_096)

/**
 * The places of the `most` highest scores among those that compete, of equal ones the last, and all places that are `always` in;
 * in order. No score is NaN.
 */
export function highestPlaces(
  scores: Float64Array,
  most: number,
  competes: (place: number) => boolean,
  always: (place: number) => boolean,
): Int32Array {
  const { length } = scores
  if (chosenFrom.length < length) chosenFrom = new Float64Array(length)
  let count = 0
  for (let i = 0; i < length; i++) if (competes(i)) chosenFrom[count++] = scores[i] as number
  const numbers = chosenFrom.subarray(0, count)
  const least = count <= most ? Number.NEGATIVE_INFINITY : highestBut(numbers, most)
  let [above, equal] = [0, 0]
  for (let i = 0; i < count; i++) {
    if ((numbers[i] as number) > least) above++
    else if (numbers[i] === least) equal++
  }
  const places = new Int32Array(length)
  let kept = 0
  let skipped = above + equal - Math.min(most, count)
  for (let i = 0; i < length; i++) {
    const score = scores[i] as number
    if (!competes(i) || score > least || (score === least && --skipped < 0) || always(i)) places[kept++] = i
  }
  return places.subarray(0, kept)
}
