/** Replay: applying a commit's recorded effects to the records of a space, without deciding anything again. */

import type { Effect, EffectKind, EffectOf, LogRow } from '../commit/effect.ts'
import { invariant } from '../error.ts'
import { type Seq, type ThreadId, turnIdOf } from '../id.ts'
import type { BlockState } from '../records/block.ts'
import type { EntryState } from '../records/entry.ts'
import type { FactState } from '../records/fact.ts'
import { type LeaseState, runLease, turnLease } from '../records/lease.ts'
import type { RecordState } from '../records/record.ts'
import type { RunState } from '../records/run.ts'
import { newThread, type ThreadState, threadTombstone, withMessages } from '../records/thread.ts'
import { visibleMessages } from '../records/turn.ts'
import type { SpaceState } from '../space.ts'
import { factsAfter } from './fact-fold.ts'
import { allKeyedNouns } from './keyed-nouns.ts'
import { foldThread } from './thread-fold.ts'
import { type FoldSpace, foldTurn, savesMessages } from './turn-fold.ts'

/** The records of one space, as the log makes them. */
export interface SpaceRecords {
  space: SpaceState
  readonly entries: Map<string, EntryState>
  readonly blocks: Map<string, BlockState>
  readonly facts: Map<string, FactState>
  readonly runs: Map<string, RunState>
  /** By noun and key; see `recordName`. */
  readonly records: Map<string, RecordState>
  readonly threads: Map<string, ThreadState>
  readonly leases: Map<string, LeaseState>
}

export function emptyRecords(space: SpaceState): SpaceRecords {
  const [entries, blocks, facts, runs, records] = [new Map(), new Map(), new Map(), new Map(), new Map()]
  return { space, entries, blocks, facts, runs, records, threads: new Map(), leases: new Map() }
}

/** Rows of a turn of a thread that came before the commit being replayed, by seq. */
type EarlierRows = (threadId: ThreadId, turn: number) => readonly LogRow[]

function replayThreadDelete(records: SpaceRecords, row: LogRow, effect: EffectOf<'thread-delete'>): void {
  const thread = records.threads.get(row.threadId as string)
  if (effect.prev === 0 || thread === undefined) return
  records.threads.set(thread.id, threadTombstone(thread, row))
  for (const lease of records.leases.values()) if (lease.threadId === thread.id) records.leases.delete(lease.name)
}

function createThread(records: SpaceRecords, row: LogRow, effect: { readonly createdThread?: Seq }): void {
  const threadId = row.threadId as ThreadId
  if (effect.createdThread !== undefined) records.threads.set(threadId, newThread(threadId, row))
}

function holdLease(records: SpaceRecords, row: LogRow, name: string, until: string, threadId: ThreadId | null): void {
  records.leases.set(name, { name, token: row.seq, holder: row.actor, until, threadId })
}

type Replay<Kind extends EffectKind> = (
  records: SpaceRecords,
  row: LogRow,
  effect: EffectOf<Kind>,
  space: FoldSpace,
) => void

function replayEnd(records: SpaceRecords, row: LogRow, _: Effect, space: FoldSpace): void {
  records.leases.delete(turnLease(turnIdOf(space.key, row.turn)))
}

/** The fold of the turn, the keyed noun or `factsAfter` applies this effect; or it changes nothing here. */
const elsewhere = (): void => {}

