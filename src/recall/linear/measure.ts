/** Measures the features of one message after another for a question. */

import { asksMark, namesIn, replyMark, timesIn } from '../../domain/index/speech.ts'
import { isDatedFlag, isQuestionFlag } from '../../domain/index/word-segment.ts'
import { lengthScore } from '../length.ts'
import { type DateSpan, dateScore } from '../question/dates.ts'
import type { Plan } from '../question/plan.ts'
import type { Corpus } from '../records/corpus.ts'
import { Coverage } from './coverage.ts'
import { featureAt as at, featureNames } from './features.ts'
import { bestAround, Surroundings } from './runs.ts'
import {
  type LegsFound,
  type Signals,
  signalsOf,
  stretchedAt,
  type WindowParts,
  windowAround,
  windowBefore,
} from './signals.ts'

/** What is known of a question and the rows before any message is measured. */
interface MeasureInput extends LegsFound {
  readonly plan: Plan
  readonly exact: Float64Array | null
  readonly dates: readonly DateSpan[]
  readonly told: ReadonlyMap<number, number>
  readonly isHeld: (row: number) => boolean
  /** The best fused score of each session, and of all; null where they do not count. */
  readonly fused: { readonly bySession: Float64Array; readonly best: number } | null
}

/** The best of a session has its fused score and a fifth of it again, as every message of the session has. */
const lifted = 1.2
const mostOf = 3
const mostPersonal = 0.3
/** A run of this many characters has the full score for its length. */
const longRun = 800
/** The first messages of a run are those that answer what was asked before it. */
const firstAnswers = 3

const asksWhen =
  /^(when|what (date|day|month|year|time)|in (which|what) (month|year|week)|on (which|what)|which (year|month|day|date))/i
const asksWhere = /^(where|(what|which|in which|in what)\b.*\b(city|country|(?<!\bin )place|state)\b)/i

/** How much of a message's words are of some kind; 1 for three in ten. */
function personalShare(count: number, words: number): number {
  return words === 0 ? 0 : mostOf * Math.min(mostPersonal, count / words)
}

/** Measures messages for one question. */
export class Measure {
  readonly #corpus: Corpus
  readonly #asked: MeasureInput
  readonly #signals: Signals
  readonly #coverage: Coverage
  readonly #around: Surroundings
  readonly #windows: WindowParts | null
  readonly #row = new Float64Array(featureNames.length)
  /** The record whose features these are. */
  #measured = -1
  readonly #asksWhen: number
  readonly #asksWhere: number

  constructor(corpus: Corpus, asked: MeasureInput) {
    this.#corpus = corpus
    this.#asked = asked
    const { occurrences, question } = asked.plan
    this.#signals = signalsOf(corpus, asked, occurrences.frequencies)
    this.#coverage = new Coverage(corpus, occurrences)
    this.#around = new Surroundings(corpus, this.#signals.runs)
    const { cosines } = this.#signals
    const { similarities, nearness } = asked
    const hasVectors = cosines !== null && similarities !== null && nearness !== null
    this.#windows = hasVectors ? { cosines, known: similarities, nearness } : null
    this.#asksWhen = asksWhen.test(question.trim()) ? 1 : 0
    this.#asksWhere = asksWhere.test(question.trim()) ? 1 : 0
  }

