/** The newest messages of a thread that a model may see, and those of the turn that the call continues. */

import { parseTurnId, type Seq } from '../../domain/id.ts'
import type { Message } from '../../domain/records/message.ts'
import { comparePlaces, type HeadFields, type Place, type Span } from '../../domain/records/observation.ts'
import type { AgentSpace } from '../../ports/agent-memory.ts'
import type { MessageQuery } from '../../ports/storage.ts'
import { observedText, observedTokens } from '../../recall/text/observed-text.ts'
import { tokensOfText } from '../../recall/text/text-tokens.ts'

interface WindowQuery {
  readonly threadId: string
  readonly ownTurnId: string | null
  /** Turns that the own turn replaces, or is to replace. */
  readonly replaces: readonly string[]
  /** Messages wanted in addition to those of the call's own turn. */
  readonly count: number
  /** Only messages behind this place. Default: all. */
  readonly after?: Place | null
  /** Tokens of the messages together, estimated; older ones are left out. Default: no limit. */
  readonly mostTokens?: number
}

export interface ThreadWindow {
  /** In thread order, at most as many as wanted, without those of the own turn. */
  readonly history: readonly Message[]
  /** The own turn's, in order. */
  readonly own: readonly Message[]
  readonly asOf: Seq
  /** Whether messages were left out, since they have too many tokens. */
  readonly isTrimmed: boolean
}

/** Extra messages read: those of the own turn, and the one before the window. */
const spare = 3
/** Messages of a turn that are read at once. */
const ofTurn = 8

interface Walk {
  /** Newest first, the one before the window included. */
  readonly history: Message[]
  /** Newest first. */
  readonly own: Message[]
  readonly asOf: Seq
  readonly meetsOpenTurn: boolean
  /** Whether the walk reached the start of the own turn. */
  readonly hasOwn: boolean
  /** Tokens of the history, estimated; 0 if they are not limited. */
  readonly tokens: number
  readonly isTrimmed: boolean
}

function tokensOfMessage({ parts }: Message): number {
  // All but the newest were counted for the prompt before.
  return observedTokens(observedText(parts), tokensOfText)
}

function queryOf(threadId: string, rest: Partial<MessageQuery>): MessageQuery {
  // The own turn may have no answer yet to replace others with.
  const all = { after: null, asOf: null, limit: 1, offset: 0, from: null, to: null, turns: 'shown' } as const
  return { threadId, direction: 'desc', ...all, ...rest }
}

/** Walks back from the end of the thread. One page is enough unless many messages belong to open turns. */
async function walkBack(
  space: AgentSpace,
  { threadId, ownTurnId, replaces, count, after = null, mostTokens = Number.POSITIVE_INFINITY }: WindowQuery,
): Promise<Walk> {
  const replaced = new Set(replaces)
  const history: Message[] = []
  const own: Message[] = []
  const ownTurn = ownTurnId === null ? null : (parseTurnId(ownTurnId)?.turn ?? null)
  const limit = Math.min(count + spare, space.limits.pageSize)
  let query = queryOf(threadId, { limit })
  let meetsOpenTurn = false
  let tokens = 0
  let isTrimmed = false
  for (;;) {
    const page = await space.messages.list(query)
    const behind = page.items.filter((placed) => comparePlaces(placed, after) > 0)
    for (const { message } of behind) {
      if (message.turnId === ownTurnId) own.push(message)
      else if (replaced.has(message.turnId) || message.turnStatus === 'replacing') continue
      else if (message.turnStatus === 'open') meetsOpenTurn = true
      else if (history.length <= count) {
        if (mostTokens < Number.POSITIVE_INFINITY) tokens += tokensOfMessage(message)
        isTrimmed ||= tokens > mostTokens && history.length > 0
        if (!isTrimmed) history.push(message)
      }
    }
    const last = page.items.at(-1)
    const isStart = !page.more || last === undefined
    const isEnd = isStart || behind.length < page.items.length
    if (isEnd || isTrimmed || history.length > count) {
      const hasOwn = ownTurn === null || isStart || last.turn < ownTurn
      return { history, own, asOf: page.asOf, meetsOpenTurn, hasOwn, tokens, isTrimmed }
    }
    query = { ...query, after: last, asOf: page.asOf }
  }
}

