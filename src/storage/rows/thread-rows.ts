/** Rows of threads, read into domain records and made from them. */

import type { Seq, ThreadId } from '../../domain/id.ts'
import type { JsonObject } from '../../domain/json.ts'
import type { ThreadSource, ThreadState } from '../../domain/records/thread.ts'
import { isoTime, msOf } from '../../domain/time.ts'
import { storedJson, storedSeq } from '../stored-json.ts'
import { threadShape } from '../stored-shapes.ts'

/** The parts of a thread that nothing searches by: its JSON column. */
interface ThreadJson {
  readonly title: string | null
  readonly metadata: JsonObject
  readonly createdAt: string
  readonly updatedAt: string
  readonly archivedAt: string | null
  readonly source?: ThreadSource
}

function threadJson(thread: ThreadState): string {
  const { title, metadata, createdAt, updatedAt, archivedAt, source } = thread
  const json: ThreadJson = { title, metadata, createdAt, updatedAt, archivedAt, ...(source ? { source } : {}) }
  return JSON.stringify(json)
}

export type ThreadColumns = readonly [
  n: number,
  id: string,
  state: number,
  ord: number,
  created: number,
  version: number,
  messages: number,
  lastAt: number | null,
  stat: number,
  json: string,
]

export const threadColumns = 'n, id, state, ord, created, version, messages, lastAt, stat, json'

/** The last row of a thread that may hold newer counts than the thread's own: seq, time and count. */
export type LastRow = readonly [seq: Seq, at: number, upto: number | null]

export function threadOf(columns: ThreadColumns, last: LastRow | undefined): ThreadState {
  const [, id, state, ord, created, version, messages, lastAt, stat, text] = columns
  const json = storedJson<ThreadJson>(text, 'thread', threadShape)
  const { title, metadata, createdAt, updatedAt, archivedAt, source } = json
  const isNewer = last !== undefined && last[2] !== null && last[0] > stat
  const savedAt = isNewer ? last[1] : lastAt
  return {
    id: id as ThreadId,
    version: storedSeq(version, 'thread'),
    createdSeq: storedSeq(created, 'thread'),
    createdAt,
    updatedAt,
    title,
    metadata,
    archivedAt,
    deleted: state === 2,
    ...(source === undefined ? {} : { source }),
    messageCount: isNewer ? (last[2] as number) : messages,
    lastMessageAt: savedAt === null ? null : isoTime(savedAt),
    order: isNewer ? last[0] : ord,
  }
}

function stateOf(thread: ThreadState): 0 | 1 | 2 {
  return thread.deleted ? 2 : thread.archivedAt === null ? 0 : 1
}

/** Values that every save changes: order, count and time of its messages, and the seq up to which they are true. */
export function threadCounts({ order, messageCount, lastMessageAt }: ThreadState, stat: Seq) {
  return [order, messageCount, lastMessageAt === null ? null : msOf(lastMessageAt), stat] as const
}

/** The values of a thread's row after its number and id, in the order of `threadColumns`. `stat` is the seq they are of. */
export function threadValues(thread: ThreadState, stat: Seq) {
  const [order, ...counts] = threadCounts(thread, stat)
  return [stateOf(thread), order, thread.createdSeq, thread.version, ...counts, threadJson(thread)] as const
}
