/** How effects change runs. Pure; used by commits and replay. */

import type { ChangeResult } from '../commit/commit.ts'
import type { EffectOf } from '../commit/effect.ts'
import { packTurn } from '../id.ts'
import { type JsonObject, mergeJson } from '../json.ts'
import type { RowTime } from '../records/row-time.ts'
import { hasEnded, keepsContinuation, type RunState, runTombstone } from '../records/run.ts'
import type { Answering, KeyedNoun } from './keyed-noun.ts'

/** A run before its first statement. */
function unstated(effect: EffectOf<'run-put'>, row: RowTime): RunState {
  return {
    id: effect.runId,
    version: row.seq,
    deleted: false,
    order: packTurn({ turnSeq: row.seq, turnIndex: effect.place ?? effect.of ?? 0 }),
    kind: 'agent',
    name: '',
    actor: row.actor,
    status: 'running',
    details: {},
    continuation: null,
    startedAt: row.at,
    updatedAt: row.at,
    endedAt: null,
    expiresAt: null,
  }
}

/** The run after an effect of the log; pure, used by the commit and by replay alike. */
export function foldRun(before: RunState | null, effect: EffectOf<'run-put'>, row: RowTime): RunState {
  const base = before ?? unstated(effect, row)
  const { runKind: kind = base.kind, details, continuation = base.continuation, ...stated } = effect.stated
  const status = stated.status ?? base.status
  const isOver = hasEnded(status)
  return {
    ...base,
    ...stated,
    version: row.seq,
    kind,
    details: details === undefined ? base.details : (mergeJson(base.details, details) as JsonObject),
    continuation: keepsContinuation(kind, status) ? continuation : null,
    updatedAt: row.at,
    endedAt: isOver ? (base.status === status ? base.endedAt : row.at) : null,
  }
}

type Kind = 'run-put' | 'run-expire'

function answer(effect: EffectOf<Kind>, { row }: Answering): ChangeResult {
  const { runId } = effect
  if (effect.kind === 'run-put') {
    if (effect.interrupts === true) return { kind: 'run-interrupt', runId, version: row.seq }
    return { kind: 'run-put', runId, version: row.seq, ...(effect.until === undefined ? {} : { token: row.seq }) }
  }
  return { kind: 'run-expire', runId, deleted: effect.prev > 0 }
}

/** Runs have no history: statements are folded, and only the last version is read. */
export const runNoun: KeyedNoun<RunState, Kind> = {
  noun: 'run',
  deeds: { 'run-put': 'patch', 'run-expire': 'expire' },
  keyOf: ({ runId }) => runId,
  displacedKey: (runId) => runId,
  mapOf: (records) => records.runs,
  keep: (run) => ({ run }),
  kept: (effect) => ('run' in effect ? { key: effect.run.id, state: effect.run } : null),
  fold: (before, effect, row) => foldRun(before, effect as EffectOf<'run-put'>, row),
  tombstone: runTombstone,
  answer,
}
