/** What the features of a message are made of: numbers of all rows and sessions, found out once for a question. */

import { bestPossible, type KeywordLeg } from '../legs/keyword.ts'
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

function isMessage({ inScope, columns }: Corpus, row: number): boolean {
  return inScope[row] === 1 && columns.kinds[row] === messageKind
}

function stretched(corpus: Corpus, values: Float64Array): Stretched {
  let low = Number.POSITIVE_INFINITY
  let high = Number.NEGATIVE_INFINITY
  for (let row = 0; row < corpus.count; row++) {
    if (!isMessage(corpus, row)) continue
    const value = values[row] as number
    if (value < low) low = value
    if (value > high) high = value
  }
  if (high > low) return { values, low, factor: 1 / (high - low) }
  return high > 0 ? { values, low: 0, factor: 1 / high } : { values, low: 0, factor: 0 }
}

/** The number of a row in a stretched column. */
export function stretchedAt({ values, low, factor }: Stretched, row: number): number {
  return ((values[row] as number) - low) * factor
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
function bestOfSessions(corpus: Corpus, numberAt: (row: number) => number): Float64Array {
  const best = new Float64Array(corpus.sessionCount).fill(Number.NEGATIVE_INFINITY)
  const { sessions } = corpus.columns
  for (let row = 0; row < corpus.count; row++) {
    if (!isMessage(corpus, row)) continue
    const session = sessions[row] as number
    const value = numberAt(row)
    if (value > (best[session] as number)) best[session] = value
  }
  return best
}

/** The mean of the rows in scope that have a number. */
function meanOf(corpus: Corpus, values: Numbers): number {
  let sum = 0
  let count = 0
  for (let row = 0; row < corpus.count; row++) {
    const value = values[row] as number
    if (corpus.inScope[row] === 0 || Number.isNaN(value)) continue
    sum += value
    count++
  }
  // Rounded, so that it does not depend on the order of the rows.
  return count === 0 ? 0 : Math.fround(sum / count)
}

/** What a row without a vector is taken to be near: as much as its words say, between the mean and the best. */
function guessed(corpus: Corpus, values: Numbers, mean: number, keyword: KeywordLeg | null): Numbers {
  let best = mean
  let isMissing = false
  for (let row = 0; row < corpus.count; row++) {
    if (corpus.inScope[row] === 0) continue
    const value = values[row] as number
    if (value > best) best = value
    isMissing ||= Number.isNaN(value)
  }
  if (!isMissing) return values
  return Float64Array.from(values, (value, row) => {
    if (!Number.isNaN(value)) return value
    return mean + (best - mean) * (keyword === null ? 0 : (keyword.scores[row] as number))
  })
}

function sentenceSignals(corpus: Corpus, runs: Runs, values: Float32Array): SentenceSignals {
  const mean = meanOf(corpus, values)
  const filled = Float32Array.from(values, (value) => (Number.isNaN(value) ? mean : value))
  const around = new Surroundings(corpus, runs)
  const sums = new Float64Array(corpus.count)
  let squares = 0
  let count = 0
  for (let row = 0; row < corpus.count; row++) {
    if (!isMessage(corpus, row)) continue
    around.of(row)
    const near = bestAround(around.before, filled, mean) + bestAround(around.after, filled, mean)
    sums[row] = (filled[row] as number) + sentenceSpread * near
    squares += ((filled[row] as number) - mean) ** 2
    count++
  }
  // A hair more than nothing, for sentences that are all alike.
  const deviation = Math.fround(Math.sqrt(squares / Math.max(1, count))) + 1e-9
  return { values: filled, mean, deviation, around: stretched(corpus, sums) }
}

/** The signals of a question. */
export function signalsOf(
  corpus: Corpus,
  { keyword, vector, similarities, sentences }: LegsFound,
  terms: ArrayLike<number>,
): Signals {
  const runs = runsOf(corpus)
  const words = keyword?.own ?? new Float64Array(corpus.count)
  const runWords = stretched(corpus, keyword === null ? words : wordsOfRuns(corpus, runs, keyword))
  const meanCosine = similarities === null ? 0 : meanOf(corpus, similarities)
  const meaning = vector === null ? null : guessed(corpus, vector, meanOf(corpus, vector), keyword)
  return {
    runs,
    words,
    ideal: bestPossible(corpus, terms) || 1,
    runWords,
    cosines: similarities === null ? null : guessed(corpus, similarities, meanCosine, keyword),
    meanCosine,
    meaning,
    sentences: sentences === null ? null : sentenceSignals(corpus, runs, sentences),
    sessionWords: bestOfSessions(corpus, (row) => stretchedAt(runWords, row)),
    sessionMeaning: meaning === null ? null : bestOfSessions(corpus, (row) => meaning[row] as number),
  }
}

/** How the windows around a message are weighted, itself 1. */
const before = 0.7
const aroundBefore = 0.6
const aroundAfter = 0.4

/**
 * The cosines of the question with a message and the one before it together, and with those on both sides. A
 * neighbour without a vector counts as none.
 */
export function windowsOf(
  corpus: Corpus,
  cosines: Numbers,
  hasVector: (row: number) => boolean,
  nearness: (row: number, other: number) => number,
  row: number,
): readonly [before: number, around: number] {
  const own = cosines[row] as number
  if (!hasVector(row)) return [own, own]
  const inWindow = (other: number) => (other !== -1 && hasVector(other) ? other : -1)
  const [left, right] = [inWindow(previousOf(corpus, row)), inWindow(nextOf(corpus, row))]
  const toLeft = left === -1 ? 0 : nearness(row, left)
  const toRight = right === -1 ? 0 : nearness(row, right)
  const across = left === -1 || right === -1 ? 0 : nearness(left, right)
  const leftCosine = left === -1 ? 0 : (cosines[left] as number)
  const rightCosine = right === -1 ? 0 : (cosines[right] as number)
  const lengthOf = (a: number, b: number) =>
    Math.sqrt(1 + a * a + b * b + 2 * (a * toLeft + b * toRight + a * b * across))
  const a = left === -1 ? 0 : aroundBefore
  const b = right === -1 ? 0 : aroundAfter
  return [
    left === -1 ? own : (own + before * leftCosine) / lengthOf(before, 0),
    (own + a * leftCosine + b * rightCosine) / lengthOf(a, b),
  ]
}
