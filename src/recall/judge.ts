/** What an answer says of its items: how likely each answers the question, how near it is, and which words it has. */

import { normalise, tokensOf } from '../domain/index/tokens.ts'
import { queryTerms } from '../domain/index/words.ts'
import type { Gathered } from './gather.ts'
import { featureAt } from './linear/features.ts'
import type { Measure } from './linear/measure.ts'
import { gateChance, highestOf, Relevance } from './linear/relevance.ts'
import { type RelevanceModel, relevanceModels } from './linear/relevance-weights.ts'
import { dateScore } from './question/dates.ts'
import { isGreeting } from './question/greeting.ts'
import type { Plan } from './question/plan.ts'
import type { Question } from './question.ts'
import type { Corpus } from './records/corpus.ts'
import type { Scored } from './score.ts'

/** What is said of one item. */
export interface Judgement {
  /** How likely it answers the question, from 0 to 1; comparable between questions. */
  readonly relevance: number
  /** Cosine of its meaning and the question's; null where it has no vector, or meanings were not compared. */
  readonly similarity: number | null
  /** Words of the question that stand in it. */
  readonly matched: readonly string[]
}

/** Whether a question is about anything that was said. */
export interface GateOutcome {
  /** How likely it is, from 0 to 1. */
  readonly chance: number
  /** It is so unlikely that nothing is answered. */
  readonly isClosed: boolean
}

/** Below this cosine, and without a word of the question in it or around it, an item has nothing to do with it. */
const leastCosine = 0.1

/** The best of few records is further away than the best of many, which the gate and the least cosine were measured on. */
const fewRecords = 100

/** So near to a greeting is only another one, whose words no index holds. */
const sameGreeting = 0.8

function modelFor({ sentences }: Question, { legs }: Gathered): RelevanceModel {
  if (legs.vector === null) return relevanceModels.words
  return sentences == null ? relevanceModels.vectors : relevanceModels.sentences
}

/** For each term of the question the words as they were asked. */
function wordsOfTerms({ bare, terms, language }: Plan): readonly string[] {
  const words = new Map<string, string>()
  for (const token of tokensOf(normalise(bare)))
    for (const { text } of queryTerms(token, language)) if (!words.has(text)) words.set(text, token)
  return terms.map(({ text }) => words.get(text) ?? text)
}

/** Judges the rows of one ranking. */
export class Judge {
  readonly gate: GateOutcome
  readonly #question: Question
  readonly #gathered: Gathered
  readonly #corpus: Corpus
  readonly #measure: Measure
  readonly #relevance: Relevance
  readonly #words: readonly string[]
  readonly #isFew: boolean

  /** @param best The best score of all. */
  constructor(corpus: Corpus, question: Question, gathered: Gathered, { measure, first }: Scored, best: number) {
    const { items, gate, least } = modelFor(question, gathered)
    const highest = highestOf(measure, first)
    this.#corpus = corpus
    this.#question = question
    this.#gathered = gathered
    this.#measure = measure
    this.#relevance = new Relevance(measure, items, highest, best)
    this.#words = wordsOfTerms(question.plan)
    const chance = gateChance(gate, highest)
    const mode = question.gate ?? 'off'
    const isSure = gathered.exact.length > 0 || this.#asksForLatest() || question.plan.times.isNarrow
    this.#isFew = corpus.scopeCount < fewRecords
    const isNoise = isGreeting(question.plan.question)
      ? gathered.keyword === null && !((highest[featureAt.cosine] as number) >= sameGreeting)
      : !isSure && !this.#isFew && chance < least[mode]
    this.gate = { chance, isClosed: mode !== 'off' && isNoise }
  }

  /** @param score The score that the row was ranked by. */
  of(row: number, score: number): Judgement {
    const similarity = this.#similarity(row)
    const matched = this.#matched(row)
    return {
      relevance: this.#relevance.of(row, score),
      similarity: Number.isNaN(similarity) ? null : similarity,
      matched,
    }
  }

  /**
   * Whether a row has anything to do with the question: a word in it or around it, its author or date, or its meaning.
   * Where its meaning is not known yet, or there are few records, it may have.
   */
  isMatch(row: number): boolean {
    if (this.#asksForLatest()) return true
    const similarity = this.#similarity(row)
    if (this.#question.mode !== 'keyword' && (this.#isFew || !(similarity < leastCosine))) return true
    const { speaker } = this.#question.plan
    const { authors, minutes } = this.#corpus.columns
    if (speaker?.[authors[row] as number] === 1) return true
    const { dates, told } = this.#gathered.legs
    const isNarrow = this.#question.plan.times.isNarrow
    if (isNarrow && (told.has(row) || dateScore(dates, minutes[row] as number) > 0)) return true
    return (this.#measure.of(row)[featureAt.coverage] as number) > 0
  }

  /** Whether the question has nothing to look for, and is answered with what is recent. */
  #asksForLatest(): boolean {
    return this.#gathered.legs.recent !== null && this.#question.plan.terms.length === 0
  }

  #similarity(row: number): number {
    return this.#question.similarities?.[row] ?? Number.NaN
  }

  #matched(row: number): readonly string[] {
    const { rows, terms } = this.#question.plan.occurrences
    let low = 0
    let high = rows.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((rows[middle] as number) < row) low = middle + 1
      else high = middle
    }
    const found = new Set<string>()
    for (let hit = low; rows[hit] === row; hit++) found.add(this.#words[terms[hit] as number] as string)
    return [...found]
  }
}
