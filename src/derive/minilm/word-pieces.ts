/**
 * Texts as the pieces of words that BERT's uncased models know, by number (Devlin et al. 2018; WordPiece, Wu et al. 2016). The
 * package of the model's authors knows the characters of Unicode 8; of some 600 newer marks and signs this file knows what they are.
 */

/** What is read of a `tokenizer.json`. */
interface TokenizerFile {
  readonly model: { readonly vocab: Readonly<Record<string, number>> }
}

/** Longer words are unknown as a whole, characters. */
const longestWord = 100

/** Pieces with a meaning of their own, which a text may have as well. */
const special = /(\[(?:PAD|UNK|CLS|SEP|MASK)\])/

/** Characters that no word has: controls and signs of format, private ones, and the one for bytes that are no text. */
const dropped = /(?![\t\n\r])[\p{Cc}\p{Cf}\p{Co}\p{Cs}\ufffd]/gu

/** Ideographs, each of which is a word. */
const ideographs =
  /[\u4e00-\u9fff\u3400-\u4dbf\u{20000}-\u{2a6df}\u{2a700}-\u{2b73f}\u{2b740}-\u{2b81f}\u{2b920}-\u{2ceaf}\uf900-\ufaff\u{2f800}-\u{2fa1f}]/gu

const marks = /\p{Mn}/gu

/** A sign of punctuation, or what stands between two of them or two spaces. */
const words = /[!-/:-@[-`{-~\p{P}]|[^\s!-/:-@[-`{-~\p{P}]+/gu

/** Lower case, letter by letter: the rule for a sigma at the end of a word does not count. */
function lowered(text: string): string {
  let lower = ''
  for (const letter of text) lower += letter.toLowerCase()
  return lower
}

function normalised(text: string): string {
  return lowered(text.replace(dropped, '').replace(ideographs, ' $& ').normalize('NFD').replace(marks, ''))
}

/** The pieces of one vocabulary. */
export class WordPieces {
  /** As it was parsed: a map of its 30,000 pieces would take longer to make than the parsing. */
  readonly #vocabulary: Readonly<Record<string, number>>
  readonly #unknown: number
  readonly #begin: number
  readonly #end: number

  constructor({ model: { vocab } }: TokenizerFile) {
    this.#vocabulary = vocab
    this.#unknown = vocab['[UNK]'] as number
    this.#begin = vocab['[CLS]'] as number
    this.#end = vocab['[SEP]'] as number
  }

  /** The numbers of a text's pieces, those of its beginning and end included; what is beyond `most` is left out. */
  of(text: string, most: number): readonly number[] {
    const pieces = [this.#begin]
    for (const [i, part] of text.split(special).entries()) {
      if (pieces.length >= most) break
      if (i % 2 === 1) pieces.push(this.#numberOf(part) ?? this.#unknown)
      else this.#addWords(normalised(part), most, pieces)
    }
    pieces.length = Math.min(pieces.length, most - 1)
    pieces.push(this.#end)
    return pieces
  }

  #numberOf(piece: string): number | undefined {
    return Object.hasOwn(this.#vocabulary, piece) ? this.#vocabulary[piece] : undefined
  }

  #addWords(text: string, most: number, pieces: number[]): void {
    for (const [word] of text.matchAll(words)) {
      if (pieces.length >= most) return
      this.#addWord(word, pieces)
    }
  }

  /** The longest piece that is known, and so on behind it; all of a word is unknown if one of its pieces is. */
  #addWord(word: string, pieces: number[]): void {
    const before = pieces.length
    const isLong = word.length > longestWord && Array.from(word).length > longestWord
    for (let from = 0; from < word.length; ) {
      let to = isLong ? from : word.length
      let found: number | undefined
      for (; to > from; to--) {
        found = this.#numberOf(from === 0 ? word.slice(0, to) : `##${word.slice(from, to)}`)
        if (found !== undefined) break
      }
      if (found === undefined) {
        pieces.length = before
        pieces.push(this.#unknown)
        return
      }
      pieces.push(found)
      from = to
    }
  }
}
