/** Cuts a text into tokens: words, exact terms with the signs inside them, and runs of scripts that put no spaces. */

const other = 0
const word = 1
/** Letters of scripts whose words no space parts, and of Korean, which glues particles to them. */
const spaceless = 2
/** Signs that join parts to one exact term when they stand between two: ids, paths, URLs, addresses, keys, versions. */
const joining = 3
const emoji = 4
const unknown = 255

const joiners = '-_./\\:@&=+#~%?$*'
/** Longest row of signs inside a term, as in `https://`. */
const longestJoin = 3

const inWords = /[\p{L}\p{N}\p{M}]/u
/** Signs of the keyboard are none, though some can be shown as such. */
const inEmoji = /\p{Emoji_Presentation}|[\u2600-\u27bf]/u
const inSpaceless =
  /[\p{scx=Han}\p{scx=Hira}\p{scx=Kana}\p{scx=Bopo}\p{scx=Hang}\p{scx=Thai}\p{scx=Laoo}\p{scx=Khmr}\p{scx=Mymr}]/u

/** Class of each UTF-16 unit, found out at its first use; 64 KB. */
const classes = new Uint8Array(65_536).fill(unknown)

function classify(character: string): number {
  if (joiners.includes(character)) return joining
  if (!inWords.test(character)) return inEmoji.test(character) ? emoji : other
  return inSpaceless.test(character) ? spaceless : word
}

function classAt(text: string, at: number): number {
  const unit = text.charCodeAt(at)
  const known = classes[unit] as number
  if (known !== unknown) return known
  if (unit >= 0xd800 && unit < 0xe000) return classOfPair(text, at)
  const found = classify(String.fromCharCode(unit))
  classes[unit] = found
  return found
}

/** Both halves of a pair have the class of their character; a half alone is no letter. */
function classOfPair(text: string, at: number): number {
  const isLow = text.charCodeAt(at) >= 0xdc00
  const point = text.codePointAt(isLow ? at - 1 : at) ?? 0
  return point > 0xffff ? classify(String.fromCodePoint(point)) : other
}

/** Where the run of letters and digits that starts at `from` ends. */
function endOfRun(text: string, from: number, kind: number): number {
  let at = from + 1
  while (at < text.length && classAt(text, at) === kind) at++
  return at
}

/** Where a joined part goes on behind the signs at `from`; -1 if none does. */
function nextPart(text: string, from: number): number {
  let at = from
  while (at < text.length && at - from < longestJoin && classAt(text, at) === joining) at++
  return at > from && at < text.length && classAt(text, at) === word ? at : -1
}

/** `C++`, `C#`: signs that end a name. */
function endOfName(text: string, from: number): number {
  if (text.startsWith('++', from)) return from + 2
  return text.startsWith('#', from) ? from + 1 : from
}

const notAscii = /[^\0-\x7f]/
/** Characters that only steer how a word is set. */
const invisible = /\u00ad|\u200c|\u200d|\u2060|\ufe0e|\ufe0f|\ufeff/g
/** The comma between thousands: `1,299`. */
const grouping = /(?<=\d),(?=\d{3}(?!\d))/g
const otherHyphens = /[\u2010\u2011]/g

/** One spelling for texts that read the same. Case stays, because the shape of a term is in it. */
export function normalise(text: string): string {
  const whole = text.includes(',') ? text.replace(grouping, '') : text
  if (!notAscii.test(whole)) return whole
  return whole.replace(invisible, '').normalize('NFKC').replace(otherHyphens, '-')
}

/** Where the tokens of a normalised text stand, in order. Runs in one pass without looking back, whatever it holds. */
export function eachToken(text: string, visit: (start: number, end: number) => void): void {
  let at = 0
  while (at < text.length) {
    const kind = classAt(text, at)
    if (kind !== word && kind !== spaceless && kind !== emoji) {
      at++
      continue
    }
    const start = at
    at = endOfRun(text, at, kind)
    // Nearly all words end in a space; only a sign can join another part, or end a name.
    if (kind === word && at < text.length && classAt(text, at) === joining) {
      for (let next = nextPart(text, at); next !== -1; next = nextPart(text, at)) at = endOfRun(text, next, word)
      at = endOfName(text, at)
    }
    visit(start, at)
  }
}

/** The tokens of a normalised text, in order. */
export function tokensOf(text: string): string[] {
  const tokens: string[] = []
  eachToken(text, (start, end) => tokens.push(text.slice(start, end)))
  return tokens
}

/** Whether a token is a run of a script without spaces. */
export function isSpaceless(token: string): boolean {
  return classAt(token, 0) === spaceless
}

/** Whether a token is a run of emoji; each is looked for by itself. */
export function isEmoji(token: string): boolean {
  return classAt(token, 0) === emoji
}

/** Pairs of neighbouring characters of a run; a single one stays itself. */
export function pairsOf(run: string): string[] {
  const characters = Array.from(run)
  if (characters.length < 2) return characters
  const pairs: string[] = []
  for (let i = 1; i < characters.length; i++) pairs.push(`${characters[i - 1]}${characters[i]}`)
  return pairs
}

const hasJoin = /[^\p{L}\p{N}\p{M}]/u
const camel = /(?<=\p{Ll})(?=\p{Lu})/u
const letter = /\p{L}/u
const digit = /\p{N}/u
const measure = /^\p{N}+\p{L}{1,3}$/u

/** The words of a token: parts between signs, and between small and large letters (`maxRetries`). */
export function partsOf(token: string): readonly string[] {
  return token
    .split(/[^\p{L}\p{N}\p{M}]+/u)
    .filter((part) => part !== '')
    .flatMap((part) => (camel.test(part) ? part.split(camel) : part))
}

const edges = /^[^\p{L}\p{N}]+|(?<![^\p{L}\p{N}\p{M}])[^\p{L}\p{N}\p{M}]+$/gu
/** Where people part a token when they ask for a piece of it: clauses, then names, then keys, then words. */
const cuts = [/[=&?]+|:\/\/|:+(?![/\\])/, /[/\\@]+/, /\.+/, /[^\p{L}\p{N}\p{M}]+/u]

/**
 * The token itself and the pieces of it that are more than a word: of `file=src/a.ts:12` also `src/a.ts` and `a.ts`, of
 * `user.firstName` also `firstName`. Empty for a plain word.
 */
export function wholesOf(token: string): readonly string[] {
  const isMore = (piece: string) => hasJoin.test(piece) || camel.test(piece)
  if (!isMore(token)) return []
  const wholes = new Set([token])
  let pieces = [token]
  for (const cut of cuts) {
    pieces = pieces
      .flatMap((piece) => piece.split(cut))
      .map((piece) => piece.replace(edges, ''))
      .filter(isMore)
    for (const piece of pieces) wholes.add(piece)
  }
  return [...wholes]
}

/**
 * Whether somebody who writes this means these characters and no others: an id, an error code, a path, a URL, an e-mail
 * address, a key, a version. Two words with a hyphen, an amount with its unit and a year are ordinary.
 */
export function isExactTerm(token: string): boolean {
  const hasDigit = digit.test(token)
  if (hasJoin.test(token)) {
    const isWritten = /^\p{L}+-\p{L}+$/u.test(token)
    return !isWritten || token === token.toUpperCase()
  }
  if (!letter.test(token)) return token.length >= 5
  if (hasDigit) return token.length >= 4 && !measure.test(token)
  return token.length >= 6 && camel.test(token)
}
