/** What records other than messages are about: the people whom a question names stand in their texts, not next to them. */
import { queryTerms } from '../../domain/index/words.ts'
import type { Language } from '../../domain/language.ts'
import type { Corpus } from '../records/corpus.ts'
import { occurrencesOf } from '../records/occurrences.ts'

/** A question, and what is left of it without names. */
interface NamedQuestion {
  readonly question: string
  readonly bare: string
  /** People in scope were found in it. Else only its capitalised words are names. */
  readonly isNamed: boolean
}

const noSubjects: ReadonlyMap<number, number> = new Map()
const messageKind = 0
const capitalised = /^[^\p{L}\p{N}]*\p{Lu}/u

function hasOtherKinds({ columns, inScope, count }: Corpus): boolean {
  for (let row = 0; row < count; row++) if (inScope[row] === 1 && columns.kinds[row] !== messageKind) return true
  return false
}

/** The terms of the names that were taken off the question. */
function nameTerms({ question, bare, isNamed }: NamedQuestion, language: Language): readonly number[] {
  if (question === bare) return []
  const left = new Set(queryTerms(bare, language).map(({ term }) => term))
  const words = isNamed
    ? question
    : question
        .split(/\s+/)
        .filter((word) => capitalised.test(word))
        .join(' ')
  return [...new Set(queryTerms(words, language).map(({ term }) => term))].filter((term) => !left.has(term))
}

/** For each record in scope that has names of the question in its text: the share of them. Empty where only messages are in scope. */
export function subjectsOf(corpus: Corpus, question: NamedQuestion, language: Language): ReadonlyMap<number, number> {
  const terms = nameTerms(question, language)
  if (terms.length === 0 || !hasOtherKinds(corpus)) return noSubjects
  const { rows } = occurrencesOf(corpus, terms)
  const found = new Map<number, number>()
  for (const row of rows) found.set(row, (found.get(row) ?? 0) + 1 / terms.length)
  return found
}
