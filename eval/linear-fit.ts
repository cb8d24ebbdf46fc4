// Fits weights so that the evidence of each question has the largest share of all its messages' scores (a softmax).

/** The messages of one question that were compared: a row of features for each, and which of them are evidence. */
export interface Listed {
  readonly features: readonly Float64Array[]
  /** Places in `features`. */
  readonly evidence: readonly number[]
}

const rounds = 12
const leastShare = 1e-6
const leastStep = 1e-3
const leastGain = 1e-3

/** Solves `matrix x = vector` for a symmetric matrix with large diagonal (Cholesky). */
export function solve(matrix: readonly Float64Array[], vector: Float64Array): Float64Array {
  const n = vector.length
  const lower = matrix.map((row) => Float64Array.from(row))
  const at = (i: number, j: number) => (lower[i] as Float64Array)[j] as number
  for (let j = 0; j < n; j++) {
    for (let i = j; i < n; i++) {
      let sum = at(i, j)
      for (let k = 0; k < j; k++) sum -= at(i, k) * at(j, k)
      ;(lower[i] as Float64Array)[j] = i === j ? Math.sqrt(sum) : sum / at(j, j)
    }
  }
  const x = Float64Array.from(vector)
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < i; k++) x[i] = (x[i] as number) - at(i, k) * (x[k] as number)
    x[i] = (x[i] as number) / at(i, i)
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) x[i] = (x[i] as number) - at(k, i) * (x[k] as number)
    x[i] = (x[i] as number) / at(i, i)
  }
  return x
}

/** Standard deviation of each feature over all messages; 1 for one that is always the same. */
function deviationsOf(lists: readonly Listed[], count: number): Float64Array {
  const [sums, squares] = [new Float64Array(count), new Float64Array(count)]
  let rows = 0
  for (const { features } of lists)
    for (const row of features) {
      rows++
      for (let j = 0; j < count; j++) {
        sums[j] = (sums[j] as number) + (row[j] as number)
        squares[j] = (squares[j] as number) + (row[j] as number) ** 2
      }
    }
  return squares.map((square, j) => Math.sqrt(Math.max(0, square / rows - ((sums[j] as number) / rows) ** 2)) || 1)
}

/** How unlikely the evidence of a question is with some weights, and the share of each message. */
function sharesOf({ features, evidence }: Listed, weights: Float64Array) {
  const scores = features.map((row) => {
    let sum = 0
    for (let j = 0; j < row.length; j++) sum += (row[j] as number) * (weights[j] as number)
    return sum
  })
  const highest = scores.reduce((most, score) => Math.max(most, score), Number.NEGATIVE_INFINITY)
  const shares = scores.map((score) => Math.exp(score - highest))
  const total = shares.reduce((sum, share) => sum + share, 0)
  const told = evidence.reduce((sum, i) => sum + (scores[i] as number), 0) / evidence.length
  return { loss: highest + Math.log(total) - told, shares: shares.map((share) => share / total) }
}

/** Adds the gradient and the curvature of one question. */
function addQuestion(
  { features, evidence }: Listed,
  shares: readonly number[],
  gradient: Float64Array,
  curvature: readonly Float64Array[],
): void {
  const count = gradient.length
  const mean = new Float64Array(count)
  for (const [i, row] of features.entries())
    for (let j = 0; j < count; j++) mean[j] = (mean[j] as number) + (shares[i] as number) * (row[j] as number)
  for (let j = 0; j < count; j++) {
    const told = evidence.reduce((sum, i) => sum + ((features[i] as Float64Array)[j] as number), 0) / evidence.length
    gradient[j] = (gradient[j] as number) + (mean[j] as number) - told
  }
  for (const [i, row] of features.entries()) {
    const share = shares[i] as number
    if (share < leastShare) continue
    for (let j = 0; j < count; j++) {
      const off = share * ((row[j] as number) - (mean[j] as number))
      const line = curvature[j] as Float64Array
      for (let k = 0; k <= j; k++) line[k] = (line[k] as number) + off * ((row[k] as number) - (mean[k] as number))
    }
  }
}

function lossOf(lists: readonly Listed[], weights: Float64Array, penalty: number): number {
  const cost = weights.reduce((sum, weight) => sum + weight * weight, 0) * 0.5 * penalty * lists.length
  return lists.reduce((sum, list) => sum + sharesOf(list, weights).loss, cost)
}

/** One step of Newton, as far as it makes the evidence more likely; null where none does. */
function stepFrom(lists: readonly Listed[], weights: Float64Array, penalty: number): Float64Array | null {
  const gradient = weights.map((weight) => weight * penalty * lists.length)
  const curvature = Array.from(weights, (_, j) => {
    const line = new Float64Array(weights.length)
    line[j] = penalty * lists.length
    return line
  })
  for (const list of lists) addQuestion(list, sharesOf(list, weights).shares, gradient, curvature)
  const step = solve(curvature, gradient)
  const before = lossOf(lists, weights, penalty)
  for (let size = 1; size > leastStep; size /= 2) {
    const next = weights.map((weight, j) => weight - size * (step[j] as number))
    if (lossOf(lists, next, penalty) < before - leastGain) return next
  }
  return null
}

/**
 * The weights, one for each place in a row of features, that make the evidence most likely.
 *
 * @param penalty How much a weight costs, by the square of what it adds for one deviation of its feature, per question.
 */
export function fitLinear(lists: readonly Listed[], penalty: number): Float64Array {
  const told = lists.filter(({ evidence }) => evidence.length > 0)
  const count = told[0]?.features[0]?.length ?? 0
  const deviations = deviationsOf(told, count)
  const scaled = told.map(({ features, evidence }) => ({
    evidence,
    features: features.map((row) => row.map((value, j) => value / (deviations[j] as number))),
  }))
  let weights: Float64Array = new Float64Array(count)
  for (let round = 0; round < rounds; round++) {
    const next = stepFrom(scaled, weights, penalty)
    if (next === null) break
    weights = next
  }
  return weights.map((weight, j) => weight / (deviations[j] as number))
}
