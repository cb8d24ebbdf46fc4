/** The newest messages of a thread that a model may see, and those of the turn that the call continues. */

import { parseTurnId, type Seq } from '../../domain/id.ts'
import type { Message } from '../../domain/records/message.ts'
import { comparePlaces, type HeadFields, type Place, type Span } from '../../domain/records/observation.ts'
import type { AgentSpace } from '../../ports/agent-memory.ts'
import type { MessageQuery } from '../../ports/storage.ts'

interface WindowQuery {
  readonly threadId: string
  readonly ownTurnId: string | null
  /** Turns that the own turn replaces, or is to replace. */
  readonly replaces: readonly string[]
  /** Messages wanted in addition to those of the call's own turn. */
  readonly count: number
  /** Only messages behind this place. Default: all. */
  readonly after?: Place | null
}

export interface ThreadWindow {
  /** In thread order, at most as many as wanted, without those of the own turn. */
  readonly history: readonly Message[]
  /** The own turn's, in order. */
  readonly own: readonly Message[]
  readonly asOf: Seq
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
}

function queryOf(threadId: string, rest: Partial<MessageQuery>): MessageQuery {
  // The own turn may have no answer yet to replace others with.
  const all = { after: null, asOf: null, limit: 1, offset: 0, from: null, to: null, turns: 'shown' } as const
  return { threadId, direction: 'desc', ...all, ...rest }
}

/** Walks back from the end of the thread. One page is enough unless many messages belong to open turns. */
async function walkBack(
  space: AgentSpace,
  { threadId, ownTurnId, replaces, count, after = null }: WindowQuery,
): Promise<Walk> {
  const replaced = new Set(replaces)
  const history: Message[] = []
  const own: Message[] = []
  const ownTurn = ownTurnId === null ? null : (parseTurnId(ownTurnId)?.turn ?? null)
  const limit = Math.min(count + spare, space.limits.pageSize)
  let query = queryOf(threadId, { limit })
  let meetsOpenTurn = false
  for (;;) {
    const page = await space.messages.list(query)
    const behind = page.items.filter((placed) => comparePlaces(placed, after) > 0)
    for (const { message } of behind) {
      if (message.turnId === ownTurnId) own.push(message)
      else if (replaced.has(message.turnId) || message.turnStatus === 'replacing') continue
      else if (message.turnStatus === 'open') meetsOpenTurn = true
      else if (history.length <= count) history.push(message)
    }
    const last = page.items.at(-1)
    const isStart = !page.more || last === undefined
    const isEnd = isStart || behind.length < page.items.length
    if (isEnd || history.length > count) {
      const hasOwn = ownTurn === null || isStart || last.turn < ownTurn
      return { history, own, asOf: page.asOf, meetsOpenTurn, hasOwn }
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
export async function readWindow(space: AgentSpace, query: WindowQuery): Promise<ThreadWindow> {
  let walk = await walkBack(space, query)
  if (walk.meetsOpenTurn && (await space.closeOverdue(query.threadId))) walk = await walkBack(space, query)
  const { threadId, ownTurnId, count } = query
  const isFar = ownTurnId !== null && !walk.hasOwn
  const own = isFar ? await readTurn(space, threadId, ownTurnId, walk.asOf) : walk.own.reverse()
  const read = walk.history.reverse()
  const history = read.slice(beginningFrom(read, Math.max(0, read.length - count)))
  return { history, own, asOf: walk.asOf }
}

/** Messages of one span that was taken back that a prompt shows at most: the rest waits until it is observed again. */
const ofSpan = 200

/** The messages of a span, in order, without those of turns that the call goes on with or replaces. */
async function readSpan(
  space: AgentSpace,
  { threadId, ownTurnId, replaces }: Omit<WindowQuery, 'count'>,
  { after, to }: Span,
): Promise<readonly Message[]> {
  const page = await space.messages.list(
    queryOf(threadId, { direction: 'asc', after, limit: ofSpan, turns: 'standing' }),
  )
  const left = new Set([ownTurnId, ...replaces])
  const inside = page.items.filter((placed) => comparePlaces(placed, to) <= 0)
  return inside.flatMap(({ message }) => (left.has(message.turnId) || message.turnStatus === 'open' ? [] : [message]))
}

/** Reads what was not observed yet: all behind the cursor, and what was taken back before it. */
export async function readUnobserved(
  space: AgentSpace,
  query: Omit<WindowQuery, 'count'>,
  head: HeadFields | null,
): Promise<ThreadWindow> {
  const [window, ...again] = await Promise.all([
    readWindow(space, { ...query, count: space.limits.pageSize, after: head?.cursor ?? null }),
    ...(head?.again ?? []).map((span) => readSpan(space, query, span)),
  ])
  return { ...window, history: [...again.flat(), ...window.history] }
}
