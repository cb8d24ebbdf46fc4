/** Replay: applying a commit's recorded effects to the records of a space, without deciding anything again. */
import { type BlockState, blockKey, blockTombstone, foldBlock } from './block.ts'
import type { Displaced, Effect, EffectOf, LogRow } from './effect.ts'
import { type EntryState, entryTombstone, foldEntry } from './entry.ts'
import { invariant } from './error.ts'
import type { FactState } from './fact.ts'
import { factsAfter } from './fact-fold.ts'
import { type ThreadId, turnIdOf } from './id.ts'
import { type LeaseState, turnLease } from './lease.ts'
import { foldRun, type RunState, runTombstone } from './run.ts'
import type { SpaceState } from './space.ts'
import { foldThread, newThread, type ThreadState, threadTombstone, withMessages } from './thread.ts'
import { type FoldSpace, foldTurn, savesMessages, visibleMessages } from './turn.ts'

/** The records of one space, as the log makes them. */
export interface SpaceRecords {
  space: SpaceState
  readonly entries: Map<string, EntryState>
  readonly blocks: Map<string, BlockState>
  readonly facts: Map<string, FactState>
  readonly runs: Map<string, RunState>
  readonly threads: Map<string, ThreadState>
  readonly leases: Map<string, LeaseState>
}

export function emptyRecords(space: SpaceState): SpaceRecords {
  const [entries, blocks, facts, runs] = [new Map(), new Map(), new Map(), new Map()]
  return { space, entries, blocks, facts, runs, threads: new Map(), leases: new Map() }
}

/** Rows of a turn of a thread that came before the commit being replayed, by seq. */
export type EarlierRows = (threadId: ThreadId, turn: number) => readonly LogRow[]

function removeEntries(records: SpaceRecords, row: LogRow, gone: readonly Displaced[] | undefined): void {
  for (const { key } of gone ?? []) {
    const entry = records.entries.get(key)
    if (entry !== undefined) records.entries.set(key, entryTombstone(entry, row))
  }
}

function replayEntry(records: SpaceRecords, row: LogRow, effect: Effect): void {
  if ('expiresAt' in effect) {
    removeEntries(records, row, effect.pruned)
    removeEntries(records, row, effect.expired)
    records.entries.set(effect.key, foldEntry(records.entries.get(effect.key) ?? null, effect, row))
  } else if (effect.kind === 'erased') {
    removeEntries(records, row, effect.pruned)
    removeEntries(records, row, effect.expired)
  } else if ((effect.kind === 'entry-delete' || effect.kind === 'entry-expire') && effect.prev > 0) {
    removeEntries(records, row, [{ key: effect.key, version: effect.prev }])
  }
}

function replayBlock(records: SpaceRecords, row: LogRow, effect: EffectOf<'block-write' | 'block-merge'>): void {
  const threadId = effect.inThread ? row.threadId : null
  const key = blockKey(threadId, effect.name)
  const before = records.blocks.get(key)
  const live = before === undefined || before.deleted ? null : before
  records.blocks.set(key, foldBlock(live, effect, threadId, row))
}

function replayFacts(records: SpaceRecords, row: LogRow, effect: Effect): void {
  for (const fact of factsAfter(effect, row, (id) => records.facts.get(id) ?? null)) records.facts.set(fact.id, fact)
}

function replayRun(records: SpaceRecords, row: LogRow, effect: Effect): void {
  if (effect.kind !== 'run-put' && effect.kind !== 'run-expire') return
  const before = records.runs.get(effect.runId) ?? null
  if (effect.kind === 'run-put') records.runs.set(effect.runId, foldRun(before, effect, row))
  else if (effect.prev > 0 && before !== null) records.runs.set(effect.runId, runTombstone(before, row))
}

function replayThreadDelete(records: SpaceRecords, row: LogRow, effect: EffectOf<'thread-delete'>): void {
  const thread = records.threads.get(row.threadId as string)
  if (effect.prev === 0 || thread === undefined) return
  records.threads.set(thread.id, threadTombstone(thread, row))
  for (const { key: name } of effect.blocks) {
    const key = blockKey(thread.id, name)
    const block = records.blocks.get(key)
    if (block !== undefined) records.blocks.set(key, blockTombstone(block, row))
  }
  for (const lease of records.leases.values()) if (lease.threadId === thread.id) records.leases.delete(lease.name)
}