/** The messages of a turn that lies further back than the window reaches. */
async function readTurn(space: AgentSpace, threadId: string, turnId: string, asOf: Seq): Promise<Message[]> {
  const turn = parseTurnId(turnId)?.turn
  const messages: Message[] = []
  if (turn === undefined) return messages
  let query = queryOf(threadId, { direction: 'asc', after: { turn, index: -1 }, asOf, limit: ofTurn })
  for (;;) {
    const page = await space.messages.list(query)
    for (const { message } of page.items) if (message.turnId === turnId) messages.push(message)
    const last = page.items.at(-1)
    if (last === undefined || last.turn !== turn || !page.more) return messages
    query = { ...query, after: last }
  }
}

/**
 * Where the messages to show begin, at `start` or later. An answer without its question is dropped, because providers
 * need a user message first, unless nothing else would be left.
 */
export function beginningFrom(messages: readonly Message[], start: number): number {
  const isOrphan = (at: number) =>
    at > 0 && messages[at]?.role === 'assistant' && messages[at]?.turnId === messages[at - 1]?.turnId
  let at = start
  while (isOrphan(at)) at += 1
  return at < messages.length ? at : start
}

/** Reads the window. An open turn without an owner is closed on the way, and then counts as interrupted. */
export async function readWindow(space: AgentSpace, query: WindowQuery): Promise<ThreadWindow & Pick<Walk, 'tokens'>> {
  let walk = await walkBack(space, query)
  if (walk.meetsOpenTurn && (await space.closeOverdue(query.threadId))) walk = await walkBack(space, query)
  const { threadId, ownTurnId, count } = query
  const isFar = ownTurnId !== null && !walk.hasOwn
  const own = isFar ? await readTurn(space, threadId, ownTurnId, walk.asOf) : walk.own.reverse()
  const read = walk.history.reverse()
  const history = read.slice(beginningFrom(read, Math.max(0, read.length - count)))
  return { history, own, asOf: walk.asOf, tokens: walk.tokens, isTrimmed: walk.isTrimmed }
}

/** The messages of a span, in order, without those of turns that the call goes on with or replaces. */
async function readSpan(
  space: AgentSpace,
  { threadId, ownTurnId, replaces }: Omit<WindowQuery, 'count'>,
  { after, to }: Span,
): Promise<readonly Message[]> {
  const left = new Set([ownTurnId, ...replaces])
  const messages: Message[] = []
  let query = queryOf(threadId, { direction: 'asc', after, limit: space.limits.pageSize, turns: 'standing' })
  for (;;) {
    const page = await space.messages.list(query)
    const inside = page.items.filter((placed) => comparePlaces(placed, to) <= 0)
    for (const { message } of inside) {
      if (!left.has(message.turnId) && message.turnStatus !== 'open') messages.push(message)
    }
    const last = page.items.at(-1)
    if (last === undefined || !page.more || inside.length < page.items.length) return messages
    query = { ...query, after: last, asOf: page.asOf }
  }
}

/** The place behind which nothing is replaced by notes, and spans before it of which nothing is either, in order. */
function shownSpans({ cursor, again, buffered = [] }: HeadFields): { after: Place | null; spans: readonly Span[] } {
  const spans = [...again, ...buffered].toSorted((left, right) => comparePlaces(left.to, right.to))
  let after = cursor
  while (spans.length > 0 && comparePlaces(spans.at(-1)?.to ?? null, after) === 0) after = spans.pop()?.after ?? null
  return { after, spans }
}

/** The newest of some messages that fit, and whether that is not all of them. */
function newestOf(messages: readonly Message[], mostTokens: number) {
  let left = mostTokens
  const start = messages.findLastIndex((message) => {
    left -= tokensOfMessage(message)
    return left < 0
  })
  return { messages: messages.slice(start + 1), isTrimmed: start >= 0 }
}

/**
 * Reads what no note in the prompt replaces: all behind the cursor, what was taken back before it, and what only notes condense that
 * were made ahead. Older messages are left out where all have more than `mostTokens`.
 */
export async function readUnobserved(
  space: AgentSpace,
  query: Omit<WindowQuery, 'count'>,
  head: HeadFields | null,
  mostTokens: number,
): Promise<ThreadWindow> {
  const { after, spans } = head === null ? { after: null, spans: [] } : shownSpans(head)
  const [{ tokens, ...window }, ...before] = await Promise.all([
    readWindow(space, { ...query, count: Number.MAX_SAFE_INTEGER, after, mostTokens }),
    ...spans.map((span) => readSpan(space, query, span)),
  ])
  const older = newestOf(before.flat(), window.isTrimmed ? 0 : mostTokens - tokens)
  return { ...window, history: [...older.messages, ...window.history], isTrimmed: window.isTrimmed || older.isTrimmed }
}
