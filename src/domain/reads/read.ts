/** Reads of a decision, as data: everything that a commit may need from its space. Each answer is plain JSON. */

import type { LogRow } from '../commit/effect.ts'
import { factIdOf, runIdOf, type Seq, type ThreadId } from '../id.ts'
import type { BlockState } from '../records/block.ts'
import type { EntryState } from '../records/entry.ts'
import type { FactState } from '../records/fact.ts'
import { entryLease, type LeaseState } from '../records/lease.ts'
import type { RecordState } from '../records/record.ts'
import type { RunState } from '../records/run.ts'
import type { ThreadState } from '../records/thread.ts'
import type { MessagePlace } from '../records/turn.ts'
import { type ChainName, versionRows } from '../replay/history.ts'
import type { SpaceView, Tombstone } from '../replay/space-view.ts'

/**
 * The fields of each kind of read. Reads of lists continue from `after` or `offset`; a page has at most `pageOfReads`
 * items.
 */
interface Asked {
  readonly commit: { readonly id: string }
  readonly rows: { readonly seq: Seq }
  /** The rows of the commits that a version of a record is made from, back to the last whole value. */
  readonly version: { readonly name: ChainName; readonly seq: Seq }
  readonly thread: { readonly id: string }
  readonly turn: { readonly threadId: string; readonly turn: number }
  readonly 'thread-rows': { readonly threadId: string; readonly offset: number }
  /** All rows of the commits that have a row with one of the texts. `offset` and the size of a page count commits. */
  readonly 'rows-holding': { readonly texts: readonly string[]; readonly offset: number }
  readonly 'message-id': { readonly threadId: string; readonly id: string }
  readonly block: { readonly threadId: string | null; readonly name: string }
  readonly 'thread-blocks': { readonly threadId: string }
  readonly entry: { readonly key: string }
  readonly 'expired-entries': { readonly at: string; readonly offset: number }
  readonly 'oldest-entries': { readonly offset: number }
  /** A fact and those that it is marked with. */
  readonly fact: { readonly id: string }
  /** A fact by the last part of its id: the rest, the key of the space, may not be known yet. */
  readonly 'fact-named': { readonly unique: string }
  readonly 'facts-from': { readonly sources: readonly string[]; readonly offset: number }
  readonly 'facts-by-text': { readonly key: number }
  readonly 'last-fact': object
  readonly run: { readonly id: string }
  readonly 'run-named': { readonly unique: string }
  readonly 'thread-runs': { readonly threadId: string; readonly offset: number }
  readonly record: { readonly name: string }
  readonly 'records-under': { readonly noun: string; readonly prefix: string; readonly offset: number }
  readonly 'records-labelled': { readonly noun: string; readonly label: string; readonly offset: number }
  readonly 'any-record': object
  readonly 'keyed-hash': { readonly text: string }
  readonly tombstone: { readonly text: string }
  readonly 'caller-ids': { readonly threadId: string; readonly offset: number }
  readonly lease: { readonly name: string }
  /** The leases of a thread's open turns. */
  readonly 'turn-leases': { readonly threadId: string }
}

interface Page<Item> {
  readonly items: readonly Item[]
  readonly more: boolean
}

/** The answer of each kind of read. */
export interface Answers {
  readonly commit: readonly LogRow[] | null
  readonly rows: readonly LogRow[]
  readonly version: readonly LogRow[]
  readonly thread: ThreadState | null
  readonly turn: readonly LogRow[]
  readonly 'thread-rows': Page<LogRow>
  readonly 'rows-holding': Page<LogRow>
  readonly 'message-id': readonly MessagePlace[]
  readonly block: BlockState | null
  readonly 'thread-blocks': readonly BlockState[]
  readonly entry: EntryState | null
  readonly 'expired-entries': Page<EntryState>
  /** With the leases of these entries, which are not pruned. */
  readonly 'oldest-entries': Page<EntryState> & { readonly leases: readonly LeaseState[] }
  readonly fact: readonly FactState[]
  readonly 'fact-named': readonly FactState[]
  readonly 'facts-from': Page<FactState>
  readonly 'facts-by-text': readonly FactState[]
  readonly 'last-fact': Seq
  readonly run: RunState | null
  readonly 'run-named': RunState | null
  readonly 'thread-runs': Page<RunState>
  readonly record: RecordState | null
  readonly 'records-under': Page<RecordState>
  readonly 'records-labelled': Page<RecordState>
  readonly 'any-record': boolean
  readonly 'keyed-hash': string
  readonly tombstone: Tombstone
  readonly 'caller-ids': Page<string>
  readonly lease: LeaseState | null
  readonly 'turn-leases': readonly LeaseState[]
}

