/** What the features of a message are made of: numbers of all rows and sessions, found out once for a question. */

import { bestPossible, type KeywordLeg } from '../legs/keyword.ts'
import { scopeSummary } from '../legs/scale.ts'
import { type Corpus, nextOf, previousOf } from '../records/corpus.ts'
import { bestAround, type Runs, runsOf, Surroundings } from './runs.ts'

/** What the legs found, and the vectors behind them. Each array has one number per row. */
export interface LegsFound {
  /** Null where no word of the question was found. */
  readonly keyword: KeywordLeg | null
  /** The leg of meaning, from 0 to 1; NaN for a row without a vector. Null where meanings are not compared. */
  readonly vector: Float64Array | null
  /** Cosines of the question; NaN for a row without a vector. */
  readonly similarities: Float32Array | null
  /** The best cosine of a sentence of each row; null where sentences have no vectors. */
  readonly sentences: Float32Array | null
  /** Cosine of two rows' vectors; NaN if one of them has none. Null without vectors. */
  readonly nearness: ((row: number, other: number) => number) | null
}

type Numbers = Float32Array | Float64Array

/** A column stretched so that its lowest number is 0 and its highest 1. */
interface Stretched {
  readonly values: Float64Array
  readonly low: number
  readonly factor: number
}

export interface Signals {
  readonly runs: Runs
  /** BM25 of each row. */
  readonly words: Float64Array
  /** The most that BM25 could be for this question. */
  readonly ideal: number
  /** Of {@link words} and those of the runs around. */
  readonly runWords: Stretched
  readonly cosines: Numbers | null
  readonly meanCosine: number
  readonly meaning: Numbers | null
  readonly sentences: SentenceSignals | null
  /** By session: its best by words of runs, and by meaning. */
  readonly sessionWords: Float64Array
  readonly sessionMeaning: Float64Array | null
}

interface SentenceSignals {
  readonly values: Float32Array
  readonly mean: number
  readonly deviation: number
  readonly around: Stretched
}

const messageKind = 0
/** What the runs around give to a message's own words. */
const spread = { rest: 0.5, before: 0.5, earlier: 0.25, after: 0.3 } as const
const sentenceSpread = 0.1

/** A column, and the highest number of each session. */
interface StretchedColumn {
  readonly column: Stretched
  readonly bySession: Float64Array
}

/**
 * Stretches the numbers of the messages in scope, and finds the best of each session; a session without such a message has the
 * lowest number there is.
 */
function stretched({ count, inScope, columns, sessionCount }: Corpus, values: Float64Array): StretchedColumn {
  const { kinds, sessions } = columns
  const bySession = new Float64Array(sessionCount).fill(Number.NEGATIVE_INFINITY)
  let low = Number.POSITIVE_INFINITY
  let high = Number.NEGATIVE_INFINITY
  for (let row = 0; row < count; row++) {
    if (inScope[row] === 0 || kinds[row] !== messageKind) continue
    const value = values[row] as number
    if (value < low) low = value
    if (value > high) high = value
    const session = sessions[row] as number
    if (value > (bySession[session] as number)) bySession[session] = value
  }
  const column = stretchedBetween(values, low, high)
  // What is highest before is highest behind.
  for (let i = 0; i < bySession.length; i++)
    if (bySession[i] !== Number.NEGATIVE_INFINITY) bySession[i] = stretch(column, bySession[i] as number)
  return { column, bySession }
}

function stretchedBetween(values: Float64Array, low: number, high: number): Stretched {
  if (high > low) return { values, low, factor: 1 / (high - low) }
  return { values, low: 0, factor: high > 0 ? 1 / high : 0 }
}

function stretch({ low, factor }: Stretched, value: number): number {
  return (value - low) * factor
}

/** The number of a row in a stretched column. */
export function stretchedAt(column: Stretched, row: number): number {
  return stretch(column, column.values[row] as number)
}

/** Runs near a hit: only their messages can have words in the runs around. */
function runsNearHits(runs: Runs, rows: Int32Array): Uint8Array {
  const near = new Uint8Array(runs.count)
  const mark = (run: number) => {
    if (run >= 0) near[run] = 1
  }
  for (let i = 0; i < rows.length; i++) {
    const run = runs.of[rows[i] as number] as number
    if (run === -1) continue
    const after = runs.after[run] as number
    mark(run)
    mark(runs.before[run] as number)
    mark(after)
    if (after !== -1) mark(runs.after[after] as number)
  }
  return near
}

/** BM25 of each message with what the runs around it give. */
function wordsOfRuns(corpus: Corpus, runs: Runs, { own, hits }: KeywordLeg): Float64Array {
  const values = new Float64Array(corpus.count)
  const around = new Surroundings(corpus, runs)
  const near = runsNearHits(runs, hits)
  for (let run = 0; run < runs.count; run++) {
    if (near[run] === 0) continue
    const last = runs.last[run] as number
    for (let row = runs.first[run] as number; ; row = corpus.columns.next[row] as number) {
      around.of(row)
      values[row] =
        (own[row] as number) +
        spread.rest * bestAround(around.rest, own, 0) +
        spread.before * bestAround(around.before, own, 0) +
        spread.earlier * bestAround(around.earlier, own, 0) +
        spread.after * bestAround(around.after, own, 0)
      if (row === last) break
    }
  }
  return values
}

