/** What a run keeps of the recall of its prompt, for `memory.explain`: ids and numbers, never words. */
import type { RecordKind } from '../../domain/index/word-segment.ts'
import type { Found, FoundItem } from '../../ports/agent-memory.ts'
import type { FormedRecall } from './recalled-forms.ts'

/** Why a found item is not in the prompt: it shows it already, others rank above it, or its tokens did not fit. */
export type NotRecalledReason = 'in-prompt' | 'beyond-top-k' | 'over-budget'

/** What every found item is kept with. Scores are rounded to four digits. */
interface SeenFound {
  readonly kind: RecordKind
  readonly id: string
  readonly space: string
  readonly threadId?: string
  readonly score: number
  /** How likely it answers the question, its nearness in meaning, and how many words of the question stand in it. */
  readonly relevance?: number
  readonly similarity?: number
  readonly matched?: number
}

/** A recalled item in the record of a run. */
export interface SeenRecalled extends SeenFound {
  /** Zero parts are left out. */
  readonly scores: Readonly<Record<string, number>>
  readonly tokens: number
  /** Shown in few words. */
  readonly isShort?: true
}

/** An item that was found and left out of the prompt. */
export interface NotRecalled extends SeenFound {
  readonly reason: NotRecalledReason
}

/** What was compared, and whether the question was about anything that was said. */
export interface SeenComparison {
  readonly mode: string
  readonly legs: readonly string[]
  readonly inScope: number
  readonly candidates: number
  readonly unmatched: number
  /** Words of the question that were looked for. */
  readonly words: number
  readonly gate: { readonly mode: string; readonly chance: number; readonly isClosed: boolean }
}

/** Items that were left out and are kept: the best of them. */
const mostLeftOut = 10

const rounded = (score: number) => Math.round(score * 10_000) / 10_000

function seenFound({ kind, id, space, threadId, score, relevance, similarity, matched }: FoundItem): SeenFound {
  return {
    ...{ kind, id, space },
    ...(threadId === undefined ? {} : { threadId }),
    score: rounded(score),
    ...(relevance === undefined ? {} : { relevance: rounded(relevance) }),
    ...(similarity == null ? {} : { similarity: rounded(similarity) }),
    ...(matched === undefined || matched.length === 0 ? {} : { matched: matched.length }),
  }
}

/** An item of the prompt. Needless digits and zero parts would be more than half of a turn's row in the log. */
export function seenItem({ item, tokens, short }: FormedRecall): SeenRecalled {
  const parts = Object.entries(item.scores).flatMap(([part, share]) =>
    share === 0 ? [] : [[part, rounded(share)] as const],
  )
  const seen = { ...seenFound(item), scores: Object.fromEntries(parts), tokens }
  return short === undefined ? seen : { ...seen, isShort: true }
}

/** What became of the found items in a prompt. */
interface Outcome {
  /** Items that the prompt does not show otherwise. */
  readonly news: readonly FoundItem[]
  readonly kept: readonly FormedRecall[]
  /** Items that a prompt recalls at most. */
  readonly most: number
}

/** The best of the items that are not in the prompt, and why. Neighbours were not found themselves. */
export function notRecalled(items: readonly FoundItem[], { news, kept, most }: Outcome): readonly NotRecalled[] {
  const isNews = new Set(news)
  const isKept = new Set(kept.map(({ item }) => item))
  const left: NotRecalled[] = []
  let count = 0
  for (const item of items) {
    if (item.isNeighbour === true) continue
    if (isKept.has(item)) count++
    else {
      const reason = !isNews.has(item) ? 'in-prompt' : count >= most ? 'beyond-top-k' : 'over-budget'
      if (left.push({ ...seenFound(item), reason }) === mostLeftOut) break
    }
  }
  return left
}

/** What was compared; null where a memory does not say it. */
export function seenComparison({ trace }: Found): SeenComparison | null {
  if (trace === undefined) return null
  const { mode, legs, inScope, candidates, unmatched, terms, gate } = trace
  const { mode: gateMode, chance, isClosed } = gate
  return {
    ...{ mode, legs, inScope, candidates, unmatched, words: terms.length },
    gate: { mode: gateMode, chance: rounded(chance), isClosed },
  }
}
