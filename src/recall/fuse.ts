/** Adds up the scores of the legs for a row, each with its weight for the kind of record. */
import { isQuestionFlag, type RecordKind, recordKinds } from '../domain/index/word-segment.ts'
import type { Corpus } from './corpus.ts'
import { type DateSpan, dateScore } from './dates.ts'

/** Everything that adds to a row's score. */
export const parts = [
  'keyword',
  'vector',
  'exact',
  'recent',
  'author',
  'date',
  'length',
  'question',
  'session',
] as const
export type Part = (typeof parts)[number]

/** What each part adds to a row's score; together they are the score, unless another row limits it. */
export type PartScores = Readonly<Record<Part, number>>

/**
 * How much each part adds at most (`question` is taken off). Measured on conversations; the length of a message, its
 * question mark and its session say something in conversations only. Another kind of record has instead of a length
 * what a message of some length has, so that it is not behind for its kind alone.
 */
export const weights: Readonly<Record<RecordKind, Readonly<Record<Part, number>>>> = {
  message: weightsOf({ question: -0.12 }),
  fact: weightsOf({ question: 0 }),
  entry: weightsOf({ question: 0 }),
  observation: weightsOf({ question: 0 }),
}

function weightsOf(own: { readonly question: number }): Readonly<Record<Part, number>> {
  return {
    keyword: 0.4,
    vector: 0.6,
    exact: 1,
    recent: 0.4,
    author: 0.3,
    date: 0.3,
    length: 0.3,
    session: 0.2,
    ...own,
  }
}

/** A message of this many characters has the full score for its length. */
const fullLength = 400
/** The length score of a record that is not a message: that of a message of 100 characters. */
const usualLength = Math.log(101) / Math.log(fullLength)

/** Scores of the legs, one number per row; null for a leg that found nothing. */
export interface Legs {
  readonly keyword: Float64Array | null
  /** NaN for a row without a vector. */
  readonly vector: Float64Array | null
  readonly exact: Float64Array | null
  readonly recent: Float64Array | null
  readonly speaker: Uint8Array | null
  readonly dates: readonly DateSpan[]
}

const [keywordPart, vectorPart] = parts.keys()
const messageKind = 0

/** Takes a row and fills in what each part adds to its score, in the order of {@link parts}, all but the session. */
type Fusion = (row: number, into: Float64Array) => number

/** Lengths of messages that are scored from a table: all longer ones have the full score. */
const lengthScores = Float64Array.from({ length: fullLength }, (_, chars) =>
  Math.min(1, Math.log(1 + chars) / Math.log(fullLength)),
)

/** A fusion of these legs. Without the leg of meaning, the words have its weight too. */
export function fusionOf(corpus: Corpus, legs: Legs): Fusion {
  const { kinds, flags, chars, authors, minutes } = corpus.columns
  const { keyword, vector, exact, recent, speaker, dates } = legs
  const tables = recordKinds.map((kind) => Float64Array.from(parts, (part) => weights[kind][part]))
  if (vector === null)
    for (const table of tables)
      table[keywordPart as number] = (table[keywordPart as number] as number) + (table[vectorPart as number] as number)
  let ordinary: number | null = null
  /** A record without a vector yet is scored by its words; without words it gets an average score. */
  const guessed = (words: number) => {
    ordinary ??= vector === null ? 0 : meanOf(corpus, vector)
    return Math.max(ordinary, words)
  }
  return (row, into) => {
    const table = tables[kinds[row] as number] as Float64Array
    const words = keyword === null ? 0 : (keyword[row] as number)
    const meaning = vector === null ? 0 : (vector[row] as number)
    into[0] = words * (table[0] as number)
    into[1] = (Number.isNaN(meaning) ? guessed(words) : meaning) * (table[1] as number)
    into[2] = exact === null ? 0 : (exact[row] as number) * (table[2] as number)
    into[3] = recent === null ? 0 : (recent[row] as number) * (table[3] as number)
    into[4] = speaker === null ? 0 : (speaker[authors[row] as number] as number) * (table[4] as number)
    into[5] = dates.length === 0 ? 0 : dateScore(dates, minutes[row] as number) * (table[5] as number)
    const length = kinds[row] === messageKind ? (lengthScores[chars[row] as number] ?? 1) : usualLength
    into[6] = length * (table[6] as number)
    const isQuestion = (flags[row] as number) & isQuestionFlag
    // Adding 0 makes 0 of -0, which nothing times a negative weight is.
    into[7] = isQuestion * (table[7] as number) + 0
    let total = 0
    for (let part = 0; part < parts.length - 1; part++) total += into[part] as number
    return total
  }
}

/** What each part added, by name and as shares of `best`. */
export function partScoresOf(added: Float64Array, best: number): PartScores {
  const share = (part: number) => (added[part] as number) / best
  return {
    keyword: share(0),
    vector: share(1),
    exact: share(2),
    recent: share(3),
    author: share(4),
    date: share(5),
    length: share(6),
    question: share(7),
    session: share(8),
  }
}

/** The mean of the rows that have a vector, rounded so that it does not depend on their order. */
function meanOf(corpus: Corpus, scores: Float64Array): number {
  let sum = 0
  let count = 0
  for (let row = 0; row < corpus.count; row++) {
    const score = scores[row] as number
    if (corpus.inScope[row] === 0 || Number.isNaN(score)) continue
    sum += score
    count++
  }
  return count === 0 ? 0 : Math.fround(sum / count)
}
