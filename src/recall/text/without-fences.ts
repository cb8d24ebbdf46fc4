/**
 * Texts in which no fence of memory begins or ends, however it is written. Pure.
 *
 * A model reads more than the exact tag: brackets of other widths, letters with nothing but invisible characters
 * between them, entities. So the text after every bracket is read as a reader would read it, and if it is the name of a
 * fence, the bracket gets a backslash: `<\/recalled-memory>`. Everything else stays, and a second pass changes nothing.
 */

/** Texts that a model reads as `<`: look-alikes, and the forms of markup and programs. */
const bracket =
  /[<\u00ab\u02c2\u1438\u16b2\u2039\u226a\u226e\u22d6\u2329\u276c\u276e\u2770\u27e8\u27ea\u29fc\u2a79\u3008\u300a\ufe3d\ufe3f\ufe64\uff1c\u{1d236}]|[&\uff06\ufe60](?:amp;)*(?:lt|#0*60|#x0*3c|lang|laquo|lsaquo)[;\uff1b]?|\\(?:u003c|x3c)|%3c/giu

/** White space and invisible characters: both are skipped between a bracket and a name, and inside the name. */
const unseen = /[\s\p{Default_Ignorable_Code_Point}\p{Cf}\p{Cc}\p{M}\u2800\ufffc]+/gu
const unseenHere = new RegExp(unseen.source, 'uy')
const entityHere =
  /[&\uff06\ufe60](?:amp;)*(?:#(?<decimal>\d{1,7})|#x(?<hex>[0-9a-f]{1,6})|(?<name>[a-z]{2,6}))[;\uff1b]?/iuy

const namedEntities = new Map([
  ['sol', '/'],
  ['dash', '-'],
  ['hyphen', '-'],
  ...['shy', 'nbsp', 'ensp', 'emsp', 'thinsp', 'tab', 'zwj', 'zwnj', 'lrm', 'rlm'].map((name) => [name, ''] as const),
])

/** Characters that look like those of a tag and are not made equal to them by compatibility (NFKD). */
const lookAlikes = new Map(
  Object.entries({
    '/': '\u2044\u2215\u2571\u27cb\u29f8\u3033',
    '-': '_\u02d7\u2010\u2012\u2013\u2014\u2015\u2043\u2212\u2500\u30fc\u4e00',
    a: '\u0251\u03b1\u0430',
    c: '\u03f2\u0441\u1d04',
    d: '\u0501\u13e7',
    e: '\u0435\u04bd\u212e',
    g: '\u0261\u0581',
    i: '\u0131\u0269\u03b9\u0456\u13a5',
    k: '\u03ba\u043a\u1d0b',
    l: '\u01c0\u04cf\u2223',
    m: '\u043c\u1d0d',
    n: '\u0274\u03b7\u043f\u0578',
    o: '\u03bf\u043e\u0585\u1d0f',
    r: '\u0280\u0433\u1d26',
    t: '\u03c4\u0442\u1d1b',
    w: '\u03c9\u0461\u051d\u0561\u1d21',
    y: '\u028f\u03b3\u0443\u04af',
  }).flatMap(([plain, alike]) => [...alike].map((character) => [character, plain] as const)),
)

/** Normalising a character takes ten times as long as looking it up. About 100 KB when full. */
const mostSeenCharacters = 1_000
const seenCharacters = new Map<string, string>()

/** A character as it looks: in lower case, without marks, plain instead of a look-alike; empty for an invisible one. */
function asSeen(character: string): string {
  if (character < '\x7f' && character !== '_') return character.toLowerCase()
  const known = seenCharacters.get(character)
  if (known !== undefined) return known
  const plain = character.normalize('NFKD').toLowerCase().normalize('NFKD').replace(unseen, '')
  const seen = Array.from(plain, (one) => lookAlikes.get(one) ?? one).join('')
  if (seenCharacters.size >= mostSeenCharacters) seenCharacters.clear()
  seenCharacters.set(character, seen)
  return seen
}

/** The character at a place, as it looks, and where the next one is. An entity is the character that it stands for. */
function seenAt(text: string, at: number): { readonly seen: string; readonly end: number } {
  const character = String.fromCodePoint(text.codePointAt(at) as number)
  const plain = { seen: asSeen(character), end: at + character.length }
  if (plain.seen !== '&') return plain
  entityHere.lastIndex = at
  const { decimal, hex, name } = entityHere.exec(text)?.groups ?? {}
  const end = entityHere.lastIndex
  if (name !== undefined) {
    const meant = namedEntities.get(name.toLowerCase())
    return meant === undefined ? plain : { seen: meant, end }
  }
  const point = decimal === undefined ? Number.parseInt(hex ?? 'none', 16) : Number(decimal)
  return point <= 0x10ffff ? { seen: asSeen(String.fromCodePoint(point)), end } : plain
}

function afterUnseen(text: string, at: number): number {
  // Most texts go on with a letter.
  if ((text.charCodeAt(at) | 0x20) - 0x61 < 26 && text.charCodeAt(at) > 0x40) return at
  unseenHere.lastIndex = at
  return unseenHere.test(text) ? unseenHere.lastIndex : at
}

/**
 * Whether one of the names is at a place, with or without slashes before it. Reading ends at the first character that
 * is not part of a name, and no skipped character is a bracket, so all brackets of a text together take linear time.
 */
function isNamed(text: string, start: number, names: readonly string[]): boolean {
  let read = ''
  for (let at = afterUnseen(text, start); at < text.length; ) {
    const { seen, end } = seenAt(text, at)
    if (seen !== '/' || read !== '') read += seen
    if (names.some((name) => read.startsWith(name))) return true
    if (!names.some((name) => name.startsWith(read))) return false
    at = afterUnseen(text, end)
  }
  return false
}

/** The fences of a prompt. */
const fences = ['recalled-memory', 'working-memory', 'observations']

/** A text in which none of these elements begins or ends. */
export function withoutElements(text: string, names: readonly string[]): string {
  let kept = ''
  let from = 0
  for (const { index, 0: sign } of text.matchAll(bracket)) {
    const end = index + sign.length
    if (!isNamed(text, end, names)) continue
    kept += `${text.slice(from, end)}\\`
    from = end
  }
  return from === 0 ? text : kept + text.slice(from)
}

/** A text in which no fence of memory begins or ends. */
export function withoutFences(text: string): string {
  return withoutElements(text, fences)
}
