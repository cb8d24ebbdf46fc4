/** Rows of the SQLite tables, read into domain records. */
import type { Actor } from '../../domain/actor.ts'
import type { BlockState } from '../../domain/block.ts'
import type { BlockFormat, Effect, LogRow, ThreadSource } from '../../domain/effect.ts'
import type { EntryState } from '../../domain/entry.ts'
import type { CommitId, Seq, ThreadId } from '../../domain/id.ts'
import type { JsonObject } from '../../domain/json.ts'
import type { LeaseState } from '../../domain/lease.ts'
import type { ThreadState } from '../../domain/thread.ts'
import { isoTime } from '../../domain/time.ts'
import type { TurnStatus } from '../../domain/turn.ts'
import { storedJson, storedSeq } from '../stored-json.ts'
import { actorShape, effectsShape, threadShape, valueShape } from '../stored-shapes.ts'

const actorLimit = 1_000
const actorsByText = new Map<string, Actor>()
const textsByActor = new WeakMap<Actor, string>()

/** Actors repeat in nearly every row, so both directions are remembered. */
export function actorOf(text: string): Actor {
  const known = actorsByText.get(text)
  if (known !== undefined) return known
  if (actorsByText.size >= actorLimit) actorsByText.clear()
  const actor = storedJson<Actor>(text, 'actor', actorShape)
  actorsByText.set(text, actor)
  return actor
}

export function actorText(actor: Actor): string {
  let text = textsByActor.get(actor)
  if (text === undefined) {
    text = JSON.stringify(actor)
    textsByActor.set(actor, text)
  }
  return text
}

/** The first value after all texts that begin with a prefix: for blobs sort after texts, and texts by code point. */
export function textAfter(prefix: string): string | Uint8Array {
  const points = [...prefix]
  while (points.length > 0) {
    const last = (points.pop() as string).codePointAt(0) as number
    // Surrogates are no code points of a text, and nothing comes after the last one.
    if (last < 0x10ffff) return points.join('') + String.fromCodePoint(last === 0xd7ff ? 0xe000 : last + 1)
  }
  return new Uint8Array(1)
}

export type LogColumns = readonly [
  seq: number,
  at: number,
  turn: number,
  actor: string,
  status: string | null,
  commitId: string | null,
  hash: string | null,
  json: string,
]

export const logColumns = 'seq, at, turn, actor, status, commitId, hash, json'

export function logRowOf(columns: readonly [...LogColumns, ...unknown[]], threadId: string | null): LogRow {
  const [seq, at, turn, actor, status, commitId, hash, json] = columns
  return {
    seq: storedSeq(seq, 'row of the log'),
    at: isoTime(at),
    actor: actorOf(actor),
    commitId: commitId as CommitId | null,
    hash,
    threadId: threadId as ThreadId | null,
    turn,
    status: status as TurnStatus | null,
    effects: storedJson<Effect[]>(json, 'row of the log', effectsShape, seq),
  }
}

export type EntryColumns = readonly [
  key: string,
  version: number,
  deleted: number,
  created: number,
  at: number,
  actor: string,
  expires: number | null,
  patchBytes: number,
  json: string,
]

export const entryColumns = 'key, version, deleted, created, at, actor, expires, patchBytes, json'

export function entryOf(columns: EntryColumns): EntryState {
  const [key, version, deleted, created, at, actor, expires, patchBytes, json] = columns
  return {
    key,
    version: storedSeq(version, 'entry'),
    deleted: deleted === 1,
    value: storedJson(json, 'entry', valueShape),
    createdAt: isoTime(created),
    updatedAt: isoTime(at),
    writtenBy: actorOf(actor),
    expiresAt: expires === null ? null : isoTime(expires),
    patchBytes,
  }
}

export type BlockColumns = readonly [
  name: string,
  version: number,
  deleted: number,
  at: number,
  actor: string,
  format: string,
  patchBytes: number,
  json: string,
]

export const blockColumns = 'name, version, deleted, at, actor, format, patchBytes, json'

export function blockOf(columns: BlockColumns, threadId: ThreadId | null): BlockState {
  const [name, version, deleted, at, actor, format, patchBytes, json] = columns
  return {
    name,
    threadId,
    version: storedSeq(version, 'block'),
    deleted: deleted === 1,
    format: format as BlockFormat,
    value: storedJson(json, 'block', valueShape),
    updatedAt: isoTime(at),
    updatedBy: actorOf(actor),
    patchBytes,
  }
}

/** What of a thread lies in its JSON column: the parts that nothing searches by. */
interface ThreadJson {
  readonly title: string | null
  readonly metadata: JsonObject
  readonly createdAt: string
  readonly updatedAt: string
  readonly archivedAt: string | null
  readonly source?: ThreadSource
}

export function threadJson(thread: ThreadState): string {
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

export type LeaseColumns = readonly [name: string, token: number, actor: string, until: number, threadId: string | null]

export function leaseOf(columns: LeaseColumns): LeaseState {
  const [name, token, actor, until, threadId] = columns
  return {
    name,
    token: storedSeq(token, 'lease'),
    holder: actorOf(actor),
    until: isoTime(until),
    threadId: threadId as ThreadId | null,
  }
}
