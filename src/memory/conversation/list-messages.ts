/**
 * Pages of a thread's messages: the newest, a numbered page, the page after a cursor, a range of dates, neighbours of a
 * hit.
 */
import { invalidInput } from '../../domain/error.ts'
import { parseFilter } from '../../domain/filter.ts'
import { checkId } from '../../domain/id.ts'
import { isAllInternal } from '../../domain/records/message.ts'
import { dateRangeEnds, isoTime, toRange } from '../../domain/time.ts'
import type { Listed, MessagePosition, MessageQuery, PlacedMessage } from '../../ports/storage.ts'
import { type MessageRecord, recordPlace, toListedMessage } from '../answers/records.ts'
import { decodeCursor, encodeCursor, numberAt } from '../arguments/cursor.ts'
import type { Core } from '../door/core.ts'
import { type Door, resourceSpace } from '../door/door.ts'
import { refuseForeignMessages } from '../door/foreign-ids.ts'
import { commitIfDue, interruption } from '../storage/sweeper.ts'
import { type ListedMessages, listMatching, unfiltered } from './filtered-messages.ts'

/** Options of `memory.listMessages`. */
export interface ListMessagesRequest<Time = string> {
  readonly resourceId: string
  readonly threadId: string
  /** The newest messages, this many. Not together with `page` or `perPage`. */
  readonly last?: number
  /** Number of the page, from 0. Default: 0. */
  readonly page?: number
  /** Messages on one page; `false` for all, up to `limits.pageSize`. Default: 100. */
  readonly perPage?: number | false
  /** `nextCursor` of the page before this one. Pass the same other options with it. */
  readonly cursor?: string
  /** `asc`: in thread order. `desc`: newest first. Default: `asc`. */
  readonly order?: 'asc' | 'desc'
  /** Only messages created in this range, both ends included. */
  readonly dateRange?: { readonly start?: Time; readonly end?: Time }
  /** Only messages whose metadata match. Not applied to `include`. */
  readonly filter?: {
    /** What the metadata must be; the operators are those of `recall`. */
    readonly metadata?: Readonly<Record<string, unknown>>
  }
  /** Whether messages show the calls of memory's own tools. Default: false. */
  readonly includeInternal?: boolean
  /**
   * `replaced`: also the messages of turns that do not stand in the thread, each marked with `replacedBy`. Or messages to
   * add by id, at most 100, each with this many messages before and after it. Default: none.
   */
  readonly include?: 'replaced' | readonly IncludedMessage[]
}

/** A message to add to a page, with its neighbours. */
export interface IncludedMessage {
  /** Its id. */
  readonly id: string
  /** How many messages before it. Default: 0. */
  readonly withPreviousMessages?: number
  /** How many messages after it. Default: 0. */
  readonly withNextMessages?: number
}

/** A page of messages of one thread. */
export interface MessagePageRecord<Time = string> {
  /** In thread order, or from the newest backwards with `order: 'desc'`. */
  readonly messages: MessageRecord<Time>[]
  /** Seq of the space as listed; follow the feed from here to miss nothing. */
  readonly asOf: number
  /** Whether there are more messages in this direction. */
  readonly hasMore: boolean
  /**
   * Where the next page begins: later messages, or earlier ones for `last` and `desc`. Absent on the last page. With a
   * filter, a short or empty page may still have one: a page ends after `limits.filterScan` messages were searched.
   */
  readonly nextCursor?: string
  /** Number of this page, from 0. Absent with `last`. */
  readonly page?: number
  /** Messages per page, or `false` if all were asked for. Absent with `last`. */
  readonly perPage?: number | false
}

type Parsed = ListMessagesRequest

/** How a page is read: `last` reads backwards and is then reversed. */
function walkOf(parsed: Parsed): {
  readonly direction: 'asc' | 'desc'
  readonly isTurned: boolean
  readonly kind: string
} {
  const order = parsed.order ?? 'asc'
  if (parsed.last !== undefined) {
    return { direction: 'desc', isTurned: order === 'asc', kind: `messages-last-${order}` }
  }
  return { direction: order, isTurned: false, kind: `messages-${order}` }
}

function checkTogether({ last, page, perPage, cursor }: Parsed): void {
  const fix = 'Pass last alone, or page with perPage, or a cursor with the same options as the page before.'
  if (last !== undefined && (page !== undefined || perPage !== undefined)) {
    throw invalidInput('last', 'must not go with page or perPage', last, fix)
  }
  if (cursor !== undefined && page !== undefined && page > 0) {
    throw invalidInput('page', 'must not go with a cursor', page, fix)
  }
}

async function startOf(space: Door, cursor: string, kind: string): Promise<{ after: MessagePosition; asOf: number }> {
  const fields = decodeCursor(cursor, kind, (await space.state())?.key ?? null)
  return { asOf: numberAt(fields, 0), after: { turn: numberAt(fields, 1), index: numberAt(fields, 2) } }
}

