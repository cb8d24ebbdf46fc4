/** What a row of the benchmark is: data that names an operation, its target, and the two sides that do it. */

/** Where a side works: a database file of its own, already filled with `messages` messages. */
export interface Place {
  readonly file: string
  readonly messages: number
}

/** One side of a row, ready: `run` does the operation once and is awaited only if it answers a promise. */
export interface Subject {
  run(): void | Promise<void>
  close(): void | Promise<void>
}

export type Setup = (place: Place) => Subject | Promise<Subject>

/** What is asked of a row; a row without a target is shown for its figures. */
export interface RowTarget {
  /** The least ratio of ours to the floor, in the same run. */
  readonly ratio?: number
  /** The most that the 99th percentile of single operations may be above their median, as a factor. */
  readonly p99OverMedian?: number
}

/** An operation that both sides repeat. */
export interface ComparedRow {
  readonly kind: 'compared'
  readonly name: string
  /** What one unit is, in the plural: turns, messages, pages … */
  readonly unit: string
  readonly target: RowTarget
  /** Units done by one call of `run`. */
  readonly unitsPerRun: number
  /** Calls of `run` in one slice: a whole number of checkpoints' worth of work for rows that write. */
  readonly runs: number
  readonly floor: Setup
  readonly ours: Setup
}

/** Settings of one run of the benchmark. */
export interface RunSettings {
  /** Folder for the database files of this run; removed at its end. */
  readonly folder: string
  readonly quick: boolean
  /** Measure the floor alone. */
  readonly floorOnly: boolean
}

/** A row that cannot be repeated inside this process: it measures itself and answers its lines. */
export interface SelfMeasuredRow {
  readonly kind: 'self-measured'
  readonly name: string
  measure(settings: RunSettings): Promise<readonly Line[]>
}

export type Row = ComparedRow | SelfMeasuredRow

export type Verdict = 'ok' | 'miss' | 'not measured' | 'no target'

/** Times of single operations, in microseconds. */
export interface Latency {
  readonly p50: number
  readonly p99: number
}

/** One line of the table and of the JSON. Figures are medians over rounds. */
export interface Line {
  readonly row: string
  readonly unit: string
  readonly floor: number | null
  readonly ours: number | null
  /** Ours to the floor: the median of the ratios of each round, so noise that hit both sides cancels out. */
  readonly ratio: number | null
  readonly target: string
  readonly verdict: Verdict
  readonly latencyMicroseconds?: { readonly floor: Latency | null; readonly ours: Latency | null }
  readonly note?: string
}

/** Judges a figure; null is a side that was not run. */
export function judge(figure: number | null, bound: { readonly atLeast?: number; readonly atMost?: number }): Verdict {
  if (figure === null) return 'not measured'
  const { atLeast = Number.NEGATIVE_INFINITY, atMost = Number.POSITIVE_INFINITY } = bound
  return figure >= atLeast && figure <= atMost ? 'ok' : 'miss'
}
