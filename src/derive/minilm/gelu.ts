/**
 * The activation GELU, `x Φ(x)` with the normal distribution Φ (Hendrycks and Gimpel 2016): read from a table of values and
 * slopes, with a cubic between two of them. It is exact to 1e-9.
 */

/** Beyond it the function is `x` or 0, to 1e-8. */
const range = 6
const stepsPerUnit = 64
/** Terms of the series of Φ: as many as the end of the range needs. */
const terms = 150

/** Φ(x) − ½ by the series whose terms are all of one sign (Marsaglia 2004), which loses no digits, and the density φ(x). */
function normal(x: number): { readonly above: number; readonly density: number } {
  const density = Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI)
  let [sum, term] = [x, x]
  for (let i = 1; i < terms; i++) {
    term *= (x * x) / (2 * i + 1)
    sum += term
  }
  return { above: sum * density, density }
}

/** Value and slope at each step, one after the other. */
function createTable(): Float64Array {
  const count = 2 * range * stepsPerUnit + 1
  const table = new Float64Array(2 * count)
  for (let i = 0; i < count; i++) {
    const x = i / stepsPerUnit - range
    const { above, density } = normal(x)
    table[2 * i] = x * (0.5 + above)
    // A slope over one step.
    table[2 * i + 1] = (0.5 + above + x * density) / stepsPerUnit
  }
  return table
}

let table: Float64Array | null = null

/** Replaces each number by its GELU. */
export function gelu(numbers: Float32Array): void {
  table ??= createTable()
  for (let i = 0; i < numbers.length; i++) {
    const x = numbers[i] as number
    if (x >= range) continue
    if (x <= -range) {
      numbers[i] = 0
      continue
    }
    const place = (x + range) * stepsPerUnit
    const step = Math.floor(place)
    const t = place - step
    const from = table[2 * step] as number
    const slope = table[2 * step + 1] as number
    const to = table[2 * step + 2] as number
    const nextSlope = table[2 * step + 3] as number
    const rise = to - from
    numbers[i] = from + t * (slope + t * (3 * rise - 2 * slope - nextSlope + t * (slope + nextSlope - 2 * rise)))
  }
}
