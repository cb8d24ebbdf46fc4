/** Messages of a thread: its rows of the log in thread order, folded turn by turn. */

import type { LogRow } from '../../domain/commit/effect.ts'
import { packTurn, parseMessageId, parseTurnId, type ThreadId, type TurnId, unpackTurn } from '../../domain/id.ts'
import { isAllInternal } from '../../domain/records/message.ts'
import type { TurnState } from '../../domain/records/turn.ts'
import { type FoldSpace, foldTurn } from '../../domain/replay/turn-fold.ts'
import { parseSpaceId } from '../../domain/space.ts'
import { isoTime } from '../../domain/time.ts'
import type { OpenTurn } from '../../ports/due-work.ts'
import type { Listed, MessageQuery, MessageReader, PlacedMessage, StoredTurn } from '../../ports/storage.ts'
import { deletedBehind, deletedIds } from '../deleted-ids.ts'
import { requireAbove } from '../horizon.ts'
import { leaseOf } from '../rows/lease-rows.ts'
import { type LogColumns, turnRowOf } from '../rows/log-rows.ts'
import { placeToShow, shownMessages } from '../shown-messages.ts'
import { damagedRecord } from '../stored-json.ts'
import type { CachedSpace, SqliteDatabase } from './database.ts'
import { commitRows, SqliteView } from './view.ts'

function foldSpaceOf(space: CachedSpace): FoldSpace {
  return { key: space.state.key, address: parseSpaceId(space.state.id).address }
}

/** A stretch of a thread, walked in one direction. */
interface Stretch {
  readonly n: number
  readonly threadId: string
  readonly from: number
  readonly to: number
  readonly isDown: boolean
}

/** Rows read at once: chunks are cheaper than stepping, and seldom much more than needed. */
function* chunksOf(database: SqliteDatabase, stretch: Stretch, size: number): Generator<readonly LogColumns[]> {
  const { n, isDown } = stretch
  let { from, to } = stretch
  for (let limit = size; ; ) {
    const rows = (isDown ? database.statements.rowsDown : database.statements.rowsUp).all(n, from, to, limit)
    // A row of another turn than its index says would be read again and again.
    if (!rows.every((columns) => columns[2] >= from && columns[2] <= to)) throw damagedRecord('row of the log')
    if (rows.length < limit) {
      yield rows
      return
    }
    const last = (rows.at(-1) as LogColumns)[2]
    const whole = rows.findLastIndex((columns) => columns[2] !== last) + 1
    // The last turn may continue in the next chunk, so it is read there from its beginning.
    if (whole > 0) {
      yield rows.slice(0, whole)
      if (isDown) to = last
      else from = last
    } else limit *= 4
  }
}

/** Turns of a stretch, folded. */
function* turnsOf(database: SqliteDatabase, stretch: Stretch, size: number, fold: FoldSpace): Generator<TurnState> {
  for (const chunk of chunksOf(database, stretch, size)) {
    for (let start = 0; start < chunk.length; ) {
      const turn = (chunk[start] as LogColumns)[2]
      let end = start + 1
      while (end < chunk.length && chunk[end]?.[2] === turn) end += 1
      const rows: LogRow[] = []
      for (let at = start; at < end; at++) rows.push(turnRowOf(chunk[at] as LogColumns, stretch.threadId))
      const state = foldTurn(stretch.isDown && rows.length > 1 ? rows.reverse() : rows, fold)
      if (state !== null) yield state
      start = end
    }
  }
}

/** The messages of a turn that match a query, in its direction. */
function placesOf(turn: TurnState, query: MessageQuery, asOf: number): PlacedMessage[] {
  const { after, from, to } = query
  const isDown = query.direction === 'desc'
  const places: PlacedMessage[] = []
  const messages = shownMessages(turn, query)
  for (let index = 0; index < messages.length; index++) {
    const message = messages[index]
    if (message === null || message === undefined || message.seq > asOf) continue
    if (after !== null && turn.turn === after.turn && (isDown ? index >= after.index : index <= after.index)) continue
    if ((from !== null && message.createdAt < from) || (to !== null && message.createdAt > to)) continue
    if (query.skipInternal === true && isAllInternal(message.parts)) continue
    places.push({ message, turn: turn.turn, index })
  }
  return isDown ? places.reverse() : places
}

function list(database: SqliteDatabase, space: CachedSpace, query: MessageQuery): Listed<PlacedMessage> {
  const { threadId, after, limit, offset } = query
  const { key } = space.state
  const asOf = query.asOf ?? space.state.seq
  requireAbove(space.state, asOf)
  const thread = database.thread(space, threadId)
  if (thread === null || thread.state.deleted) return { items: [], asOf, key, more: false }
  const isDown = query.direction === 'desc'
  const first = packTurn({ turnSeq: thread.state.createdSeq, turnIndex: 0 })
  const from = after === null || isDown ? first : Math.max(first, after.turn)
  const to = after === null || !isDown ? Number.MAX_SAFE_INTEGER : after.turn
  const items: PlacedMessage[] = []
  let skip = offset
  const stretch = { n: thread.n, threadId, from, to, isDown }
  const size = Math.ceil((offset + limit) / 2) + 2
  for (const turn of turnsOf(database, stretch, size, foldSpaceOf(space))) {
    for (const place of placesOf(turn, query, asOf)) {
      if (skip > 0) skip -= 1
      else if (items.length === limit) return { items, asOf, key, more: true }
      else items.push(place)
    }
  }
  return { items, asOf, key, more: false }
}

