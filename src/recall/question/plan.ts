/** Step one of recall: reads the question. Who is named, which date, which words count, what to embed. */

import { type QueryTerm, queryTerms } from '../../domain/index/words.ts'
import type { Language } from '../../domain/language.ts'
import { dayAt } from '../../domain/time-spans/calendar.ts'
import { findTimes } from '../../domain/time-spans/find-times.ts'
import type { TimeFrame } from '../../domain/time-spans/time-grammar.ts'
import type { Corpus } from '../records/corpus.ts'
import { maxTerms, type Occurrences, occurrencesAmong, occurrencesOf } from '../records/occurrences.ts'
import { type AskedTimes, askedTimes, type ScopeTimes, timesInScope } from './dates.ts'
import { findPeople } from './people.ts'
import { subjectsOf } from './subjects.ts'

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
  /** Records whose text names people that the question names, each with the share of their names that it has. */
  readonly subjects: ReadonlyMap<number, number>
  /** The times that the question names; empty for none. */
  readonly times: AskedTimes
  /** It asks for nothing but what was at these times: "what happened last week?". */
  readonly isListing: boolean
  /** It is such a time and no other word: where nothing is of that time, its words may be what is looked for. */
  readonly isBareTime: boolean
}

/** When and where a question is asked: what "last week" is counted from. */
export interface AskedAt {
  /** Epoch milliseconds. */
  readonly nowMs: number
  /** IANA name, such as `Europe/Berlin`. */
  readonly timeZone: string
}

/** A word that so many records have is a name, or says as little. */
const commonShare = 0.05
/** With fewer records a share says nothing. */
const fewRecords = 100

const noTimes: AskedTimes = { spans: [], days: [], isNarrow: false, minutes: [] }
const emptyScope: ScopeTimes = { earliest: 0, latest: 0 }
const scopeOf = (corpus: Corpus) => timesInScope(corpus) ?? emptyScope

/**
 * Plans a question against the records in scope.
 *
 * @param at Default: the time of the last record in scope, in UTC.
 */
export function planOf(corpus: Corpus, question: string, language: Language, at?: AskedAt): Plan {
  const people = findPeople(corpus, question)
  const { names, speaker, rest } = people
  const { nowMs, timeZone } = at ?? { nowMs: scopeOf(corpus).latest * 60_000, timeZone: 'UTC' }
  const frame: TimeFrame = { today: dayAt(nowMs, timeZone), reading: 'past' }
  const languages = language === 'english' ? 'english' : 'all'
  const { times } = findTimes(question, languages, frame)
  const scope = times.length === 0 ? emptyScope : scopeOf(corpus)
  const { isAll, isBare } = times.length > 0 ? findTimes(rest, languages, frame) : { isAll: false, isBare: false }
  const words = names.length > 0 ? wordsOf(corpus, rest, language) : withoutCommonWords(corpus, question, language)
  const found = words.terms.length === 0 ? wordsOf(corpus, question, language) : words
  return {
    ...{ question, language, ...found, names, speaker },
    subjects: subjectsOf(corpus, { question, bare: found.bare, isNamed: names.length > 0 }, language),
    times: times.length === 0 ? noTimes : askedTimes(times, scope, timeZone),
    isBareTime: isBare,
    isListing: isAll && !found.terms.some(({ isExact }) => isExact),
  }
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
