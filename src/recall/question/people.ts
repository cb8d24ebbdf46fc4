/** The people and agents who speak in the records in scope, and which of them a question names. */
import type { Actor } from '../../domain/actor.ts'
import { isStopWord, queryTerms } from '../../domain/index/words.ts'
import type { Corpus } from '../records/corpus.ts'
import { occurrencesOf } from '../records/occurrences.ts'
import { aliasesOf } from './aliases.ts'
import { isNearName } from './near-names.ts'

/** Names of roles, not of persons. */
const roleNames = ['user', 'assistant', 'system', 'tool', 'agent', 'app', 'ai', 'bot', 'human', 'model', 'default']
const roles = new Set([...roleNames, 'unknown'])

/** The speakers that a question names. */
interface NamedPeople {
  /** Names as they were found, small letters: full names in scope, or those that people gave themselves. */
  readonly names: readonly string[]
  /** 1 for each author who is the one person named; null if nobody or several are. */
  readonly speaker: Uint8Array | null
  /** The question without these names. */
  readonly rest: string
}

/** The name of a person or an agent, in small letters; null for tools, the system and bare roles. */
function nameOf(author: Actor): string | null {
  if (author.kind !== 'user' && author.kind !== 'agent') return null
  const name = (author.name ?? author.id).normalize('NFKC').toLowerCase().trim()
  return name.length < 2 || roles.has(name) || !/\p{L}/u.test(name) ? null : name
}

/** The full name, and its first word where that can stand for it. */
function formsOf(name: string): readonly string[] {
  const [first = ''] = name.split(/\s+/)
  return first === name || first.length < 2 || first.endsWith('.') || roles.has(first) ? [name] : [name, first]
}

const letters = '\\p{L}\\p{M}\\p{N}_'
const signs = '[-./\\\\:@#&=+~$%]'
const unspaced = /^[\p{scx=Han}\p{scx=Hira}\p{scx=Kana}\p{scx=Hang}\p{scx=Thai}]/u

/** Finds a name that is no part of a longer word or of an exact term, such as an address; with a possessive `'s`. */
function patternOf(form: string): RegExp {
  const name = form.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&').replace(/\s+/g, '\\s+')
  if (unspaced.test(form)) return new RegExp(name, 'giu')
  const before = `(?<![${letters}]|[${letters}]${signs}|[@#/])`
  const after = `(?:['’]s)?(?![${letters}]|${signs}[${letters}])`
  // Will and May are names only with a capital letter.
  if (!isStopWord(form, 'english')) return new RegExp(before + name + after, 'giu')
  return new RegExp(before + name.charAt(0).toUpperCase() + name.slice(1) + after, 'gu')
}

/** Finds who is named in a question. A first name that several share names each of them. */
export function findPeople(corpus: Corpus, question: string): NamedPeople {
  const authorsByName = new Map<string, number[]>()
  for (const [place, author] of corpus.authors.entries()) {
    const name = corpus.speaks[place] === 1 ? nameOf(author) : null
    if (name === null) continue
    const known = authorsByName.get(name)
    if (known === undefined) authorsByName.set(name, [place])
    else known.push(place)
  }
  // Nobody takes the name of somebody else by saying so.
  const names = new Set([...authorsByName.keys()].flatMap(formsOf))
  for (const [alias, places] of aliasesOf(corpus))
    if (!names.has(alias) && !roles.has(alias)) authorsByName.set(alias, [...places])
  const namesByForm = new Map<string, string[]>()
  for (const name of authorsByName.keys()) {
    for (const form of formsOf(name)) {
      const known = namesByForm.get(form)
      if (known === undefined) namesByForm.set(form, [name])
      else known.push(name)
    }
  }
  const asked = question.normalize('NFKC').toLowerCase()
  const forms = [...namesByForm.keys()].filter((form) => asked.includes(form.split(' ')[0] as string))
  const named = new Set<string>()
  let rest = question.normalize('NFKC')
  for (const form of forms.sort((left, right) => right.length - left.length || (left < right ? -1 : 1))) {
    const without = rest.replace(patternOf(form), ' ')
    if (without === rest) continue
    rest = without
    for (const name of namesByForm.get(form) ?? []) named.add(name)
  }
  const written = named.size === 0 ? nameWritten(corpus, rest, namesByForm) : null
  if (written !== null) {
    rest = rest.replace(written.word, ' ')
    named.add(written.name)
  }
  return {
    names: [...named],
    speaker: speakerOf(corpus, [...named], authorsByName),
    rest: rest.replace(/\s+/g, ' ').trim(),
  }
}

/** A capitalised word, with what may stand behind it. */
const capitalised = /^(?<word>\p{Lu}[\p{L}\p{M}]+)(?:['’]s)?[^\p{L}\p{M}\p{N}]*$/u

/** A word that stands in more records than this is one that is meant. */
const mostRecords = 2

/** Whether a word stands in so few records that it may be a name that is written otherwise. */
function isRare(corpus: Corpus, word: string): boolean {
  const terms = queryTerms(word, 'english').map(({ term }) => term)
  return terms.length > 0 && occurrencesOf(corpus, terms).frequencies.every((count) => count <= mostRecords)
}

/**
 * A word of the question that stands for the one person whose name is nearly written like it. A capitalised word before
 * it makes it a part of another name: North Carolina is not Caroline.
 */
function nameWritten(corpus: Corpus, question: string, namesByForm: ReadonlyMap<string, readonly string[]>) {
  const pieces = question.split(/\s+/)
  for (const [place, piece] of pieces.entries()) {
    const word = capitalised.exec(piece)?.groups?.word ?? ''
    const before = pieces[place - 1] ?? ''
    const isPart = /^\p{Lu}/u.test(before) && !isStopWord(before, 'english')
    if (word === '' || isPart || isStopWord(word, 'english')) continue
    const near = new Set([...namesByForm].flatMap(([form, names]) => (isNearName(word, form) ? names : [])))
    const [name, ...others] = near
    if (name !== undefined && others.length === 0 && isRare(corpus, word)) return { word, name }
  }
  return null
}

function speakerOf(corpus: Corpus, named: readonly string[], authorsByName: ReadonlyMap<string, readonly number[]>) {
  const [name, ...others] = named
  if (name === undefined || others.length > 0) return null
  const speaker = new Uint8Array(corpus.authors.length)
  for (const place of authorsByName.get(name) ?? []) speaker[place] = 1
  return speaker
}
