/** What single words say about a sentence: whether it decides, changes, counts or dates something, and which words add nothing. */

/** Bits. A word may have several. */
export const marks = {
  /** Adds nothing to a note. */
  filler: 1,
  /** Opens a greeting, a thank-you or a bare reaction. */
  greeting: 2,
  decision: 4,
  change: 8,
  date: 16,
  number: 32,
  /** Begins with a capital letter. At the start of a sentence that says nothing. */
  capital: 64,
  /** Has a meaning of its own: it is no word of grammar. */
  content: 128,
  /** Ends a sentence. */
  end: 256,
  question: 512,
  /** May lead to a time: `last week`. */
  lead: 1_024,
  /** At the start of a sentence it says only who speaks, or that something was said before. */
  opener: 2_048,
  /** Ends a part of a sentence that can stand alone. */
  pause: 4_096,
  /** Begins a part of a sentence that can stand alone, behind a comma. */
  joint: 8_192,
} as const

const words = (text: string): readonly string[] => text.trim().split(/\s+/)

/** Articles and words that only make others stronger or weaker. */
const fillers = words(`
a an the really so just very too also quite super definitely totally absolutely basically literally actually well anyway
kinda sorta honestly simply truly completely extremely some such my our am is are was were be been being have had has i i'm i've i'd it's
it that's there's lot lots much
`)
const greetings = words(`
hey hi hello wow oh yeah yes yep yup no nope ok okay thanks thank cool great awesome sure haha lol aww omg absolutely definitely
totally exactly congrats congratulations bye goodbye cheers nice amazing wonderful sorry welcome agreed please
`)
const decisions = words(`
decided decide deciding chose choose chosen agreed agree plan plans planned planning will gonna booked signed bought ordered moved
joined quit started starting accepted refused promised scheduled hired applied enrolled adopted registered must should
`)
const changes = words(
  `instead changed change switched anymore rather however but except cancelled canceled postponed corrected wrong`,
)
const dates = words(`
yesterday today tomorrow tonight ago monday tuesday wednesday thursday friday saturday sunday january february march april june
july august september october november december weekend
`)
/** Words of grammar other than the fillers: alone they make no note. */
const grammar = words(`
i me my mine myself we us our ours you your yours he him his she her hers it its they them their theirs this that these those there here
am is are was were be been being have has had having do does did done can could would shall should may might must ought
and or but nor yet if then else than because as until while though although whether unless of at by for with about against between
into through during before after above below to from up down in out on off over under again further what which who whom whose when
where why how any all both each few more most other some not only own same now ever such i'm i've i'd i'll it's that's you're we're
they're don't didn't can't won't isn't wasn't get got go going know think make made thing things much lot lots
`)
const numbers = words('two three four five six seven eight nine ten eleven twelve dozen hundred thousand million')

const table = new Map<string, number>()
function mark(list: readonly string[], bits: number): void {
  for (const word of list) table.set(word, (table.get(word) ?? 0) | bits)
}
mark(fillers, marks.filler)
mark(greetings, marks.greeting)
mark(decisions, marks.decision)
mark(changes, marks.change)
mark(dates, marks.date)
mark(numbers, marks.number)
mark(words('last next'), marks.lead)
mark(words(`i i'm i've i'd i'll we and so but`), marks.opener)
mark(words('and but so which because since where who though although while'), marks.joint)

const ofGrammar = new Set([...grammar, ...fillers])
const plainWord = /^[A-Za-z0-9]+$/
const isOfWord = (sign: string) => /[\p{L}\p{N}]/u.test(sign)
const hasDigit = /\p{N}/u
const startsLarge = /^[^\p{L}\p{N}]*\p{Lu}/u
const isDate = /^\d{4}-\d{1,2}(?:-\d{1,2})?$|^\d{1,2}[/.]\d{1,2}(?:[/.]\d{2,4})?$|^(?:19|20)\d\d$/
const sentenceEnd = /[.!?。！？…]["'”’»)\]」』]*$/u
const questionEnd = /[?？]["'”’»)\]」』]*$/u

/** The word in small letters, without signs around it. */
function bareWord(token: string): string {
  if (plainWord.test(token)) return token.toLowerCase()
  const signs = [...token]
  const bare = signs.slice(signs.findIndex(isOfWord), signs.findLastIndex(isOfWord) + 1)
  return bare.join('').toLowerCase()
}

/** A word with the signs on it, and its marks. */
export interface MarkedWord {
  readonly token: string
  /** With a blank before it. */
  readonly spaced: string
  /** In small letters, without the signs. */
  readonly bare: string
  readonly bits: number
}

function marked(token: string): MarkedWord {
  const bare = bareWord(token)
  let bits = table.get(bare) ?? 0
  if (hasDigit.test(bare)) bits |= marks.number | (isDate.test(bare) ? marks.date : 0)
  if (startsLarge.test(token)) bits |= marks.capital
  if (bare !== '' && !ofGrammar.has(bare)) bits |= marks.content
  if (sentenceEnd.test(token)) bits |= marks.end | (questionEnd.test(token) ? marks.question : 0)
  if (/[,;:]$/.test(token) || /^[-\u2013\u2014]+$/.test(token)) bits |= marks.pause
  return { token, spaced: ` ${token}`, bare, bits }
}

const slots = 32_768
/** Half of the slots at most, so that looking up takes few steps. */
const remembered = slots / 2
const longestRemembered = 32

/** A conversation repeats its words: each is looked at once. About 1 MB when full; then it is emptied. */
let memo: (MarkedWord | undefined)[] = new Array(slots)
let used = 0

/** The word between two places of a text. It is looked up where it stands: to cut it out would take as long as all the rest. */
export function markedWord(text: string, start: number, end: number): MarkedWord {
  const length = end - start
  if (length > longestRemembered) return marked(text.slice(start, end))
  let hash = length
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x9e3779b1)
  let slot = (hash ^ (hash >>> 16)) & (slots - 1)
  for (let known = memo[slot]; known !== undefined; known = memo[slot]) {
    if (known.token.length === length && text.startsWith(known.token, start)) return known
    slot = (slot + 1) & (slots - 1)
  }
  // A slice would keep the whole text alive; this is a string of its own.
  const word = marked(` ${text.slice(start, end)}`.slice(1))
  if (used >= remembered) {
    memo = new Array(slots)
    used = 0
    return word
  }
  memo[slot] = word
  used += 1
  return word
}
