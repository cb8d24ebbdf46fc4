/** What is recalled into a prompt: found by the question, without what the prompt holds anyway, fenced as data. */
import { parseFilter } from '../../domain/filter.ts'
import { parseTurnId } from '../../domain/id.ts'
import type { RecalledItem, Recollection } from '../../memory/answers/recollection.ts'
import type { Door } from '../../memory/door/door.ts'
import type { ResolvedBehaviour, ResolvedRecallOptions } from '../../memory/options/merge-behaviour.ts'
import { recallFrom } from '../../memory/recall/recall.ts'
import { fenced } from '../../recall/fence.ts'

export interface RecallRequest {
  readonly space: Door
  readonly threadId: string
  readonly behaviour: ResolvedBehaviour
  readonly question: string
  /** Items that the prompt may hold anyway: so many more are asked for. */
  readonly spare: number
}

/** An answer, or why there is none. */
export interface RecallOutcome {
  readonly recollection: Recollection | null
  readonly warning: string | null
}

/** A spare item for each fact that the prefix may show. */
const spareForFacts = 20

/** Recalls for a prompt. A recall that fails is a warning: the turn goes on without it. */
export async function recallFor(request: RecallRequest): Promise<RecallOutcome> {
  const { space, threadId, behaviour, question, spare } = request
  if (behaviour.semanticRecall === null || question.trim() === '') return { recollection: null, warning: null }
  const { topK, messageRange, threshold, filter, scope, tokenBudget } = behaviour.semanticRecall.options
  const { facts: takesFacts } = behaviour
  try {
    const recollection = await recallFrom(space.core, {
      spaces: [space.id],
      question,
      mode: 'hybrid',
      kinds: takesFacts ? ['message', 'fact'] : ['message'],
      topK: topK + spare + (takesFacts ? spareForFacts : 0),
      // The budget is for what is left once the prompt's own messages are taken out.
      tokenBudget: Number.MAX_SAFE_INTEGER,
      longestItem: Math.floor(tokenBudget / 2),
      messageRange,
      threshold,
      filter: parseFilter(filter, 'semanticRecall.filter', space.core.limits),
      ...(scope === 'thread' ? { threadId } : {}),
    })
    return { recollection, warning: null }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return { recollection: null, warning: `Nothing was recalled: ${reason}` }
  }
}

export interface Known {
  readonly threadId: string
  /** Messages of the thread that the prompt holds. */
  readonly messageIds: ReadonlySet<string | undefined>
  /** Facts that the prefix holds. */
  readonly factIds: ReadonlySet<string>
}

function isNews({ kind, id, threadId, message }: RecalledItem, known: Known): boolean {
  if (kind === 'fact') return !known.factIds.has(id)
  // Open turns are seen by those whose they are, and then as their messages.
  if (message?.turnStatus === 'open') return false
  return threadId !== known.threadId || !known.messageIds.has(id)
}

/** Best items first, as many as asked for, each whole or not at all. */
export function newsOf(
  { items }: Recollection,
  known: Known,
  { topK, tokenBudget }: ResolvedRecallOptions,
): readonly RecalledItem[] {
  let left = tokenBudget
  let found = 0
  return items.filter((item) => {
    const isNeighbour = item.isNeighbour === true
    if (!isNews(item, known) || item.tokens > left || (!isNeighbour && found === topK)) return false
    if (!isNeighbour) found += 1
    left -= item.tokens
    return true
  })
}

/** An item and its place in its thread, worked out once. */
interface Placed {
  readonly item: RecalledItem
  readonly turn: number
  readonly seq: number
  readonly time: number
}

function placed(item: RecalledItem): Placed {
  const { message, at } = item
  const turn = message === undefined ? 0 : (parseTurnId(message.turnId)?.turn ?? 0)
  return { item, turn, seq: message?.seq ?? 0, time: at.getTime() }
}

/** The places of a batch's messages in their ids; they are one turn and one commit. */
function comparePlaceInTurn(left: string, right: string): number {
  return left.length - right.length || (left < right ? -1 : Number(left > right))
}

/** Inside a thread as it went: times may be those of an import. */
function compareInThread(left: Placed, right: Placed): number {
  return (
    left.turn - right.turn ||
    left.seq - right.seq ||
    left.time - right.time ||
    comparePlaceInTurn(left.item.id, right.item.id)
  )
}

/** What is of no thread first, then other threads by their last time, and this one next to its history. */
function inOrder(items: readonly RecalledItem[], threadId: string): RecalledItem[] {
  const threads = [...Map.groupBy(items.map(placed), ({ item }) => item.threadId)].map(([id, found]) => {
    const time = id === undefined ? Number.NEGATIVE_INFINITY : Math.max(...found.map((one) => one.time))
    return { found, time: id === threadId ? Number.POSITIVE_INFINITY : time }
  })
  threads.sort((left, right) => left.time - right.time)
  return threads.flatMap(({ found }) => found.sort(compareInThread).map(({ item }) => item))
}

/** What the markup of an item and its author, thread and time come to. */
const markupTokens = 36

/** Tokens of fenced items, without reading their texts once more. */
export function roughTokens(items: readonly RecalledItem[]): number {
  return items.reduce((sum, { tokens }) => sum + tokens + markupTokens, markupTokens)
}

/** The items in their fence, in an order in which they can be read. */
export function fenceRecalled(items: readonly RecalledItem[], threadId: string): string {
  return fenced(inOrder(items, threadId))
}