function nextCursorOf(kind: string, { asOf, key, next }: ListedMessages): { nextCursor?: string } {
  if (next === null || key === null) return {}
  return { nextCursor: encodeCursor(kind, key, [asOf, next.turn, next.index]) }
}

/**
 * Closes turns of the thread whose lease has expired; returns whether there were any. Called when an open turn is
 * found.
 */
export async function closeOverdue(space: Door, threadId: string): Promise<boolean> {
  const { storage } = space.core
  const now = isoTime(storage.clock.now())
  const overdue = (await space.messages.openTurns(threadId)).filter(({ lease }) => lease.until <= now)
  for (const turn of overdue) await commitIfDue(await storage.get(), interruption(space.id, turn))
  return overdue.length > 0
}

async function listOnce(space: Door, query: MessageQuery): Promise<Listed<PlacedMessage>> {
  const { core, id } = space
  const listed = await (await core.storage.get()).messages.list(core.access, id, query)
  const isOpen = ({ message }: PlacedMessage) => message.turnStatus === 'open' || message.turnStatus === 'replacing'
  if (!listed.items.some(isOpen)) return listed
  return (await closeOverdue(space, query.threadId)) ? space.messages.list(query) : listed
}

function comparePlaces(left: PlacedMessage, right: PlacedMessage): number {
  return left.turn - right.turn || left.index - right.index
}

/** Messages asked for by id, with their neighbours in the thread. */
async function included(
  space: Door,
  include: readonly IncludedMessage[],
  base: MessageQuery,
): Promise<PlacedMessage[]> {
  const ids = include.map(({ id }, index) => ({ id, field: `include[${index}].id` }))
  await refuseForeignMessages(space, base.threadId, ids)
  const found = include.map(async (wanted) => {
    const places = await space.messages.find(checkId(wanted.id, 'include.id'))
    const hit = places.find(({ message }) => message.threadId === base.threadId)
    if (hit === undefined || (base.skipInternal === true && isAllInternal(hit.message.parts))) return []
    const around = async (direction: 'asc' | 'desc', limit: number | undefined) => {
      if (limit === undefined || limit === 0) return []
      return (await space.messages.list({ ...base, direction, after: hit, limit, offset: 0, from: null, to: null }))
        .items
    }
    const before = await around('desc', wanted.withPreviousMessages)
    const behind = await around('asc', wanted.withNextMessages)
    return [...before, hit, ...behind]
  })
  return (await Promise.all(found)).flat()
}

function merged(page: readonly PlacedMessage[], extra: readonly PlacedMessage[], isDown: boolean): PlacedMessage[] {
  if (extra.length === 0) return [...page]
  const byPlace = new Map([...page, ...extra].map((place) => [`${place.turn}.${place.index}`, place]))
  const all = [...byPlace.values()].sort(comparePlaces)
  return isDown ? all.reverse() : all
}

function limitOf(core: Core, { last, perPage }: Parsed): number {
  const most = core.limits.pageSize
  if (last !== undefined) return Math.min(last, most)
  return perPage === false ? most : Math.min(perPage ?? 100, most)
}

/**
 * A page of a thread's messages. Turns that do not stand are left out unless `include` asks for them, and so are calls of
 * memory's own tools unless `includeInternal` does; open turns of others are marked. Discarded turns are always left out.
 */
export async function listMessages(core: Core, parsed: ListMessagesRequest): Promise<MessagePageRecord> {
  checkTogether(parsed)
  const { threadId, resourceId, page = 0, cursor, dateRange, includeInternal = false, include } = parsed
  const space = resourceSpace(core, resourceId)
  const { direction, isTurned, kind } = walkOf(parsed)
  const limit = limitOf(core, parsed)
  const start = cursor === undefined ? { after: null, asOf: null } : await startOf(space, cursor, kind)
  const query: MessageQuery = {
    threadId: checkId(threadId, 'threadId'),
    direction,
    ...start,
    limit,
    offset: page * limit,
    ...toRange(dateRange?.start, dateRange?.end, dateRangeEnds),
    skipInternal: !includeInternal,
    turns: include === 'replaced' ? 'all' : 'shown',
  }
  const test = parseFilter(parsed.filter?.metadata, 'filter.metadata', core.limits)
  const list = (one: MessageQuery) => listOnce(space, one)
  const listed = test === null ? unfiltered(await list(query)) : await listMatching(list, query, test, core.limits)
  const places = isTurned ? listed.items.toReversed() : listed.items
  const isDown = direction === 'desc' && !isTurned
  const extra = include === undefined || include === 'replaced' ? [] : await included(space, include, query)
  const place = recordPlace(space.id)
  return {
    messages: merged(places, extra, isDown).map(({ message }) => toListedMessage(message, place, includeInternal)),
    asOf: listed.asOf,
    hasMore: listed.more,
    ...nextCursorOf(kind, listed),
    ...(parsed.last === undefined ? { page, perPage: parsed.perPage === false ? false : limit } : {}),
  }
}
