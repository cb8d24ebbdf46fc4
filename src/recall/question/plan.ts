/** Step one of recall: reads the question. Who is named, which date, which words count, what to embed. */

import { type QueryTerm, queryTerms } from '../../domain/index/words.ts'
import type { Language } from '../../domain/language.ts'
import type { Corpus } from '../records/corpus.ts'
import { maxTerms, type Occurrences, occurrencesAmong, occurrencesOf } from '../records/occurrences.ts'
import { findDate, type NamedDate } from './dates.ts'
import { findPeople } from './people.ts'

export interface Plan {
  readonly question: string
  readonly language: Language
  /** The question without names: what to embed, and where the terms come from. */
  readonly bare: string
  /** Each term once. Exact ones must be found in any case. */
  readonly terms: readonly QueryTerm[]
  /** Where these terms stand: the words of the records are read once for a question. */
  readonly occurrences: Occurrences
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
  const { names, speaker } = people
  const words =
    names.length > 0 ? wordsOf(corpus, people.rest, language) : withoutCommonWords(corpus, question, language)
  const found = words.terms.length === 0 ? wordsOf(corpus, question, language) : words
  return { question, language, ...found, names, speaker, date }
}

interface Words {
  readonly bare: string
  readonly terms: readonly QueryTerm[]
  readonly occurrences: Occurrences
}

function wordsOf(corpus: Corpus, text: string, language: Language): Words {
  const terms = queryTerms(text, language).slice(0, maxTerms)
  const hashes = terms.map(({ term }) => term)
  return { bare: text, terms, occurrences: occurrencesOf(corpus, hashes) }
}

const plainWord = /^(?<word>[\p{L}\p{M}\p{N}]+)(?:['’]s)?(?<end>[^\p{L}\p{M}\p{N}]*)$/u

/** Where no author is named: the question without the words that many records have, which names in it are. */
function withoutCommonWords(corpus: Corpus, question: string, language: Language): Words {
  const all = wordsOf(corpus, question, language)
  if (corpus.scopeCount < fewRecords) return all
  const { frequencies } = all.occurrences
  const common = new Set(
    all.terms.flatMap(({ term }, i) => ((frequencies[i] as number) > commonShare * corpus.scopeCount ? term : [])),
  )
  if (common.size === 0) return all
  const pieces = question.split(/\s+/).map((piece) => {
    const { word = '', end = '' } = plainWord.exec(piece)?.groups ?? {}
    const own = queryTerms(word, language)
    return own.length > 0 && own.every(({ term }) => common.has(term)) ? end : piece
  })
  const bare = pieces.filter((piece) => piece !== '').join(' ')
  const left = new Set(queryTerms(bare, language).map(({ term }) => term))
  const places = [...all.terms.keys()].filter((i) => left.has((all.terms[i] as QueryTerm).term))
  const terms = places.map((i) => all.terms[i] as QueryTerm)
  return { bare, terms, occurrences: occurrencesAmong(all.occurrences, places) }
}
