/** The past of entries and blocks: chains of effects walked back through the log from the current version. */
import type { Actor } from './actor.ts'
import type { Effect, EntryWriteEffect, LogRow } from './effect.ts'
import { entryValue } from './entry.ts'
import type { Seq, ThreadId } from './id.ts'
import { type Json, mergeJson } from './json.ts'

/** Reads the rows of one commit of a space; empty if it was compacted away. */
export interface CommitRows {
  rowsAt(seq: Seq): readonly LogRow[]
}

export const pastEvents = ['write', 'merge', 'append', 'increment', 'delete', 'expire', 'prune', 'erased'] as const
export type PastEvent = (typeof pastEvents)[number]

/** One version of an entry or a block. */
export interface PastVersion {
  readonly version: Seq
  readonly at: string
  readonly by: Actor
  readonly event: PastEvent
  /** null where the version is a removal, or its content was erased. */
  readonly value: Json
}

interface Step {
  readonly row: LogRow
  readonly event: PastEvent
  readonly prev: Seq
  /** The value after this step from the one before; null for removals. */
  readonly next: ((base: Json | undefined) => Json) | null
  /** The value needs no earlier step. */
  readonly isBase: boolean
}

/** Which record a chain is of. */
export type ChainName = { readonly entry: string } | { readonly block: string; readonly threadId: ThreadId | null }

const writeKinds = new Set<Effect['kind']>(['entry-write', 'entry-merge', 'entry-append', 'entry-increment'])

function entryStep(row: LogRow, effect: Effect, key: string): Step | null {
  if (effect.kind === 'kept') {
    if (!('entry' in effect) || effect.entry.key !== key) return null
    return { row, event: 'write', prev: 0, next: () => effect.entry.value, isBase: true }
  }
  if (!('key' in effect) || effect.key === undefined) return null
  if (effect.key !== key) {
    if (!('expiresAt' in effect) && effect.kind !== 'erased') return null
    const pruned = effect.pruned?.find((entry) => entry.key === key)
    const gone = pruned ?? effect.expired?.find((entry) => entry.key === key)
    if (gone === undefined) return null
    return { row, event: pruned === undefined ? 'expire' : 'prune', prev: gone.version, next: null, isBase: true }
  }
  if (effect.kind === 'erased') return { row, event: 'erased', prev: effect.prev ?? 0, next: null, isBase: true }
  if (!writeKinds.has(effect.kind)) {
    const event = effect.kind === 'entry-expire' ? 'expire' : 'delete'
    return effect.prev === 0 ? null : { row, event, prev: effect.prev, next: null, isBase: true }
  }
  const write = effect as EntryWriteEffect
  const isBase = write.kind === 'entry-write' || write.full !== undefined || write.absent === true
  const next = (base: Json | undefined) => entryValue(write.absent ? undefined : base, write)
  return { row, event: write.kind.slice('entry-'.length) as PastEvent, prev: write.prev, next, isBase }
}

function blockStep(row: LogRow, effect: Effect, name: string, threadId: ThreadId | null): Step | null {
  if (effect.kind === 'kept') {
    if (!('block' in effect) || effect.block.name !== name || effect.block.threadId !== threadId) return null
    return { row, event: 'write', prev: 0, next: () => effect.block.value, isBase: true }
  }
  if (threadId !== null && row.threadId !== threadId) return null
  if (effect.kind === 'thread-delete' && threadId !== null) {
    const gone = effect.blocks.find((block) => block.key === name)
    return gone === undefined ? null : { row, event: 'delete', prev: gone.version, next: null, isBase: true }
  }
  if (effect.kind === 'thread-clone' && threadId !== null) {
    const copied = effect.blocks.find((block) => block.name === name)
    return copied === undefined ? null : { row, event: 'write', prev: 0, next: () => copied.value, isBase: true }
  }
  if (effect.kind !== 'block-write' && effect.kind !== 'block-merge') return null
  if (effect.name !== name || (effect.inThread === true) !== (threadId !== null)) return null
  if (effect.kind === 'block-write') {
    return { row, event: 'write', prev: effect.prev, next: () => effect.value, isBase: true }
  }
  const isBase = effect.full !== undefined || effect.absent === true
  const next = (base: Json | undefined) => effect.full ?? mergeJson(effect.absent ? {} : (base ?? {}), effect.patch)
  return { row, event: 'merge', prev: effect.prev, next, isBase }
}

function stepAt(log: CommitRows, name: ChainName, seq: Seq): Step | null {
  for (const row of log.rowsAt(seq)) {
    for (const effect of row.effects) {
      const step =
        'entry' in name ? entryStep(row, effect, name.entry) : blockStep(row, effect, name.block, name.threadId)
      if (step !== null) return step
    }
  }
  return null
}

/** Walks a record's versions back from one of them, newest first, down to what compaction left. */
function* stepsBack(log: CommitRows, name: ChainName, version: Seq): Generator<Step> {
  for (let seq = version; seq > 0; ) {
    const step = stepAt(log, name, seq)
    if (step === null) return
    yield step
    seq = step.prev
  }
}

/** Values of steps given newest first, whose last one is a base or the oldest that is left. */
function valuesOf(steps: readonly Step[]): PastVersion[] {
  const past: PastVersion[] = []
  let base: Json | undefined
  for (const step of steps.toReversed()) {
    base = step.next === null ? undefined : step.next(base)
    const { seq, at, actor } = step.row
    past.unshift({ version: seq, at, by: actor, event: step.event, value: base ?? null })
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

/** The version of a record that stood when the space was at `seq`; null if there was none. */
export function versionAt(log: CommitRows, name: ChainName, current: Seq, seq: Seq): PastVersion | null {
  const steps: Step[] = []
  for (const step of stepsBack(log, name, current)) {
    if (step.row.seq > seq) continue
    steps.push(step)
    if (step.isBase) break
  }
  return valuesOf(steps)[0] ?? null
}
