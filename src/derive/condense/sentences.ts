/** Cuts a text into sentences, or parts of sentences that can stand alone, with what their words say about them. */
import { marks, wordMarksOf } from './word-marks.ts'

/** A longer text is no sentence: a list, a table, code. It is cut there. */
const longest = 60
/** A part of a sentence that stands alone has this many words. */
const shortPart = 4

export interface Sentence {
  readonly tokens: readonly string[]
  /** The marks of each word. */
  readonly bits: readonly number[]
  /** Those of all together. A capital letter counts behind the first word only, a greeting at the first word only. */
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
  #tokens: string[] = []
  #bits: number[] = []
  #all = 0
  #content = 0
  #pauses = false

  take(token: string): void {
    const bits = wordMarksOf(token)
    if (this.#pauses && (bits & marks.joint) !== 0 && this.#tokens.length >= shortPart) this.close()
    this.#all |= bits & (this.#tokens.length === 0 ? notFirst : notLater)
    if ((bits & marks.content) !== 0) this.#content += 1
    this.#tokens.push(token)
    this.#bits.push(bits)
    this.#pauses = (bits & marks.pause) !== 0
    const isEnd = (bits & marks.end) !== 0 || this.#tokens.length >= longest
    if (isEnd || (this.#pauses && this.#tokens.length >= shortPart && isBreak(token))) this.close()
  }

  close(): void {
    if (this.#tokens.length === 0) return
    this.sentences.push({ tokens: this.#tokens, bits: this.#bits, all: this.#all, content: this.#content })
    this.#tokens = []
    this.#bits = []
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
      building.take(text.slice(start, at))
      start = -1
    }
  }
  if (start >= 0) building.take(text.slice(start))
  building.close()
  return building.sentences
}
