/** Threads: conversations inside a space. */

import type { Seq, ThreadId } from '../id.ts'
import type { JsonObject } from '../json.ts'
import type { RowTime } from './row-time.ts'
/** A thread as drivers store it. A deleted thread stays as an empty row, which counts as absent. */
export interface ThreadState {
  readonly id: ThreadId
  /** Seq of the commit that last changed the thread itself; saving messages does not move it. */
  readonly version: Seq
  /** Seq of the commit that created it. Turns of an earlier thread with the same id have lower seqs. */
  readonly createdSeq: Seq
  readonly createdAt: string
  readonly updatedAt: string
  readonly title: string | null
  /** The application's own fields. */
  readonly metadata: JsonObject
  /** ISO time; null unless it is in the archive. */
  readonly archivedAt: string | null
  /** A deleted thread stays as an empty row. */
  readonly deleted: boolean
  /** The thread that it was copied from. */
  readonly source?: ThreadSource
  /** Messages that lists return. */
  readonly messageCount: number
  /** Time of the last save; null while there is no message. */
  readonly lastMessageAt: string | null
  /** Seq of the last save, or of the creation: newest first is highest first. */
  readonly order: Seq
}

export function newThread(id: ThreadId, row: RowTime): ThreadState {
  return {
    id,
    version: row.seq,
    createdSeq: row.seq,
    createdAt: row.at,
    updatedAt: row.at,
    title: null,
    metadata: {},
    archivedAt: null,
    deleted: false,
    messageCount: 0,
    lastMessageAt: null,
    order: row.seq,
  }
}

export function threadTombstone(before: ThreadState, row: RowTime): ThreadState {
  const { id, createdSeq, createdAt } = before
  return { ...newThread(id, row), createdSeq, createdAt, deleted: true, order: before.order }
}

/** The thread after messages were saved to it or removed from it. */
export function withMessages(thread: ThreadState, change: number, row: RowTime, saved = change > 0): ThreadState {
  const messageCount = thread.messageCount + change
  return saved ? { ...thread, messageCount, lastMessageAt: row.at, order: row.seq } : { ...thread, messageCount }
}

/** Where a copied thread came from. */
export interface ThreadSource {
  readonly space: string
  readonly threadId: string
  readonly asOf: Seq
}
