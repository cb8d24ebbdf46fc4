/** The options of a recall: parsed, and completed with defaults. */
import { invalidInput, shown } from '../../domain/error.ts'
import { parseFilter } from '../../domain/filter.ts'
import { checkId } from '../../domain/id.ts'
import type { RecordKind } from '../../domain/index/word-segment.ts'
import { type GateMode, usualGate } from '../../domain/question-gate.ts'
import { parseSpaceId } from '../../domain/space.ts'
import type { MessageRange } from '../../ports/behaviour.ts'
import type { RecallMode } from '../../recall/question.ts'
import type { RecollectionRecord } from '../answers/recollection.ts'
import type { Core } from '../door/core.ts'
import { resourceSpace } from '../door/door.ts'
import { type TimeOptions, timesOf } from './period.ts'
import { type RecallQuery, recallFrom } from './recall.ts'

/** How much a recall answers, and what it looks at. */
interface RecallLimits<Time = string> extends TimeOptions<Time> {
  /** Items found at most. Default: 20. */
  readonly topK?: number
  /** Tokens of all items together, estimated. Default: 1,000. */
  readonly tokenBudget?: number
  /** Messages to add around each found one, within the budget. Default: 0. */
  readonly messageRange?: number | { readonly before?: number; readonly after?: number }
  /** Least `relevance` of an item, from 0 to 1. Default: 0. */
  readonly threshold?: number
  /**
   * A filter for the metadata, such as `{ topic: 'billing', priority: { $gte: 2 } }`. Operators: `$eq $ne $gt $gte $lt
   * $lte $in $nin $and $or $not $exists $contains`.
   */
  readonly filter?: Readonly<Record<string, unknown>>
  /** How to search. Default: `hybrid`, by words and by meaning. */
  readonly mode?: RecallMode
  /** What to do with a question that is about nothing that was ever said: answer nothing, or not. Default: `mild`. */
  readonly gate?: GateMode
  /** Kinds of records to find. Default: all kinds that the call can find. */
  readonly kinds?: readonly RecordKind[]
  /** Whether found messages show the calls of memory's own tools. They are never searched. Default: false. */
  readonly includeInternal?: boolean
}

/** Options of `memory.recall`. */
export interface RecallRequest<Time = string> extends RecallLimits<Time> {
  /** The resource whose threads are searched. */
  readonly resourceId: string
  /** With `scope: 'thread'`, the thread to search. */
  readonly threadId?: string
  /** What to look for. `vectorSearchString` is another name for it. */
  readonly query?: string
  /** Another name for `query`. */
  readonly vectorSearchString?: string
  /** What to search. Default: `resource`, all threads of the resource. */
  readonly scope?: 'resource' | 'thread'
}

/** Options of `memory.space(id).recall`. */
export interface SpaceRecallRequest<Time = string> extends RecallLimits<Time> {
  /** Only messages of this thread. */
  readonly threadId?: string
  /** Searches these spaces instead, together; at most 16. Each must be granted. */
  readonly spaces?: readonly string[]
}

const defaultTopK = 20
const defaultTokens = 1_000

function rangeOf(range: RecallLimits['messageRange']): MessageRange {
  if (typeof range === 'object') return { before: range.before ?? 0, after: range.after ?? 0 }
  return { before: range ?? 0, after: range ?? 0 }
}

/** The query without spaces and question, which the callers add. */
function limitsOf(
  { limits, storage }: Core,
  parsed: RecallLimits,
  kinds: readonly RecordKind[],
): Omit<RecallQuery, 'spaces' | 'question'> {
  const { period, askedAt } = timesOf(parsed, storage.clock.now())
  return {
    ...{ period, askedAt },
    // A fact that was replaced since may have held at that time.
    ...(parsed.to === undefined ? {} : { includeSuperseded: true }),
    mode: parsed.mode ?? 'hybrid',
    gate: parsed.gate ?? usualGate,
    kinds: parsed.kinds ?? kinds,
    topK: parsed.topK ?? defaultTopK,
    tokenBudget: parsed.tokenBudget ?? defaultTokens,
    messageRange: rangeOf(parsed.messageRange),
    threshold: parsed.threshold ?? 0,
    filter: parseFilter(parsed.filter, 'filter', limits),
    includeInternal: parsed.includeInternal ?? false,
  }
}

/** Recalls from the conversations of a resource. */
export async function recallMessages(core: Core, options: RecallRequest): Promise<RecollectionRecord> {
  const { resourceId, threadId, query, vectorSearchString, scope, ...limits } = options
  if (query !== undefined && vectorSearchString !== undefined && query !== vectorSearchString) {
    const fix = 'They are two names for one thing: pass one of them.'
    throw invalidInput('vectorSearchString', 'must not differ from query', vectorSearchString, fix)
  }
  const question = query ?? vectorSearchString ?? ''
  const space = resourceSpace(core, resourceId)
  if (threadId !== undefined) checkId(threadId, 'threadId')
  if (scope === 'thread' && threadId === undefined) {
    throw invalidInput('threadId', `is required with scope: 'thread'`, threadId, 'Pass the thread to search.')
  }
  const inThread = scope === 'thread' && threadId !== undefined ? { threadId } : {}
  return recallFrom(core, { ...limitsOf(core, limits, ['message']), ...inThread, spaces: [space.id], question })
}

/** Recalls any record of a space, or of several spaces together. */
export async function recallSpace(
  core: Core,
  { space, query: question, ...options }: SpaceRecallRequest & { readonly space: string; readonly query: string },
): Promise<RecollectionRecord> {
  const { spaces = [space], threadId, ...limits } = options
  const ids = spaces.map((space) => parseSpaceId(space).id)
  if (new Set(ids).size < ids.length) {
    throw invalidInput('spaces', 'must name each space once', ids.map(shown).join(', '), 'Leave the repeated one out.')
  }
  if (threadId !== undefined && ids.length > 1) {
    const fix = 'Search one space, or leave threadId out.'
    throw invalidInput('threadId', 'must go with one space', threadId, fix)
  }
  const inThread = threadId === undefined ? {} : { threadId: checkId(threadId, 'threadId') }
  const all: readonly RecordKind[] = ['message', 'fact', 'entry', 'observation']
  return recallFrom(core, { ...limitsOf(core, limits, all), ...inThread, spaces: ids, question })
}
