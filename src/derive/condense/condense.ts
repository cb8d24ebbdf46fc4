/**
 * Condenses messages into notes without a model: sentences that date, count, decide or change something, name somebody or answer a
 * question, in fewer words. The same messages give the same notes anywhere. The lists of words are English; of other languages only
 * names, numbers and dates are told apart.
 */
import type { ObservationPriority } from '../../domain/records/observation.ts'
import { type Sentence, sentencesIn } from './sentences.ts'
import { timeMeant } from './time-meant.ts'
import { marks } from './word-marks.ts'

/** A message, as far as it is condensed. */
interface CondensableMessage {
  readonly text: string
  /** Tells the speaker from others. */
  readonly speaker: string
  /** ISO time. */
  readonly at: string
}

/** A note of one sentence. */
interface ExtractedNote {
  /** The place of the message in the list. */
  readonly message: number
  readonly text: string
  readonly priority: ObservationPriority
  /** An ISO day, month or year, if the sentence says when, from when it was said. */
  readonly refersTo?: string
}

/** Answers of fewer words with a meaning need their question to be understood. */
const shortAnswer = 4
/** Words of a question that are kept with its answer. */
const keptOfQuestion = 12
/** Notes are cut here; a message may hold a text without a blank. */
const longestNote = 1_000

const has = (bits: number, mark: number) => (bits & mark) !== 0
/** Words at the start of a sentence that say nothing which the note does not say by itself. */
const opening = marks.greeting | marks.opener
/** Signs that end a sentence, or part it from the next one. */
const trailing = new Set('-.!,;: \u2013\u2014')

/** Without the blank before it, and the signs behind it. */
function trimmed(text: string): string {
  let end = Math.min(text.length, longestNote + 1)
  while (end > 1 && trailing.has(text[end - 1] as string)) end -= 1
  return text.slice(1, end)
}

/** The sentence in fewer words. */
function shortened({ words }: Sentence): string {
  let text = ''
  for (const { spaced, bits } of words) {
    if (has(bits, marks.filler) || (text === '' && has(bits, opening))) continue
    text += spaced
  }
  return trimmed(text)
}

function priorityOf({ all, content }: Sentence): ObservationPriority | null {
  // A greeting with a name.
  if (has(all, marks.greeting) && content < 3) return null
  const isFirm = has(all, marks.decision | marks.change)
  const isExact = has(all, marks.date | marks.number)
  const isNamed = has(all, marks.capital)
  if (isExact && (isFirm || isNamed)) return 'high'
  if (isExact || isFirm || isNamed) return content >= 2 ? 'medium' : 'low'
  return content >= 3 ? 'low' : null
}

/** The words of a question that an answer needs to be understood. */
function questionText({ words }: Sentence): string {
  const kept = words.flatMap(({ token, bits }) => (has(bits, marks.filler) ? [] : [token]))
  return kept.slice(-keptOfQuestion).join(' ')
}

interface Asked {
  readonly speaker: string
  readonly question: Sentence
}

function noteOf(sentence: Sentence, message: number, at: string, asked: Sentence | null): ExtractedNote | null {
  const isAnswer = asked !== null && sentence.content > 0 && sentence.content < shortAnswer
  const priority = isAnswer ? 'medium' : priorityOf(sentence)
  if (priority === null) return null
  const text = shortened(sentence)
  if (text === '') return null
  const about = has(sentence.all, marks.date | marks.lead) ? timeMeant(sentence.words, at) : null
  const whole = isAnswer ? `${questionText(asked)} ${text}` : text
  const kept = (whole.length > longestNote ? whole.slice(0, longestNote) : whole).toWellFormed()
  return about === null ? { message, text: kept, priority } : { message, text: kept, priority, refersTo: about }
}

/** The last question of a message; null if it does not end with one. */
function lastQuestion(sentences: readonly Sentence[]): Sentence | null {
  const last = sentences.at(-1)
  return last !== undefined && has(last.all, marks.question) && last.content > 0 ? last : null
}

/** The notes of some messages, in their order. A question makes no note of its own; a short answer repeats it. */
export function condense(messages: readonly CondensableMessage[]): readonly ExtractedNote[] {
  const notes: ExtractedNote[] = []
  let asked: Asked | null = null
  for (const [message, { text, speaker, at }] of messages.entries()) {
    const sentences = sentencesIn(text)
    let question: Sentence | null = asked !== null && asked.speaker !== speaker ? asked.question : null
    for (const sentence of sentences) {
      if (has(sentence.all, marks.question)) continue
      const note = noteOf(sentence, message, at, question)
      if (note === null) continue
      notes.push(note)
      question = null
    }
    const last = lastQuestion(sentences)
    if (last !== null) asked = { speaker, question: last }
    else if (asked?.speaker !== speaker) asked = null
  }
  return notes
}