/** How each kind of effect changes threads, leases and the space itself. */
const replays = {
  'thread-put': (records, row, effect) => {
    const threadId = row.threadId as ThreadId
    records.threads.set(threadId, foldThread(records.threads.get(threadId) ?? null, threadId, effect, row))
  },
  'thread-delete': replayThreadDelete,
  'thread-clone': (records, row, { title, metadata, source }) => {
    const threadId = row.threadId as ThreadId
    records.threads.set(threadId, { ...newThread(threadId, row), title, metadata, source })
  },
  'turn-open': (records, row, effect, space) => {
    createThread(records, row, effect)
    holdLease(records, row, turnLease(turnIdOf(space.key, row.turn)), effect.until, row.threadId)
  },
  'turn-resume': (records, row, effect, space) => {
    holdLease(records, row, turnLease(turnIdOf(space.key, row.turn)), effect.until, row.threadId)
  },
  'turn-close': replayEnd,
  'turn-discard': replayEnd,
  'turn-restore': elsewhere,
  'turn-answered': elsewhere,
  'turn-replaced': replayEnd,
  'turn-restored': elsewhere,
  'message-append': createThread,
  'message-copy': elsewhere,
  'message-extend': elsewhere,
  'message-edit': elsewhere,
  'message-delete': elsewhere,
  'block-write': elsewhere,
  'block-merge': elsewhere,
  'entry-write': elsewhere,
  'entry-merge': elsewhere,
  'entry-append': elsewhere,
  'entry-increment': elsewhere,
  'entry-delete': elsewhere,
  'entry-expire': elsewhere,
  'fact-assert': elsewhere,
  'fact-known': elsewhere,
  'fact-retire': elsewhere,
  'fact-expire': elsewhere,
  'run-put': (records, row, { runId, until, released }) => {
    if (until !== undefined) holdLease(records, row, runLease(runId), until, null)
    else if (released === true) records.leases.delete(runLease(runId))
  },
  'run-expire': elsewhere,
  'record-put': elsewhere,
  'record-patch': elsewhere,
  'record-remove': elsewhere,
  'record-expire': elsewhere,
  'lease-take': (records, row, { name, until }) => holdLease(records, row, name, until, null),
  'lease-release': (records, _, { name, released }) => {
    if (released) records.leases.delete(name)
  },
  configure: (records, row, { settings }) => {
    records.space = { ...records.space, settings, settingsVersion: row.seq }
  },
  erase: elsewhere,
  kept: (records, row, kept) => {
    if ('fact' in kept) records.facts.set(kept.fact.id, kept.fact)
    else if ('thread' in kept) records.threads.set(kept.thread.id, kept.thread)
    else if ('lease' in kept) records.leases.set(kept.lease.name, kept.lease)
    else if ('settings' in kept) {
      records.space = { ...records.space, settings: kept.settings, settingsVersion: row.seq }
    } else for (const noun of allKeyedNouns) noun.replayKept(records, kept)
  },
  erased: elsewhere,
} satisfies { readonly [Kind in EffectKind]: Replay<Kind> }

function replayEffect(records: SpaceRecords, row: LogRow, effect: Effect, space: FoldSpace): void {
  for (const noun of allKeyedNouns) noun.replay(records, row, effect)
  for (const fact of factsAfter(effect, row, (id) => records.facts.get(id) ?? null)) records.facts.set(fact.id, fact)
  const replay = replays[effect.kind] as Replay<EffectKind>
  replay(records, row, effect, space)
}

function replayMessages(records: SpaceRecords, row: LogRow, before: readonly LogRow[], space: FoldSpace): void {
  // Without a thread: it was erased.
  if (row.turn === 0 || row.threadId === null) return
  if (row.effects.some((effect) => effect.kind === 'kept' && 'turnKept' in effect)) return
  const earlier = foldTurn(before, space)
  const later = foldTurn([...before, row], space)
  const added = row.effects.some(savesMessages)
  const visible = (turn: typeof earlier) => (turn === null ? 0 : visibleMessages(turn).length)
  const change = visible(later) - visible(earlier)
  const thread = records.threads.get(row.threadId)
  if (thread === undefined || (change === 0 && !added)) return
  records.threads.set(thread.id, withMessages(thread, change, row, added))
}

/** The space's own row after a commit: its seq, its time, and recounted counters. */
function recount(records: SpaceRecords, row: LogRow): void {
  const threads = [...records.threads.values()].filter((thread) => !thread.deleted)
  const archivedThreads = threads.filter((thread) => thread.archivedAt !== null).length
  const entries = [...records.entries.values()].filter((entry) => !entry.deleted).length
  const counters = { threads: threads.length - archivedThreads, archivedThreads, entries }
  records.space = { ...records.space, seq: row.seq, at: row.logAt ?? row.at, ...counters }
}

/** The effects of a commit in the order of its changes, across all its rows. */
function inOrder(rows: readonly LogRow[]): readonly (readonly [LogRow, Effect])[] {
  const effects = rows.flatMap((row) => row.effects.map((effect) => [row, effect] as const))
  return rows.length === 1 ? effects : effects.sort(([, left], [, right]) => (left.of ?? 0) - (right.of ?? 0))
}

/** Applies the rows of one commit, in their order, to the records. */
export function replayCommit(
  records: SpaceRecords,
  rows: readonly LogRow[],
  earlier: EarlierRows,
  space: FoldSpace,
): void {
  const [first] = rows
  invariant(first !== undefined, 'a commit has a row')
  for (const [row, effect] of inOrder(rows)) {
    replayEffect(records, row, effect, space)
  }
  for (const row of rows) {
    replayMessages(records, row, row.threadId === null ? [] : earlier(row.threadId, row.turn), space)
  }
  recount(records, first)
}
