/**
 * The history of entries, blocks and records: chains of effects, walked back through the log from the current version.
 */
import type { Actor } from '../actor.ts'
import type { Effect, LogRow } from '../commit/effect.ts'
import type { Seq, ThreadId } from '../id.ts'
import type { Json } from '../json.ts'
import { blockKey } from '../records/block-key.ts'
import type { VersionStep } from './keyed-noun.ts'
import { keyedNouns } from './keyed-nouns.ts'

/** Reads the rows of one commit of a space; empty if it was compacted away. */
export interface CommitRows {
  rowsAt(seq: Seq): readonly LogRow[]
}

export const pastEvents = [
  'write',
  'merge',
  'append',
  'increment',
  'put',
  'patch',
  'delete',
  'remove',
  'expire',
  'prune',
  'erased',
] as const
export type PastEvent = (typeof pastEvents)[number]

/** One version of an entry, a block or a record. */
export interface PastVersion {
  readonly version: Seq
  readonly at: string
  readonly by: Actor
  readonly event: PastEvent
  /** null if the version is a removal, or its content was erased. */
  readonly value: Json
  /** ISO time at which it expires; null if never, and for what has no expiry. */
  readonly expiresAt: string | null
}

interface Step extends VersionStep {
  readonly row: LogRow
  readonly effect: Effect
}

/** The record of a chain. A `record` is named by `recordName`. */
export type ChainName =
  | { readonly entry: string }
  | { readonly block: string; readonly threadId: ThreadId | null }
  | { readonly record: string }

function stepAt(log: CommitRows, name: ChainName, seq: Seq): Step | null {
  const [noun, key] =
    'entry' in name
      ? [keyedNouns.entry, name.entry]
      : 'block' in name
        ? [keyedNouns.block, blockKey(name.threadId, name.block)]
        : [keyedNouns.record, name.record]
  for (const row of log.rowsAt(seq)) {
    for (const effect of row.effects) {
      const step = noun.step(effect, row, key)
      if (step !== null) return { ...step, row, effect }
    }
  }
  return null
}

/** Walks back a record's versions from one of them, newest first, down to the oldest that compaction kept. */
function* stepsBack(log: CommitRows, name: ChainName, version: Seq): Generator<Step> {
  for (let seq = version; seq > 0; ) {
    const step = stepAt(log, name, seq)
    if (step === null) return
    yield step
    seq = step.prev
  }
}

/** The rows of all commits that the value of a version is folded from, newest first, down to a whole value. */
export function versionRows(log: CommitRows, name: ChainName, version: Seq): readonly LogRow[] {
  const rows: LogRow[] = []
  for (const step of stepsBack(log, name, version)) {
    rows.push(...log.rowsAt(step.row.seq))
    if (step.isBase) break
  }
  return rows
}

function expiryIn(effect: Effect): string | null {
  if (effect.kind === 'kept') return 'entry' in effect ? effect.entry.expiresAt : null
  return 'expiresAt' in effect ? effect.expiresAt : null
}

/** Values of steps, which are given newest first and end with a base or the oldest that is left. */
function valuesOf(steps: readonly Step[]): PastVersion[] {
  const past: PastVersion[] = []
  let base: Json | undefined
  for (const step of steps.toReversed()) {
    base = step.next === null ? undefined : step.next(base)
    const { seq, at, actor } = step.row
    const expiresAt = expiryIn(step.effect)
    past.unshift({ version: seq, at, by: actor, event: step.event, value: base ?? null, expiresAt })
  }
  return past
}

/** A record's versions, newest first, at most `limit`, starting at `version`. */
export function versionsOf(log: CommitRows, name: ChainName, version: Seq, limit: number): readonly PastVersion[] {
  const steps: Step[] = []
  for (const step of stepsBack(log, name, version)) {
    steps.push(step)
    if (steps.length >= limit && step.isBase) break
  }
  return valuesOf(steps).slice(0, limit)
}

const removals: readonly PastEvent[] = ['delete', 'remove', 'expire', 'prune', 'erased']

/** Whether a record has existed without a break since the space was at `seq`, which is not below its horizon. */
export function isThereSince(log: CommitRows, name: ChainName, current: Seq, seq: Seq): boolean {
  for (const step of stepsBack(log, name, current)) {
    if (removals.includes(step.event)) return false
    if (step.row.seq <= seq) return true
  }
  return false
}

/** The version of a record that was current when the space was at `seq`; null if there was none. */
export function versionAt(log: CommitRows, name: ChainName, current: Seq, seq: Seq): PastVersion | null {
  const steps: Step[] = []
  for (const step of stepsBack(log, name, current)) {
    if (step.row.seq > seq) continue
    steps.push(step)
    if (step.isBase) break
  }
  return valuesOf(steps)[0] ?? null
}
