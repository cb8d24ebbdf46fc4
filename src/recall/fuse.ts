/** Adds up what the legs say of a row, each with its weight for the kind of record. */
import { isQuestionFlag, type RecordKind, recordKinds } from '../domain/word-segment.ts'
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
/** What a record that is no message has for its length: that of a message of 100 characters. */
const usualLength = Math.log(101) / Math.log(fullLength)

/** What the legs found, one number per row; null for a leg that has nothing to say. */
export interface Legs {
  readonly keyword: Float64Array | null
  /** NaN for a row without a vector. */
  readonly vector: Float64Array | null
  readonly exact: Float64Array | null
  readonly recent: Float64Array | null
  readonly speaker: Uint8Array | null
  readonly dates: readonly DateSpan[]
}

const [keywordPart, vectorPart, exactPart, recentPart, authorPart, datePart, lengthPart, questionPart] = parts.keys()
const messageKind = 0

/** Takes a row and fills in what each part adds to its score, in the order of {@link parts}, all but the session. */
export type Fusion = (row: number, into: Float64Array) => number

/** A fusion of these legs. Without the leg of meaning, the words have its weight too. */
export function fusionOf(corpus: Corpus, legs: Legs): Fusion {
  const { kinds, flags, chars, authors, minutes } = corpus.columns
  const { keyword, vector, exact, recent, speaker, dates } = legs
  const tables = recordKinds.map((kind) => Float64Array.from(parts, (part) => weights[kind][part]))
  if (vector === null)
    for (const table of tables)
      table[keywordPart as number] = (table[keywordPart as number] as number) + (table[vectorPart as number] as number)
  const ordinary = vector === null ? 0 : meanOf(corpus, vector)
  const scores = new Float64Array(parts.length)
  const fill = (row: number) => {
    const words = keyword?.[row] ?? 0
    const meaning = vector?.[row] ?? 0
    scores[keywordPart as number] = words
    // Of a record whose vector is still to come the words say how close it is; without them it is like others.
    scores[vectorPart as number] = Number.isNaN(meaning) ? Math.max(ordinary, words) : meaning
    scores[exactPart as number] = exact?.[row] ?? 0
    scores[recentPart as number] = recent?.[row] ?? 0
    scores[authorPart as number] = speaker === null ? 0 : (speaker[authors[row] as number] as number)
    scores[datePart as number] = dates.length === 0 ? 0 : dateScore(dates, minutes[row] as number)
    const isMessage = kinds[row] === messageKind
    scores[lengthPart as number] = isMessage
      ? Math.min(1, Math.log(1 + (chars[row] as number)) / Math.log(fullLength))
      : usualLength
    scores[questionPart as number] = (flags[row] as number) & isQuestionFlag
  }
  return (row, into) => {
    fill(row)
    const table = tables[kinds[row] as number] as Float64Array
    let total = 0
    for (let part = 0; part < parts.length - 1; part++) {
      // Adding 0 makes 0 of -0, which nothing times a negative weight is.
      const added = (scores[part] as number) * (table[part] as number) + 0
      into[part] = added
      total += added
    }
    return total
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