/** The best of each session; sessions without a message in scope have the lowest number there is. */
function bestOfSessions({ count, inScope, columns, sessionCount }: Corpus, values: Numbers): Float64Array {
  const best = new Float64Array(sessionCount).fill(Number.NEGATIVE_INFINITY)
  const { kinds, sessions } = columns
  for (let row = 0; row < count; row++) {
    if (inScope[row] === 0 || kinds[row] !== messageKind) continue
    const session = sessions[row] as number
    const value = values[row] as number
    if (value > (best[session] as number)) best[session] = value
  }
  return best
}

/** Numbers whose gaps are filled: a row without a vector is taken to be as near as its words say, between the mean and the best. */
interface Filled {
  readonly values: Numbers
  readonly mean: number
}

function filled(corpus: Corpus, values: Numbers, keyword: KeywordLeg | null): Filled {
  const { mean, highest, isComplete } = scopeSummary(corpus, values)
  if (isComplete) return { values, mean }
  const reach = Math.max(mean, highest) - mean
  const all = new Float64Array(values.length)
  for (let row = 0; row < values.length; row++) {
    const value = values[row] as number
    all[row] = Number.isNaN(value) ? mean + reach * (keyword === null ? 0 : (keyword.scores[row] as number)) : value
  }
  return { values: all, mean }
}

function sentenceSignals(corpus: Corpus, runs: Runs, values: Float32Array): SentenceSignals {
  const { mean } = scopeSummary(corpus, values)
  const whole = values.slice()
  for (let row = 0; row < whole.length; row++) if (Number.isNaN(whole[row])) whole[row] = mean
  const around = new Surroundings(corpus, runs)
  const sums = new Float64Array(corpus.count)
  let squares = 0
  let count = 0
  for (let row = 0; row < corpus.count; row++) {
    if (corpus.inScope[row] === 0 || corpus.columns.kinds[row] !== messageKind) continue
    around.of(row)
    const near = bestAround(around.before, whole, mean) + bestAround(around.after, whole, mean)
    sums[row] = (whole[row] as number) + sentenceSpread * near
    squares += ((whole[row] as number) - mean) ** 2
    count++
  }
  // A hair more than nothing, for sentences that are all alike.
  const deviation = Math.fround(Math.sqrt(squares / Math.max(1, count))) + 1e-9
  return { values: whole, mean, deviation, around: stretched(corpus, sums).column }
}

/** The signals of a question. */
export function signalsOf(
  corpus: Corpus,
  { keyword, vector, similarities, sentences }: LegsFound,
  terms: ArrayLike<number>,
): Signals {
  const runs = runsOf(corpus)
  const words = keyword?.own ?? new Float64Array(corpus.count)
  const ofRuns = stretched(corpus, keyword === null ? words : wordsOfRuns(corpus, runs, keyword))
  const cosines = similarities === null ? null : filled(corpus, similarities, keyword)
  const meaning = vector === null ? null : filled(corpus, vector, keyword).values
  return {
    runs,
    words,
    ideal: bestPossible(corpus, terms) || 1,
    runWords: ofRuns.column,
    cosines: cosines?.values ?? null,
    meanCosine: cosines?.mean ?? 0,
    meaning,
    sentences: sentences === null ? null : sentenceSignals(corpus, runs, sentences),
    sessionWords: ofRuns.bySession,
    sessionMeaning: meaning === null ? null : bestOfSessions(corpus, meaning),
  }
}

/** How the windows around a message are weighted, itself 1. */
const before = 0.7
const aroundBefore = 0.6
const aroundAfter = 0.4

/** What the windows of messages are made of. */
export interface WindowParts {
  /** Cosines of the question. */
  readonly cosines: Numbers
  /** The same where a row has a vector; NaN for one without, which is in no window but its own. */
  readonly known: Numbers
  readonly nearness: (row: number, other: number) => number
}

/** The row if it has a vector, else -1. */
function inWindow({ known }: WindowParts, row: number): number {
  return row === -1 || Number.isNaN(known[row] as number) ? -1 : row
}

/** The cosine of the question with a message and the one before it together. */
export function windowBefore(corpus: Corpus, parts: WindowParts, row: number): number {
  const { cosines, nearness } = parts
  const own = cosines[row] as number
  const left = inWindow(parts, row) === -1 ? -1 : inWindow(parts, previousOf(corpus, row))
  if (left === -1) return own
  const length = Math.sqrt(1 + before * before + 2 * before * nearness(row, left))
  return (own + before * (cosines[left] as number)) / length
}

/** The cosine of the question with a message and those on both sides of it together. */
export function windowAround(corpus: Corpus, parts: WindowParts, row: number): number {
  const { cosines, nearness } = parts
  const own = cosines[row] as number
  if (inWindow(parts, row) === -1) return own
  const left = inWindow(parts, previousOf(corpus, row))
  const right = inWindow(parts, nextOf(corpus, row))
  const a = left === -1 ? 0 : aroundBefore
  const b = right === -1 ? 0 : aroundAfter
  const toLeft = left === -1 ? 0 : nearness(row, left)
  const toRight = right === -1 ? 0 : nearness(row, right)
  const across = left === -1 || right === -1 ? 0 : nearness(left, right)
  const length = Math.sqrt(1 + a * a + b * b + 2 * (a * toLeft + b * toRight + a * b * across))
  const leftCosine = left === -1 ? 0 : (cosines[left] as number)
  const rightCosine = right === -1 ? 0 : (cosines[right] as number)
  return (own + a * leftCosine + b * rightCosine) / length
}