export type ReadKind = keyof Asked
export type ReadOf<Kind extends ReadKind> = { readonly of: Kind } & Asked[Kind]
export type Read = { readonly [Kind in ReadKind]: ReadOf<Kind> }[ReadKind]

/** How many items one page of a read has at most. */
export const pageOfReads = 256

/** A text that is equal for equal reads. */
export function readKey(read: Read): string {
  return JSON.stringify(Object.entries(read).sort(([left], [right]) => (left < right ? -1 : 1)))
}

function page<Item>(items: Iterable<Item>, offset: number): Page<Item> {
  const found: Item[] = []
  let at = 0
  for (const item of items) {
    if (at++ < offset) continue
    if (found.length === pageOfReads) return { items: found, more: true }
    found.push(item)
  }
  return { items: found, more: false }
}

function factWithLinked(view: SpaceView, id: string): readonly FactState[] {
  const fact = view.fact(id)
  if (fact === null) return []
  return [fact, ...fact.conflictsWith.flatMap((other) => view.fact(other) ?? [])]
}

type AnswerRead<Kind extends ReadKind> = (view: SpaceView, read: ReadOf<Kind>) => Answers[Kind]

const answerers: { readonly [Kind in ReadKind]: AnswerRead<Kind> } = {
  commit: (view, { id }) => view.committed(id),
  rows: (view, { seq }) => view.rowsAt(seq),
  version: (view, { name, seq }) => versionRows(view, name, seq),
  thread: (view, { id }) => view.thread(id),
  turn: (view, { threadId, turn }) => view.turnRows(threadId as ThreadId, turn),
  'thread-rows': (view, { threadId, offset }) => page(view.threadRows(threadId as ThreadId), offset),
  'rows-holding': (view, { texts, offset }) => {
    const { items, more } = page(new Set(view.rowsHolding(texts).map(({ seq }) => seq)), offset)
    return { items: items.flatMap((seq) => view.rowsAt(seq)), more }
  },
  'message-id': (view, { threadId, id }) => view.callerMessages(threadId, id),
  block: (view, { threadId, name }) => view.block(threadId as ThreadId | null, name),
  'thread-blocks': (view, { threadId }) => view.threadBlocks(threadId as ThreadId),
  entry: (view, { key }) => view.entry(key),
  'expired-entries': (view, { at, offset }) => page(view.expiredEntries(at), offset),
  'oldest-entries': (view, { offset }) => {
    const oldest = page(view.oldestEntries(), offset)
    return { ...oldest, leases: oldest.items.flatMap(({ key }) => view.lease(entryLease(key)) ?? []) }
  },
  fact: (view, { id }) => factWithLinked(view, id),
  'fact-named': (view, { unique }) => {
    return view.space === null ? [] : factWithLinked(view, factIdOf(view.space.key, unique))
  },
  'facts-from': (view, { sources, offset }) => page(view.factsFrom(sources), offset),
  'facts-by-text': (view, { key }) => [...view.factsByText(key)],
  'last-fact': (view) => view.lastFactSeq(),
  run: (view, { id }) => view.run(id),
  'run-named': (view, { unique }) => (view.space === null ? null : view.run(runIdOf(view.space.key, unique))),
  'thread-runs': (view, { threadId, offset }) => page(view.threadRuns(threadId as ThreadId), offset),
  record: (view, { name }) => view.record(name),
  'records-under': (view, { noun, prefix, offset }) => page(view.recordsUnder(noun, prefix), offset),
  'records-labelled': (view, { noun, label, offset }) => page(view.recordsLabelled(noun, label), offset),
  'any-record': (view) => view.hasRecords(),
  'keyed-hash': (view, { text }) => view.keyedHash(text),
  tombstone: (view, { text }) => view.tombstones([text])[0] as Tombstone,
  'caller-ids': (view, { threadId, offset }) => page(view.callerIds(threadId as ThreadId), offset),
  lease: (view, { name }) => view.lease(name),
  'turn-leases': (view, { threadId }) => {
    return view.turnLeases(threadId as ThreadId).flatMap((name) => view.lease(name) ?? [])
  },
}

/** Answers a read from a view of local data. */
export function answerRead(view: SpaceView, read: Read): Answers[ReadKind] {
  const answer = answerers[read.of] as AnswerRead<ReadKind>
  return answer(view, read as ReadOf<ReadKind>)
}
