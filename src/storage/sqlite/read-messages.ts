/** Messages of a thread: its rows of the log in thread order, folded turn by turn. */
import type { LogRow } from '../../domain/effect.ts'
import { packTurn, parseMessageId, type ThreadId, type TurnId } from '../../domain/id.ts'
import { parseSpaceId } from '../../domain/space.ts'
import { type FoldSpace, foldTurn, type TurnState } from '../../domain/turn.ts'
import type { Listed, MessageQuery, MessageReader, OpenTurn, PlacedMessage } from '../../ports/storage.ts'
import { cursorExpired } from '../paging.ts'
import type { CachedSpace, SqliteDatabase } from './database.ts'
import { leaseOf, logRowOf } from './rows.ts'

function foldSpaceOf(space: CachedSpace): FoldSpace {
  return { key: space.state.key, address: parseSpaceId(space.state.id).address }
}

/** Turns of a thread in a direction, from a turn on; rows are read as far as turns are taken. */
function* turnsOf(
  database: SqliteDatabase,
  n: number,
  threadId: string,
  from: number,
  to: number,
  fold: FoldSpace,
  isDown: boolean,
): Generator<TurnState> {
  const { rowsDown, rowsUp } = database.statements
  let rows: LogRow[] = []
  const folded = () => foldTurn(isDown ? rows.reverse() : rows, fold)
  for (const columns of (isDown ? rowsDown : rowsUp).iterate(n, from, to)) {
    const row = logRowOf(columns, threadId)
    if (rows[0] !== undefined && rows[0].turn !== row.turn) {
      const turn = folded()
      if (turn !== null) yield turn
      rows = []
    }
    rows.push(row)
  }
  const last = folded()
  if (last !== null) yield last
}

/** Messages of a turn that a query asks for, in its direction. */
function placesOf(turn: TurnState, query: MessageQuery, asOf: number): PlacedMessage[] {
  if (turn.replacedBy !== undefined || turn.status === 'discarded') return []
  const { after, from, to } = query
  const isDown = query.direction === 'desc'
  const places: PlacedMessage[] = []
  for (let index = 0; index < turn.messages.length; index++) {
    const message = turn.messages[index]
    if (message === null || message === undefined || message.seq > asOf) continue
    if (after !== null && turn.turn === after.turn && (isDown ? index >= after.index : index <= after.index)) continue
    if ((from !== null && message.createdAt < from) || (to !== null && message.createdAt > to)) continue
    places.push({ message, turn: turn.turn, index })
  }
  return isDown ? places.reverse() : places
}

function list(database: SqliteDatabase, space: CachedSpace, query: MessageQuery): Listed<PlacedMessage> {
  const { threadId, after, limit, offset } = query
  const asOf = query.asOf ?? space.state.seq
  if (asOf < space.state.horizon) throw cursorExpired(asOf, space.state.horizon, space.state.seq)
  const thread = database.thread(space, threadId)
  if (thread === null || thread.state.deleted) return { items: [], asOf, more: false }
  const isDown = query.direction === 'desc'
  const first = packTurn({ turnSeq: thread.state.createdSeq, turnIndex: 0 })
  const from = after === null || isDown ? first : Math.max(first, after.turn)
  const to = after === null || !isDown ? Number.MAX_SAFE_INTEGER : after.turn
  const items: PlacedMessage[] = []
  let skip = offset
  for (const turn of turnsOf(database, thread.n, threadId, from, to, foldSpaceOf(space), isDown)) {
    for (const place of placesOf(turn, query, asOf)) {
      if (skip > 0) skip -= 1
      else if (items.length === limit) return { items, asOf, more: true }
      else items.push(place)
    }
  }
  return { items, asOf, more: false }
}

/** The thread and turn that a place of ours lies in, if the message there has that id still. */
function findIssued(database: SqliteDatabase, space: CachedSpace, messageId: string): PlacedMessage | null {
  const issued = parseMessageId(messageId)
  if (issued === null || issued.spaceKey !== space.state.key) return null
  const turnSeq = Math.floor(issued.turn / packTurn({ turnSeq: 1, turnIndex: 0 }))
  const row = database.statements.rowsAt.all(space.n, turnSeq).find((columns) => columns[2] === issued.turn)
  const thread = row?.[8] ?? null
  return thread === null ? null : messageAt(database, space, thread, issued.turn, issued.index, messageId)
}

function messageAt(database: SqliteDatabase, space: CachedSpace, n: number, turn: number, index: number, id: string) {
  const threadId = database.threadIdOf(n)
  const thread = threadId === null ? null : database.thread(space, threadId)
  if (threadId === null || thread === null || thread.state.deleted) return null
  if (turn < packTurn({ turnSeq: thread.state.createdSeq, turnIndex: 0 })) return null
  const rows = database.statements.turnRows.all(n, turn).map((columns) => logRowOf(columns, threadId))
  const state = foldTurn(rows, foldSpaceOf(space))
  const message = state?.replacedBy === undefined ? state?.messages[index] : null
  return message?.id === id ? { message, turn, index } : null
}

function find(database: SqliteDatabase, space: CachedSpace, messageId: string): readonly PlacedMessage[] {
  const issued = findIssued(database, space, messageId)
  const chosen = database.statements.messageIds.all(space.n, messageId).flatMap(([thread, turn, index]) => {
    const place = messageAt(database, space, thread, turn, index, messageId)
    return place === null ? [] : [place]
  })
  return issued === null ? chosen : [issued, ...chosen]
}

function openTurns(database: SqliteDatabase, space: CachedSpace, threadId: string): readonly OpenTurn[] {
  const thread = database.thread(space, threadId)
  if (thread === null || thread.state.deleted) return []
  return database.statements.leasesOfThread.all(thread.n).map((columns) => {
    const lease = leaseOf(columns)
    return { turnId: lease.name.slice('turn/'.length) as TurnId, threadId: threadId as ThreadId, lease }
  })
}

export function messageReader(database: SqliteDatabase): MessageReader {
  return {
    list: (_, id, query) =>
      database.read(() => {
        const space = database.space(id)
        return space === null ? { items: [], asOf: 0, more: false } : list(database, space, query)
      }),
    find: (_, id, messageId) =>
      database.read(() => {
        const space = database.space(id)
        return space === null ? [] : find(database, space, messageId)
      }),
    openTurns: (_, id, threadId) =>
      database.read(() => {
        const space = database.space(id)
        return space === null ? [] : openTurns(database, space, threadId)
      }),
  }
}
