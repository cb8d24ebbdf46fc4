// Statements made of conversations by rule, as a model that extracts facts would word them, each with the turn that says it.
import { analyse } from '../../src/domain/index/words.ts'
import type { Conversation, Turn } from '../questions.ts'

/** A fact: what one person said of themselves or of the world, in the third person. */
export interface Statement {
  readonly id: string
  /** The id of the turn that says it. */
  readonly source: string
  readonly author: string
  /** ISO time of the turn. */
  readonly at: string
  readonly text: string
}

/** A sentence with fewer words that count states nothing that anybody asks for. */
const leastWords = 3
/** Statements of one turn: of more, the ones with most words that count. */
const mostOfTurn = 3

const contractions: Readonly<Record<string, string>> = {
  "'m": ' is',
  "'re": ' is',
  "'ve": ' has',
  "'ll": ' will',
  "'d": ' would',
  "'s": ' is',
}

/** Puts names in place of the persons who speak and are spoken to. */
function inThirdPerson(sentence: string, speaker: string, other: string): string {
  const named = (name: string) => (_: string, short: string | undefined) =>
    short === undefined ? name : `${name}${contractions[short.toLowerCase()] ?? ''}`
  return sentence
    .replaceAll('’', "'")
    .replace(/\bI am\b/g, `${speaker} is`)
    .replace(/\bI have\b/g, `${speaker} has`)
    .replace(/\byou (?:are|were)\b/gi, `${other} is`)
    .replace(/\bI('m|'ve|'ll|'d)?\b/g, named(speaker))
    .replace(/\b(?:my|mine)\b/gi, `${speaker}'s`)
    .replace(/\b(?:me|myself)\b/g, speaker)
    .replace(/\byours?\b/gi, `${other}'s`)
    .replace(/\byou('re|'ve|'ll|'d)?\b/gi, named(other))
    .replace(/\bwe('re|'ve|'ll|'d)?\b/gi, (_, short = '') => `they${short}`)
    .replace(/\bours?\b/gi, 'their')
    .replace(/\bus\b/g, 'them')
}

/** What a picture shows stands in brackets behind the words, and belongs to the last of them. */
function sentencesOf(text: string): readonly string[] {
  return text.split(/(?<=[.!?])\s+(?!\[)/)
}

const wordCount = (text: string) => analyse(text, 'english').length

function statedBy({ id, author, at, text }: Turn, other: string): readonly Statement[] {
  const told = sentencesOf(text)
    .filter((sentence) => !/\?["')\]]*$/.test(sentence) && wordCount(sentence) >= leastWords)
    .map((sentence) => ({ sentence, words: wordCount(sentence) }))
  const best = told.toSorted((left, right) => right.words - left.words).slice(0, mostOfTurn)
  return told
    .filter((one) => best.includes(one))
    .map(({ sentence }, place) => {
      const whole = inThirdPerson(sentence, author, other)
      // Who says it of somebody else is part of what is known.
      const worded = whole.includes(author) ? whole : `${author}: ${whole}`
      return { id: `${id}/${place}`, source: id, author, at, text: worded }
    })
}

/** The statements of a conversation, in its order. */
export function statementsOf({ turns }: Conversation): readonly Statement[] {
  const speakers = [...new Set(turns.map(({ author }) => author))]
  return turns.flatMap((turn) => statedBy(turn, speakers.find((name) => name !== turn.author) ?? 'everybody'))
}
