/**
 * Compaction: which parts of the rows at or below a new horizon stay. Overwritten values, patches and commit ids are
 * removed.
 */

import type { Effect, LogRow } from '../commit/effect.ts'
import { type Seq, type ThreadId, unpackTurn } from '../id.ts'
import { leasedRun } from '../records/lease.ts'
import type { TurnState } from '../records/turn.ts'
import type { SpaceState } from '../space.ts'
import { allKeyedNouns } from './keyed-nouns.ts'
import { emptyRecords, replayCommit, type SpaceRecords } from './replay.ts'
import { type FoldSpace, foldTurn } from './turn-fold.ts'

/** Rows grouped by commit, in order of seq. */
export function groupBySeq(rows: readonly LogRow[]): readonly (readonly LogRow[])[] {
  const groups: LogRow[][] = []
  for (const row of rows) {
    const last = groups.at(-1)
    if (last?.[0]?.seq === row.seq) last.push(row)
    else groups.push([row])
  }
  return groups
}

/** Replays all rows of a space, in order, onto nothing. */
export function replayLog(rows: readonly LogRow[], space: SpaceState, fold: FoldSpace): SpaceRecords {
  const records = emptyRecords(space)
  const turns = new Map<string, LogRow[]>()
  const rowsOf = (threadId: string, turn: number) => turns.get(`${turn} ${threadId}`) ?? []
  for (const commit of groupBySeq(rows)) {
    replayCommit(records, commit, rowsOf, fold)
    for (const row of commit) {
      if (row.threadId === null || row.turn === 0) continue
      turns.set(`${row.turn} ${row.threadId}`, [...rowsOf(row.threadId, row.turn), row])
    }
  }
  return records
}

interface Compaction {
  readonly kept: Map<string, LogRow>
  readonly heads: Map<Seq, LogRow>
}

function keep(into: Compaction, seq: Seq, row: Pick<LogRow, 'threadId' | 'turn' | 'status'>, effect: Effect): void {
  const head = into.heads.get(seq)
  if (head === undefined) return
  const key = logPlace({ seq, turn: row.turn })
  const { at, logAt, actor } = head
  const times = { at, ...(logAt === undefined ? {} : { logAt }) }
  const before = into.kept.get(key) ?? { seq, ...times, actor, commitId: null, hash: null, ...row, effects: [] }
  const threadId = before.threadId ?? row.threadId
  into.kept.set(key, { ...before, threadId, effects: [...before.effects, effect] })
}

/** Whether rows above the horizon restore a turn that was replaced there. */
export type IsRestored = (threadId: ThreadId, turn: number) => boolean

/** Whether some rows of a turn restore it. */
export function restores(rows: readonly LogRow[]): boolean {
  return rows.some(({ effects }) => effects.some(({ kind }) => kind === 'turn-restored'))
}

function keepTurn(into: Compaction, rows: readonly LogRow[], turn: TurnState, isRestored: IsRestored): void {
  const { actor, runId, replaces, answered, replacedBy, leaseMs } = turn
  const isCurrent = turn.status !== 'discarded' && (replacedBy === undefined || isRestored(turn.threadId, turn.turn))
  const messages = isCurrent ? turn.messages : turn.messages.map(() => null)
  const optional = {
    ...(runId === undefined ? {} : { runId }),
    ...(replaces === undefined ? {} : { replaces }),
    ...(answered === undefined ? {} : { answered }),
    ...(replacedBy === undefined ? {} : { replacedBy }),
  }
  const first = rows[0] as LogRow
  const place = { threadId: turn.threadId, turn: turn.turn, status: turn.status }
  keep(into, first.seq, place, { kind: 'kept', turnKept: { actor, leaseMs, messages, ...optional } })
}

/** What becomes of the rows at or below a horizon. */
interface CompactedRows {
  /** The rows that stand in their place, in order. */
  readonly kept: readonly LogRow[]
  /** The rows that have none in their place. A row of several records may be kept as several. */
  readonly removed: readonly LogRow[]
  /** The rows that stand in a place where there was none. */
  readonly added: readonly LogRow[]
}

/** The place of a row in its space. */
export function logPlace({ seq, turn }: Pick<LogRow, 'seq' | 'turn'>): string {
  return `${seq} ${turn}`
}

/**
 * The rows that replace those at or below a horizon: each record that was current there, whole, in the row of its
 * version; each turn folded into the row that opened it. `rows` are all rows up to the horizon, in order. A turn that was
 * replaced there loses its messages, unless it was restored since: they stand in the thread again.
 */
export function compactRows(
  rows: readonly LogRow[],
  space: SpaceState,
  fold: FoldSpace,
  isRestored: IsRestored,
): CompactedRows {
  const records = replayLog(rows, space, fold)
  const into: Compaction = { kept: new Map(), heads: new Map() }
  for (const row of rows) if (!into.heads.has(row.seq)) into.heads.set(row.seq, row)
  const outside = { threadId: null, turn: 0, status: null }
  for (const noun of allKeyedNouns) {
    for (const { version, kept } of noun.keep(records)) keep(into, version, outside, { kind: 'kept', ...kept })
  }
  for (const fact of records.facts.values()) {
    if (!fact.deleted) keep(into, fact.version, outside, { kind: 'kept', fact })
  }
  for (const thread of records.threads.values()) {
    // In the row of its last save, which an older cursor may ask for.
    if (!thread.deleted) keep(into, thread.order, { ...outside, threadId: thread.id }, { kind: 'kept', thread })
  }
  for (const lease of records.leases.values()) {
    // The lease of a run says its id, and would be left behind when the run is erased.
    if (leasedRun(lease.name) === null) keep(into, lease.token, outside, { kind: 'kept', lease })
  }
  const { settingsVersion, settings } = records.space
  if (settingsVersion > 0) keep(into, settingsVersion, outside, { kind: 'kept', settings })
  const turns = Map.groupBy(
    rows.filter((row) => row.turn !== 0 && row.threadId !== null),
    (row) => `${row.turn} ${row.threadId}`,
  )
  for (const turnRows of turns.values()) {
    const turn = foldTurn(turnRows, fold)
    const thread = turn === null ? undefined : records.threads.get(turn.threadId)
    const isLive = thread !== undefined && !thread.deleted
    const isOfLife = turn !== null && isLive && unpackTurn(turn.turn).turnSeq >= thread.createdSeq
    if (isOfLife) keepTurn(into, turnRows, turn, isRestored)
  }
  const kept = [...into.kept.values()].sort((left, right) => left.seq - right.seq || left.turn - right.turn)
  const places = new Set(rows.map(logPlace))
  return {
    kept,
    removed: rows.filter((row) => !into.kept.has(logPlace(row))),
    added: kept.filter((row) => !places.has(logPlace(row))),
  }
}