/** A message at a place, with its turn. */
interface Candidate extends PlacedMessage {
  readonly state: TurnState
}

/** The place that an issued id names, if the message there still has that id. */
function issuedPlace(database: SqliteDatabase, space: CachedSpace, messageId: string): Candidate | null {
  const issued = parseMessageId(messageId)
  if (issued === null || issued.spaceKey !== space.state.key) return null
  const { turnSeq } = unpackTurn(issued.turn)
  const row = commitRows(database, space.n, turnSeq).find((candidate) => candidate.turn === issued.turn)
  const thread = row === undefined || row.threadId === null ? null : database.thread(space, row.threadId)
  return thread === null ? null : messageAt(database, space, thread.n, issued.turn, issued.index, messageId)
}

function messageAt(
  database: SqliteDatabase,
  space: CachedSpace,
  n: number,
  turn: number,
  index: number,
  id: string,
): Candidate | null {
  const threadId = database.threadIdOf(n)
  const thread = threadId === null ? null : database.thread(space, threadId)
  if (threadId === null || thread === null || thread.state.deleted) return null
  if (turn < packTurn({ turnSeq: thread.state.createdSeq, turnIndex: 0 })) return null
  const state = foldTurn(database.turnRows(n, turn, threadId), foldSpaceOf(space))
  const message = state?.messages[index]
  return state !== null && message?.id === id ? { message, turn, index, state } : null
}

function find(database: SqliteDatabase, space: CachedSpace, messageId: string): readonly PlacedMessage[] {
  const chosen = database.statements.messageIds.all(space.n, messageId).map(([thread, turn, index]) => {
    return messageAt(database, space, thread, turn, index, messageId)
  })
  const all = [issuedPlace(database, space, messageId), ...chosen].filter((place) => place !== null)
  return [...Map.groupBy(all, ({ message }) => message.threadId).values()].flatMap((places) => {
    const found = placeToShow(places)
    return found === null ? [] : [{ message: found.message, turn: found.turn, index: found.index }]
  })
}

function openTurns(database: SqliteDatabase, space: CachedSpace, threadId: string): readonly OpenTurn[] {
  const thread = database.thread(space, threadId)
  if (thread === null || thread.state.deleted) return []
  return database.statements.leasesOfThread.all(thread.n).map((columns) => {
    const lease = leaseOf(columns)
    return { turnId: lease.name.slice('turn/'.length) as TurnId, threadId: threadId as ThreadId, lease }
  })
}

function readTurn(database: SqliteDatabase, space: CachedSpace, turnId: string): StoredTurn | null {
  const issued = parseTurnId(turnId)
  if (issued === null || issued.spaceKey !== space.state.key) return null
  const { turnSeq } = unpackTurn(issued.turn)
  const row = commitRows(database, space.n, turnSeq).find((candidate) => candidate.turn === issued.turn)
  const thread = row === undefined || row.threadId === null ? null : database.thread(space, row.threadId)
  if (thread === null || thread.state.deleted || turnSeq < thread.state.createdSeq) return null
  const turn = foldTurn(database.turnRows(thread.n, issued.turn, thread.state.id), foldSpaceOf(space))
  if (turn === null) return null
  const { threadId, status, actor, runId = null, replacedBy = null } = turn
  return { threadId, status, actor, runId, replacedBy }
}

export function messageReader(database: SqliteDatabase): MessageReader {
  return {
    list: (_, id, query) =>
      database.read(() => {
        const space = database.space(id)
        return space === null ? { items: [], asOf: 0, key: null, more: false } : list(database, space, query)
      }),
    find: (_, id, messageId) =>
      database.read(() => {
        const space = database.space(id)
        return space === null ? [] : find(database, space, messageId)
      }),
    deletedIds: (_, id, threadId, ids) =>
      database.read(() => deletedIds(new SqliteView(database, id), threadId, ids, isoTime(database.clock.now()))),
    deletedBehind: (_, id, threadId, after) =>
      database.read(() => deletedBehind(new SqliteView(database, id), threadId, after, isoTime(database.clock.now()))),
    openTurns: (_, id, threadId) =>
      database.read(() => {
        const space = database.space(id)
        return space === null ? [] : openTurns(database, space, threadId)
      }),
    turn: (_, id, turnId) =>
      database.read(() => {
        const space = database.space(id)
        return space === null ? null : readTurn(database, space, turnId)
      }),
  }
}
