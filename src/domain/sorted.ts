/** Numbers in rising order. */

/** How many numbers are below a number: its first place, or the place where it would be. */
export function placeIn(sorted: Uint32Array | Float64Array, value: number): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((sorted[middle] as number) < value) low = middle + 1
    else high = middle
  }
  return low
}
