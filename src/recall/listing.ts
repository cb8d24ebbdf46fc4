/**
 * Answers a question that asks for nothing but a time, such as "what happened last week?": the records of that time, the
 * ones that matter most first. Nothing is compared with the question.
 */
import { namesIn, replyMark, timesIn } from '../domain/index/speech.ts'
import { isQuestionFlag, recordKinds } from '../domain/index/word-segment.ts'
import { lengthScore } from './length.ts'
import { partAt, partScoresOf, parts } from './parts.ts'
import { toldRows } from './question/dates.ts'
import type { Question } from './question.ts'
import type { RankedRow, Ranking } from './ranking.ts'
import { type Corpus, rowPlace } from './records/corpus.ts'
import { topOf } from './top.ts'

/**
 * What a message that is asked about later has and others have not, fitted to conversations (decision 56): each number is
 * in log odds, of a value between 0 and 1.
 */
const importance = { length: 5.1, times: 3.6, names: 1.5, isQuestion: -0.8, isReply: -0.7 } as const
/** The least that they add up to, and how far the most is from it. */
const least = importance.isQuestion + importance.isReply
const range = importance.length + importance.times + importance.names - least
const mostCounted = 3
/** Of a record whose importance nobody said: the middle. */
const usualImportance = 0.5
/** A text that speaks of so much more than the time of the question is no part of a list of that time. */
const leastAgreement = 0.6
const messageKind = recordKinds.indexOf('message')

/** Fills in what each part adds to the importance of a row, which is from 0 to 1. */
function importanceParts(corpus: Corpus, row: number, into: Float64Array): number {
  const { kinds, flags, marks, chars } = corpus.columns
  into.fill(0)
  if (kinds[row] !== messageKind) {
    const { segment, i } = rowPlace(corpus, row)
    const stated = segment.importances[i] as number
    into[partAt.kind] = stated === 0 ? usualImportance : (stated - 1) / 100
    return into[partAt.kind] as number
  }
  const mark = marks[row] as number
  into[partAt.kind] = -least / range
  into[partAt.length] = (importance.length * lengthScore(chars[row] as number)) / range
  into[partAt.details] = (importance.times * timesIn(mark) + importance.names * namesIn(mark)) / mostCounted / range
  into[partAt.question] = ((flags[row] as number) & isQuestionFlag) === 0 ? 0 : importance.isQuestion / range
  into[partAt.context] = (mark & replyMark) === 0 ? 0 : importance.isReply / range
  return into.reduce((sum, one) => sum + one, 0)
}

/** The rows that were said in the days of the question, or speak of them; by its one person, if it names one. */
function rowsOfTimes(corpus: Corpus, { plan }: Question): readonly number[] {
  const { columns, inScope } = corpus
  const { speaker, times } = plan
  const told = toldRows(corpus, times.days)
  const rows: number[] = []
  for (let row = 0; row < corpus.count; row++) {
    if (inScope[row] === 0 || (speaker !== null && speaker[columns.authors[row] as number] !== 1)) continue
    const minute = columns.minutes[row] as number
    if ((told.get(row) ?? 0) >= leastAgreement || times.minutes.some(({ from, to }) => minute >= from && minute < to))
      rows.push(row)
  }
  return rows
}

/** Lists the records of the times that a question asks for. */
export function listTimes(corpus: Corpus, question: Question): Ranking {
  const rows = rowsOfTimes(corpus, question)
  const added = new Float64Array(parts.length)
  const scores = Float64Array.from(rows, (row) => importanceParts(corpus, row, added))
  const { minutes } = corpus.columns
  const isNewer = (left: number, right: number) => {
    const [one, other] = [rows[left] as number, rows[right] as number]
    const difference = (minutes[one] as number) - (minutes[other] as number)
    return difference === 0 ? one > other : difference > 0
  }
  const best = topOf(scores, question.limit, Number.NEGATIVE_INFINITY, isNewer)
  const ranked = Array.from(best, (place): RankedRow => {
    const row = rows[place] as number
    const score = importanceParts(corpus, row, added)
    return { row, score, parts: partScoresOf(added, 1), relevance: score, similarity: null, matched: [] }
  })
  const gate = { chance: 1, isClosed: false }
  return { rows: ranked, candidates: rows.length, unmatched: 0, gate, legs: rows.length === 0 ? [] : ['time'] }
}
