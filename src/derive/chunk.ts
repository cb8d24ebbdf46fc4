/** Cuts long text into pieces that an embedder accepts whole. */

interface ChunkOptions {
  /** Longest piece, in words of plain English. Default: 180, about 250 tokens. */
  readonly maxWords?: number
  /** Most pieces. Default: 64. */
  readonly maxPieces?: number
}

/** Tokens that an English word takes on average, punctuation included. */
const tokensPerWord = 1.4
/** Longest word likely to be one token; what is longer takes one more for each four letters. */
const shortWord = 7
const lettersPerToken = 4
const digitsPerToken = 2

/** Characters of scripts that write no spaces between words; their marks stay with them. */
const spaceless = '[\\p{sc=Han}\\p{sc=Hiragana}\\p{sc=Katakana}\\p{sc=Thai}\\p{sc=Lao}\\p{sc=Khmer}\\p{sc=Mymr}]\\p{M}*'
/** One character as a reader sees it: with its marks, and with what is joined to it. */
const character = '\\S\\p{M}*(?:\\u200d\\S\\p{M}*)*'
/** The parts a text is never cut within: blanks, Latin letters, digits, one character of any other kind. */
const parts = new RegExp(`(\\s+)|([A-Za-z]{1,40}\\p{M}*)|(\\d{1,40})|(${spaceless})|${character}`, 'gu')

const sentenceEnd = /[.!?…。！？]["'”’»)\]」』]*$/u
const otherLetter = /^[\p{L}\p{N}]/u

/** How well a text can be cut after a part. */
const edges = { inside: 0, word: 1, sentence: 2, paragraph: 3 } as const

interface Part {
  /** Where it ends, in UTF-16 units. */
  readonly end: number
  /** Estimated tokens of everything up to its end. */
  readonly tokens: number
  readonly edge: number
}

function tokensOf([text, blank, letters, digits]: RegExpExecArray): number {
  if (blank !== undefined) return 0
  if (letters !== undefined) return 1 + Math.ceil(Math.max(0, letters.length - shortWord) / lettersPerToken)
  if (digits !== undefined) return Math.ceil(digits.length / digitsPerToken)
  // An English vocabulary knows the letters of other alphabets one by one, or not at all.
  return text.length > 2 && otherLetter.test(text) ? 2 : 1
}

/** The edge after a part, given the text before it that may hold the end of a sentence. */
function edgeAfter([part, blank, , , own]: RegExpExecArray, before: string): number {
  if (blank !== undefined) {
    if (/\n\s*\n/.test(part)) return edges.paragraph
    return part.includes('\n') || sentenceEnd.test(before) ? edges.sentence : edges.word
  }
  if (/^[。！？]/.test(part)) return edges.sentence
  return own === undefined ? edges.inside : edges.word
}

function partsOf(text: string): Part[] {
  const found: Part[] = []
  let tokens = 0
  for (const match of text.matchAll(parts)) {
    const before = text.slice(Math.max(0, match.index - 8), match.index)
    tokens += tokensOf(match)
    found.push({ end: match.index + match[0].length, tokens, edge: edgeAfter(match, before) })
  }
  return found
}

/**
 * The part after which to cut, of those from `from` on: the best edge between half of the even share and the limit, and
 * of equal ones that nearest to the even share. Even shares leave no small rest at the end.
 */
function cutAfter(found: readonly Part[], from: number, limit: number): number {
  const before = found[from - 1]?.tokens ?? 0
  const rest = (found.at(-1)?.tokens ?? 0) - before
  if (rest <= limit) return found.length - 1
  const share = rest / Math.ceil(rest / limit)
  let best = from
  let bestScore = Number.NEGATIVE_INFINITY
  for (let i = from; i < found.length; i++) {
    const { tokens, edge } = found[i] as Part
    const size = tokens - before
    if (size > limit && i > from) break
    const score = (size < share / 2 ? -10 : edge) - Math.abs(size - share) / limit
    if (score > bestScore) {
      best = i
      bestScore = score
    }
  }
  return best
}

/** `count` of the items, evenly spread, the first and the last among them. */
function spread<T>(items: readonly T[], count: number): readonly T[] {
  if (items.length <= count) return items
  if (count === 1) return items.slice(0, 1)
  return Array.from({ length: count }, (_, i) => items[Math.round((i * (items.length - 1)) / (count - 1))] as T)
}

/**
 * Cuts a text into pieces of at most `maxWords`, at the ends of paragraphs or sentences where there are any near, else
 * between words, else between characters. A word counts by its length; in scripts without spaces a character counts
 * about as much as a short word. Pieces are not empty and do not overlap; blank text has none. If a text has more than
 * `maxPieces`, only that many are returned, evenly spread from the first to the last: the rest has no vector.
 */
export function chunk(text: string, options: ChunkOptions = {}): readonly string[] {
  const { maxWords = 180, maxPieces = 64 } = options
  const found = partsOf(text)
  const pieces: string[] = []
  let start = 0
  for (let from = 0; from < found.length; ) {
    const last = cutAfter(found, from, maxWords * tokensPerWord)
    const end = (found[last] as Part).end
    const piece = text.slice(start, end).trim()
    if (piece !== '') pieces.push(piece)
    start = end
    from = last + 1
  }
  return spread(pieces, maxPieces)
}
