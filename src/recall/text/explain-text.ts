/** What an explanation of a recall says in words: one line an item, and one line about the answer. Pure. */
import type { Part, PartScores } from '../parts.ts'

/** What a part of a score says where it lifts a record, and where it lowers one; most parts only lift. */
const meanings: Readonly<Partial<Record<Part, readonly [lifts: string, lowers?: string] | undefined>>> = {
  author: ['by the person who is named'],
  date: ['of the time that is named'],
  exact: ['has an exact term of the question'],
  recent: ['among the newest'],
  session: ['in a conversation that is near'],
  context: ['what stands around it is near', 'the words are around it rather than in it'],
  details: ['tells times or names'],
  question: ['answers a question', 'asks something itself'],
}

/** What the parts say of records that are no messages: they stand in no conversation, and their text tells whom they are about. */
const otherMeanings: typeof meanings = {
  ...meanings,
  author: ['about the person who is named, or by them'],
  session: undefined,
  context: undefined,
  question: undefined,
}

/** A part is named from this share of the score on. */
const leastShare = 0.05

/** Why an item is not in the answer. */
const reasons = {
  'below-threshold': 'its relevance is below the threshold',
  'beyond-top-k': 'others rank above it',
  'over-budget': 'it did not fit into the tokens that were left',
  gone: 'it is gone, or holds no more',
  filter: 'the filter refused it',
  'in-prompt': 'the prompt shows it already',
} as const

/** What is known of an item. */
interface ExplainedItem {
  readonly kind: string
  /** What it is, of whom and of when, as {@link saidText} says it. */
  readonly said: string
  readonly similarity: number | null
  readonly matched: readonly string[]
  /** How many words of the question stood in it when it was found. Default: those of `matched`. */
  readonly matchedCount?: number
  readonly scores: PartScores
  readonly score: number
  readonly dropped: keyof typeof reasons | null
  readonly isPulledIn?: true
  readonly limitedBy?: string
}

const monthNames = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ')

/** "12 May 2025" of an ISO time. */
function dayText(iso: string): string {
  const [year = '', month = '', day = ''] = iso.slice(0, 10).split('-')
  return `${Number(day)} ${monthNames[Number(month) - 1]} ${year}`
}

/** What a record is, of whom and of when: "message of Ann, 12 May 2025". `at` is an ISO time. */
export function saidText(kind: string, author: string, at: string): string {
  return `${kind} of ${author}, ${dayText(at)}`
}

/** Why an item stands where it does, in one line. `words`: how many words of the question were looked for. */
export function itemText(item: ExplainedItem, words: number): string {
  const {
    kind,
    said,
    similarity,
    matched,
    matchedCount = matched.length,
    scores,
    score,
    dropped,
    isPulledIn,
    limitedBy,
  } = item
  const named = Object.entries(kind === 'message' ? meanings : otherMeanings).flatMap(([part, texts = []]) => {
    const [lifts, lowers] = texts
    const added = scores[part as Part]
    if (Math.abs(added) < leastShare * Math.max(score, 0.1)) return []
    return (added > 0 ? lifts : lowers) ?? []
  })
  const parts = [
    said,
    ...(words === 0
      ? []
      : [`${matchedCount} of ${words} words${matched.length === 0 ? '' : ` (${matched.join(', ')})`}`]),
    ...(similarity === null ? [] : [`meaning ${similarity.toFixed(2)}`]),
    ...named,
    ...(isPulledIn === true ? ['moved up for its exact term'] : []),
    ...(limitedBy === undefined ? [] : [`kept below ${limitedBy}, which replaced what it says`]),
    ...(dropped === null ? [] : [`left out: ${reasons[dropped]}`]),
  ]
  return parts.join('; ')
}

/** What is known of an answer. */
interface ExplainedAnswer {
  readonly legs: readonly string[]
  readonly inScope: number
  readonly unmatched: number
  readonly gate: { readonly chance: number; readonly isClosed: boolean }
  /** The days that the question names, as ISO texts, and whether it asks for nothing else. */
  readonly times: readonly string[]
  readonly names: readonly string[]
  readonly items: readonly { readonly dropped: string | null }[]
}

const legTexts: Readonly<Record<string, string>> = {
  keyword: 'words',
  vector: 'meaning',
  exact: 'exact terms',
  recent: 'age',
  time: 'a list of that time',
}

/** How an answer came about, in one line. */
export function answerText({ legs, inScope, unmatched, gate, times, names, items }: ExplainedAnswer): string {
  const kept = items.filter(({ dropped }) => dropped === null).length
  const found = legs.map((leg) => legTexts[leg] ?? leg).join(', ')
  const parts = [
    `${kept} of ${inScope} records in the answer`,
    ...(found === '' ? [] : [`found by ${found}`]),
    ...(names.length === 0 ? [] : [`about ${names.join(' and ')}`]),
    ...(times.length === 0 ? [] : [`time ${times.join(', ')}`]),
    ...(gate.isClosed
      ? [`nothing answered: the question is about nothing that was said (chance ${gate.chance.toFixed(2)})`]
      : []),
    ...(unmatched === 0 ? [] : [`${unmatched} left out that have nothing of the question`]),
  ]
  return parts.join('; ')
}
