/** Step one of recall: what a question asks for. Who is named, when it was, which words count, what to embed. */
import type { Language } from '../domain/language.ts'
import { type QueryTerm, queryTerms } from '../domain/words.ts'
import type { Corpus } from './corpus.ts'
import { findDate, type NamedDate } from './dates.ts'
import { maxTerms, occurrencesOf } from './occurrences.ts'
import { findPeople } from './people.ts'

export interface Plan {
  readonly question: string
  /** The question without names: what to embed, and where the terms come from. */
  readonly bare: string
  /** Each term once. Exact ones must be found whatever the other legs say. */
  readonly terms: readonly QueryTerm[]
  /** Names of people in scope that the question holds. */
  readonly names: readonly string[]
  /** 1 for each author who is the one person named; null if nobody or several are. */
  readonly speaker: Uint8Array | null
  readonly date: NamedDate | null
}

/** A word that so many records have is a name, or says as little. */
const commonShare = 0.05
/** With fewer records a share says nothing. */
const fewRecords = 100

/** Plans a question against the records in scope. */
export function planOf(corpus: Corpus, question: string, language: Language): Plan {
  const people = findPeople(corpus, question)
  const date = findDate(question, language === 'english')
  const shorter = people.names.length > 0 ? people.rest : withoutCommonWords(corpus, question, language)
  const found = queryTerms(shorter, language)
  const bare = found.length === 0 ? question : shorter
  const terms = found.length === 0 ? queryTerms(question, language) : found
  return { question, bare, terms: terms.slice(0, maxTerms), names: people.names, speaker: people.speaker, date }
}

const plainWord = /^(?<word>[\p{L}\p{M}\p{N}]+)(?:['’]s)?(?<end>[^\p{L}\p{M}\p{N}]*)$/u

/** Where no author is named: the question without the words that many records have, which names in it are. */
function withoutCommonWords(corpus: Corpus, question: string, language: Language): string {
  if (corpus.scopeCount < fewRecords) return question
  const terms = queryTerms(question, language).map(({ term }) => term)
  const { frequencies } = occurrencesOf(corpus, terms)
  const common = new Set(terms.filter((_, i) => (frequencies[i] ?? 0) > commonShare * corpus.scopeCount))
  if (common.size === 0) return question
  const kept = question.split(/\s+/).map((piece) => {
    const { word = '', end = '' } = plainWord.exec(piece)?.groups ?? {}
    const own = queryTerms(word, language)
    return own.length > 0 && own.every(({ term }) => common.has(term)) ? end : piece
  })
  return kept.filter((piece) => piece !== '').join(' ')
}
