/** Adds up the scores of the legs for a row, each with its weight for the kind of record. */
import { isQuestionFlag, type RecordKind, recordKinds } from '../domain/index/word-segment.ts'
import { scopeSummary } from './legs/scale.ts'
import { fullLength, lengthScore } from './length.ts'
import { type Part, partAt } from './parts.ts'
import { type DateSpan, dateScore } from './question/dates.ts'
import type { Corpus } from './records/corpus.ts'

/** The parts of a fused score. */
const fusedParts = [
  'keyword',
  'vector',
  'exact',
  'recent',
  'author',
  'date',
  'length',
  'question',
  'session',
] as const satisfies readonly Part[]
export type FusedPart = (typeof fusedParts)[number]

/**
 * How much each part adds at most (`question` is taken off). Measured on conversations; the length of a message, its
 * question mark and its session say something in conversations only. Another kind of record has instead of a length
 * what a message of some length has, so that it is not behind for its kind alone.
 */
export const weights: Readonly<Record<RecordKind, Readonly<Record<FusedPart, number>>>> = {
  message: weightsOf({ question: -0.12 }),
  fact: weightsOf({ question: 0 }),
  entry: weightsOf({ question: 0 }),
  observation: weightsOf({ question: 0 }),
}

function weightsOf(own: { readonly question: number }): Readonly<Record<FusedPart, number>> {
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
  /** Rows whose texts speak of the days of the question, and how well they agree. */
  readonly told: ReadonlyMap<number, number>
  /** Whether a row is a fact that held in the days of the question. */
  readonly isHeld: (row: number) => boolean
}

const messageKind = 0
/** What a fact that held at the time of the question has of the weight of one that began then. */
const heldShare = 0.5

/** The score of a row without its session; fills in what each part adds to it, at its place in `partAt`, where asked. */
type Fusion = (row: number, into: Float64Array | null) => number

/** A fusion of these legs. Without the leg of meaning, the words have its weight too. */
export function fusionOf(corpus: Corpus, legs: Legs): Fusion {
  const { kinds, flags, chars, authors, minutes } = corpus.columns
  const { keyword, vector, exact, recent, speaker, dates, told, isHeld } = legs
  const tables = recordKinds.map((kind) => ({ ...weights[kind] }))
  if (vector === null) for (const table of tables) table.keyword += table.vector
  let ordinary: number | null = null
  /** A record without a vector yet is scored by its words; without words it gets an average score. */
  const guessed = (words: number) => {
    ordinary ??= vector === null ? 0 : scopeSummary(corpus, vector).mean
    return Math.max(ordinary, words)
  }
  const agreement = (row: number) =>
    Math.max(dateScore(dates, minutes[row] as number), told.get(row) ?? 0, isHeld(row) ? heldShare : 0)
  return (row, into) => {
    const table = tables[kinds[row] as number] as Record<FusedPart, number>
    const words = keyword === null ? 0 : (keyword[row] as number)
    const meaning = vector === null ? 0 : (vector[row] as number)
    const length = kinds[row] === messageKind ? lengthScore(chars[row] as number) : usualLength
    const isQuestion = (flags[row] as number) & isQuestionFlag
    const byWords = words * table.keyword
    const byMeaning = (Number.isNaN(meaning) ? guessed(words) : meaning) * table.vector
    const byTerms = exact === null ? 0 : (exact[row] as number) * table.exact
    const byAge = recent === null ? 0 : (recent[row] as number) * table.recent
    const byAuthor = speaker === null ? 0 : (speaker[authors[row] as number] as number) * table.author
    const byDate = dates.length === 0 ? 0 : agreement(row) * table.date
    const byLength = length * table.length
    // Adding 0 makes 0 of -0, which nothing times a negative weight is.
    const byMark = isQuestion * table.question + 0
    if (into !== null) {
      into[partAt.keyword] = byWords
      into[partAt.vector] = byMeaning
      into[partAt.exact] = byTerms
      into[partAt.recent] = byAge
      into[partAt.author] = byAuthor
      into[partAt.date] = byDate
      into[partAt.length] = byLength
      into[partAt.question] = byMark
    }
    return byWords + byMeaning + byTerms + byAge + byAuthor + byDate + byLength + byMark
  }
}
