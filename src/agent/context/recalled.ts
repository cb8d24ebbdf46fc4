/** What is recalled into a prompt: found by the question, without what the prompt holds anyway, fenced as data. */
import { parseTurnId } from '../../domain/id.ts'
import type { MemoryBehaviour, SemanticRecallOptions } from '../../memory/behaviour.ts'
import type { Core } from '../../memory/core.ts'
import { parseFilter, recallFrom } from '../../memory/recall.ts'
import type { RecalledItem, Recollection } from '../../memory/recollection.ts'
import { resourceSpace } from '../../memory/space.ts'
import { fenced } from '../../recall/fence.ts'

export interface RecallRequest {
  readonly core: Core
  readonly resourceId: string
  readonly threadId: string
  readonly behaviour: MemoryBehaviour
  readonly question: string
  /** Items that the prompt may hold anyway: so many more are asked for. */
  readonly spare: number
}

/** An answer, or why there is none. */
export interface RecallOutcome {
  readonly recollection: Recollection | null
  readonly warning: string | null
}

const defaultTopK = 20
const defaultTokens = 1_000
/** A spare item for each fact that the prefix may show. */
const spareForFacts = 20

/** How recall was asked for; null if it was not. */
export function recallOptionsOf({ semanticRecall = true }: MemoryBehaviour): SemanticRecallOptions | null {
  if (semanticRecall === false) return null
  return semanticRecall === true ? {} : semanticRecall
}

function rangeOf(range: SemanticRecallOptions['messageRange'] = 0) {
  return typeof range === 'number'
    ? { before: range, after: range }
    : { before: range.before ?? 0, after: range.after ?? 0 }
}

/** Recalls for a prompt. A recall that fails is a warning: the turn goes on without it. */
export async function recallFor(request: RecallRequest): Promise<RecallOutcome> {
  const { core, resourceId, threadId, behaviour, question, spare } = request
  const options = recallOptionsOf(behaviour)
  if (options === null || question.trim() === '') return { recollection: null, warning: null }
  const takesFacts = behaviour.facts === true
  try {
    const recollection = await recallFrom(core, {
      spaces: [resourceSpace(core, resourceId).id],
      question,
      mode: 'hybrid',
      kinds: takesFacts ? ['message', 'fact'] : ['message'],
      topK: (options.topK ?? defaultTopK) + spare + (takesFacts ? spareForFacts : 0),
      // The budget is for what is left once the prompt's own messages are taken out.
      tokenBudget: Number.MAX_SAFE_INTEGER,
      messageRange: rangeOf(options.messageRange),
      threshold: options.threshold ?? 0,
      filter: parseFilter(options.filter),
      ...(options.scope === 'thread' ? { threadId } : {}),
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
  { topK = defaultTopK, tokenBudget = defaultTokens }: SemanticRecallOptions,
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

function turnOf({ message }: RecalledItem): number {
  return message === undefined ? 0 : (parseTurnId(message.turnId)?.turn ?? 0)
}

const timeOf = ({ at }: RecalledItem) => at.getTime()

/** Inside a thread as it went: times may be those of an import. */
function compareInThread(left: RecalledItem, right: RecalledItem): number {
  return (
    turnOf(left) - turnOf(right) ||
    (left.message?.seq ?? 0) - (right.message?.seq ?? 0) ||
    timeOf(left) - timeOf(right) ||
    left.id.localeCompare(right.id, 'en', { numeric: true })
  )
}

/** What is of no thread first, then other threads by their last time, and this one next to its history. */
function inOrder(items: readonly RecalledItem[], threadId: string): RecalledItem[] {
  const threads = [...Map.groupBy(items, (item) => item.threadId).entries()].map(([id, found]) => {
    const time = id === undefined ? Number.NEGATIVE_INFINITY : Math.max(...found.map(timeOf))
    return { found, time: id === threadId ? Number.POSITIVE_INFINITY : time }
  })
  threads.sort((left, right) => left.time - right.time)
  return threads.flatMap(({ found }) => found.toSorted(compareInThread))
}

/** The items in their fence, in an order in which they can be read. */
export function fenceRecalled(items: readonly RecalledItem[], threadId: string): string {
  return fenced(inOrder(items, threadId))
}
