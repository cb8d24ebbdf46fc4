/** Cuts a text into sentences, or parts of sentences that can stand alone, with what their words say about them. */
import { type MarkedWord, markedWord, marks } from './word-marks.ts'

/** A longer text is no sentence: a list, a table, code. It is cut there. */
const longest = 60
/** A part of a sentence that stands alone has this many words. */
const shortPart = 4

export interface Sentence {
  readonly words: readonly MarkedWord[]
  /** The marks of all together. A capital letter counts behind the first word only, a greeting at the first word only. */
  readonly all: number
  /** Words with a meaning of their own. */
  readonly content: number
}

function isBreak(token: string): boolean {
  return token.endsWith(';') || token === '-' || token === '\u2013' || token === '\u2014'
}

const notLater = ~marks.greeting
const notFirst = ~marks.capital

class Building {
  readonly sentences: Sentence[] = []
  #words: MarkedWord[] = []
  #all = 0
  #content = 0
  #pauses = false

  take(word: MarkedWord): void {
    const { token, bits } = word
    if (this.#pauses && (bits & marks.joint) !== 0 && this.#words.length >= shortPart) this.close()
    this.#all |= bits & (this.#words.length === 0 ? notFirst : notLater)
    if ((bits & marks.content) !== 0) this.#content += 1
    this.#words.push(word)
    this.#pauses = (bits & marks.pause) !== 0
    const isEnd = (bits & marks.end) !== 0 || this.#words.length >= longest
    if (isEnd || (this.#pauses && this.#words.length >= shortPart && isBreak(token))) this.close()
  }

  close(): void {
    if (this.#words.length === 0) return
    this.sentences.push({ words: this.#words, all: this.#all, content: this.#content })
    this.#words = []
    this.#all = 0
    this.#content = 0
  }
}

/** White space of English text; others are part of a token. */
function isBlank(code: number): boolean {
  return code === 32 || (code >= 9 && code <= 13) || code === 160
}

export function sentencesIn(text: string): readonly Sentence[] {
  const building = new Building()
  let start = -1
  for (let at = 0; at < text.length; at++) {
    if (!isBlank(text.charCodeAt(at))) {
      if (start < 0) start = at
    } else if (start >= 0) {
      building.take(markedWord(text, start, at))
      start = -1
    }
  }
  if (start >= 0) building.take(markedWord(text, start, text.length))
  building.close()
  return building.sentences
}