function replayThreadClone(records: SpaceRecords, row: LogRow, effect: EffectOf<'thread-clone'>): void {
  const threadId = row.threadId as ThreadId
  const { title, metadata, source } = effect
  records.threads.set(threadId, { ...newThread(threadId, row), title, metadata, source })
  for (const block of effect.blocks) {
    const write = { ...block, kind: 'block-write', prev: 0 } as const
    records.blocks.set(blockKey(threadId, block.name), foldBlock(null, write, threadId, row))
  }
}

function replayTurn(records: SpaceRecords, row: LogRow, effect: Effect, space: FoldSpace): void {
  const name = turnLease(turnIdOf(space.key, row.turn))
  if (effect.kind === 'turn-open' || effect.kind === 'turn-resume') {
    const { until } = effect
    records.leases.set(name, { name, token: row.seq, holder: row.actor, until, threadId: row.threadId })
  } else if (effect.kind === 'turn-close' || effect.kind === 'turn-discard' || effect.kind === 'turn-replaced') {
    records.leases.delete(name)
  }
}

function replayKept(records: SpaceRecords, row: LogRow, kept: EffectOf<'kept'>): void {
  if ('entry' in kept) records.entries.set(kept.entry.key, kept.entry)
  else if ('block' in kept) records.blocks.set(blockKey(kept.block.threadId, kept.block.name), kept.block)
  else if ('fact' in kept) records.facts.set(kept.fact.id, kept.fact)
  else if ('run' in kept) records.runs.set(kept.run.id, kept.run)
  else if ('thread' in kept) records.threads.set(kept.thread.id, kept.thread)
  else if ('lease' in kept) records.leases.set(kept.lease.name, kept.lease)
  else if ('settings' in kept) {
    records.space = { ...records.space, settings: kept.settings, settingsVersion: row.seq }
  }
}

function replayRecord(records: SpaceRecords, row: LogRow, effect: Effect): void {
  const threadId = row.threadId as ThreadId
  if ((effect.kind === 'message-append' || effect.kind === 'turn-open') && effect.createdThread !== undefined) {
    records.threads.set(threadId, newThread(threadId, row))
  } else if (effect.kind === 'thread-put') {
    records.threads.set(threadId, foldThread(records.threads.get(threadId) ?? null, threadId, effect, row))
  } else if (effect.kind === 'thread-delete') replayThreadDelete(records, row, effect)
  else if (effect.kind === 'thread-clone') replayThreadClone(records, row, effect)
  else if (effect.kind === 'block-write' || effect.kind === 'block-merge') replayBlock(records, row, effect)
  else if (effect.kind === 'lease-take') {
    const { name, until } = effect
    records.leases.set(name, { name, token: row.seq, holder: row.actor, until, threadId: null })
  } else if (effect.kind === 'lease-release') {
    if (effect.released) records.leases.delete(effect.name)
  } else if (effect.kind === 'configure') {
    records.space = { ...records.space, settings: effect.settings, settingsVersion: row.seq }
  }
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

/** The space's own row after a commit: its seq and time, and its counters counted anew. */
function recount(records: SpaceRecords, row: LogRow): void {
  const threads = [...records.threads.values()].filter((thread) => !thread.deleted)
  const archivedThreads = threads.filter((thread) => thread.archivedAt !== null).length
  const entries = [...records.entries.values()].filter((entry) => !entry.deleted).length
  const counters = { threads: threads.length - archivedThreads, archivedThreads, entries }
  records.space = { ...records.space, seq: row.seq, at: row.at, ...counters }
}

/** The effects of a commit in the order of its changes, whichever rows they lie in. */
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
    replayEntry(records, row, effect)
    replayFacts(records, row, effect)
    replayRun(records, row, effect)
    replayRecord(records, row, effect)
    replayTurn(records, row, effect, space)
    if (effect.kind === 'kept') replayKept(records, row, effect)
  }
  for (const row of rows) {
    replayMessages(records, row, row.threadId === null ? [] : earlier(row.threadId, row.turn), space)
  }
  recount(records, first)
}