  /**
   * The features of a record in scope, each at its place in `featureAt`; one that is no message stands alone. The numbers are true
   * until another record is measured.
   */
  of(row: number): Float64Array {
    const into = this.#row
    if (row === this.#measured) return into
    this.#measured = row
    this.#around.of(row)
    this.#saidHow(row, into)
    this.#byWords(row, into)
    if (this.#signals.cosines !== null) this.#byMeaning(this.#signals.cosines, row, into)
    if (this.#signals.sentences !== null) this.#bySentences(this.#signals.sentences, row, into)
    this.#bySession(row, into)
    return into
  }

  /** What a message has whatever it is about, and which of that the question asks for. */
  #saidHow(row: number, into: Float64Array): void {
    const { authors, minutes, flags, marks, words, firstPersons, secondPersons, chars } = this.#corpus.columns
    const { plan, dates, told, isHeld, exact } = this.#asked
    const isAuthor = plan.speaker === null ? 0 : (plan.speaker[authors[row] as number] as number)
    const first = personalShare(firstPersons[row] as number, words[row] as number)
    const mark = marks[row] as number
    into[at.author] = isAuthor
    into[at.subject] = Math.max(isAuthor, plan.subjects.get(row) ?? 0)
    into[at.authorsOwn] = isAuthor * first
    into[at.firstPerson] = first
    into[at.secondPerson] = personalShare(secondPersons[row] as number, words[row] as number)
    into[at.date] = dates.length === 0 ? 0 : dateScore(dates, minutes[row] as number)
    into[at.held] = isHeld(row) ? 1 : 0
    into[at.dateTold] = told.get(row) ?? 0
    into[at.daysAsked] = (this.#asksWhen * ((flags[row] as number) & isDatedFlag)) / isDatedFlag
    into[at.exact] = exact === null ? 0 : (exact[row] as number)
    into[at.length] = lengthScore(chars[row] as number)
    into[at.runLength] = this.#lengthOfRun(row)
    into[at.isQuestion] = (flags[row] as number) & isQuestionFlag
    into[at.isReply] = (mark & replyMark) === 0 ? 0 : 1
    into[at.times] = timesIn(mark) / mostOf
    into[at.names] = namesIn(mark) / mostOf
    into[at.timesAsked] = this.#asksWhen * (into[at.times] as number)
    into[at.namesAsked] = this.#asksWhere * (into[at.names] as number)
    const isEarly = this.#around.placeInRun(row) < firstAnswers
    into[at.answers] = isEarly ? this.#askedBefore() : 0
  }

  /** The weight of the message with a question mark that is nearest to the end of the run before; 0 without one. */
  #askedBefore(): number {
    const { count, rows, weights } = this.#around.before
    const { marks } = this.#corpus.columns
    for (let i = 0; i < count; i++)
      if (((marks[rows[i] as number] as number) & asksMark) !== 0) return weights[i] as number
    return 0
  }

  #lengthOfRun(row: number): number {
    const { chars } = this.#corpus.columns
    const { count, rows } = this.#around.rest
    let sum = chars[row] as number
    for (let i = 0; i < count; i++) sum += chars[rows[i] as number] as number
    return Math.min(1, Math.log(1 + sum) / Math.log(longRun))
  }

  #byWords(row: number, into: Float64Array): void {
    const { words, ideal, runWords } = this.#signals
    const { before, after } = this.#around
    const { covered } = this.#coverage
    this.#coverage.of(row, this.#around)
    const { keyword } = this.#asked
    into[at.keyword] = keyword === null ? 0 : (keyword.scores[row] as number)
    into[at.words] = (words[row] as number) / ideal
    into[at.wordsBefore] = bestAround(before, words, 0) / ideal
    into[at.wordsAfter] = bestAround(after, words, 0) / ideal
    into[at.runKeyword] = stretchedAt(runWords, row)
    into[at.rarestWord] = covered.rarest
    into[at.wordsFound] = covered.found
    into[at.ownCoverage] = covered.own
    into[at.coverage] = covered.around
    into[at.coverageBefore] = covered.before
    into[at.answersWords] = (into[at.answers] as number) * (into[at.wordsBefore] as number)
  }

  #byMeaning(cosines: Float32Array | Float64Array, row: number, into: Float64Array): void {
    const { meanCosine, meaning } = this.#signals
    const { before, after } = this.#around
    const own = cosines[row] as number
    into[at.meaning] = meaning === null ? 0 : (meaning[row] as number)
    into[at.cosine] = own
    into[at.cosineBefore] = bestAround(before, cosines, meanCosine)
    into[at.cosineAfter] = bestAround(after, cosines, meanCosine)
    into[at.cosineAndWords] = Math.max(0, own) * (into[at.words] as number)
    into[at.answersNear] = (into[at.answers] as number) * Math.max(0, into[at.cosineBefore] as number)
    const windows = this.#windows
    into[at.windowBefore] = windows === null ? own : windowBefore(this.#corpus, windows, row)
    into[at.windowAround] = windows === null ? own : windowAround(this.#corpus, windows, row)
  }

  #bySentences(sentences: NonNullable<Signals['sentences']>, row: number, into: Float64Array): void {
    const { values, mean, deviation, around } = sentences
    into[at.bestSentence] = values[row] as number
    into[at.sentence] = ((values[row] as number) - mean) / deviation
    into[at.sentenceBefore] = bestAround(this.#around.before, values, mean)
    into[at.sentenceAround] = stretchedAt(around, row)
  }

  #bySession(row: number, into: Float64Array): void {
    const { sessionWords, sessionMeaning } = this.#signals
    const { fused } = this.#asked
    const session = this.#corpus.columns.sessions[row] as number
    const isAlone = session === -1
    into[at.sessionKeyword] = isAlone ? 0 : (sessionWords[session] as number)
    into[at.sessionMeaning] = isAlone || sessionMeaning === null ? 0 : (sessionMeaning[session] as number)
    into[at.sessionBest] = isAlone || fused === null ? 0 : lifted * ((fused.bySession[session] as number) - fused.best)
  }
}
