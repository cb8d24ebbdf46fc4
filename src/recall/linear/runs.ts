/** Runs: consecutive messages of one author in a session. What stands around a message is runs, not single messages. */
import type { Corpus } from '../records/corpus.ts'

/** All runs of some rows, by number. A row that is no message has none. */
export interface Runs {
  readonly count: number
  /** The run of each row; -1 for a row that is no message. */
  readonly of: Int32Array
  /** First and last row of each run, in the order of its thread. */
  readonly first: Int32Array
  readonly last: Int32Array
  /** The run before and behind it in the same session; -1 if none. */
  readonly before: Int32Array
  readonly after: Int32Array
}

/** By a column of the rows: it is another one as soon as a row is added or linked otherwise. */
const known = new WeakMap<Int32Array, Runs>()

/**
 * The runs of a corpus. Links never lead from a message in scope to one that is not, so that the runs are the same
 * whatever else is in scope.
 */
export function runsOf({ columns, count: rows }: Corpus): Runs {
  const found = known.get(columns.previous)
  if (found !== undefined) return found
  const { previous, next, sessions, authors } = columns
  const isOneRun = (row: number, other: number) =>
    other !== -1 && sessions[other] === sessions[row] && authors[other] === authors[row]
  const of = new Int32Array(rows).fill(-1)
  const first: number[] = []
  const last: number[] = []
  for (let row = 0; row < rows; row++) {
    if (sessions[row] === -1 || isOneRun(row, previous[row] as number)) continue
    const run = first.length
    let end = row
    of[row] = run
    for (let other = next[row] as number; isOneRun(end, other); other = next[other] as number) {
      of[other] = run
      end = other
    }
    first.push(row)
    last.push(end)
  }
  const runAt = (row: number, other: number) =>
    other !== -1 && sessions[other] === sessions[row] ? (of[other] as number) : -1
  const runs = {
    count: first.length,
    of,
    first: Int32Array.from(first),
    last: Int32Array.from(last),
    before: Int32Array.from(first, (row) => runAt(row, previous[row] as number)),
    after: Int32Array.from(last, (row) => runAt(row, next[row] as number)),
  }
  known.set(columns.previous, runs)
  return runs
}

/** Rows around a message, each with the weight that it has there. */
export interface Context {
  count: number
  readonly rows: Int32Array
  readonly weights: Float64Array
}

function newContext(): Context {
  return { count: 0, rows: new Int32Array(8), weights: new Float64Array(8) }
}

function put(context: Context, row: number, weight: number): void {
  context.rows[context.count] = row
  context.weights[context.count++] = weight
}

/** How far the rest of the own run counts, in messages; and how much less each further one does. */
const reach = 3
const decay = 0.95
/** Messages that count of the run before, of the one before that, and of the run behind. */
const ofBefore = 3
const ofEarlier = 2
const ofAfter = 2

/** What stands around one message after another: filled in again for each. */
export class Surroundings {
  /** The rest of its own run, at most three messages away. */
  readonly rest = newContext()
  /** The last three messages of the run before it. */
  readonly before = newContext()
  /** The last two of the run before that. */
  readonly earlier = newContext()
  /** The first two of the run behind it. */
  readonly after = newContext()
  readonly #runs: Runs
  readonly #previous: Int32Array
  readonly #next: Int32Array

  constructor(corpus: Corpus, runs: Runs) {
    this.#runs = runs
    this.#previous = corpus.columns.previous
    this.#next = corpus.columns.next
  }

  /** Goes to a message. */
  of(row: number): void {
    const { rest, before, earlier, after } = this
    const runs = this.#runs
    const run = runs.of[row] as number
    rest.count = 0
    before.count = 0
    earlier.count = 0
    after.count = 0
    // What is no message has nothing around it.
    if (run === -1) return
    this.#walk(rest, row, runs.first[run] as number, this.#previous)
    this.#walk(rest, row, runs.last[run] as number, this.#next)
    const runBefore = runs.before[run] as number
    this.#end(before, runBefore, ofBefore)
    this.#end(earlier, runBefore === -1 ? -1 : (runs.before[runBefore] as number), ofEarlier)
    this.#begin(after, runs.after[run] as number, ofAfter)
  }

  /** How many messages of its run stand before a message; 3 for more. */
  placeInRun(row: number): number {
    const run = this.#runs.of[row] as number
    if (run === -1) return 0
    const first = this.#runs.first[run] as number
    let place = 0
    for (let at = row; at !== first && place < reach; place++) at = this.#previous[at] as number
    return place
  }

  #walk(context: Context, row: number, end: number, step: Int32Array): void {
    let weight = 1
    for (let at = row, distance = 0; at !== end && distance < reach; distance++) {
      at = step[at] as number
      put(context, at, weight)
      weight *= decay
    }
  }

  #end(context: Context, run: number, most: number): void {
    context.count = 0
    if (run === -1) return
    this.#take(context, this.#runs.last[run] as number, this.#runs.first[run] as number, this.#previous, most)
  }

  #begin(context: Context, run: number, most: number): void {
    context.count = 0
    if (run === -1) return
    this.#take(context, this.#runs.first[run] as number, this.#runs.last[run] as number, this.#next, most)
  }

  #take(context: Context, from: number, end: number, step: Int32Array, most: number): void {
    let weight = 1
    for (let at = from; ; at = step[at] as number) {
      put(context, at, weight)
      weight *= decay
      if (at === end || context.count === most) return
    }
  }
}

/** The best of some numbers around a message: each with its weight, and what is missing to 1 filled up with `fill`. */
export function bestAround({ count, rows, weights }: Context, values: ArrayLike<number>, fill: number): number {
  let best = Number.NEGATIVE_INFINITY
  for (let i = 0; i < count; i++) {
    const weight = weights[i] as number
    const value = weight * (values[rows[i] as number] as number) + (1 - weight) * fill
    // A comparison with NaN is false: a row without a number counts as one that is not there.
    if (value > best) best = value
  }
  return best === Number.NEGATIVE_INFINITY ? fill : best
}
